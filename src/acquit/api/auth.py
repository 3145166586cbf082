"""/auth: the clock, asking for a consumer key, who is calling, logging out."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from acquit.actions.issue_access_token import trade_for_token
from acquit.actions.request_credential import request_credential
from acquit.actions.revoke_access import expire_credential
from acquit.api import credentials
from acquit.api.refusals import NoSuchObject
from acquit.api.request import Caller, Request
from acquit.core.access import Rule
from acquit.core.identity import FEDERATED_PREFIX
from acquit.store import access

UNRESTRICTED: Final = {Rule(method, "/*") for method in ("GET", "POST", "PUT", "DELETE")}


def get_time(request: Request) -> int:
    """GET /auth/time: the server's clock in Unix seconds."""
    return int(request.context.clock.now().timestamp())


def ask_credential(request: Request) -> object:
    """POST /auth/credential: a consumer key that waits for a person; a signature is not looked at."""
    asked = request_credential(
        request.context,
        request.headers.get("x-ovh-application", ""),
        request.body["accessRules"],
        request.body.get("allowedIPs"),
        request.body.get("redirection"),
    )
    return {
        "consumerKey": asked.consumer_key,
        "state": "pendingValidation",
        "validationUrl": f"{request.origin}/auth/?credentialToken={quote(asked.token)}",
    }


def get_current_credential(request: Request) -> object:
    """GET /auth/currentCredential: the credential that signed this request."""
    caller = request.caller
    with request.read() as tx:
        credential = access.find_credential(tx, caller.account_id, caller.credential_id)
    if credential is None:
        raise NoSuchObject(caller.credential_id)
    return credentials.shown(credential, request)


def get_details(request: Request) -> object:
    """GET /auth/details: who is calling, and what the consumer key allows."""
    caller = request.caller
    return {
        "account": caller.account_id,
        "allowedRoutes": _routes(caller.rules),
        "description": None,
        "identities": [caller.identity],
        "method": _method(caller),
        "roles": None,
        "user": f"{caller.account_id}/{caller.login}" if caller.login else None,
    }


def get_token(request: Request) -> object:
    """POST /auth/token: a bearer token that may do what the caller may, for an hour."""
    caller = request.caller
    made = trade_for_token(
        request.context,
        caller.account_id,
        caller.credential_id,
        caller.service_account_id,
        by=caller.actor,
    )
    return {"token": made.text}


def _method(caller: Caller) -> str:
    if caller.service_account_id:
        return "oauth2_client_credentials"
    if caller.login is None:
        return "account"
    return "provider" if caller.login.startswith(FEDERATED_PREFIX) else "user"


def _routes(rules: Sequence[Rule]) -> list[dict[str, str]] | None:
    """Return the rules, None when they restrict nothing."""
    return None if set(rules) >= UNRESTRICTED else credentials.shown_rules(rules)


def log_out(request: Request) -> None:
    """POST /auth/logout: the consumer key that signed this request ends."""
    caller = request.caller
    expire_credential(request.context, caller.account_id, caller.credential_id, by=caller.actor)

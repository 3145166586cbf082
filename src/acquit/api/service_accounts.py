"""/me/api/oauth2: service accounts and their living tokens."""

from collections.abc import Mapping, Sequence
from typing import Any

from acquit.actions.change_service_account import (
    change_service_account,
    create_service_account,
    end_tokens,
    remove_service_account,
)
from acquit.api import wire
from acquit.api.listing import Column, Listing
from acquit.api.refusals import BadParameter
from acquit.api.request import Request
from acquit.core.service_account import NoSuchServiceAccount, ServiceAccount
from acquit.store import service_accounts
from acquit.store.service_accounts import LiveToken
from acquit.store.transaction import Transaction

FLOW = "CLIENT_CREDENTIALS"
SCOPES = ["all"]
COLUMNS = {
    "clientId": Column("service_account_id"),
    "createdAt": Column("created_at"),
    "name": Column("name"),
    "description": Column("description"),
}


def list_accounts(request: Request) -> Listing[str]:
    """GET /me/api/oauth2/client: the account's service accounts."""
    chosen = service_accounts.of_account(request.caller.account_id)
    return Listing(chosen, lambda tx, ids: _accounts(tx, request, ids), COLUMNS)


def get_account(request: Request) -> object:
    """GET /me/api/oauth2/client/{clientId}: one service account, without its secret."""
    return _one(get_many_accounts, request, request.path["clientId"])


def get_many_accounts(request: Request, ids: Sequence[str]) -> Mapping[str, object]:
    """Read several service accounts with one statement."""
    with request.read() as tx:
        return _accounts(tx, request, ids)


def create_account(request: Request) -> object:
    """POST /me/api/oauth2/client: one more; its secret is in this answer and nowhere else."""
    body = request.body
    if body["flow"] != FLOW:
        raise BadParameter(
            "[flow] AUTHORIZATION_CODE is not offered here: a person gives a program access by a "
            f"consumer key (/auth/credential); service accounts use {FLOW}",
            parameter="flow",
        )
    _refuse_callbacks(body)
    caller = request.caller
    made = create_service_account(
        request.context, caller.account_id, body["name"], body["description"], by=caller.actor
    )
    return {"clientId": made.service_account_id, "clientSecret": made.secret}


def edit_account(request: Request) -> None:
    """PUT /me/api/oauth2/client/{clientId}: its name and description."""
    body, caller = request.body, request.caller
    _refuse_callbacks(body)
    change_service_account(
        request.context,
        caller.account_id,
        request.path["clientId"],
        by=caller.actor,
        name=body.get("name"),
        description=body.get("description"),
    )


def delete_account(request: Request) -> None:
    """DELETE /me/api/oauth2/client/{clientId}: it is gone, its tokens open nothing any more."""
    caller = request.caller
    remove_service_account(request.context, caller.account_id, request.path["clientId"], by=caller.actor)


def list_tokens(request: Request) -> Listing[str]:
    """GET /me/api/oauth2/token: service accounts that hold a living token."""
    chosen = service_accounts.holders(request.caller.account_id, request.context.clock.now())
    return Listing(chosen, lambda tx, ids: _tokens(tx, request, ids))


def get_token(request: Request) -> object:
    """GET /me/api/oauth2/token/{id}: the living tokens of one service account, without their texts."""
    return _one(get_many_tokens, request, request.path["id"])


def get_many_tokens(request: Request, ids: Sequence[str]) -> Mapping[str, object]:
    """Read the tokens of several service accounts with two statements."""
    with request.read() as tx:
        return _tokens(tx, request, ids)


def delete_token(request: Request) -> None:
    """DELETE /me/api/oauth2/token/{id}: every token of the service account ends at once."""
    caller = request.caller
    end_tokens(request.context, caller.account_id, request.path["id"], by=caller.actor)


def _one(read: Any, request: Request, key: str) -> object:
    found = read(request, [key])
    if key not in found:
        raise NoSuchServiceAccount(key)
    return found[key]


def _refuse_callbacks(body: Mapping[str, Any]) -> None:
    if body.get("callbackUrls"):
        raise BadParameter(
            "[callbackUrls] belong to the flow AUTHORIZATION_CODE, which is not offered here",
            parameter="callbackUrls",
        )


def _accounts(tx: Transaction, request: Request, ids: Sequence[str]) -> dict[str, object]:
    found = service_accounts.find_many(tx, request.caller.account_id, ids)
    return {each.service_account_id: _account(each, request) for each in found}


def _account(found: ServiceAccount, request: Request) -> dict[str, Any]:
    return {
        "callbackUrls": None,
        "clientId": found.service_account_id,
        "createdAt": wire.instant(found.created_at, request.zone),
        "description": found.description,
        "flow": FLOW,
        "identity": _urn(found),
        "name": found.name,
    }


def _tokens(tx: Transaction, request: Request, ids: Sequence[str]) -> dict[str, object]:
    account_id = request.caller.account_id
    living = service_accounts.live(tx, account_id, ids, request.context.clock.now())
    found = service_accounts.find_many(tx, account_id, list(living))
    return {each.service_account_id: _token(each, living[each.service_account_id], request) for each in found}


def _token(found: ServiceAccount, living: Sequence[LiveToken], request: Request) -> dict[str, Any]:
    used = [token.last_use_at for token in living if token.last_use_at is not None]
    return {
        "accessTokens": [
            {
                "createdAt": wire.instant(token.created_at, request.zone),
                "expiresAt": wire.instant(token.expires_at, request.zone),
                "id": str(token.credential_id),
                "scopes": SCOPES,
            }
            for token in living
        ],
        "clientDescription": found.description,
        "clientId": found.service_account_id,
        "clientName": found.name,
        "createdAt": wire.instant(living[0].created_at, request.zone),
        "expiresAt": wire.instant(max(token.expires_at for token in living), request.zone),
        "id": found.service_account_id,
        "identities": [_urn(found)],
        "lastUsedAt": wire.instant_or_none(max(used, default=None), request.zone),
        "scopes": SCOPES,
    }


def _urn(found: ServiceAccount) -> str:
    return f"urn:v1:eu:identity:credential:{found.account_id}/{found.login}"

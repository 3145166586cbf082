"""/me/api/credential: the consumer keys that act for the account."""

from collections.abc import Mapping, Sequence
from typing import Final

from acquit.actions.revoke_access import limit_credential, revoke_credential
from acquit.api import applications, wire
from acquit.api.listing import Column, Listing
from acquit.api.refusals import NoSuchObject
from acquit.api.request import Request
from acquit.core.access import Credential, Rule
from acquit.core.identifiers import CredentialId
from acquit.store import access
from acquit.store.transaction import Transaction

COLUMNS: Final = {
    "credentialId": Column("credential_id"),
    "applicationId": Column("application_id"),
    "creation": Column("created_at"),
    "status": Column(access.CREDENTIAL_STATUS),
    "ovhSupport": Column("by_staff"),
}


def list_credentials(request: Request) -> Listing[CredentialId]:
    """GET /me/api/credential: the account's credentials, never the keys themselves."""
    query = request.query
    return Listing(
        access.credentials_of(request.caller.account_id, query["applicationId"], query["status"]),
        lambda tx, ids: _found(tx, request, ids),
        COLUMNS,
    )


def get_credential(request: Request) -> object:
    """GET /me/api/credential/{credentialId}: one credential."""
    return shown(_find(request), request)


def get_credentials(
    request: Request, credential_ids: Sequence[CredentialId]
) -> Mapping[CredentialId, object]:
    """GET /me/api/credential/{credentialId}: several credentials."""
    with request.read() as tx:
        return _found(tx, request, credential_ids)


def get_application(request: Request) -> object:
    """GET /me/api/credential/{credentialId}/application: the program that holds the key."""
    credential = _find(request)
    with request.read() as tx:
        application = access.find_application(tx, credential.application_id)
    if application is None:
        raise NoSuchObject(credential.application_id)
    return applications.shown(application)


def put_credential(request: Request) -> None:
    """PUT /me/api/credential/{credentialId}: only the blocks of addresses may change."""
    credential_id = CredentialId(request.path["credentialId"])
    if "allowedIPs" not in request.body:
        _find(request)
        return
    caller = request.caller
    limit_credential(
        request.context, caller.account_id, credential_id, request.body["allowedIPs"], by=caller.actor
    )


def delete_credential(request: Request) -> None:
    """DELETE /me/api/credential/{credentialId}: the key stops working at once."""
    caller = request.caller
    revoke_credential(
        request.context, caller.account_id, CredentialId(request.path["credentialId"]), by=caller.actor
    )


def shown(credential: Credential, request: Request) -> dict[str, object]:
    """Return the `auth.ApiCredential` of a credential."""
    return {
        "allowedIPs": None if credential.blocks is None else [str(block) for block in credential.blocks],
        "applicationId": credential.application_id,
        "creation": wire.instant(credential.created_at, request.zone),
        "credentialId": credential.credential_id,
        "expiration": wire.instant_or_none(credential.expires_at, request.zone),
        "lastUse": wire.instant_or_none(credential.last_use_at, request.zone),
        "ovhSupport": credential.by_staff,
        "rules": shown_rules(credential.rules),
        "status": credential.status_at(request.context.clock.now()),
    }


def shown_rules(rules: Sequence[Rule]) -> list[dict[str, str]]:
    """Return rules as the wire writes them."""
    return [{"method": rule.method, "path": rule.path} for rule in rules]


def _find(request: Request) -> Credential:
    credential_id = CredentialId(request.path["credentialId"])
    with request.read() as tx:
        credential = access.find_credential(tx, request.caller.account_id, credential_id)
    if credential is None:
        raise NoSuchObject(credential_id)
    return credential


def _found(
    tx: Transaction, request: Request, credential_ids: Sequence[CredentialId]
) -> dict[CredentialId, object]:
    found = access.find_credentials(tx, request.caller.account_id, credential_ids)
    return {credential.credential_id: shown(credential, request) for credential in found}

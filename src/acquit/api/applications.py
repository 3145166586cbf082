"""/me/api/application: the programs that the account registered."""

from collections.abc import Mapping, Sequence
from typing import Final

from acquit.actions.revoke_access import revoke_application
from acquit.api.listing import Column, Listing
from acquit.api.refusals import NoSuchObject
from acquit.api.request import Request
from acquit.core.access import Application
from acquit.core.identifiers import ApplicationId
from acquit.store import access
from acquit.store.transaction import Transaction

COLUMNS: Final = {
    "applicationId": Column("application_id"),
    "applicationKey": Column("application_key"),
    "name": Column("name"),
    "description": Column("description"),
    "status": Column("status"),
}


def list_applications(request: Request) -> Listing[ApplicationId]:
    """GET /me/api/application: the account's own programs."""
    return Listing(
        access.applications_of(request.caller.account_id), lambda tx, ids: _found(tx, request, ids), COLUMNS
    )


def get_application(request: Request) -> object:
    """GET /me/api/application/{applicationId}: one program."""
    application_id = ApplicationId(request.path["applicationId"])
    found = get_applications(request, [application_id])
    if application_id not in found:
        raise NoSuchObject(application_id)
    return found[application_id]


def get_applications(
    request: Request, application_ids: Sequence[ApplicationId]
) -> Mapping[ApplicationId, object]:
    """GET /me/api/application/{applicationId}: several programs."""
    with request.read() as tx:
        return _found(tx, request, application_ids)


def delete_application(request: Request) -> None:
    """DELETE /me/api/application/{applicationId}: the program and every key it was given end."""
    caller = request.caller
    revoke_application(
        request.context, caller.account_id, ApplicationId(request.path["applicationId"]), by=caller.actor
    )


def shown(application: Application) -> dict[str, object]:
    """Return the `auth.ApiApplication` of a program; its secret is not part of it."""
    return {
        "applicationId": application.application_id,
        "applicationKey": application.application_key,
        "description": application.description,
        "name": application.name,
        "status": application.status,
    }


def _found(
    tx: Transaction, request: Request, application_ids: Sequence[ApplicationId]
) -> dict[ApplicationId, object]:
    found = access.find_applications(tx, request.caller.account_id, application_ids)
    return {application.application_id: shown(application) for application in found}

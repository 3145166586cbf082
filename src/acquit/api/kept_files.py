"""/me/document: files that an account keeps here; their bytes come and go by links."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from acquit.actions import keep_file
from acquit.api import policy, wire
from acquit.api.links import closed_file_link, file_link
from acquit.api.listing import Column, Listing
from acquit.api.request import Batched, Handler, Request
from acquit.core.kept_file import BadFile, Deed, KeptFile, NoSuchFile
from acquit.store import kept_files
from acquit.store.transaction import Transaction


def list_files(request: Request) -> Listing[str]:
    """GET /me/document: ids of files that have not expired."""
    chosen = kept_files.selected(request.caller.account_id, request.context.clock.now())
    columns = {
        "creationDate": Column("created_at"), "id": Column("file_id"), "name": Column("name"),
        "size": Column("size_bytes"),
    }  # fmt: skip
    return Listing(chosen, lambda tx, ids: _files(tx, request, ids), columns)


def get_file(request: Request) -> object:
    """GET /me/document/{id}: one file with links to send and to fetch its bytes."""
    file_id = request.path["id"]
    found = get_many_files(request, [file_id])
    if file_id not in found:
        raise NoSuchFile(file_id)
    return found[file_id]


def get_many_files(request: Request, ids: Sequence[str]) -> Mapping[str, object]:
    """Read several at once."""
    with request.read() as tx:
        return _files(tx, request, ids)


def create_file(request: Request) -> object:
    """POST /me/document: a place for a file; `putUrl` takes its bytes."""
    body, caller = request.body, request.caller
    given = [(each["key"], each["value"]) for each in body.get("tags", [])]
    labels = dict(given)
    if len(labels) < len(given):
        raise BadFile("[tags] Each key is given once", parameter="tags")
    made = keep_file.add_file(request.context, caller.account_id, body["name"], labels, by=caller.actor)
    return _file(made, request, may_send=True)


def edit_file(request: Request) -> None:
    """PUT /me/document/{id}: when it is to go; null for never."""
    caller, file_id = request.caller, request.path["id"]
    if "expirationDate" not in request.body:
        get_file(request)
        return
    keep_file.set_file_expiry(
        request.context, caller.account_id, file_id, request.body["expirationDate"], by=caller.actor
    )


def delete_file(request: Request) -> None:
    """DELETE /me/document/{id}: it is gone with its bytes."""
    caller = request.caller
    keep_file.remove_file(request.context, caller.account_id, request.path["id"], by=caller.actor)


def allow_origin(request: Request) -> None:
    """POST /me/document/cors: pages of that web site may send and fetch files by link."""
    caller = request.caller
    keep_file.allow_origin(request.context, caller.account_id, request.body["origin"], by=caller.actor)


def _files(tx: Transaction, request: Request, ids: Sequence[str]) -> dict[str, object]:
    found = kept_files.find(tx, request.caller.account_id, ids, request.context.clock.now())
    return {each.file_id: _file(each, request, may_send=_may_send(request, each)) for each in found}


def _may_send(request: Request, found: KeptFile) -> bool:
    """Whether the caller may change the file: who may only read it is given no link that writes."""
    return policy.may_call(request.caller, "PUT", "/me/document/{id}", f"/me/document/{found.file_id}")


def _file(found: KeptFile, request: Request, *, may_send: bool) -> dict[str, Any]:
    file_id = found.file_id
    send = file_link(request, file_id, Deed.SEND) if may_send else closed_file_link(request, file_id)
    return {
        "creationDate": wire.instant(found.created_at, request.zone),
        "expirationDate": wire.instant_or_none(found.expires_at, request.zone),
        "getUrl": file_link(request, found.file_id, Deed.FETCH),
        "id": found.file_id,
        "name": found.name,
        "putUrl": send,
        "size": found.size_bytes,
        "tags": [{"key": key, "value": value} for key, value in found.labels],
        "validationDate": wire.instant_or_none(found.sent_at, request.zone),
    }


ROUTES: Final[Mapping[tuple[str, str], Handler | Batched]] = {
    ("GET", "/me/document"): list_files,
    ("POST", "/me/document"): create_file,
    ("POST", "/me/document/cors"): allow_origin,
    ("GET", "/me/document/{id}"): Batched(get_file, get_many_files),
    ("PUT", "/me/document/{id}"): edit_file,
    ("DELETE", "/me/document/{id}"): delete_file,
}

"""/me/notification/email/history: the mails that were sent to the account."""

from collections.abc import Mapping, Sequence
from typing import Final

from acquit.api import wire
from acquit.api.listing import Column, Listing
from acquit.api.request import Batched, Handler, Request
from acquit.core.message import NoSuchMail
from acquit.store import messages
from acquit.store.transaction import Transaction


def list_mails(request: Request) -> Listing[int]:
    """GET /me/notification/email/history: numbers of mails."""
    chosen = messages.sent_to(request.caller.account_id)
    columns = {"id": Column("mail_id"), "date": Column("sent_at"), "subject": Column("subject")}
    return Listing(chosen, lambda tx, ids: _mails(tx, request, ids), columns)


def get_mail(request: Request) -> object:
    """GET /me/notification/email/history/{id}: one mail as it was sent."""
    key = request.path["id"]
    found = get_many_mails(request, [key])
    if key not in found:
        raise NoSuchMail(key)
    return found[key]


def get_many_mails(request: Request, ids: Sequence[int]) -> Mapping[int, object]:
    """Read several with one statement."""
    with request.read() as tx:
        return _mails(tx, request, ids)


def _mails(tx: Transaction, request: Request, ids: Sequence[int]) -> dict[int, object]:
    unseal = request.context.sealer.unseal
    return {
        each.mail_id: {
            "body": unseal(each.sealed),
            "date": wire.instant(each.sent_at, request.zone),
            "id": each.mail_id,
            "subject": each.subject,
        }
        for each in messages.find_sent(tx, request.caller.account_id, ids)
    }


ROUTES: Final[Mapping[tuple[str, str], Handler | Batched]] = {
    ("GET", "/me/notification/email/history"): list_mails,
    ("GET", "/me/notification/email/history/{id}"): Batched(get_mail, get_many_mails),
}

"""An account's whole story in the office: what happened, the latest first, and the mails that were sent."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from acquit.console.listing import ROWS, link_with
from acquit.console.place import place_of
from acquit.console.staff.accounts import account_id_of
from acquit.console.staff.frame import page
from acquit.console.staff.seller import number_in
from acquit.console.visit import Page, Visit
from acquit.core.message import NoSuchMail
from acquit.core.story import Chapter
from acquit.store import account_stories, messages
from acquit.store.account_stories import LATEST, Place

CHAPTERS: Final[Mapping[Chapter, str]] = {
    Chapter.BILLS: "Bills and credit notes",
    Chapter.MONEY: "Payments and debts",
    Chapter.DUNNING: "Dunning",
    Chapter.DISPUTES: "Disputes",
    Chapter.TERMS: "Terms and conditions",
    Chapter.ORDERS: "Orders",
    Chapter.SERVICES: "Services",
    Chapter.MAILS: "Mails",
    Chapter.ACCESS: "Sign-ins and keys",
    Chapter.OTHER: "All else",
}
"""What each group of a story is called."""

WHAT: Final[Mapping[str, str]] = {
    "bill:bill": "Bill issued",
    "bill:credit-note": "Credit note issued",
    "bill:corrective": "Corrective bill issued",
    "bill:claim": "Late interest claimed",
    "deposit:deposit": "Money received",
    "operation:payment": "Debt paid",
    "operation:credit": "Debt reduced",
    "operation:write-off": "Debt written off",
    "operation:returned": "Payment came back",
    "operation:reopened": "Debt opened again",
    "step:courtesy": "Reminded before the day",
    "step:reminder": "Reminded",
    "step:notice": "Formal notice",
    "step:suspension": "Suspension announced",
    "mail:mail": "Mail sent",
    "act:sign_in": "Signed in",
    "act:sign_in_refused": "Sign-in refused",
    "act:grant_consumer_key": "Key granted",
    "act:revoke_credential": "Key revoked",
    "act:create_application": "Program registered",
    "act:set_password": "Password set",
    "act:grant_enterprise_terms": "Payment term granted",
    "act:revoke_enterprise_terms": "Payment term revoked",
    "act:ask_sales": "Asked sales",
    "act:decide_request": "Request decided",
    "act:set_purchase_order": "Purchase order registered",
    "act:order_nearly_spent": "Purchase order nearly spent",
    "act:order_services": "Services ordered",
    "act:pay_order": "Order paid",
    "act:subscribe_service": "Service begun",
    "act:change_service": "Service changed",
    "act:terminate_service": "Service terminated",
    "act:suspend_service": "Service suspended",
    "act:restore_service": "Service restored",
    "act:change_price": "Price announced",
    "act:open_dispute": "Dispute opened",
    "act:close_dispute": "Dispute closed",
    "act:promise_to_pay": "Promised to pay",
    "act:open_account": "Account opened",
    "act:change_account": "Account changed",
}
"""What happened, as people read it; an act that is not here is told by its name."""

_PARTS: Final = 3


def show_story(visit: Visit) -> Page:
    """GET /office/accounts/{account_id}/story: everything, or one group, by pages from the latest on."""
    account_id = account_id_of(visit)
    wanted = visit.query.get("kind", "")
    chapters = [each for each in Chapter if wanted in ("", each.value)] or list(Chapter)
    with visit.snapshot() as tx:
        place = place_of(visit, tx, account_id)
        found = account_stories.page(tx, account_id, chapters, _before(visit), ROWS + 1)
    shown = found[:ROWS]
    more = link_with(visit, before=_written(shown[-1].place)) if len(found) > ROWS else ""
    return page(
        "story.html", visit, place=place, zone=place.entity.zone,
        rows=[(each, WHAT.get(f"{each.source}:{each.what}", "")) for each in shown], chapters=CHAPTERS,
        wanted=wanted, more=more, is_first="before" not in visit.query,
    )  # fmt: skip


def show_mail(visit: Visit) -> Page:
    """GET /office/accounts/{account_id}/mails/{number}: a mail as it was sent. Raises NoSuchMail."""
    account_id = account_id_of(visit)
    number = number_in(visit, "number", NoSuchMail)
    with visit.read() as tx:
        place = place_of(visit, tx, account_id)
        found = messages.find_sent(tx, account_id, [number])
    if not found:
        raise NoSuchMail(number)
    text = visit.context.sealer.unseal(found[0].sealed)
    return page("mail.html", visit, place=place, zone=place.entity.zone, mail=found[0], text=text)


def _before(visit: Visit) -> Place:
    """Return the place that the address names, the latest when it names none."""
    parts = visit.query.get("before", "").split("~")
    if len(parts) != _PARTS:
        return LATEST
    try:
        at = datetime.fromisoformat(parts[0])
    except ValueError:
        return LATEST
    return Place(at, parts[1], parts[2]) if at.tzinfo is not None else LATEST


def _written(place: Place) -> str:
    return f"{place.at.isoformat()}~{place.source}~{place.ref}"

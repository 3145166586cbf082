"""Contacts of a service: another account is asked to have it or to be named, and what this one is asked."""

from typing import Final

from acquit.actions.change_contacts import (
    agree_to_contact_change,
    ask_contact_change,
    refuse_contact_change,
    resend_contact_letter,
)
from acquit.console import typed
from acquit.console.listing import ROWS, cut, is_number, key_in
from acquit.console.manager.services import own_service
from acquit.console.place import own_place, page
from acquit.console.visit import Page, Redirect, Reply, Visit
from acquit.core.contact_change import Contact
from acquit.core.identifiers import AccountId
from acquit.core.service import refuse_ended
from acquit.core.service_change import refuse_option
from acquit.store import contact_changes

WANTED: Final = {
    "owner": (Contact.ADMIN, Contact.BILLING),
    "technical": (Contact.TECHNICAL,),
}
"""What may be asked for: that the service be the other account's, or that it be named for it."""


def ask_contacts(visit: Visit) -> Page:
    """GET /manager/services/{service_id}/contacts: who they are, and what may be asked of another account."""
    with visit.snapshot() as tx:
        place = own_place(visit, tx)
        service = own_service(visit, tx)
        refuse_ended(service)
        refuse_option(service)
        named = contact_changes.technical(tx, visit.account_id, [service.service_id])
    technical = named.get(service.service_id, visit.account_id)
    return page("service_contacts.html", place, service=service, technical=technical)


def send_contacts(visit: Visit) -> Reply:
    """POST /manager/services/{service_id}/contacts: both accounts have a letter."""
    with visit.read() as tx:
        service = own_service(visit, tx)
    form = visit.form
    wanted = WANTED[typed.one_of(form.text("wanted"), list(WANTED))]
    to = AccountId(form.text("to").strip())
    contacts = dict.fromkeys(wanted, to)
    ask_contact_change(visit.context, visit.account_id, service.service_id, contacts, by=visit.actor)
    return Redirect("/manager/transfers?done=transfer-ask")


def list_transfers(visit: Visit) -> Page:
    """GET /manager/transfers: what this account asked, and what it is asked."""
    now = visit.context.clock.now()
    before = key_in(visit, "before", 0) or None
    with visit.snapshot() as tx:
        place = own_place(visit, tx)
        found = contact_changes.latest(tx, visit.account_id, before, ROWS + 1)
    shown = cut(visit, found, "before", lambda each: each.contact_change_id)
    rows = [
        (each, each.state_at(now).value, each.has_agreed(each.side_of(visit.account_id)))
        for each in shown.rows
    ]
    return page("transfers.html", place, rows=rows, shown=shown, zone=place.entity.zone)


def answer_transfer(visit: Visit) -> Reply:
    """POST /manager/transfers: agree or refuse with the token of the letter, or have the letter again."""
    form = visit.form
    wanted = typed.one_of(form.text("do"), ["agree", "refuse", "resend"])
    text = form.text("change")
    number = int(text) if is_number(text) else 0
    whose = (visit.context, visit.account_id, number)
    if wanted == "resend":
        resend_contact_letter(*whose, by=visit.actor)
    else:
        answer = agree_to_contact_change if wanted == "agree" else refuse_contact_change
        answer(*whose, form.text("token").strip(), by=visit.actor)
    return Redirect(f"/manager/transfers?done=transfer-{wanted}")

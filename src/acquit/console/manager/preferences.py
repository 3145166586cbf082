"""Preferences: the language of pages and papers, who gets bills by mail, what bills name, the password."""

from typing import Final

from acquit.actions.change_account import AccountChange, change_account
from acquit.actions.recover_password import send_password_link
from acquit.actions.set_delivery import set_contacts, show_contacts
from acquit.actions.set_messages import set_wishes
from acquit.console import typed
from acquit.console.place import own_place, page
from acquit.console.visit import Page, Redirect, Reply, Visit
from acquit.core.message import MessageKind
from acquit.store import messages

LANGUAGES: Final = (
    ("fr_FR", "Français"), ("en_GB", "English"), ("de_DE", "Deutsch"), ("es_ES", "Español"),
    ("it_IT", "Italiano"), ("nl_NL", "Nederlands"), ("pl_PL", "Polski"), ("pt_PT", "Português"),
)  # fmt: skip


KINDS: Final = {
    MessageKind.BILL_AVAILABLE: "A document is available",
    MessageKind.DUE_SOON: "A payment is due soon",
    MessageKind.OVERDUE: "A payment is late",
    MessageKind.ORDER_NEARLY_SPENT: "A purchase order is nearly spent",
    MessageKind.ORDER_EXPIRING: "A purchase order expires soon",
    MessageKind.TERM_GRANTED: "A payment term is granted",
    MessageKind.TERM_ENDED: "A payment term ends",
    MessageKind.PRICE_CHANGE: "A price changes",
    MessageKind.SERVICE_ENDING: "A service ends",
}
"""What each kind of message is called on pages."""


def ask_preferences(visit: Visit) -> Page:
    """GET /manager/preferences: how it is today."""
    with visit.read() as tx:
        place = own_place(visit, tx)
        unwanted = messages.unwanted(tx, visit.account_id)
    known = [code for code, _ in LANGUAGES]
    current = place.account.language
    languages = LANGUAGES if current in known else ((current, current), *LANGUAGES)
    contacts = show_contacts(visit.context, visit.account_id)
    wishes = [(kind.value, said, kind not in unwanted) for kind, said in KINDS.items()]
    return page("preferences.html", place, languages=languages, contacts=contacts, wishes=wishes)


def send_preferences(visit: Visit) -> Reply:
    """POST /manager/preferences: language, who gets bills, which messages, a link for a new password."""
    form = visit.form
    asked = typed.one_of(form.text("do"), ["language", "contacts", "messages", "password"])
    if asked == "password":
        account_id, login = visit.account_id, visit.signed_in.login
        send_password_link(
            visit.context, account_id, login, origin=visit.origin, address=visit.address, by=visit.actor
        )
        return Redirect("/manager/preferences?done=password-link")
    if asked == "messages":
        wanted = {kind for kind in MessageKind if form.text(f"tell:{kind.value}")}
        set_wishes(visit.context, visit.account_id, wanted, by=visit.actor)
    elif asked == "language":
        language = typed.one_of(form.text("language"), [code for code, _ in LANGUAGES])
        change = AccountChange(person={"language": language})
        change_account(visit.context, visit.account_id, change, by=visit.actor)
    else:
        addresses = form.text("contacts").replace(",", " ").replace(";", " ").split()
        set_contacts(visit.context, visit.account_id, addresses, by=visit.actor)
    return Redirect("/manager/preferences?done=saved")

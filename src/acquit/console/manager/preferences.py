"""Preferences: the language of pages and papers, who gets bills by mail, what bills name."""

from typing import Final

from acquit.actions.change_account import AccountChange, change_account
from acquit.actions.set_delivery import set_contacts, show_contacts
from acquit.console import typed
from acquit.console.place import own_place, page
from acquit.console.visit import Page, Redirect, Reply, Visit

LANGUAGES: Final = (
    ("fr_FR", "Français"), ("en_GB", "English"), ("de_DE", "Deutsch"), ("es_ES", "Español"),
    ("it_IT", "Italiano"), ("nl_NL", "Nederlands"), ("pl_PL", "Polski"), ("pt_PT", "Português"),
)  # fmt: skip


def ask_preferences(visit: Visit) -> Page:
    """GET /manager/preferences: how it is today."""
    with visit.read() as tx:
        place = own_place(visit, tx)
    known = [code for code, _ in LANGUAGES]
    current = place.account.language
    languages = LANGUAGES if current in known else ((current, current), *LANGUAGES)
    contacts = show_contacts(visit.context, visit.account_id)
    return page("preferences.html", place, languages=languages, contacts=contacts)


def send_preferences(visit: Visit) -> Reply:
    """POST /manager/preferences: another language, or other people to send bills to."""
    form = visit.form
    if typed.one_of(form.text("do"), ["language", "contacts"]) == "language":
        language = typed.one_of(form.text("language"), [code for code, _ in LANGUAGES])
        change = AccountChange(person={"language": language})
        change_account(visit.context, visit.account_id, change, by=visit.actor)
    else:
        addresses = form.text("contacts").replace(",", " ").replace(";", " ").split()
        set_contacts(visit.context, visit.account_id, addresses, by=visit.actor)
    return Redirect("/manager/preferences?done=saved")

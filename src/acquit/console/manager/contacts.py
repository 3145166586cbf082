"""Contacts: sheets with names and addresses that the account keeps."""

from typing import Final

from acquit.actions.keep_contact import change_contact, drop_contact, keep_contact
from acquit.actions.set_delivery import set_contacts, show_contacts
from acquit.console import typed
from acquit.console.place import own_place, page
from acquit.console.visit import Page, Redirect, Reply, Visit
from acquit.core.contact_sheet import (
    LANGUAGES,
    LEGAL_FORMS,
    PLACES,
    ContactSheet,
    Member,
    NoSuchContactSheet,
)
from acquit.store import contact_sheets

FORMS: Final = {
    "individual": "a person",
    "corporation": "a company",
    "personalcorporation": "a sole trader",
    "association": "an association",
    "administration": "an administration",
    "other": "something else",
}
"""What each legal form is called on pages."""

TYPED: Final = (
    Member.GIVEN_NAME, Member.FAMILY_NAME, Member.EMAIL, Member.PHONE, Member.LANGUAGE, Member.LEGAL_FORM,
    Member.ORGANISATION, Member.VAT_ID, Member.STREET, Member.STREET_2, Member.ZIP, Member.CITY,
    Member.PROVINCE, Member.COUNTRY,
)  # fmt: skip
"""What a page asks for; what else is on a sheet stays."""


def list_contacts(visit: Visit) -> Page:
    """GET /manager/contacts: who is noted, and one more."""
    with visit.read() as tx:
        place = own_place(visit, tx)
        found = contact_sheets.of_account(tx, visit.account_id)
    country = place.party.country if place.party else place.entity.country
    fresh = {Member.LANGUAGE: place.account.language, Member.COUNTRY: country}
    recipients = show_contacts(visit.context, visit.account_id)
    return page(
        "contacts.html", place, found=found, recipients=recipients, sheet=ContactSheet(0, fresh), **_offered()
    )


def change_contacts(visit: Visit) -> Reply:
    """POST /manager/contacts: a sheet is kept or goes, or bills go to its address too."""
    form, context, account_id, by = visit.form, visit.context, visit.account_id, visit.actor
    wanted = typed.one_of(form.text("do"), ["keep", "drop", "bills"])
    if wanted == "keep":
        keep_contact(context, account_id, _said(visit), by=by)
    elif wanted == "drop":
        drop_contact(context, account_id, _number(form.text("contact")), by=by)
    else:
        address = _sheet(visit, form.text("contact")).says(Member.EMAIL)
        set_contacts(context, account_id, [*show_contacts(context, account_id), address], by=by)
    return Redirect(f"/manager/contacts?done=contact-{wanted}")


def ask_contact(visit: Visit) -> Page:
    """GET /manager/contacts/{contact_id}: what the sheet says."""
    sheet = _sheet(visit, visit.path_values["contact_id"])
    with visit.read() as tx:
        place = own_place(visit, tx)
    return page("contact.html", place, sheet=sheet, **_offered())


def send_contact(visit: Visit) -> Reply:
    """POST /manager/contacts/{contact_id}: what the sheet says from now on."""
    number = _number(visit.path_values["contact_id"])
    change_contact(visit.context, visit.account_id, number, _said(visit), by=visit.actor)
    return Redirect("/manager/contacts?done=contact-keep")


def _offered() -> dict[str, object]:
    return {
        "countries": sorted(PLACES),
        "languages": LANGUAGES,
        "forms": [(each, FORMS[each]) for each in LEGAL_FORMS],
    }


def _said(visit: Visit) -> dict[Member, str]:
    return {member: visit.form.text(member.value) for member in TYPED}


def _sheet(visit: Visit, text: str) -> ContactSheet:
    number = _number(text)
    with visit.read() as tx:
        found = contact_sheets.find(tx, visit.account_id, [number])
    if not found:
        raise NoSuchContactSheet(number)
    return found[0]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0

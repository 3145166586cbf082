"""/me/contact: sheets with names and addresses that an account keeps."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from acquit.actions.keep_contact import change_contact, keep_contact
from acquit.api.listing import Column, Listing
from acquit.api.refusals import BadParameter
from acquit.api.request import Batched, Handler, Request
from acquit.core.contact_sheet import (
    BadContactSheet,
    ContactSheet,
    Member,
    NoSuchContactSheet,
    mandatory,
)
from acquit.store import contact_sheets
from acquit.store.transaction import Transaction

NAMES: Final[Mapping[Member, str]] = {
    Member.GIVEN_NAME: "firstName",
    Member.FAMILY_NAME: "lastName",
    Member.EMAIL: "email",
    Member.SPARE_EMAIL: "spareEmail",
    Member.PHONE: "phone",
    Member.CELL_PHONE: "cellPhone",
    Member.FAX: "fax",
    Member.LANGUAGE: "language",
    Member.LEGAL_FORM: "legalForm",
    Member.ORGANISATION: "organisationName",
    Member.ORGANISATION_TYPE: "organisationType",
    Member.COMPANY_ID: "companyNationalIdentificationNumber",
    Member.VAT_ID: "vat",
    Member.NATIONAL_ID: "nationalIdentificationNumber",
    Member.GENDER: "gender",
    Member.NATIONALITY: "nationality",
    Member.BIRTH_ON: "birthDay",
    Member.BIRTH_ZIP: "birthZip",
    Member.BIRTH_CITY: "birthCity",
    Member.BIRTH_COUNTRY: "birthCountry",
    Member.STREET: "address.line1",
    Member.STREET_2: "address.line2",
    Member.STREET_3: "address.line3",
    Member.OTHER_DETAILS: "address.otherDetails",
    Member.ZIP: "address.zip",
    Member.CITY: "address.city",
    Member.PROVINCE: "address.province",
    Member.COUNTRY: "address.country",
}


def list_contacts(request: Request) -> Listing[int]:
    """GET /me/contact: ids of sheets."""
    chosen = contact_sheets.selected(request.caller.account_id)
    return Listing(chosen, lambda tx, ids: _contacts(tx, request, ids), {"id": Column("contact_id")})


def get_contact(request: Request) -> object:
    """GET /me/contact/{contactId}: one sheet."""
    return _contact(_found(request))


def get_many_contacts(request: Request, ids: Sequence[int]) -> Mapping[int, object]:
    """Read several at once."""
    with request.read() as tx:
        return _contacts(tx, request, ids)


def create_contact(request: Request) -> object:
    """POST /me/contact: one more sheet."""
    caller = request.caller
    try:
        return _contact(keep_contact(request.context, caller.account_id, _said(request), by=caller.actor))
    except BadContactSheet as refusal:
        raise _in_wire_words(refusal) from None


def edit_contact(request: Request) -> object:
    """PUT /me/contact/{contactId}: what is given changes, null and empty go, the rest stays."""
    caller, contact_id = request.caller, request.path["contactId"]
    try:
        return _contact(
            change_contact(request.context, caller.account_id, contact_id, _said(request), by=caller.actor)
        )
    except BadContactSheet as refusal:
        raise _in_wire_words(refusal) from None


def list_members(request: Request) -> list[dict[str, Any]]:
    """GET /me/contact/{contactId}/fields: what a sheet of that country and legal form must say."""
    needed = mandatory(_found(request).said)
    return [
        {"fieldName": name, "mandatory": member in needed, "readOnly": False}
        for member, name in sorted(NAMES.items(), key=lambda each: each[1])
    ]


def _found(request: Request) -> ContactSheet:
    contact_id = request.path["contactId"]
    with request.read() as tx:
        found = contact_sheets.find(tx, request.caller.account_id, [contact_id])
    if not found:
        raise NoSuchContactSheet(contact_id)
    return found[0]


def _in_wire_words(refusal: BadContactSheet) -> BadParameter:
    name = NAMES[refusal.member]
    return BadParameter(f"[{name}] {refusal.message}", parameter=name)


def _said(request: Request) -> dict[Member, str]:
    """Return the members that the body gives; null is an empty text."""
    body = request.body
    given = {**body, **{f"address.{name}": value for name, value in body.get("address", {}).items()}}
    return {
        member: "" if given[name] is None else str(given[name])
        for member, name in NAMES.items()
        if name in given
    }


def _contacts(tx: Transaction, request: Request, ids: Sequence[int]) -> dict[int, object]:
    found = contact_sheets.find(tx, request.caller.account_id, ids)
    return {each.contact_id: _contact(each) for each in found}


def _contact(sheet: ContactSheet) -> dict[str, Any]:
    shown: dict[str, Any] = {"address": {}, "id": sheet.contact_id}
    for member, name in NAMES.items():
        place = shown["address"] if name.startswith("address.") else shown
        place[name.removeprefix("address.")] = sheet.said.get(member)
    return shown


ROUTES: Final[Mapping[tuple[str, str], Handler | Batched]] = {
    ("GET", "/me/contact"): list_contacts,
    ("POST", "/me/contact"): create_contact,
    ("GET", "/me/contact/{contactId}"): Batched(get_contact, get_many_contacts),
    ("PUT", "/me/contact/{contactId}"): edit_contact,
    ("GET", "/me/contact/{contactId}/fields"): list_members,
}

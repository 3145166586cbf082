"""Sheets with names and addresses of people and organisations that an account keeps."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from acquit.core.electronic_address import COUNTRIES
from acquit.core.errors import Conflict, Invalid, NotFound

SHEETS_MAX: Final = 200
TEXT_MAX: Final = 200


class Member(StrEnum):
    """What may stand on a sheet."""

    GIVEN_NAME = "given_name"
    FAMILY_NAME = "family_name"
    EMAIL = "email"
    SPARE_EMAIL = "spare_email"
    PHONE = "phone"
    CELL_PHONE = "cell_phone"
    FAX = "fax"
    LANGUAGE = "language"
    LEGAL_FORM = "legal_form"
    ORGANISATION = "organisation"
    ORGANISATION_TYPE = "organisation_type"
    COMPANY_ID = "company_id"
    VAT_ID = "vat_id"
    NATIONAL_ID = "national_id"
    GENDER = "gender"
    NATIONALITY = "nationality"
    BIRTH_ON = "birth_on"
    BIRTH_ZIP = "birth_zip"
    BIRTH_CITY = "birth_city"
    BIRTH_COUNTRY = "birth_country"
    STREET = "street"
    STREET_2 = "street_2"
    STREET_3 = "street_3"
    OTHER_DETAILS = "other_details"
    ZIP = "zip"
    CITY = "city"
    PROVINCE = "province"
    COUNTRY = "country"


LEGAL_FORMS: Final = (
    "individual", "corporation", "personalcorporation", "association", "administration", "other",
)  # fmt: skip
LANGUAGES: Final = (
    "cs_CZ", "de_DE", "en_AU", "en_CA", "en_GB", "en_IE", "en_US", "es_ES", "fi_FI", "fr_CA", "fr_FR",
    "fr_MA", "fr_SN", "fr_TN", "it_IT", "lt_LT", "nl_NL", "pl_PL", "pt_PT",
)  # fmt: skip
PLACES: Final = COUNTRIES - {"1A", "XI", "BV", "HM"}
"""Countries where somebody lives."""

ALWAYS: Final = frozenset({
    Member.GIVEN_NAME, Member.FAMILY_NAME, Member.EMAIL, Member.LANGUAGE, Member.LEGAL_FORM, Member.STREET,
    Member.CITY, Member.COUNTRY,
})  # fmt: skip
WITH_ZIP: Final = frozenset({
    "AT", "AU", "BE", "BG", "CA", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR",
    "HU", "IT", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK", "US",
})  # fmt: skip
"""Countries whose addresses have a postal code (the Union without Ireland, and some more)."""

WITH_PROVINCE: Final = frozenset({"CA", "US"})
_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
_PHONE: Final = re.compile(r"\+?[0-9][0-9. ()-]{3,29}", re.ASCII)
_CHOICES: Final[Mapping[Member, frozenset[str]]] = {
    Member.LANGUAGE: frozenset(LANGUAGES),
    Member.LEGAL_FORM: frozenset(LEGAL_FORMS),
    Member.GENDER: frozenset({"female", "male"}),
    Member.COUNTRY: PLACES,
    Member.NATIONALITY: PLACES,
    Member.BIRTH_COUNTRY: PLACES,
}
_FORMS: Final[Mapping[Member, re.Pattern[str]]] = {
    **dict.fromkeys((Member.EMAIL, Member.SPARE_EMAIL), _EMAIL),
    **dict.fromkeys((Member.PHONE, Member.CELL_PHONE, Member.FAX), _PHONE),
}


class NoSuchContactSheet(NotFound):
    """The account keeps no such sheet."""

    code = "no-such-contact-sheet"

    def __init__(self, contact_id: object) -> None:
        super().__init__(f"The requested object ({contact_id}) does not exist")


class BadContactSheet(Invalid):
    """Something that must stand on a sheet is missing, or has not the form of what it is."""

    code = "bad-contact-sheet"

    def __init__(self, message: str, member: Member) -> None:
        super().__init__(message, member=member.value)
        self.member = member


class TooManyContactSheets(Conflict):
    """The account keeps as many sheets as one may."""

    code = "too-many-contact-sheets"


@dataclass(frozen=True, slots=True)
class ContactSheet:
    """One sheet: its members that say something."""

    contact_id: int
    said: Mapping[Member, str]

    def says(self, member: Member) -> str:
        """Return what stands there; nothing is an empty text."""
        return self.said.get(member, "")


def mandatory(said: Mapping[Member, str]) -> frozenset[Member]:
    """Return what must stand on a sheet of that country and legal form."""
    more = set()
    if said.get(Member.COUNTRY) in WITH_ZIP:
        more.add(Member.ZIP)
    if said.get(Member.COUNTRY) in WITH_PROVINCE:
        more.add(Member.PROVINCE)
    if said.get(Member.LEGAL_FORM) != "individual":
        more.add(Member.ORGANISATION)
    return ALWAYS | more


def checked_sheet(said: Mapping[Member, str]) -> dict[Member, str]:
    """Return what the sheet says, without what is empty. Raises BadContactSheet."""
    kept = {member: text.strip() for member, text in said.items() if text.strip()}
    for member in Member:
        if member in kept:
            _refuse_unfit(member, kept[member])
    for member in Member:
        if member in mandatory(kept) and member not in kept:
            raise BadContactSheet(
                f"A contact of this country and legal form needs its {member.value.replace('_', ' ')}", member
            )
    return kept


def _refuse_unfit(member: Member, text: str) -> None:
    name = member.value.replace("_", " ")
    if len(text) > TEXT_MAX or not text.isprintable():
        raise BadContactSheet(f"The {name} is one line of at most {TEXT_MAX} characters", member)
    form, choices = _FORMS.get(member), _CHOICES.get(member)
    if (form is not None and not form.fullmatch(text)) or (choices is not None and text not in choices):
        raise BadContactSheet(f"The {name} has not the form of one", member)
    if member is Member.BIRTH_ON:
        try:
            date.fromisoformat(text)
        except ValueError:
            raise BadContactSheet(f"The {name} is a day, as in 1980-12-31", member) from None

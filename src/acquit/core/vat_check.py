"""Checks of VAT ids: which register was asked, what it answered, and the proof that it did.

A supply to a business of another member state is free of tax only with its VAT id; who can prove that the id
was checked is in good faith. Source: Directive 2006/112/EC article 138; Regulation (EU) 904/2010 article 31.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from acquit.core.errors import Conflict
from acquit.core.identifiers import AccountId


class NoVatId(Conflict):
    """The account's legal party has no VAT id to check."""

    code = "no-vat-id"


class Outcome(StrEnum):
    """What a register answered; unknown when it gave no answer."""

    VALID = "valid"
    INVALID = "invalid"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a register said: its name, the outcome, the reference that proves it, and its words."""

    register: str
    outcome: Outcome
    reference: str = ""
    told: str = ""


@dataclass(frozen=True, slots=True)
class VatCheck:
    """One check of an account's VAT id, as it was recorded."""

    account_id: AccountId
    check_no: int
    vat_id: str
    register: str
    outcome: Outcome
    reference: str
    told: str
    checked_on: date
    checked_by: str
    checked_at: datetime


def compact(vat_id: str) -> str:
    """Return the id as registers take it: capitals and digits, its country first."""
    return "".join(sign for sign in vat_id.upper() if sign.isalnum())

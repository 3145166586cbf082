"""Vouchers: who knows a code has so much credit, once per payer, until a day. The code is kept as a hash."""

import hashlib
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from acquit.core.errors import Conflict, Invalid, NotFound
from acquit.core.identifiers import LegalEntityId
from acquit.core.money import Currency

SIGNS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""What a made code is written with: no sign that is mistaken for another."""

CODE_LENGTH: Final = 16
_CODE: Final = re.compile(r"[A-Z0-9]{8,40}")


class NoSuchVoucher(NotFound):
    """No voucher has this code, or not for this account: wrong, spent, expired and used look the same."""

    code = "no-such-voucher"

    def __init__(self) -> None:
        super().__init__(
            "This voucher cannot be used: the code is wrong, has expired, is spent, or was used before."
        )


class BadVoucher(Invalid):
    """A voucher has an amount, an end in the future, words and a code of 8 to 40 letters and digits."""

    code = "bad-voucher"


class VoucherTaken(Conflict):
    """The seller has a voucher of this code."""

    code = "voucher-taken"


@dataclass(frozen=True, slots=True)
class Voucher:
    """What a code is good for; `until_on` is the last day, `hint` the end of the code."""

    legal_entity_id: LegalEntityId
    voucher_id: int
    hint: str
    currency: Currency
    amount_minor: int
    until_on: date
    words: str
    credit_days: int | None = None
    uses_max: int | None = None
    uses: int = 0

    def credit_ends_on(self, on: date) -> date | None:
        """Return the first day on which credit made of it today is gone."""
        return None if self.credit_days is None else on + timedelta(days=self.credit_days)


def normalised(code: str) -> str:
    """Return the code as it is hashed: capitals and digits, without blanks and dashes."""
    return re.sub(r"[\s-]", "", code).upper()


def code_hash(legal_entity_id: LegalEntityId, code: str) -> bytes:
    """Return the hash that is kept of a code."""
    return hashlib.sha256(f"voucher:{legal_entity_id}:{normalised(code)}".encode()).digest()


def refuse_voucher(voucher: Voucher, code: str, on: date) -> None:
    """Pass when such a voucher can be made. Raises BadVoucher."""
    if voucher.amount_minor <= 0 or voucher.until_on < on or not voucher.words.strip():
        raise BadVoucher("A voucher is of more than nothing, ends in the future, and says why it is given.")
    if _CODE.fullmatch(normalised(code)) is None:
        raise BadVoucher("A code is 8 to 40 letters and digits; shorter ones can be guessed.")
    if any(each is not None and each <= 0 for each in (voucher.credit_days, voucher.uses_max)):
        raise BadVoucher("Days and uses of a voucher are 1 or more.")


def is_usable(voucher: Voucher | None, currency: Currency, on: date, used_before: bool) -> bool:
    """Whether a payer can make credit of the voucher on that day."""
    if voucher is None or used_before or voucher.currency != currency or on > voucher.until_on:
        return False
    return voucher.uses_max is None or voucher.uses < voucher.uses_max

"""Bank entries: what a bank tells of one movement on an account, and the files and statements that tell it.

A file holds statements, a statement holds entries, an entry may be a batch of transactions: what is kept and
booked is the transaction. Amounts are positive, the direction says whether money came or went. Nothing here
knows the form that the bank wrote.

Source: ISO 20022 camt.052, camt.053, camt.054 (bank-to-customer cash management).
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from acquit.core.errors import Conflict, Invalid, NotFound
from acquit.core.money import Currency, plain
from acquit.core.quick import quick

NO_REFERENCE: Final = frozenset({"", "NOTPROVIDED", "NONREF", "NOTAVAILABLE", "NOREF", "UNKNOWN"})
"""What banks write where there is no reference."""

_KEPT: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class _Kept(dict[int, str | None]):
    """A table for `str.translate` that drops whatever is not in it."""

    def __missing__(self, _code: int) -> None:
        return None


_SIGNS: Final = _Kept({ord(sign): sign for sign in _KEPT})


class BadBankFile(Invalid):
    """A bank's file cannot be read, or its sums do not add up; nothing of it is booked."""

    code = "bad-bank-file"


class NoSuchBankEntry(NotFound):
    """There is no such entry among what the banks told."""

    code = "no-such-bank-entry"


class UnknownBankAccount(NotFound):
    """The file is about a bank account that no legal entity has."""

    code = "unknown-bank-account"


class NotInTheInbox(Conflict):
    """The entry does not wait for anybody: it is matched, or was set aside."""

    code = "not-in-the-inbox"


class Direction(StrEnum):
    """Whether money came to the account or left it."""

    CREDIT = "credit"
    DEBIT = "debit"


class Form(StrEnum):
    """How a bank told entries: at the end of the day, during it, one by one, or in a table of its own."""

    STATEMENT = "camt.053"
    REPORT = "camt.052"
    NOTIFICATION = "camt.054"
    TABLE = "csv"


@quick
@dataclass(frozen=True, slots=True)
class BankEntry:
    """One transaction as the bank told it; texts are empty where it told nothing.

    `batch_reference` is the bank's reference of the booking that it is a part of, `batch_minor` the amount of
    that booking; `own_iban` is the account as the payer wrote it, which may be a virtual one;
    `file_references` name the block and the file of ours that the bank answers.
    """

    direction: Direction
    amount_minor: int
    currency: Currency
    booked_on: date
    value_on: date | None = None
    bank_reference: str = ""
    batch_reference: str = ""
    batch_minor: int = 0
    end_to_end_id: str = ""
    transaction_id: str = ""
    mandate_id: str = ""
    payer_name: str = ""
    payer_iban: str = ""
    ultimate_name: str = ""
    own_iban: str = ""
    references: tuple[str, ...] = ()
    text: str = ""
    code: str = ""
    is_reversal: bool = False
    return_code: str = ""
    return_text: str = ""
    charges_minor: int = 0
    original_minor: int | None = None
    original_currency: str = ""
    place: str = ""
    file_references: tuple[str, ...] = ()

    @property
    def signed_minor(self) -> int:
        """The amount as it moves the balance."""
        return self.amount_minor if self.direction is Direction.CREDIT else -self.amount_minor


@dataclass(frozen=True, slots=True)
class BankStatement:
    """What a file says about one account and period; balances are None where the form has none."""

    form: Form
    external_id: str
    iban: str
    currency: Currency
    opening_minor: int | None = None
    closing_minor: int | None = None
    from_on: date | None = None
    until_on: date | None = None
    number: str = ""


def squeezed(text: str) -> str:
    """Return the digits and capital letters of a text, without all between them."""
    return text.upper().translate(_SIGNS)


def is_given(reference: str) -> bool:
    """Whether a reference says anything."""
    return bool(reference) and squeezed(reference) not in NO_REFERENCE


def refuse_wrong_balance(statement: BankStatement, moved_minor: int, count: int) -> None:
    """Pass when the opening balance and the entries make the closing balance. Raises BadBankFile."""
    opening, closing, currency = statement.opening_minor, statement.closing_minor, statement.currency
    if opening is None or closing is None or opening + moved_minor == closing:
        return
    raise BadBankFile(
        f"Statement {statement.external_id} of {statement.iban} does not add up: it opens with "
        f"{plain(opening, currency)} {currency}, its {count} entries move {plain(moved_minor, currency)}, "
        f"which makes {plain(opening + moved_minor, currency)}; it says that it closes with "
        f"{plain(closing, currency)}. Nothing of the file was booked; ask the bank for a whole one.",
        statement=statement.external_id,
    )


def bank_key(entry: BankEntry) -> str:
    """Return what names the transaction for its bank, or nothing: its own reference, never the batch's."""
    if not is_given(entry.bank_reference):
        return ""
    return f"{squeezed(entry.bank_reference)}|{entry.direction.value}|{entry.amount_minor}"


def told_key(entry: BankEntry) -> str:
    """Return what names the transaction whoever tells it: end-to-end id, else payer and text.

    Two transactions may have the same key; how often each was told tells them apart.
    """
    day_and_sum = f"{entry.direction.value}|{entry.amount_minor}|{entry.booked_on}"
    if is_given(entry.end_to_end_id):
        return f"E|{squeezed(entry.end_to_end_id)}|{day_and_sum}"
    who = squeezed(entry.payer_iban) or squeezed(entry.payer_name)
    return f"T|{who}|{squeezed(''.join(entry.references) + entry.text)}|{day_and_sum}"

"""Entries of banks that tell of what we sent, expect or know ourselves: debits, refunds, payouts, deposits.

Their money is booked with the debit, the refund, the payout of an acquirer, or the deposit that a person had
recorded by hand, never a second time with the entry.
"""

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from acquit.core.bank_entry import BankEntry, Direction, squeezed
from acquit.core.errors import Conflict
from acquit.core.identifiers import AccountId
from acquit.core.money import Currency, plain

_NUMBER: Final = re.compile(r"\b[A-Z]{2}[A-Z0-9]{0,6}-(?:SDD|SCT)-[0-9]{8}(?:-[A-Z0-9-]*[A-Z0-9])?\b")
DAYS_APART_MAX: Final = 7
"""So many days may lie between a payout and its entry when the bank does not name it."""

RECORDED_DAYS_MAX: Final = 10
"""So many days may lie between a deposit that was recorded by hand and the entry that tells of it."""

SHORTEST_ID: Final = 6
"""A shorter id of a payout is found in a text by chance."""


class OwnEntryDiffers(Conflict):
    """The entry names something of ours and does not fit it."""

    code = "own-entry-differs"


class Named(StrEnum):
    """What a reference of ours names: one debit or refund, or those of a block or file."""

    DEBIT = "debit"
    DEBITS = "debits"
    REFUND = "refund"
    REFUNDS = "refunds"


class OwnKind(StrEnum):
    """What an entry tells of ours."""

    COLLECTED = "collected"
    RETURNED = "returned"
    REFUND_PAID = "refund-paid"
    REFUND_RETURNED = "refund-returned"
    PAYOUT = "payout"
    DEPOSIT = "deposit"


@dataclass(frozen=True, slots=True)
class OwnLine:
    """One debit, refund or payout that an entry tells of."""

    reference: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """A deposit that a person recorded and that no entry of a bank is linked with."""

    account_id: AccountId
    deposit_id: str
    amount_minor: int
    currency: Currency
    received_on: date
    bank_reference: str

    @property
    def name(self) -> str:
        """What the deposit is linked by."""
        return f"{self.account_id}/{self.deposit_id}"


@dataclass(frozen=True, slots=True)
class Told:
    """Which entry told something first, and in which form of the bank."""

    entry_id: int
    form: str


def references_of(entry: BankEntry) -> tuple[str, ...]:
    """Return what may name something of ours, the surest first: debit, block, file, then in free text."""
    said = (entry.end_to_end_id, entry.transaction_id, *entry.file_references, *entry.references)
    return tuple(dict.fromkeys([*filter(None, said), *_NUMBER.findall(entry.text)]))


def kind_of(entry: BankEntry, named: Iterable[Named]) -> OwnKind | None:
    """Return what the entry tells of what it names, or None when it cannot."""
    what = set(named)
    if entry.direction is Direction.CREDIT:
        if Named.REFUND in what:
            return OwnKind.REFUND_RETURNED
        return OwnKind.COLLECTED if what & {Named.DEBIT, Named.DEBITS} else None
    if Named.DEBIT in what:
        return OwnKind.RETURNED
    return OwnKind.REFUND_PAID if what & {Named.REFUND, Named.REFUNDS} else None


def untold(
    entry: BankEntry, form: str, lines: Sequence[OwnLine], told: Mapping[str, Told], reference: str
) -> tuple[Sequence[OwnLine], bool]:
    """Return the lines that the entry tells of, and whether another form of the bank had told them before.

    A notification and the statement after it tell the same money under different names of the bank; two
    statements of one form tell two. Raises OwnEntryDiffers when the sums differ or the money was told.
    """
    fresh = [line for line in lines if line.reference not in told]
    if fresh and sum(line.amount_minor for line in fresh) == entry.amount_minor:
        return fresh, False
    again = [line for line in lines if line.reference in told and told[line.reference].form != form]
    if again and sum(line.amount_minor for line in again) == entry.amount_minor:
        return again, True
    if lines and not fresh:
        before = ", ".join(sorted({f"{told[line.reference].entry_id}" for line in lines}))
        raise OwnEntryDiffers(
            f"{reference} was told before by entry {before}; this is other money, or the bank tells it "
            "twice: ask the bank.",
            reference=reference,
        )
    total = sum(line.amount_minor for line in fresh)
    raise OwnEntryDiffers(
        f"{reference} is of {plain(total, entry.currency)} {entry.currency}, the entry of "
        f"{plain(entry.amount_minor, entry.currency)}: tell it line by line, or take rejections in first.",
        reference=reference,
    )


def recorded_before(
    entry: BankEntry, recorded: Iterable[Recorded], payers: Container[AccountId]
) -> list[Recorded]:
    """Return the deposits that may be the entry's money: same amount, same payer or reference, near in time.

    `payers` are those that are known to pay from the entry's IBAN, or whose name is that of the sender.
    """
    if entry.direction is not Direction.CREDIT:
        return []
    said = {squeezed(each) for each in (entry.end_to_end_id, entry.transaction_id, *entry.references)} - {""}
    return [
        each for each in recorded
        if (each.amount_minor, each.currency) == (entry.amount_minor, entry.currency)
        and abs((entry.booked_on - each.received_on).days) <= RECORDED_DAYS_MAX
        and (each.account_id in payers or squeezed(each.bank_reference) in said)
    ]  # fmt: skip


def say_recorded(entry_id: int, entry: BankEntry, found: Sequence[Recorded]) -> str:
    """Return what a person reads of an entry whose money may have been recorded by hand, or nothing."""
    if not found:
        return ""
    first = found[0]
    more = f" (or one of {len(found) - 1} others like it)" if len(found) > 1 else ""
    return (
        f"{plain(entry.amount_minor, entry.currency)} {entry.currency} of {first.account_id} were recorded "
        f"by hand as of {first.received_on}, deposit {first.deposit_id}{more}. If this is that money, "
        f"`acquit bank match {entry_id} --deposit {first.name}` links it and books nothing twice; if it is "
        "other money, match it to its bills or payer."
    )


def names_payout(entry: BankEntry, acquirer: str, payout_id: str) -> bool:
    """Whether the entry bears the acquirer's own id of a payout."""
    wanted = squeezed(payout_id)
    texts = (entry.end_to_end_id, entry.transaction_id, *entry.references, entry.text)
    if any(squeezed(text) == wanted for text in texts if text):
        return True
    return len(wanted) >= SHORTEST_ID and wanted in squeezed(" ".join(texts)) and bool(acquirer)


def is_from(entry: BankEntry, acquirer: str) -> bool:
    """Whether the acquirer's name is among those of the payer."""
    wanted = squeezed(acquirer)
    return bool(wanted) and wanted in squeezed(f"{entry.payer_name} {entry.ultimate_name}")


def unknown_return(entry: BankEntry) -> str:
    """Return what a person reads of money that the bank took back and that is not known here, or nothing."""
    if entry.direction is Direction.CREDIT or not (entry.return_code or entry.is_reversal):
        return ""
    code = f" ({entry.return_code})" if entry.return_code else ""
    of = entry.end_to_end_id or "no reference"
    return (
        f"The bank took {plain(entry.amount_minor, entry.currency)} {entry.currency} back{code} for {of}: "
        "no direct debit of ours and no payment that stands bears this reference. Ask the bank what it "
        "returns; set the entry aside if it is not ours."
    )

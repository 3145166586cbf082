"""The aged balance: what each payer owes, by how long it has been due, and what the payer has in hand."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final

from acquit.core.identifiers import AccountId
from acquit.core.money import Currency

AGES: Final = (0, 30, 60, 90)
"""Days late up to which each column but the last goes; the first is what is not due."""


@dataclass(frozen=True, slots=True)
class OpenAmount:
    """What is open of a bill; without a bill what the payer has in hand (negative)."""

    payer_id: AccountId
    currency: Currency
    account_id: AccountId | None
    bill_id: str | None
    issued_on: date | None
    due_on: date | None
    billed_minor: int | None
    amount_minor: int


@dataclass(frozen=True, slots=True)
class AgedRow:
    """What a payer owes in a currency: `aged_minor` not due, then up to 30, 60, 90 days late, then later."""

    payer_id: AccountId
    name: str
    currency: Currency
    aged_minor: tuple[int, int, int, int, int]
    in_hand_minor: int
    bills: int

    @property
    def owed_minor(self) -> int:
        """All that is open on bills, whatever is in hand."""
        return sum(self.aged_minor)

    @property
    def balance_minor(self) -> int:
        """What is owed less what is in hand."""
        return self.owed_minor - self.in_hand_minor


def place_of(due_on: date | None, on: date) -> int:
    """Return the column of a bill due on a day: 0 until that day is over; without due date the last one."""
    if due_on is None:
        return len(AGES)
    late = (on - due_on).days
    return sum(late > most for most in AGES)


def aged(amounts: Iterable[OpenAmount], on: date, names: dict[AccountId, str]) -> Iterator[AgedRow]:
    """Yield a row per payer and currency; `amounts` come in that order."""
    for (payer_id, currency), members in groupby(amounts, key=lambda each: (each.payer_id, each.currency)):
        columns, in_hand, bills = [0] * (len(AGES) + 1), 0, 0
        for each in members:
            if each.account_id is None:
                in_hand -= each.amount_minor
                continue
            columns[place_of(each.due_on, on)] += each.amount_minor
            bills += 1
        first, second, third, fourth, fifth = columns
        yield AgedRow(
            payer_id, names.get(payer_id, ""), currency, (first, second, third, fourth, fifth), in_hand, bills
        )

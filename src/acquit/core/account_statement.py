"""The statement of a payer's account: what it owed before, every movement, what it owes on which bills."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from acquit.core.aged_balance import OpenAmount
from acquit.core.errors import Invalid
from acquit.core.identifiers import AccountId
from acquit.core.money import Currency


class BadStatement(Invalid):
    """A statement covers at least one day."""

    code = "bad-statement"


@dataclass(frozen=True, slots=True)
class Movement:
    """One entry that changed the balance: positive what is owed more, negative what is owed less."""

    booked_on: date
    kind: str
    account_id: AccountId
    reference: str
    currency: Currency
    due_on: date | None
    amount_minor: int


@dataclass(frozen=True, slots=True)
class AccountStatement:
    """The account of a payer in one currency, from and to a day, both covered.

    Opening balance and movements make the closing balance; so do the open bills less what is in hand.
    """

    payer_id: AccountId
    name: str
    currency: Currency
    first_on: date
    last_on: date
    opening_minor: int
    movements: tuple[Movement, ...]
    open_bills: tuple[OpenAmount, ...]
    in_hand_minor: int

    @property
    def closing_minor(self) -> int:
        """What is owed at the end."""
        return self.opening_minor + sum(each.amount_minor for each in self.movements)

    @property
    def owed_minor(self) -> int:
        """What is open on bills at the end."""
        return sum(each.amount_minor for each in self.open_bills)


def statement_of(
    payer_id: AccountId,
    name: str,
    currency: Currency,
    days: tuple[date, date],
    movements: Iterable[Movement],
    amounts: Iterable[OpenAmount],
) -> AccountStatement:
    """Return the statement over `days`, first and last.

    `movements` are those of the days, `amounts` what is open on the last; those of other currencies are
    left out. What was owed before is what is owed at the end less what changed. Raises BadStatement.
    """
    first_on, last_on = days
    if last_on < first_on:
        raise BadStatement(f"A statement from {first_on} to {last_on} covers no day.")
    known = tuple(each for each in movements if each.currency == currency)
    told = [each for each in amounts if each.currency == currency]
    closing_minor = sum(each.amount_minor for each in told)
    return AccountStatement(
        payer_id,
        name,
        currency,
        first_on,
        last_on,
        closing_minor - sum(each.amount_minor for each in known),
        known,
        tuple(each for each in told if each.account_id is not None),
        -sum(each.amount_minor for each in told if each.account_id is None),
    )

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

    `movements` are all up to the last day, `amounts` what is open then; those of other currencies are left
    out. Raises BadStatement.
    """
    first_on, last_on = days
    if last_on < first_on:
        raise BadStatement(f"A statement from {first_on} to {last_on} covers no day.")
    known = [each for each in movements if each.currency == currency]
    told = [each for each in amounts if each.currency == currency]
    made = AccountStatement(
        payer_id,
        name,
        currency,
        first_on,
        last_on,
        sum(each.amount_minor for each in known if each.booked_on < first_on),
        tuple(each for each in known if first_on <= each.booked_on <= last_on),
        tuple(each for each in told if each.account_id is not None),
        -sum(each.amount_minor for each in told if each.account_id is None),
    )
    assert made.closing_minor == made.owed_minor - made.in_hand_minor, "movements and open bills agree"
    return made

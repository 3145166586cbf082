"""Credit balances: what a payer has in hand with the seller, used before any payment method.

A lot is added once, by a voucher, a bonus, a prepayment or a deposit, and used in parts until nothing is left
or it expires. Order of use: what was given (vouchers and bonuses), what was prepaid, deposits; among these
what expires first, then the oldest.

Source: the order in which credits pay, credit balance, prepaid account, payment method.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Final

from acquit.core.errors import Conflict, Invalid, NotFound
from acquit.core.identifiers import AccountId, CreditMovementId
from acquit.core.money import Currency, plain


class BadCredit(Invalid):
    """A credit is more than nothing, names its source, and does not expire before it begins."""

    code = "bad-credit"


class NotInHand(Conflict):
    """More would become credit than is unapplied on the deposit."""

    code = "not-in-hand"


class NoSuchCredit(NotFound):
    """The payer has no such credit, or it is no money."""

    code = "no-such-credit"


class NotRetrievable(Invalid):
    """More is asked back than is left of a prepaid credit, or nothing."""

    code = "not-retrievable"


class CreditKept(Conflict):
    """What credit paid when a bill was issued is not taken back."""

    code = "credit-kept"


class CreditType(StrEnum):
    """Where a credit came from. `POINTS` is the money of points that were bought: it waits behind them."""

    VOUCHER = "VOUCHER"
    BONUS = "BONUS"
    PREPAID_ACCOUNT = "PREPAID_ACCOUNT"
    DEPOSIT = "DEPOSIT"
    POINTS = "POINTS"

    @property
    def is_money(self) -> bool:
        """Whether the payer's own money is behind it; what was given is the seller's expense."""
        return self in (CreditType.PREPAID_ACCOUNT, CreditType.DEPOSIT, CreditType.POINTS)


_ORDER: Final = {
    CreditType.VOUCHER: 0, CreditType.BONUS: 0, CreditType.PREPAID_ACCOUNT: 1, CreditType.DEPOSIT: 2,
    CreditType.POINTS: 3,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CreditLot:
    """One credit of a payer and what is left of it; `expires_on` is the first day on which it is gone."""

    account_id: AccountId
    movement_id: CreditMovementId
    balance: str
    type: CreditType
    currency: Currency
    left_minor: int
    expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class CreditUse:
    """So much of a lot pays a bill."""

    lot: CreditLot
    amount_minor: int


def refuse_credit_lot(
    amount_minor: int, currency: Currency, source: str, expires_on: date | None, on: date
) -> None:
    """Pass when such a credit can be added. Raises BadCredit."""
    if amount_minor <= 0:
        raise BadCredit(f"{plain(amount_minor, currency)} {currency} is no credit; give more than 0.")
    if not source.strip():
        raise BadCredit("A credit names its source: why it was given, or the payment behind it.")
    if expires_on is not None and expires_on <= on:
        raise BadCredit(f"A credit that expires on {expires_on} is gone already.")


def refuse_not_in_hand(unapplied_minor: int, amount_minor: int, currency: Currency, deposit_id: str) -> None:
    """Pass when the deposit has so much that settles nothing. Raises NotInHand."""
    if amount_minor > unapplied_minor:
        raise NotInHand(
            f"{plain(unapplied_minor, currency)} {currency} of deposit {deposit_id} is unapplied; "
            f"{plain(amount_minor, currency)} cannot become credit.",
            deposit=deposit_id,
        )


def refuse_not_retrievable(amount_minor: int, left_minor: int, currency: Currency) -> None:
    """Pass when so much of a prepaid credit can go back. Raises NotRetrievable."""
    if not 0 < amount_minor <= left_minor:
        raise NotRetrievable(
            f"{plain(left_minor, currency)} {currency} of this credit are left and can go back, "
            f"not {plain(amount_minor, currency)}.",
            retrievable=plain(left_minor, currency),
        )


def in_order(lots: Iterable[CreditLot], on: date) -> list[CreditLot]:
    """Return the lots that can be used on that day, first to be used first."""
    usable = [lot for lot in lots if lot.left_minor > 0 and (lot.expires_on is None or on < lot.expires_on)]
    return sorted(usable, key=lambda lot: (_ORDER[lot.type], lot.expires_on or date.max, lot.movement_id))


def pay(
    lots: Sequence[CreditLot], currency: Currency, amount_minor: int, on: date
) -> tuple[tuple[CreditUse, ...], list[CreditLot]]:
    """Return what of the lots pays the amount or a part of it, and the lots as they are then."""
    uses: list[CreditUse] = []
    after = {lot.movement_id: lot for lot in lots}
    for lot in in_order(lots, on):
        if amount_minor and lot.currency == currency:
            used = min(lot.left_minor, amount_minor)
            uses.append(CreditUse(lot, used))
            after[lot.movement_id] = replace(lot, left_minor=lot.left_minor - used)
            amount_minor -= used
    return tuple(uses), list(after.values())

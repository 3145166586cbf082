"""Bundles: bills that a payer ticked together, to be paid by one transfer with one reference.

A bundle is a fact that says what was open when it was made; it settles nothing by itself. A transfer of its
amount with its reference settles all of it at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from acquit.core.bank_clue import BUNDLE_CODE, BUNDLE_DIGITS, PREPAY_CODE, PREPAY_DIGITS
from acquit.core.errors import Conflict, Invalid, NotFound
from acquit.core.identifiers import AccountId, BillId, DebtId
from acquit.core.match import OpenDebt
from acquit.core.money import Currency, plain
from acquit.core.numbering import Series, payment_reference

_OWN: Final = ((BUNDLE_CODE, BUNDLE_DIGITS), (PREPAY_CODE, PREPAY_DIGITS))


class NothingToBundle(Conflict):
    """A bundle holds debts of one payer and currency that are open, and comes to more than nothing."""

    code = "nothing-to-bundle"


class NoSuchBundle(NotFound):
    """The payer has no such bundle."""

    code = "no-such-bundle"


class ReferenceClash(Conflict):
    """A series of bills could give the reference of a bundle or of a prepayment."""

    code = "reference-clash"


class BadAdvice(Invalid):
    """A remittance advice names bills and amounts, as in `bill,amount`."""

    code = "bad-advice"


@dataclass(frozen=True, slots=True)
class BundlePart:
    """What was open of one debt when the bundle was made."""

    account_id: AccountId
    debt_id: DebtId
    bill_id: BillId
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Bundle:
    """Debts to be paid together; `amount_minor` is the transfer: the parts less the credit."""

    account_id: AccountId
    bundle_id: int
    reference: str
    currency: Currency
    amount_minor: int
    credit_minor: int
    made_on: date
    parts: tuple[BundlePart, ...]


def bundled(
    debts: Sequence[OpenDebt], payer_id: AccountId, credit_minor: int
) -> tuple[tuple[BundlePart, ...], Currency, int]:
    """Return the parts, their currency, and how much credit is taken off. Raises NothingToBundle.

    At least one smallest unit is left to transfer.
    """
    if not debts:
        raise NothingToBundle("No bill is named.")
    for debt in debts:
        if debt.payer_id != payer_id:
            raise NothingToBundle(
                f"{debt.payer_id} owes bill {debt.bill_id}, not {payer_id}.", bill=debt.bill_id
            )
        if debt.currency != debts[0].currency:
            raise NothingToBundle(
                f"Bill {debt.bill_id} is in {debt.currency}: make a bundle of its own for it."
            )
        if debt.open_minor <= 0:
            raise NothingToBundle(f"Nothing is open on bill {debt.bill_id}.", bill=debt.bill_id)
    parts = tuple(BundlePart(each.account_id, each.debt_id, each.bill_id, each.open_minor) for each in debts)
    total = sum(part.amount_minor for part in parts)
    if credit_minor >= total:
        currency = debts[0].currency
        raise NothingToBundle(
            f"The payer's credit of {plain(credit_minor, currency)} {currency} covers the bills of "
            f"{plain(total, currency)}: nothing is to be transferred."
        )
    return parts, debts[0].currency, max(credit_minor, 0)


def bundle_reference(bundle_id: int) -> str:
    """Return the reference of a bundle. Source: ISO 11649."""
    return payment_reference(BUNDLE_CODE, bundle_id, BUNDLE_DIGITS)


def refuse_clash(series: Sequence[Series]) -> None:
    """Pass when no series of bills gives references of bundles or prepayments. Raises ReferenceClash."""
    for each in series:
        if (each.reference_code, each.digits) in _OWN:
            raise ReferenceClash(
                f"Series {each.series_id} gives the references of bundles or prepayments: set up another for "
                "new bills.",
                series=each.series_id,
            )

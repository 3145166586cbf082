"""What the commands of receivables have in common: their options, and how sums are typed and told."""

from collections.abc import Mapping
from typing import Annotated

from cyclopts import Parameter

from acquit.actions.context import Context
from acquit.actions.loading import account_in
from acquit.core.bill import NoSuchBill
from acquit.core.debt import Debt
from acquit.core.identifiers import AccountId, BillId
from acquit.core.money import Currency, parsed, plain
from acquit.store import bills, debts

ForAccount = Annotated[str, Parameter(name="--account", help="The account, as in ab12345-acq.")]
Operator = Annotated[str | None, Parameter(help="Who does it, by operator id.")]
Seller = Annotated[str | None, Parameter(name="--legal-entity", help="The seller; needed when several.")]
Amount = Annotated[str | None, Parameter(help="How much, as in 50.00; without it all.")]


def minor(text: str | None, currency: Currency) -> int | None:
    """Return what was typed in the smallest unit, None when nothing was."""
    return None if text is None else parsed(text, currency)


def currency_of(context: Context, account_id: AccountId) -> Currency:
    """Return the account's currency. Raises NoSuchAccount."""
    with context.database.read() as tx:
        return account_in(tx, account_id).currency


def debt_of(context: Context, bill: str) -> Debt:
    """Return the debt of a bill by its number alone. Raises NoSuchBill."""
    with context.database.read() as tx:
        account_id = bills.account_of(tx, BillId(bill))
        debt = None if account_id is None else debts.of_bill(tx, account_id, BillId(bill))
    if debt is None:
        raise NoSuchBill(bill)
    return debt


def sums(amounts: Mapping[str, int]) -> str:
    """Return amounts per currency as text."""
    told = [f"{plain(value, Currency(code))} {code}" for code, value in sorted(amounts.items())]
    return ", ".join(told) or "nothing"

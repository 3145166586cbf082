"""A seller that asks for down payments, what bills deduct of them, and whether the books stay sound."""

from datetime import date
from typing import Any, Final, LiteralString

from acquit.actions.ask_down_payment import Wanted, ask_down_payment
from acquit.actions.context import Context
from acquit.actions.replay_run import replay_run
from acquit.actions.settle_debt import Receipt, settle_debt
from acquit.core.bill import Bill
from acquit.core.debt import Allocation
from acquit.core.down_payment import For
from acquit.core.identifiers import AccountId, DebtId
from acquit.core.money import Currency
from acquit.store.transaction import Database
from billed import ON, failed, family, rows, seller
from founding import FR, PETIT

EUR: Final = Currency("EUR")
DECEMBER: Final = date(2026, 12, 1)
BILLS: Final[LiteralString] = """
    SELECT bill_id, kind, net_minor, tax_minor, total_minor FROM bill ORDER BY order_id
"""
LINES: Final[LiteralString] = """
    SELECT kind, domain, net_minor, vat_rate_bp FROM bill_detail
     WHERE bill_id = %(bill_id)s ORDER BY detail_no
"""
USES: Final[LiteralString] = """
    SELECT bill_id, kind, by_bill_id, net_minor FROM down_payment_use ORDER BY bill_id, use_no
"""


def world(database: Database, **settings: Any) -> Context:
    """A seller with its books, and accounts that buy nothing yet."""
    context = seller(database, **settings)
    family(context)
    return context


def ask(context: Context, account_id: AccountId = PETIT, minor: int | None = 400, **given: Any) -> Bill:
    """A down payment of 4.00 net on whatever the account is billed, unless told otherwise."""
    what = For(given.pop("order_id", None), given.pop("service_id", None))
    wanted = Wanted(what, given.pop("reason", "new servers"), minor, **given)
    return ask_down_payment(context, account_id, wanted, by="cli")


def pay(context: Context, of: Bill, minor: int | None = None) -> None:
    """The payer pays so much of it, all unless told otherwise."""
    amount = of.total_minor if minor is None else minor
    part = Allocation(of.account_id, DebtId(of.order_id), amount)
    settle_debt(context, of.payer_id, Receipt(ON, amount, EUR), [part], by="cli")


def lines(context: Context, bill_id: str) -> list[tuple[Any, ...]]:
    """The lines of a bill: kind, service, net, rate."""
    return [tuple(row) for row in rows(context, LINES, bill_id=bill_id)]


def billed(context: Context) -> list[tuple[Any, ...]]:
    """Every document: number, kind, net, VAT, total."""
    return [tuple(row) for row in rows(context, BILLS)]


def used(context: Context) -> list[tuple[Any, ...]]:
    """What was used of down payments: which, how, by which document, how much."""
    return [tuple(row) for row in rows(context, USES)]


def sound(context: Context) -> None:
    """Every check of the audit passes, and each run decides the same again."""
    assert failed(context) == {}
    for row in rows(context, "SELECT run_id FROM bill_run ORDER BY run_id"):
        assert replay_run(context, str(row.run_id), FR).differences == []

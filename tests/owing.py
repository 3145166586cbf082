"""A seller whose accounts owe bills, with people who decide, and what a test asks of the books."""

from datetime import date
from typing import Any, Final

from acquit.actions.context import Context
from acquit.actions.settle_debt import Receipt, settle_debt
from acquit.core.debt import Allocation, Debt, Operation
from acquit.core.identifiers import AccountId, DebtId, OperatorId
from acquit.core.money import Currency
from acquit.core.operator import Operator, Role
from acquit.store import debts, operators
from acquit.store.transaction import Database
from billed import bill, family, rows, seller, subscribe
from founding import ACME, LAB, PETIT, SHOP

EUR: Final = Currency("EUR")
TESS: Final = "operator:tess"
TOM: Final = "operator:tom"
PAID_ON: Final = date(2026, 12, 20)

LEDGER: Final = """
    SELECT p.ledger, sum(p.amount_minor)::bigint AS amount_minor
      FROM posting p GROUP BY p.ledger HAVING sum(p.amount_minor) <> 0 ORDER BY p.ledger
"""


def owing(database: Database, **settings: Any) -> Context:
    """Acme and its laboratory owe 12.00 each, the shop too, Petit 12.00; Tess and Tom are treasurers."""
    context = seller(database, **settings)
    family(context)
    with database.write() as tx:
        for name in ("tess", "tom"):
            operators.add(
                tx, Operator(OperatorId(name), name.title(), f"{name}@example.com", Role.TREASURY), "x"
            )
    for account_id in (ACME, LAB, SHOP, PETIT):
        subscribe(context, account_id, f"srv-{account_id}")
    bill(context)
    return context


def debt_of(context: Context, account_id: AccountId) -> Debt:
    """The oldest debt of the account."""
    with context.database.read() as tx:
        row = tx.all(
            "SELECT debt_id FROM debt WHERE account_id = %(account_id)s ORDER BY debt_id",
            account_id=account_id,
        )[0]
        found = debts.find(tx, account_id, DebtId(row.debt_id))
    assert found is not None
    return found


def operations_of(context: Context, account_id: AccountId) -> list[Operation]:
    """What happened on the oldest debt of the account."""
    with context.database.read() as tx:
        return debts.operations(tx, account_id, debt_of(context, account_id).debt_id)


def open_of(context: Context, account_id: AccountId) -> int:
    """What is open on the oldest debt of the account."""
    effects = sum(each.effect_minor for each in operations_of(context, account_id))
    return debt_of(context, account_id).amount_minor + effects


def part(context: Context, account_id: AccountId, amount_minor: int = 1_200) -> Allocation:
    """So much for the oldest debt of the account."""
    return Allocation(account_id, debt_of(context, account_id).debt_id, amount_minor)


def pay(context: Context, account_id: AccountId, amount_minor: int, settled_minor: int = 0) -> str:
    """Money of an account that pays itself comes in and settles so much; return the deposit."""
    parts = [part(context, account_id, settled_minor)] if settled_minor else []
    settled = settle_debt(context, account_id, Receipt(PAID_ON, amount_minor, EUR), parts, by="cli")
    return settled.deposit.deposit_id


def ledger(context: Context) -> dict[str, int]:
    """The balance of each ledger account that has one."""
    return {row.ledger: row.amount_minor for row in rows(context, LEDGER)}

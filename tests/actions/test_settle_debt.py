"""Money in: deposits, what they settle, how it is undone, and the books after each step."""

from datetime import date
from typing import Any

import pytest

from acquit.actions.context import Context
from acquit.actions.settle_debt import (
    Receipt,
    apply_deposit,
    reopen_debt,
    return_payment,
    settle_debt,
)
from acquit.core.debt import (
    Allocation,
    BadAmount,
    CannotReverse,
    Debt,
    DebtStatus,
    NoSuchDebt,
    NoSuchDeposit,
    NoSuchOperation,
    NotOwed,
    amounts,
    status,
)
from acquit.core.identifiers import AccountId, DebtId
from acquit.core.money import Currency
from acquit.core.operator import RoleForbids
from acquit.store import debts
from acquit.store.transaction import Database
from billed import bill, failed, family, rows, seller, subscribe
from founding import ACME, LAB, PETIT, SAM, SHOP

EUR = Currency("EUR")
PAID_ON = date(2026, 12, 20)

LEDGER = """
    SELECT p.ledger, sum(p.amount_minor)::bigint AS amount_minor
      FROM posting p GROUP BY p.ledger HAVING sum(p.amount_minor) <> 0 ORDER BY p.ledger
"""


def billed(database: Database, **settings: Any) -> Context:
    """Acme and its laboratory owe 12.00 each, the shop too, Petit 12.00."""
    context = seller(database, **settings)
    family(context)
    for account_id in (ACME, LAB, SHOP, PETIT):
        subscribe(context, account_id, f"srv-{account_id}")
    bill(context)
    return context


def owed(context: Context, account_id: AccountId) -> Debt:
    """The only debt of the account."""
    with context.database.read() as tx:
        (row,) = tx.all("SELECT debt_id FROM debt WHERE account_id = %(account_id)s", account_id=account_id)
        found = debts.find(tx, account_id, row.debt_id)
    assert found is not None
    return found


def told(context: Context, account_id: AccountId, on: date = PAID_ON) -> tuple[int, DebtStatus]:
    """What is due on the only debt of the account, and its status."""
    debt = owed(context, account_id)
    with context.database.read() as tx:
        operations = debts.operations(tx, account_id, debt.debt_id)
    return amounts(debt, operations, on).due_minor, status(debt, operations, on, 8)


def ledger(context: Context) -> dict[str, int]:
    """The balance of each ledger account that has one."""
    return {row.ledger: row.amount_minor for row in rows(context, LEDGER)}


def part(context: Context, account_id: AccountId, amount_minor: int = 1_200) -> Allocation:
    """So much for the only debt of the account."""
    return Allocation(account_id, owed(context, account_id).debt_id, amount_minor)


def test_one_transfer_pays_the_debts_of_a_family_and_the_rest_is_unapplied(database: Database) -> None:
    context = billed(database)
    parts = [part(context, ACME), part(context, LAB)]
    settled = settle_debt(context, ACME, Receipt(PAID_ON, 2_500, EUR, label="virement"), parts, by="cli")
    assert settled.deposit.deposit_id == "RC00000001"
    assert settled.unapplied_minor == 100
    assert told(context, ACME) == told(context, LAB) == (0, DebtStatus.PAID)
    assert told(context, SHOP) == (1_200, DebtStatus.UNMATURED)
    balances = ledger(context)
    assert (balances["512000"], balances["419100"], balances["445710"]) == (2_500, -100, -400)
    assert failed(context) == {}


def test_part_by_part_the_vat_follows_the_money_to_the_last_cent(database: Database) -> None:
    context = billed(database)
    for amount in (1, 334, 333, 532):
        settle_debt(context, PETIT, Receipt(PAID_ON, amount, EUR), [part(context, PETIT, amount)], by="cli")
        assert failed(context) == {}
    assert told(context, PETIT) == (0, DebtStatus.PAID)
    assert ledger(context)["445710"] == -200


def test_what_is_unapplied_settles_later(database: Database) -> None:
    context = billed(database)
    deposit_id = settle_debt(context, PETIT, Receipt(PAID_ON, 2_000, EUR), by="cli").deposit.deposit_id
    settled = apply_deposit(context, PETIT, deposit_id, [part(context, PETIT)], by="cli")
    assert settled.unapplied_minor == 800
    assert failed(context) == {}
    with pytest.raises(NotOwed):
        apply_deposit(context, PETIT, deposit_id, [part(context, PETIT, 1)], by="cli")
    with pytest.raises(NoSuchDeposit):
        apply_deposit(context, ACME, deposit_id, [], by="cli")


def test_a_settlement_is_undone_and_its_money_is_unapplied_again(database: Database) -> None:
    context = billed(database)
    before = ledger(context)
    settled = settle_debt(context, PETIT, Receipt(PAID_ON, 1_200, EUR), [part(context, PETIT)], by="cli")
    debt = owed(context, PETIT)
    reopen_debt(context, PETIT, debt.debt_id, settled.operation_ids[0], "wrong bill", by="cli")
    assert told(context, PETIT) == (1_200, DebtStatus.UNMATURED)
    assert ledger(context) == before | {"512000": 1_200, "419100": -1_200}
    assert failed(context) == {}
    apply_deposit(context, PETIT, settled.deposit.deposit_id, [part(context, PETIT)], by="cli")
    assert told(context, PETIT) == (0, DebtStatus.PAID)
    assert failed(context) == {}


def test_a_payment_that_the_bank_takes_back_leaves_the_debt_unpaid(database: Database) -> None:
    context = billed(database)
    before = ledger(context)
    settled = settle_debt(context, PETIT, Receipt(PAID_ON, 1_200, EUR), [part(context, PETIT)], by="cli")
    debt = owed(context, PETIT)
    return_payment(context, PETIT, debt.debt_id, settled.operation_ids[0], "no funds", by="cli")
    assert told(context, PETIT) == (1_200, DebtStatus.UNPAID)
    assert ledger(context) == before
    assert failed(context) == {}
    with pytest.raises(CannotReverse):
        reopen_debt(context, PETIT, debt.debt_id, settled.operation_ids[0], "again", by="cli")


def test_vat_on_debits_does_not_move_with_the_money(database: Database) -> None:
    context = billed(database, vat_on_debits=True)
    settle_debt(context, PETIT, Receipt(PAID_ON, 1_200, EUR), [part(context, PETIT)], by="cli")
    assert "445740" not in ledger(context)
    assert failed(context) == {}


def test_what_is_refused_books_nothing(database: Database) -> None:
    context = billed(database)
    before, receipt = ledger(context), Receipt(PAID_ON, 5_000, EUR)
    with pytest.raises(NotOwed, match=r"12\.00"):
        settle_debt(context, PETIT, receipt, [part(context, PETIT, 1_201)], by="cli")
    with pytest.raises(NotOwed):
        settle_debt(context, PETIT, Receipt(PAID_ON, 100, EUR), [part(context, PETIT)], by="cli")
    with pytest.raises(NotOwed, match="owes"):
        settle_debt(context, ACME, receipt, [part(context, SHOP)], by="cli")
    with pytest.raises(BadAmount):
        settle_debt(context, PETIT, receipt, [part(context, PETIT, 0)], by="cli")
    with pytest.raises(BadAmount, match="USD"):
        settle_debt(
            context, PETIT, Receipt(PAID_ON, 5_000, Currency("USD")), [part(context, PETIT)], by="cli"
        )
    with pytest.raises(NoSuchDebt):
        settle_debt(context, PETIT, receipt, [Allocation(PETIT, DebtId(1), 1)], by="cli")
    with pytest.raises(NotOwed):
        settle_debt(context, PETIT, Receipt(PAID_ON, 0, EUR), by="cli")
    with pytest.raises(RoleForbids):
        settle_debt(context, PETIT, receipt, by=SAM)
    with pytest.raises(NotOwed):
        settle_debt(context, PETIT, receipt, [part(context, PETIT), part(context, PETIT)], by="cli")
    assert ledger(context) == before
    assert rows(context, "SELECT 1 FROM deposit") == []
    assert failed(context) == {}


def test_deposits_are_numbered_as_they_are_booked_whenever_they_came(database: Database) -> None:
    context = billed(database)
    for on in (PAID_ON, date(2026, 12, 19)):
        settle_debt(context, PETIT, Receipt(on, 100, EUR), by="cli")
    found = [tuple(row) for row in rows(context, "SELECT deposit_id, received_on FROM deposit ORDER BY 1")]
    assert found == [("RC00000001", PAID_ON), ("RC00000002", date(2026, 12, 19))]
    assert failed(context) == {}


def test_an_operation_that_is_not_there_cannot_be_undone(database: Database) -> None:
    context = billed(database)
    with pytest.raises(NoSuchOperation):
        reopen_debt(context, PETIT, owed(context, PETIT).debt_id, 1, "why", by="cli")

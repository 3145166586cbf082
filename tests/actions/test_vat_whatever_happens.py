"""Payments, returns, undone settlements and credit notes in any order: VAT report, ages and audit agree."""

import random
from datetime import date, timedelta
from typing import Any

import pytest

from acquit.actions.context import Context
from acquit.actions.credit_bill import credit_bill
from acquit.actions.report_vat import report_vat
from acquit.actions.settle_debt import Receipt, reopen_debt, return_payment, settle_debt
from acquit.core.credit import Part
from acquit.core.debt import Allocation
from acquit.core.errors import Refusal
from acquit.core.identifiers import BillId
from acquit.core.money import Currency
from acquit.store.transaction import Database
from billed import bill, failed, family, later, rows, seller, subscribe
from founding import ACME, FR, LAB, PETIT, SHOP

EVENTS = 24
OPEN = """
    SELECT d.account_id, d.debt_id, d.bill_id, d.payer_id,
           (d.amount_minor + coalesce(sum(o.effect_minor), 0))::bigint AS open_minor
      FROM debt d LEFT JOIN debt_operation o USING (account_id, debt_id)
     GROUP BY d.account_id, d.debt_id ORDER BY d.debt_id
"""
PAID = """
    SELECT o.account_id, o.debt_id, o.operation_id FROM debt_operation o
     WHERE o.kind = 'payment'
       AND NOT EXISTS (SELECT FROM debt_operation r WHERE r.reverses_id = o.operation_id)
     ORDER BY o.operation_id
"""
DUE = """
    SELECT coalesce(-sum(amount_minor), 0)::bigint AS minor FROM posting WHERE ledger = '445710'
"""


@pytest.mark.parametrize(("seed", "on_debits"), [(1, False), (2, False), (3, True)])
def test_vat_ties_whatever_happens_to_a_bill(database: Database, seed: int, on_debits: bool) -> None:
    chance = random.Random(seed)
    context = seller(database, date(2026, 11, 2), vat_on_debits=on_debits)
    family(context)
    for place, account_id in enumerate((ACME, LAB, SHOP, PETIT)):
        price = 777_000_000 + 1_111_000_000 * place
        subscribe(context, account_id, account_id, next_on=date(2026, 11, 1), unit_price_ucents=price)
    bill(context)
    on = date(2026, 11, 3)
    for _ in range(EVENTS):
        on += timedelta(days=chance.randrange(3))
        _happen(later(context, on), chance)
        year = report_vat(later(context, on), FR, "2026-Q4")
        assert year.ties
        assert year.told_minor("EUR") == rows(context, DUE)[0].minor
    assert failed(later(context, on)) == {}


def _happen(context: Context, chance: random.Random) -> None:
    """One event; what the rules refuse has not happened."""
    paid = rows(context, PAID)
    kind = chance.choice(["pay", "pay", "credit", "return", "reopen"])
    if kind in ("return", "reopen") and paid:
        undone = chance.choice(paid)
        act = return_payment if kind == "return" else reopen_debt
        act(context, undone.account_id, undone.debt_id, undone.operation_id, "chance", by="cli")
        return
    debt = chance.choice(rows(context, OPEN))
    try:
        if kind == "credit":
            part = Part(1, chance.randrange(1, 400))
            credit_bill(context, debt.account_id, BillId(debt.bill_id), "chance", [part], by="cli")
        elif debt.open_minor:
            _pay(context, debt, chance.randrange(1, debt.open_minor + 1))
    except Refusal:
        return


def _pay(context: Context, debt: Any, minor: int) -> None:
    receipt = Receipt(context.clock.today("Europe/Paris"), minor + 5, Currency("EUR"))
    part = Allocation(debt.account_id, debt.debt_id, minor)
    settle_debt(context, debt.payer_id, receipt, [part], by="cli")

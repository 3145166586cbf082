"""Seeded months of business, judged after every step by the audit, which shares no code with the rules.

Services come and go, usage arrives late, orders run out, money comes in parts, is matched wrongly, returned,
credited. A failure prints its seed.
"""

from collections.abc import Callable
from datetime import date, timedelta
from random import Random

import pytest

from acquit.actions.context import Context
from acquit.actions.credit_bill import credit_bill
from acquit.actions.set_purchase_order import set_order_policy, set_purchase_order
from acquit.actions.settle_debt import Receipt, apply_deposit, reopen_debt, return_payment, settle_debt
from acquit.core.debt import Allocation
from acquit.core.errors import Refusal
from acquit.core.identifiers import BillId
from acquit.core.money import Currency
from acquit.core.order_change import OrderTerms
from acquit.core.purchase_order import MatchedBy, OrderKind, Policy
from acquit.store.transaction import Database
from billed import bill, charge, failed, family, later, rows, seller, subscribe
from founding import ACME, LAB, PETIT, SHOP

FAMILY = (ACME, LAB, SHOP, PETIT)
EUR = Currency("EUR")

OPEN_DEBTS = """
    SELECT d.account_id, d.debt_id, d.bill_id, d.payer_id,
           d.amount_minor + coalesce(sum(o.effect_minor), 0)::bigint AS open_minor
      FROM debt d LEFT JOIN debt_operation o ON o.account_id = d.account_id AND o.debt_id = d.debt_id
     GROUP BY d.account_id, d.debt_id
     ORDER BY d.debt_id
"""
PAYMENTS = """
    SELECT account_id, debt_id, operation_id FROM debt_operation WHERE kind = 'payment' ORDER BY operation_id
"""
DEPOSITS = "SELECT account_id, deposit_id FROM deposit ORDER BY deposit_id"
BILLS = "SELECT account_id, bill_id FROM bill ORDER BY bill_id"
SERVICES = "SELECT account_id, service_id FROM service ORDER BY service_id"


class Business:
    """A seller, a family of accounts, and a day that goes on."""

    def __init__(self, database: Database, seed: int) -> None:
        self.rng = Random(seed)
        self.on = date(2026, 1, 1)
        self.serial = 0
        self.context = seller(database, self.on)
        family(self.context)
        for account_id in FAMILY:
            subscribe(self.context, account_id, f"first-{account_id}", next_on=self.on)

    @property
    def now(self) -> Context:
        """The world on the day that it is."""
        return later(self.context, self.on)

    def step(self) -> str:
        """Do something that a business does; a refusal is an answer like any other."""
        deeds: tuple[Callable[[], object], ...] = (
            self.bill, self.bill, self.bill, self.pay, self.pay, self.pay_later, self.reopen, self.take_back,
            self.credit, self.use, self.use, self.give, self.start, self.order, self.change_policy,
        )  # fmt: skip
        deed = self.rng.choice(deeds)
        try:
            deed()
        except Refusal as refusal:
            return f"{deed.__name__}: {refusal.code}"
        return deed.__name__

    def pick(self, query: str) -> object:
        found = rows(self.context, query)
        return self.rng.choice(found) if found else None

    def bill(self) -> None:
        self.on += timedelta(days=self.rng.randrange(40))
        bill(self.now, f"{self.on:%Y-%m}", page_size=self.rng.choice((1, 2, 100)))

    def pay(self) -> None:
        owed = [row for row in rows(self.context, OPEN_DEBTS) if row.open_minor]
        if not owed:
            return
        payer = self.rng.choice(owed).payer_id
        chosen = [row for row in owed if row.payer_id == payer][: self.rng.randint(1, 4)]
        parts = [
            Allocation(row.account_id, row.debt_id, self.whole_or_part(row.open_minor)) for row in chosen
        ]
        amount = sum(part.amount_minor for part in parts) + self.rng.choice((0, 0, 1, 777))
        settle_debt(self.now, payer, Receipt(self.on, amount, EUR), parts, by="cli")

    def whole_or_part(self, amount_minor: int) -> int:
        return self.rng.choice((amount_minor, self.rng.randint(1, amount_minor)))

    def pay_later(self) -> None:
        deposit, debt = self.pick(DEPOSITS), self.pick(OPEN_DEBTS)
        if deposit is not None and debt is not None:
            part = Allocation(debt.account_id, debt.debt_id, self.rng.randint(1, 900))  # type: ignore[attr-defined]
            apply_deposit(self.now, deposit.account_id, deposit.deposit_id, [part], by="cli")  # type: ignore[attr-defined]

    def reopen(self) -> None:
        self._undo(reopen_debt)

    def take_back(self) -> None:
        self._undo(return_payment)

    def _undo(self, action: Callable[..., object]) -> None:
        row = self.pick(PAYMENTS)
        if row is not None:
            action(self.now, row.account_id, row.debt_id, row.operation_id, "why", by="cli")  # type: ignore[attr-defined]

    def credit(self) -> None:
        row = self.pick(BILLS)
        if row is not None:
            credit_bill(self.now, row.account_id, BillId(row.bill_id), "why", by="cli")  # type: ignore[attr-defined]

    def use(self) -> None:
        self._charge("usage", self.rng.randint(1, 10**6))

    def give(self) -> None:
        self._charge("discount", -self.rng.randint(1, 10**6))

    def _charge(self, kind: str, quantity_e4: int) -> None:
        row = self.pick(SERVICES)
        self.serial += 1
        start = date(2020, 1, 1) + timedelta(days=self.serial)
        charge(
            self.context, row.account_id, row.service_id, kind=kind, quantity_e4=quantity_e4,  # type: ignore[attr-defined]
            unit_price_ucents=self.rng.randint(0, 10**8), period_start=start, period_end=start,
            accepted_on=self.on,
        )  # fmt: skip

    def start(self) -> None:
        self.serial += 1
        day = self.on + timedelta(days=self.rng.randrange(40))
        subscribe(
            self.context, self.rng.choice(FAMILY), f"srv-{self.serial}", next_on=day,
            unit_price_ucents=self.rng.choice((0, 1, 333_333_333, 4_544_000_000)),
            months=self.rng.choice((1, 3, 12)), billing_group_id=self.rng.choice((None, None, 7)),
        )  # fmt: skip

    def order(self) -> None:
        owner = self.rng.choice(FAMILY)
        self.serial += 1
        terms = OrderTerms(
            f"PO-{self.serial}", self.on, self.on + timedelta(days=self.rng.randint(20, 200)),
            kind=OrderKind.BLANKET, amount_max_minor=self.rng.randint(1_000, 30_000),
            members=frozenset({ACME, LAB, SHOP}) if owner == ACME else frozenset(),
            matched_by=self.rng.choice(tuple(MatchedBy)),
        )  # fmt: skip
        set_purchase_order(self.now, owner, terms, by="cli")

    def change_policy(self) -> None:
        policy = self.rng.choice(tuple(Policy))
        set_order_policy(self.now, self.rng.choice(FAMILY), policy, hold_days_max=25, by="cli")


@pytest.mark.parametrize("seed", range(4))
def test_the_books_are_right_after_every_step(seed: int, database: Database) -> None:
    business = Business(database, seed)
    told: list[str] = []
    for _ in range(70):
        told.append(business.step())
        assert failed(business.context) == {}, f"seed {seed}, after {told}"
    assert {"bill", "pay"} <= set(told)

"""What PostgreSQL itself guards about terms, methods and purchase orders, whoever writes."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from threading import Barrier
from typing import Final, LiteralString

import psycopg
import pytest
from psycopg import errors

from acquit.actions.context import Context
from acquit.actions.grant_enterprise_terms import grant_enterprise_terms
from acquit.actions.set_purchase_order import set_purchase_order
from acquit.core.identifiers import AccountId, BillId
from acquit.core.order_change import OrderOverlaps, OrderTerms
from acquit.core.purchase_order import Draw, OrderKind, Policy, place
from acquit.core.sales_request import AskedTerm
from acquit.core.terms import Term
from acquit.store import payment_methods, purchase_orders
from acquit.store.transaction import Database
from founding import ACME, LAB, SAM, SHOP, TODAY, found, settle

START = date(2026, 1, 1)
YEAR = OrderTerms("PO-2026", START, date(2027, 1, 1))
BLANKET = replace(YEAR, kind=OrderKind.BLANKET, amount_max_minor=1000_00)

CHANGES_OF_FACTS: Final[tuple[LiteralString, ...]] = (
    "UPDATE terms_grant SET days = 60",
    "DELETE FROM terms_grant",
    "UPDATE terms_end SET end_on = '2020-01-01'",
    "DELETE FROM terms_approval",
    "UPDATE legal_party SET name = 'Other'",
    "DELETE FROM purchase_order_draw",
    "UPDATE act SET actor = 'nobody'",
)


@pytest.fixture
def context(database: Database) -> Context:
    made = found(database)
    settle(made)
    return made


@pytest.mark.parametrize("change", CHANGES_OF_FACTS)
def test_facts_are_never_changed(context: Context, change: LiteralString) -> None:
    with pytest.raises(errors.InsufficientPrivilege), context.database.write() as tx:
        tx.run(change)


def test_an_account_has_one_default_method(context: Context, database_url: str) -> None:
    grant_enterprise_terms(context, ACME, AskedTerm(Term(45)), by=SAM)
    with context.database.write() as tx:
        payment_methods.insert(tx, ACME, "CREDIT_CARD", "VISA", "4***")
    with psycopg.connect(database_url) as owner, pytest.raises(errors.UniqueViolation):
        owner.execute("UPDATE payment_method SET is_default = true")


def test_a_payer_is_the_account_or_its_parent(database_url: str, context: Context) -> None:
    assert context
    with psycopg.connect(database_url) as owner, pytest.raises(errors.CheckViolation):
        owner.execute("UPDATE account SET payer_id = 'cd67890-acq' WHERE account_id = 'ab20001-acq'")


def test_postgresql_refuses_an_overlap_too(context: Context) -> None:
    first = set_purchase_order(context, ACME, YEAR, by=SAM)
    with context.database.write() as tx:
        with pytest.raises(OrderOverlaps, match="PO-2026"):
            purchase_orders.insert(tx, ACME, first.currency, replace(YEAR, reference="B"), "cli")
        other = purchase_orders.insert(tx, ACME, first.currency, OrderTerms("C", date(2027, 1, 1)), "cli")
        written = purchase_orders.find(tx, ACME, other)
        assert written is not None
        with pytest.raises(OrderOverlaps, match="PO-2026"):
            purchase_orders.update(tx, replace(written, start_on=START))
    with context.database.read() as tx:
        kept = purchase_orders.of_account(tx, ACME)
    assert [order.reference for order in kept] == ["PO-2026", "C"]


def test_runs_that_draw_wait_for_each_other(context: Context) -> None:
    order = set_purchase_order(context, ACME, replace(BLANKET, members=frozenset({LAB, SHOP})), by=SAM)
    barrier = Barrier(2)

    def bill(payer: AccountId) -> bool:
        barrier.wait()
        with context.database.write() as tx:
            held = purchase_orders.lock_concerning(tx, [payer])
            placed = place(held[0], held, 600_00, Policy.HOLD, TODAY)
            if placed.order is not None:
                row = Draw(ACME, order.purchase_order_id, payer, BillId(f"FR-{payer}"), 600_00, TODAY)
                purchase_orders.draw(tx, [row])
            return placed.order is not None

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(bill, (LAB, SHOP))) == [False, True]
    with context.database.read() as tx:
        assert purchase_orders.of_account(tx, ACME)[0].drawn_minor == 600_00

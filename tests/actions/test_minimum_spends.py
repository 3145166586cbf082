"""Minimum spends beside what is not billed with them: what is held or set aside, what comes back."""

from datetime import date
from typing import Any

from acquit.actions.agree_minimum_spend import agree_minimum_spend
from acquit.actions.context import Context
from acquit.actions.replay_run import replay_run
from acquit.actions.set_purchase_order import set_order_policy, set_purchase_order
from acquit.core.identifiers import AccountId, MinimumSpendId
from acquit.core.minimum_spend import Interval, MinimumSpend, Whose
from acquit.core.money import Currency
from acquit.core.order_change import OrderTerms
from acquit.core.purchase_order import MatchedBy, Policy
from acquit.store.transaction import Database
from billed import bill, charge, failed, family, later, rows, seller, subscribe
from founding import ACME, FR, LAB, PETIT

LINES = """
    SELECT d.kind, d.part, d.net_minor
      FROM bill_detail d
     WHERE d.account_id = %(account_id)s
     ORDER BY d.bill_id, d.detail_no
"""


def world(database: Database) -> Context:
    context = seller(database)
    family(context)
    return context


def agreed(context: Context, account_id: AccountId, whose: Whose = Whose.ACCOUNT) -> None:
    """At least 50.00 EUR a month, from November on."""
    least = MinimumSpend(
        account_id, MinimumSpendId(0), "Least", 5_000, Currency("EUR"), Interval.MONTH, whose,
        date(2026, 11, 1),
    )  # fmt: skip
    agree_minimum_spend(context, least, by="cli")


def lines(context: Context, account_id: AccountId) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in rows(context, LINES, account_id=account_id)]


def test_what_is_held_counts_and_the_audit_knows_it(database: Database) -> None:
    context = world(database)
    order = OrderTerms(
        "PO-1", date(2026, 10, 1), date(2026, 11, 15), matched_by=MatchedBy.SERVICE_PERIOD
    )  # fmt: skip
    set_purchase_order(context, PETIT, order, by="cli")
    set_order_policy(context, PETIT, Policy.HOLD, by="cli", hold_days_max=10)
    subscribe(context, PETIT, "late", next_on=date(2026, 11, 20))
    agreed(context, PETIT)
    bill(later(context, date(2026, 12, 1)))
    assert lines(context, PETIT) == [("adjustment", "minimum:1", 4_000)], "the renewal is held"
    assert failed(context) == {}
    bill(later(context, date(2027, 1, 1)), "2026-12")
    assert lines(context, PETIT)[:2] == [("adjustment", "minimum:1", 4_000), ("renewal", "", 1_000)]
    assert failed(context) == {}
    for period in ("2026-11", "2026-12"):
        assert replay_run(context, period, FR).differences == []


def test_a_payer_is_billed_what_is_missing_beside_a_member_that_is_set_aside(database: Database) -> None:
    context = world(database)
    subscribe(context, ACME, "head")
    subscribe(context, LAB, "aside")
    agreed(context, ACME, Whose.PAYER)
    set_order_policy(context, LAB, Policy.HOLD, by="cli", hold_days_max=10)
    bill(later(context, date(2026, 12, 1)))
    assert lines(context, ACME) == [("renewal", "", 1_000), ("adjustment", "minimum:1", 3_000)]
    assert failed(context) == {}


def test_a_payer_is_billed_what_is_missing_beside_a_member_that_is_parked(database: Database) -> None:
    context = world(database)
    subscribe(context, ACME, "head")
    service_id = subscribe(context, LAB, "aside")
    charge(context, LAB, service_id, currency="XXX")
    agreed(context, ACME, Whose.PAYER)
    report = bill(later(context, date(2026, 12, 1)))
    assert report.parked == 1
    assert lines(context, ACME) == [("renewal", "", 1_000), ("adjustment", "minimum:1", 3_000)]
    assert failed(context) == {}


def test_what_comes_back_of_the_interval_is_made_up_too(database: Database) -> None:
    context = world(database)
    service_id = subscribe(context, PETIT, "srv", next_on=date(2026, 10, 20))
    bill(context, "2026-10")
    charge(
        context, PETIT, service_id, kind="adjustment", quantity_e4=-10_000, period_start=date(2026, 11, 5),
        period_end=date(2026, 11, 19), accepted_on=date(2026, 11, 5),
    )  # fmt: skip
    with context.database.write() as tx:
        tx.run("UPDATE service SET state = 'terminated', terminated_on = '2026-11-05'")
    agreed(context, PETIT)
    bill(later(context, date(2026, 12, 1)))
    assert lines(context, PETIT)[1:] == [("adjustment", "", -100), ("adjustment", "minimum:1", 5_100)]
    assert failed(context) == {}

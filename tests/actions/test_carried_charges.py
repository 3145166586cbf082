"""What comes to nothing is carried: no number is spent, nothing is lost or doubled, and it is told."""

from datetime import date

import pytest

from acquit.actions.agree_discount import agree_discount, end_discount
from acquit.actions.context import Context
from acquit.actions.explain_bill import explain_bill
from acquit.actions.replay_run import replay_run
from acquit.actions.run_bills import run_bills
from acquit.core.discount import Discount
from acquit.core.explanation_text import told
from acquit.core.identifiers import BillId, DiscountId
from acquit.core.money import Currency
from acquit.store import carried_charges
from acquit.store.transaction import Database
from billed import bill, charge, failed, family, later, rows, seller, subscribe
from founding import FR, PETIT

WHOLE = Discount(PETIT, DiscountId(0), "Partner", date(2026, 1, 1), Currency("EUR"), share_bp=10_000)
AMOUNT = Discount(PETIT, DiscountId(0), "Partner", date(2026, 1, 1), Currency("EUR"), amount_minor=1_200)

LINES = """
    SELECT d.kind, d.part, d.period_start, d.net_minor FROM bill_detail d ORDER BY d.bill_id, d.detail_no
"""


@pytest.fixture
def partner(database: Database) -> Context:
    context = seller(database)
    family(context)
    subscribe(context, PETIT, "srv")
    return context


def waiting(context: Context) -> list[tuple[int, int]]:
    with context.database.read() as tx:
        found = carried_charges.carried(tx, FR, date(2030, 1, 1))
    return [(each.charges, each.net_minor) for each in found]


def proved(context: Context, *periods: str) -> None:
    assert failed(context) == {}
    for each in periods:
        assert replay_run(context, each, FR).differences == []


def test_half_a_year_at_no_cost_is_on_the_first_bill_that_costs_something(partner: Context) -> None:
    agreed = agree_discount(partner, WHOLE, by="cli")
    rehearsed = bill(partner, dry_run=True)
    assert (rehearsed.bills, rehearsed.carried, rehearsed.carried_minor) == (0, 1, 0)
    periods = ["2026-11", "2026-12", "2027-01", "2027-02", "2027-03", "2027-04"]
    for number, period in enumerate(periods, 1):
        report = bill(later(partner, max(date(2026, 11, 23), date.fromisoformat(f"{period}-01"))), period)
        assert (report.bills, report.parked, report.carried, report.status.value) == (0, 0, 1, "closed")
        assert waiting(partner) == [(2 * number, 0)]
    assert rows(partner, "SELECT count(*) AS n FROM bill_number")[0].n == 0
    assert replay_run(partner, "2027-04", FR).carried == 1
    may = later(partner, date(2027, 5, 1))
    end_discount(may, PETIT, agreed.discount_id, by="cli", end_on=date(2027, 5, 1))
    report = bill(may, "2027-05")
    assert (report.bills, report.carried, report.net_minor) == (1, 0, 1000)
    lines = rows(partner, LINES)
    assert [(row.kind, row.net_minor) for row in lines[:3]] == [
        ("renewal", 1000), ("discount", -1000), ("renewal", 1000),
    ]  # fmt: skip
    assert (len(lines), waiting(partner)) == (13, [])
    assert "kept with what it lowers, which waited" in " ".join(told(explain_bill(may, BillId("FR00000001"))))
    proved(partner, *periods, "2027-05")


def test_an_amount_of_a_month_that_was_carried_is_let_off_once(partner: Context) -> None:
    agree_discount(partner, AMOUNT, by="cli")
    assert bill(partner).carried == 1
    assert bill(partner).carried == 1, "run again it says the same"
    subscribe(partner, PETIT, "other")
    report = bill(partner)
    assert (report.net_minor, report.carried) == (800, 0), "2.00 of November's 12.00 were left"
    assert bill(later(partner, date(2026, 12, 1)), "2026-12").net_minor == 800
    proved(partner, "2026-11", "2026-12")


def test_each_month_that_was_carried_has_its_own_amount(partner: Context) -> None:
    agree_discount(partner, AMOUNT, by="cli")
    bill(partner)
    december = later(partner, date(2026, 12, 1))
    subscribe(partner, PETIT, "other", next_on=date(2026, 12, 1))
    assert bill(december, "2026-12").net_minor == 800
    assert [row.net_minor for row in rows(partner, LINES) if row.kind == "discount"] == [-1000, -1000, -200]
    proved(partner, "2026-11", "2026-12")


def test_an_earlier_month_run_late_knows_no_line_without_what_it_lowers(partner: Context) -> None:
    agree_discount(partner, AMOUNT, by="cli")
    bill(partner)
    october = bill(partner, "2026-10")
    assert (october.bills, october.parked, october.carried) == (0, 0, 0)
    proved(partner, "2026-11", "2026-10")


def test_what_nothing_can_join_stays_open_and_is_told(partner: Context) -> None:
    charge(partner, PETIT, 9, kind="installation", quantity_e4=10_000)
    charge(partner, PETIT, 9, kind="discount", quantity_e4=-10_000)
    with partner.database.write() as tx:
        tx.connection.execute("UPDATE service SET state = 'terminated', terminated_on = '2026-11-01'")
    for period in ("2026-11", "2026-12"):
        (report,) = run_bills(later(partner, date(2026, 12, 1)), FR, period, by="cli")
        assert (report.bills, report.carried, report.carried_minor) == (0, 1, 0)
    assert waiting(partner) == [(2, 0)]
    proved(partner)

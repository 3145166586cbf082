"""Purchase orders on bills: which one is quoted, what is drawn, and what is held back."""

from datetime import date

from acquit.actions.credit_bill import credit_bill
from acquit.actions.list_notices import list_notices
from acquit.actions.run_bills import run_bills
from acquit.actions.set_purchase_order import set_order_policy, set_purchase_order
from acquit.core.bill_run import RunStatus
from acquit.core.identifiers import AccountId, BillId, PurchaseOrderId
from acquit.core.order_change import OrderTerms
from acquit.core.purchase_order import MatchedBy, OrderKind, OrderLine, Policy
from acquit.store.transaction import Database
from billed import bill, charge, failed, family, later, next_renewals, rows, seller, subscribe
from founding import ACME, FR, LAB, PETIT, SHOP

BILLS = """
    SELECT account_id, purchase_order_reference AS reference, purchase_order_account AS owner, net_minor
      FROM bill ORDER BY bill_id
"""
DRAWS = """
    SELECT o.reference, d.bill_account_id, d.amount_minor
      FROM purchase_order_draw d JOIN purchase_order o ON o.purchase_order_id = d.purchase_order_id
     ORDER BY d.bill_id
"""
LINES = """
    SELECT bill_id, domain, purchase_order_line_no AS line_no
      FROM bill_detail ORDER BY bill_id, detail_no
"""
HELD = """
    SELECT account_id, amount_minor, reason, held_on, until_on, released_at IS NOT NULL AS released
      FROM held_bill ORDER BY account_id, run_id, reason
"""
ACTS = (
    "SELECT verb, account_id, details FROM act WHERE verb IN ('billed_without_order', 'order_nearly_spent')"
)
LINE_ACTS = "SELECT subject, details FROM act WHERE verb = 'order_line_nearly_spent'"
JANUARY = date(2026, 1, 1)


def blanket(reference: str, maximum: int, **given: object) -> OrderTerms:
    """A blanket order from January on."""
    return OrderTerms(
        reference, JANUARY, kind=OrderKind.BLANKET, amount_max_minor=maximum, **given,  # type: ignore[arg-type]
    )  # fmt: skip


def closed(reference: str, lines: tuple[OrderLine, ...], **given: object) -> OrderTerms:
    """A closed order from January on."""
    return OrderTerms(reference, JANUARY, kind=OrderKind.CLOSED, lines=lines, **given)  # type: ignore[arg-type]


def order_id(context: object, reference: str) -> PurchaseOrderId:
    found = rows(
        context,  # type: ignore[arg-type]
        "SELECT purchase_order_id FROM purchase_order WHERE reference = %(reference)s",
        reference=reference,
    )
    return PurchaseOrderId(found[0].purchase_order_id)


def test_the_accounts_order_is_quoted_and_drawn_from(database: Database) -> None:
    context = seller(database)
    family(context)
    set_purchase_order(context, PETIT, blanket("PO-1", 100_000), by="cli")
    subscribe(context, PETIT, "srv1")
    bill(context)
    assert [tuple(row) for row in rows(context, BILLS)] == [(PETIT, "PO-1", PETIT, 1000)]
    assert [tuple(row) for row in rows(context, DRAWS)] == [("PO-1", PETIT, 1000)]
    assert failed(context) == {}


def test_a_family_shares_one_order_and_never_overspends_it(database: Database) -> None:
    context = seller(database)
    family(context)
    members = frozenset({ACME, LAB, SHOP})
    set_purchase_order(context, ACME, blanket("FAM", 2_500, members=members), by="cli")
    for account_id in (ACME, LAB, SHOP):
        subscribe(context, account_id, f"srv-{account_id}")
    bill(context, page_size=1)
    found = [tuple(row) for row in rows(context, BILLS)]
    assert found == [(ACME, "FAM", ACME, 1000), (LAB, "FAM", ACME, 1000), (SHOP, None, None, 1000)]
    assert failed(context) == {}


def test_charges_of_two_orders_make_two_bills(database: Database) -> None:
    context = seller(database)
    family(context)
    old = OrderTerms("OLD", JANUARY, date(2026, 11, 1), matched_by=MatchedBy.SERVICE_PERIOD)
    new = OrderTerms("NEW", date(2026, 11, 1), matched_by=MatchedBy.SERVICE_PERIOD)
    set_purchase_order(context, PETIT, old, by="cli")
    set_purchase_order(context, PETIT, new, by="cli")
    service_id = subscribe(context, PETIT, "srv1")
    charge(context, PETIT, service_id)
    bill(context)
    assert [(row.reference, row.net_minor) for row in rows(context, BILLS)] == [("NEW", 1000), ("OLD", 200)]
    assert failed(context) == {}


def test_a_spent_order_hands_over_to_its_successor(database: Database) -> None:
    context = seller(database)
    family(context)
    set_purchase_order(context, PETIT, blanket("FIRST", 1_500), by="cli")
    first = order_id(context, "FIRST")
    set_purchase_order(context, PETIT, blanket("SECOND", 1_500, succeeds_id=first), by="cli")
    subscribe(context, PETIT, "srv1")
    bill(context)
    bill(later(context, date(2026, 12, 1)), "2026-12")
    bill(later(context, date(2027, 1, 1)), "2027-01")
    assert [row.reference for row in rows(context, BILLS)] == ["FIRST", "SECOND", None]
    assert failed(context) == {}


def test_a_closed_order_is_spent_line_by_line(database: Database) -> None:
    context = seller(database)
    family(context)
    lines = (
        OrderLine(1, "SRV", service_pattern="srv*", quantity_e4=2_0000, unit_price_ucents=1_000_000_000),
        OrderLine(2, "ANY", amount_max_minor=50_000),
    )
    set_purchase_order(context, PETIT, closed("LINES", lines), by="cli")
    set_order_policy(context, PETIT, Policy.WARN, by="cli")
    subscribe(context, PETIT, "srv1")
    subscribe(context, PETIT, "other")
    for month in (date(2026, 11, 23), date(2026, 12, 1), date(2027, 1, 1)):
        bill(later(context, month), f"{month:%Y-%m}")
    assert [tuple(row) for row in rows(context, LINES)] == [
        ("FR00000001", "srv1", 1), ("FR00000001", "other", 2),
        ("FR00000002", "srv1", 1), ("FR00000002", "other", 2),
        ("FR00000003", "srv1", 2), ("FR00000003", "other", 2),
    ]  # fmt: skip
    assert failed(context) == {}


def test_a_bill_whose_line_is_spent_goes_whole_to_the_successor_and_a_credit_gives_the_line_back(
    database: Database,
) -> None:
    context = seller(database)
    family(context)
    line = (OrderLine(1, "SRV", service_pattern="srv*", amount_max_minor=1_500),)
    set_purchase_order(context, PETIT, closed("FIRST", line), by="cli")
    set_purchase_order(
        context, PETIT, closed("SECOND", line, succeeds_id=order_id(context, "FIRST")), by="cli"
    )
    subscribe(context, PETIT, "srv1")
    subscribe(context, PETIT, "free", unit_price_ucents=1)
    bill(context)
    bill(later(context, date(2026, 12, 1)), "2026-12")
    assert [row.reference for row in rows(context, BILLS)] == ["FIRST", "SECOND"]
    credit_bill(later(context, date(2026, 12, 2)), PETIT, BillId("FR00000001"), "why", by="cli")
    bill(later(context, date(2027, 1, 1)), "2027-01")
    quoted = rows(context, "SELECT bill_id, purchase_order_reference AS reference FROM bill ORDER BY bill_id")
    assert [tuple(row) for row in quoted] == [
        ("AV00000001", "FIRST"), ("FR00000001", "FIRST"), ("FR00000002", "SECOND"), ("FR00000003", "FIRST"),
    ]  # fmt: skip
    assert failed(context) == {}


def test_a_missing_order_warns_when_the_account_wants_it(database: Database) -> None:
    context = seller(database)
    family(context)
    set_order_policy(context, PETIT, Policy.WARN, by="cli")
    subscribe(context, PETIT, "srv1")
    assert bill(context).posted_now == 1
    assert [(row.verb, row.account_id) for row in rows(context, ACTS)] == [("billed_without_order", PETIT)]


def test_passing_a_threshold_is_told(database: Database) -> None:
    context = seller(database)
    family(context)
    set_purchase_order(context, PETIT, blanket("PO-1", 1_250), by="cli")
    subscribe(context, PETIT, "srv1")
    bill(context)
    (act,) = rows(context, ACTS)
    assert (act.verb, act.account_id, act.details) == ("order_nearly_spent", PETIT, {"percent": 75})


def test_a_line_that_passes_a_threshold_is_told_too(database: Database) -> None:
    context = seller(database)
    family(context)
    lines = (OrderLine(1, "SRV", service_pattern="srv*", amount_max_minor=1_100),)
    order = set_purchase_order(context, PETIT, closed("PO-L", lines), by="cli")
    subscribe(context, PETIT, "srv1")
    bill(context)
    (act,) = rows(context, LINE_ACTS)
    assert (act.subject, act.details) == (str(order.purchase_order_id), {"line": 1, "percent": 90})
    _, notice = list_notices(context)
    assert (notice.code, notice.subject) == (
        "purchase-order-line-90-percent", f"{order.purchase_order_id}/1",
    )  # fmt: skip
    assert notice.text == "Line 1 (SRV) of purchase order PO-L has reached 90 %; 1.00 EUR are left."


def test_a_held_draft_is_accrued_takes_no_number_and_is_billed_when_an_order_comes(
    database: Database,
) -> None:
    context = seller(database)
    family(context)
    set_order_policy(context, PETIT, Policy.HOLD, hold_days_max=30, by="cli")
    subscribe(context, PETIT, "srv1")
    report = bill(context)
    assert (report.bills, report.parked, report.status) == (0, 0, RunStatus.CLOSED)
    (held,) = rows(context, HELD)
    assert tuple(held) == (PETIT, 1000, "missing", date(2026, 11, 23), date(2026, 12, 23), False)
    assert next_renewals(context, PETIT) == {"srv1": date(2026, 12, 1)}
    assert failed(context) == {}

    set_purchase_order(context, PETIT, blanket("PO-1", 100_000), by="cli")
    assert bill(context).posted_now == 1
    assert [row.released for row in rows(context, HELD)] == [True]
    assert [tuple(row) for row in rows(context, BILLS)] == [(PETIT, "PO-1", PETIT, 1000)]
    assert failed(context) == {}


def test_a_hold_keeps_its_deadline_and_ends_with_it(database: Database) -> None:
    context = seller(database)
    family(context)
    set_order_policy(context, PETIT, Policy.HOLD, hold_days_max=20, by="cli")
    subscribe(context, PETIT, "srv1")
    bill(context)
    bill(later(context, date(2026, 12, 1)), "2026-12")
    open_holds = [tuple(row) for row in rows(context, HELD) if not row.released]
    assert open_holds == [(PETIT, 2000, "missing", date(2026, 12, 1), date(2026, 12, 13), False)]

    report = bill(later(context, date(2026, 12, 14)), "2026-12")
    assert (report.posted_now, report.net_minor) == (1, 2000)
    assert [row.verb for row in rows(context, ACTS)] == ["billed_without_order"]
    assert all(row.released for row in rows(context, HELD))
    assert failed(context) == {}


def test_only_the_draft_without_its_order_is_held(database: Database) -> None:
    context = seller(database)
    family(context)
    set_order_policy(context, PETIT, Policy.HOLD, by="cli")
    old = OrderTerms("OLD", JANUARY, date(2026, 11, 1), matched_by=MatchedBy.SERVICE_PERIOD)
    set_purchase_order(context, PETIT, old, by="cli")
    service_id = subscribe(context, PETIT, "srv1")
    charge(context, PETIT, service_id)
    report = bill(context)
    assert (report.bills, report.net_minor) == (1, 200)
    assert [(row.reason, row.amount_minor) for row in rows(context, HELD)] == [("expired", 1000)]
    assert failed(context) == {}


def test_a_rehearsal_draws_as_the_run_will(database: Database) -> None:
    context = seller(database)
    family(context)
    for account_id in (ACME, LAB, SHOP):
        set_order_policy(context, AccountId(account_id), Policy.HOLD, by="cli")
        subscribe(context, account_id, f"srv-{account_id}")
    members = frozenset({ACME, LAB, SHOP})
    set_purchase_order(context, ACME, blanket("FAM", 2_500, members=members), by="cli")
    (rehearsed,) = run_bills(context, FR, "2026-11", dry_run=True, page_size=1, by="cli")
    report = bill(context, page_size=1)
    assert (rehearsed.bills, rehearsed.net_minor) == (report.bills, report.net_minor) == (2, 2000)
    assert rows(context, HELD)[0].account_id == SHOP

"""A family shares one bill, or sees its bills together: who is on it, who owes it, that parts add up."""

from datetime import date

import pytest

from acquit.actions.context import Context
from acquit.actions.correct_bill import Correction, correct_bill
from acquit.actions.credit_bill import credit_bill
from acquit.actions.open_sub_account import open_sub_account
from acquit.actions.run_bills import run_bills
from acquit.actions.set_legal_entity import set_legal_entity
from acquit.actions.set_payer import set_payer
from acquit.actions.set_purchase_order import set_order_policy, set_purchase_order
from acquit.actions.share_bills import SharingInThePast, share_bills, slice_statement, who_shares
from acquit.actions.view_family import view_family
from acquit.core.account import PayerChoice
from acquit.core.bill_run import BadPeriod
from acquit.core.credit import Part
from acquit.core.family_view import GroupedBy
from acquit.core.identifiers import AccountId, BillId, OperatorId
from acquit.core.operator import Operator, Role, RoleForbids
from acquit.core.order_change import OrderTerms
from acquit.core.purchase_order import OrderKind, Policy
from acquit.core.shared_bill import NotAParent, NothingToShare
from acquit.store import operators
from acquit.store.transaction import Database
from billed import bill, charge, failed, family, later, rows, seller, subscribe
from founding import ACME, FR, LAB, PETIT, SHOP

WORKS = AccountId("ab20003-acq")
FIRST = BillId("FR00000001")
DECEMBER = date(2026, 12, 1)
BILLS = """
    SELECT b.account_id, b.payer_id, b.net_minor, b.tax_minor,
           (SELECT string_agg(coalesce(d.owner_id, d.account_id) || ' ' || d.net_minor, ', '
                              ORDER BY d.detail_no)
              FROM bill_detail d WHERE d.account_id = b.account_id AND d.bill_id = b.bill_id) AS lines
      FROM bill b
     ORDER BY b.bill_id
"""
SLICES = "SELECT owner_id, name, net_minor, tax_minor FROM bill_slice ORDER BY bill_id, slice_no"


@pytest.fixture
def context(database: Database) -> Context:
    """Acme pays for its laboratory and its works; its shop pays itself. Each has a service of 10.01 EUR."""
    context = seller(database)
    family(context)
    open_sub_account(context, ACME, "works", by="cli", account_id=WORKS)
    for account_id in (ACME, LAB, SHOP, WORKS):
        subscribe(context, account_id, f"srv-{account_id}", unit_price_ucents=1_001_000_000)
    return context


def found(context: Context) -> list[tuple[object, ...]]:
    return [tuple(row) for row in rows(context, BILLS)]


def test_those_of_one_legal_party_stand_on_one_bill_that_the_parent_owes(context: Context) -> None:
    together = share_bills(context, ACME, by="cli")
    assert [each.account_id for each in together.sharing] == [LAB, WORKS]
    assert [(each.where, each.code) for each in together.apart] == [(SHOP, "other-payer")]
    (rehearsed,) = run_bills(context, FR, "2026-11", dry_run=True, by="cli")
    report = bill(context)
    assert (rehearsed.bills, rehearsed.total_minor) == (report.bills, report.total_minor) == (2, 4_805)
    assert found(context) == [
        (ACME, ACME, 3_003, 601, f"{ACME} 1001, {LAB} 1001, {WORKS} 1001"),
        (SHOP, SHOP, 1_001, 200, f"{SHOP} 1001"),
    ]
    assert [tuple(row) for row in rows(context, SLICES)] == [
        (ACME, ACME, 1_001, 200), (LAB, "laboratory", 1_001, 201), (WORKS, "works", 1_001, 200),
    ]  # fmt: skip
    debts = rows(context, "SELECT account_id, payer_id, amount_minor FROM debt ORDER BY bill_id")
    assert [tuple(row) for row in debts] == [(ACME, ACME, 3_604), (SHOP, SHOP, 1_201)]
    assert failed(context) == {}


def test_sharing_may_end_on_the_day_of_the_shared_bill(context: Context) -> None:
    share_bills(context, ACME, by="cli")
    bill(context)
    share_bills(context, ACME, is_shared=False, by="cli")
    assert failed(context) == {}


def test_each_sub_account_sees_a_statement_of_its_slice(context: Context) -> None:
    share_bills(context, ACME, by="cli")
    bill(context)
    (part,) = slice_statement(context, LAB, "2026-11")
    assert (part.bill_id, part.account_id, part.net_minor, part.tax_minor) == (FIRST, ACME, 1_001, 201)
    assert [(line.domain, line.net_minor) for line in part.lines] == [(f"srv-{LAB}", 1_001)]
    assert slice_statement(context, LAB, "2026-12") == slice_statement(context, SHOP, "2026-11") == []
    with pytest.raises(BadPeriod):
        slice_statement(context, LAB, "November")


def test_nothing_is_doubled_or_lost_when_sharing_is_switched_on_and_off(context: Context) -> None:
    for month in range(1, 7):
        on = date(2027, month, 1)
        share_bills(later(context, on), ACME, is_shared=month % 2 == 0, by="cli")
        charge(context, LAB, 7, period_start=on, period_end=on, accepted_on=on)
        bill(later(context, on), f"2027-{month:02d}")
        assert bill(later(context, on), f"2027-{month:02d}").posted_now == 0
        assert failed(context) == {}
    billed = rows(
        context,
        """SELECT coalesce(owner_id, account_id) AS owner, count(*) AS lines, sum(net_minor)::bigint AS net
             FROM bill_detail GROUP BY 1 ORDER BY 1""",
    )
    assert [tuple(row) for row in billed] == [
        (ACME, 8, 8_008), (LAB, 14, 9_208), (SHOP, 8, 8_008), (WORKS, 8, 8_008),
    ]  # fmt: skip
    assert rows(context, "SELECT 1 FROM open_charge") == []


def test_a_sub_account_alone_still_stands_on_the_parents_bill(context: Context) -> None:
    share_bills(context, ACME, by="cli")
    bill(context)
    charge(context, LAB, 7)
    bill(context)
    assert found(context)[2] == (ACME, ACME, 200, 40, f"{LAB} 200")
    assert failed(context) == {}


def test_the_parent_alone_has_a_bill_of_its_own(context: Context) -> None:
    share_bills(context, ACME, by="cli")
    bill(context)
    charge(context, ACME, 7)
    bill(context)
    assert found(context)[2] == (ACME, ACME, 200, 40, f"{ACME} 200")
    assert len(rows(context, SLICES)) == 3
    assert failed(context) == {}


def test_a_family_order_is_drawn_once_and_an_own_order_means_an_own_bill(context: Context) -> None:
    members = frozenset({ACME, LAB, WORKS})
    everybody = OrderTerms(
        "FAM", date(2026, 1, 1), kind=OrderKind.BLANKET, amount_max_minor=2_500, members=members
    )
    set_purchase_order(context, ACME, everybody, by="cli")
    set_purchase_order(context, WORKS, OrderTerms("OWN", date(2026, 1, 1)), by="cli")
    share_bills(context, ACME, by="cli")
    bill(context)
    quoted = rows(
        context, "SELECT account_id, purchase_order_reference AS po, net_minor FROM bill ORDER BY bill_id"
    )
    assert [tuple(row) for row in quoted] == [
        (ACME, "FAM", 2_002), (WORKS, "OWN", 1_001), (SHOP, None, 1_001),
    ]  # fmt: skip
    drawn = rows(context, "SELECT bill_account_id, amount_minor FROM purchase_order_draw ORDER BY 2 DESC")
    assert [tuple(row) for row in drawn] == [(ACME, 2_002), (WORKS, 1_001)]
    assert failed(context) == {}


def test_what_differs_keeps_bills_of_its_own(context: Context) -> None:
    subscribe(context, LAB, "grouped", billing_group_id=3)
    subscribe(context, WORKS, "foreign", currency="USD")
    charge(context, WORKS, 7, quantity_e4=-10_000_000)
    set_order_policy(context, LAB, Policy.PROCEED, by="cli")
    share_bills(context, ACME, by="cli")
    reports = run_bills(context, FR, "2026-11", by="cli")
    assert {report.parked for report in reports} == {1}
    assert [(row[0], row[2]) for row in found(context)] == [(ACME, 2_002), (LAB, 1_000), (SHOP, 1_001)]
    assert failed(context) == {}


def test_a_shared_bill_is_credited_and_corrected_slice_by_slice(context: Context) -> None:
    share_bills(context, ACME, by="cli")
    bill(context)
    note = credit_bill(context, ACME, FIRST, "outage", [Part(2, 501)], by="cli")
    assert [(each.owner_id, each.net_minor, each.tax_minor) for each in note.slices] == [(LAB, 501, 100)]
    assert [each.kind for each in slice_statement(context, LAB, "2026-11")] == ["credit-note", "bill"]
    assert failed(context) == {}
    credit_bill(context, ACME, FIRST, "the rest", by="cli")
    assert failed(context) == {}
    charge(context, LAB, 8)
    bill(context)
    made = correct_bill(context, ACME, BillId("FR00000003"), "street", Correction({"street": "x"}), by="cli")
    assert [(each.owner_id, each.total_minor) for each in made.bill.slices] == [(LAB, 240)]
    assert failed(context) == {}


def test_the_setting_has_a_day_and_is_shown(context: Context) -> None:
    assert who_shares(context, ACME) is None
    share_bills(context, ACME, DECEMBER, by="cli")
    assert who_shares(context, ACME) is None
    assert bill(context).bills == 4
    bill(later(context, DECEMBER), "2026-12")
    shown = who_shares(later(context, DECEMBER), ACME)
    assert shown is not None
    assert (shown.is_shared, shown.from_on) == (True, DECEMBER)
    assert len(rows(context, SLICES)) == 3
    acts = rows(context, "SELECT details FROM act WHERE verb = 'share_bills'")
    assert acts[0].details["from_on"] == "2026-12-01"
    assert "pays its own bills" in acts[0].details["apart"][0]


def test_who_may_not_share(context: Context) -> None:
    with context.database.write() as tx:
        operators.add(tx, Operator(OperatorId("tom"), "Tom", "tom@example.com", Role.TREASURY), "x")
    with pytest.raises(RoleForbids):
        share_bills(context, ACME, by="operator:tom")
    with pytest.raises(SharingInThePast):
        share_bills(context, ACME, date(2026, 11, 22), by="cli")
    with pytest.raises(NotAParent):
        share_bills(context, PETIT, by="cli")
    set_payer(context, LAB, PayerChoice.ITSELF, by="cli")
    set_payer(context, WORKS, PayerChoice.ITSELF, by="cli")
    with pytest.raises(NothingToShare, match="pays its own bills"):
        share_bills(context, ACME, by="cli")


@pytest.mark.parametrize("by", list(GroupedBy))
def test_the_view_of_a_family_is_the_sum_of_its_bills(by: GroupedBy, context: Context) -> None:
    bill(context)
    credit_bill(context, LAB, BillId("FR00000002"), "outage", [Part(1, 333)], by="cli")
    share_bills(context, ACME, DECEMBER, by="cli")
    bill(later(context, DECEMBER), "2026-12")
    bill(later(context, date(2027, 1, 1)), "2027-01")
    view = view_family(context, ACME, "2026", by)
    bills = rows(
        context,
        """SELECT sum(CASE WHEN kind = 'credit-note' THEN -total_minor ELSE total_minor END)::bigint AS minor
             FROM bill WHERE issued_on < '2027-01-01'""",
    )
    assert view.total_minor == {"EUR": bills[0].minor}
    assert sum(each.total_minor for each in view.groups) == bills[0].minor
    if by is GroupedBy.SUB_ACCOUNT:
        assert [(each.key, each.label, each.net_minor) for each in view.groups] == [
            (ACME, ACME, 2_002), (LAB, "laboratory", 1_669), (SHOP, "shop", 2_002), (WORKS, "works", 2_002),
        ]  # fmt: skip
    if by is GroupedBy.MONTH:
        assert [(each.key, each.bills) for each in view.groups] == [("2026-11", 5), ("2026-12", 2)]


def test_the_view_needs_a_month_or_a_year(context: Context) -> None:
    for text in ("2026-13", "26", "0000", "soon"):
        with pytest.raises(BadPeriod):
            view_family(context, ACME, text, GroupedBy.PLAN)
    assert view_family(context, ACME, "2026-11", GroupedBy.PLAN).groups == ()


def test_a_sub_account_of_another_legal_party_is_told_apart(context: Context) -> None:
    with context.database.write() as tx:
        tx.run(
            "UPDATE account SET legal_party_id = 999, currency = 'USD' WHERE account_id = %(id)s", id=WORKS
        )
    together = share_bills(context, ACME, by="cli")
    assert {(each.where, each.code) for each in together.apart} == {
        (SHOP, "other-payer"), (WORKS, "other-legal-party"), (WORKS, "other-currency"),
    }  # fmt: skip


def test_what_comes_back_to_members_is_one_credit_note_on_the_shared_bill(context: Context) -> None:
    share_bills(context, ACME, by="cli")
    set_legal_entity(context, FR, {"below_zero": "credit-balance"}, by="cli")
    bill(context)
    with context.database.write() as tx:
        tx.connection.execute("UPDATE service SET renew_automatic = false")
    known = rows(
        context, "SELECT account_id, service_id FROM service WHERE account_id <> %(shop)s", shop=SHOP
    )
    for row in known:
        charge(
            context, row.account_id, row.service_id, kind="adjustment", period_start=date(2026, 11, 11),
            period_end=date(2026, 11, 30), quantity_e4=-30_000, accepted_on=DECEMBER,
        )  # fmt: skip
    (report,) = run_bills(later(context, DECEMBER), FR, "2026-12", by="cli")
    assert (report.bills, report.carried, report.credit_notes) == (0, 0, 1)
    notes = "SELECT bill_id, corrects_bill_id, net_minor FROM bill WHERE kind = 'credit-note'"
    assert [tuple(row) for row in rows(context, notes)] == [("AV00000001", FIRST, 900)]
    parts = rows(context, "SELECT owner_id, net_minor FROM bill_slice WHERE bill_id = 'AV00000001'")
    assert {(row.owner_id, row.net_minor) for row in parts} == {(ACME, 300), (LAB, 300), (WORKS, 300)}
    assert failed(context) == {}

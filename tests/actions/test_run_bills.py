"""Bill runs on the real database: what is billed, once, on which bill, and what is left for later."""

from dataclasses import replace
from datetime import date

import pytest

from acquit.actions.grant_enterprise_terms import grant_enterprise_terms
from acquit.actions.loading import StaffOnly
from acquit.actions.open_account import Opening, open_account
from acquit.actions.run_bills import run_bills
from acquit.core.account import NoSuchLegalEntity
from acquit.core.bill_run import BadPeriod, CannotRun, RunStatus
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.journal import ChartIncomplete
from acquit.core.money import Currency
from acquit.core.numbering import DateBeforeSeries, DocumentKind, Series
from acquit.core.operator import RoleForbids
from acquit.core.sales_request import AskedTerm
from acquit.core.terms import Term, UsageChoice
from acquit.store import legal_entities, series
from acquit.store.transaction import Database
from billed import (
    ADDRESSED,
    bill,
    charge,
    dollars,
    failed,
    family,
    later,
    next_renewals,
    rows,
    seller,
    subscribe,
)
from founding import ACME, ENTITY, FR, LAB, PETIT, SAM, SHOP

BILLS = """
    SELECT bill_id, account_id, payer_id, issued_on, due_on, term_days, category, currency, net_minor,
           tax_minor, total_minor, payment_reference
      FROM bill ORDER BY bill_id
"""
DETAILS = """
    SELECT b.account_id, d.description, d.kind, d.period_start, d.period_end, d.net_minor
      FROM bill_detail d JOIN bill b ON b.bill_id = d.bill_id ORDER BY b.bill_id, d.detail_no
"""
POSTINGS = """
    SELECT e.account_id, e.reference, p.ledger, p.amount_minor
      FROM entry e JOIN posting p ON p.account_id = e.account_id AND p.entry_no = e.entry_no
     ORDER BY e.account_id, e.entry_no, p.posting_no
"""


def test_a_renewal_becomes_a_bill_an_order_a_debt_and_an_entry(database: Database) -> None:
    context = seller(database)
    family(context)
    subscribe(context, PETIT, "srv1", next_on=date(2026, 11, 15))

    report = bill(context)

    assert (report.status, report.bills, report.posted_now, report.parked) == (RunStatus.CLOSED, 1, 1, 0)
    assert (report.net_minor, report.tax_minor, report.total_minor) == (1000, 200, 1200)
    assert (report.first_number, report.last_number) == ("FR00000001", "FR00000001")
    (issued,) = rows(context, BILLS)
    assert (issued.account_id, issued.payer_id, issued.category) == (PETIT, PETIT, "autorenew")
    assert (issued.issued_on, issued.due_on, issued.term_days) == (
        date(2026, 11, 23), date(2026, 12, 23), 30,
    )  # fmt: skip
    assert issued.payment_reference == "RF21100000001"
    (detail,) = rows(context, DETAILS)
    assert (detail.period_start, detail.period_end) == (date(2026, 11, 15), date(2026, 12, 14))
    assert [tuple(row[2:]) for row in rows(context, POSTINGS)] == [
        ("411000", 1200), ("706000", -1000), ("445740", -200),
    ]  # fmt: skip
    assert next_renewals(context, PETIT) == {"srv1": date(2026, 12, 15)}
    assert failed(context) == {}


def test_again_nothing_is_billed_twice_and_what_came_late_is_billed(database: Database) -> None:
    context = seller(database)
    family(context)
    subscribe(context, PETIT, "srv1")
    bill(context)

    again = bill(context)
    assert (again.bills, again.posted_now, again.status) == (1, 0, RunStatus.CLOSED)

    charge(context, PETIT)
    late = bill(context)
    assert (late.bills, late.posted_now, late.net_minor) == (2, 1, 1200)
    assert failed(context) == {}


@pytest.mark.parametrize(
    ("why", "given"),
    [
        ("it starts after the period", {"next_on": date(2026, 12, 1)}),
        ("it does not renew by itself", {"automatic": False}),
        ("it is deleted at its expiration", {"deleted": True}),
        ("it is suspended", {"state": "suspended"}),
        ("it is gone on that day", {"terminated_on": date(2026, 11, 1)}),
    ],
)
def test_a_service_is_not_renewed_when(why: str, given: dict[str, object], database: Database) -> None:
    context = seller(database)
    family(context)
    subscribe(context, PETIT, "srv1", **given)  # type: ignore[arg-type]
    assert bill(context).bills == 0, why


def test_a_forced_renewal_renews_whatever_else_is_set(database: Database) -> None:
    context = seller(database)
    family(context)
    subscribe(context, PETIT, "srv1", automatic=False, deleted=True, forced=True)
    assert bill(context).bills == 1


def test_periods_that_were_left_over_are_billed_too(database: Database) -> None:
    context = seller(database)
    family(context)
    subscribe(context, PETIT, "srv1", next_on=date(2026, 8, 31), day=31)
    bill(context)
    assert [(row.period_start, row.period_end) for row in rows(context, DETAILS)] == [
        (date(2026, 8, 31), date(2026, 9, 29)),
        (date(2026, 9, 30), date(2026, 10, 30)),
        (date(2026, 10, 31), date(2026, 11, 29)),
        (date(2026, 11, 30), date(2026, 12, 30)),
    ]
    assert next_renewals(context, PETIT) == {"srv1": date(2026, 12, 31)}
    assert failed(context) == {}


def test_a_free_service_renews_without_a_bill(database: Database) -> None:
    context = seller(database)
    family(context)
    subscribe(context, PETIT, "free", unit_price_ucents=0)
    assert bill(context).bills == 0
    assert next_renewals(context, PETIT) == {"free": date(2026, 12, 1)}
    assert failed(context) == {}


def test_one_bill_per_account_payer_currency_and_group(database: Database) -> None:
    context = seller(database)
    family(context)
    for name, given in (
        ("a", {}),
        ("b", {}),
        ("c", {"currency": "USD"}),
        ("d", {"billing_group_id": 7}),
    ):
        subscribe(context, LAB, name, **given)
    subscribe(context, SHOP, "e")
    dollars(context)
    reports = run_bills(context, FR, "2026-11", by="cli")
    assert [(each.currency, each.bills) for each in reports] == [("EUR", 3), ("USD", 1)]
    assert [(row.account_id, row.payer_id, row.net_minor, row.currency) for row in rows(context, BILLS)] == [
        (LAB, ACME, 2000, "EUR"),
        (LAB, ACME, 1000, "USD"),
        (LAB, ACME, 1000, "EUR"),
        (SHOP, SHOP, 1000, "EUR"),
    ]
    assert failed(context) == {}


def test_terms_of_the_payer_hold_and_usage_has_its_own_bill(database: Database) -> None:
    context = seller(database)
    family(context)
    subscribe(context, LAB, "srv1")
    charge(context, LAB)
    grant_enterprise_terms(context, ACME, AskedTerm(Term(60), usage_choice=UsageChoice.OWN_BILL), by="cli")
    bill(context)
    assert [(row.term_days, row.due_on, row.net_minor) for row in rows(context, BILLS)] == [
        (45, date(2027, 1, 7), 200),
        (60, date(2027, 1, 22), 1000),
    ]
    assert failed(context) == {}


def test_numbers_and_dates_rise_together(database: Database) -> None:
    context = seller(database)
    family(context)
    subscribe(context, PETIT, "srv1")
    bill(context)
    with pytest.raises(DateBeforeSeries):
        bill(later(context, date(2026, 11, 22)), "2026-12")
    bill(later(context, date(2026, 12, 1)), "2026-12")
    assert [row.issued_on for row in rows(context, BILLS)] == [date(2026, 11, 23), date(2026, 12, 1)]
    assert failed(context) == {}


def test_what_cannot_be_billed_is_parked_with_every_problem_and_billed_once_mended(
    database: Database,
) -> None:
    context = seller(database)
    family(context)
    nowhere = AccountId("zz99999-acq")
    party = replace(ADDRESSED, street="", city="", siren="")
    open_account(context, Opening(FR, party, nowhere), by="cli")
    subscribe(context, nowhere, "srv1")
    subscribe(context, PETIT, "srv2")

    report = bill(context)
    assert (report.status, report.posted_now, report.parked) == (RunStatus.OPEN, 1, 1)
    (parked,) = rows(context, "SELECT problems FROM parked_account WHERE resolved_at IS NULL")
    assert [each["code"] for each in parked.problems] == ["missing-street", "missing-city", "missing-siren"]
    assert next_renewals(context, nowhere) == {"srv1": date(2026, 11, 1)}
    assert failed(context) == {}

    with context.database.write() as tx:
        tx.run(
            "INSERT INTO legal_party (legal_party_id, from_on, name, country, siren, street, zip, city) "
            "SELECT legal_party_id, '2026-11-02', 'Mended', 'FR', '552081317', '3 quai', '44000', 'Nantes' "
            "FROM account WHERE account_id = %(account_id)s",
            account_id=nowhere,
        )
    mended = bill(context)
    assert (mended.status, mended.posted_now, mended.bills, mended.parked) == (RunStatus.CLOSED, 1, 2, 0)
    assert failed(context) == {}


def test_an_account_without_a_legal_party_is_parked(database: Database) -> None:
    context = seller(database)
    nobody = AccountId("zz99999-acq")
    open_account(context, Opening(FR, None, nobody), by="cli")
    subscribe(context, nobody, "srv1")
    assert bill(context).parked == 1


def test_a_draft_below_zero_is_parked(database: Database) -> None:
    context = seller(database)
    family(context)
    subscribe(context, PETIT, "srv1")
    charge(context, PETIT, kind="discount", quantity_e4=-60_000, unit_price_ucents=200_000_000)
    report = bill(context)
    assert (report.bills, report.parked) == (0, 1)
    codes = rows(context, "SELECT problems->0->>'code' AS code FROM parked_account ORDER BY account_id")
    assert [row.code for row in codes] == ["negative-draft"]
    assert failed(context) == {}


def test_a_discount_lowers_the_bill(database: Database) -> None:
    context = seller(database)
    family(context)
    subscribe(context, PETIT, "srv1")
    charge(context, PETIT, kind="discount", quantity_e4=-10_000, unit_price_ucents=250_000_000)
    assert bill(context).net_minor == 750
    assert failed(context) == {}


def test_a_rehearsal_tells_the_same_totals_and_writes_nothing(database: Database) -> None:
    context = seller(database)
    family(context)
    for account_id in (ACME, LAB, SHOP, PETIT):
        subscribe(context, account_id, f"srv-{account_id}")
    rehearsed = bill(context, dry_run=True)
    assert (rehearsed.status, rehearsed.run, rehearsed.posted_now) == (RunStatus.REHEARSED, None, 0)
    assert rows(context, "SELECT 1 FROM bill_run UNION ALL SELECT 1 FROM bill") == []
    real = bill(context)
    same = ("bills", "net_minor", "tax_minor", "total_minor", "parked", "currency")
    assert [getattr(rehearsed, name) for name in same] == [getattr(real, name) for name in same]


def test_small_pages_bill_what_one_page_bills(database: Database) -> None:
    context = seller(database)
    family(context)
    for account_id in (ACME, LAB, SHOP, PETIT):
        subscribe(context, account_id, f"srv-{account_id}")
    told: list[tuple[int, int]] = []
    report = bill(context, page_size=1, progress=lambda done, accounts: told.append((done, accounts)))
    assert report.bills == 4
    assert told[-1] == (4, 4)
    assert failed(context) == {}


def test_who_follows_a_page_sees_its_bills_inside_the_transaction(database: Database) -> None:
    context = seller(database)
    family(context)
    subscribe(context, PETIT, "srv1")
    seen: list[str] = []

    def follow(connection: object, bills: object) -> None:
        seen.extend(each.bill_id for each in bills)  # type: ignore[attr-defined]

    bill(context, after_page=follow)
    assert seen == ["FR00000001"]


def test_what_a_seller_lacks_is_refused_before_anything_is_written(database: Database) -> None:
    context = seller(database, siren="")
    with pytest.raises(CannotRun, match="SIREN"):
        bill(context)
    with pytest.raises(BadPeriod):
        bill(context, "2026-13")
    with pytest.raises(NoSuchLegalEntity):
        run_bills(context, LegalEntityId("XX"), "2026-11", by="cli")
    assert rows(context, "SELECT 1 FROM bill_run") == []


def test_only_who_bills_for_a_living_may_run_bills(database: Database) -> None:
    context = seller(database)
    assert run_bills(context, FR, "2026-11", by="operator:bob")[0].bills == 0
    with pytest.raises(RoleForbids):
        run_bills(context, FR, "2026-11", by=SAM)
    with pytest.raises(StaffOnly):
        run_bills(context, FR, "2026-11", by=f"account:{PETIT}")


def test_a_chart_without_a_role_is_refused(database: Database) -> None:
    context = seller(database)
    with context.database.write() as tx:
        tx.run("DELETE FROM ledger_account WHERE role = 'revenue'")
    with pytest.raises(ChartIncomplete, match="revenue"):
        bill(context)


def test_vat_on_debits_is_collected_with_the_bill(database: Database) -> None:
    context = seller(database, vat_on_debits=True)
    family(context)
    subscribe(context, PETIT, "srv1")
    bill(context)
    assert [row.ledger for row in rows(context, POSTINGS)] == ["411000", "706000", "445710"]
    assert failed(context) == {}


@pytest.mark.parametrize(
    ("given", "category", "rate", "code"),
    [
        ({"country": "DE", "vat_id": "DE811569869"}, "AE", 0, "VATEX-EU-AE"),
        ({"country": "DE", "tax_profile": "person"}, "S", 1900, ""),
        ({"country": "US", "vat_id": ""}, "O", 0, "VATEX-EU-O"),
        ({"country": "MC"}, "S", 2000, ""),
        ({"tax_profile": "exempt", "exemption_reason": "art. 262"}, "E", 0, ""),
    ],
)
def test_vat_case(given: dict[str, str], category: str, rate: int, code: str, database: Database) -> None:
    context = seller(database)
    account_id = AccountId("zz99999-acq")
    party = replace(ADDRESSED, **given)  # type: ignore[arg-type]
    open_account(context, Opening(FR, party, account_id), by="cli")
    subscribe(context, account_id, "srv1")
    assert bill(context).bills == 1
    (tax,) = rows(context, "SELECT vat_category, vat_rate_bp, exemption_code, tax_minor FROM bill_tax")
    assert tuple(tax) == (category, rate, code, 1000 * rate // 10_000)
    assert failed(context) == {}


def test_a_currency_that_no_bill_is_made_in_parks_the_account(database: Database) -> None:
    context = seller(database)
    family(context)
    subscribe(context, PETIT, "srv1", currency=Currency("XXX"))
    assert bill(context).parked == 1


def test_each_legal_entity_numbers_and_bills_its_own_accounts(database: Database) -> None:
    context = seller(database)
    family(context)
    de, buyer = LegalEntityId("DE"), AccountId("zz99999-acq")
    with database.write() as tx:
        german = replace(
            ENTITY, legal_entity_id=de, country="DE", vat_id="DE811569869", bill_series_id="DE",
            credit_series_id="DEC", deposit_series_id="DED",
        )  # fmt: skip
        legal_entities.insert(tx, german)
        for name, document, code in (
            ("DE", "bill", "4"),
            ("DEC", "credit-note", "5"),
            ("DED", "deposit", "6"),
        ):
            series.insert(tx, Series(name, de, DocumentKind(document), name, 8, code))
        tx.run(
            "INSERT INTO ledger_account (legal_entity_id, role, number, name) "
            "SELECT 'DE', role, number, name FROM ledger_account WHERE legal_entity_id = 'FR'"
        )
    open_account(context, Opening(de, replace(ADDRESSED, country="DE", vat_id="", siren=""), buyer), by="cli")
    subscribe(context, buyer, "srv1")
    subscribe(context, PETIT, "srv2")
    assert bill(context).last_number == "FR00000001"
    (german_run,) = run_bills(context, de, "2026-11", by="cli")
    assert (german_run.bills, german_run.last_number, german_run.tax_minor) == (1, "DE00000001", 190)
    assert failed(context) == {}

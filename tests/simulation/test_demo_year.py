"""The demo company's year is closed and sealed: FEC, VAT report, aged balance, statements and audit agree.

Fourteen months of the demo's own business, then what its story leaves out: money by the bank's file, a
payment that comes back, a credit note and a write-off. Every figure is compared with the same figure of
another view, to the cent; none is written down here.
"""

import csv
import io
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Final, LiteralString

import pytest

from acquit.actions.audit_books import audit_books
from acquit.actions.close_period import close_period, first_booked, seal_year
from acquit.actions.context import Context
from acquit.actions.credit_bill import credit_bill
from acquit.actions.export_books import export_aged_balance, export_fec
from acquit.actions.import_bank_file import import_bank_file
from acquit.actions.report_vat import report_vat
from acquit.actions.settle_debt import return_payment
from acquit.actions.state_account import state_account
from acquit.actions.write_off_debt import write_off_debt
from acquit.core.bill_run import Period
from acquit.core.identifiers import AccountId, BillId, DebtId
from acquit.core.period import next_month, span
from acquit.demo.cast import FR, SELLER
from acquit.demo.world import Script, build
from acquit.store.transaction import Database
from banking import Tx, camt
from fec_checker import Checked, checked
from founding import context_on

DECEMBER: Final = date(2026, 12, 18)
PAID: Final = date(2026, 12, 22)
NEW_YEAR: Final = date(2027, 1, 4)
FIRST: Final = date(2026, 1, 1)
LAST: Final = date(2026, 12, 31)

OPEN: Final[LiteralString] = """
    SELECT d.account_id, d.debt_id, d.bill_id, b.payment_reference, b.currency,
           (d.amount_minor + coalesce(sum(o.effect_minor), 0))::bigint AS open_minor
      FROM debt d
      JOIN bill b ON b.account_id = d.account_id AND b.bill_id = d.bill_id
      LEFT JOIN debt_operation o ON o.account_id = d.account_id AND o.debt_id = d.debt_id
     WHERE NOT EXISTS (SELECT FROM dispute s WHERE s.account_id = d.account_id AND s.bill_id = d.bill_id)
     GROUP BY d.account_id, d.debt_id, d.bill_id, b.payment_reference, b.currency, d.amount_minor
    HAVING d.amount_minor + coalesce(sum(o.effect_minor), 0) > 0
     ORDER BY d.account_id, d.debt_id
"""
PAYMENTS: Final[LiteralString] = """
    SELECT o.account_id, o.debt_id, o.operation_id, o.amount_minor, d.currency
      FROM debt_operation o
      JOIN debt d ON d.account_id = o.account_id AND d.debt_id = o.debt_id
     WHERE o.kind = 'payment' AND o.means = 'transfer' AND o.occurred_on >= '2026-11-01'
       AND NOT EXISTS (SELECT FROM debt_operation u
                        WHERE u.account_id = o.account_id AND u.debt_id = o.debt_id
                          AND u.reverses_id = o.operation_id)
     ORDER BY o.operation_id DESC
"""
MOVED: Final[LiteralString] = """
    SELECT p.ledger, sum(p.amount_minor)::bigint AS minor
      FROM entry e JOIN posting p ON p.account_id = e.account_id AND p.entry_no = e.entry_no
     WHERE e.booked_on BETWEEN '2026-01-01' AND '2026-12-31'
     GROUP BY p.ledger
"""
BILLED: Final[LiteralString] = """
    SELECT sum(CASE kind WHEN 'credit-note' THEN -net_minor ELSE net_minor END)::bigint AS net,
           sum(CASE kind WHEN 'credit-note' THEN -tax_minor ELSE tax_minor END)::bigint AS tax,
           sum(CASE kind WHEN 'credit-note' THEN -total_minor ELSE total_minor END)::bigint AS total
      FROM bill WHERE issued_on BETWEEN '2026-01-01' AND '2026-12-31' AND kind <> 'claim'
"""
TOLD: Final[LiteralString] = """
    SELECT kind, coalesce(sum(effect_minor), 0)::bigint AS minor
      FROM debt_operation WHERE occurred_on BETWEEN '2026-01-01' AND '2026-12-31' GROUP BY kind
"""
PAYERS: Final[LiteralString] = "SELECT DISTINCT payer_id FROM debt ORDER BY payer_id"


@dataclass(frozen=True)
class Year:
    """A closed year: its months, its FEC and the one of the year before, the aged balance by payer."""

    context: Context
    months: tuple[str, ...]
    fec: Checked
    before: Checked
    aged: dict[str, dict[str, str]]
    given_up_minor: int
    credited: str

    def rows(self, query: LiteralString, **values: Any) -> list[Any]:
        """Return what a query finds."""
        with self.context.database.read() as tx:
            return tx.all(query, **values)

    def moved(self, ledger: str) -> int:
        """What the year's own entries in the FEC come to on an account: without what was carried forward."""
        return sum(
            _cents(row["Debit"]) - _cents(row["Credit"])
            for row in self.fec.rows
            if row["CompteNum"] == ledger and row["JournalCode"] != "AN"
        )


@pytest.fixture(scope="module")
def year(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Year:
    """2025's last months and all of 2026, closed and sealed."""
    directory = tmp_path_factory.mktemp("year")
    context = context_on(module_database, DECEMBER)
    build(context, Script(DECEMBER, 14), lambda: None)
    given_up, credited = _what_the_story_leaves_out(_on(context, PAID))
    closing = _on(context, NEW_YEAR)
    months = _close_all(closing)
    fec, before = (checked(export_fec(closing, FR, span(each), directory).path) for each in ("2026", "2025"))
    made = export_aged_balance(closing, FR, LAST, directory / "aged.csv")
    aged = {row["payer"]: row for row in csv.DictReader(made.path.read_text().splitlines())}
    return Year(closing, months, fec, before, aged, given_up, credited)


def _on(context: Context, on: date) -> Context:
    context.database.clock = lambda: datetime(on.year, on.month, on.day, 9, tzinfo=UTC)
    return replace(context, clock=context_on(context.database, on).clock)


def _what_the_story_leaves_out(context: Context) -> tuple[int, str]:
    """A statement pays two bills, a payment comes back, a bill is credited, another given up; how much."""
    with context.database.read() as tx:
        owed = [row for row in tx.all(OPEN) if row.currency == "EUR"]
        (paid, *_) = tx.all(PAYMENTS)
    first, second, third, fourth = owed[:4]
    told = [Tx(each.open_minor, reference=each.payment_reference, on=PAID) for each in (first, second)]
    content = camt(told, iban=SELLER.iban)
    found = import_bank_file(context, "d.xml", lambda: nullcontext(io.BytesIO(content)), by="cli")
    assert (found.matched, found.unmatched) == (2, 0)
    return_payment(context, paid.account_id, DebtId(paid.debt_id), paid.operation_id, "no funds", by="cli")
    note = credit_bill(context, AccountId(third.account_id), BillId(third.bill_id), "outage", by="cli")
    lost = AccountId(fourth.account_id), DebtId(fourth.debt_id)
    made = write_off_debt(context, *lost, "insolvent", by="cli")
    return made.amount_minor, note.bill_id


def _close_all(context: Context) -> tuple[str, ...]:
    first = first_booked(context, FR)
    assert first is not None
    month, closed = Period(first.replace(day=1)), list[str]()
    while month.last_on < NEW_YEAR:
        close_period(context, FR, str(month), by="cli")
        closed.append(str(month))
        month = next_month(month)
    for sealed in (2025, 2026):
        seal_year(context, FR, sealed, by="cli")
    return tuple(closed)


def test_the_audit_passes_over_fourteen_closed_months(year: Year) -> None:
    assert year.months[-12:] == tuple(f"2026-{month:02d}" for month in range(1, 13))
    assert [each.differences for each in audit_books(year.context) if not each.passed] == []


def test_the_fec_is_the_journal_account_by_account(year: Year) -> None:
    moved = {row.ledger: row.minor for row in year.rows(MOVED) if row.minor}
    assert moved == {ledger: year.moved(ledger) for ledger in year.fec.balances if year.moved(ledger)}


def test_the_fec_carries_forward_what_the_year_before_left(year: Year) -> None:
    carried = {ledger: cents for ledger, cents in year.before.balances.items() if ledger < "6"}
    for ledger, cents in carried.items():
        assert year.fec.balances[ledger] - year.moved(ledger) == cents, ledger


def test_what_was_billed_is_revenue_vat_and_what_payers_owe(year: Year) -> None:
    (billed,) = year.rows(BILLED)
    effects = {row.kind: row.minor for row in year.rows(TOLD)}
    assert billed.net + billed.tax == billed.total
    assert -(year.moved("706000") + year.moved("487000") + year.moved("418100")) == billed.net
    assert -(year.moved("445710") + year.moved("445740")) == billed.tax
    credited = sum(
        each.total_minor
        for each in year.rows("SELECT total_minor FROM bill WHERE bill_id = %(b)s", b=year.credited)
    )
    assert year.moved("411000") == billed.total + credited + sum(effects.values())
    assert -effects["write-off"] == year.given_up_minor == year.moved("654000")
    assert {"payment", "credit", "write-off", "returned"} <= effects.keys()


def test_the_vat_of_the_months_is_that_of_the_year_and_of_the_fec(year: Year) -> None:
    months = [report_vat(year.context, FR, f"2026-{month:02d}") for month in range(1, 13)]
    whole = report_vat(year.context, FR, "2026")
    assert all(each.ties for each in (*months, whole))
    due = -year.moved("445710")
    assert sum(each.told_minor("EUR") for each in months) == whole.told_minor("EUR") == due > 0
    assert whole.proofs[0].pending_after_minor == -year.fec.balances["445740"]


def test_the_aged_balance_is_what_the_fec_says_of_each_payer(year: Year) -> None:
    owed = {payer: _cents(row["owed"]) for payer, row in year.aged.items() if _cents(row["owed"])}
    told = {payer: cents for (ledger, payer), cents in year.fec.auxiliaries.items() if ledger == "411000"}
    assert owed == {payer: cents for payer, cents in told.items() if cents}
    assert sum(owed.values()) == year.fec.balances["411000"] > 0
    in_hand = sum(_cents(row["in_hand"]) for row in year.aged.values())
    assert in_hand == -year.fec.balances.get("419100", 0)
    columns = ("not_due", "days_1_30", "days_31_60", "days_61_90", "days_over_90")
    for row in year.aged.values():
        assert sum(_cents(row[name]) for name in columns) == _cents(row["owed"])


def test_every_statement_begins_and_ends_with_what_the_other_views_say(year: Year) -> None:
    payers = [AccountId(row.payer_id) for row in year.rows(PAYERS)]
    closings = dict[str, int]()
    for payer_id in payers:
        stated, _, _ = state_account(year.context, payer_id, FIRST, LAST)
        before, _, _ = state_account(year.context, payer_id, date(2025, 1, 1), date(2025, 12, 31))
        assert stated.opening_minor == before.closing_minor
        assert stated.closing_minor == stated.owed_minor - stated.in_hand_minor
        closings[payer_id] = stated.closing_minor
    assert {payer: cents for payer, cents in closings.items() if cents} == {
        payer: _cents(row["balance"]) for payer, row in year.aged.items() if _cents(row["balance"])
    }
    assert len(payers) > 5


def _cents(text: str) -> int:
    return int(text.replace(".", "").replace(",", ""))

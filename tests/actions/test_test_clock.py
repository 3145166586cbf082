"""Sandboxes: accounts with a date of their own, moved by hand, apart from the live books."""

import time
from dataclasses import replace
from datetime import date

import pytest

from acquit.actions.context import Context
from acquit.actions.credit_bill import credit_bill
from acquit.actions.grant_enterprise_terms import grant_enterprise_terms
from acquit.actions.loading import account_in, today_of
from acquit.actions.move_test_clock import advance_test_clock, set_test_clock, show_test_clock
from acquit.actions.open_account import Opening, open_account
from acquit.actions.open_sub_account import open_sub_account
from acquit.actions.run_bills import run_bills
from acquit.actions.settle_debt import Receipt, settle_debt
from acquit.actions.turn_day import turn_day
from acquit.core.account import SupportLevel
from acquit.core.debt import Allocation, DebtStatus, status
from acquit.core.identifiers import AccountId, BillId, DebtId
from acquit.core.money import Currency
from acquit.core.operator import RoleForbids
from acquit.core.sales_request import AskedTerm
from acquit.core.sandbox import ClockBackwards, ClockTooFar, NotASandbox
from acquit.core.terms import Term
from acquit.store import debts, legal_entities
from acquit.store.transaction import Database
from billed import ADDRESSED, ON, bill, failed, family, later, next_renewals, rows, seller, subscribe
from founding import FR, PETIT, SAM

TRY, TRY_SUB, OTHER = AccountId("tt10001-acq"), AccountId("tt10002-acq"), AccountId("tt10003-acq")
BILLS = """
    SELECT account_id, bill_id, issued_on, due_on, total_minor FROM bill ORDER BY issued_on, bill_id
"""


@pytest.fixture
def context(database: Database) -> Context:
    """A live account, a sandbox with a sub-account, and another sandbox; each with a service of 10 EUR."""
    context = seller(database)
    family(context)
    sandbox = Opening(
        FR, ADDRESSED, TRY, SupportLevel.BUSINESS, frozenset({"reseller"}), "T", "T", is_sandbox=True
    )
    open_account(context, sandbox, by="cli")
    open_sub_account(context, TRY, "trial", by="cli", account_id=TRY_SUB)
    open_account(context, replace(sandbox, account_id=OTHER, test_on=date(2025, 2, 10)), by="cli")
    for account_id in (PETIT, TRY, TRY_SUB):
        subscribe(context, account_id, "srv", next_on=date(2026, 11, 30))
    subscribe(context, OTHER, "srv", next_on=date(2025, 3, 31))
    return context


def today(context: Context, account_id: AccountId) -> date:
    with context.database.read() as tx:
        return today_of(context, tx, account_in(tx, account_id))


def statuses(context: Context, account_id: AccountId) -> list[DebtStatus]:
    """The status of each debt of the account on its own date, oldest first."""
    on = today(context, account_id)
    with context.database.read() as tx:
        entity = legal_entities.of_account(tx, account_id)
        assert entity is not None
        return [
            status(each, debts.operations(tx, account_id, each.debt_id), on, entity.unpaid_after_days)
            for each in debts.of_payer(tx, account_id)
            if each.account_id == account_id
        ]


def test_two_sandboxes_and_a_live_account_stand_at_dates_of_their_own(context: Context) -> None:
    advance_test_clock(context, TRY, date(2027, 2, 15), by="cli")
    advance_test_clock(context, OTHER, date(2025, 6, 2), by="cli")
    assert [today(context, each) for each in (TRY, TRY_SUB, OTHER, PETIT)] == [
        date(2027, 2, 15), date(2027, 2, 15), date(2025, 6, 2), ON,
    ]  # fmt: skip
    billed = [(row.account_id, row.bill_id, row.issued_on) for row in rows(context, BILLS)]
    assert billed == [
        (OTHER, "TEST-2-00000001", date(2025, 3, 1)), (OTHER, "TEST-2-00000002", date(2025, 4, 1)),
        (OTHER, "TEST-2-00000003", date(2025, 5, 1)), (OTHER, "TEST-2-00000004", date(2025, 6, 1)),
        (TRY, "TEST-1-00000001", date(2026, 12, 1)), (TRY_SUB, "TEST-1-00000002", date(2026, 12, 1)),
        (TRY, "TEST-1-00000003", date(2027, 1, 1)), (TRY_SUB, "TEST-1-00000004", date(2027, 1, 1)),
        (TRY, "TEST-1-00000005", date(2027, 2, 1)), (TRY_SUB, "TEST-1-00000006", date(2027, 2, 1)),
    ]  # fmt: skip
    assert next_renewals(context, OTHER) == {"srv": date(2025, 7, 31)}
    assert next_renewals(context, PETIT) == {"srv": date(2026, 11, 30)}
    assert bill(context).first_number == "FR00000001"
    assert failed(context) == {}


def test_a_debt_falls_due_by_the_date_of_its_own_account(context: Context) -> None:
    advance_test_clock(context, TRY, date(2026, 12, 31), by="cli")
    assert statuses(context, TRY) == [DebtStatus.UNMATURED]
    set_test_clock(context, TRY, date(2027, 1, 1), by="cli")
    assert statuses(context, TRY) == [DebtStatus.TO_BE_PAID]
    advance_test_clock(context, TRY, date(2027, 1, 8), by="cli")
    assert statuses(context, TRY) == [DebtStatus.UNPAID, DebtStatus.UNMATURED]


def test_a_full_year_passes_in_seconds(context: Context) -> None:
    started = time.monotonic()
    went = advance_test_clock(context, TRY, date(2027, 11, 23), by="cli")
    assert (went.days, went.bills, went.parked) == (365, 24, 0)
    assert time.monotonic() - started < 60
    sealed = rows(
        context, "SELECT count(*) AS days FROM chain_head WHERE scope = 'day' AND name LIKE 'FRT1 %'"
    )
    assert sealed[0].days == 366
    assert failed(context) == {}


def test_terms_begin_on_their_day(context: Context) -> None:
    asked = AskedTerm(Term(45), from_on=date(2026, 12, 10))
    grant_enterprise_terms(context, TRY, asked, by="cli")
    advance_test_clock(context, TRY, date(2026, 12, 9), by="cli")
    assert _attributes(context) == []
    advance_test_clock(context, TRY, date(2027, 1, 1), by="cli")
    assert "payment.delay_days=45" in _attributes(context)
    assert rows(context, BILLS)[-1].due_on == date(2027, 2, 15)


def _attributes(context: Context) -> list[str]:
    return [f"{row.name}={row.value}" for row in rows(context, "SELECT name, value FROM account_attribute")]


def test_money_and_credit_notes_stay_in_the_sandbox(context: Context) -> None:
    advance_test_clock(context, TRY, date(2026, 12, 1), by="cli")
    (row,) = rows(context, "SELECT debt_id FROM debt WHERE account_id = %(id)s", id=TRY)
    part = Allocation(TRY, DebtId(row.debt_id), 1_200)
    settled = settle_debt(context, TRY, Receipt(date(2026, 12, 1), 1_200, Currency("EUR")), [part], by="cli")
    note = credit_bill(context, TRY, BillId("TEST-1-00000001"), "trial", by="cli")
    assert (settled.deposit.deposit_id, note.bill_id) == ("TEST-1-RC-00000001", "TEST-1-AV-00000001")
    assert note.issued_on == date(2026, 12, 1)
    live = rows(
        context,
        """SELECT s.series_id, s.next_number FROM series s JOIN legal_entity e USING (legal_entity_id)
            WHERE e.sandbox_of IS NULL ORDER BY 1""",
    )
    assert [tuple(each) for each in live] == [("AV", 1), ("FR", 1), ("RC", 1)]
    assert failed(context) == {}


def test_live_runs_and_days_leave_sandboxes_alone(context: Context) -> None:
    (report,) = run_bills(later(context, date(2027, 6, 1)), FR, "2027-06", by="cli")
    assert report.bills == 1
    turn_day(later(context, date(2027, 6, 1)))
    heads = rows(context, "SELECT name FROM chain_head WHERE scope = 'day'")
    assert [row.name for row in heads] == ["FR 2027-05-31"]
    assert show_test_clock(context, TRY_SUB).today == ON


def test_stopped_and_started_again_the_clock_goes_on(context: Context) -> None:
    def stop(_days: int) -> None:
        if today(context, TRY) == date(2027, 1, 1):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        advance_test_clock(context, TRY, date(2027, 3, 1), by="cli", progress=stop)
    assert today(context, TRY) == date(2027, 1, 1)
    set_test_clock(context, TRY, date(2027, 2, 1), by="cli")
    advance_test_clock(context, TRY, date(2027, 3, 1), by="cli")
    advance_test_clock(context, TRY, date(2027, 3, 1), by="cli")
    assert len([row for row in rows(context, BILLS) if row.account_id == TRY]) == 4
    assert failed(context) == {}


def test_what_a_clock_refuses(context: Context) -> None:
    for move in (advance_test_clock, set_test_clock):
        with pytest.raises(NotASandbox, match="is live"):
            move(context, PETIT, date(2027, 1, 1), by="cli")
        with pytest.raises(ClockBackwards):
            move(context, TRY, date(2026, 11, 22), by="cli")
        with pytest.raises(ClockTooFar):
            move(context, TRY, date(2046, 11, 22), by="cli")
        with pytest.raises(RoleForbids):
            move(context, TRY, date(2027, 1, 1), by=SAM)
    with pytest.raises(NotASandbox):
        show_test_clock(context, PETIT)
    assert rows(context, BILLS) == []

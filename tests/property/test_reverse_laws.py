"""Whatever was supplied: sums hold, VAT is deducted whole and once, and a set-off uses what there is."""

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from acquit.core.account import Account
from acquit.core.bill import Bill, Issuing
from acquit.core.debt import Allocation
from acquit.core.identifiers import AccountId, DebtId, LegalEntityId, OrderId
from acquit.core.journal import Chart, Role
from acquit.core.money import Currency, share_minor
from acquit.core.reverse_bill import (
    BadReverseLines,
    Parties,
    Supplied,
    issued_postings,
    paid_postings,
    reverse_bill,
    set_off,
    vat_of,
)
from acquit.core.self_billing import Agreement, Regime, series_for
from founding import ENTITY

EUR = Currency("EUR")
DAY = date(2026, 11, 23)
ACME = AccountId("ab12345-acq")
CHART: Chart = {role: f"{number:06d}" for number, role in enumerate(Role, 1)}
ACCOUNT = Account(ACME, LegalEntityId("FR"), ACME, EUR, datetime(2026, 1, 1, tzinfo=UTC))
AGREEMENT = Agreement(
    ACME, 1, LegalEntityId("FR"), "FR-reverse-bill-00001", "commissions", "M1", Regime.STANDARD, False, 15,
    30, True, DAY, None, DAY, "cli", DAY, "Alice",
)  # fmt: skip
LINES = st.lists(
    st.builds(
        Supplied, st.just(""), st.just("x"), st.integers(-10**7, 10**7).filter(bool),
        st.integers(0, 10**13), st.just(DAY), st.just(DAY), st.sampled_from([2_000, 1_000, 550, 210]),
    ),
    min_size=1, max_size=6,
)  # fmt: skip


def made(lines: list[Supplied], regime: Regime) -> Bill | None:
    """The bill of these lines, or none when they come to less than nothing."""
    issuing = Issuing(
        LegalEntityId("FR"), series_for(ENTITY, 1), None, DAY, datetime(2026, 11, 23, tzinfo=UTC), b""
    )
    try:
        return reverse_bill(
            ACCOUNT, replace(AGREEMENT, regime=regime), lines, 2_000, Parties(b"", b"", "FR"), issuing, 1,
            OrderId(1),
        )  # fmt: skip
    except BadReverseLines:
        return None


@given(LINES, st.sampled_from(Regime), st.booleans())
def test_a_bill_adds_up_and_its_entry_balances(
    lines: list[Supplied], regime: Regime, on_debits: bool
) -> None:
    bill = made(lines, regime)
    if bill is None:
        return
    assert sum(each.net_minor for each in bill.details) == bill.net_minor
    assert sum(each.net_minor for each in bill.taxes) == bill.net_minor
    assert all(each.tax_minor == share_minor(each.net_minor, each.vat_rate_bp) for each in bill.taxes)
    assert bill.total_minor == bill.net_minor + bill.tax_minor
    vat = vat_of(bill, regime, 2_000, on_debits=on_debits)
    there = issued_postings(CHART, bill, vat)
    back = issued_postings(CHART, bill, vat, -1)
    assert sum(each.amount_minor for each in there) == 0
    assert [each.amount_minor for each in there] == [-each.amount_minor for each in back]


@given(LINES, st.lists(st.integers(1, 10**9), max_size=5))
def test_vat_is_deducted_whole_and_once_however_it_is_paid(lines: list[Supplied], cuts: list[int]) -> None:
    bill = made(lines, Regime.STANDARD)
    if bill is None:
        return
    share = vat_of(bill, Regime.STANDARD, 2_000, on_debits=False).share(bill.total_minor)
    marks = sorted({0, *(cut % (bill.total_minor + 1) for cut in cuts), bill.total_minor})
    deducted = 0
    for before, after in itertools.pairwise(marks):
        moved = share.moved(before, after)
        postings = paid_postings(CHART, after - before, moved, EUR)
        assert sum(each.amount_minor for each in postings) == 0
        assert moved >= 0
        deducted += moved
    assert deducted == bill.tax_minor


@given(st.integers(0, 10**9), st.lists(st.integers(1, 10**8), max_size=8))
def test_a_set_off_uses_what_is_there_first_due_first(open_minor: int, debts: list[int]) -> None:
    owed = [Allocation(ACME, DebtId(number), minor) for number, minor in enumerate(debts)]
    parts = set_off(open_minor, owed)
    assert sum(each.amount_minor for each in parts) == min(open_minor, sum(debts))
    assert [each.debt_id for each in parts] == list(range(len(parts))), "none is passed over"
    assert all(part.amount_minor == debt for part, debt in zip(parts[:-1], debts, strict=False))

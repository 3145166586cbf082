"""Laws of down payments: nothing is deducted twice, below zero, or unpaid, and net and VAT are conserved."""

from dataclasses import replace
from datetime import date
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from acquit.core.bill import Draft, Sharing, draft
from acquit.core.charge import Charge
from acquit.core.down_payment import (
    DEDUCTED,
    DownPayment,
    Sums,
    deducted,
    deducted_minor,
    deductible_minor,
    named_in,
)
from acquit.core.gate import arithmetic_problems
from acquit.core.identifiers import AccountId, BillId, ServiceId
from acquit.core.journal import bill_postings
from acquit.core.money import Currency, share_minor
from acquit.core.tax import TaxCase, VatCategory
from acquit.core.terms import Term

EUR: Final = Currency("EUR")
ON: Final = date(2026, 11, 23)
WHO: Final = AccountId("ab12345-acq")
CHART: Final = {
    "receivable": "411", "revenue": "706", "vat_pending": "44574", "vat_collected": "44571",
    "down_payment": "4191",
}  # fmt: skip
CASES: Final = (
    TaxCase(VatCategory.STANDARD, 2000),
    TaxCase(VatCategory.STANDARD, 550),
    TaxCase(VatCategory.REVERSE_CHARGE, 0),
)


def bill_of(nets: list[int], case: TaxCase) -> Draft:
    """A draft of a service for each amount, above zero: one more service makes up for what is below."""
    charges = [
        Charge(
            ServiceId(number), "renewal", ON, ON, "a", f"s{number}", 10_000 if net >= 0 else -10_000,
            abs(net) * 1_000_000, EUR,
        )
        for number, net in enumerate([*nets, max(1 - sum(nets), 1)], 1)
    ]  # fmt: skip
    return draft(Sharing(WHO, WHO, "fr_FR", EUR, None, Term(30), None, b""), charges, case)


def waits(number: int, case: TaxCase, left: int, services: list[int]) -> DownPayment:
    """A down payment of which so much is left, for some services or for anything."""
    ids = tuple(ServiceId(each) for each in services)
    return DownPayment(
        WHO, BillId(f"FRAC{number}"), ON, EUR, case.category, case.rate_bp, left, number, ids, not ids
    )


cases = st.sampled_from(CASES)
drafts = st.builds(bill_of, st.lists(st.integers(-3_000, 20_000), max_size=4), cases)
waiting = st.lists(
    st.tuples(cases, st.integers(1, 50_000), st.lists(st.integers(1, 4), max_size=3)), max_size=4
).map(lambda told: [waits(number, *each) for number, each in enumerate(told, 1)])


@given(st.lists(drafts, min_size=1, max_size=4), waiting)
def test_no_bill_is_below_zero_and_no_down_payment_is_overdrawn(
    bills: list[Draft], left: list[DownPayment]
) -> None:
    less = deducted(bills, left)
    for before, after in zip(bills, less, strict=True):
        taken = deducted_minor(after.details)
        assert 0 <= after.net_minor == before.net_minor - taken
        assert after.tax_minor == share_minor(after.net_minor, after.case.rate_bp)
        assert arithmetic_problems(after) == []
        assert after.details[: len(before.details)] == before.details
        rates = {(line.vat_category, line.vat_rate_bp) for line in after.details}
        assert rates == {(before.case.category, before.case.rate_bp)}
        for each in left:
            mine = [line for line in after.details if line.kind == DEDUCTED and line.domain == each.bill_id]
            billed = sum(
                line.net_minor
                for line in before.details
                if each.is_for_account or line.service_id in each.services
            )
            assert -sum(line.net_minor for line in mine) <= max(billed, 0)
    for each in left:
        taken = sum(
            -line.net_minor for after in less for line in after.details if line.domain == each.bill_id
        )
        assert 0 <= taken <= each.left_minor
    parts = [line.part for after in less for line in after.details if line.kind == DEDUCTED]
    assert len(parts) == len(set(parts))


@given(st.lists(drafts, min_size=1, max_size=3), waiting)
def test_what_is_left_over_was_not_of_the_bill_or_nothing_was_left_of_it(
    bills: list[Draft], left: list[DownPayment]
) -> None:
    less = deducted(bills, left)
    for each in left:
        taken = sum(
            -line.net_minor for after in less for line in after.details if line.domain == each.bill_id
        )
        if taken == each.left_minor or not each.is_for_account:
            continue
        for after in less:
            if (after.case.category, after.case.rate_bp) == (each.vat_category, each.vat_rate_bp):
                assert after.net_minor == 0


@given(st.integers(1, 10**7), cases, st.lists(st.integers(1, 10**6), max_size=8), st.data())
def test_what_is_paid_in_parts_is_deducted_to_the_cent(
    net: int, case: TaxCase, payments: list[int], data: st.DataObject
) -> None:
    tax = share_minor(net, case.rate_bp)
    total, paid, taken = net + tax, 0, 0
    for each in payments:
        paid = min(paid + each, total)
        sums = Sums(net, tax, 0, 0, paid, taken)
        free = deductible_minor(sums)
        assert 0 <= free <= net - taken
        taken += data.draw(st.integers(0, free))
        assert deductible_minor(replace(sums, deducted_minor=taken)) == free - (taken - sums.deducted_minor)
    assert deductible_minor(Sums(net, tax, 0, 0, total, taken)) == net - taken


@given(st.integers(1, 10**7), st.integers(0, 100), st.integers(0, 10**7), cases, st.integers(0, 10**8))
def test_what_a_credit_note_took_is_never_deducted(
    net: int, percent: int, spent: int, case: TaxCase, paid: int
) -> None:
    tax, credited = share_minor(net, case.rate_bp), net * percent // 100
    back = share_minor(credited, case.rate_bp)
    taken = min(spent, net - credited)
    free = deductible_minor(Sums(net, tax, credited, back, min(paid, net + tax - credited - back), taken))
    assert 0 <= free <= net - credited - taken


@given(drafts, waiting, st.booleans())
def test_the_books_move_it_to_revenue_and_the_entry_balances(
    bill: Draft, left: list[DownPayment], on_debits: bool
) -> None:
    (after,) = deducted([bill], left)
    taken = deducted_minor(after.details)
    postings = bill_postings(CHART, after.net_minor, after.tax_minor, EUR, on_debits, -taken)
    assert sum(each.amount_minor for each in postings) == 0
    booked = {each.ledger: each.amount_minor for each in postings}
    assert booked["706"] == -bill.net_minor
    assert booked.get("4191", 0) == taken
    assert bool(named_in(after.details)) is (taken > 0)

"""Laws of discounts, minimum spends, credit and comparisons."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from acquit.core.charge import Charge
from acquit.core.comparison import Billed, Comparison, Line, Reason, Taxed, compare
from acquit.core.credit_balance import CreditLot, CreditType, in_order, pay
from acquit.core.discount import Discount, discounted
from acquit.core.identifiers import (
    AccountId,
    CreditMovementId,
    DiscountId,
    MinimumSpendId,
    ServiceId,
)
from acquit.core.minimum_spend import Counted, Interval, MinimumSpend, Whose, intervals, true_ups
from acquit.core.money import Currency, amount_minor

EUR = Currency("EUR")
ACME = AccountId("ab12345-acq")
START = date(2026, 1, 1)
DAYS = st.integers(0, 400).map(lambda days: START + timedelta(days=days))


def charge(service_id: int, kind: str, on: date, quantity_e4: int, price: int, part: str) -> Charge:
    return Charge(
        ServiceId(service_id), kind, on, on + timedelta(days=30), "what", "name", quantity_e4, price, EUR,
        part=part,
    )  # fmt: skip


CHARGES = st.lists(
    st.builds(
        charge, st.integers(0, 3), st.sampled_from(["renewal", "usage", "one-off", "adjustment"]), DAYS,
        st.integers(-20_000, 90_000), st.integers(0, 10**10), st.sampled_from(["", "gb"]),
    ),
    max_size=8, unique_by=lambda each: each.key,
)  # fmt: skip
DISCOUNTS = st.lists(
    st.builds(
        lambda number, share, amount, by_share, on, service_id: Discount(
            ACME, DiscountId(number), f"d{number}", on, EUR, None, share if by_share else None,
            None if by_share else amount, service_id,
        ),
        st.integers(1, 99), st.integers(1, 10_000), st.integers(1, 20_000), st.booleans(), DAYS,
        st.none() | st.integers(0, 3).map(ServiceId),
    ),
    max_size=4, unique_by=lambda each: each.discount_id,
)  # fmt: skip


@given(CHARGES, DISCOUNTS)
def test_no_line_falls_below_zero_and_the_charges_stay(
    charges: list[Charge], discounts: list[Discount]
) -> None:
    found = discounted(charges, discounts, {}, {})
    assert [each for each in found if each.kind != "discount"] == charges
    assert len({each.key for each in found}) == len(found), "a line is billed once"
    left = 0
    for each in found:
        left = left + each.net_minor if each.kind == "discount" else each.net_minor
        assert each.kind != "discount" or (each.net_minor < 0 and left >= 0)


@given(CHARGES, DISCOUNTS)
def test_an_amount_lets_off_no_more_than_it_is_over_any_number_of_runs(
    charges: list[Charge], discounts: list[Discount]
) -> None:
    given_minor: dict[DiscountId, int] = {}
    for each in charges:
        for line in discounted([each], discounts, {}, given_minor):
            if line.kind == "discount":
                number = DiscountId(int(line.part.partition(":")[0]))
                given_minor[number] = given_minor.get(number, 0) - line.net_minor
    for discount in discounts:
        if discount.amount_minor is not None:
            assert given_minor.get(discount.discount_id, 0) <= discount.amount_minor


MINIMUMS = st.builds(
    lambda amount, interval, on, end: MinimumSpend(
        ACME, MinimumSpendId(1), "least", amount, EUR, interval, Whose.ACCOUNT, on,
        None if end is None else on + timedelta(days=end),
    ),
    st.integers(1, 100_000), st.sampled_from(Interval), DAYS, st.none() | st.integers(1, 900),
)  # fmt: skip
COUNTED = st.lists(st.builds(Counted, DAYS, st.integers(-5_000, 50_000)), max_size=10)


@given(MINIMUMS, COUNTED, DAYS)
def test_after_what_is_missing_every_interval_reaches_the_minimum_and_none_is_made_up_twice(
    minimum: MinimumSpend, counted: list[Counted], until_on: date
) -> None:
    charges = true_ups(minimum, counted, frozenset(), until_on)
    for start, end in intervals(minimum, until_on):
        assert start <= end <= until_on
        assert minimum.end_on is None or end < minimum.end_on
        spent = sum(each.net_minor for each in counted if start <= each.starts_on <= end)
        made_up = sum(each.net_minor for each in charges if each.period_start == start)
        assert spent + made_up == max(spent, minimum.amount_minor)
    settled = frozenset(each.period_start for each in charges)
    assert true_ups(minimum, counted, settled, until_on) == []


LOTS = st.lists(
    st.builds(
        lambda number, kind, left, expires: CreditLot(
            ACME, CreditMovementId(number), "credit", kind, EUR, left, expires
        ),
        st.integers(1, 99), st.sampled_from(CreditType), st.integers(0, 5_000), st.none() | DAYS,
    ),
    max_size=6, unique_by=lambda each: each.movement_id,
)  # fmt: skip


@given(LOTS, st.lists(st.integers(1, 9_000), max_size=5), DAYS)
def test_credit_pays_what_it_can_and_no_cent_is_lost(
    lots: list[CreditLot], amounts: list[int], on: date
) -> None:
    left: Sequence[CreditLot] = lots
    usable = sum(lot.left_minor for lot in in_order(lots, on))
    paid = 0
    for amount in amounts:
        uses, left = pay(left, EUR, amount, on)
        assert sum(use.amount_minor for use in uses) <= amount
        paid += sum(use.amount_minor for use in uses)
    assert paid == min(usable, sum(amounts))
    assert sum(lot.left_minor for lot in left) == sum(lot.left_minor for lot in lots) - paid
    assert all(lot.left_minor >= 0 for lot in left)


def line(service_id: int, kind: str, quantity_e4: int, price: int, on: date, order: str | None) -> Line:
    net = amount_minor(quantity_e4, price, EUR)
    return Line(
        ServiceId(service_id), f"plan-{service_id}", kind, "", EUR, quantity_e4, price, net, on, order
    )


LINES = st.lists(
    st.builds(
        line, st.integers(0, 3), st.sampled_from(["renewal", "usage", "one-off", "discount"]),
        st.integers(-20_000, 90_000), st.integers(0, 10**10), DAYS, st.sampled_from([None, "PO-1", "PO-2"]),
    ),
    max_size=7,
)  # fmt: skip
BILLED = st.builds(
    lambda lines, rate_bp, waiting: Billed(
        lines,
        [Taxed(EUR, "S", rate_bp, sum(each.net_minor for each in lines), rate_bp * 7)] if lines else [],
        waiting,
    ),
    LINES, st.sampled_from([2000, 1960, 0]), st.sampled_from([None, Reason.ORDER, Reason.PARKED]),
)  # fmt: skip


def total(billed: Billed) -> int:
    return sum(each.net_minor for each in billed.lines) + sum(each.tax_minor for each in billed.taxes)


@given(BILLED, BILLED, DAYS)
def test_the_reasons_sum_to_the_difference(before: Billed, after: Billed, first_on: date) -> None:
    changes = compare(ACME, before, after, first_on)
    assert sum(each.amount_minor for each in changes) == total(after) - total(before)
    assert compare(ACME, after, after, START) == []


@given(st.lists(st.tuples(BILLED, BILLED), max_size=6), st.integers(1, 5))
def test_what_is_shown_and_the_rest_sum_to_the_difference(
    accounts: list[tuple[Billed, Billed]], rows_max: int
) -> None:
    comparison = Comparison("2026-02", "2026-01", rows_max)
    for number, (before, after) in enumerate(accounts):
        comparison.add(AccountId(f"ab{number:05d}-acq"), before, after, START)
    difference = sum(total(after) - total(before) for before, after in accounts)
    shown = sum(each.amount_minor for each in comparison.changes)
    assert len(comparison.changes) <= rows_max
    assert shown + comparison.rest_minor.get(EUR, 0) == difference
    assert sum(comparison.by_reason.get(EUR, {}).values()) == difference
    assert sum(sum(each.values()) for each in comparison.by_plan.get(EUR, {}).values()) == difference


def test_a_price_and_a_quantity_that_change_together_are_told_apart() -> None:
    was = line(1, "renewal", 10_000, 1_000_000_000, START, None)
    now = replace(
        was, quantity_e4=30_000, unit_price_ucents=1_200_000_000, net_minor=3600, order_reference="PO-1"
    )
    changes = compare(ACME, Billed([was]), Billed([now]), START)
    assert [(each.reason, each.amount_minor, each.moved_minor) for each in changes] == [
        (Reason.PRICE, 200, 0), (Reason.QUANTITY, 2400, 0), (Reason.ORDER, 0, 3600),
    ]  # fmt: skip

"""Points are neither lost nor made: what is taken of lots and what is left of them is what was."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquit.core.identifiers import AccountId, BillId, LegalEntityId
from acquit.core.money import Currency
from acquit.core.point import (
    CountedBill,
    NotEnoughPoints,
    OwedPoints,
    PointsKind,
    PointsLot,
    PointsUse,
    Programme,
    lapsed,
    paying,
    repaid,
    taken_back,
    usable,
    used,
)

EUR = Currency("EUR")
ON = date(2026, 11, 23)
ACCOUNT, BILL = AccountId("ab12345-acq"), BillId("FR1")
LOTS = st.lists(
    st.builds(
        lambda kind, left, worth, used_bp, days, own: PointsLot(
            0, kind, left, EUR, worth, used_bp, None if days is None else ON + timedelta(days=days),
            (ACCOUNT, BILL) if own else None,
        ),
        st.sampled_from([PointsKind.EARNED, PointsKind.GIVEN, PointsKind.BOUGHT]),
        st.integers(0, 10**6), st.integers(1, 10**6), st.integers(1, 10_000),
        st.none() | st.integers(-30, 30), st.booleans(),
    ),
    max_size=8,
).map(lambda lots: [replace(lot, lot_id=number) for number, lot in enumerate(lots, 1)])  # fmt: skip
COUNTS = st.integers(1, 10**7)


def after(lots: list[PointsLot], uses: list[PointsUse]) -> list[PointsLot]:
    """The lots once these uses are taken; no lot is used twice or beyond what is left."""
    taken = {use.lot.lot_id: use.points for use in uses}
    assert len(taken) == len(uses)
    left = [replace(lot, left=lot.left - taken.get(lot.lot_id, 0)) for lot in lots]
    assert all(lot.left >= 0 for lot in left)
    assert sum(lot.left for lot in lots) == sum(lot.left for lot in left) + sum(use.points for use in uses)
    return left


@given(LOTS, COUNTS)
def test_what_is_used_is_what_lapses_first(lots: list[PointsLot], wanted: int) -> None:
    there = usable(lots, ON)
    if wanted > sum(lot.left for lot in there):
        with pytest.raises(NotEnoughPoints):
            used(lots, wanted, ON)
        return
    uses = used(lots, wanted, ON)
    left = after(lots, uses)
    assert sum(use.points for use in uses) == wanted
    whole = [use.lot.lot_id for use in uses]
    assert whole == [lot.lot_id for lot in there][: len(whole)], "in the order in which they lapse"
    assert not any(lot.left for lot in left if lot.lot_id in whole[:-1]), "the first ones whole"


@given(LOTS, st.integers(1, 10**12))
def test_an_order_is_paid_with_as_few_points_as_are_worth_it(lots: list[PointsLot], amount: int) -> None:
    there = sum(lot.left * lot.worth_minor for lot in usable(lots, ON))
    if amount > there:
        with pytest.raises(NotEnoughPoints):
            paying(lots, amount, ON)
        return
    uses = paying(lots, amount, ON)
    after(lots, uses)
    worth = sum(use.worth_minor for use in uses)
    assert amount <= worth < amount + uses[-1].lot.worth_minor


@given(LOTS, COUNTS)
def test_taking_back_takes_what_is_there_and_nothing_that_was_bought(
    lots: list[PointsLot], wanted: int
) -> None:
    uses = taken_back(lots, (ACCOUNT, BILL), wanted, ON)
    left = after(lots, uses)
    there = [lot for lot in usable(lots, ON) if lot.kind is not PointsKind.BOUGHT]
    assert sum(use.points for use in uses) == min(wanted, sum(lot.left for lot in there))
    assert not any(use.lot.kind is PointsKind.BOUGHT for use in uses)
    own = sum(lot.left for lot in left if lot in there and lot.bill is not None)
    others = [use for use in uses if use.lot.bill is None]
    assert not (others and own), "the bill's own first"


@given(LOTS, st.integers(-40, 40))
def test_what_lapses_lapses_whole_and_what_does_not_stays(lots: list[PointsLot], days: int) -> None:
    on = ON + timedelta(days=days)
    left = after(lots, lapsed(lots, on))
    assert sum(lot.left for lot in left) == sum(lot.left for lot in usable(lots, on))
    assert lapsed(left, on) == []


@given(LOTS, st.lists(st.integers(1, 10**5), max_size=12))
def test_what_the_books_owe_comes_to_nothing_with_the_last_point(
    lots: list[PointsLot], parts: list[int]
) -> None:
    for lot in lots:
        moved, left = 0, lot.left
        for part in (*parts, lot.left):
            before = replace(lot, left=left).owed_minor
            left -= min(part, left)
            moved += before - replace(lot, left=left).owed_minor
        assert (moved, left) == (lot.owed_minor, 0)
        assert 0 <= lot.owed_minor <= lot.left * lot.worth_minor


@given(st.lists(st.integers(1, 1_000), max_size=6), st.integers(0, 5_000))
def test_new_points_make_good_the_oldest_that_are_owed(owed: list[int], gained: int) -> None:
    owing = [OwedPoints(ACCOUNT, BillId(f"FR{number}"), each) for number, each in enumerate(owed)]
    parts = repaid(owing, gained)
    assert sum(part.points for part in parts) == min(gained, sum(owed))
    assert [part.bill_id for part in parts] == [each.bill_id for each in owing][: len(parts)]
    assert all(part.points == each.points for part, each in zip(parts[:-1], owing, strict=False))


@given(
    st.integers(0, 100), st.integers(100, 10_000), st.integers(-10**9, 10**9), st.integers(0, 10**9),
    st.integers(-1_000, 10**9), st.integers(0, 10),
)  # fmt: skip
def test_a_bill_earns_no_more_than_what_was_paid_of_it(
    points: int, per: int, counting: int, owed: int, money: int, still_open: int
) -> None:
    programme = Programme(LegalEntityId("FR"), EUR, ON, points, per, 1)
    money = min(money, owed)
    bill = CountedBill(
        ACCOUNT, BILL, 1, programme, min(counting, owed), owed, max(money, 0), still_open, 0, 0
    )
    assert 0 <= bill.target <= points * max(money, 0) // per
    assert bill.target == 0 or not still_open
    assert replace(bill, moved=bill.target + 3, owed=3).missing == 0

"""The days of a period share its price: however it is cut, the parts add up; forth and back cancels out."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from acquit.core.agreement import Agreement, amended, cost_minor, in_force, period_of
from acquit.core.identifiers import CatalogueId
from acquit.core.money import Currency
from acquit.core.service import months_after

DAYS = st.dates(date(2000, 1, 1), date(2060, 12, 31))


@st.composite
def agreements(draw: st.DrawFn) -> Agreement:
    anchor_on = draw(DAYS)
    return Agreement(
        1, anchor_on, CatalogueId(1), "metal-s", "default", "Metal S",
        draw(st.integers(1, 50)) * 10_000, draw(st.integers(0, 10**13)),
        draw(st.sampled_from([Currency("EUR"), Currency("JPY"), Currency("TND")])),
        draw(st.sampled_from([1, 2, 3, 6, 12, 24])), anchor_on.day, anchor_on, "sold",
    )  # fmt: skip


def period(agreement: Agreement, turn: int) -> tuple[date, date]:
    months, day = agreement.renewal_months, agreement.anniversary_day
    return (
        months_after(agreement.anchor_on, turn * months, day),
        months_after(agreement.anchor_on, (turn + 1) * months, day),
    )


@given(agreements(), st.integers(-12, 12), st.lists(st.floats(0, 1), max_size=6))
def test_the_parts_of_a_period_add_up_to_the_period(
    agreement: Agreement, turn: int, cuts: list[float]
) -> None:
    first, after = period(agreement, turn)
    marks = [first + timedelta(days=int((after - first).days * cut)) for cut in sorted(cuts)]
    parts = [cost_minor([agreement], *days) for days in pairwise([first, *marks, after])]
    assert sum(parts) == agreement.net_minor
    assert all(part >= 0 for part in parts)


@given(agreements(), st.integers(-400, 400))
def test_every_day_lies_in_one_period(agreement: Agreement, days: int) -> None:
    on = agreement.anchor_on + timedelta(days=days)
    first, after = period_of(agreement, on)
    assert first <= on < after
    assert period_of(agreement, first)[0] == first
    assert period_of(agreement, after)[0] == after


@given(agreements(), st.integers(1, 10**13), st.integers(0, 700), st.integers(0, 700), st.integers(0, 900))
def test_a_change_forth_and_back_cancels_out(
    agreement: Agreement, price: int, before: int, there: int, length: int
) -> None:
    """What is charged and given back for the rest at each change makes exactly what each day cost."""
    first = agreement.anchor_on
    until = first + timedelta(days=length)
    on = min(first + timedelta(days=before), until)
    back = min(on + timedelta(days=there), until)
    history = [agreement]
    dearer = [*history, *amended(history, on, lambda each: replace(each, unit_price_ucents=price))]
    again = [
        *dearer,
        *amended(dearer, back, lambda each: replace(each, unit_price_ucents=agreement.unit_price_ucents)),
    ]
    paid = cost_minor(history, first, until)
    paid += cost_minor(dearer, on, until) - cost_minor(history, on, until)
    paid += cost_minor(again, back, until) - cost_minor(dearer, back, until)
    assert paid == cost_minor(again, first, until)
    if back == on:
        assert paid == cost_minor(history, first, until)


@given(agreements(), st.lists(st.integers(0, 500), min_size=1, max_size=5), st.integers(0, 500))
def test_of_two_agreements_of_one_day_the_later_holds(
    agreement: Agreement, changes: list[int], asked: int
) -> None:
    history = [agreement]
    for number, days in enumerate(changes):
        on = agreement.from_on + timedelta(days=days)
        history += amended(history, on, lambda each, to=number: replace(each, unit_price_ucents=to))  # type: ignore[misc]
    last = agreement.from_on + timedelta(days=max(asked, max(changes)))
    assert in_force(history, last).unit_price_ucents == len(changes) - 1
    assert [each.agreement_no for each in history] == list(range(1, len(history) + 1))

"""Entries in another currency are carried at what they came in at: what is settled leaves nothing."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from acquit.core.exchange_difference import Leg, Position, translated, unrealised
from acquit.core.exchange_rate import ExchangeRates
from acquit.core.money import Currency

EUR, USD = Currency("EUR"), Currency("USD")
FIRST = date(2026, 1, 1)
RATES = st.lists(st.integers(50_000_000, 200_000_000), min_size=3, max_size=12)
KEY = ("411", "bill", USD)


def rated(per_euro: list[int]) -> ExchangeRates:
    """A rate for each day from the first."""
    return ExchangeRates({"USD": tuple((FIRST + timedelta(n), rate) for n, rate in enumerate(per_euro))})


@given(RATES, st.integers(1, 10**9), st.data())
def test_a_debt_that_is_paid_in_parts_leaves_nothing_and_the_gain_is_what_the_rates_made(
    per_euro: list[int], total_minor: int, data: st.DataObject
) -> None:
    rates = rated(per_euro)
    billed = translated(
        [Leg("411", "bill", total_minor), Leg("706", None, -total_minor)],
        USD, EUR, FIRST, "bill", {}, rates,
    )  # fmt: skip
    assert sum(billed.local_minor) == billed.gain_minor == 0
    held, received, gained, left = dict(billed.held), 0, 0, total_minor
    for day in range(1, len(per_euro)):
        paid = left if day == len(per_euro) - 1 else data.draw(st.integers(0, left))
        left -= paid
        on = FIRST + timedelta(day)
        if not paid:
            continue
        told = translated(
            [Leg("512", None, paid), Leg("411", "bill", -paid)], USD, EUR, on, "settlement", held, rates
        )
        assert sum(told.local_minor) == told.gain_minor
        assert told.local_minor[0] == rates.converted_minor(paid, USD, EUR, on)
        held |= told.held
        received, gained = received + told.local_minor[0], gained + told.gain_minor
    assert held[KEY] == Position()
    assert received - gained == billed.local_minor[0]


@given(RATES, st.integers(1, 10**9), st.integers(1, 10**9))
def test_a_credit_note_takes_back_income_at_the_value_of_the_bill_and_more_than_is_owed_goes_on_at_its_day(
    per_euro: list[int], total_minor: int, credited_minor: int
) -> None:
    rates, last = rated(per_euro), FIRST + timedelta(len(per_euro) - 1)
    legs = [Leg("411", "bill", total_minor), Leg("706", None, -total_minor)]
    billed = translated(legs, USD, EUR, FIRST, "bill", {}, rates)
    back = [Leg("411", "bill", -credited_minor), Leg("706", None, credited_minor)]
    told = translated(back, USD, EUR, last, "credit-note", billed.held, rates)
    assert told.gain_minor == sum(told.local_minor) == 0
    position = told.held[KEY]
    assert position.amount_minor == total_minor - credited_minor
    if credited_minor <= total_minor:
        assert abs(told.local_minor[0] * total_minor + billed.local_minor[0] * credited_minor) <= total_minor
    now = rates.converted_minor(position.amount_minor, USD, EUR, last)
    assert position.local_minor + unrealised(position, USD, EUR, last, rates) == now

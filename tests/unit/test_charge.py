"""Charges and renewals, as a bookkeeper would check them."""

from datetime import date

import pytest

from acquit.core.charge import Charge, Renewing, category_of, gathers_usage, next_start, renewals
from acquit.core.identifiers import ServiceId
from acquit.core.money import Currency

EUR = Currency("EUR")


def charge(kind: str = "usage", category: str = "purchase", quantity_e4: int = 10_000) -> Charge:
    day = date(2026, 11, 1)
    return Charge(ServiceId(1), kind, day, day, "x", "srv", quantity_e4, 150_000_000, EUR, category)


def service(next_on: date, months: int, day: int, ends_on: date | None = None) -> Renewing:
    return Renewing(ServiceId(7), "Server", "srv", 20_000, 500, EUR, months, day, next_on, None, ends_on)


@pytest.mark.parametrize(
    ("start", "months", "day", "following"),
    [
        (date(2026, 1, 31), 1, 31, date(2026, 2, 28)),
        (date(2026, 2, 28), 1, 31, date(2026, 3, 31)),
        (date(2028, 1, 30), 1, 30, date(2028, 2, 29)),
        (date(2026, 12, 15), 1, 15, date(2027, 1, 15)),
        (date(2024, 2, 29), 12, 29, date(2025, 2, 28)),
        (date(2027, 2, 28), 12, 29, date(2028, 2, 29)),
    ],
)
def test_the_next_period_starts_on_the_anniversary(
    start: date, months: int, day: int, following: date
) -> None:
    assert next_start(start, months, day) == following


def test_a_monthly_service_renews_exactly_once_in_a_month() -> None:
    charges, following = renewals(service(date(2026, 11, 30), 1, 31), date(2026, 11, 30))
    assert [(each.period_start, each.period_end) for each in charges] == [
        (date(2026, 11, 30), date(2026, 12, 30))
    ]
    assert following == date(2026, 12, 31)
    assert (charges[0].kind, charges[0].category, charges[0].quantity_e4) == ("renewal", "autorenew", 20_000)


def test_what_starts_later_is_not_renewed_and_what_was_left_over_is() -> None:
    assert renewals(service(date(2026, 12, 1), 1, 1), date(2026, 11, 30)) == ([], date(2026, 12, 1))
    charges, following = renewals(service(date(2026, 9, 1), 1, 1), date(2026, 11, 30))
    assert len(charges) == 3
    assert following == date(2026, 12, 1)


def test_no_renewal_starts_once_the_service_is_gone() -> None:
    charges, following = renewals(service(date(2026, 9, 1), 1, 1, date(2026, 10, 1)), date(2026, 11, 30))
    assert [each.period_start for each in charges] == [date(2026, 9, 1)]
    assert following == date(2026, 10, 1)


def test_a_charge_is_rounded_once() -> None:
    assert charge(quantity_e4=-3_333).net_minor == -50
    assert charge(quantity_e4=3_333).net_minor == 50


def test_a_renewal_decides_the_category_of_a_bill() -> None:
    assert category_of([charge(), charge("renewal", "autorenew")]) == "autorenew"
    assert category_of([charge(category="purchase-web"), charge()]) == "purchase-web"


def test_what_is_billed_once_has_a_key() -> None:
    assert charge().key == (1, "usage", "", date(2026, 11, 1))


def test_usage_is_told_apart() -> None:
    assert gathers_usage(charge("usage"))
    assert not gathers_usage(charge("renewal"))

"""Services renew on their anniversary, end when it was agreed, and permanently under enterprise payment."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from acquit.core.identifiers import AccountId, CatalogueId, ServiceId
from acquit.core.money import Currency
from acquit.core.service import (
    Ending,
    PeriodNotOffered,
    Renewal,
    RenewalIsPermanent,
    RenewalType,
    Service,
    ServiceEnded,
    State,
    Status,
    StillEngaged,
    anniversary,
    last_day,
    months_after,
    permanent,
    renewals,
    renewed,
    terminated,
    with_renewal,
)


def given(**changed: Any) -> Service:
    """A server rented by the month since the last day of January 2026."""
    service = Service(
        account_id=AccountId("ab12345-acq"),
        service_id=ServiceId(10000),
        resource_name="srv-1.example",
        display_name="srv-1.example",
        route="/dedicated/server",
        catalogue_id=CatalogueId(1),
        plan_code="metal-s",
        pricing_mode="default",
        description="Metal S",
        quantity_e4=10_000,
        unit_price_ucents=8_900_000_000,
        currency=Currency("EUR"),
        renewal_months=1,
        anniversary_day=31,
        started_on=date(2026, 1, 31),
        next_renewal_on=date(2026, 1, 31),
    )
    return replace(service, **changed)


@pytest.mark.parametrize(
    ("start", "months", "day", "expected"),
    [
        ("2026-01-31", 1, 31, "2026-02-28"),
        ("2026-02-28", 1, 31, "2026-03-31"),
        ("2028-01-31", 1, 31, "2028-02-29"),
        ("2028-01-30", 1, 30, "2028-02-29"),
        ("2028-02-29", 1, 30, "2028-03-30"),
        ("2028-02-29", 12, 29, "2029-02-28"),
        ("2029-02-28", 36, 29, "2032-02-29"),
        ("2026-12-15", 1, 15, "2027-01-15"),
        ("2026-11-30", 3, 30, "2027-02-28"),
        ("2026-01-31", -2, 31, "2025-11-30"),
    ],
)
def test_an_anniversary_falls_on_its_day_or_on_the_last_of_a_shorter_month(
    start: str, months: int, day: int, expected: str
) -> None:
    assert months_after(date.fromisoformat(start), months, day) == date.fromisoformat(expected)


def test_a_period_ends_on_the_day_before_the_next() -> None:
    assert last_day(date(2026, 1, 31), 1, 31) == date(2026, 2, 27)
    assert anniversary(2026, 4, 31) == date(2026, 4, 30)


def test_renewals_are_the_periods_not_yet_taken() -> None:
    assert list(renewals(given(), date(2026, 4, 1))) == [
        (date(2026, 1, 31), date(2026, 2, 27)),
        (date(2026, 2, 28), date(2026, 3, 30)),
        (date(2026, 3, 31), date(2026, 4, 29)),
    ]
    assert list(renewals(given(), date(2026, 1, 31))) == []


@pytest.mark.parametrize(
    ("renewal", "renews", "kind"),
    [
        (Renewal(), True, RenewalType.AUTOMATIC),
        (Renewal(automatic=False), False, RenewalType.MANUAL),
        (Renewal(delete_at_expiration=True), False, RenewalType.AUTOMATIC),
        (Renewal(forced=True), True, RenewalType.PERMANENT),
        (Renewal(automatic=False, forced=True, delete_at_expiration=True), True, RenewalType.PERMANENT),
    ],
)
def test_who_decides_that_a_service_renews(renewal: Renewal, renews: bool, kind: RenewalType) -> None:
    service = given(renewal=renewal)
    assert service.renews is renews
    assert service.renewal_type is kind


def test_an_option_follows_its_parent() -> None:
    assert given(parent_service_id=ServiceId(1)).renewal_type is RenewalType.WITH_PARENT


@pytest.mark.parametrize(
    ("changed", "on", "expected"),
    [
        ({}, date(2026, 1, 30), Status.RUNNING),
        ({}, date(2026, 1, 31), Status.RENEWING),
        ({"renewal": Renewal(automatic=False)}, date(2026, 1, 31), Status.EXPIRED),
        ({"state": State.SUSPENDED}, date(2026, 1, 1), Status.SUSPENDED),
        ({"state": State.TERMINATED}, date(2026, 1, 1), Status.TERMINATED),
        ({"terminated_on": date(2026, 1, 20)}, date(2026, 1, 19), Status.RUNNING),
        ({"terminated_on": date(2026, 1, 20)}, date(2026, 1, 20), Status.TERMINATED),
    ],
)
def test_how_a_service_stands(changed: dict[str, Any], on: date, expected: Status) -> None:
    assert given(**changed).status(on) is expected


def test_renewal_is_switched_off_and_on() -> None:
    off = with_renewal(given(), automatic=False)
    assert not off.renews
    assert with_renewal(off, automatic=True, months=1) == given()
    assert with_renewal(given(), delete_at_expiration=True).renewal.delete_at_expiration


@pytest.mark.parametrize("asked", [{"automatic": False}, {"delete_at_expiration": True}])
def test_a_permanent_renewal_cannot_be_switched_off(asked: dict[str, bool]) -> None:
    service = permanent(given(renewal=Renewal(automatic=False, delete_at_expiration=True)))
    assert service.renewal == Renewal(automatic=True, forced=True)
    with pytest.raises(RenewalIsPermanent, match="enterprise payment"):
        with_renewal(service, **asked)
    assert with_renewal(service, automatic=True, delete_at_expiration=False) == service


def test_another_period_is_another_price() -> None:
    with pytest.raises(PeriodNotOffered, match="every 1 months"):
        with_renewal(given(), months=12)


def test_what_is_over_does_not_change() -> None:
    ended = given(state=State.TERMINATED, terminated_on=date(2026, 2, 1))
    with pytest.raises(ServiceEnded, match="2026-02-01"):
        with_renewal(ended, automatic=True)
    with pytest.raises(ServiceEnded):
        terminated(ended, Ending.NOW, date(2026, 3, 1))


def test_a_service_ends_now() -> None:
    ended = terminated(given(), Ending.NOW, date(2026, 2, 10))
    assert ended.state is State.TERMINATED
    assert ended.terminated_on == date(2026, 2, 10)
    assert not ended.renews


def test_a_service_ends_with_its_running_period_even_if_permanent() -> None:
    running = permanent(renewed(given()))
    ending = terminated(running, Ending.AT_RENEWAL, date(2026, 2, 10))
    assert ending.terminated_on == date(2026, 2, 28)
    assert ending.state is State.ACTIVE
    assert list(renewals(ending, date(2027, 1, 1))) == []


def test_an_engagement_is_kept() -> None:
    engaged = renewed(given(engaged_until_on=date(2026, 4, 30)))
    for ending in (Ending.NOW, Ending.AT_RENEWAL):
        with pytest.raises(StillEngaged, match="2026-04-30"):
            terminated(engaged, ending, date(2026, 2, 10))
    ending_later = terminated(engaged, Ending.AT_ENGAGEMENT, date(2026, 2, 10))
    assert ending_later.terminated_on == date(2026, 4, 30)
    assert len(list(renewals(ending_later, date(2027, 1, 1)))) == 2
    assert terminated(given(), Ending.AT_ENGAGEMENT, date(2026, 2, 1)).terminated_on == date(2026, 1, 31)
    assert terminated(engaged, Ending.NOW, date(2026, 4, 30)).state is State.TERMINATED

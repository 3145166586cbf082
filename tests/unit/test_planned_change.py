"""Renewals take what was planned: prices, ends of promotions and engagements, another day."""

from dataclasses import dataclass, replace
from datetime import date

import pytest

from acquit.core.catalogue import EndAction
from acquit.core.identifiers import AccountId, CatalogueId, ServiceId
from acquit.core.money import Currency
from acquit.core.planned_change import (
    Binding,
    ChangeKind,
    Fallback,
    Planned,
    PlannedChange,
    engagement_end,
    renewal_day,
    renewals,
    takes_effect_on,
)
from acquit.core.service import Service

ONE = ServiceId(1)


def service(started_on: date = date(2026, 1, 10), **changed: object) -> Service:
    plain = Service(
        AccountId("ab12345-acq"), ONE, "srv", "srv", "/vps", CatalogueId(1), "vps", "degressivity12", "VPS",
        10_000, 10_00000000, Currency("EUR"), 1, started_on.day, started_on, started_on,
    )  # fmt: skip
    return replace(plain, **changed)  # type: ignore[arg-type]


def price(number: int, on: date, euros: int) -> PlannedChange:
    return PlannedChange(ONE, number, ChangeKind.PRICE, on, "price", unit_price_ucents=euros * 100_000_000)


def plan(number: int, on: date, months: int) -> PlannedChange:
    return PlannedChange(
        ONE, number, ChangeKind.PLAN, on, "by the year", pricing_mode="upfront", renewal_months=months,
        unit_price_ucents=100_00000000,
    )  # fmt: skip


def engaged(until: date, end_action: EndAction, months: int = 12) -> PlannedChange:
    binding = Binding(months, end_action, Fallback("default", 1, 14_00000000))
    return replace(engagement_end(ONE, until, binding), change_no=1)


@dataclass(frozen=True)
class Row:
    """A service from 10 January 2026 at 10.00, what waits, and what each period costs, in cents."""

    name: str
    changes: tuple[PlannedChange, ...]
    until: date
    starts: str
    engaged_until: date | None = None


TABLE = [
    Row("nothing waits", (), date(2026, 3, 10), "01-10 1000, 02-10 1000, 03-10 1000"),
    Row("a price from a renewal day", (price(2, date(2026, 2, 10), 12),), date(2026, 3, 31),
        "01-10 1000, 02-10 1200, 03-10 1200"),
    Row("a price from the middle of a period", (price(2, date(2026, 2, 11), 12),), date(2026, 3, 31),
        "01-10 1000, 02-10 1000, 03-10 1200"),
    Row("two prices", (price(2, date(2026, 2, 1), 12), price(3, date(2026, 3, 1), 13)), date(2026, 3, 31),
        "01-10 1000, 02-10 1200, 03-10 1300"),
    Row("a price waits for the end of the engagement", (price(2, date(2026, 2, 1), 12),), date(2026, 4, 10),
        "01-10 1000, 02-10 1000, 03-10 1000, 04-10 1200", date(2026, 4, 1)),
    Row("the engagement ends, the default price follows",
        (engaged(date(2026, 3, 10), EndAction.DEFAULT_PRICE),), date(2026, 4, 9),
        "01-10 1000, 02-10 1000, 03-10 1400", date(2026, 3, 10)),
    Row("the engagement ends, the price stays", (engaged(date(2026, 2, 10), EndAction.KEEP_PRICE),),
        date(2026, 3, 9), "01-10 1000, 02-10 1000", date(2026, 2, 10)),
    Row("an announced price comes after the default price",
        (engaged(date(2026, 2, 10), EndAction.DEFAULT_PRICE), price(2, date(2026, 1, 20), 12)),
        date(2026, 2, 28), "01-10 1000, 02-10 1200", date(2026, 2, 10)),
    Row("the engagement ends the service", (engaged(date(2026, 2, 10), EndAction.CANCEL),),
        date(2026, 5, 1), "01-10 1000", date(2026, 2, 10)),
    Row("begun anew, an announced price comes between the two engagements",
        (engaged(date(2026, 2, 10), EndAction.REACTIVATE, 2), price(2, date(2026, 2, 1), 12),
         price(3, date(2026, 2, 20), 13)),
        date(2026, 4, 30), "01-10 1000, 02-10 1200, 03-10 1200, 04-10 1300", date(2026, 2, 10)),
    Row("the end of a promotion",
        (PlannedChange(ONE, 1, ChangeKind.PROMOTION_END, date(2026, 2, 10), "ends",
                       unit_price_ucents=20_00000000),),
        date(2026, 2, 28), "01-10 1000, 02-10 2000"),
    Row("another day of the month, the first period by its days",
        (renewal_day(ONE, date(2026, 2, 1), 1),), date(2026, 4, 1),
        "01-10 1000, 02-10 679, 03-01 1000, 04-01 1000"),
    Row("from a month to a year", (plan(2, date(2026, 2, 10), 12),), date(2027, 2, 10),
        "01-10 1000, 02-10 10000, 02-10 10000"),
]  # fmt: skip


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_what_each_renewal_costs(row: Row) -> None:
    given = Planned(service(engaged_until_on=row.engaged_until), (), row.changes)
    found = renewals(given, row.until)
    told = [f"{each.period_start:%m-%d} {each.net_minor}" for each in found.charges]
    assert ", ".join(told) == row.starts
    periods = [(each.period_start, each.period_end) for each in found.charges]
    assert [start for start, _ in periods[1:]] == [
        date.fromordinal(end.toordinal() + 1) for _, end in periods[:-1]
    ]


def test_an_engagement_that_begins_anew_ends_again() -> None:
    change = engaged(date(2026, 3, 10), EndAction.REACTIVATE, 3)
    found = renewals(Planned(service(engaged_until_on=date(2026, 3, 10)), (), (change,)), date(2026, 3, 31))
    assert found.service.engaged_until_on == date(2026, 6, 10)
    assert [(each.change_no, each.not_before_on) for each in found.left] == [(0, date(2026, 6, 10))]
    assert found.taken[0].agreement.unit_price_ucents == 10_00000000


def test_another_plan_has_its_own_engagement() -> None:
    """At the end of the old one nothing begins anew; in the middle the running one goes on."""
    end = date(2026, 3, 10)
    bound = replace(plan(2, end, 1), pricing_mode="degressivity12", binding=Binding(6, EndAction.KEEP_PRICE))
    given = Planned(service(engaged_until_on=end), (), (engaged(end, EndAction.REACTIVATE), bound))
    at_end = renewals(given, end)
    assert (at_end.service.engaged_until_on, at_end.dropped) == (date(2026, 9, 10), (1,))
    assert [each.not_before_on for each in at_end.left] == [date(2026, 9, 10)]
    earlier = replace(bound, not_before_on=date(2026, 2, 10))
    middle = renewals(replace(given, changes=(given.changes[0], earlier)), date(2026, 2, 10))
    assert (middle.service.engaged_until_on, middle.dropped) == (end, (1,))
    unbound = renewals(replace(given, changes=(given.changes[0], plan(2, end, 1))), end)
    assert (unbound.service.engaged_until_on, unbound.left) == (None, ())


def test_what_is_taken_is_agreed() -> None:
    changes = (price(2, date(2026, 2, 1), 12), renewal_day(ONE, date(2026, 2, 1), 1))
    found = renewals(Planned(service(), (), changes), date(2026, 2, 10))
    first, second = [taken.agreement for taken in found.taken]
    assert (first.from_on, first.agreement_no, first.anniversary_day) == (date(2026, 2, 10), 2, 1)
    assert first.anchor_on == date(2026, 3, 1)
    assert (second.agreement_no, second.unit_price_ucents, second.change_no) == (3, 12_00000000, 2)
    assert found.service.next_renewal_on == date(2026, 3, 1)


def test_the_31st_comes_back_after_a_short_month() -> None:
    found = renewals(Planned(service(), (), (renewal_day(ONE, date(2026, 1, 10), 31),)), date(2026, 4, 1))
    assert [each.period_start.isoformat() for each in found.charges] == [
        "2026-01-10", "2026-01-31", "2026-02-28", "2026-03-31",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("on", "engaged_until", "effect"),
    [
        (date(2026, 1, 10), None, date(2026, 1, 10)),
        (date(2026, 1, 11), None, date(2026, 2, 10)),
        (date(2026, 1, 11), date(2026, 3, 1), date(2026, 3, 10)),
    ],
)
def test_when_a_price_takes_effect(on: date, engaged_until: date | None, effect: date) -> None:
    assert takes_effect_on(price(1, on, 12), service(engaged_until_on=engaged_until)) == effect

"""Savings plans: committed use is billed whether used or not, to the cent, day by day."""

from datetime import date
from typing import Any

import pytest

from acquit.actions.context import Context
from acquit.actions.explain_bill import explain_bill
from acquit.actions.import_meters import MetersRefused, import_meters
from acquit.actions.replay_run import replay_run
from acquit.actions.savings_plans import (
    WantedPlan,
    cancel_savings,
    grow_savings,
    rename_savings,
    set_period_end,
    subscribe_savings,
)
from acquit.actions.show_usage import current_uses
from acquit.actions.terminate_service import terminate_service
from acquit.core.explanation_text import told
from acquit.core.identifiers import BillId, ServiceId
from acquit.core.meter import AlreadyDefined
from acquit.core.savings_plan import (
    BadPlanName,
    BadSize,
    NoSuchOffer,
    NoSuchSavingsPlan,
    OfferNotForService,
    PeriodEnd,
    PlanStatus,
    SavingsPlanEnded,
    SavingsPlanRuns,
    SizeShrinks,
    SizeStays,
    StartsInThePast,
    StartsTooLate,
)
from acquit.core.service import Ending
from acquit.store import accounts, savings_plans
from acquit.store.transaction import Database
from billed import bill, failed, family, later, rows, seller, subscribe
from founding import FR, PETIT, SHOP
from metering import event, measure, send

HOURS = """
[[meter]]
code = "hours"
unit = "HUR"
from = 2026-01-01
description = { fr = "Instances", en = "Instances" }
[[price]]
meter = "hours"
from = 2026-01-01
price = "0.10"
[[savings]]
offer = "small-3m"
meter = "hours"
flavor = "small"
product = "instance"
months = 3
per_day = 24
price = "0.06"
from = 2026-01-01
until = 2027-06-30
"""
ME = f"account:{PETIT}"
LINES = """
    SELECT part, description, quantity_e4, net_minor
      FROM bill_detail
     WHERE kind <> 'renewal'
     ORDER BY bill_id, detail_no
"""


@pytest.fixture
def context(database: Database) -> Context:
    """On 16 October Petit has had a free server since January, whose hours are measured."""
    found = later(seller(database), date(2026, 10, 16))
    family(found)
    measure(found, HOURS)
    subscribe(found, PETIT, "srv", next_on=date(2026, 1, 1), unit_price_ucents=0)
    return found


@pytest.fixture
def service_id(context: Context) -> ServiceId:
    (row,) = rows(context, "SELECT service_id FROM service WHERE resource_name = 'srv'")
    return ServiceId(row.service_id)


def hours(event_id: str, count: object, at: str) -> dict[str, Any]:
    return event(event_id, "srv", count, meter="hours", at=f"{at}T12:00:00Z")


def buy(context: Context, service_id: ServiceId, size: int = 1, **given: Any) -> str:
    wanted = WantedPlan("small-3m", size, "web", **given)
    return subscribe_savings(context, PETIT, service_id, wanted, by=ME).plan_id


def lines(context: Context) -> list[tuple[str, str, int, int]]:
    return [(row.part, row.description, row.quantity_e4, row.net_minor) for row in rows(context, LINES)]


def total(context: Context) -> int:
    return sum(line[3] for line in lines(context))


def month(context: Context, number: int, year: int = 2026) -> None:
    """Bill a month on its last day but one."""
    bill(later(context, date(year, number, 28)), f"{year}-{number:02d}")


def test_what_is_committed_is_billed_and_covers_the_use(context: Context, service_id: ServiceId) -> None:
    buy(context, service_id, 2)
    send(later(context, date(2026, 10, 21)), hours("a", 1000, "2026-10-20"))
    month(context, 10)
    committed = 2 * 24 * 16
    assert lines(context) == [
        ("usage:hours:savings-small-3m", "Instances (h), plan d'économies small-3m", committed * 10_000,
         committed * 6),
        ("usage:hours:tier-01", "Instances (h)", (1000 - committed) * 10_000, (1000 - committed) * 10),
    ]  # fmt: skip
    month(context, 11)
    assert lines(context)[2:] == [
        ("usage:hours:savings-small-3m", "Instances (h), plan d'économies small-3m", 1440 * 10_000, 1440 * 6)
    ], "paid whether used or not"
    for found in rows(context, "SELECT bill_id FROM bill"):
        text = told(explain_bill(context, BillId(found.bill_id)), "en")
        assert "are committed and paid whether used or not" in "\n".join(text)
    assert replay_run(context, "2026-10", FR).differences == []
    assert failed(context) == {}


def test_the_plan_ends_with_its_period_or_goes_on(context: Context, service_id: ServiceId) -> None:
    plan_id = buy(context, service_id)
    for number in (10, 11, 12):
        month(context, number)
    month(context, 1, 2027)
    assert total(context) == (16 + 30 + 31 + 15) * 24 * 6
    month(context, 2, 2027)
    assert total(context) == (16 + 30 + 31 + 15) * 24 * 6
    with pytest.raises(SavingsPlanEnded):
        set_period_end(
            later(context, date(2027, 1, 16)), PETIT, service_id, plan_id, PeriodEnd.ANOTHER, by=ME
        )
    again = buy(later(context, date(2027, 2, 1)), service_id)
    on = later(context, date(2027, 3, 1))
    set_period_end(on, PETIT, service_id, again, PeriodEnd.ANOTHER, by=ME)
    before = total(context)
    for number in (2, 3, 4, 5, 6):
        month(context, number, 2027)
    assert total(context) - before == (28 + 31 + 30 + 31 + 30) * 24 * 6
    set_period_end(later(context, date(2027, 7, 1)), PETIT, service_id, again, PeriodEnd.ENDS, by=ME)
    for number in (7, 8):
        month(context, number, 2027)
    assert total(context) - before == (28 + 31 + 30 + 31 + 30 + 31) * 24 * 6
    assert failed(context) == {}


def test_a_month_that_was_billed_has_the_difference_later(context: Context, service_id: ServiceId) -> None:
    month(context, 10)
    plan_id = buy(later(context, date(2026, 10, 29)), service_id, 1)
    grow_savings(later(context, date(2026, 10, 31)), PETIT, service_id, plan_id, 3, by=ME)
    month(context, 11)
    late, november = lines(context)
    assert (late[0], late[3]) == ("usage:hours:savings-small-3m", (2 * 24 + 3 * 24) * 6)
    assert november[3] == 3 * 30 * 24 * 6
    assert failed(context) == {}


def test_growth_after_the_run_is_adjusted(context: Context, service_id: ServiceId) -> None:
    plan_id = buy(context, service_id)
    month(context, 10)
    grow_savings(later(context, date(2026, 10, 30)), PETIT, service_id, plan_id, 2, by=ME)
    month(context, 11)
    adjusted = [line for line in lines(context) if line[0] == "usage:hours:2026-10:2"]
    assert [(line[1], line[3]) for line in adjusted] == [
        ("Instances, 10/2026 : plan d'économies", 2 * 24 * 6)
    ]
    assert total(context) == (16 * 24 + 2 * 24 + 2 * 30 * 24) * 6
    assert failed(context) == {}


def test_a_plan_that_has_not_begun_is_cancelled(context: Context, service_id: ServiceId) -> None:
    plan_id = buy(context, service_id, starts_on=date(2026, 11, 5))
    done = cancel_savings(context, PETIT, service_id, plan_id, by=ME)
    assert done.status(date(2026, 11, 10)) is PlanStatus.ENDED
    with pytest.raises(SavingsPlanEnded):
        grow_savings(context, PETIT, service_id, plan_id, 2, by=ME)
    running = buy(context, service_id)
    with pytest.raises(SavingsPlanRuns):
        cancel_savings(context, PETIT, service_id, running, by=ME)
    month(context, 11)
    assert total(context) == (16 + 30) * 24 * 6
    assert failed(context) == {}


def test_who_ends_the_service_pays_the_period_that_runs(context: Context, service_id: ServiceId) -> None:
    plan_id = buy(context, service_id)
    set_period_end(context, PETIT, service_id, plan_id, PeriodEnd.ANOTHER, by=ME)
    terminate_service(context, PETIT, service_id, Ending.NOW, by="cli")
    for number in (10, 11, 12):
        month(context, number)
    for number in (1, 2):
        month(context, number, 2027)
    assert total(context) == (16 + 30 + 31 + 15) * 24 * 6
    assert failed(context) == {}


def test_the_running_month_tells_what_is_committed(context: Context, service_id: ServiceId) -> None:
    buy(context, service_id)
    with context.database.read() as tx:
        petit = accounts.find(tx, PETIT)
        assert petit is not None
        (use,) = current_uses(context, tx, petit, date(2026, 10, 16))
    assert (use.net_minor, use.lines[0].name) == (16 * 24 * 6, "savings-small-3m")


@pytest.mark.parametrize(
    ("wanted", "refusal"),
    [
        (WantedPlan("large", 1, "web"), NoSuchOffer),
        (WantedPlan("small-3m", 0, "web"), BadSize),
        (WantedPlan("small-3m", -1, "web"), BadSize),
        (WantedPlan("small-3m", 1, ""), BadPlanName),
        (WantedPlan("small-3m", 1, "a\nb"), BadPlanName),
        (WantedPlan("small-3m", 1, "web", date(2026, 10, 15)), StartsInThePast),
        (WantedPlan("small-3m", 1, "web", date(2028, 10, 15)), StartsTooLate),
    ],
)
def test_what_is_not_offered_is_refused(
    context: Context, service_id: ServiceId, wanted: WantedPlan, refusal: Any
) -> None:
    with pytest.raises(refusal):
        subscribe_savings(context, PETIT, service_id, wanted, by=ME)
    with context.database.read() as tx:
        assert savings_plans.of_service(tx, PETIT, service_id) == []


def test_an_offer_that_is_over_is_not_sold(context: Context, service_id: ServiceId) -> None:
    with pytest.raises(OfferNotForService):
        buy(later(context, date(2027, 7, 1)), service_id)


def test_a_plan_grows_and_is_named_and_is_its_accounts(context: Context, service_id: ServiceId) -> None:
    plan_id = buy(context, service_id, 2)
    for size, refusal in ((1, SizeShrinks), (2, SizeStays), (0, BadSize)):
        with pytest.raises(refusal):
            grow_savings(context, PETIT, service_id, plan_id, size, by=ME)
    assert rename_savings(context, PETIT, service_id, plan_id, "shop", by=ME).name == "shop"
    tried = subscribe_savings(
        context, PETIT, service_id, WantedPlan("small-3m", 5, "five"), by=ME, tries=True
    )
    assert tried.size(date(2026, 10, 16)) == 5
    with context.database.read() as tx:
        assert [each.plan_id for each in savings_plans.of_service(tx, PETIT, service_id)] == [plan_id]
    subscribe(context, SHOP, "other", next_on=date(2026, 1, 1))
    (row,) = rows(context, "SELECT service_id FROM service WHERE resource_name = 'other'")
    with pytest.raises(NoSuchSavingsPlan):
        rename_savings(context, SHOP, ServiceId(row.service_id), plan_id, "mine", by="cli")


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ('months = 0', "months"), ('per_day = 0', "per_day"), ('price = "-1"', "price"),
        ('until = 2025-12-31', "until"), ('deployment = "moon"', "deployment"), ('offer = "UPPER"', "offer"),
        ('meter = "nothing"', "no meter"), ('meter = "seats"', "do not add up"), ('colour = "red"', "colour"),
    ],
)  # fmt: skip
def test_an_offer_that_cannot_be_is_refused(context: Context, change: str, place: str) -> None:
    told_now = HOURS[HOURS.index("[[savings]]") :].replace("small-3m", "other-3m")
    name = change.partition(" ")[0]
    kept = [line for line in told_now.splitlines() if not line.startswith(f"{name} =")]
    with pytest.raises(MetersRefused, match=place):
        import_meters(context, "\n".join([*kept, change]).encode(), by="cli", legal_entity_id=FR)


def test_an_offer_is_final(context: Context) -> None:
    told_now = HOURS[HOURS.index("[[savings]]") :]
    assert import_meters(context, told_now.encode(), by="cli", legal_entity_id=FR).offers == ()
    with pytest.raises(AlreadyDefined):
        import_meters(context, told_now.replace("0.06", "0.05").encode(), by="cli", legal_entity_id=FR)

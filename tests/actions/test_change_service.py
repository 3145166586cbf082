"""A running service is changed: at once by the day, or with a renewal; the books stay right."""

from datetime import date
from typing import Any

import pytest

from acquit.actions.agree_discount import agree_discount
from acquit.actions.change_service import Changed, change_service
from acquit.actions.compare_runs import compare_posted
from acquit.actions.context import Context
from acquit.actions.import_catalogue import import_catalogue
from acquit.actions.replay_run import replay_run
from acquit.actions.set_renewal import set_renewal
from acquit.actions.terminate_service import terminate_service
from acquit.core.catalogue import NotPriced, OptionRefused, PlanRetired
from acquit.core.discount import Discount
from acquit.core.errors import Refusal
from acquit.core.identifiers import DiscountId, ServiceId
from acquit.core.money import Currency
from acquit.core.service import Ending, ServiceEnded, ServiceExpired, StillEngaged
from acquit.core.service_change import NotAService, NothingChanges, OnlyAtRenewal, Wanted, When
from acquit.core.subscription import NotSoldAlone
from acquit.store import agreements, services
from acquit.store.transaction import Database
from billed import failed, later
from founding import FR, PETIT
from serving import lines, market, month, plan, prices, run, sell


def change(context: Context, service_id: ServiceId, on: date, **wanted: Any) -> Changed:
    return change_service(later(context, on), PETIT, service_id, Wanted(**wanted), by="cli")


def test_an_upgrade_is_settled_by_the_day(database: Database) -> None:
    context = market(database)
    sold = sell(context, options=("backup",))
    changed = change_service(
        later(context, date(2026, 11, 16)), PETIT, sold.service.service_id, Wanted("l"), by="cli"
    )
    assert (changed.is_upgrade, changed.net_minor) == (True, -1500 + 3000 + 500)
    assert {each.plan_code for each in changed.options} == {"ram-32", "backup"}
    run(context, "2026-11")
    assert sorted(lines(context)) == [
        ("BACKUP", "11-01", 600),
        ("L - 15 jours à compter du 16/11/2026", "11-16", 3000),
        ("L - montée en gamme", "11-16", 500),
        ("RAM-32", "11-01", 0),
        ("S", "11-01", 3000),
        ("S - non utilisé, 15 jours à compter du 16/11/2026", "11-16", -1500),
    ]
    run(context, "2026-12")
    assert ("L", "12-01", 6000) in lines(context)
    assert failed(context) == {}


def test_forth_and_back_costs_nothing_and_blocks_no_run(database: Database) -> None:
    """What cancels out stands on the next bill, which is one of zero where nothing else is billed."""
    context = market(database)
    sold = sell(context)
    run(context, "2026-11")
    day = later(context, date(2026, 11, 11))
    there = change_service(day, PETIT, sold.service.service_id, Wanted(quantity=3), by="cli")
    back = change_service(day, PETIT, sold.service.service_id, Wanted(quantity=1), by="cli")
    assert there.net_minor == 4000 == -back.net_minor
    run(context, "2026-12")
    assert sum(amount for _, _, amount in lines(context)) == 6000
    assert failed(context) == {}


def test_what_comes_back_waits_for_the_next_bill(database: Database) -> None:
    context = market(database)
    sold = sell(context, "s", mode="upfront12")
    other = sell(context, "ip", date(2026, 11, 20), quantity=5)
    run(context, "2026-11")
    day = later(context, date(2026, 12, 1))
    with pytest.raises(StillEngaged):
        terminate_service(day, PETIT, sold.service.service_id, Ending.NOW, by="cli", refund=True)
    terminate_service(day, PETIT, other.service.service_id, Ending.NOW, by="cli", refund=True)
    run(context, "2026-12")
    assert sum(amount for _, _, amount in lines(context)) == 31_000
    sell(later(context, date(2027, 1, 1)), "s", date(2027, 1, 1))
    run(context, "2027-01")
    back = round(1000 * 19 / 30)
    assert ("IP - non utilisé, 19 jours à compter du 01/12/2026", "12-01", -back) in lines(context)
    assert failed(context) == {}


def test_a_quantity_keeps_the_agreed_price_and_another_tier_has_its_own(database: Database) -> None:
    context = market(database)
    service = sell(context, "ip", quantity=4).service
    run(context, "2026-11")
    import_catalogue(
        context, prices(plans=[plan("ip", month(9))], addons=[]), by="cli", legal_entity_id=FR,
        from_on=date(2026, 11, 10),
    )  # fmt: skip
    more = change_service(
        later(context, date(2026, 11, 16)), PETIT, service.service_id, Wanted(quantity=8), by="cli"
    )
    assert more.net_minor == 400
    tiers = change_service(
        later(context, date(2026, 11, 16)), PETIT, service.service_id, Wanted(quantity=15), by="cli"
    )
    assert [(each.quantity_e4, each.unit_price_ucents) for each in (tiers.service, *tiers.options)] == [
        (100_000, 2_00000000), (50_000, 1_00000000),
    ]  # fmt: skip
    less = change_service(
        later(context, date(2026, 11, 16)), PETIT, service.service_id, Wanted(quantity=4), by="cli"
    )
    assert less.options == ()
    assert more.net_minor + tiers.net_minor + less.net_minor == 0
    run(context, "2026-12")
    assert ("IP", "12-01", 800) in lines(context)
    assert failed(context) == {}


def test_more_of_what_was_sold_in_a_promotion_costs_the_full_price(database: Database) -> None:
    context = market(database)
    service = sell(context, "promo").service
    more = change_service(context, PETIT, service.service_id, Wanted(quantity=5), by="cli")
    assert [(each.quantity_e4, each.unit_price_ucents) for each in (more.service, *more.options)] == [
        (10_000, 5_00000000), (40_000, 10_00000000),
    ]  # fmt: skip
    run(context, "2026-11")
    assert sum(amount for _, _, amount in lines(context)) == 4500
    assert failed(context) == {}


def test_options_come_and_go(database: Database) -> None:
    context = market(database)
    service_id = sell(context).service.service_id
    run(context, "2026-11")
    with_backup = change_service(
        later(context, date(2026, 11, 21)), PETIT, service_id, Wanted(add=("backup", "ram-64")), by="cli"
    )
    assert {each.plan_code for each in with_backup.options} == {"backup", "ram-64"}
    assert with_backup.net_minor == 200 + 400
    without = change_service(
        later(context, date(2026, 11, 26)), PETIT, service_id, Wanted(remove=("ram-64",)), by="cli"
    )
    assert {each.plan_code for each in without.options} == {"backup", "ram-32"}
    assert without.net_minor == -200
    run(context, "2026-12")
    december = {text: amount for text, on, amount in lines(context) if on == "12-01"}
    assert december == {"S": 3000, "RAM-32": 0, "BACKUP": 600}
    assert failed(context) == {}


def test_a_change_after_periods_that_no_run_has_billed(database: Database) -> None:
    """They are accepted at their price; a run that comes later bills both."""
    context = market(database)
    service_id = sell(context).service.service_id
    change(context, service_id, date(2027, 1, 16), plan_code="l")
    run(context, "2027-01")
    found = {(text, on): amount for text, on, amount in lines(context)}
    assert found["S", "11-01"] == found["S", "12-01"] == found["S", "01-01"] == 3000
    assert found["L - 16 jours à compter du 16/01/2027", "01-16"] == 3097
    assert failed(context) == {}


def test_another_period_begins_with_a_renewal(database: Database) -> None:
    context = market(database)
    service = sell(context).service
    run(context, "2026-11")
    with pytest.raises(OnlyAtRenewal):
        change(context, service.service_id, date(2026, 11, 10), mode="upfront12")
    planned = change_service(
        later(context, date(2026, 11, 10)), PETIT, service.service_id,
        Wanted(mode="upfront12", when=When.AT_RENEWAL), by="cli",
    )  # fmt: skip
    assert (planned.net_minor, planned.effective_on) == (0, date(2026, 12, 1))
    run(context, "2026-12")
    assert ("S", "12-01", 30_000) in lines(context)
    with database.read() as tx:
        found = services.find(tx, PETIT, service.service_id)
        assert found is not None
        assert (found.next_renewal_on, found.engaged_until_on) == (date(2027, 12, 1), date(2027, 12, 1))
        assert [each.pricing_mode for each in agreements.history(tx, found)] == ["default", "upfront12"]
    assert failed(context) == {}


def test_an_engagement_lets_a_service_grow_not_shrink(database: Database) -> None:
    context = market(database)
    service = sell(context, "l", mode="degressivity12").service
    run(context, "2026-11")
    with pytest.raises(StillEngaged, match="2027-11-01"):
        change(context, service.service_id, date(2026, 11, 10), plan_code="s")
    change(context, service.service_id, date(2026, 11, 10), quantity=2)
    later_on = change_service(
        later(context, date(2026, 11, 10)), PETIT, service.service_id,
        Wanted("s", when=When.AT_ENGAGEMENT), by="cli",
    )  # fmt: skip
    assert later_on.effective_on == date(2027, 11, 1)
    for period in ("2026-12", "2027-10", "2027-11"):
        run(context, period)
    found = lines(context)
    assert ("L", "10-01", 9600) in found
    assert ("S", "11-01", 4800) in found
    assert failed(context) == {}


def test_a_discount_of_a_plan_concerns_the_plan_that_each_period_has(database: Database) -> None:
    """The renewal that takes another plan is lowered by that plan's discount; what was billed stays right."""
    context = market(database)
    service = sell(context).service
    for number, plan_code in enumerate(("s", "l"), 1):
        agreed = Discount(
            PETIT, DiscountId(0), f"On {plan_code}", date(2026, 1, 1), Currency("EUR"),
            share_bp=1000 * number, plan_code=plan_code,
        )  # fmt: skip
        agree_discount(context, agreed, by="cli")
    run(context, "2026-11")
    wanted = Wanted("l", when=When.AT_RENEWAL)
    change_service(later(context, date(2026, 11, 10)), PETIT, service.service_id, wanted, by="cli")
    run(context, "2026-12")
    found = lines(context)
    assert ("On s -10 %", "11-01", -300) in found
    assert ("On l -20 %", "12-01", -1200) in found
    assert ("On s -10 %", "12-01", -600) not in found
    assert failed(context) == {}
    assert replay_run(context, "2026-12", FR).differences == []
    december = compare_posted(context, FR, "2026-12")
    assert december.by_plan[Currency("EUR")].keys() >= {"l", "s"}


@pytest.mark.parametrize(
    ("wanted", "refusal"),
    [
        (Wanted(), NothingChanges),
        (Wanted(quantity=1), NothingChanges),
        (Wanted("tape"), Refusal),
        (Wanted("old"), PlanRetired),
        (Wanted("ram-64"), NotSoldAlone),
        (Wanted(mode="hourly"), NotPriced),
        (Wanted(quantity=-2), NotPriced),
        (Wanted(quantity=0), NotPriced),
        (Wanted(add=("tape",)), OptionRefused),
        (Wanted(remove=("backup",)), OptionRefused),
    ],
    ids=str,
)
def test_what_is_not_sold_is_refused_and_nothing_moves(
    wanted: Wanted, refusal: type[Refusal], database: Database
) -> None:
    context = market(database)
    import_catalogue(
        context, prices(plans=[plan("old", month(1))], addons=[]), by="cli", legal_entity_id=FR,
        name="other", from_on=date(2025, 1, 1),
    )  # fmt: skip
    import_catalogue(
        context, prices(plans=[plan("new", month(1))], addons=[]), by="cli", legal_entity_id=FR,
        name="other", from_on=date(2026, 1, 1),
    )  # fmt: skip
    service = sell(context).service
    with pytest.raises(refusal):
        change_service(context, PETIT, service.service_id, wanted, by="cli")
    with database.read() as tx:
        assert services.find(tx, PETIT, service.service_id) == service
        assert len(agreements.history(tx, service)) == 1


def test_only_a_running_service_is_changed(database: Database) -> None:
    context = market(database)
    sold = sell(context)
    with pytest.raises(NotAService):
        change(context, sold.options[0].service_id, date(2026, 11, 2), quantity=2)
    set_renewal(context, PETIT, sold.service.service_id, automatic=False, by="cli")
    with pytest.raises(ServiceExpired):
        change(context, sold.service.service_id, date(2026, 11, 2), quantity=2)
    terminate_service(context, PETIT, sold.service.service_id, Ending.NOW, by="cli")
    with pytest.raises(ServiceEnded):
        change(context, sold.service.service_id, date(2026, 11, 2), quantity=2)

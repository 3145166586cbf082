"""Services are renewed ahead, suspended, restored, ended, grouped on a day; promotions, engagements end."""

import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from acquit.actions.change_prices import change_price
from acquit.actions.change_service import change_service
from acquit.actions.import_catalogue import import_catalogue
from acquit.actions.keep_service import EndedByTheSeller, EndsByRule, NotEnding, keep_service
from acquit.actions.renew_service import BadPeriods, renew_service
from acquit.actions.set_end_rule import NoDefaultPrice, NotEngaged, set_end_rule
from acquit.actions.set_renewal import set_renewal
from acquit.actions.set_renewal_day import BadRenewalDay, set_renewal_day
from acquit.actions.suspend_service import restore_service, suspend_service
from acquit.actions.terminate_service import terminate_service
from acquit.core.catalogue import EndAction
from acquit.core.money import amount_minor
from acquit.core.service import Ending, NotSuspended, ServiceEnded, ServiceSuspended, Status
from acquit.core.service_change import Wanted
from acquit.store import agreements, planned_changes, services
from acquit.store.transaction import Database
from billed import failed, later, rows
from founding import ACME, FR, LAB, PETIT
from serving import LINES, lines, market, run, sell

# ---------------------------------------------------------------- renewal ahead


def test_renewed_ahead_at_the_price_that_each_period_has(database: Database) -> None:
    context = market(database)
    service = sell(context).service
    run(context, "2026-11")
    change_price(context, PETIT, service.service_id, 35_00000000, date(2027, 1, 15), by="cli")
    done = renew_service(later(context, date(2026, 12, 1)), PETIT, service.service_id, 4, by="cli")
    assert [each.net_minor for each in done.charges if each.description == "S"] == [3000, 3000, 3500, 3500]
    assert done.service.next_renewal_on == date(2027, 4, 1)
    run(context, "2026-12")
    (row,) = {each.category for each in rows(context, LINES, account_id=PETIT)[-8:]}
    assert row == "earlyrenewal"
    later_on = later(context, date(2027, 1, 16))
    changed = change_service(later_on, PETIT, service.service_id, Wanted(quantity=2), by="cli")
    assert changed.net_minor == (3097 - 1548) + 3500 + 3500
    run(context, "2027-01")
    run(context, "2027-04")
    assert ("S", "04-01", 7000) in lines(context)
    assert failed(context) == {}


def test_a_manual_service_is_renewed_by_asking(database: Database) -> None:
    context = market(database)
    service = sell(context).service
    run(context, "2026-11")
    set_renewal(context, PETIT, service.service_id, automatic=False, by="cli")
    done = renew_service(context, PETIT, service.service_id, 1, by="cli")
    assert (done.service.next_renewal_on, done.service.renewal.automatic) == (date(2027, 1, 1), False)
    with pytest.raises(BadPeriods):
        renew_service(context, PETIT, service.service_id, 0, by="cli")


# ---------------------------------------------------------------- suspension


@pytest.mark.parametrize(
    ("restored_on", "bills_suspended", "billed", "next_on"),
    [
        (date(2026, 11, 25), False, ["11-10", "12-10", "01-10", "02-10"], date(2027, 3, 10)),
        (date(2026, 12, 20), False, ["11-10", "12-20", "01-20", "02-20"], date(2027, 3, 20)),
        (date(2027, 2, 3), False, ["11-10", "02-03"], date(2027, 3, 3)),
        (date(2027, 2, 3), True, ["11-10", "12-10", "01-10", "02-10"], date(2027, 3, 10)),
    ],
    ids=["within the paid period", "after it", "long after it", "time suspended is billed"],
)
def test_a_suspended_service_does_not_renew(
    restored_on: date, bills_suspended: bool, billed: list[str], next_on: date, database: Database
) -> None:
    context = market(database, bills_suspended=bills_suspended)
    service = sell(context, on=date(2026, 11, 10)).service
    suspend_service(later(context, date(2026, 11, 20)), PETIT, service.service_id, "unpaid", by="cli")
    with pytest.raises(ServiceSuspended):
        change_service(
            later(context, date(2026, 11, 20)), PETIT, service.service_id, Wanted(quantity=2), by="cli"
        )
    if restored_on > date(2026, 11, 30):
        run(context, "2026-11")
    if restored_on > date(2026, 12, 31):
        run(context, "2026-12")
        run(context, "2027-01")
    restore_service(later(context, restored_on), PETIT, service.service_id, by="cli")
    run(context, "2027-02")
    assert [on for text, on, _ in lines(context) if text == "S"] == billed
    with database.read() as tx:
        after = services.find(tx, PETIT, service.service_id)
        assert after is not None
        assert (after.next_renewal_on, after.status(restored_on)) == (next_on, Status.RUNNING)
        happened = agreements.suspensions(tx, PETIT, service.service_id)
        assert [(each.happening, each.happened_on) for each in happened] == [
            ("suspended", date(2026, 11, 20)), ("restored", restored_on),
        ]  # fmt: skip
    assert failed(context) == {}


def test_only_what_is_suspended_is_restored(database: Database) -> None:
    context = market(database)
    service = sell(context).service
    with pytest.raises(NotSuspended):
        restore_service(context, PETIT, service.service_id, by="cli")


# ---------------------------------------------------------------- the end


@pytest.mark.parametrize(("refunds", "asked", "back"), [(False, None, 0), (True, None, 1), (False, True, 1)])
def test_unused_days_come_back_by_rule(
    refunds: bool, asked: bool | None, back: int, database: Database
) -> None:
    """Periods that have begun are billed although the service is gone when the run comes."""
    context = market(database, refunds_unused=refunds)
    service = sell(context, on=date(2026, 11, 1)).service
    sell(context, "ip", quantity=5)
    day = later(context, date(2026, 11, 21))
    terminate_service(day, PETIT, service.service_id, Ending.NOW, by="cli", refund=asked)
    run(context, "2026-11")
    found = lines(context)
    assert ("S", "11-01", 3000) in found
    assert (("S - non utilisé, 10 jours à compter du 21/11/2026", "11-21", -1000) in found) == bool(back)
    run(context, "2026-12")
    assert [text for text, on, _ in lines(context) if on == "12-01"] == ["IP"]
    assert failed(context) == {}


def test_of_a_service_that_has_not_begun_nothing_comes_back(database: Database) -> None:
    context = market(database)
    service = sell(context, on=date(2026, 12, 10)).service
    changed = change_service(context, PETIT, service.service_id, Wanted(quantity=2), by="cli")
    assert changed.net_minor == 0
    terminate_service(context, PETIT, service.service_id, Ending.NOW, by="cli", refund=True)
    run(context, "2026-12")
    assert lines(context) == []
    assert failed(context) == {}


# ---------------------------------------------------------------- the day of renewal


def test_all_services_of_an_account_renew_on_one_day(database: Database) -> None:
    context = market(database)
    sell(context, on=date(2026, 11, 10))
    run(context, "2026-11")
    assert set_renewal_day(context, PETIT, by=f"account:{PETIT}", day=1).active
    sell(context, "ip", on=date(2026, 12, 16), quantity=10)
    for period in ("2026-12", "2027-01", "2027-02"):
        run(context, period)
    assert [each for each in lines(context) if each[0][:2] in ("S", "S ", "IP")] == [
        ("S", "11-10", 3000), ("S (22/31 days)", "12-10", 2129), ("IP (16/31 days)", "12-16", 1032),
        ("S", "01-01", 3000), ("IP", "01-01", 2000), ("S", "02-01", 3000), ("IP", "02-01", 2000),
    ]  # fmt: skip
    assert failed(context) == {}


def test_the_day_is_changed_and_switched_off(database: Database) -> None:
    context = market(database)
    service = sell(context, on=date(2026, 11, 10)).service
    set_renewal_day(context, PETIT, by="cli", day=31)
    set_renewal_day(context, PETIT, by="cli", day=20)
    with database.read() as tx:
        (change,) = planned_changes.waiting(tx, PETIT, [service.service_id])[service.service_id]
    assert change.anniversary_day == 20
    assert not set_renewal_day(context, PETIT, by="cli", active=False).active
    with database.read() as tx:
        assert planned_changes.waiting(tx, PETIT, [service.service_id]) == {}
    with pytest.raises(BadRenewalDay):
        set_renewal_day(context, PETIT, by="cli", day=32)


# ---------------------------------------------------------------- promotions


def test_a_promotion_is_applied_as_far_as_it_goes(database: Database) -> None:
    """3 units for an account, 4 for all, half price for two months."""
    context = market(database)
    first = sell(context, "promo", quantity=2)
    assert (first.service.unit_price_ucents, first.options) == (5_00000000, ())
    second = sell(context, "promo", quantity=2)
    assert [(each.quantity_e4, each.unit_price_ucents) for each in second.services] == [
        (10_000, 5_00000000), (10_000, 10_00000000),
    ]  # fmt: skip
    third = sell(context, "promo", account_id=ACME, quantity=2)
    assert [each.unit_price_ucents for each in third.services] == [5_00000000, 10_00000000]
    over = sell(context, "promo", account_id=LAB, on=date(2026, 12, 1))
    assert over.service.unit_price_ucents == 10_00000000
    for period in ("2026-11", "2026-12", "2027-01"):
        run(context, period)
    by_month = dict.fromkeys(("11-01", "12-01", "01-01"), 0)
    for _, on, amount in lines(context):
        by_month[on] += amount
    assert by_month == {"11-01": 2500, "12-01": 2500, "01-01": 4000}
    assert failed(context) == {}


# ---------------------------------------------------------------- engagements


def test_the_rule_of_an_engagement_is_chosen(database: Database) -> None:
    context = market(database)
    engaged = sell(context, mode="degressivity12").service
    ends = sell(context, "s", account_id=ACME, mode="ends3").service
    assert ends.terminated_on == date(2027, 2, 1)
    assert set_end_rule(context, ACME, ends.service_id, EndAction.KEEP_PRICE, by="cli").months == 3
    rule = set_end_rule(context, PETIT, engaged.service_id, EndAction.CANCEL, by="cli")
    assert rule.end_action is EndAction.CANCEL
    with database.read() as tx:
        gone, kept = services.find(tx, PETIT, engaged.service_id), services.find(tx, ACME, ends.service_id)
        assert gone is not None
        assert kept is not None
        assert (gone.terminated_on, kept.terminated_on) == (date(2027, 11, 1), None)
    for period in ("2027-01", "2027-02", "2027-11"):
        run(context, period)
    kept_on = [on for text, on, _ in lines(context, ACME) if text == "S"]
    assert kept_on[:4] == ["11-01", "12-01", "01-01", "02-01"]
    assert [on for text, on, _ in lines(context) if text == "S"][-1] == "10-01"
    plain = sell(context, on=date(2026, 11, 1)).service
    with pytest.raises(NotEngaged):
        set_end_rule(context, PETIT, plain.service_id, EndAction.CANCEL, by="cli")
    assert failed(context) == {}
    assert NoDefaultPrice.code == "no-default-price"


def test_the_published_catalogue_sells_renews_upgrades_and_bills(
    database: Database, shared_data: Path
) -> None:
    """A year of a server with an engagement, its options, another plan in the middle, and what follows."""
    context = market(database)
    content = (shared_data / "catalog-eco-IE-6751.json.gz").read_bytes()
    import_catalogue(context, content, by="cli", legal_entity_id=FR, name="eco", from_on=date(2025, 1, 1))
    published = json.loads(gzip.decompress(content))
    (small_ucents, small), (large_ucents, large) = _two_servers(published["plans"])
    sold = sell(context, small, mode="degressivity12")
    assert sold.service.engaged_until_on == date(2027, 11, 1)
    assert sold.service.unit_price_ucents == small_ucents
    run(context, "2026-11")
    changed = change_service(
        later(context, date(2026, 12, 16)), PETIT, sold.service.service_id, Wanted(large), by="cli"
    )
    assert changed.is_upgrade
    assert changed.service.engaged_until_on == date(2027, 11, 1)
    for period in ("2026-12", "2027-10", "2027-11"):
        run(context, period)
    again = [
        amount for text, on, amount in lines(context) if (text, on) == (changed.service.description, "11-01")
    ]
    assert again == [amount_minor(10_000, large_ucents, changed.service.currency)]
    with database.read() as tx:
        after = services.find(tx, PETIT, sold.service.service_id)
        assert after is not None
        assert after.engaged_until_on == date(2028, 11, 1)
    assert failed(context) == {}


def _two_servers(plans: list[Any]) -> tuple[tuple[int, str], tuple[int, str]]:
    """The cheapest and the dearest plan that bind for a year and whose needed options have defaults."""
    found = [
        (pricing["price"], each["planCode"])
        for each in plans
        for pricing in each["pricings"]
        if pricing["mode"] == "degressivity12"
        and "renew" in pricing["capacities"]
        and all(family["default"] for family in each["addonFamilies"] if family["mandatory"])
    ]
    return min(found), max(found)


def test_a_termination_is_taken_back_until_it_happens(database: Database) -> None:
    """What the termination withdrew waits again; an account cannot take back what staff ended."""
    context = market(database)
    sold = sell(context, options=("backup",))
    run(context, "2026-11")
    number, mine = sold.service.service_id, f"account:{PETIT}"
    change_price(context, PETIT, number, 40_00000000, date(2027, 1, 1), by="cli")
    with pytest.raises(NotEnding):
        keep_service(context, PETIT, number, by="cli")
    for _ in range(2):
        terminate_service(context, PETIT, number, Ending.AT_RENEWAL, by=mine)
        assert keep_service(context, PETIT, number, by=mine).terminated_on is None
    with database.read() as tx:
        assert len(planned_changes.prices_of_account(tx, PETIT)) == 1
    terminate_service(context, PETIT, number, Ending.AT_RENEWAL, by="cli")
    with pytest.raises(EndedByTheSeller):
        keep_service(context, PETIT, number, by=mine)
    keep_service(context, PETIT, number, by="cli")
    run(context, "2027-01")
    found = lines(context)
    assert ("S", "01-01", 4000) in found
    assert ("BACKUP", "01-01", 600) in found
    terminate_service(context, PETIT, number, Ending.AT_RENEWAL, by="cli")
    with pytest.raises(ServiceEnded):
        keep_service(later(context, date(2027, 2, 1)), PETIT, number, by="cli")
    assert failed(context) == {}


def test_another_rule_of_the_engagement_takes_a_termination_back(database: Database) -> None:
    context = market(database)
    engaged = sell(context, mode="degressivity12").service
    terminate_service(context, PETIT, engaged.service_id, Ending.AT_ENGAGEMENT, by="cli")
    set_end_rule(context, PETIT, engaged.service_id, EndAction.KEEP_PRICE, by="cli")
    with database.read() as tx:
        found = services.find(tx, PETIT, engaged.service_id)
    assert found is not None
    assert found.terminated_on is None
    set_end_rule(context, PETIT, engaged.service_id, EndAction.CANCEL, by="cli")
    with pytest.raises(EndsByRule):
        keep_service(context, PETIT, engaged.service_id, by="cli")
    assert failed(context) == {}

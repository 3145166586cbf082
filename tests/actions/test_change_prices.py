"""Prices are announced in time, taken by a renewal, withdrawable before; catalogues are applied to a plan."""

from datetime import date

import pytest

from acquit.actions.change_prices import apply_prices, change_price, withdraw_change
from acquit.actions.change_service import change_service
from acquit.actions.import_catalogue import import_catalogue
from acquit.actions.list_notices import list_notices, notices_of
from acquit.actions.loading import StaffOnly
from acquit.core.operator import RoleForbids
from acquit.core.planned_change import NoSuchChange
from acquit.core.price_change import BadPrice, NoticeTooShort, SamePrice
from acquit.core.service_change import Wanted, When
from acquit.store import agreements, services
from acquit.store.transaction import Database
from billed import failed
from founding import ACME, FR, LAB, PETIT, verbs
from serving import lines, market, month, plan, prices, run, sell

EURO = 100_000_000


def test_a_price_is_announced_and_the_first_renewal_after_it_has_it(database: Database) -> None:
    context = market(database)
    service = sell(context, on=date(2026, 11, 10)).service
    run(context, "2026-11")
    told = change_price(
        context, PETIT, service.service_id, 35 * EURO, date(2026, 12, 20), by="cli", reason="energy"
    )
    assert told.takes_effect_on == date(2027, 1, 10)
    assert [notice.code for notice in notices_of(context, PETIT)] == ["price-change"]
    assert "2027-01-10" in notices_of(context, PETIT)[0].text
    assert list_notices(context) == notices_of(context, PETIT)
    for period in ("2026-12", "2027-01", "2027-02"):
        run(context, period)
    assert [each for each in lines(context) if each[0] == "S"] == [
        ("S", "11-10", 3000), ("S", "12-10", 3000), ("S", "01-10", 3500), ("S", "02-10", 3500),
    ]  # fmt: skip
    with database.read() as tx:
        found = services.find(tx, PETIT, service.service_id)
        assert found is not None
        assert [
            (each.from_on, each.unit_price_ucents // EURO, each.reason, each.change_no)
            for each in agreements.history(tx, found)
        ] == [
            (date(2026, 11, 10), 30, "sold", None),
            (date(2027, 1, 10), 35, "energy", told.change.change_no),
        ]
    assert notices_of(context, PETIT) == []
    assert failed(context) == {}


def test_an_engagement_runs_to_its_end_first(database: Database) -> None:
    context = market(database)
    service = sell(context, mode="fallback3").service
    told = change_price(context, PETIT, service.service_id, 33 * EURO, date(2026, 12, 1), by="cli")
    assert told.takes_effect_on == date(2027, 2, 1)
    for period in ("2026-11", "2027-01", "2027-02"):
        run(context, period)
    assert [amount for text, _, amount in lines(context) if text == "S"] == [2700, 2700, 2700, 3300]
    assert failed(context) == {}


def test_what_was_announced_is_withdrawn_before(database: Database) -> None:
    context = market(database)
    service = sell(context).service
    told = change_price(context, PETIT, service.service_id, 35 * EURO, date(2026, 12, 1), by="cli")
    number = told.change.change_no
    withdraw_change(context, PETIT, service.service_id, number, by="cli", reason="not now")
    with pytest.raises(NoSuchChange):
        withdraw_change(context, PETIT, service.service_id, number, by="cli", reason="again")
    run(context, "2026-12")
    assert [amount for text, _, amount in lines(context) if text == "S"] == [3000, 3000]
    assert verbs(context)[-3:-1] == ["change_price", "withdraw_change"]


def test_what_is_no_announcement(database: Database) -> None:
    context = market(database, price_notice_days=45)
    service_id = sell(context).service.service_id
    with pytest.raises(NoticeTooShort, match="2026-12-16 is the earliest"):
        change_price(context, PETIT, service_id, 35 * EURO, date(2026, 12, 15), by="cli")
    with pytest.raises(BadPrice):
        change_price(context, PETIT, service_id, -1, date(2027, 1, 1), by="cli")
    with pytest.raises(SamePrice):
        change_price(context, PETIT, service_id, 30 * EURO, date(2027, 1, 1), by="cli")
    with pytest.raises(RoleForbids):
        change_price(context, PETIT, service_id, 35 * EURO, date(2027, 1, 1), by="operator:bob")
    with pytest.raises(StaffOnly):
        change_price(context, PETIT, service_id, 35 * EURO, date(2027, 1, 1), by=f"account:{PETIT}")


def test_the_prices_of_a_version_are_applied_to_a_plan(database: Database) -> None:
    context = market(database)
    plain, engaged = sell(context).service, sell(context, account_id=ACME, mode="degressivity12").service
    tiers = sell(context, "ip", account_id=LAB, quantity=15)
    dearer = prices(
        catalogId=2,
        plans=[
            plan("s", month(36), month(28, "degressivity12"), options=True),
            plan("ip", month(3, quantity={"min": 1, "max": 10}),
                 month(2, quantity={"min": 11, "max": None})),
        ],
    )  # fmt: skip
    import_catalogue(context, dearer, by="cli", legal_entity_id=FR, from_on=date(2026, 12, 1))
    rehearsed = apply_prices(context, FR, "s", date(2026, 12, 5), by="cli", dry_run=True)
    applied = apply_prices(context, FR, "s", date(2026, 12, 5), by="cli")
    assert [(each.account_id, each.takes_effect_on) for each in applied.announced] == [
        (ACME, date(2027, 11, 1)), (PETIT, date(2027, 1, 1)),
    ]  # fmt: skip
    assert len(rehearsed.announced) == 2
    again = apply_prices(context, FR, "s", date(2026, 12, 5), by="cli")
    assert (len(again.announced), again.unchanged, again.left_out) == (0, 2, ())
    applied = apply_prices(context, FR, "ip", date(2026, 12, 5), by="cli")
    assert [each.change.unit_price_ucents for each in applied.announced] == [3 * EURO, 2 * EURO]
    run(context, "2026-12")
    run(context, "2027-01")
    with database.read() as tx:
        now = {each.service_id: each for each in services.of_account(tx, PETIT)}
        assert now[plain.service_id].unit_price_ucents == 36 * EURO
        assert now[plain.service_id].catalogue_id != plain.catalogue_id
        still = services.find(tx, ACME, engaged.service_id)
        assert still is not None
        assert still.unit_price_ucents == 24 * EURO
    assert ("IP", "01-01", 3000 + 1000) in _tiers(lines(context, LAB))
    assert tiers.options
    assert failed(context) == {}


def _tiers(found: list[tuple[str, str, int]]) -> list[tuple[str, str, int]]:
    """The lines of one text and day as one."""
    sums: dict[tuple[str, str], int] = {}
    for text, on, amount in found:
        sums[text, on] = sums.get((text, on), 0) + amount
    return [(text, on, amount) for (text, on), amount in sums.items()]


def test_what_the_version_does_not_price_is_left_out_and_named(database: Database) -> None:
    context = market(database)
    service = sell(context, mode="fallback3").service
    newer = prices(plans=[plan("s", month(36), options=True)])
    import_catalogue(context, newer, by="cli", legal_entity_id=FR, from_on=date(2026, 12, 1))
    applied = apply_prices(context, FR, "s", date(2026, 12, 5), by="cli")
    assert applied.announced == ()
    ((account_id, service_id, why),) = applied.left_out
    assert (account_id, service_id) == (PETIT, service.service_id)
    assert "fallback3" in why


def test_the_price_of_a_plan_that_is_left_by_then_is_not_announced(database: Database) -> None:
    context = market(database)
    leaves, stays = sell(context, "l").service, sell(context, "l", account_id=ACME).service
    run(context, "2026-11")
    change_service(context, PETIT, leaves.service_id, Wanted("s", when=When.AT_RENEWAL), by="cli")
    dearer = prices(
        catalogId=2, plans=[plan("s", month(30), options=True), plan("l", month(66), options=True)]
    )
    import_catalogue(context, dearer, by="cli", legal_entity_id=FR, from_on=date(2026, 12, 1))
    applied = apply_prices(context, FR, "l", date(2026, 12, 5), by="cli")
    assert [each.service.service_id for each in applied.announced] == [stays.service_id]
    ((account_id, service_id, why),) = applied.left_out
    assert (account_id, service_id) == (PETIT, leaves.service_id)
    assert "becomes s with its renewal of 2026-12-01" in why
    for period in ("2026-12", "2027-01"):
        run(context, period)
    assert [amount for text, _, amount in lines(context) if text in ("L", "S")] == [6000, 3000, 3000]
    assert failed(context) == {}

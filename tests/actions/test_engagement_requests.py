"""A commitment is asked for, withdrawn, brought by the renewal, and what is left of it paid at once."""

from dataclasses import replace
from datetime import date

import pytest

from acquit.actions.ask_for_engagement import (
    AskedByTheSeller,
    BindsNobody,
    NoRequest,
    RequestWaits,
    ask_for_engagement,
    withdraw_engagement,
)
from acquit.actions.change_prices import change_price
from acquit.actions.change_service import change_service
from acquit.actions.context import Context
from acquit.actions.pay_out_engagement import PaidOut, pay_out_engagement
from acquit.actions.replay_run import replay_run
from acquit.actions.set_end_rule import NotEngaged
from acquit.actions.terminate_service import terminate_service
from acquit.core.identifiers import ServiceId
from acquit.core.planned_change import PlannedChange
from acquit.core.service import Ending, StillEngaged
from acquit.core.service_change import Wanted
from acquit.store import planned_changes, services
from acquit.store.transaction import Database
from billed import failed, later
from founding import FR, PETIT, verbs
from serving import lines, market, run, sell

EURO = 100_000_000
ME = f"account:{PETIT}"
COMMITTED = "degressivity12"


def waiting(context: Context, service_id: ServiceId) -> list[PlannedChange]:
    """What waits, whatever its numbers."""
    with context.database.read() as tx:
        found = planned_changes.waiting(tx, PETIT, [service_id])[service_id]
    return [replace(each, change_no=0) for each in found]


def test_the_renewal_brings_what_was_asked_for(database: Database) -> None:
    context = market(database)
    sold = sell(context, options=("backup",))
    service_id = sold.service.service_id
    asked = ask_for_engagement(later(context, date(2026, 11, 20)), PETIT, service_id, COMMITTED, by=ME)
    assert (asked.change.not_before_on, asked.change.unit_price_ucents) == (date(2026, 12, 1), 24 * EURO)
    with pytest.raises(RequestWaits):
        ask_for_engagement(context, PETIT, service_id, "upfront12", by=ME)
    for period in ("2026-11", "2026-12", "2027-01"):
        run(context, period)
    assert [amount for text, _, amount in lines(context) if text == "S"] == [3000, 2400, 2400]
    with database.read() as tx:
        found = services.find(tx, PETIT, service_id)
    assert found is not None
    assert found.engaged_until_on == date(2027, 12, 1)
    with pytest.raises(NoRequest):
        withdraw_engagement(context, PETIT, service_id, by=ME)
    assert replay_run(context, "2026-12", FR).differences == []
    assert failed(context) == {}


def test_a_year_at_once_waits_for_its_renewal(database: Database) -> None:
    context = market(database)
    service_id = sell(context).service.service_id
    ask_for_engagement(later(context, date(2026, 11, 20)), PETIT, service_id, "upfront12", by=ME)
    run(context, "2026-11")
    run(context, "2026-12")
    assert ("S", "12-01", 30_000) in lines(context)
    assert failed(context) == {}


def test_what_made_way_waits_again_when_it_is_withdrawn(database: Database) -> None:
    context = market(database)
    service_id = sell(context).service.service_id
    change_price(context, PETIT, service_id, 35 * EURO, date(2026, 12, 20), by="cli")
    before = waiting(context, service_id)
    for _ in range(2):
        ask_for_engagement(context, PETIT, service_id, COMMITTED, by=ME)
        assert [each.kind.value for each in waiting(context, service_id)] == ["plan"]
        withdraw_engagement(context, PETIT, service_id, by=ME)
        assert waiting(context, service_id) == before
    assert verbs(context)[-1] == "withdraw_engagement"
    for period in ("2026-11", "2026-12", "2027-01"):
        run(context, period)
    assert [amount for text, _, amount in lines(context) if text == "S"] == [3000, 3000, 3500]
    assert failed(context) == {}


def test_nothing_comes_back_that_another_change_withdrew(database: Database) -> None:
    context = market(database)
    service_id = sell(context).service.service_id
    change_price(context, PETIT, service_id, 35 * EURO, date(2026, 12, 20), by="cli")
    change_service(context, PETIT, service_id, Wanted("l"), by="cli")
    ask_for_engagement(context, PETIT, service_id, COMMITTED, by="cli")
    with pytest.raises(AskedByTheSeller):
        withdraw_engagement(context, PETIT, service_id, by=ME)
    withdraw_engagement(context, PETIT, service_id, by="cli")
    assert waiting(context, service_id) == []


def test_what_does_not_bind_is_no_commitment(database: Database) -> None:
    context = market(database)
    service_id = sell(context, mode=COMMITTED).service.service_id
    with pytest.raises(BindsNobody):
        ask_for_engagement(later(context, date(2027, 10, 31)), PETIT, service_id, "default", by=ME)
    assert [each.kind.value for each in waiting(context, service_id)] == ["engagement-end"]


def test_a_commitment_is_paid_out_and_nobody_loses_days(database: Database) -> None:
    context = market(database)
    service_id = sell(context, mode=COMMITTED, options=("backup",)).service.service_id
    run(context, "2026-11")
    day = later(context, date(2026, 12, 10))
    tried = pay_out_engagement(day, PETIT, service_id, by=ME, ends=True, tries=True)
    assert sum(each.net_minor for each in tried.charges) == 11 * (2400 + 600)
    assert waiting(context, service_id) != []
    done = pay_out_engagement(day, PETIT, service_id, by=ME, ends=True)
    assert done.charges == tried.charges
    assert done.service.next_renewal_on == date(2027, 11, 1)
    with pytest.raises(PaidOut):
        pay_out_engagement(day, PETIT, service_id, by=ME, ends=False)
    with pytest.raises(StillEngaged):
        terminate_service(day, PETIT, service_id, Ending.NOW, by="cli", refund=True)
    for period in ("2026-12", "2027-01", "2027-11"):
        run(context, period)
    assert [amount for text, _, amount in lines(context) if text == "S"] == [2400] * 12
    with database.read() as tx:
        found = services.find(tx, PETIT, service_id)
    assert found is not None
    assert found.terminated_on == date(2027, 11, 1)
    assert replay_run(context, "2026-12", FR).differences == []
    assert failed(context) == {}


def test_who_is_bound_by_nothing_pays_nothing_out(database: Database) -> None:
    context = market(database)
    service_id = sell(context).service.service_id
    with pytest.raises(NotEngaged):
        pay_out_engagement(context, PETIT, service_id, by=ME, ends=False)

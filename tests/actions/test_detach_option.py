"""An option becomes a service of its own; what was paid for it is settled by the day."""

from datetime import date
from typing import Any

import pytest

from acquit.actions.context import Context
from acquit.actions.detach_option import Alone, NotAnOption, detach_option
from acquit.actions.explain_bill import explain_bill
from acquit.actions.import_catalogue import import_catalogue
from acquit.actions.replay_run import replay_run
from acquit.actions.subscribe_service import Subscription
from acquit.core.catalogue import NotPriced, OptionRefused
from acquit.core.identifiers import BillId
from acquit.core.service import Service, StillEngaged
from acquit.core.service_change import OnlyAtRenewal
from acquit.store import agreements, services
from acquit.store.transaction import Database
from billed import failed, later, rows
from founding import FR, PETIT
from selling import price
from serving import lines, market, month, plan, prices, run, sell

ALONE = Alone("vault", "default", 1, 1)


def shop(database: Database) -> Context:
    """A market that sells the backup of a server alone too."""
    context = market(database)
    vault = plan("vault", month(9), price("detach", "default", 5_00000000), month(90, "yearly", interval=12))
    servers = [
        plan("s", month(30), month(24, "degressivity12", commitment=12), options=True), vault,
    ]  # fmt: skip
    add_ons = [
        plan("ram-32", month(0)), plan("ram-64", month(12)),
        plan("backup", month(6), month(12, "degressivity12", commitment=12)),
    ]  # fmt: skip
    content = prices(plans=servers, addons=add_ons)
    import_catalogue(context, content, by="cli", legal_entity_id=FR, from_on=date(2026, 10, 1))
    return context


def option(sold: Subscription, code: str = "backup") -> Service:
    return next(each for each in sold.options if each.plan_code == code)


def test_the_rest_of_the_period_is_settled_by_the_day(database: Database) -> None:
    context = shop(database)
    backup = option(sell(context, options=("backup",)))
    run(context, "2026-11")
    day = later(context, date(2026, 12, 17))
    tried = detach_option(day, PETIT, backup.service_id, ALONE, by="cli", tries=True)
    assert failed(context) == {}
    done = detach_option(day, PETIT, backup.service_id, ALONE, by="cli")
    assert done.charges == tried.charges
    assert [each.net_minor for each in done.charges] == [-290, 435, 500]
    assert (done.service.parent_service_id, done.service.resource_name) == (
        None, f"vault-{backup.service_id}",
    )  # fmt: skip
    with pytest.raises(NotAnOption):
        detach_option(day, PETIT, backup.service_id, ALONE, by="cli")
    for period in ("2026-12", "2027-01"):
        run(context, period)
    assert ("BACKUP", "12-01", 600) in lines(context)
    assert ("VAULT", "01-01", 900) in lines(context)
    with database.read() as tx:
        found = services.find(tx, PETIT, backup.service_id)
        assert found is not None
        assert [each.reason for each in agreements.history(tx, found)][-1].startswith("detached from s-")
    for bill in rows(context, "SELECT bill_id FROM bill"):
        explain_bill(context, BillId(bill.bill_id))
    assert replay_run(context, "2026-12", FR).differences == []
    assert failed(context) == {}


def test_what_its_service_needs_stays(database: Database) -> None:
    context = shop(database)
    sold = sell(context, options=("backup",))
    with pytest.raises(OptionRefused):
        detach_option(context, PETIT, option(sold, "ram-32").service_id, ALONE, by="cli")


@pytest.mark.parametrize(
    ("wanted", "refusal"),
    [
        (Alone("s", "default", 1, 1), NotPriced),
        (Alone("vault", "yearly", 12, 1), OnlyAtRenewal),
        (Alone("vault", "default", 3, 1), NotPriced),
    ],
)
def test_what_is_not_sold_is_refused(database: Database, wanted: Alone, refusal: Any) -> None:
    context = shop(database)
    backup = option(sell(context, options=("backup",)))
    with pytest.raises(refusal):
        detach_option(context, PETIT, backup.service_id, wanted, by="cli")


def test_an_engaged_option_does_not_shrink(database: Database) -> None:
    context = shop(database)
    backup = option(sell(context, mode="degressivity12", options=("backup",)))
    with pytest.raises(StillEngaged):
        detach_option(context, PETIT, backup.service_id, ALONE, by="cli")

"""Services that change hands under crashes, kills and at one moment: all of it or nothing, once."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from acquit.actions.change_contacts import agree_to_contact_change, ask_contact_change, token_of
from acquit.actions.context import Context
from acquit.actions.move_service import Moved, move_service
from acquit.actions.order_renewal import order_renewal
from acquit.actions.pay_order import pay_order
from acquit.actions.run_bills import run_bills
from acquit.core.contact_change import AgreedAlready, Contact, ContactChangeOver, Side
from acquit.core.errors import Refusal
from acquit.core.identifiers import AccountId, ServiceId
from acquit.core.service import ServiceEnded
from acquit.core.service_order import ServiceOrder
from acquit.store import contact_changes, services
from acquit.store.transaction import Database
from billed import failed, later, rows
from fault.killing import World
from fault.test_orders import CRASH
from fault.test_two_at_once import at_once
from founding import ACME, FR, LAB, PETIT, SHOP
from ordering import sells
from serving import market, run, sell

NEAR: Final = date(2026, 12, 17)
WRITTEN: Final = (
    "service", "service_agreement", "charge", "open_charge", "planned_change", "service_move", "act",
    "contact_change", "service_contact",
)  # fmt: skip
COUNTED: Final = ("service", "service_agreement", "charge", "service_move", "service_contact")


def counted(context: Context) -> list[int]:
    return [rows(context, f"SELECT count(*) AS there FROM {table}")[0].there for table in COUNTED]


def moving(service_id: ServiceId, giver: AccountId, taker: AccountId) -> Callable[[Context], Moved]:
    return lambda context: move_service(later(context, NEAR), giver, service_id, taker, by="cli")


def asked(context: Context, service_id: ServiceId) -> list[int]:
    """Petit's service is to be Shop's, with Lab as technical contact; all is agreed but Petit's billing."""
    with context.database.write() as tx:
        tx.run("UPDATE account SET email = account_id || '@example.com'")
    wanted = {Contact.ADMIN: SHOP, Contact.BILLING: SHOP, Contact.TECHNICAL: LAB}
    day = later(context, NEAR)
    made = ask_contact_change(day, PETIT, service_id, wanted, by=f"account:{PETIT}")
    for change in made:
        for side, who in ((Side.TAKER, change.to_account_id), (Side.GIVER, PETIT)):
            if (side, change.contact) != (Side.GIVER, Contact.BILLING):
                token = token_of(day, change, side)
                agree_to_contact_change(day, who, change.contact_change_id, token, by=f"account:{who}")
    return [change.contact_change_id for change in made]


def agreeing(number: int) -> Callable[[Context], Any]:
    """Petit agrees to the last."""

    def agree(context: Context) -> Any:
        with context.database.read() as tx:
            (change,) = contact_changes.find(tx, PETIT, [number])
        token = token_of(context, change, Side.GIVER)
        return agree_to_contact_change(later(context, NEAR), PETIT, number, token, by=f"account:{PETIT}")

    return agree


@pytest.mark.parametrize("table", WRITTEN)
def test_after_a_crash_at_any_write_nothing_has_moved(
    table: str, database: Database, database_url: str
) -> None:
    context = market(database)
    sold = sell(context, mode="degressivity12", options=("backup",))
    run(context, "2026-11")
    number = asked(context, sold.service.service_id)[1]
    before = counted(context)
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute(CRASH.format(table).encode())
        with pytest.raises(psycopg.OperationalError, match="connection is gone"):
            agreeing(number)(context)
        assert counted(context) == before
        assert failed(context) == {}
        owner.execute("DROP FUNCTION crash CASCADE")
    agreeing(number)(context)
    assert counted(context)[3:] == [3, 2]
    run(context, "2026-12")
    assert failed(context) == {}


def test_the_last_consent_at_one_moment_moves_once(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    context = market(database)
    number = asked(context, sell(context).service.service_id)[1]
    came = at_once(context, database_url, tmp_path, *[agreeing(number)] * 4)
    refused = [each for each in came if isinstance(each, Refusal)]
    assert len(refused) == 3
    assert all(isinstance(each, ContactChangeOver | AgreedAlready) for each in refused)
    assert len(rows(context, "SELECT 1 FROM service_move")) == 2
    assert failed(context) == {}


def test_one_of_two_takers_has_it(database: Database, database_url: str, tmp_path: Path) -> None:
    context = market(database)
    service_id = sell(context).service.service_id
    came = at_once(
        context, database_url, tmp_path,
        moving(service_id, PETIT, SHOP), moving(service_id, PETIT, ACME), moving(service_id, PETIT, LAB),
    )  # fmt: skip
    assert sorted(type(each).__name__ for each in came) == ["Moved", "ServiceEnded", "ServiceEnded"]
    assert failed(context) == {}


def test_crosswise_moves_and_a_run_do_not_wait_for_each_other_forever(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    """Acme pays for Lab, so families are held in one order; the month is billed once whoever is first."""
    context = market(database)
    owners = (PETIT, SHOP, LAB, ACME)
    sold = {
        owner: sell(context, account_id=owner, options=("backup",)).service.service_id for owner in owners
    }
    run(context, "2026-11")
    acts: list[Callable[[Context], Any]] = [
        moving(sold[owner], owner, owners[(number + 1) % 4]) for number, owner in enumerate(owners)
    ]
    last = date(2026, 12, 31)
    acts.append(lambda own: run_bills(later(own, last), FR, "2026-12", by="cli"))
    came = at_once(context, database_url, tmp_path, *acts)
    assert [each for each in came if isinstance(each, Refusal)] == []
    run(context, "2026-12")
    run(context, "2027-01")
    december = """
        SELECT sum(net_minor)::bigint AS net FROM bill_detail
         WHERE period_start BETWEEN '2026-12-01' AND '2026-12-31' AND correction_no = 0
    """
    assert rows(context, december)[0].net == 4 * 3_600, "each day of four servers is charged to one account"
    assert failed(context) == {}


def test_a_renewal_that_is_ordered_is_done_once(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    context = market(database)
    sells(context)
    service_id = sell(context, "metal-s", account_id=ACME).service.service_id
    day = later(context, date(2026, 11, 17))
    made = order_renewal(day, ACME, [service_id], 3, by="cli")

    def paying(own: Context) -> ServiceOrder:
        return pay_order(later(own, date(2026, 11, 17)), ACME, made.order_id, None, by="cli")

    came = at_once(context, database_url, tmp_path, *[paying] * 4)
    assert all(isinstance(each, ServiceOrder) for each in came), came
    with database.read() as tx:
        found = services.find(tx, ACME, service_id)
    assert found is not None
    assert found.next_renewal_on == date(2027, 2, 1)
    assert failed(context) == {}


def test_a_move_that_is_killed_is_whole_or_was_never_there(
    database_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """`acquit service move`, killed in the middle of what it writes, and done again."""
    with Database(database_url) as first:
        context = market(first)
        sold = sell(context, options=("backup",), resource_name="web")
        run(context, "2026-11")
    world = World(database_url, tmp_path, random.Random(20261129))
    world.slow_down()
    command = ("service", "move", "web", "--account", PETIT, "--to", SHOP, "--yes")
    there = 0
    for _ in range(12 if request.config.getoption("--soak") else 4):
        world.kill(NEAR, *command)
        there = world.rows("SELECT count(*) FROM service_move")[0][0]
        assert there in (0, 3), "a service and its two options, or nothing"
        if there:
            break
    assert world.killed, "none of them was killed while it wrote"
    if not there:
        world.carry_out(NEAR, *command)
    with Database(database_url) as second:
        context = replace(context, database=second)
        with second.read() as tx:
            before = services.find(tx, PETIT, sold.service.service_id)
        assert before is not None
        assert before.terminated_on == NEAR
        assert len(rows(context, "SELECT 1 FROM service_move")) == 3
        run(context, "2026-12")
        assert failed(context) == {}
        with pytest.raises(ServiceEnded):
            moving(sold.service.service_id, PETIT, SHOP)(context)

"""The auditor follows what comes back under each setting of a seller, and notices what is otherwise."""

from datetime import date

import pytest

from acquit.actions.subscribe_service import subscribe_service
from acquit.actions.terminate_service import terminate_service
from acquit.core.identifiers import AccountId
from acquit.core.service import Ending
from acquit.core.subscription import Wish
from acquit.store.transaction import Database
from simulation.auditor_rows import Rows
from simulation.world import World, founded, run_sql
from simulation.world_money import pay
from simulation.world_runs import bill_month

ALONE = AccountId("cd30001-acq")
TAMPERED = {
    "UPDATE credited_charge SET amount_minor = amount_minor - 1":
    "UPDATE credited_charge SET amount_minor = amount_minor + 1",
    "UPDATE credited_charge SET service_id = service_id + 1":
    "UPDATE credited_charge SET service_id = service_id - 1",
    "UPDATE bill_detail SET service_id = service_id + 1 WHERE bill_id LIKE 'AV%'":
    "UPDATE bill_detail SET service_id = service_id - 1 WHERE bill_id LIKE 'AV%'",
    "INSERT INTO open_charge SELECT account_id, service_id, kind, part, period_start, now()"
    " FROM credited_charge":
    "DELETE FROM open_charge",
}  # fmt: skip


def lived(world: World, *, paid: bool = True) -> Rows:
    """A service is sold, billed, paid and ended in the middle of its period; the next month is billed."""
    sales = world.auditor.sales
    made = subscribe_service(
        world.context, ALONE, Wish("ip", world.today, 5, "default", None, (), "ip-1"), by="cli"
    )
    ids = [int(each.service_id) for each in made.services]
    sales.sold(ALONE, ids, "ip-1", "ip", "default", 5, (), world.today)
    bill_month(world, date(2026, 1, 1))
    if paid:
        world.attempt(pay)
    world.move(date(2026, 1, 20))
    terminate_service(world.context, ALONE, made.services[0].service_id, Ending.NOW, by="cli", refund=True)
    sales.ended((ALONE, ids[0]), "now", world.today, True)
    world.move(date(2026, 2, 27))
    bill_month(world, date(2026, 2, 1))
    return world.auditor.rows()


@pytest.mark.parametrize(
    ("seed", "setting", "parked", "waits", "credited"),
    [
        (4, "carry", 0, 1, 0),
        (1, "park", 1, 1, 0),
        (2, "credit-note", 0, 0, 1),
        (3, "credit-balance", 0, 0, 1),
    ],
)
def test_each_setting_is_followed(
    seed: int, setting: str, parked: int, waits: int, credited: int, database: Database, database_url: str
) -> None:
    with founded(database, database_url, seed) as world:
        assert world.auditor.below_zero == setting
        rows = lived(world)
        assert (len(rows.parked), len(rows.charges), len(rows.credited)) == (parked, waits, credited)
        assert bool(world.auditor.money.prepaid[ALONE]) == (setting == "credit-balance")


def test_what_is_credited_otherwise_is_noticed(database: Database, database_url: str) -> None:
    with founded(database, database_url, 2) as world:
        lived(world)
        assert world.auditor.judge(world.today) == []
        for tampered, undo in TAMPERED.items():
            run_sql(world.url, tampered)
            found = world.auditor.judge(world.today)
            run_sql(world.url, undo)
            assert found, tampered
            assert world.auditor.judge(world.today) == []


def test_what_a_bill_bears_and_waits_is_noticed(database: Database, database_url: str) -> None:
    with founded(database, database_url, 4) as world:
        lived(world)
        world.auditor.below_zero = "credit-note"
        found = world.auditor.after_run(date(2026, 2, 28))
        assert any("waits" in each for each in found), found

"""A short life in which everything happens once at least: for what has to be seen, not found."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from simulation import world_down_payments as down_payments
from simulation import world_moves as moves
from simulation import world_points as points
from simulation import world_reverse as reverse
from simulation.auditor_rows import Rows
from simulation.tampering import some
from simulation.world import World
from simulation.world_acts import Act
from simulation.world_money import open_debts, use
from simulation.world_runs import bill_month, judge
from simulation.world_services import sell

DAY = timedelta(days=1)


def until(world: World, act: Act, seen: Callable[[Rows], object]) -> None:
    """Do something until the books show it."""
    for _ in range(80):
        if seen(world.auditor.rows()):
            return
        world.attempt(act)
    raise AssertionError(f"{act.__name__} never came about: {world.told[-5:]}")


def live_through_everything(world: World) -> None:
    """Everything happens once at least, and money stands behind it."""
    auditor = world.auditor
    agreed = auditor.reverse.agreed
    until(world, points.set_programme, lambda _: getattr(auditor.points.on(world.today), "points", 0))
    until(world, sell, lambda rows: len(rows.services) > 20)
    until(world, down_payments.ask, lambda rows: len(some(rows.bills, kind="down-payment")) > 6)

    def unpaid(rows: Rows) -> list[Any]:
        debts = {number for number, _, _ in open_debts(world)}
        return [each for each in some(rows.bills, kind="down-payment") if each.order_id in debts]

    until(world, down_payments.pay, lambda rows: len(unpaid(rows)) < 2)
    until(world, reverse.agree, lambda _: len([each for each in agreed.values() if each.sets_off]) > 2)
    until(world, reverse.bill, lambda rows: len(rows.reverse_bills) > 6)
    until(world, points.give, lambda rows: len(some(rows.points, kind="given")) > 3)
    world.move(world.today + 20 * DAY)
    until(world, use, lambda rows: len(rows.used) > 20)
    bill_month(world, world.today.replace(day=1))
    until(
        world,
        moves.give_away,
        lambda rows: [each for each in rows.charges if each.part == "moved" and each.unit_price_ucents],
    )
    until(world, points.use, lambda rows: some(rows.points, kind="used"))
    until(world, reverse.set_off, lambda rows: rows.set_offs)
    until(world, reverse.pay, lambda rows: rows.refunds)
    until(world, reverse.tell, lambda rows: some(rows.refunds, state="paid"))
    until(world, reverse.take_back, lambda rows: some(rows.reverse_bills, kind="self-billed-credit"))
    judge(world)

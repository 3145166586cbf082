"""Acts about points: programmes that follow each other, points given, taken, bought and used."""

from datetime import date

from acquit.actions.count_points import count_points
from acquit.actions.give_points import give_points, take_points
from acquit.actions.order_points import order_points
from acquit.actions.order_prepayment import pay_prepay_order
from acquit.actions.set_points_programme import set_points_programme
from acquit.actions.use_points import use_points
from acquit.core.credit_balance import CreditType
from acquit.core.identifiers import AccountId
from acquit.core.point import Programme
from founding import FR
from simulation import auditor_of_points as auditor
from simulation.world import EUR, World
from simulation.world_money import unapplied


def set_programme(world: World) -> str:
    """From today or a later day on the seller gives other points, or none."""
    rng = world.rng
    points, per, worth = rng.choice(((1, 100, 4), (2, 500, 100), (3, 700, 1), (0, 100, 5)))
    from_on = rng.choice((world.today, world.today, date.fromordinal(world.today.toordinal() + 9)))
    without = rng.choice(((), ("ip",))), rng.choice(((), ("usage",), ("installation", "usage")))
    used_bp, months = rng.choice((10_000, 8_000, 3_333)), rng.choice((None, 1, 2, 12))
    programme = Programme(FR, EUR, from_on, points, per, worth, used_bp, months, True, *without)
    set_points_programme(world.context, programme, by="cli")
    after = max((each.movement_id for each in world.auditor.rows("points").points), default=0)
    told = auditor.Programme(from_on, points, per, worth, used_bp, months, *without, after)
    world.auditor.points.programmes.append(told)
    return f"{told}"


def _payer(world: World) -> AccountId:
    return AccountId(world.rng.choice(sorted(set(world.auditor.sales.payers.values()))))


def give(world: World) -> str:
    """Give a payer points."""
    payer, points = _payer(world), world.rng.randint(1, 400)
    give_points(world.context, payer, points, "sorry", by="cli")
    world.auditor.points.moved[payer, "given"] += points
    return f"{payer} {points}"


def take(world: World) -> str:
    """Take points from a payer."""
    payer, points = _payer(world), world.rng.choice((1, 20, 150))
    take_points(world.context, payer, points, "a mistake", by="cli")
    world.auditor.points.moved[payer, "taken"] += points
    return f"{payer} {points}"


def use(world: World) -> str | None:
    """A payer makes credit of points, all or some."""
    balances = {each.account_id: each.balance for each in world.auditor.rows("points").points}
    there = sorted(payer for payer, balance in balances.items() if balance)
    if not there:
        return None
    payer = AccountId(world.rng.choice(there))
    points = world.rng.randint(1, balances[payer])
    made = use_points(world.context, payer, points, by="cli")
    world.auditor.points.moved[payer, "used"] += points
    for lot in made:
        side = world.auditor.money.given if lot.type is CreditType.BONUS else world.auditor.money.freed
        side[payer] += lot.left_minor
    return f"{payer} {points}: {[lot.left_minor for lot in made]}"


def buy(world: World) -> str | None:
    """Money in hand buys points; they are worth it until they are used."""
    for payer, deposit, amount in unapplied(world):
        programme = world.auditor.points.on(world.today)
        if programme is None or amount < programme.worth:
            continue
        points = world.rng.randint(1, min(amount // programme.worth, 300))
        order = order_points(world.context, AccountId(payer), points, by="cli")
        pay_prepay_order(world.context, AccountId(payer), order.order_id, deposit, by="cli")
        world.auditor.money.prepaid[payer] += order.amount_minor
        world.auditor.points.moved[payer, "bought"] += points
        return f"{payer} {points} for {order.amount_minor} of {deposit}"
    return None


def count(world: World) -> str:
    """What happened on debts is counted, as it is every minute."""
    return f"{count_points(world.context)}"

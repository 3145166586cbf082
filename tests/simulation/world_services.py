"""Acts on services, each told to the auditor once it succeeded."""

from datetime import timedelta

from acquit.actions.change_prices import change_price, withdraw_change
from acquit.actions.change_service import change_service
from acquit.actions.renew_service import renew_service
from acquit.actions.set_renewal import set_renewal
from acquit.actions.set_renewal_day import set_renewal_day
from acquit.actions.subscribe_service import subscribe_service
from acquit.actions.suspend_service import restore_service, suspend_service
from acquit.actions.terminate_service import terminate_service
from acquit.core.identifiers import AccountId, ServiceId
from acquit.core.service import Ending
from acquit.core.service_change import Wanted, When
from acquit.core.subscription import Wish
from simulation.auditor_sales import Change, Key
from simulation.auditor_services import Held
from simulation.world import World
from simulation.world_catalogue import SOLD


def sell(world: World) -> str:
    """Subscribe something for somebody, from a day near today on."""
    rng, account_id = world.rng, world.rng.choice(world.accounts)
    plan = rng.choice(list(SOLD))
    mode = rng.choice(SOLD[plan])
    quantity = {"ip": rng.choice((1, 8, 10, 11, 30)), "license": rng.randint(1, 5)}.get(plan, 1)
    options: tuple[str, ...] = ()
    if plan.startswith("metal"):
        options = rng.choice(((), ("ram-64",), ("care",), ("ram-64", "care")))
    starts = world.today + timedelta(days=rng.choice((0, 0, 0, -20, -45, 7, 25)))
    name = f"{plan}-{world.next_serial()}"
    wish = Wish(plan, starts, quantity, mode, None, options, name)
    made = subscribe_service(world.context, account_id, wish, by="cli")
    ids = [int(each.service_id) for each in made.services]
    world.auditor.sales.sold(account_id, ids, name, plan, mode, quantity, options, starts)
    return f"{account_id} {quantity} x {plan} {mode} {options} from {starts}: {ids}"


def _heads(world: World) -> list[Held]:
    return [each for each in world.auditor.sales.held.values() if each.head == each.number]


def picked(world: World, *, anything: bool = False) -> Held | None:
    """Return a service that is there, options apart, or None."""
    there = [each for each in _heads(world) if anything or each.there(world.today)]
    return world.rng.choice(there) if there else None


def _key(held: Held) -> Key:
    return held.account, held.number


def _ids(held: Held) -> tuple[AccountId, ServiceId]:
    return AccountId(held.account), ServiceId(held.number)


def _wish(world: World, held: Held) -> Change:
    """Return another plan, quantity, mode or set of options than the service has."""
    rng, terms = world.rng, held.terms
    when = rng.choice(("now", "now", "now", "at-renewal", "at-engagement"))
    if terms.plan == "ip":
        return Change(when, quantity=rng.choice((1, 5, 9, 10, 11, 20, 40)))
    if not terms.plan.startswith("metal"):
        return Change(when, quantity=rng.randint(1, 9))
    other = "metal-l" if terms.plan == "metal-s" else "metal-s"
    return rng.choice(
        (
            Change(when, plan=other),
            Change(when, plan=other),
            Change("at-renewal", mode=rng.choice(SOLD[terms.plan])),
            Change(when, mode=rng.choice(SOLD[terms.plan])),
            Change(when, add=(rng.choice(("ram-64", "ram-32", "care")),)),
            Change(when, remove=("care",)),
        )
    )


def change(world: World) -> str | None:
    """Change a service: plan, quantity, mode or options, at once or later."""
    held = picked(world)
    if held is None:
        return None
    wish = _wish(world, held)
    wanted = Wanted(wish.plan, wish.quantity, wish.mode, None, wish.add, wish.remove, When(wish.when))
    made = change_service(world.context, *_ids(held), wanted, by="cli")
    before = world.auditor.sales.held.keys()
    there = [int(each.service_id) for each in (made.service, *made.options)]
    fresh = sorted(number for number in there if (held.account, number) not in before)
    world.auditor.sales.changed(_key(held), wish, world.today, fresh)
    return f"{_key(held)} {wish} fresh {fresh}"


def renew_ahead(world: World) -> str | None:
    """Renew a service for some periods more."""
    held = picked(world)
    if held is None:
        return None
    periods = world.rng.randint(1, 2)
    renew_service(world.context, *_ids(held), periods, by="cli")
    world.auditor.sales.renewed_ahead(_key(held), periods, world.today)
    return f"{_key(held)} {periods}"


def suspend(world: World) -> str | None:
    """Suspend a service."""
    held = picked(world)
    if held is None:
        return None
    suspend_service(world.context, *_ids(held), "not paid", by="cli")
    world.auditor.sales.suspended(_key(held), world.today)
    return f"{_key(held)}"


def restore(world: World) -> str | None:
    """Restore what is suspended."""
    suspended = [each for each in _heads(world) if each.state == "suspended"]
    if not suspended:
        return None
    held = world.rng.choice(suspended)
    restore_service(world.context, *_ids(held), by="cli")
    world.auditor.sales.restored(_key(held), world.today)
    return f"{_key(held)}"


def end(world: World) -> str | None:
    """End a service, now or later, with or without its unused days coming back."""
    held = picked(world)
    if held is None:
        return None
    how = world.rng.choice(tuple(Ending))
    refund = world.rng.choice((None, None, True, False))
    terminate_service(world.context, *_ids(held), how, by="cli", refund=refund)
    world.auditor.sales.ended(_key(held), how.value, world.today, refund)
    return f"{_key(held)} {how.value} refund {refund}"


def choose_renewal(world: World) -> str | None:
    """Let a service renew, or not."""
    held = picked(world)
    if held is None:
        return None
    automatic, ends = world.rng.choice(((True, False), (True, False), (False, False), (True, True)))
    set_renewal(world.context, *_ids(held), by="cli", automatic=automatic, delete_at_expiration=ends)
    world.auditor.sales.renewal_set(_key(held), automatic, ends)
    return f"{_key(held)} {automatic} {ends}"


def announce(world: World) -> str | None:
    """Announce another price of a service."""
    held = picked(world)
    if held is None:
        return None
    price = held.terms.price_ucents * world.rng.choice((95, 103, 110)) // 100 + 1
    from_on = world.today + timedelta(days=world.rng.randint(30, 70))
    made = change_price(world.context, *_ids(held), price, from_on, by="cli")
    number = world.auditor.sales.price_announced(_key(held), price, from_on)
    world.announced.append((_key(held), made.change.change_no, number))
    return f"{_key(held)} {price} from {from_on}"


def withdraw(world: World) -> str | None:
    """Withdraw a price that was announced."""
    if not world.announced:
        return None
    key, change_no, number = world.announced.pop(world.rng.randrange(len(world.announced)))
    ids = AccountId(key[0]), ServiceId(key[1])
    withdraw_change(world.context, *ids, change_no, by="cli", reason="not now")
    world.auditor.sales.price_withdrawn(key, number)
    return f"{key} {change_no}"


def group(world: World) -> str:
    """Let an account renew everything on one day of the month, or no longer."""
    account_id = world.rng.choice(world.accounts)
    active, day = world.rng.random() < 0.7, world.rng.choice((1, 15, 28, 31))
    set_renewal_day(world.context, account_id, active=active, day=day, by="cli")
    world.auditor.sales.day_grouped(account_id, active, day, world.today)
    return f"{account_id} {active} {day}"

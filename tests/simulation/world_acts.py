"""How often a business does what."""

from collections.abc import Callable
from typing import Final

from simulation import world_down_payments as down_payments
from simulation import world_money as money
from simulation import world_moves as moves
from simulation import world_points as points
from simulation import world_reverse as reverse
from simulation import world_services as services
from simulation.world import World

Act = Callable[[World], str | None]

ACTS: Final[dict[Act, int]] = {
    services.sell: 8, services.change: 7, services.renew_ahead: 2, services.suspend: 2, services.restore: 2,
    services.end: 2, services.choose_renewal: 2, services.announce: 2, services.withdraw: 1,
    services.group: 1,
    money.use: 6, money.correct_use: 2, money.misuse: 1,
    money.pay: 6, money.pay_later: 2, money.undo: 2, money.give_credit: 2, money.take_back: 2,
    money.correct: 1, money.let_off: 2, money.promise: 1, money.order: 3, money.amend_order: 1,
    money.choose_policy: 1, money.agree_term: 1, money.share: 1,
    down_payments.ask: 3, down_payments.pay: 3, down_payments.take_back: 1,
    moves.give_away: 2, moves.offer: 2, moves.answer: 3,
    points.set_programme: 1, points.give: 1, points.take: 1, points.use: 2, points.buy: 1, points.count: 1,
    reverse.agree: 2, reverse.accept_or_revoke: 1, reverse.bill: 3, reverse.answer: 2, reverse.pay: 2,
    reverse.tell: 3, reverse.set_off: 2, reverse.undo: 1, reverse.take_back: 1,
}  # fmt: skip


def do_something(world: World) -> None:
    """Something happens, one act or a refusal."""
    act = world.rng.choices(list(ACTS), weights=list(ACTS.values()))[0]
    world.attempt(act)

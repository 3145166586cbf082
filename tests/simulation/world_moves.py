"""Services change hands: by staff, or because both accounts agree in time, if nothing lapses."""

from collections.abc import Sequence
from datetime import timedelta

from acquit.actions.change_contacts import (
    agree_to_contact_change,
    ask_contact_change,
    refuse_contact_change,
    token_of,
)
from acquit.actions.move_service import move_service
from acquit.core.contact_change import ChangeState, Contact, ContactChange, Side
from acquit.core.errors import Refusal
from acquit.core.identifiers import AccountId, ServiceId
from simulation.auditor_services import Held
from simulation.world import World
from simulation.world_services import picked

LIFE = timedelta(days=7)
"""How long both accounts may agree."""


def give_away(world: World) -> str | None:
    """Staff gives a service to another account."""
    held = picked(world)
    if held is None:
        return None
    to = world.rng.choice(world.accounts)
    move_service(world.context, AccountId(held.account), ServiceId(held.number), to, by="cli")
    return _handed(world, held, to)


def _handed(world: World, held: Held, to: AccountId) -> str:
    own = {each.number for each in world.auditor.sales.group((held.account, held.number), world.today)}
    ids = {
        row.service_id: row.to_service_id
        for row in world.auditor.rows("moves").moves
        if row.account_id == held.account and row.service_id in own
    }
    world.auditor.sales.handed((held.account, held.number), to, ids, world.today)
    return f"{held.account} {held.number} to {to}: {ids}"


def offer(world: World) -> str | None:
    """An account asks another to have its service, or one contact of it."""
    held = picked(world)
    if held is None:
        return None
    to = world.rng.choice(world.accounts)
    contacts = world.rng.choice(
        (
            [Contact.ADMIN, Contact.BILLING],
            [Contact.ADMIN, Contact.BILLING],
            [Contact.TECHNICAL, Contact.ADMIN],
        )
    )
    made = ask_contact_change(
        world.context, AccountId(held.account), ServiceId(held.number), dict.fromkeys(contacts, to), by="cli"
    )
    world.offers += made
    return f"{held.account} {held.number} to {to}: {[each.contact_change_id for each in made]}"


def answer(world: World) -> str | None:
    """Both sides of what waits answer: they agree, refuse, mistake the token, or say nothing."""
    if not world.offers:
        return None
    asked = world.rng.choice(world.offers[-8:])
    waiting = [each for each in world.offers if _key(each) == _key(asked)]
    sides = [(each, side) for each in waiting for side in Side]
    world.rng.shuffle(sides)
    told = [_answered(world, change, side) for change, side in sides]
    return f"{asked.account_id} {asked.service_id} to {asked.to_account_id}: {told}"


def _key(change: ContactChange) -> Sequence[object]:
    return change.account_id, change.service_id, change.to_account_id, change.asked_at.date()


def _answered(world: World, change: ContactChange, side: Side) -> str:
    account = change.account_id if side is Side.GIVER else change.to_account_id
    how = world.rng.choices(("agree", "refuse", "mistake", "silence"), (85, 4, 4, 7))[0]
    if how == "silence":
        return how
    token = "wrong" if how == "mistake" else token_of(world.context, change, side)
    act = refuse_contact_change if how == "refuse" else agree_to_contact_change
    try:
        done = act(world.context, account, change.contact_change_id, token, by=f"account:{account}")
    except Refusal as refusal:
        return refusal.code
    assert how != "mistake", "the token of the letter is asked for"
    assert world.clock.now() < change.asked_at + LIFE, "what waited too long is over"
    if done.state is ChangeState.DONE and change.contact is not Contact.TECHNICAL:
        held = world.auditor.sales.held[change.account_id, change.service_id]
        return _handed(world, held, change.to_account_id)
    return how

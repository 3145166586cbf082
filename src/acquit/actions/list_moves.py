"""Services that change hands as staff reads them: what was asked and answered, what went, what it came to."""

from dataclasses import dataclass
from datetime import datetime

from acquit.actions.context import Context
from acquit.core.contact_change import (
    OWNING,
    ChangeState,
    ContactChange,
    NoSuchContactChange,
)
from acquit.core.identifiers import AccountId, LegalEntityId, ServiceId
from acquit.core.service import Service
from acquit.core.service_move import NoSuchMove
from acquit.store import contact_changes, move_lists, services
from acquit.store.contact_changes import Answer
from acquit.store.move_lists import LAST, Given, Settled
from acquit.store.transaction import Transaction

ROWS_MAX = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """A change of a contact that an account asks for, and where it is now."""

    change: ContactChange
    state: ChangeState


@dataclass(frozen=True, slots=True)
class WholeAsked:
    """One of them with who said what to it, and the service's move that came of it; None: none did.

    `partner` is the other owning contact, asked for at the same moment.
    """

    asked: Asked
    partner: Asked | None
    answers: tuple[Answer, ...]
    move: Given | None


@dataclass(frozen=True, slots=True)
class WholeMove:
    """A service as it ended in one account and as it is in the other, and what was settled for it.

    `options` went along; `asked` are the changes that both accounts agreed to, none when staff moved it.
    """

    move: Given
    ended: Service
    service: Service
    options: tuple[Given, ...]
    settled: tuple[Settled, ...]
    asked: tuple[Asked, ...]


def list_asked_moves(
    context: Context,
    legal_entity_id: LegalEntityId,
    account_id: AccountId | None = None,
    before: int | None = None,
    rows_max: int = ROWS_MAX,
) -> list[Asked]:
    """Return what accounts of the seller asked for, or what one asked or was asked, newest first."""
    now = context.clock.now()
    with context.database.read() as tx:
        if account_id is None:
            found = contact_changes.latest_of_entity(tx, legal_entity_id, before, rows_max)
        else:
            found = contact_changes.latest(tx, account_id, before, rows_max)
    return [_asked(each, now) for each in found]


def list_moves(
    context: Context,
    legal_entity_id: LegalEntityId,
    account_id: AccountId | None = None,
    before_id: int = LAST,
    rows_max: int = ROWS_MAX,
) -> list[Given]:
    """Return services that changed hands at the seller, or that one account gave or took, newest first."""
    with context.database.read() as tx:
        return move_lists.done(tx, legal_entity_id, account_id, before_id, rows_max)


def show_asked_move(context: Context, account_id: AccountId, number: int) -> WholeAsked:
    """Return a change of a contact that concerns the account. Raises NoSuchContactChange."""
    now = context.clock.now()
    with context.database.snapshot() as tx:
        found = contact_changes.find(tx, account_id, [number])
        if not found:
            raise NoSuchContactChange(number)
        change = found[0]
        partner = _partner(tx, change)
        moved = move_lists.find(tx, change.account_id, change.service_id)
        return WholeAsked(
            _asked(change, now),
            None if partner is None else _asked(partner, now),
            tuple(contact_changes.answers(tx, change)),
            moved[0] if moved and change.contact in OWNING and _came_of(moved[0], change) else None,
        )


def show_move(context: Context, account_id: AccountId, service_id: ServiceId) -> WholeMove:
    """Return where a service of the account went and what it came to. Raises NoSuchMove."""
    now = context.clock.now()
    with context.database.snapshot() as tx:
        found = move_lists.find(tx, account_id, service_id)
        if not found:
            raise NoSuchMove(account_id, service_id)
        move, *options = found
        ended = services.find(tx, move.account_id, move.service_id)
        service = services.find(tx, move.to_account_id, move.to_service_id)
        assert ended is not None, "a service that went is there as it ended"
        assert service is not None, "a service that was taken is there"
        agreed = [each for each in contact_changes.done_of_service(tx, move.account_id, move.service_id)
                  if _came_of(move, each)]  # fmt: skip
        return WholeMove(
            move,
            ended,
            service,
            tuple(options),
            tuple(move_lists.settled(tx, found)),
            tuple(_asked(each, now) for each in agreed),
        )


def _came_of(move: Given, change: ContactChange) -> bool:
    return change.state is ChangeState.DONE and change.to_account_id == move.to_account_id


def _partner(tx: Transaction, change: ContactChange) -> ContactChange | None:
    """Return the other owning contact that was asked for together with this one."""
    if change.contact not in OWNING:
        return None
    together = contact_changes.asked_with(tx, change)
    return next((each for each in together if {each.contact, change.contact} == OWNING), None)


def _asked(change: ContactChange, now: datetime) -> Asked:
    return Asked(change, change.state_at(now))

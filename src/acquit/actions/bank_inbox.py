"""The inbox of the bank: entries that wait for a person, each with what may explain it, best first."""

from collections.abc import Sequence
from dataclasses import dataclass

from acquit.actions.bank_deciding import propose_in
from acquit.actions.bank_house import house_in
from acquit.actions.context import Context
from acquit.actions.loading import require_staff
from acquit.actions.own_entries import recorded_in, take_own_entries
from acquit.core.bank_entry import NoSuchBankEntry
from acquit.core.identifiers import LegalEntityId
from acquit.core.match import Proposal
from acquit.core.operator import Right
from acquit.store import bank_files, bank_lists, bank_matches
from acquit.store.bank_files import Stored
from acquit.store.bank_matches import Match, Move, Part, Waiting

PAGE_ROWS = 500


@dataclass(frozen=True, slots=True)
class Unexplained:
    """An entry that waits, what is proposed for it, and why what it names does not fit."""

    stored: Stored
    proposals: Sequence[Proposal]
    why: str = ""


@dataclass(frozen=True, slots=True)
class Inbox:
    """What waits: the first entries of so many, and what waits for a second operator."""

    waiting: int
    entries: Sequence[Unexplained]
    decisions: Sequence[Waiting]


@dataclass(frozen=True, slots=True)
class Story:
    """An entry with all that became of it: moves, standing match, what is proposed or why it waits."""

    stored: Stored
    moves: Sequence[Move]
    match: Match | None
    parts: Sequence[Part]
    proposals: Sequence[Proposal]
    why: str = ""


def bank_inbox(
    context: Context,
    legal_entity_id: LegalEntityId,
    *,
    rows_max: int = 100,
    after_id: int = 0,
    text: str = "",
    amount_minor: int | None = None,
) -> Inbox:
    """Return what waits for a person, oldest first; with a text only what has it, or the amount."""
    with context.database.snapshot() as tx:
        if text:
            ids = bank_lists.waiting_like(tx, legal_entity_id, text, amount_minor, after_id, rows_max)
        else:
            ids = bank_matches.waiting(tx, legal_entity_id, after_id, rows_max)
        proposed = bank_matches.proposals(tx, legal_entity_id, ids)
        found = bank_files.some(tx, legal_entity_id, ids)
        why = bank_matches.why_waiting(tx, legal_entity_id, ids) | recorded_in(tx, legal_entity_id, found)
        return Inbox(
            bank_matches.count_waiting(tx, legal_entity_id),
            [
                Unexplained(stored, proposed.get(stored.entry_id, []), why.get(stored.entry_id, ""))
                for stored in found
            ],
            bank_matches.waiting_decisions(tx, legal_entity_id),
        )


def look_again(context: Context, legal_entity_id: LegalEntityId, *, by: str) -> int:
    """Every entry in the inbox has the proposals that fit the debts of now; return how many have one.

    What would be safe to apply by itself stands first, and still waits for a person: the entry was told.
    What tells of a file of ours or a payout, and fits by now, waits no longer.
    """
    take_own_waiting(context, legal_entity_id, by=by)
    count = after_id = 0
    while True:
        with context.database.write() as tx:
            require_staff(tx, by, Right.IMPORT_BANK_FILES)
            ids = bank_matches.waiting(tx, legal_entity_id, after_id, PAGE_ROWS)
            if not ids:
                return count
            house = house_in(context, tx, legal_entity_id)
            decided = propose_in(tx, house.setting, bank_files.some(tx, legal_entity_id, ids))
            found = {}
            for entry_id, decision in decided.items():
                first = [decision.automatic] if decision.automatic else []
                found[entry_id] = [*first, *(each for each in decision.proposals if each not in first)]
            bank_matches.propose(tx, legal_entity_id, found)
            count += sum(bool(each) for each in found.values())
            after_id = ids[-1]


def take_own_waiting(context: Context, legal_entity_id: LegalEntityId, *, by: str) -> None:
    """Entries in the inbox that tell of our files or of payouts, and fit by now, are linked with them.

    Raises StaffOnly, RoleForbids.
    """
    after_id = 0
    with context.database.read() as tx:
        require_staff(tx, by, Right.IMPORT_BANK_FILES)
    while True:
        with context.database.read() as tx:
            ids = bank_matches.waiting(tx, legal_entity_id, after_id, PAGE_ROWS)
            stored = bank_files.some(tx, legal_entity_id, ids)
        if not ids:
            return
        take_own_entries(context, legal_entity_id, stored, by=by)
        after_id = ids[-1]


def bank_story(context: Context, entry_id: int) -> Story:
    """Return an entry and what became of it. Raises NoSuchBankEntry."""
    with context.database.snapshot() as tx:
        owner = bank_files.legal_entity_of(tx, entry_id)
        found = [] if owner is None else bank_files.some(tx, owner, [entry_id])
        if owner is None or not found:
            raise NoSuchBankEntry(f"There is no bank entry {entry_id}.", entry=str(entry_id))
        match = bank_matches.standing(tx, owner, entry_id)
        why = bank_matches.why_waiting(tx, owner, [entry_id])
        if entry_id in bank_matches.waiting(tx, owner, entry_id - 1, 1):
            why |= recorded_in(tx, owner, found)
        return Story(
            found[0],
            bank_matches.moves(tx, owner, entry_id),
            match,
            bank_matches.parts(tx, owner, match.match_no) if match else [],
            bank_matches.proposals(tx, owner, [entry_id]).get(entry_id, []),
            why.get(entry_id, ""),
        )

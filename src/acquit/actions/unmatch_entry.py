"""Undo a match: its payments are reopened, its credit taken back, its money waits in suspense again.

Nothing is changed or deleted: every step is a new fact with its own balanced entry.
"""

from acquit.actions.bank_booking import into_suspense, write
from acquit.actions.bank_house import House, desk_in
from acquit.actions.context import Context
from acquit.actions.loading import account_in, require_staff
from acquit.actions.match_by_hand import Outcome, entry_in
from acquit.actions.order_points import unbuy_in
from acquit.actions.settling import Books, book_in, owed_in, undo_in, undo_write_off_in
from acquit.core import journal
from acquit.core.bank_entry import NotInTheInbox
from acquit.core.debt import CannotReverse, NoSuchOperation, OperationKind, refuse_reversal
from acquit.core.errors import Conflict, Invalid
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.journal import EntryKind
from acquit.core.match import Proposal, Rule
from acquit.core.money import plain
from acquit.core.operator import Right
from acquit.store import (
    acts,
    bank_evidence,
    bank_matches,
    bank_settings,
    billables,
    credit_movements,
    debts,
    prepayments,
)
from acquit.store.bank_files import Stored
from acquit.store.bank_matches import Part
from acquit.store.transaction import Transaction


class MoneyUsed(Conflict):
    """The money of a match was used for something else since."""

    code = "money-used"


class ReasonMissing(Invalid):
    """What is undone or set aside says why."""

    code = "reason-missing"


def unmatch_entry(context: Context, entry_id: int, reason: str, *, by: str) -> Outcome:
    """The entry is matched no longer and waits, or a second operator is asked above the limit.

    Raises NoSuchBankEntry, NotInTheInbox (it has no match), CannotReverse (a return by the bank), MoneyUsed,
    ReasonMissing, StaffOnly, RoleForbids.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.SETTLE_DEBTS)
        if not reason.strip():
            raise ReasonMissing("Say why the match is undone: --reason.")
        stored, house = entry_in(context, tx, entry_id)
        match = bank_matches.standing(tx, house.setting.legal_entity_id, entry_id)
        nothing = Proposal(match.rule if match else Rule.BY_HAND, 0, reason, AccountId(""), ())
        limit = house.limits.approval_above_minor
        if limit is not None and stored.entry.amount_minor > limit:
            number = bank_matches.ask(
                tx, house.setting.legal_entity_id, "unmatch", entry_id, stored.entry.amount_minor,
                {"reason": reason}, by,
            )  # fmt: skip
            return Outcome(entry_id, nothing, decision_no=number)
        return Outcome(entry_id, nothing, match_no=unmatch_in(context, tx, house, stored, reason, by))


def unmatch_in(context: Context, tx: Transaction, house: House, stored: Stored, reason: str, by: str) -> int:
    """Undo the match of an entry inside a transaction that is the caller's; return the match's number."""
    entity_id = house.setting.legal_entity_id
    match = bank_matches.standing(tx, entity_id, stored.entry_id)
    if match is None:
        raise NotInTheInbox(f"Entry {stored.entry_id} has no match to undo.", entry=str(stored.entry_id))
    if match.rule is Rule.RETURN:
        raise CannotReverse("The bank took this money back: collect or settle the bills anew instead.")
    if match.rule is Rule.OWN:
        raise CannotReverse(
            f"Entry {stored.entry_id} tells of a file of ours, a payout or a deposit: its money is booked "
            "there. Undo what was booked with that instead."
        )
    parts = bank_matches.parts(tx, entity_id, match.match_no)
    moves = bank_matches.moves(tx, entity_id, stored.entry_id)
    last = max((each.move_no for each in moves if each.kind in ("suspense", "identified")), default=0)
    deposits = [
        (each.account_id, str(each.deposit_id), each.amount_minor)
        for each in moves if each.kind == "deposit" and each.move_no > last
    ]  # fmt: skip
    accounts = {each.account_id for each in parts} | {account_id for account_id, _, _ in deposits}
    payers = {account_id for account_id, _, _ in deposits}
    bank_evidence.lock(tx, sorted(payers), sorted(accounts))
    desk = desk_in(context, tx, house, by)
    for part in parts:
        _undo(tx, desk.books, part, reason)
    for payer_id, deposit_id, amount in deposits:
        _refuse_used(tx, payer_id, deposit_id, amount, stored)
    on = max(desk.books.today, stored.entry.booked_on)
    desk.heads |= billables.heads(tx, sorted({*payers, desk.suspense_id}))
    desk.moves[stored.entry_id] = len(moves)
    for payer_id, deposit_id, amount in deposits:
        postings = journal.deposit_postings(desk.books.chart, -amount, stored.entry.currency)
        desk.book(payer_id, EntryKind.DEPOSIT_WITHDRAWN, on, deposit_id, postings)
        desk.move(stored.entry_id, "withdrawn", payer_id, deposit_id, amount, on)
    into_suspense(desk, stored, on)
    write(tx, desk)
    bank_matches.unmatch(tx, entity_id, match.match_no, reason, by)
    bank_settings.forget(tx, entity_id, match.match_no)
    acts.record(
        tx, by, "unmatch_entry", deposits[0][0] if deposits else None, str(stored.entry_id),
        match=match.match_no, reason=reason,
    )  # fmt: skip
    return match.match_no


def set_entry_aside(context: Context, entry_id: int, reason: str, *, by: str) -> LegalEntityId:
    """The entry pays no bill (a fee, money of others): it waits no longer and its money stays in suspense.

    Raises NoSuchBankEntry, NotInTheInbox, ReasonMissing.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.SETTLE_DEBTS)
        if not reason.strip():
            raise ReasonMissing("Say why the entry pays no bill: --reason.")
        stored, house = entry_in(context, tx, entry_id)
        entity_id = house.setting.legal_entity_id
        moves = bank_matches.moves(tx, entity_id, entry_id)
        if not bank_matches.in_suspense(moves):
            raise NotInTheInbox(f"Entry {stored.entry_id} is matched: unmatch it first.", entry=str(entry_id))
        bank_matches.set_aside(tx, entity_id, entry_id, reason, by)
        bank_matches.leave_inbox(tx, entity_id, [entry_id])
        acts.record(tx, by, "set_entry_aside", None, str(entry_id), reason=reason)
        return entity_id


def _undo(tx: Transaction, books: Books, part: Part, reason: str) -> None:
    """Undo one part of a match by a new fact; one that was undone since is left as it is."""
    if part.kind == "to-credit":
        _take_credit_back(tx, books, part)
        return
    assert part.debt_id is not None, "every other part is on a debt"
    assert part.operation_id is not None, "every other part is an operation"
    owed = owed_in(tx, part.account_id, part.debt_id)
    try:
        undone = refuse_reversal(owed.debt, owed.operations, part.operation_id)
    except (NoSuchOperation, CannotReverse):
        return
    if part.kind == "written-off":
        undo_write_off_in(tx, books, owed, undone, books.today, reason)
    else:
        undo_in(tx, books, owed, undone, OperationKind.REOPENED, books.today, reason)


def _take_credit_back(tx: Transaction, books: Books, part: Part) -> None:
    """Make unapplied money again of what had become credit. Raises MoneyUsed when some was used."""
    account_in(tx, part.account_id)
    lots = (
        *credit_movements.lots(tx, [part.account_id]).get(part.account_id, ()),
        *credit_movements.behind_points(tx, part.account_id),
    )
    lot = next((each for each in lots if each.movement_id == part.movement_id), None)
    if lot is None or lot.left_minor < part.amount_minor:
        raise MoneyUsed(
            f"The credit that account {part.account_id} got from this entry has paid a bill since: reopen "
            "that payment first.",
            account=part.account_id,
        )
    prepayments.unpay(tx, part.account_id, lot.movement_id)
    unbuy_in(tx, books, lot, "system")
    movement_id = credit_movements.withdraw(
        tx, part.account_id, lot.movement_id, part.amount_minor, books.today
    )
    postings = journal.credit_withdrawn_postings(books.chart, part.amount_minor, lot.currency)
    book_in(tx, part.account_id, EntryKind.CREDIT_WITHDRAWN, books.today, str(movement_id), postings)


def _refuse_used(tx: Transaction, payer_id: AccountId, deposit_id: str, amount: int, stored: Stored) -> None:
    applied = debts.applied_minor(tx, payer_id, deposit_id)
    if applied:
        raise MoneyUsed(
            f"{plain(applied, stored.entry.currency)} of deposit {deposit_id} "
            f"({plain(amount, stored.entry.currency)}) settle other bills or were returned "
            "since: undo that first.",
            deposit=deposit_id,
        )

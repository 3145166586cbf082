"""What the bank does with debits: it credits them, refuses them, or takes them back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from acquit.actions.context import Context
from acquit.actions.loading import require_staff
from acquit.actions.notify_debits import tell_failures
from acquit.actions.register_mandate import follow_in, found_in
from acquit.actions.settle_debt import Receipt, book_deposit_in
from acquit.actions.settling import Books, book_in, books_in, owed_in, settle_in, undo_in
from acquit.core.collection import (
    Collection,
    CollectionNotThere,
    CollectionState,
    NoSuchCollection,
    Part,
    refuse_end,
    refuse_other_amount,
    refuse_part,
)
from acquit.core.debt import Allocation, Means, OperationKind, open_minor, standing
from acquit.core.identifiers import AccountId
from acquit.core.journal import EntryKind, Role, refund_postings, require_role
from acquit.core.operator import Right
from acquit.core.refund import RefundState
from acquit.core.remittance import ENDED, Remittance, RemittanceState
from acquit.core.return_reason import reason_of
from acquit.store import accounts, acts, debts, direct_debits, refunds, remittances
from acquit.store.transaction import Transaction

AT_ONCE: Final = 200
"""So many debits are booked in one transaction."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Collections as they stand after what the bank told; `already` when it was told before."""

    collections: tuple[Collection, ...]
    already: bool = False

    @property
    def amount_minor(self) -> int:
        """The sum of the debits."""
        return sum(each.amount_minor for each in self.collections)


def take_collected(context: Context, reference: str, amount_minor: int, on: date, *, by: str) -> Ended:
    """The bank credited debits on a value date: each is a deposit that settles its debts.

    `reference` names a debit (EndToEndId), a block (PmtInfId) or a file (MsgId); the amount is the sum of
    what waits under it. A debt that was paid otherwise meanwhile leaves its part unapplied. Many debits are
    booked some at a time, so that nobody waits for the series of deposits; told again after a crash, the
    rest follows; told again after all, nothing happens. Raises NoSuchCollection, CollectionNotThere,
    AmountDiffers.
    """
    with context.database.read() as tx:
        require_staff(tx, by, Right.SETTLE_DEBTS)
        named = _named(tx, reference)
    waiting = [each for each in named if each.state is CollectionState.OPEN]
    if not waiting:
        return _told_before(named, amount_minor, reference)
    done = [each for each in named if each.collected_on == on]
    refuse_other_amount([*waiting, *done], amount_minor, reference)
    ended = list[Collection]()
    for start in range(0, len(waiting), AT_ONCE):
        with context.database.write() as tx:
            some = collect_in(context, tx, waiting[start : start + AT_ONCE], on, by)
            acts.record(
                tx, by, "take_collected", None, reference, amount_minor=sum(x.amount_minor for x in some),
                debits=len(some),
            )  # fmt: skip
        ended += some
    return Ended(tuple(ended))


def collect_in(
    context: Context, tx: Transaction, collections: Sequence[Collection], on: date, by: str
) -> list[Collection]:
    """Book debits of one file that still wait as credited, in the caller's transaction; return those.

    Raises CollectionNotThere when their file was never handed over.
    """
    parts = direct_debits.parts(tx, collections)
    _hold(tx, collections, [part.account_id for each in parts.values() for part in each])
    remittance = _at_bank(tx, collections[0])
    books = books_in(context, tx, remittance.legal_entity_id)
    booked = [
        _collect(tx, books, each, parts[each.collection_id], on, by)
        for each in direct_debits.of_ids(tx, collections)
        if each.state is CollectionState.OPEN
    ]
    accept_in(tx, remittance, books.today, by)
    close_in(tx, remittance, books.today, by)
    return booked


def take_return(
    context: Context,
    reference: str,
    reason_code: str,
    amount_minor: int,
    on: date,
    *,
    told: str = "",
    by: str,
) -> Ended:
    """The bank took a credited debit back: its debts are open again, its mandate follows the reason.

    `reference` is the debit's EndToEndId. Told again, nothing happens. Raises NoSuchCollection for a debit
    that we never made, AmountDiffers, CollectionNotThere for one that was not credited or was refused.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.SETTLE_DEBTS)
        ended = return_in(context, tx, reference, reason_code, amount_minor, on, told=told, by=by)
    if not ended.already:
        tell_failures(context, ended.collections)
    return ended


def return_in(
    context: Context,
    tx: Transaction,
    reference: str,
    reason_code: str,
    amount_minor: int,
    on: date,
    *,
    told: str = "",
    by: str,
) -> Ended:
    """Take a debit back as take_return does, inside a transaction that is the caller's; no letter is sent."""
    collection = _debit(tx, reference)
    refuse_part(collection, amount_minor)
    if collection.state is CollectionState.RETURNED:
        return Ended((collection,), already=True)
    settled = [] if collection.deposit_id is None else debts.settled_by(
        tx, collection.account_id, collection.deposit_id
    )  # fmt: skip
    _hold(tx, [collection], [account_id for account_id, _ in settled])
    collection = _debit(tx, reference)
    refuse_end(collection, CollectionState.RETURNED)
    books = books_in(context, tx, collection.legal_entity_id)
    _take_back(tx, books, collection, reason_code, on, by)
    ended = _fail(tx, collection, CollectionState.RETURNED, reason_code, told, on, by)
    acts.record(
        tx, by, "take_return", collection.account_id, reference, reason=reason_code,
        amount_minor=amount_minor,
    )  # fmt: skip
    return Ended((ended,))


def reject_in(
    tx: Transaction, collection: Collection, reason_code: str, told: str, on: date, by: str
) -> Collection:
    """The bank refused a debit before it was credited; hold its payer. Raises CollectionNotThere."""
    refuse_end(collection, CollectionState.REJECTED)
    return _fail(tx, collection, CollectionState.REJECTED, reason_code, told, on, by)


def accept_in(tx: Transaction, remittance: Remittance, on: date, by: str) -> None:
    """Write that the bank took a file, as money that moved shows, unless that is known."""
    remittances.lock(tx, remittance.legal_entity_id)
    found = remittances.find(tx, remittance.message_id)
    if found is not None and found.state not in {RemittanceState.ACCEPTED, *ENDED}:
        remittances.tell(tx, remittance, RemittanceState.ACCEPTED, on, "", by)


def close_in(tx: Transaction, remittance: Remittance, on: date, by: str) -> None:
    """Write that a file has ended when every line of it has, unless that is known."""
    remittances.lock(tx, remittance.legal_entity_id)
    found = remittances.find(tx, remittance.message_id)
    if found is None or found.state in ENDED or direct_debits.any_open(tx, found):
        return
    lines = direct_debits.of_remittance(tx, remittance.legal_entity_id, remittance.remittance_id)
    refused = all(each.state is CollectionState.REJECTED for each in lines)
    state = RemittanceState.REJECTED if refused else RemittanceState.COLLECTED
    remittances.tell(tx, remittance, state, on, "", by)


def _named(tx: Transaction, reference: str) -> list[Collection]:
    """Return the collections that a reference names. Raises NoSuchCollection."""
    one = direct_debits.of_end_to_end(tx, reference)
    if one is not None:
        return [one]
    found = direct_debits.of_batch(tx, reference)
    remittance = None if found else remittances.find(tx, reference)
    if remittance is not None:
        found = direct_debits.of_remittance(tx, remittance.legal_entity_id, remittance.remittance_id)
    if not found:
        raise _unknown(reference)
    return found


def _debit(tx: Transaction, reference: str) -> Collection:
    collection = direct_debits.of_end_to_end(tx, reference)
    if collection is None:
        raise _unknown(reference)
    return collection


def _unknown(reference: str) -> NoSuchCollection:
    return NoSuchCollection(
        f"No direct debit of ours bears the reference {reference[:40]!r}: it was made elsewhere, or the bank "
        "changed the reference. A person decides what the entry is.",
        reference=reference[:40],
    )


def _hold(tx: Transaction, collections: Sequence[Collection], account_ids: Sequence[AccountId]) -> None:
    payers = {each.account_id for each in collections}
    accounts.lock(tx, *sorted(payers))
    accounts.lock(tx, *sorted({*account_ids} - payers))


def _at_bank(tx: Transaction, collection: Collection) -> Remittance:
    number = direct_debits.file_of(tx, collection)
    remittance = remittances.find(tx, number)
    assert remittance is not None, "a collection has its file"
    if not remittance.is_at_bank:
        raise CollectionNotThere(
            f"Remittance {number} is {remittance.state.value}: it was never handed over, so the bank cannot "
            "have collected it.",
            remittance=number,
        )
    return remittance


def _told_before(named: Sequence[Collection], amount_minor: int, reference: str) -> Ended:
    got = [each for each in named if each.deposit_id is not None]
    if not got:
        raise CollectionNotThere(
            f"Nothing waits under {reference}: its debits were {named[0].state.value}.", reference=reference
        )
    refuse_other_amount(got, amount_minor, reference)
    return Ended(tuple(got), already=True)


def _collect(
    tx: Transaction, books: Books, collection: Collection, parts: Sequence[Part], on: date, by: str
) -> Collection:
    """Book the deposit of a debit and let it settle what is still open of its debts."""
    refuse_end(collection, CollectionState.COLLECTED)
    receipt = Receipt(
        on, collection.amount_minor, collection.currency, Means.DIRECT_DEBIT, collection.end_to_end,
        collection.batch_id, True,
    )  # fmt: skip
    deposit = book_deposit_in(tx, books, collection.account_id, receipt)
    for part in parts:
        owed = owed_in(tx, part.account_id, part.debt_id)
        amount_minor = min(part.amount_minor, open_minor(owed.debt, owed.operations))
        if amount_minor > 0:
            allocation = Allocation(part.account_id, part.debt_id, amount_minor)
            settle_in(tx, books, owed, allocation, deposit, on, True)
    direct_debits.end(tx, collection, CollectionState.COLLECTED, on, by, deposit_id=deposit.deposit_id)
    return replace(
        collection, state=CollectionState.COLLECTED, state_on=on, deposit_id=deposit.deposit_id,
        collected_on=on,
    )  # fmt: skip


def _take_back(
    tx: Transaction, books: Books, collection: Collection, reason_code: str, on: date, by: str
) -> None:
    """Undo what the debit's deposit settled; what of it settled nothing leaves as a refund the bank made."""
    payer_id, deposit_id = collection.account_id, collection.deposit_id
    assert deposit_id is not None, "a collected debit has its deposit"
    undone = 0
    for account_id, debt_id in debts.settled_by(tx, payer_id, deposit_id):
        owed = owed_in(tx, account_id, debt_id)
        for each in standing(owed.operations):
            if (each.deposit_payer, each.deposit_id) == (payer_id, deposit_id):
                undo_in(tx, books, owed, each, OperationKind.RETURNED, on, reason_code)
                owed = owed_in(tx, account_id, debt_id)
                undone += each.amount_minor
    left = collection.amount_minor - debts.applied_minor(tx, payer_id, deposit_id)
    if undone + left != collection.amount_minor:
        raise CollectionNotThere(
            f"Part of the deposit {deposit_id} of {collection.end_to_end} became credit or was refunded: "
            "undo that first, then take the return in.",
            deposit=deposit_id,
        )
    if left:
        require_role(books.chart, books.entity.legal_entity_id, Role.REFUND_PAYABLE)
        refund_id = refunds.add(
            tx, payer_id, deposit_id, collection.currency, left, "charged-back", reason_code, on, by
        )
        refunds.tell(tx, (payer_id, refund_id), RefundState.PAID, on, collection.end_to_end, by)
        postings = refund_postings(books.chart, left, collection.currency, Role.BANK)
        book_in(tx, payer_id, EntryKind.REFUND, on, str(refund_id), postings)


def _fail(
    tx: Transaction, collection: Collection, state: CollectionState, code: str, told: str, on: date, by: str
) -> Collection:
    """Write that a debit failed, and let its mandate follow the reason."""
    reason = reason_of(code)
    direct_debits.end(tx, collection, state, on, by, reason_code=reason.code, told=told)
    held = found_in(tx, collection.account_id, collection.mandate_id)
    why = f"{reason.code} on {collection.end_to_end}: {reason.meaning}"
    follow_in(tx, held, reason.mandate, on, why, by)
    return replace(collection, state=state, state_on=on, reason_code=reason.code)

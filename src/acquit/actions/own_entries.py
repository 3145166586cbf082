"""Bank entries that tell of our own files and of payouts: what they tell is booked once, whoever tells it.

First the debit, the refund or its return is booked by the action that a person would call, in a transaction
of its own, which is told again without harm; then the entry is linked with it. A crash between the two leaves
an entry that is linked the next time.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from acquit.actions.bank_booking import Desk, out_of_suspense, write
from acquit.actions.bank_deciding import senders_in
from acquit.actions.bank_house import desk_in
from acquit.actions.context import Context
from acquit.actions.end_collections import take_collected, take_return
from acquit.actions.loading import require_staff
from acquit.actions.match_by_hand import entry_in
from acquit.actions.pay_refunds import take_refund_returned, take_refunds_paid
from acquit.actions.refund_money import record_refund_paid
from acquit.core.bank_entry import BankEntry, Direction, NotInTheInbox
from acquit.core.bank_own import (
    DAYS_APART_MAX,
    OwnEntryDiffers,
    OwnKind,
    OwnLine,
    is_from,
    kind_of,
    names_payout,
    recorded_before,
    references_of,
    say_recorded,
    untold,
)
from acquit.core.debt import NoSuchDeposit
from acquit.core.errors import Refusal
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.match import Rule
from acquit.core.money import plain
from acquit.core.operator import Right
from acquit.core.refund import NoSuchRefund, RefundState
from acquit.store import acts, bank_files, bank_matches, bank_own, billables, debts, refunds
from acquit.store.bank_files import Stored
from acquit.store.bank_own import PaidOut
from acquit.store.transaction import Transaction

SURE = 100
ONE = {
    OwnKind.COLLECTED: "Direct debits under {} were credited",
    OwnKind.RETURNED: "The bank took the direct debit {} back",
    OwnKind.REFUND_PAID: "Refunds under {} were paid",
    OwnKind.REFUND_RETURNED: "The refund {} came back",
    OwnKind.PAYOUT: "The acquirer paid {} out",
    OwnKind.DEPOSIT: "Deposit {} had been recorded by hand",
}


@dataclass(frozen=True, slots=True)
class Claim:
    """What an entry may tell of ours."""

    kind: OwnKind
    reference: str
    lines: tuple[OwnLine, ...] = ()


def take_own_entries(
    context: Context, legal_entity_id: LegalEntityId, stored: Sequence[Stored], *, by: str
) -> dict[int, str]:
    """Entries that tell of our files or payouts are booked with these; return why others of them cannot be.

    Entries that were linked before are left as they are. The result has the entries that name something of
    ours and do not fit it, each with what a person should know.
    """
    with context.database.read() as tx:
        claims = _claims(tx, legal_entity_id, stored)
        done = bank_own.booked(tx, legal_entity_id, list(claims)) if claims else set()
    waits: dict[int, str] = {}
    ordered = sorted(stored, key=lambda each: (each.entry.signed_minor < 0, each.entry_id))
    for each in ordered:
        if each.entry_id in claims and each.entry_id not in done:
            why = _take(context, legal_entity_id, each, claims[each.entry_id], by)
            if why:
                waits[each.entry_id] = why
    with context.database.read() as tx:
        rest = [each for each in stored if each.entry_id not in claims]
        return recorded_in(tx, legal_entity_id, rest) | waits


def recorded_in(tx: Transaction, legal_entity_id: LegalEntityId, stored: Sequence[Stored]) -> dict[int, str]:
    """Return, for entries whose money a person may have recorded before, what to do about it."""
    amounts = sorted({each.entry.amount_minor for each in stored})
    recorded = bank_own.recorded(tx, legal_entity_id, amounts) if amounts else []
    if not recorded:
        return {}
    payers, alike = senders_in(tx, legal_entity_id, stored)
    found = {}
    for each in stored:
        entry = each.entry
        known = payers.get(entry.payer_iban, frozenset()) | payers.get(entry.own_iban, frozenset())
        known |= alike.get(entry.payer_name.lower(), frozenset())
        known |= alike.get(entry.ultimate_name.lower(), frozenset())
        found[each.entry_id] = say_recorded(each.entry_id, entry, recorded_before(entry, recorded, known))
    return {entry_id: said for entry_id, said in found.items() if said}


def link_refund(context: Context, entry_id: int, payer_id: AccountId, refund_id: int, *, by: str) -> str:
    """The entry paid this refund, which was sent by hand at the bank; return what it is linked by.

    An approved refund is paid by that. Raises NoSuchBankEntry, NoSuchRefund, RefundNotThere,
    NotInTheInbox, OwnEntryDiffers, StaffOnly, RoleForbids.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.SETTLE_DEBTS)
        stored, house = entry_in(context, tx, entry_id)
        moves = bank_matches.moves(tx, house.setting.legal_entity_id, entry_id)
        waits = bank_matches.in_suspense(moves) == stored.entry.amount_minor > 0
        if stored.entry.direction is not Direction.DEBIT or not waits:
            raise NotInTheInbox(
                f"Entry {entry_id} is no payment that waits: a refund leaves the account.",
                entry=str(entry_id),
            )
        refund = refunds.find(tx, payer_id, refund_id)
        if refund is None:
            raise NoSuchRefund(f"Account {payer_id} has no refund {refund_id}.")
        name = bank_own.name_of_refund(tx, payer_id, refund_id)
        lines = (OwnLine(name, refund.amount_minor),)
        untold(stored.entry, "", lines, {}, name)
    if refund.state is not RefundState.PAID:
        on = stored.entry.value_on or stored.entry.booked_on
        record_refund_paid(context, payer_id, refund_id, on, f"bank entry {entry_id}", by=by)
    _link(context, entry_id, Claim(OwnKind.REFUND_PAID, name, lines), by)
    return name


def link_deposit(context: Context, entry_id: int, payer_id: AccountId, deposit_id: str, *, by: str) -> str:
    """The entry is the money of this deposit, which was recorded by hand; nothing is booked a second time.

    Return what it is linked by. Raises NoSuchBankEntry, NoSuchDeposit, NotInTheInbox, OwnEntryDiffers,
    StaffOnly, RoleForbids.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.SETTLE_DEBTS)
        stored, house = entry_in(context, tx, entry_id)
        entity_id, entry = house.setting.legal_entity_id, stored.entry
        moves = bank_matches.moves(tx, entity_id, entry_id)
        waits = bank_matches.in_suspense(moves) == entry.amount_minor > 0
        if entry.direction is not Direction.CREDIT or not waits:
            raise NotInTheInbox(f"Entry {entry_id} is no money that waits.", entry=str(entry_id))
        deposit = debts.find_deposit(tx, payer_id, deposit_id)
        if deposit is None or not bank_own.is_by_hand(tx, entity_id, payer_id, deposit_id):
            raise NoSuchDeposit(f"Account {payer_id} has no deposit {deposit_id} that was recorded by hand.")
        lines = (OwnLine(f"{payer_id}/{deposit_id}", deposit.amount_minor),)
        if deposit.currency != entry.currency:
            raise OwnEntryDiffers(f"Deposit {deposit_id} is of {deposit.currency}, not {entry.currency}.")
        untold(entry, "", lines, {}, lines[0].reference)
    _link(context, entry_id, Claim(OwnKind.DEPOSIT, lines[0].reference, lines), by)
    return lines[0].reference


def own_ids(tx: Transaction, legal_entity_id: LegalEntityId, stored: Sequence[Stored]) -> set[int]:
    """Return which of the entries are linked with something of ours."""
    return bank_own.booked(tx, legal_entity_id, [each.entry_id for each in stored])


def _claims(
    tx: Transaction, legal_entity_id: LegalEntityId, stored: Sequence[Stored]
) -> dict[int, list[Claim]]:
    """Return what each entry may tell of ours, the surest first."""
    found: dict[int, list[Claim]] = {}
    if bank_own.has_files(tx, legal_entity_id):
        asked = {each.entry_id: references_of(each.entry) for each in stored}
        known = bank_own.named(tx, legal_entity_id, sorted({ref for refs in asked.values() for ref in refs}))
        for each in stored:
            for reference in asked[each.entry_id]:
                kind = kind_of(each.entry, known.get(reference, ()))
                if kind is not None:
                    found.setdefault(each.entry_id, []).append(Claim(kind, reference))
    amounts = sorted({each.entry.signed_minor for each in stored})
    payouts = bank_own.payouts(tx, legal_entity_id, amounts) if amounts else []
    for each in stored if payouts else ():
        paid_out = _payout(each.entry, payouts)
        if paid_out is not None and each.entry_id not in found:
            name = f"{paid_out.acquirer}/{paid_out.payout_id}"
            line = OwnLine(name, abs(paid_out.net_minor))
            found[each.entry_id] = [Claim(OwnKind.PAYOUT, name, (line,))]
    return found


def _payout(entry: BankEntry, payouts: Sequence[PaidOut]) -> PaidOut | None:
    """Return the payout that the entry names, else the only one of its acquirer and amount about that day."""
    alike = [
        each for each in payouts
        if each.net_minor == entry.signed_minor and each.currency == entry.currency
    ]  # fmt: skip
    named = [each for each in alike if names_payout(entry, each.acquirer, each.payout_id)]
    near = [
        each for each in alike
        if is_from(entry, each.acquirer) and abs((entry.booked_on - each.paid_on).days) <= DAYS_APART_MAX
    ]  # fmt: skip
    found = named or [each for each in near if not each.is_told] or near
    return found[0] if len(found) == 1 else None


def _take(
    context: Context, legal_entity_id: LegalEntityId, stored: Stored, claims: Sequence[Claim], by: str
) -> str:
    """Book the first claim that fits; return why none does, or nothing."""
    why = ""
    for claim in claims:
        try:
            _book(context, legal_entity_id, stored.entry, claim, by)
            _link(context, stored.entry_id, claim, by)
        except Refusal as refusal:
            why = why or refusal.message
            continue
        return ""
    return why


def _book(context: Context, legal_entity_id: LegalEntityId, entry: BankEntry, claim: Claim, by: str) -> None:
    """Let happen what the entry tells, unless it has happened; raises what the action raises."""
    if claim.kind is OwnKind.PAYOUT or _has_happened(context, legal_entity_id, entry, claim):
        return
    on, reference = entry.value_on or entry.booked_on, claim.reference
    if claim.kind is OwnKind.COLLECTED:
        take_collected(context, reference, entry.amount_minor, on, by=by)
    elif claim.kind is OwnKind.RETURNED:
        code, told = entry.return_code, entry.return_text
        take_return(context, reference, code, entry.amount_minor, on, told=told, by=by)
    elif claim.kind is OwnKind.REFUND_PAID:
        take_refunds_paid(context, reference, entry.amount_minor, on, by=by)
    else:
        told = entry.return_code or entry.return_text or "the bank sent the money back"
        take_refund_returned(context, reference, told, on, by=by)


def _has_happened(context: Context, legal_entity_id: LegalEntityId, entry: BankEntry, claim: Claim) -> bool:
    with context.database.read() as tx:
        lines = bank_own.lines(tx, legal_entity_id, claim.kind, claim.reference)
    return bool(lines) and sum(line.amount_minor for line in lines) == entry.amount_minor


def _link(context: Context, entry_id: int, claim: Claim, by: str) -> None:
    """Write that the entry tells of what is booked. Raises OwnEntryDiffers."""
    with context.database.write() as tx:
        stored, house = entry_in(context, tx, entry_id)
        entity_id = house.setting.legal_entity_id
        bank_files.lock_progress(tx, entity_id, stored.statement_id)
        moves = bank_matches.moves(tx, entity_id, entry_id)
        waits = bank_matches.in_suspense(moves)
        if moves and waits != stored.entry.amount_minor:
            return
        desk = desk_in(context, tx, house, by)
        lines = claim.lines or bank_own.lines(tx, entity_id, claim.kind, claim.reference)
        told = bank_own.told(tx, entity_id, claim.kind, [line.reference for line in lines])
        form = bank_own.form_of(tx, entity_id, stored.statement_id)
        kept, is_again = untold(stored.entry, form, lines, told, claim.reference)
        _write(tx, desk, stored, claim, len(moves), is_again)
        bank_own.add(
            tx,
            [
                (entity_id, entry_id, claim.kind.value, line.reference, line.amount_minor, is_again)
                for line in kept
            ],
        )
        bank_matches.leave_inbox(tx, entity_id, [entry_id])
        acts.record(tx, by, "link_own_entry", None, str(entry_id), kind=claim.kind.value, of=claim.reference)


def _write(tx: Transaction, desk: Desk, stored: Stored, claim: Claim, moves: int, is_again: bool) -> None:
    entry = stored.entry
    desk.moves[stored.entry_id] = moves
    on = max(desk.books.today, entry.booked_on) if moves else entry.booked_on
    if moves:
        desk.heads |= billables.heads(tx, [desk.suspense_id])
        out_of_suspense(desk, stored, on)
    desk.move(stored.entry_id, "own", desk.suspense_id, None, entry.amount_minor, on)
    (match_no,), _ = bank_matches.next_numbers(tx, 1, 0)
    again = "; a notification had told it before" if is_again else ""
    reason = (
        f"{ONE[claim.kind].format(claim.reference)}, {plain(entry.amount_minor, entry.currency)} "
        f"{entry.currency}{again}."
    )
    what = (int(Rule.OWN), True, SURE, reason, desk.by, on)
    desk.add("matches", desk.legal_entity_id, match_no, stored.entry_id, *what)
    whole = ("own", desk.suspense_id, None, None, None, entry.amount_minor)
    desk.add("parts", desk.legal_entity_id, match_no, 1, *whole)
    write(tx, desk)

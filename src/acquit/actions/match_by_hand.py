"""Match an entry by hand: take a proposal, or name bills or a payer; above an amount it takes two."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from acquit.actions.bank_booking import Planned, book_entries, deposits_of
from acquit.actions.bank_house import House, desk_in, house_in
from acquit.actions.context import Context
from acquit.actions.loading import account_in, require_staff
from acquit.core.bank_entry import BankEntry, Direction, NoSuchBankEntry, NotInTheInbox
from acquit.core.debt import BadAmount, NotOwed
from acquit.core.errors import Invalid, NotFound
from acquit.core.identifiers import AccountId, BillId, LegalEntityId
from acquit.core.match import OpenDebt, Paid, Proposal, Rule
from acquit.core.money import plain
from acquit.core.operator import Right
from acquit.store import acts, bank_evidence, bank_files, bank_matches, bank_settings, prepayments
from acquit.store.bank_files import Stored
from acquit.store.bank_matches import in_suspense
from acquit.store.transaction import Transaction

BY_HAND_SCORE = 100


class NoSuchProposal(NotFound):
    """Nothing with this rank is proposed for the entry."""

    code = "no-such-proposal"


class NoBillNamed(Invalid):
    """A match by hand names a proposal, bills or a payer."""

    code = "no-bill-named"


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person says that an entry pays: a proposal by its rank, or bills (amount None: what is open).

    What is over becomes credit of `payer_id`, by default who owes the first bill. With `write_off` what is
    missing of the last bill is given up.
    """

    rank: int | None = None
    bills: tuple[tuple[BillId, int | None], ...] = ()
    payer_id: AccountId | None = None
    write_off: bool = False
    use_credit: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """A match that was made, or the number under which it waits for a second operator."""

    entry_id: int
    proposal: Proposal
    match_no: int | None = None
    decision_no: int | None = None


def match_by_hand(context: Context, entry_id: int, choice: Choice, *, by: str) -> Outcome:
    """The entry pays what the person says, or waits for a second operator above the legal entity's limit.

    Raises NoSuchBankEntry, NotInTheInbox, NoSuchProposal, NoBillNamed, NotOwed, BadAmount, StaffOnly,
    RoleForbids.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.SETTLE_DEBTS)
        stored, house = entry_in(context, tx, entry_id)
        _refuse_not_waiting(tx, house.setting.legal_entity_id, stored)
        proposal = _chosen(tx, house, stored, choice)
        limit = house.limits.approval_above_minor
        if limit is not None and stored.entry.amount_minor > limit:
            asked = {
                "rule": int(proposal.rule), "score": proposal.score, "reason": proposal.reason,
                "body": bank_matches.body_of(proposal),
            }  # fmt: skip
            number = bank_matches.ask(
                tx, house.setting.legal_entity_id, "match", entry_id, stored.entry.amount_minor, asked, by
            )
            acts.record(tx, by, "ask_match", proposal.payer_id, str(entry_id), decision=number)
            return Outcome(entry_id, proposal, decision_no=number)
        return Outcome(entry_id, proposal, match_no=match_in(context, tx, house, stored, proposal, by))


def entry_in(context: Context, tx: Transaction, entry_id: int) -> tuple[Stored, House]:
    """Return the entry, held, with how its legal entity decides. Raises NoSuchBankEntry."""
    bank_matches.hold_entry(tx, entry_id)
    owner = bank_files.legal_entity_of(tx, entry_id)
    found = [] if owner is None else bank_files.some(tx, owner, [entry_id])
    if owner is None or not found:
        raise NoSuchBankEntry(f"There is no bank entry {entry_id}.", entry=str(entry_id))
    return found[0], house_in(context, tx, owner)


def match_in(
    context: Context, tx: Transaction, house: House, stored: Stored, proposal: Proposal, by: str
) -> int:
    """Match an entry in suspense inside a transaction that is the caller's; return the match's number."""
    entity_id = house.setting.legal_entity_id
    _refuse_not_waiting(tx, entity_id, stored)
    payers = sorted(deposits_of(proposal))
    bank_evidence.lock(tx, payers, sorted({part.account_id for part in proposal.paid}))
    _refuse_stale(tx, house, stored.entry, proposal)
    desk = desk_in(context, tx, house, by)
    desk.moves[stored.entry_id] = len(bank_matches.moves(tx, entity_id, stored.entry_id))
    match_no = book_entries(tx, desk, [Planned(stored, proposal, False, True)])[stored.entry_id]
    bank_matches.leave_inbox(tx, entity_id, [stored.entry_id])
    if stored.entry.payer_iban:
        for payer_id in payers:
            bank_settings.learn(tx, entity_id, stored.entry.payer_iban, payer_id, by, match_no)
    acts.record(
        tx, by, "match_by_hand", proposal.payer_id, str(stored.entry_id), match=match_no,
        reason=proposal.reason,
    )  # fmt: skip
    return match_no


def _refuse_not_waiting(tx: Transaction, entity_id: LegalEntityId, stored: Stored) -> None:
    moves = bank_matches.moves(tx, entity_id, stored.entry_id)
    if stored.entry.direction is Direction.DEBIT:
        raise NotInTheInbox(
            f"Entry {stored.entry_id} left the account: it pays no bill. Set it aside with its reason, or "
            "undo the payment that it takes back.",
            entry=str(stored.entry_id),
        )
    if in_suspense(moves) != stored.entry.amount_minor or not stored.entry.amount_minor:
        match = bank_matches.standing(tx, entity_id, stored.entry_id)
        said = f"match {match.match_no} stands: unmatch it first" if match else "it was not booked yet"
        raise NotInTheInbox(f"Entry {stored.entry_id} does not wait: {said}.", entry=str(stored.entry_id))


def _chosen(tx: Transaction, house: House, stored: Stored, choice: Choice) -> Proposal:
    entity_id = house.setting.legal_entity_id
    if choice.rank is not None:
        found = bank_matches.proposals(tx, entity_id, [stored.entry_id]).get(stored.entry_id, [])
        if not 1 <= choice.rank <= len(found):
            raise NoSuchProposal(
                f"Entry {stored.entry_id} has {len(found)} proposals and none numbered {choice.rank}; "
                "`acquit bank inbox --refresh` looks again.",
                entry=str(stored.entry_id),
            )
        return found[choice.rank - 1]
    if not choice.bills and choice.payer_id is None:
        raise NoBillNamed("Say which proposal, which bills or which payer the entry is of.")
    return _by_hand(tx, house, stored.entry, choice)


def _by_hand(tx: Transaction, house: House, entry: BankEntry, choice: Choice) -> Proposal:
    """Let the money pay the named bills in their order; what is over is credit, what is missing is told."""
    debts = _debts_of(tx, house, choice.bills)
    payer_id = choice.payer_id or debts[0].payer_id
    account_in(tx, payer_id)
    owed = sum(amount for _, amount in debts_wanted(debts, choice.bills))
    credit = 0
    if choice.use_credit and owed > entry.amount_minor:
        has = bank_evidence.credit(tx, [payer_id], house.setting.on).get(payer_id, {})
        credit = min(has.get(entry.currency, 0), owed - entry.amount_minor)
    left, paid = entry.amount_minor + credit, []
    for debt, wanted in debts_wanted(debts, choice.bills):
        taken = min(wanted, left)
        left -= taken
        if taken:
            paid.append(Paid(debt.account_id, debt.debt_id, debt.bill_id, debt.payer_id, taken))
    missing = owed - entry.amount_minor - credit
    if choice.write_off and missing > 0:
        if missing > max(house.setting.tolerance_minor, entry.charges_minor) or len(paid) < len(debts):
            raise NotOwed(
                f"{plain(missing, entry.currency)} {entry.currency} is missing, more than the tolerance of "
                f"{plain(house.setting.tolerance_minor, entry.currency)}: settle a "
                "part and write the rest off apart."
            )
        paid[-1] = replace(paid[-1], write_off_minor=missing)
    reason = "by hand: " + (", ".join(part.bill_id for part in paid) or f"credit of {payer_id}")
    return Proposal(Rule.BY_HAND, BY_HAND_SCORE, reason, payer_id, tuple(paid), credit, left)


def debts_wanted(
    debts: Sequence[OpenDebt], bills: Sequence[tuple[BillId, int | None]]
) -> list[tuple[OpenDebt, int]]:
    """Return each debt and how much of it is to be paid."""
    wanted = dict(bills)
    return [(debt, wanted[debt.bill_id] or debt.open_minor) for debt in debts]


def _debts_of(tx: Transaction, house: House, bills: Sequence[tuple[BillId, int | None]]) -> list[OpenDebt]:
    accounts = bank_evidence.bills_by_id(tx, house.setting.legal_entity_id, [bill for bill, _ in bills])
    missing = [bill for bill, _ in bills if bill not in accounts]
    if missing:
        raise NotOwed(f"There is no bill {missing[0]}.", bill=missing[0])
    found = bank_evidence.open_of_bills(tx, [(accounts[bill], bill) for bill, _ in bills])
    closed = [bill for bill, _ in bills if bill not in found or not found[bill].open_minor]
    if closed:
        raise NotOwed(f"Nothing is open on bill {closed[0]}.", bill=closed[0])
    return [found[bill] for bill, _ in bills]


def _refuse_stale(tx: Transaction, house: House, entry: BankEntry, proposal: Proposal) -> None:
    """Pass when the debts are still open as the proposal says. Raises NotOwed, BadAmount."""
    keys = [(part.account_id, part.debt_id) for part in proposal.paid]
    opened = bank_evidence.open_of_debts(tx, keys) if keys else {}
    for part in proposal.paid:
        debt = opened.get((part.account_id, part.debt_id))
        if debt is None or part.amount_minor + part.write_off_minor > debt.open_minor:
            raise NotOwed(
                f"Less is open on bill {part.bill_id} than the proposal settles: it was paid or credited "
                "since. Look again with `acquit bank inbox --refresh`.",
                bill=part.bill_id,
            )
        if debt.currency != entry.currency or debt.payer_id != part.payer_id:
            raise BadAmount(
                f"Bill {part.bill_id} is owed by {debt.payer_id} in {debt.currency}; {entry.currency} came."
            )
    if proposal.credit_minor:
        has = bank_evidence.credit(tx, [proposal.payer_id], house.setting.on)
        if has.get(proposal.payer_id, {}).get(entry.currency, 0) < proposal.credit_minor:
            raise NotOwed(f"The credit of {proposal.payer_id} was used since the proposal was made.")
    if proposal.prepays is not None:
        order = prepayments.find(tx, proposal.payer_id, proposal.prepays)
        if order is None or order.is_paid:
            raise NotOwed(f"Order {proposal.prepays} was paid since the proposal was made.")
    if min(deposits_of(proposal).values(), default=0) <= 0:
        raise BadAmount("Credit alone is no payment: each payer's bills take a part of the money that came.")

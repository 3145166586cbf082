"""Booking what became of bank entries: many at once, with a few statements, each entry's money moved whole.

The caller holds the payers, what they pay for and the suspense account, and has decided everything; nothing
is refused here. Money whose payer is known becomes a numbered deposit of each payer and settles its debts;
the rest waits in suspense. Every step writes a balanced entry at the end of a chain.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import Final

from acquit.actions.order_points import bring_in, ordered_type
from acquit.actions.settling import Books
from acquit.core import journal
from acquit.core.bank_entry import BankEntry
from acquit.core.credit_balance import CreditLot, CreditType, pay
from acquit.core.debt import Means, OperationKind
from acquit.core.identifiers import AccountId, CreditMovementId, DebtId, LegalEntityId
from acquit.core.journal import NO_ENTRY, Entry, EntryKind, Head, Posting, Role, VatShare, chained
from acquit.core.match import DebtKey, Paid, Proposal, Rule
from acquit.core.money import Currency
from acquit.core.numbering import Block, document_id
from acquit.core.period import booking_day
from acquit.core.prepayment import PrepayOrder
from acquit.store import (
    bank_evidence,
    bank_matches,
    billables,
    bills,
    credit_movements,
    debts,
    journals,
    prepayments,
    series,
)
from acquit.store.bank_evidence import PendingVat
from acquit.store.bank_files import Stored
from acquit.store.transaction import Transaction

LABEL_MAX: Final = 140


@dataclass(frozen=True, slots=True)
class Planned:
    """An entry and how it is explained; `from_suspense` when its money was booked there before."""

    stored: Stored
    proposal: Proposal
    is_automatic: bool
    from_suspense: bool = False


@dataclass(slots=True)
class Desk:
    """What one transaction is about to write, and the ends of the chains and sums that it goes on from."""

    books: Books
    suspense_id: AccountId
    by: str
    heads: dict[AccountId, Head] = field(default_factory=dict)
    vat: dict[DebtKey, PendingVat] = field(default_factory=dict)
    lots: dict[AccountId, Sequence[CreditLot]] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: iter(()))
    operations: Iterator[int] = field(default_factory=lambda: iter(()))
    orders: Iterator[int] = field(default_factory=lambda: iter(()))
    block: Block | None = None
    deposits_taken: int = 0
    entries: list[Entry] = field(default_factory=list)
    rows: dict[str, list[tuple[object, ...]]] = field(default_factory=dict)
    open_from: date | None = None
    moves: Counter[int] = field(default_factory=Counter)

    @property
    def legal_entity_id(self) -> LegalEntityId:
        """Whose bank entries these are."""
        return self.books.entity.legal_entity_id

    def add(self, table: str, *row: object) -> None:
        """Write this row at the end."""
        self.rows.setdefault(table, []).append(row)

    def move(
        self, entry_id: int, kind: str, account_id: AccountId, deposit_id: str | None, amount: int, on: date
    ) -> None:
        """Tell where money of the entry went."""
        self.moves[entry_id] += 1
        no = self.moves[entry_id]
        self.add("moves", self.legal_entity_id, entry_id, no, kind, account_id, deposit_id, amount, on)

    def book(
        self, account_id: AccountId, kind: EntryKind, on: date, reference: str, postings: Sequence[Posting]
    ) -> None:
        """Put an entry at the end of the account's chain; of a closed month, on the first open day."""
        head = self.heads.get(account_id, NO_ENTRY)
        day = booking_day(on, self.open_from)
        entry = chained(head, account_id, kind.value, day, reference, postings)
        self.heads[account_id] = entry.head
        self.entries.append(entry)


def deposits_of(proposal: Proposal) -> dict[AccountId, int]:
    """Return what of the money is of each payer: what its debts take, less its credit, and what is over."""
    amounts: dict[AccountId, int] = {proposal.payer_id: proposal.over_minor - proposal.credit_minor}
    for each in proposal.paid:
        amounts[each.payer_id] = amounts.get(each.payer_id, 0) + each.amount_minor
    return {payer_id: amount for payer_id, amount in amounts.items() if amount}


def is_bookable(proposal: Proposal) -> bool:
    """Whether every payer's share is money that came; credit alone is no deposit."""
    return bool(proposal.paid or proposal.prepays) and min(deposits_of(proposal).values(), default=0) > 0


def book_entries(
    tx: Transaction,
    desk: Desk,
    planned: Sequence[Planned],
    unknown: Sequence[Stored] = (),
    returned: Sequence["Returned"] = (),
    told: Mapping[int, str] = MappingProxyType({}),
) -> dict[int, int]:
    """Write the matches, the returns, and into suspense what nobody knows; return the match of each entry.

    `told` says of entries in suspense why they wait, where there is a reason.
    """
    _prepare(tx, desk, planned, unknown, returned)
    found = {}
    for each in planned:
        found[each.stored.entry_id] = _match(tx, desk, each)
    for back in returned:
        found[back.stored.entry_id] = _return(desk, back)
    for stored in unknown:
        into_suspense(desk, stored, stored.entry.booked_on, told.get(stored.entry_id, ""))
    write(tx, desk)
    return found


@dataclass(frozen=True, slots=True)
class Returned:
    """Money that the bank took back: the deposit it had been, and the payments by it that stand."""

    stored: Stored
    payer_id: AccountId
    deposit_id: str
    payments: tuple[tuple[Paid, int], ...]
    reason: str


def into_suspense(desk: Desk, stored: Stored, on: date, told: str = "") -> None:
    """Book an entry as money of nobody known, and let it wait; `told` says why, if there is a reason."""
    entry = stored.entry
    if not entry.amount_minor:
        return
    postings = journal.suspense_postings(desk.books.chart, entry.signed_minor, entry.currency)
    desk.book(desk.suspense_id, EntryKind.SUSPENSE, on, f"bank/{stored.entry_id}", postings)
    desk.move(stored.entry_id, "suspense", desk.suspense_id, None, entry.amount_minor, on)
    desk.add("inbox", desk.legal_entity_id, stored.entry_id, on, told)


def out_of_suspense(desk: Desk, stored: Stored, on: date) -> None:
    """Book that an entry in suspense is known now."""
    entry = stored.entry
    postings = journal.suspense_postings(desk.books.chart, -entry.signed_minor, entry.currency)
    desk.book(desk.suspense_id, EntryKind.IDENTIFIED, on, f"bank/{stored.entry_id}", postings)
    desk.move(stored.entry_id, "identified", desk.suspense_id, None, entry.amount_minor, on)


def write(tx: Transaction, desk: Desk) -> None:
    """Write all rows, each table in one statement."""
    rows = desk.rows
    if rows.get("deposits"):
        debts.write_deposits(tx, rows["deposits"])
    if rows.get("operations"):
        debts.write_payments(tx, rows["operations"])
    if rows.get("uses"):
        credit_movements.write(tx, rows["uses"])
    if desk.entries:
        journals.write(tx, desk.entries)
    if rows.get("moves"):
        bank_matches.write_moves(tx, rows["moves"])
    if rows.get("matches"):
        bank_matches.write_matches(tx, rows["matches"], rows.get("parts", []))
    if rows.get("inbox"):
        bank_matches.enter_inbox(tx, rows["inbox"])


def _prepare(
    tx: Transaction,
    desk: Desk,
    planned: Sequence[Planned],
    unknown: Sequence[Stored],
    returned: Sequence[Returned],
) -> None:
    """Load the ends of chains and the VAT that waits, and take every number, the series last."""
    parts = [part for each in planned for part in each.proposal.paid]
    parts += [part for back in returned for part, _ in back.payments]
    payers = [payer_id for each in planned for payer_id in deposits_of(each.proposal)]
    accounts = {part.account_id for part in parts} | {desk.suspense_id, *payers}
    desk.heads |= billables.heads(tx, sorted(accounts))
    keys = sorted({(part.account_id, part.debt_id) for part in parts})
    if keys:
        desk.vat |= bank_evidence.pending_vat(tx, keys, desk.books.chart[Role.VAT_PENDING])
    with_credit = {each.proposal.payer_id for each in planned if each.proposal.credit_minor}
    if with_credit:
        desk.lots |= credit_movements.lots(tx, sorted(with_credit))
    written_off = sum(bool(part.write_off_minor) for part in parts)
    numbers, operations = bank_matches.next_numbers(
        tx, len(planned) + len(returned), len(parts) + written_off
    )
    desk.numbers, desk.operations = iter(numbers), iter(operations)
    if payers:
        desk.orders = iter(bills.next_order_ids(tx, len(payers)))
        on = max(each.stored.entry.booked_on for each in planned)
        taken = series.take(tx, desk.books.entity.deposit_series_id, len(payers), on, or_later=True)
        desk.block = taken


def _match(tx: Transaction, desk: Desk, planned: Planned) -> int:
    """Write one match; return its number."""
    stored, proposal = planned.stored, planned.proposal
    entry = stored.entry
    match_no = next(desk.numbers)
    on = entry.booked_on
    if planned.from_suspense:
        on = max(desk.books.today, entry.booked_on)
        out_of_suspense(desk, stored, on)
    deposits, money = {}, deposits_of(proposal)
    for payer_id, amount in money.items():
        deposits[payer_id] = _deposit(desk, stored, payer_id, amount, on)
    told = _Told(desk, match_no)
    for part in proposal.paid:
        paid = min(part.amount_minor, money[part.payer_id])
        money[part.payer_id] -= paid
        if paid:
            deposit = (part.payer_id, deposits[part.payer_id])
            operation_id = _settle(desk, part, paid, deposit, on, entry, planned.is_automatic)
            told.part("paid", part.account_id, paid, part.debt_id, operation_id)
        if part.amount_minor > paid:
            _use_credit(tx, desk, told, part, part.amount_minor - paid, on, entry.currency)
        if part.write_off_minor:
            operation_id = _write_off(desk, part, on, entry)
            told.part("written-off", part.account_id, part.write_off_minor, part.debt_id, operation_id)
    if proposal.over_minor:
        _keep_as_credit(tx, desk, told, proposal, deposits[proposal.payer_id], on, entry)
    desk.add(
        "matches", desk.legal_entity_id, match_no, stored.entry_id, int(proposal.rule), planned.is_automatic,
        proposal.score, proposal.reason, desk.by, on,
    )  # fmt: skip
    return match_no


@dataclass(slots=True)
class _Told:
    """The parts of a match, numbered."""

    desk: Desk
    match_no: int
    count: int = 0

    def part(
        self,
        kind: str,
        account_id: AccountId,
        amount: int,
        debt_id: DebtId | None = None,
        operation_id: int | None = None,
        movement_id: int | None = None,
    ) -> None:
        self.count += 1
        self.desk.add(
            "parts", self.desk.legal_entity_id, self.match_no, self.count, kind, account_id, debt_id,
            operation_id, movement_id, amount,
        )  # fmt: skip


def _deposit(desk: Desk, stored: Stored, payer_id: AccountId, amount: int, on: date) -> str:
    """Write the receipt of a payer's money and book it; return its number."""
    assert desk.block is not None, "a number was taken for every deposit"
    entry, block = stored.entry, desk.block
    deposit_id = document_id(block.series, block.number(desk.deposits_taken))
    desk.deposits_taken += 1
    reference = entry.end_to_end_id or entry.bank_reference
    label = " ".join(filter(None, (entry.payer_name, entry.text)))[:LABEL_MAX]
    desk.add(
        "deposits", payer_id, deposit_id, desk.legal_entity_id, next(desk.orders), entry.booked_on, amount,
        entry.currency, Means.TRANSFER.value, reference, label,
    )  # fmt: skip
    postings = journal.deposit_postings(desk.books.chart, amount, entry.currency)
    desk.book(payer_id, EntryKind.DEPOSIT, on, deposit_id, postings)
    desk.move(stored.entry_id, "deposit", payer_id, deposit_id, amount, on)
    return deposit_id


def _settle(
    desk: Desk,
    part: Paid,
    amount: int,
    deposit: tuple[AccountId, str],
    on: date,
    entry: BankEntry,
    automatic: bool,
) -> int:
    operation_id = next(desk.operations)
    desk.add(
        "operations", part.account_id, part.debt_id, operation_id, OperationKind.PAYMENT.value,
        Means.TRANSFER.value, automatic, amount, on, *deposit, None, "",
    )  # fmt: skip
    moved = _vat_moved(desk, part, amount)
    postings = journal.settlement_postings(desk.books.chart, amount, moved, entry.currency)
    desk.book(part.account_id, EntryKind.SETTLEMENT, on, f"{part.bill_id}/{operation_id}", postings)
    return operation_id


def _vat_moved(desk: Desk, part: Paid, amount: int) -> int:
    """Return what VAT this payment (negative: its return) moves, and count it as made."""
    key = (part.account_id, part.debt_id)
    vat = desk.vat[key]
    share = VatShare(vat.amount_minor - vat.credited_minor, vat.pending_minor)
    desk.vat[key] = replace(vat, paid_minor=vat.paid_minor + amount)
    if amount < 0:
        return share.moved(vat.paid_minor + amount, vat.paid_minor)
    return share.moved(vat.paid_minor, vat.paid_minor + amount)


def _use_credit(
    tx: Transaction, desk: Desk, told: _Told, part: Paid, amount: int, on: date, currency: Currency
) -> None:
    """Let the payer's credit pay what its money does not."""
    uses, desk.lots[part.payer_id] = pay(desk.lots.get(part.payer_id, ()), currency, amount, desk.books.today)
    assert sum(use.amount_minor for use in uses) == amount, "a proposal uses no more credit than there is"
    for use, (operation_id, movement_id) in zip(uses, credit_movements.next_ids(tx, len(uses)), strict=True):
        desk.add(
            "operations", part.account_id, part.debt_id, operation_id, OperationKind.PAYMENT.value,
            Means.CREDIT_BALANCE.value, True, use.amount_minor, on, None, None, None, "",
        )  # fmt: skip
        desk.add(
            "uses", use.lot.account_id, movement_id, use.lot.balance, use.lot.type.value, use.lot.currency,
            -use.amount_minor, use.lot.movement_id, part.account_id, part.debt_id, operation_id, on, desk.by,
        )  # fmt: skip
        moved = _vat_moved(desk, part, use.amount_minor)
        postings = journal.credit_used_postings(desk.books.chart, use.amount_minor, moved, currency)
        desk.book(part.account_id, EntryKind.SETTLEMENT, on, f"{part.bill_id}/{operation_id}", postings)
        told.part("credit-used", part.account_id, use.amount_minor, part.debt_id, operation_id)


def _write_off(desk: Desk, part: Paid, on: date, entry: BankEntry) -> int:
    operation_id = next(desk.operations)
    desk.add(
        "operations", part.account_id, part.debt_id, operation_id, OperationKind.WRITE_OFF.value,
        Means.LOSS.value, False, part.write_off_minor, on, None, None, None, "short payment",
    )  # fmt: skip
    postings = journal.write_off_postings(desk.books.chart, part.write_off_minor, entry.currency)
    desk.book(part.account_id, EntryKind.WRITE_OFF, on, f"{part.bill_id}/{operation_id}", postings)
    return operation_id


def _keep_as_credit(
    tx: Transaction,
    desk: Desk,
    told: _Told,
    proposal: Proposal,
    deposit_id: str,
    on: date,
    entry: BankEntry,
) -> None:
    """Make credit of what came beyond the debts: on the prepaid account, if it was ordered."""
    kind, source = CreditType.DEPOSIT, f"over-payment, {deposit_id}"
    order: PrepayOrder | None = None
    if proposal.prepays is not None:
        order = prepayments.find(tx, proposal.payer_id, proposal.prepays)
        assert order is not None, "what is proposed to be paid was ordered"
        kind, source = ordered_type(order), f"order {proposal.prepays}"
    movement_id: CreditMovementId = credit_movements.add(
        tx, proposal.payer_id, "credit", kind, proposal.over_minor, entry.currency,
        expires_on=None, source=source, deposit_id=deposit_id, on=on, by=desk.by,
    )  # fmt: skip
    if order is not None:
        bring_in(tx, order, movement_id, desk.books.today, desk.by)
    postings = journal.credit_added_postings(
        desk.books.chart, proposal.over_minor, entry.currency, is_money=True
    )
    desk.book(proposal.payer_id, EntryKind.CREDIT_ADDED, on, str(movement_id), postings)
    told.part("to-credit", proposal.payer_id, proposal.over_minor, movement_id=movement_id)


def _return(desk: Desk, back: Returned) -> int:
    """Write that the bank took a deposit back: its debts are open again."""
    entry = back.stored.entry
    match_no = next(desk.numbers)
    told = _Told(desk, match_no)
    for part, payment_id in back.payments:
        operation_id = next(desk.operations)
        desk.add(
            "operations", part.account_id, part.debt_id, operation_id, OperationKind.RETURNED.value,
            Means.TRANSFER.value, True, part.amount_minor, entry.booked_on, back.payer_id, back.deposit_id,
            payment_id, entry.return_code or entry.return_text,
        )  # fmt: skip
        moved = _vat_moved(desk, part, -part.amount_minor)
        postings = journal.returned_postings(desk.books.chart, part.amount_minor, moved, entry.currency)
        reference = f"{part.bill_id}/{operation_id}"
        desk.book(part.account_id, EntryKind.RETURNED, entry.booked_on, reference, postings)
        told.part("returned", part.account_id, part.amount_minor, part.debt_id, operation_id)
    desk.move(
        back.stored.entry_id, "returned", back.payer_id, back.deposit_id, entry.amount_minor, entry.booked_on
    )
    desk.add(
        "matches", desk.legal_entity_id, match_no, back.stored.entry_id, int(Rule.RETURN), True, 100,
        back.reason, desk.by, entry.booked_on,
    )  # fmt: skip
    return match_no

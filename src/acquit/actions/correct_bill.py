"""Correct a bill with a wrong order, buyer, address or tax id: credit note and corrective bill in one act."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date

from acquit.actions.bank_days import is_bank_day
from acquit.actions.bill_page import debt_of, draws_of
from acquit.actions.context import Context
from acquit.actions.crediting import (
    Taken,
    bill_in,
    book_note_in,
    issuing_in,
    note_in,
    set_free_in,
    settle_again_in,
)  # fmt: skip
from acquit.actions.debiting import debitings_in
from acquit.actions.defer_papers import defer_papers
from acquit.actions.loading import account_in, entity_of, require_staff
from acquit.actions.page_loading import exchanges_in
from acquit.actions.settling import Books, book_in, books_in, hold_in
from acquit.core import snapshot
from acquit.core.account import TaxProfile
from acquit.core.bill import Bill, Draft
from acquit.core.collection import EURO, collected_on
from acquit.core.correction import (
    KEPT,
    Corrected,
    Kept,
    NotCorrectable,
    corrective,
    redrafted,
    refuse_correction,
)  # fmt: skip
from acquit.core.credit import CreditReasonMissing, taken_back
from acquit.core.down_payment import advances_minor, uses_of
from acquit.core.exchange_rate import Exchange
from acquit.core.identifiers import AccountId, BillId, OrderId
from acquit.core.journal import EntryKind, bill_postings
from acquit.core.operator import Right
from acquit.core.printed_text import REASON_MAX, refuse_texts
from acquit.core.problem import Problem
from acquit.core.purchase_order import NoSuchPurchaseOrder, PurchaseOrder
from acquit.core.snapshot import Buyer, Seller
from acquit.core.tax import tax_case
from acquit.core.terms import due_on
from acquit.documents.glyphs import missing_glyphs
from acquit.store import acts, billables, bills, debts, down_payments, legal_parties, purchase_orders, series
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Correction:
    """What to say instead: members of the buyer; an order by its reference, or none; the term from now on.

    `is_current_party`: the buyer as the account's legal party is now; named members come on top.
    """

    members: Mapping[str, str] = field(default_factory=dict)
    order_reference: str | Kept | None = KEPT
    is_current_party: bool = False
    is_due_anew: bool = False


@dataclass(frozen=True, slots=True)
class Replaced:
    """The credit note, the corrective bill, and how much of what was paid settles it now."""

    credit_note: Bill
    bill: Bill
    settled_minor: int


def correct_bill(
    context: Context, account_id: AccountId, bill_id: BillId, reason: str, correction: Correction, *, by: str
) -> Replaced:
    """The bill is taken back whole and billed again as it should be; what was paid for it stays with it.

    Raises NoSuchAccount, NoSuchBill, NoSuchPurchaseOrder, CreditReasonMissing, NotCorrectable,
    NothingToCorrect.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.CORRECT_BILLS)
        return correct_in(context, tx, account_id, bill_id, reason, correction, by)


def correct_in(
    context: Context,
    tx: Transaction,
    account_id: AccountId,
    bill_id: BillId,
    reason: str,
    correction: Correction,
    by: str,
) -> Replaced:
    """Do the same inside the caller's transaction, for somebody who may."""
    refuse_texts([("The reason", " ".join(reason.split()))], missing_glyphs, REASON_MAX)
    account = account_in(tx, account_id)
    hold_in(tx, account.payer_id, [account_id])
    orders = purchase_orders.lock_concerning(tx, [account_id])
    if not reason.strip():
        raise CreditReasonMissing("A correction needs a reason: it is printed.", bill=bill_id)
    books = books_in(context, tx, account.legal_entity_id)
    taken, corrected, final = _checked(tx, books, account_id, bill_id, orders, correction)
    bills.keep_snapshots(tx, [books.seller, snapshot.snapshot(corrected.buyer)])
    made = _replace(context, tx, books, taken, final, corrected, reason)
    acts.record(
        tx, by, "correct_bill", account_id, bill_id, credit_note=made.credit_note.bill_id,
        corrective=made.bill.bill_id, reason=reason,
    )  # fmt: skip
    return made


def check_correction_in(
    context: Context, tx: Transaction, account_id: AccountId, bill_id: BillId, correction: Correction
) -> None:
    """Pass when the bill can be corrected so today; nothing is written. Raises as `correct_bill` does."""
    books = books_in(context, tx, account_in(tx, account_id).legal_entity_id)
    orders = purchase_orders.concerning(tx, [account_id])
    _checked(tx, books, account_id, bill_id, orders, correction)


def _checked(
    tx: Transaction,
    books: Books,
    account_id: AccountId,
    bill_id: BillId,
    orders: list[PurchaseOrder],
    correction: Correction,
) -> tuple[Taken, Corrected, Draft]:
    """Return the bill, what it should have said, and the draft of the corrective bill."""
    taken = bill_in(tx, account_id, bill_id)
    before = Buyer(**bills.snapshot(tx, taken.bill.buyer_hash))
    corrected = _corrected(tx, books, taken.bill, before, orders, correction)
    refuse_correction(taken.bill, taken.notes, before, corrected)
    return taken, corrected, _redrafted(tx, books, taken.bill, corrected)


def _corrected(
    tx: Transaction,
    books: Books,
    bill: Bill,
    before: Buyer,
    orders: list[PurchaseOrder],
    correction: Correction,
) -> Corrected:
    """Return the buyer and the order as they should have been."""
    buyer = before
    if correction.is_current_party:
        party = legal_parties.of_account(tx, bill.account_id, books.today)
        buyer = before if party is None else snapshot.buyer(party, before.sub_account)
    buyer = replace(buyer, **_known_members(correction.members))
    reference = correction.order_reference
    order = reference if isinstance(reference, Kept) else _order(bill, orders, reference)
    account = account_in(tx, bill.account_id)
    return Corrected(
        buyer,
        snapshot.snapshot(buyer).hash,
        order,
        correction.is_due_anew,
        account.cost_account,
        bill.exchange or _exchange(tx, books, bill),
    )


def _exchange(tx: Transaction, books: Books, bill: Bill) -> Exchange | None:
    """Return at which rate the bill's day tells VAT in the seller's currency, where the bill does not."""
    accounting = books.entity.currency
    if bill.currency == accounting:
        return None
    return exchanges_in(tx, {bill.currency}, accounting, bill.issued_on).get(bill.currency)


def _known_members(members: Mapping[str, str]) -> dict[str, str]:
    names = {each.name for each in fields(Buyer)}
    assert members.keys() <= names, "the callers name members of a buyer"
    profile = members.get("tax_profile")
    if profile is not None and profile not in set(TaxProfile):
        raise NotCorrectable(f"{profile!r} is no tax profile: {', '.join(TaxProfile)}.")
    return {name: value.strip() for name, value in members.items()}


def _order(bill: Bill, orders: list[PurchaseOrder], reference: str | None) -> PurchaseOrder | Kept | None:
    """Return the order of that reference, or that it stays the same. Raises NoSuchPurchaseOrder."""
    if reference is None:
        return None
    named = [each for each in orders if each.reference == reference]
    if not named:
        raise NoSuchPurchaseOrder(reference)
    usable = [each for each in named if each.is_usable and each.currency == bill.currency]
    order = next(iter(usable or named))
    return KEPT if order.purchase_order_id == bill.purchase_order_id else order


def _redrafted(tx: Transaction, books: Books, bill: Bill, corrected: Corrected) -> Draft:
    """Return the draft of the corrective bill; VAT is that of the day on which the first was issued."""
    seller: Seller = snapshot.seller(books.entity)
    case = tax_case(seller, corrected.buyer, bill.issued_on, billables.rates(tx))
    if isinstance(case, Problem):
        raise NotCorrectable(str(case), bill=bill.bill_id)
    return redrafted(bill, corrected, case, seller, books.today, missing_glyphs)


def _replace(
    context: Context,
    tx: Transaction,
    books: Books,
    taken: Taken,
    final: Draft,
    corrected: Corrected,
    reason: str,
) -> Replaced:
    """Write the credit note, then the corrective bill; nothing is refused from here on."""
    bill = taken.bill
    taken = replace(taken, details=taken_back(bill, (), ()))
    owed, undone = set_free_in(tx, books, taken, bill.total_minor, books.today, reason)
    note = note_in(context.clock, tx, books, taken, reason)
    book_note_in(tx, books, owed, note)
    paid = [each.amount_minor for each in undone if each.deposit_payer and each.deposit_id]
    prepaid_minor = min(sum(paid), final.total_minor)
    issued = _issue(context, tx, books, bill, final, corrected, note, reason, prepaid_minor)
    debt = debt_of(issued)
    debts.write(tx, [debt])
    down_payments.use(tx, uses_of(issued))
    postings = bill_postings(
        books.chart, issued.net_minor, issued.tax_minor, issued.currency, books.entity.vat_on_debits,
        advances_minor(issued),
    )  # fmt: skip
    book_in(tx, issued.account_id, EntryKind.BILL, issued.issued_on, issued.bill_id, postings)
    settled = settle_again_in(tx, books, debt, undone, books.today)
    assert settled == prepaid_minor, "the paper tells what settles the corrective bill"
    return Replaced(note, issued, settled)


def _issue(
    context: Context,
    tx: Transaction,
    books: Books,
    bill: Bill,
    final: Draft,
    corrected: Corrected,
    note: Bill,
    reason: str,
    prepaid_minor: int,
) -> Bill:
    """Number the corrective bill, never dated before its credit note, and write it."""
    (order_id,) = bills.next_order_ids(tx, 1)
    block = series.take(tx, books.entity.bill_series_id, 1, note.issued_on, or_later=True)
    issuing = issuing_in(context.clock, books, block)
    final = _debited(tx, final, bill.due_on, corrected, block.issued_on)
    issued = corrective(
        bill, final, corrected, issuing, block.first, OrderId(order_id), reason, prepaid_minor
    )
    bills.write(tx, [issued], block.series.series_id, [block.first])
    defer_papers(tx.connection, [issued])
    purchase_orders.draw(tx, draws_of([issued]))
    return issued


def _debited(tx: Transaction, final: Draft, due: date, corrected: Corrected, on: date) -> Draft:
    """Return the draft with the mandate that the payer's bills are collected under now, if any."""
    sharing = final.sharing
    entity = entity_of(tx, account_in(tx, sharing.account_id))
    found = debitings_in(tx, entity.legal_entity_id, [sharing.payer_id], on).get(sharing.payer_id)
    if found is None or sharing.currency != EURO:
        return final
    told, copy = found
    collects_on = collected_on(told, due_on(on, sharing.term) if corrected.is_due_anew else due, is_bank_day)
    if collects_on is None:
        return final
    bills.keep_snapshots(tx, [copy])
    return replace(final, sharing=replace(sharing, debit_hash=copy.hash, collected_on=collects_on))

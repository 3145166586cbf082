"""Pay what reverse bills owe to their accounts: by the file of transfers, or set off against their debts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from acquit.actions.agree_self_billing import found_in
from acquit.actions.context import Context
from acquit.actions.loading import account_in, date_of, entity_in, require_staff
from acquit.actions.refund_money import approve_in
from acquit.actions.reverse_booking import standing_in
from acquit.actions.settling import (
    Books,
    book_in,
    books_in,
    hold_in,
    owed_in,
    set_off_postings_in,
    vat_share_in,
)
from acquit.core.approval import needs_second
from acquit.core.debt import Allocation, Means, OperationKind, paid_minor, refuse_over_open
from acquit.core.errors import Refusal
from acquit.core.identifiers import AccountId, BillId, LegalEntityId
from acquit.core.journal import EntryKind
from acquit.core.operator import Right
from acquit.core.refund import Refund
from acquit.core.reverse_bill import NoSetOff, Standing, refuse_payment, set_off
from acquit.store import acts, debts, legal_entities, refunds, reverse_bills, reverse_lists
from acquit.store.transaction import Transaction

AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True)
class PaidOut:
    """What is to be paid of reverse bills that fell due, and what was refused, with its reason."""

    asked: tuple[Refund, ...]
    refused: tuple[tuple[AccountId, BillId, str], ...]


def pay_reverse_bill(context: Context, account_id: AccountId, bill_id: BillId, *, by: str) -> Refund:
    """What is open of the bill is to be paid; above an amount a second person agrees first.

    The next file of transfers takes it up, which a second person approves in any case; the bank's file tells
    that it was paid. Raises NoSuchReverseBill, NotPayable, StaffOnly, RoleForbids.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.GIVE_UP_MONEY)
        account = account_in(tx, account_id)
        hold_in(tx, account_id, [])
        books = books_in(context, tx, account.legal_entity_id)
        standing = standing_in(tx, account_id, bill_id)
        refuse_payment(standing, books.today)
        refund_id = refunds.add_for_bill(
            tx, account_id, bill_id, standing.currency, standing.open_minor, books.today, by
        )
        acts.record(
            tx, by, "pay_reverse_bill", account_id, bill_id, refund=refund_id,
            amount_minor=standing.open_minor,
        )  # fmt: skip
        asked = refunds.find(tx, account_id, refund_id)
        assert asked is not None, "what was asked for is there"
        if not needs_second(asked.amount_minor, books.entity):
            approve_in(tx, books, asked, by)
        found = refunds.find(tx, account_id, refund_id)
        assert found is not None, "what was asked for is there"
        return found


def pay_due_reverse_bills(
    context: Context,
    legal_entity_id: LegalEntityId,
    due_by: date | None = None,
    *,
    by: str,
    leaves_doubtful: bool = False,
) -> PaidOut:
    """Every reverse bill that falls due by the day (today) and may be paid is to be paid, one by one.

    `leaves_doubtful` leaves alone what may be set off, and what was not paid when it was asked for before.
    Raises NoSuchLegalEntity, StaffOnly, RoleForbids.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.GIVE_UP_MONEY)
        today = date_of(context, entity_in(tx, legal_entity_id))
    asked, refused = list[Refund](), list[tuple[AccountId, BillId, str]]()
    for account_id, bill_id in _waiting(context, legal_entity_id, due_by or today, today):
        if leaves_doubtful and _needs_a_person(context, account_id, bill_id):
            continue
        try:
            asked.append(pay_reverse_bill(context, account_id, bill_id, by=by))
        except Refusal as error:
            refused.append((account_id, bill_id, error.message))
    return PaidOut(tuple(asked), tuple(refused))


def _waiting(
    context: Context, legal_entity_id: LegalEntityId, due_by: date, today: date
) -> Iterator[tuple[AccountId, BillId]]:
    """Yield what may be paid and falls due by the day, each once whatever becomes of it, page by page."""
    last = reverse_bills.FIRST
    while True:
        with context.database.read() as tx:
            page = reverse_bills.waiting(tx, legal_entity_id, due_by, today, AT_ONCE, last)
        if not page:
            return
        yield from page
        last = page[-1]


def pay_reverse_bills_on_their_day(context: Context) -> int:
    """Have what fell due paid by the sellers that chose so (`pays_reverse_bills`); return how many bills.

    What may be set off, and what was refused or came back before, is left to a person. No money leaves by
    this alone: large payments wait for a second person, and so does each file of transfers.
    """
    with context.database.read() as tx:
        chosen = [each.legal_entity_id for each in legal_entities.every(tx) if each.pays_reverse_bills]
    return sum(
        len(pay_due_reverse_bills(context, each, by="system", leaves_doubtful=True).asked) for each in chosen
    )


def _needs_a_person(context: Context, account_id: AccountId, bill_id: BillId) -> bool:
    """Whether it could be set off, or a payment of it was refused or came back: asked again, so would it."""
    with context.database.read() as tx:
        agreement = found_in(tx, account_id, reverse_bills.facts(tx, account_id, bill_id).agreement_no)
        currency = account_in(tx, account_id).currency
        owes = agreement.sets_off and reverse_bills.mutual_debts(tx, account_id, currency)
        return bool(owes or reverse_lists.payments(tx, account_id, bill_id))


def set_off_reverse_bill(context: Context, account_id: AccountId, bill_id: BillId, *, by: str) -> Standing:
    """What the bill owes pays what the account owes, first due first, as far as it goes.

    Debts that are disputed, or that a direct debit collects, are left alone. Raises NoSuchReverseBill,
    NotPayable, NoSetOff (the agreement does not say so, or nothing is owed), StaffOnly, RoleForbids.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.SETTLE_DEBTS)
        account = account_in(tx, account_id)
        books = books_in(context, tx, account.legal_entity_id)
        owed = reverse_bills.mutual_debts(tx, account_id, account.currency)
        hold_in(tx, account_id, [each.account_id for each in owed])
        standing = standing_in(tx, account_id, bill_id)
        _refuse_unagreed(tx, account_id, bill_id)
        refuse_payment(standing, books.today)
        held = {each.account_id for each in owed} | {account_id}
        owed = [
            each
            for each in reverse_bills.mutual_debts(tx, account_id, standing.currency)
            if each.account_id in held
        ]
        parts = set_off(standing.open_minor, owed)
        if not parts:
            raise NoSetOff(f"{account_id} owes nothing that could be set off: pay {bill_id} instead.")
        for part in parts:
            _set_off(tx, books, (account_id, bill_id), part)
        done = standing_in(tx, account_id, bill_id)
        acts.record(
            tx, by, "set_off_reverse_bill", account_id, bill_id,
            amount_minor=done.set_off_minor - standing.set_off_minor, debts=len(parts),
        )  # fmt: skip
        return done


def _refuse_unagreed(tx: Transaction, account_id: AccountId, bill_id: BillId) -> None:
    agreement = found_in(tx, account_id, reverse_bills.facts(tx, account_id, bill_id).agreement_no)
    if not agreement.sets_off:
        raise NoSetOff(
            f"Agreement {agreement.agreement_no} of {account_id} does not say that debts are set off: pay "
            f"{bill_id} by transfer.",
            source="Code civil 1348-2",
        )


def _set_off(tx: Transaction, books: Books, owner: tuple[AccountId, BillId], part: Allocation) -> None:
    owed = owed_in(tx, part.account_id, part.debt_id)
    debt, minor = owed.debt, part.amount_minor
    refuse_over_open(debt, owed.operations, minor)
    operation_id = debts.add_operation(
        tx, debt.account_id, debt.debt_id, OperationKind.PAYMENT, Means.SET_OFF, minor, books.today,
        reason=owner[1],
    )  # fmt: skip
    reverse_bills.add_set_off(tx, *owner, (debt.account_id, debt.debt_id), operation_id)
    paid = paid_minor(owed.operations)
    moved = vat_share_in(tx, books, owed).moved(paid, paid + minor)
    postings = set_off_postings_in(tx, books, owner, minor, moved, debt.currency)
    reference = f"{debt.bill_id}/{operation_id}"
    book_in(tx, debt.account_id, EntryKind.SETTLEMENT, books.today, reference, postings)

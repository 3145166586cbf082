"""Take in what acquirers tell: each event and payout once, in one transaction with what it books."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from acquit.actions.bank_inbox import take_own_waiting
from acquit.actions.context import Context
from acquit.actions.loading import account_in, require_staff
from acquit.actions.settle_debt import Receipt, book_deposit_in
from acquit.actions.settling import Books, book_in, books_in, hold_in, owed_in, settle_in, undo_in
from acquit.core.acquirer import (
    BadEvent,
    BadPayout,
    Event,
    EventKind,
    NotPaid,
    Payout,
    content_of,
    is_known,
    payout_lines,
    refuse_event,
)
from acquit.core.debt import Allocation, Means, OperationKind, open_minor, standing
from acquit.core.identifiers import AccountId, BillId, LegalEntityId
from acquit.core.journal import EntryKind, Role, payout_postings, refund_postings, require_role
from acquit.core.money import plain
from acquit.core.operator import Right
from acquit.core.refund import RefundState
from acquit.store import accounts, acquirer_events, acts, bills, debts, refunds
from acquit.store.debts import Deposit
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an event or payout: new, or known already; a paid one's deposit and what it settled."""

    event_id: str
    is_new: bool
    deposit_id: str | None = None
    settled_minor: int = 0


def take_event(context: Context, event: Event, *, by: str) -> Taken:
    """The event is kept, once; a paid one is a deposit that settles its bills, a charge-back undoes that.

    Raises NoSuchAccount, BadEvent, EventDiffers, NotPaid, ChartIncomplete, StaffOnly, RoleForbids.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.SETTLE_DEBTS)
        refuse_event(event)
        account = account_in(tx, event.account_id)
        payer_id = account.payer_id
        accounts.lock(tx, payer_id)
        hold_in(tx, payer_id, _accounts_of(tx, event))
        if is_known(event, acquirer_events.known(tx, event.acquirer, event.event_id)):
            return Taken(event.event_id, False)
        books = books_in(context, tx, account.legal_entity_id)
        require_role(books.chart, account.legal_entity_id, Role.ACQUIRER, Role.ACQUIRER_FEES)
        if event.kind is EventKind.PAID:
            taken = _pay(tx, books, payer_id, event)
        elif event.kind is EventKind.CHARGED_BACK:
            taken = _charge_back(tx, books, payer_id, event, by)
        else:
            taken = Taken(event.event_id, True)
        acquirer_events.add(tx, payer_id, event, taken.deposit_id, content_of(event), by)
        acts.record(
            tx, by, "take_acquirer_event", payer_id, f"{event.acquirer}:{event.event_id}",
            kind=event.kind.value, amount_minor=event.amount_minor,
        )  # fmt: skip
    return taken


def take_payout(context: Context, payout: Payout, *, by: str) -> Taken:
    """The payout is booked, once: what its events left with the acquirer is in the bank, less the fees.

    An entry of the bank that waits and tells of it waits no longer.

    Raises BadPayout, NotPaid, EventDiffers, StaffOnly, RoleForbids.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.SETTLE_DEBTS)
        told = acquirer_events.told(tx, payout.acquirer, payout.event_ids)
        accounts.lock(tx, *sorted({row.account_id for row in told.values()}))
        if is_known(payout, acquirer_events.known_payout(tx, payout.acquirer, payout.payout_id)):
            return Taken(payout.payout_id, False)
        told = acquirer_events.told(tx, payout.acquirer, payout.event_ids)
        entity_id = _refuse_gathered(payout, told)
        lines = payout_lines(
            payout,
            [
                (AccountId(told[each].account_id), each, EventKind(told[each].kind), told[each].amount_minor)
                for each in payout.event_ids
            ],
        )
        books = books_in(context, tx, entity_id)
        acquirer_events.add_payout(tx, payout, entity_id, lines, content_of(payout), by)
        for line in lines:
            postings = payout_postings(books.chart, line.gross_minor, line.fee_minor, payout.currency)
            reference = f"{payout.acquirer}/{payout.payout_id}/{line.event_id}"
            book_in(tx, line.account_id, EntryKind.PAYOUT, payout.paid_on, reference, postings)
        acts.record(
            tx, by, "take_payout", None, f"{payout.acquirer}:{payout.payout_id}",
            net_minor=payout.net_minor, fee_minor=payout.fee_minor, events=len(lines),
        )  # fmt: skip
    take_own_waiting(context, entity_id, by=by)
    return Taken(payout.payout_id, True)


def _accounts_of(tx: Transaction, event: Event) -> list[AccountId]:
    """Return the accounts whose bills the event pays, or whose debts a charged-back payment settled."""
    found = [bills.account_of(tx, BillId(each)) for each in event.bill_ids]
    if event.kind is EventKind.CHARGED_BACK:
        paid = acquirer_events.paid(tx, event.acquirer, event.payment)
        if paid is not None:
            found += [key[0] for key in debts.settled_by(tx, paid.account_id, paid.deposit_id)]
    return [each for each in found if each is not None]


def _pay(tx: Transaction, books: Books, payer_id: AccountId, event: Event) -> Taken:
    """Book a deposit that the acquirer holds, and let it settle the bills in their order."""
    if acquirer_events.paid(tx, event.acquirer, event.payment) is not None:
        raise BadEvent(f"{event.acquirer} told that payment {event.payment} was paid before.")
    receipt = Receipt(
        event.occurred_on, event.amount_minor, event.currency, Means.CARD, event.payment, event.acquirer, True
    )
    deposit = book_deposit_in(tx, books, payer_id, receipt, Role.ACQUIRER)
    settled = sum(_settle(tx, books, payer_id, BillId(each), deposit) for each in event.bill_ids)
    return Taken(event.event_id, True, deposit.deposit_id, settled)


def _settle(tx: Transaction, books: Books, payer_id: AccountId, bill_id: BillId, deposit: Deposit) -> int:
    account_id = bills.account_of(tx, bill_id)
    debt = None if account_id is None else debts.of_bill(tx, account_id, bill_id)
    if debt is None or debt.payer_id != payer_id or debt.currency != deposit.currency:
        raise BadEvent(f"{payer_id} owes no bill {bill_id} in {deposit.currency}.", bill=bill_id)
    owed = owed_in(tx, debt.account_id, debt.debt_id)
    left = deposit.amount_minor - debts.applied_minor(tx, payer_id, deposit.deposit_id)
    amount_minor = min(left, open_minor(owed.debt, owed.operations))
    if amount_minor > 0:
        part = Allocation(debt.account_id, debt.debt_id, amount_minor)
        settle_in(tx, books, owed, part, deposit, deposit.received_on, True)
    return max(amount_minor, 0)


def _charge_back(tx: Transaction, books: Books, payer_id: AccountId, event: Event, by: str) -> Taken:
    """Take the whole payment out again: what it settled is owed, what was unapplied is gone."""
    paid = acquirer_events.paid(tx, event.acquirer, event.payment)
    if paid is None or paid.account_id != payer_id:
        raise NotPaid(f"{event.acquirer} never told that {payer_id} paid {event.payment}.")
    if acquirer_events.charged_back_minor(tx, event.acquirer, event.payment):
        raise NotPaid(f"Payment {event.payment} was charged back already.")
    if (event.currency, event.amount_minor) != (paid.currency, paid.amount_minor):
        raise BadEvent(
            f"Payment {event.payment} was of {plain(paid.amount_minor, paid.currency)} {paid.currency}: it "
            "is charged back whole. Tell a part as a refund.",
            payment=event.payment,
        )
    undone = 0
    for account_id, debt_id in debts.settled_by(tx, payer_id, paid.deposit_id):
        owed = owed_in(tx, account_id, debt_id)
        for each in standing(owed.operations):
            if each.deposit_id == paid.deposit_id and each.deposit_payer == payer_id:
                undo_in(
                    tx,
                    books,
                    owed,
                    each,
                    OperationKind.RETURNED,
                    event.occurred_on,
                    event.reason or "charged back",
                )
                owed = owed_in(tx, account_id, debt_id)
                undone += each.amount_minor
    left = paid.amount_minor - debts.applied_minor(tx, payer_id, paid.deposit_id)
    if left > 0:
        _take_unapplied(tx, books, payer_id, paid.deposit_id, left, event, by)
    if undone + max(left, 0) != paid.amount_minor:
        raise NotPaid(
            f"Part of payment {event.payment} became credit or was refunded: undo that first, then take the "
            "charge-back in.",
            payment=event.payment,
        )
    return Taken(event.event_id, True, None, -undone)


def _take_unapplied(
    tx: Transaction,
    books: Books,
    payer_id: AccountId,
    deposit_id: str,
    left_minor: int,
    event: Event,
    by: str,
) -> None:
    """What settled nothing leaves the deposit as a refund that the acquirer made itself."""
    refund_id = refunds.add(
        tx, payer_id, deposit_id, event.currency, left_minor, "charged-back", event.reason or "charged back",
        books.today, by,
    )  # fmt: skip
    refunds.tell(tx, (payer_id, refund_id), RefundState.PAID, event.occurred_on, event.event_id, by)
    postings = refund_postings(books.chart, left_minor, event.currency, Role.ACQUIRER)
    book_in(tx, payer_id, EntryKind.REFUND, event.occurred_on, str(refund_id), postings)


def _refuse_gathered(payout: Payout, told: Mapping[str, Any]) -> LegalEntityId:
    """Return the one seller whose events the payout gathers. Raises NotPaid, BadPayout."""
    rows = [_told(payout, told, each) for each in payout.event_ids]
    if len(set(payout.event_ids)) != len(rows):
        raise BadPayout(f"Payout {payout.payout_id} names an event twice.")
    sellers = {row.legal_entity_id for row in rows}
    if len(sellers) != 1 or {row.currency for row in rows} != {payout.currency}:
        raise BadPayout(f"Payout {payout.payout_id} gathers events of one seller, in {payout.currency}.")
    for row in rows:
        if row.payout_id is not None:
            raise BadPayout(f"Event {row.event_id} was paid out with {row.payout_id} already.")
    return LegalEntityId(sellers.pop())


def _told(payout: Payout, told: Mapping[str, Any], event_id: str) -> Any:
    row = told.get(event_id)
    if row is None or row.kind not in (EventKind.PAID.value, EventKind.CHARGED_BACK.value):
        raise NotPaid(f"{payout.acquirer} told no payment or charge-back {event_id}; send its events first.")
    return row


def events_of(context: Context, payer_id: AccountId) -> Sequence[Event]:
    """Return what acquirers told of the payer's payments, newest first. Raises NoSuchAccount."""
    with context.database.read() as tx:
        account_in(tx, payer_id)
        return acquirer_events.of_account(tx, payer_id)

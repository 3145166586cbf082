"""How a page's bills are paid from credit balances: decided with the drafts, written with the numbers."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from acquit.core.bill import Bill, Draft
from acquit.core.credit_balance import CreditLot, CreditUse, pay
from acquit.core.debt import Means, OperationKind
from acquit.core.identifiers import AccountId, CreditMovementId
from acquit.core.journal import Chart, Entry, EntryKind, Head, VatShare, chained, credit_used_postings
from acquit.core.money import Currency
from acquit.store import credit_movements, debts
from acquit.store.transaction import Transaction

Uses = Sequence[tuple[CreditUse, ...]]
"""Per draft what of the payer's credit pays it; empty when no payer of the page has credit."""

Ids = Sequence[tuple[int, CreditMovementId]]


def decide_uses(drafts: Iterable[Draft], credit: Mapping[AccountId, tuple[CreditLot, ...]], on: date) -> Uses:
    """Let each draft be paid from its payer's credit, as the drafts before have left it."""
    if not credit:
        return ()
    left: dict[AccountId, Sequence[CreditLot]] = dict(credit)
    found = []
    for draft in drafts:
        payer_id = draft.sharing.payer_id
        uses, after = pay(left.get(payer_id, ()), draft.sharing.currency, draft.total_minor, on)
        if uses:
            left[payer_id] = after
        found.append(uses)
    return found


def prepaid_of(uses: Uses) -> list[int]:
    """Return how much of each draft is paid from credit; empty when no payer of the page has any."""
    return [sum(use.amount_minor for use in each) for each in uses]


def take_ids(tx: Transaction, uses: Uses) -> Ids:
    """Take the ids of everything that the uses will write; none for none."""
    count = sum(map(len, uses))
    return credit_movements.next_ids(tx, count) if count else ()


def write_uses(tx: Transaction, issued: Sequence[Bill], uses: Uses, ids: Ids, by: str) -> None:
    """Write the debt operations and the movements of the lots."""
    told = list(_told(issued, uses, ids))
    if not told:
        return
    operations = [
        (
            bill.account_id, bill.order_id, operation_id, OperationKind.PAYMENT.value,
            Means.CREDIT_BALANCE.value, True, use.amount_minor, bill.issued_on,
        )
        for bill, use, operation_id, _ in told
    ]  # fmt: skip
    debts.write_operations(tx, operations)
    movements = [
        (
            use.lot.account_id, movement_id, use.lot.balance, use.lot.type.value, use.lot.currency,
            -use.amount_minor, use.lot.movement_id, bill.account_id, bill.order_id, operation_id,
            bill.issued_on, by,
        )
        for bill, use, operation_id, movement_id in told
    ]  # fmt: skip
    credit_movements.write(tx, movements)


def entries_of_uses(
    chart: Chart,
    vat_on_debits: bool,
    issued: Sequence[Bill],
    uses: Uses,
    ids: Ids,
    heads: dict[AccountId, Head],
) -> list[Entry]:
    """Return the entries of the uses, chained behind those of the bills; `heads` follow."""
    entries = []
    paid: dict[str, int] = {}
    for bill, use, operation_id, _ in _told(issued, uses, ids):
        before = paid.get(bill.bill_id, 0)
        paid[bill.bill_id] = before + use.amount_minor
        share = VatShare(bill.total_minor, 0 if vat_on_debits else bill.tax_minor)
        vat_minor = share.moved(before, paid[bill.bill_id])
        entry = chained(
            heads[bill.account_id],
            bill.account_id,
            EntryKind.SETTLEMENT.value,
            bill.issued_on,
            f"{bill.bill_id}/{operation_id}",
            credit_used_postings(chart, use.amount_minor, vat_minor, Currency(bill.currency)),
        )
        heads[bill.account_id] = entry.head
        entries.append(entry)
    return entries


def _told(
    issued: Sequence[Bill], uses: Uses, ids: Ids
) -> Iterable[tuple[Bill, CreditUse, int, CreditMovementId]]:
    """Yield every use with its bill and its ids."""
    if not ids:
        return
    pairs = ((bill, use) for bill, each in zip(issued, uses, strict=True) for use in each)
    for (bill, use), (operation_id, movement_id) in zip(pairs, ids, strict=True):
        yield bill, use, operation_id, movement_id

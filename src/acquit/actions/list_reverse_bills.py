"""Reverse bills as pages and commands tell them: lists with how each stands, and one with its story."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from acquit.actions.context import Context
from acquit.core.bill import Bill
from acquit.core.identifiers import AccountId, BillId, LegalEntityId
from acquit.core.reverse_bill import NoSuchReverseBill, Standing
from acquit.store import reverse_bills, reverse_lists
from acquit.store.reverse_bills import Said, SetOff
from acquit.store.reverse_lists import Listed, Payment
from acquit.store.transaction import Transaction

LAST: Final = 2**62
"""Before which order a list begins."""


@dataclass(frozen=True, slots=True)
class Told:
    """A reverse bill of a list; a credit note has no standing."""

    bill: Listed
    standing: Standing | None


@dataclass(frozen=True, slots=True)
class Whole:
    """One reverse bill with all that became of it."""

    bill: Bill
    standing: Standing | None
    said: tuple[Said, ...]
    payments: tuple[Payment, ...]
    set_offs: tuple[SetOff, ...]


def list_reverse_bills(
    context: Context,
    legal_entity_id: LegalEntityId,
    account_id: AccountId | None = None,
    before_id: int = LAST,
    rows_max: int = 100,
) -> list[Told]:
    """Return reverse bills of a legal entity, or of one account with it, newest first, before an order."""
    with context.database.read() as tx:
        found = reverse_lists.of_entity(tx, legal_entity_id, account_id, before_id, rows_max)
        return _told(tx, found)


def show_reverse_bill(context: Context, account_id: AccountId, bill_id: BillId) -> Whole:
    """Return the account's reverse bill with its story. Raises NoSuchReverseBill."""
    with context.database.snapshot() as tx:
        bill = reverse_bills.find(tx, account_id, bill_id)
        if bill is None:
            raise NoSuchReverseBill(bill_id)
        return Whole(
            bill,
            reverse_bills.standing(tx, account_id, bill_id),
            tuple(reverse_bills.events(tx, account_id, bill_id)),
            tuple(reverse_lists.payments(tx, account_id, bill_id)),
            tuple(reverse_bills.set_offs(tx, account_id, bill_id)),
        )


def _told(tx: Transaction, found: Sequence[Listed]) -> list[Told]:
    standings: dict[tuple[AccountId, BillId], Standing] = {}
    for account_id in sorted({each.account_id for each in found}):
        ids = [each.bill_id for each in found if each.account_id == account_id]
        for bill_id, standing in reverse_bills.standings(tx, account_id, ids).items():
            standings[account_id, bill_id] = standing
    return [Told(each, standings.get((each.account_id, each.bill_id))) for each in found]

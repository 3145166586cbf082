"""Which bills an account sees: its own, and those that it owes for its sub-accounts."""

from acquit.console.visit import Visit
from acquit.core.bill import NoSuchBill
from acquit.core.identifiers import AccountId, BillId
from acquit.store import bill_searches, bills
from acquit.store.transaction import Transaction


def seen_bill(visit: Visit, tx: Transaction) -> tuple[AccountId, BillId]:
    """Return the bill of the address and whose it is. Raises NoSuchBill: others do not exist here."""
    bill_id = BillId(visit.path_values["bill_id"])
    account_id = bills.account_of(tx, bill_id)
    head = None if account_id is None else bill_searches.find(tx, account_id, bill_id)
    if head is None or visit.account_id not in (head.account_id, head.payer_id):
        raise NoSuchBill(bill_id)
    return head.account_id, bill_id

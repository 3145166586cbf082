"""Purchase orders as the wire lists them: what an order says, without who shares it or what was drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, LiteralString

from acquit.core.identifiers import AccountId, BillingGroupId, PurchaseOrderId
from acquit.store.selection import Selection
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class ListedOrder:
    """A purchase order of an account; a deleted one is still found by its id."""

    purchase_order_id: PurchaseOrderId
    reference: str
    type: str
    status: str
    active: bool
    start_on: date
    end_on: date | None
    billing_group_id: BillingGroupId | None
    description: str | None
    created_at: datetime
    updated_at: datetime


def of_account(account_id: AccountId, billing_group_id: int | None = None) -> Selection:
    """Select the account's orders that are not deleted, of one billing group when given."""
    source: LiteralString = "purchase_order WHERE account_id = %(account_id)s AND status = 'CREATED'"
    values: dict[str, object] = {"account_id": account_id}
    if billing_group_id is not None:
        source += " AND billing_group_id = %(billing_group_id)s"
        values["billing_group_id"] = billing_group_id
    return Selection("purchase_order_id", source, values)


FIND_MANY: Final[LiteralString] = """
    SELECT purchase_order_id, reference, type, status, active, start_on, end_on, billing_group_id,
           description, created_at, updated_at
      FROM purchase_order
     WHERE account_id = %(account_id)s AND purchase_order_id = ANY(%(purchase_order_ids)s)
"""


def find_many(tx: Transaction, account_id: AccountId, purchase_order_ids: Sequence[int]) -> list[ListedOrder]:
    """Return the account's orders of these ids, in no order; the others are left out."""
    rows = tx.all(FIND_MANY, account_id=account_id, purchase_order_ids=list(purchase_order_ids))
    return [ListedOrder(*row) for row in rows]

"""Every order of an account in one list: of services, behind bills, to pay what is owed, to prepay."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, LiteralString

from acquit.core.identifiers import AccountId, BillId, OrderId
from acquit.store.selection import Selection
from acquit.store.transaction import Transaction

ORDERS: Final[LiteralString] = """(
    SELECT account_id, order_id, ordered_at FROM service_order
     UNION ALL
    SELECT account_id, order_id, issued_at FROM bill WHERE kind <> 'credit-note'
     UNION ALL
    SELECT account_id, order_id, ordered_at FROM payment_order
     UNION ALL
    SELECT account_id, order_id, ordered_at FROM prepay_order
     UNION ALL
    SELECT account_id, order_id, ordered_at FROM retrieval) AS account_order"""

ACCOUNT_OF: Final[LiteralString] = """
    SELECT account_id FROM service_order WHERE order_id = %(order_id)s
     UNION ALL
    SELECT account_id FROM prepay_order WHERE order_id = %(order_id)s
     UNION ALL
    SELECT account_id FROM retrieval WHERE order_id = %(order_id)s
"""

KINDS: Final[LiteralString] = """
    SELECT order_id, 'services' AS kind, NULL AS bill_id
      FROM service_order
     WHERE account_id = %(account_id)s AND order_id = ANY(%(order_ids)s)
     UNION ALL
    SELECT order_id, 'bill', bill_id
      FROM bill
     WHERE account_id = %(account_id)s AND order_id = ANY(%(order_ids)s) AND kind <> 'credit-note'
     UNION ALL
    SELECT order_id, 'payment', NULL
      FROM payment_order
     WHERE account_id = %(account_id)s AND order_id = ANY(%(order_ids)s)
     UNION ALL
    SELECT order_id, 'prepay', NULL
      FROM prepay_order
     WHERE account_id = %(account_id)s AND order_id = ANY(%(order_ids)s)
     UNION ALL
    SELECT order_id, 'retrieval', NULL
      FROM retrieval
     WHERE account_id = %(account_id)s AND order_id = ANY(%(order_ids)s)
"""


class OrderKind(StrEnum):
    """What an order is for."""

    SERVICES = "services"
    BILL = "bill"
    PAYMENT = "payment"
    PREPAY = "prepay"
    RETRIEVAL = "retrieval"


def of_account(
    account_id: AccountId, *, ordered_from: datetime | None = None, ordered_to: datetime | None = None
) -> Selection:
    """Select the account's orders; both bounds are inclusive and count in whole seconds."""
    source: LiteralString = ORDERS + " WHERE account_id = %(account_id)s"
    values: dict[str, object] = {"account_id": account_id}
    if ordered_from is not None:
        source += " AND ordered_at >= %(ordered_from)s"
        values["ordered_from"] = ordered_from
    if ordered_to is not None:
        source += " AND ordered_at < %(ordered_to)s + interval '1 second'"
        values["ordered_to"] = ordered_to
    return Selection("order_id", source, values)


def kinds(
    tx: Transaction, account_id: AccountId, order_ids: Sequence[int]
) -> dict[int, tuple[OrderKind, BillId | None]]:
    """Return what each of the account's orders is for, with the bill behind which it stands, if any."""
    rows = tx.all(KINDS, account_id=account_id, order_ids=list(order_ids))
    return {
        row.order_id: (OrderKind(row.kind), None if row.bill_id is None else BillId(row.bill_id))
        for row in rows
    }


def account_of(tx: Transaction, order_id: OrderId) -> AccountId | None:
    """Return whose order of services or prepaid money it is: for the link that needs no login."""
    row = tx.one_or_none(ACCOUNT_OF, order_id=order_id)
    return None if row is None else AccountId(row.account_id)

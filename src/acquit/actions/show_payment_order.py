"""The page of a payment order: what it pays, and how."""

from acquit.actions.context import Context
from acquit.core.identifiers import OrderId
from acquit.core.payment_order import NoSuchPaymentOrder
from acquit.documents.order_page import render_order_page
from acquit.documents.paper import BillPaper
from acquit.store import documents, payment_orders


def payment_order_page(context: Context, order_id: OrderId) -> bytes:
    """Return the order as a web page. Raises NoSuchPaymentOrder."""
    with context.database.snapshot() as tx:
        account_id = payment_orders.account_of(tx, order_id)
        order = None if account_id is None else payment_orders.find(tx, account_id, order_id)
        if order is None:
            raise NoSuchPaymentOrder(f"There is no payment order {order_id}.")
        papers = documents.printed(tx, [(order.account_id, part.bill_id) for part in order.debts])
    return render_order_page(order, [BillPaper(*each) for each in papers])

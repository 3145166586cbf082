"""The page of an order: of services, or to pay what is owed."""

from acquit.actions.context import Context
from acquit.actions.loading import account_in, date_of, entity_of
from acquit.actions.show_payment_order import payment_order_page
from acquit.core.identifiers import OrderId
from acquit.core.snapshot import seller
from acquit.documents.letterhead import Letterhead
from acquit.documents.service_order_page import render_service_order
from acquit.store import service_orders


def order_page(context: Context, order_id: OrderId) -> bytes:
    """Return the order as a web page. Raises NoSuchPaymentOrder when it is neither of both."""
    with context.database.snapshot() as tx:
        account_id = service_orders.account_of(tx, order_id)
        order = None if account_id is None else service_orders.find(tx, account_id, order_id)
        if order is not None:
            account = account_in(tx, order.account_id)
            entity = entity_of(tx, account)
            sender = Letterhead(seller(entity), entity.logo or b"")
            return render_service_order(order, sender, account.language, date_of(context, entity))
    return payment_order_page(context, order_id)

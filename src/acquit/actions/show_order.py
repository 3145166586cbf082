"""The page of an order: of services, of prepaid credit, of its way back, or to pay what is owed."""

from acquit.actions.context import Context
from acquit.actions.loading import account_in, date_of, entity_of
from acquit.actions.show_payment_order import payment_order_page
from acquit.core.account import Account, LegalEntity
from acquit.core.identifiers import OrderId
from acquit.core.snapshot import seller
from acquit.documents.bundle_advice import Payee
from acquit.documents.letterhead import Letterhead
from acquit.documents.prepay_page import render_prepay_order, render_retrieval
from acquit.documents.service_order_page import render_service_order
from acquit.store import order_lists, prepayments, retrievals, service_orders
from acquit.store.transaction import Transaction


def order_page(context: Context, order_id: OrderId) -> bytes:
    """Return the order as a web page. Raises NoSuchPaymentOrder when it is none of these."""
    with context.database.snapshot() as tx:
        account_id = order_lists.account_of(tx, order_id)
        if account_id is not None:
            account = account_in(tx, account_id)
            page = _page(context, tx, account, entity_of(tx, account), order_id)
            if page is not None:
                return page
    return payment_order_page(context, order_id)


def _page(
    context: Context, tx: Transaction, account: Account, entity: LegalEntity, order_id: OrderId
) -> bytes | None:
    sender = Letterhead(seller(entity), entity.logo or b"")
    order = service_orders.find(tx, account.account_id, order_id)
    if order is not None:
        return render_service_order(order, sender, account.language, date_of(context, entity))
    prepaid = prepayments.find(tx, account.account_id, order_id)
    if prepaid is not None:
        payee = Payee(entity.name, entity.iban, entity.bic)
        return render_prepay_order(prepaid, payee, sender, account.language)
    for retrieval in retrievals.find_several(tx, account.account_id, [order_id]):
        return render_retrieval(retrieval, sender, account.language)
    return None

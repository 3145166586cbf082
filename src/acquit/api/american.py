"""Small routes of American sellers: links to papers, and how an order may be paid."""

from typing import Any

from acquit.api import bills, deposits, links, orders, refunds
from acquit.api.request import Request
from acquit.core.identifiers import BillId

# ---------------------------------------------------------------- papers


def download_bill(request: Request) -> str:
    """GET /me/bill/{billId}/download: a link to the paper, or to the page with `extension=html`."""
    bill_id = BillId(request.path["billId"])
    bills.get_bill(request)
    return _paper(request, bill_id)


def download_refund(request: Request) -> str:
    """GET /me/refund/{refundId}/download: the same of a credit note."""
    refund_id = request.path["refundId"]
    refunds.get_refund(request)
    return _paper(request, BillId(refund_id))


def download_deposit(request: Request) -> object:
    """GET /me/deposit/{depositId}/download: a link to its receipt."""
    return _link(deposits.get_deposit(request))


def download_withdrawal(request: Request) -> object:
    """GET /me/withdrawal/{withdrawalId}/download: a link to its receipt."""
    return _link(refunds.get_withdrawal(request))


def _paper(request: Request, bill_id: BillId) -> str:
    return links.bill_links(request, bill_id)["url" if request.query["extension"] == "html" else "pdfUrl"]


def _link(shown: object) -> object:
    assert isinstance(shown, dict), "a receipt is shown as an object"
    return shown["pdfUrl"]


# ---------------------------------------------------------------- orders


def list_order_methods(request: Request) -> list[dict[str, Any]]:
    """GET /me/order/{orderId}/availablePaymentMethod: registered methods that would pay it now."""
    return [
        {"id": method.payment_method_id, "type": method.payment_type}
        for method in orders.payable_with(request)
    ]

"""Small routes of American sellers: links to papers, how an order may be paid, what it set up."""

from collections.abc import Mapping
from typing import Any, Final

from acquit.api import bills, deposits, links, orders, refunds, wire
from acquit.api.listing import Listing
from acquit.api.refusals import NoSuchObject
from acquit.api.request import Request
from acquit.core.identifiers import BillId
from acquit.core.service import Service, State
from acquit.store import services

RESOURCES: Final[Mapping[State, str]] = {
    State.ACTIVE: "ok",
    State.SUSPENDED: "suspended",
    State.TERMINATED: "deleted",
}

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


def list_operations(request: Request) -> Listing[int]:
    """GET /me/order/{orderId}/details/{detailId}/operations: what the paid line set up, by its services."""
    shown = _operations(request)
    return Listing(lambda tx: list(shown), lambda tx, ids: {key: shown[key] for key in ids if key in shown})


def get_operation(request: Request) -> object:
    """GET …/details/{detailId}/operations/{operationId}: one of them."""
    wanted, shown = request.path["operationId"], _operations(request)
    if wanted not in shown:
        raise NoSuchObject(wanted)
    return shown[wanted]


def _operations(request: Request) -> dict[int, dict[str, Any]]:
    """Return an operation for each service that the detail's plan became when the order was paid."""
    with request.read() as tx:
        order = orders.order_of(tx, request)
        number = request.path["detailId"] - orders.detail_key(order.order_id, 0)
        if order.services is None:
            return {}
        detail = next((each for each in order.services.details if each.detail_no == number), None)
        if detail is None:
            raise NoSuchObject(request.path["detailId"])
        made = [service_id for line_no, service_id in order.services.services if line_no == detail.line_no]
        found = services.find_several(tx, order.services.account_id, made)
    return {each.service_id: _operation(each) for each in found if each.plan_code == detail.plan_code}


def _operation(service: Service) -> dict[str, Any]:
    return {
        "id": service.service_id,
        "quantity": wire.whole(service.quantity_e4),
        "resource": {
            "displayName": service.display_name,
            "name": service.resource_name,
            "state": RESOURCES[service.state],
        },
        "status": "done",
        "type": "installation",
    }

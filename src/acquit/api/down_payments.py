"""/me/downPaymentInvoice: down payments, asked for before a supply; /me/bill does not list them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from acquit.api import bills, debts, wire
from acquit.api.listing import Listing
from acquit.api.refusals import NoSuchObject
from acquit.api.request import Batched, Handler, Request
from acquit.core.bill import BillKind
from acquit.core.identifiers import BillId
from acquit.store import bill_lists, bill_statuses
from acquit.store.bill_lists import DetailSummary, Listed
from acquit.store.transaction import Transaction

# ---------------------------------------------------------------- down payments


def list_down_payments(request: Request) -> Listing[str]:
    """GET /me/downPaymentInvoice: the account's down payments, by category, date or order."""
    columns = bills.columns_of(request, "downPaymentInvoiceId")
    selection = bills.selection_of(request, Listed.DOWN_PAYMENTS)
    return Listing(selection, lambda tx, ids: _some(tx, request, ids), columns)


def get_down_payment(request: Request) -> object:
    """GET /me/downPaymentInvoice/{downPaymentInvoiceId}: one of them, with the links to its paper."""
    bill_id = _known(request)
    return get_many_down_payments(request, [bill_id])[bill_id]


def get_many_down_payments(request: Request, ids: Sequence[str]) -> Mapping[str, object]:
    """Read several with one statement."""
    with request.read() as tx:
        return _some(tx, request, ids)


def of_down_payment(handler: Callable[[Request], object]) -> Callable[[Request], object]:
    """Return a handler of a bill that answers for down payments alone."""

    def answer(request: Request) -> object:
        request.path = {**request.path, "billId": _known(request)}
        return handler(request)

    return answer


def _known(request: Request) -> BillId:
    bill_id = BillId(request.path["downPaymentInvoiceId"])
    with request.read() as tx:
        found = bill_lists.find(tx, request.caller.account_id, bill_id, BillKind.DOWN_PAYMENT)
    if found is None:
        raise NoSuchObject(bill_id)
    return found.bill_id


def _some(tx: Transaction, request: Request, ids: Sequence[str]) -> dict[str, object]:
    rows = bill_statuses.find_rows(tx, request.caller.account_id, ids, [BillKind.DOWN_PAYMENT])
    of_us = request.zone, request.origin, request.context.sealer
    return {row[0]: _shown(bills.bill_shown(row, *of_us)) for row in rows}


def _shown(shown: Mapping[str, Any]) -> dict[str, Any]:
    return {("downPaymentInvoiceId" if name == "billId" else name): value for name, value in shown.items()}


# ---------------------------------------------------------------- details


def list_details(request: Request) -> Listing[str]:
    """GET …/details: the ids of the down payment's lines, in their order."""
    shown = _details(request, _known(request))
    return Listing(lambda tx: list(shown), lambda tx, ids: {key: shown[key] for key in ids})


def get_detail(request: Request) -> object:
    """GET …/details/{downPaymentInvoiceDetailId}: one line."""
    key = request.path["downPaymentInvoiceDetailId"]
    found = _details(request, _known(request))
    if key not in found:
        raise NoSuchObject(key)
    return found[key]


def get_many_details(request: Request, ids: Sequence[str]) -> Mapping[str, object]:
    """Read several lines of one down payment at once; none of another document."""
    bill_id = BillId(request.path["downPaymentInvoiceId"])
    if bill_id not in get_many_down_payments(request, [bill_id]):
        return {}
    found = _details(request, bill_id)
    return {key: found[key] for key in ids if key in found}


def _details(request: Request, bill_id: BillId) -> dict[str, object]:
    with request.read() as tx:
        found = bill_lists.details(tx, request.caller.account_id, bill_id, with_down_payments=True)
    lines = [_detail(each) for each in found]
    return {line["downPaymentInvoiceDetailId"]: line for line in lines}


def _detail(detail: DetailSummary) -> dict[str, Any]:
    shown = bills.detail_shown(detail)
    key = shown.pop("billDetailId")
    return shown | {"downPaymentInvoiceDetailId": key, "quantity": wire.whole(detail.quantity_e4)}


ROUTES: Final[Mapping[tuple[str, str], Handler | Batched]] = {
    ("GET", "/me/downPaymentInvoice"): list_down_payments,
    ("GET", "/me/downPaymentInvoice/{downPaymentInvoiceId}"): Batched(
        get_down_payment, get_many_down_payments
    ),
    ("GET", "/me/downPaymentInvoice/{downPaymentInvoiceId}/debt"): of_down_payment(debts.get_bill_debt),
    ("GET", "/me/downPaymentInvoice/{downPaymentInvoiceId}/debt/operation"): of_down_payment(
        debts.list_operations
    ),
    ("GET", "/me/downPaymentInvoice/{downPaymentInvoiceId}/debt/operation/{operationId}"): of_down_payment(
        debts.get_operation
    ),
    (
        "GET",
        "/me/downPaymentInvoice/{downPaymentInvoiceId}/debt/operation/{operationId}/associatedObject",
    ): of_down_payment(debts.get_associated_object),
    ("POST", "/me/downPaymentInvoice/{downPaymentInvoiceId}/debt/pay"): of_down_payment(debts.pay_debt),
    ("GET", "/me/downPaymentInvoice/{downPaymentInvoiceId}/details"): list_details,
    (
        "GET",
        "/me/downPaymentInvoice/{downPaymentInvoiceId}/details/{downPaymentInvoiceDetailId}",
    ): Batched(get_detail, get_many_details),
    ("GET", "/me/downPaymentInvoice/{downPaymentInvoiceId}/payment"): of_down_payment(debts.get_payment),
}

"""/me/correctiveInvoice: bills that stand in the place of one that was wrong. /me/bill lists them too."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from acquit.api import bills, wire
from acquit.api.listing import Column, Listing
from acquit.api.refusals import NoSuchObject
from acquit.api.request import Request
from acquit.core.bill import BillKind
from acquit.core.identifiers import BillId
from acquit.store import bill_lists, bill_statuses
from acquit.store.bill_lists import BillSummary, DetailSummary, Listed
from acquit.store.transaction import Transaction

# ---------------------------------------------------------------- bills


def list_correctives(request: Request) -> Listing[str]:
    """GET /me/correctiveInvoice: the account's corrective bills, by category, date or order."""
    selection = bills.selection_of(request, Listed.CORRECTIVES)
    columns = bills.columns_of(request, "correctiveInvoiceId")
    columns["correctedInvoiceId"] = Column("corrects_bill_id")
    return Listing(selection, lambda tx, ids: _correctives(tx, request, ids), columns)


def get_corrective(request: Request) -> object:
    """GET /me/correctiveInvoice/{correctiveInvoiceId}: one of them, with the bill that it corrects."""
    bill_id = _known(request).bill_id
    return get_many_correctives(request, [bill_id])[bill_id]


def get_many_correctives(request: Request, ids: Sequence[str]) -> Mapping[str, object]:
    """Read several with one statement."""
    with request.read() as tx:
        return _correctives(tx, request, ids)


def of_corrective(handler: Callable[[Request], object]) -> Callable[[Request], object]:
    """Return a handler of a bill that answers for corrective bills alone."""

    def answer(request: Request) -> object:
        request.path = {**request.path, "billId": _known(request).bill_id}
        return handler(request)

    return answer


def _known(request: Request) -> BillSummary:
    bill_id = BillId(request.path["correctiveInvoiceId"])
    with request.read() as tx:
        found = bill_lists.find(tx, request.caller.account_id, bill_id, BillKind.CORRECTIVE)
    if found is None:
        raise NoSuchObject(bill_id)
    return found


def _correctives(tx: Transaction, request: Request, ids: Sequence[str]) -> dict[str, object]:
    found = bill_lists.find_many(tx, request.caller.account_id, ids)
    corrected = {each.bill_id: each.corrects_bill_id for each in found if each.corrects_bill_id is not None}
    rows = bill_statuses.find_rows(tx, request.caller.account_id, [*corrected])
    of_us = request.zone, request.origin, request.context.sealer
    return {row[0]: _shown(row[0], corrected[row[0]], bills.bill_shown(row, *of_us)) for row in rows}


def _shown(bill_id: BillId, corrected: BillId, shown: Mapping[str, Any]) -> dict[str, Any]:
    named = {"correctedInvoiceId": corrected, "correctiveInvoiceId": bill_id}
    return {name: value for name, value in shown.items() if name != "billId"} | named


# ---------------------------------------------------------------- details


def list_details(request: Request) -> Listing[str]:
    """GET …/details: the ids of the corrective bill's lines, in their order."""
    shown = _details(request, _known(request).bill_id)
    return Listing(lambda tx: list(shown), lambda tx, ids: {key: shown[key] for key in ids})


def get_detail(request: Request) -> object:
    """GET …/details/{correctiveInvoiceDetailId}: one line."""
    key = request.path["correctiveInvoiceDetailId"]
    found = _details(request, _known(request).bill_id)
    if key not in found:
        raise NoSuchObject(key)
    return found[key]


def get_many_details(request: Request, ids: Sequence[str]) -> Mapping[str, object]:
    """Read several lines of one bill at once; none of a bill that is no corrective one."""
    bill_id = BillId(request.path["correctiveInvoiceId"])
    if bill_id not in get_many_correctives(request, [bill_id]):
        return {}
    found = _details(request, bill_id)
    return {key: found[key] for key in ids if key in found}


def _details(request: Request, bill_id: BillId) -> dict[str, object]:
    with request.read() as tx:
        found = bill_lists.details(tx, request.caller.account_id, bill_id, with_down_payments=False)
    lines = [_detail(each) for each in found]
    return {line["correctiveInvoiceDetailId"]: line for line in lines}


def _detail(detail: DetailSummary) -> dict[str, Any]:
    shown = bills.detail_shown(detail)
    key = shown.pop("billDetailId")
    return shown | {"correctiveInvoiceDetailId": key, "quantity": wire.whole(detail.quantity_e4)}

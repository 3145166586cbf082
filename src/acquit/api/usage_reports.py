"""Use as files: /me/billing/report/consumption, and what stands behind an order's bill."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from acquit.actions.report_usage import ask_usage_report, bill_usage_token, report_token, uses_behind
from acquit.api import orders, wire
from acquit.api.listing import Listing
from acquit.api.request import Handler, Request
from acquit.core.identifiers import BillId
from acquit.core.usage_report import NoSuchUsageReport, UsageReport
from acquit.store import service_orders, usage_reports
from acquit.store.transaction import Transaction

PAGE: Final = "/cgi-bin/order/usage.cgi"


def list_reports(request: Request) -> Listing[str]:
    """GET /me/billing/report/consumption: the reports that the account asked for."""
    return Listing(
        lambda tx: list(_every(tx, request)),
        lambda tx, some: {key: each for key, each in _every(tx, request).items() if key in some},
    )


def ask_report(request: Request) -> object:
    """POST /me/billing/report/consumption: use of the months that begin between two days, in a minute."""
    body, caller = request.body, request.caller
    span = body["periodStart"], body["periodEnd"]
    report = ask_usage_report(request.context, caller.account_id, *span, by=caller.actor)
    return {"taskId": str(report.report_id)}


def get_report(request: Request) -> object:
    """GET /me/billing/report/consumption/{taskId}: how far it is; once it is made, the link to it."""
    with request.read() as tx:
        found = _every(tx, request)
    wanted = request.path["taskId"]
    if wanted not in found:
        raise NoSuchUsageReport(wanted)
    return found[wanted]


def get_order_usage(request: Request) -> object:
    """GET /me/order/{orderId}/consumption/details: the link to what was measured behind the order's bill."""
    with request.read() as tx:
        order = orders.order_of(tx, request)
        bill_id = _bill_of(tx, request, order)
        has_use = bill_id is not None and bool(uses_behind(tx, request.caller.account_id, bill_id))
    link = None
    if bill_id is not None and has_use:
        secret = quote(bill_usage_token(request.context, bill_id))
        link = f"{request.origin}{PAGE}?reference={quote(bill_id)}&passwd={secret}"
    return {
        "fileFormat": request.query["fileFormat"],
        "fileURL": link,
        "message": None if link else "No metered use stands behind this order.",
        "taskId": order.order_id,
        "taskStatus": "DONE",
    }


def _bill_of(tx: Transaction, request: Request, order: orders.Order) -> BillId | None:
    if order.services is not None:
        billed = service_orders.first_bills(tx, request.caller.account_id, [order.order_id])
        return billed.get(order.order_id)
    return None if order.bill is None else order.bill.bill_id


def _every(tx: Transaction, request: Request) -> dict[str, dict[str, Any]]:
    found = usage_reports.of_account(tx, request.caller.account_id)
    return {str(each.report_id): _shown(each, request) for each in found}


def _shown(report: UsageReport, request: Request) -> dict[str, Any]:
    link = None
    if report.sha256 is not None:
        secret = quote(report_token(request.context, report.report_id))
        link = f"{request.origin}{PAGE}?report={report.report_id}&passwd={secret}"
    return {
        "periodEnd": wire.day(report.until_on),
        "periodStart": wire.day(report.from_on),
        "report": link,
        "status": "CREATING" if link is None else "READY",
        "taskId": str(report.report_id),
    }


ROUTES: Final[Mapping[tuple[str, str], Handler]] = {
    ("GET", "/me/billing/report/consumption"): list_reports,
    ("POST", "/me/billing/report/consumption"): ask_report,
    ("GET", "/me/billing/report/consumption/{taskId}"): get_report,
    ("GET", "/me/order/{orderId}/consumption/details"): get_order_usage,
}

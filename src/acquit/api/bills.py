"""Bills: /me/bill, their details and their export."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from acquit.actions.export_bills import ask_for_export
from acquit.api import links, wire
from acquit.api.e_invoicing import e_invoicing_status
from acquit.api.listing import Column, Listing
from acquit.api.refusals import NoSuchObject
from acquit.api.request import Request
from acquit.core.bill import BillKind
from acquit.core.identifiers import BillId
from acquit.ports import Sealer
from acquit.store import bill_lists, bill_statuses
from acquit.store.bill_lists import DetailSummary, Listed
from acquit.store.bill_statuses import BILLS, BillRow, Version
from acquit.store.selection import Selection
from acquit.store.transaction import Database, Transaction

DETAILS_PER_ORDER: Final = 1_000_000
"""A detail's id is its bill's order id times this, plus its number on the bill."""

DETAIL_DIGITS_MAX: Final = 18

KEPT_MAX: Final = 10_000
"""Bills whose JSON a process keeps: about 1 KiB each."""

ORIGIN_MAX: Final = 256
"""A caller who writes a longer address of ours is answered without anything being kept."""

Kept = dict[str, tuple[Version, msgspec.Raw]]


# ---------------------------------------------------------------- bills


def list_bills(request: Request) -> Listing[str]:
    """GET /me/bill: the account's bills, by category, date or order."""
    columns = columns_of(request, "billId")
    return Listing(selection_of(request), lambda tx, ids: some_bills(tx, request, ids), columns)


def columns_of(request: Request, key: str) -> dict[str, Column]:
    """Return which members of a bill are columns; `key` is what its number is called."""
    currency = request.caller.currency

    def smallest_units(value: Any) -> object:
        return wire.minor(value, currency)

    return {
        key: Column("bill_id"),
        "category": Column("category"),
        "date": Column("issued_at"),
        "orderId": Column("order_id"),
        "priceWithTax.value": Column("total_minor", smallest_units),
        "priceWithoutTax.value": Column("net_minor", smallest_units),
        "tax.value": Column("tax_minor", smallest_units),
    }


def takes_down_payments(request: Request) -> bool:
    """Whether the path may name a down payment: below its own list, or below the deposit that paid it."""
    return "downPaymentInvoiceId" in request.path or "depositId" in request.path


def selection_of(request: Request, listed: Listed = Listed.BILLS) -> Selection:
    """Return the account's bills by what the query asks for."""
    query = request.query
    return bill_lists.of_account(
        request.caller.account_id,
        category=query["category"],
        issued_from=query["date.from"],
        issued_to=query["date.to"],
        order_id=query["orderId"],
        listed=listed,
    )


def get_bill(request: Request) -> object:
    """GET /me/bill/{billId}: one bill, with the links to its paper."""
    bill_id = BillId(request.path["billId"])
    with request.read() as tx:
        found = some_bills(tx, request, [bill_id])
    if not found:
        raise NoSuchObject(bill_id)
    return found[bill_id]


def get_many_bills(request: Request, bill_ids: Sequence[str]) -> Mapping[str, object]:
    """Read several bills with one statement."""
    with request.read() as tx:
        return some_bills(tx, request, bill_ids)


def some_bills(tx: Transaction, request: Request, bill_ids: Sequence[str]) -> dict[str, object]:
    """Return those of the caller's bills that have these numbers, as the wire shows them, encoded."""
    kinds = (*BILLS, BillKind.DOWN_PAYMENT) if takes_down_payments(request) else BILLS
    context = request.context
    kept = kept_for(request.zone, request.origin, context.sealer, context.database)
    known = {bill_id: entry for bill_id in bill_ids if (entry := kept.get(bill_id)) is not None}
    shown = _read_again(tx, request, known, kinds) if known else {}
    if len(shown) < len(bill_ids):
        left = [bill_id for bill_id in bill_ids if bill_id not in shown]
        shown |= _read_first(tx, request, left, kinds, kept)
    return shown


def kept_for(zone: ZoneInfo, origin: str, sealer: Sealer, database: Database) -> Kept:
    """Return where bills seen from there are kept; of a long origin nothing is, nor that it was written."""
    return _kept((zone, origin, sealer, database)) if len(origin) <= ORIGIN_MAX else {}


@lru_cache(maxsize=4)
def _kept(seen_from: tuple[ZoneInfo, str, Sealer, Database]) -> Kept:
    """Return where the JSON of bills seen from there is kept, by number, beside the bill's version."""
    return {}


def _read_again(
    tx: Transaction, request: Request, known: Kept, kinds: Sequence[BillKind]
) -> dict[str, object]:
    """Return what is known of the caller's bills and still holds: their versions are those of now."""
    versions = bill_statuses.find_versions(tx, request.caller.account_id, [*known], kinds)
    return {version[0]: known[version[0]][1] for version in versions if known[version[0]][0] == version}


def _read_first(
    tx: Transaction, request: Request, bill_ids: Sequence[str], kinds: Sequence[BillKind], kept: Kept
) -> dict[str, object]:
    """Return the JSON of the caller's bills, which is kept for who reads them again."""
    shown: dict[str, object] = {}
    for row in bill_statuses.find_rows(tx, request.caller.account_id, bill_ids, kinds):
        made = msgspec.Raw(wire.encode(bill_shown(row, request.zone, request.origin, request.context.sealer)))
        shown[row[0]] = made
        kept[row[0]] = bill_statuses.version_of(row), made
    if len(kept) > KEPT_MAX:
        kept.clear()
    return shown


def bill_shown(row: BillRow, zone: ZoneInfo, origin: str, sealer: Sealer) -> dict[str, Any]:
    """Return the bill of a row as the wire shows it."""
    bill_id, _, issued_at, *_, order_id, category, currency, net_minor, tax_minor, total_minor = row
    left = bill_statuses.on_wire(bill_statuses.version_of(row))
    return {
        "billId": bill_id,
        "category": category,
        "date": wire.instant(issued_at, zone),
        "eInvoicingId": None if left is None else left.reference or None,
        "eInvoicingStatus": None if left is None else e_invoicing_status(left.outcome, left.codes),
        "orderId": order_id,
        **wire.prices(net_minor, tax_minor, total_minor, currency),
        **links.paper_links(origin, sealer, bill_id),
    }


# ---------------------------------------------------------------- details


def list_details(request: Request) -> Listing[str]:
    """GET /me/bill/{billId}/details: the ids of the bill's details, in their order."""
    bill_id = BillId(request.path["billId"])

    def ids(tx: Transaction) -> list[str]:
        found = bill_lists.details(
            tx, request.caller.account_id, bill_id, with_down_payments=takes_down_payments(request)
        )
        if not found:
            raise NoSuchObject(bill_id)
        return [_detail_id(detail) for detail in found]

    return Listing(ids, lambda tx, wanted: _details(tx, request, wanted))


def get_detail(request: Request) -> object:
    """GET /me/bill/{billId}/details/{billDetailId}: one detail."""
    detail_id = request.path["billDetailId"]
    found = get_many_details(request, [detail_id])
    if detail_id not in found:
        raise NoSuchObject(detail_id)
    return found[detail_id]


def get_many_details(request: Request, detail_ids: Sequence[str]) -> Mapping[str, object]:
    """Read several details of one bill with one statement."""
    with request.read() as tx:
        return _details(tx, request, detail_ids)


def _details(tx: Transaction, request: Request, detail_ids: Sequence[str]) -> dict[str, object]:
    numbers = [int(text) for text in detail_ids if _is_detail_id(text)]
    bill_id = BillId(request.path["billId"])
    found = bill_lists.some_details(
        tx, request.caller.account_id, bill_id, numbers, with_down_payments=takes_down_payments(request)
    )
    return {_detail_id(detail): detail_shown(detail) for detail in found}


def _is_detail_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= DETAIL_DIGITS_MAX


def _detail_id(detail: DetailSummary) -> str:
    return str(detail.order_id * DETAILS_PER_ORDER + detail.detail_no)


def detail_shown(detail: DetailSummary) -> dict[str, Any]:
    """Return a line of a bill as the wire shows it."""
    return {
        "billDetailId": _detail_id(detail),
        "description": detail.description,
        "domain": detail.domain,
        "periodEnd": wire.day(detail.period_end),
        "periodStart": wire.day(detail.period_start),
        "quantity": wire.quantity(detail.quantity_e4),
        "totalPrice": wire.price(detail.net_minor, detail.currency),
        "unitPrice": wire.long_price(detail.unit_price_ucents, detail.currency),
    }


# ---------------------------------------------------------------- export


def export(request: Request) -> None:
    """POST /me/bill/export: an archive of bills, made in the background and sent as a link by mail."""
    body = request.body
    ask_for_export(
        request.context,
        request.caller.account_id,
        body["archiveType"],
        origin=request.origin,
        by=request.caller.actor,
        bill_ids=body.get("ids"),
        issued_from=body.get("startDate"),
        issued_to=body.get("endDate"),
    )

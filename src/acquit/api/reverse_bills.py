"""/me/reverseBill: bills that the seller made in the account's name, of what the account supplied to it.

A credit note that took one back is listed with amounts below zero.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from acquit.api import links, wire
from acquit.api.listing import Column, Listing
from acquit.api.refusals import NoSuchObject
from acquit.api.request import Request
from acquit.core.bill import BillKind
from acquit.core.identifiers import BillId
from acquit.core.money import E4_PER_ONE, amount_minor
from acquit.core.reverse_bill import ReverseState, Standing
from acquit.store import reverse_bills, reverse_lists
from acquit.store.reverse_lists import Line, Listed
from acquit.store.transaction import Transaction

LINES_PER_BILL: Final = 1_000_000
"""A line's id is the order id of its bill times this, plus its place."""

TRANSFER, SET_OFF, NO_PAYMENT = "transfer", "debtAccount", "none"


def list_reverse_bills(request: Request) -> Listing[str]:
    """GET /me/reverseBill: the account's reverse bills, by date or order."""
    query = request.query
    selection = reverse_lists.of_account(
        request.caller.account_id,
        issued_from=query["date.from"],
        issued_to=query["date.to"],
        order_id=query["orderId"],
    )
    columns = {
        "reverseBillId": Column("bill_id"),
        "date": Column("issued_at"),
        "orderId": Column("order_id"),
    }
    return Listing(selection, lambda tx, ids: _bills(tx, request, ids), columns)


def get_reverse_bill(request: Request) -> object:
    """GET /me/reverseBill/{reverseBillId}: one of them."""
    return _bill(_known(request), request)


def get_many_reverse_bills(request: Request, bill_ids: Sequence[str]) -> Mapping[str, object]:
    """Read several of them with one statement."""
    with request.read() as tx:
        return _bills(tx, request, bill_ids)


def get_payment(request: Request) -> object:
    """GET /me/reverseBill/{reverseBillId}/payment: how and when it was settled; 404 before it was."""
    bill = _known(request)
    if bill.kind == BillKind.SELF_BILLED_CREDIT:
        return _payment(request, bill.issued_on, bill.corrects_bill_id, NO_PAYMENT)
    with request.read() as tx:
        account_id = request.caller.account_id
        standing = reverse_bills.standing(tx, account_id, bill.bill_id)
        paid = [
            each
            for each in reverse_lists.payments(tx, account_id, bill.bill_id)
            if each.state == "paid" and each.state_on is not None
        ]
        parts = [each for each in reverse_bills.set_offs(tx, account_id, bill.bill_id) if not each.is_undone]
    if standing is None or standing.state not in (ReverseState.SETTLED, ReverseState.TAKEN_BACK):
        raise NoSuchObject(f"{bill.bill_id}/payment")
    return _settled_by(request, standing, paid, parts)


def _settled_by(
    request: Request,
    standing: Standing,
    paid: Sequence[reverse_lists.Payment],
    parts: Sequence[reverse_bills.SetOff],
) -> object:
    """Return what settled the bill last: the credit note, the transfer, or the debts of the account."""
    if standing.taken_back_by is not None:
        with request.read() as tx:
            (note,) = reverse_lists.some(tx, request.caller.account_id, [standing.taken_back_by])
        return _payment(request, note.issued_on, note.bill_id, NO_PAYMENT)
    if paid:
        last = paid[-1]
        return _payment(request, last.state_on, last.end_to_end or None, TRANSFER)
    settled, own = parts[-1], request.caller.account_id
    paid_bill = settled.debt_bill_id if settled.debt_account_id == own else None
    return _payment(request, settled.occurred_on, paid_bill, SET_OFF)


def _payment(request: Request, on: Any, identifier: str | None, kind: str) -> dict[str, Any]:
    return {
        "paymentDate": wire.midnight(on, request.zone),
        "paymentIdentifier": identifier,
        "paymentType": kind,
    }


# ---------------------------------------------------------------- lines


def list_details(request: Request) -> Listing[str]:
    """GET /me/reverseBill/{reverseBillId}/details: the ids of its lines, in their order."""
    shown = _lines(request, _known(request).bill_id)
    return Listing(lambda tx: list(shown), lambda tx, ids: {key: shown[key] for key in ids if key in shown})


def get_detail(request: Request) -> object:
    """GET /me/reverseBill/{reverseBillId}/details/{reverseBillDetailId}: one line."""
    shown, wanted = _lines(request, _known(request).bill_id), request.path["reverseBillDetailId"]
    if wanted not in shown:
        raise NoSuchObject(wanted)
    return shown[wanted]


def _lines(request: Request, bill_id: BillId) -> dict[str, object]:
    with request.read() as tx:
        found = reverse_lists.lines(tx, request.caller.account_id, bill_id)
    return {_line_id(each): _line(each, bill_id) for each in found}


def _line_id(line: Line) -> str:
    return str(line.order_id * LINES_PER_BILL + line.detail_no)


def _line(line: Line, bill_id: BillId) -> dict[str, Any]:
    sign = -1 if line.kind == BillKind.SELF_BILLED_CREDIT else 1
    unit_minor = amount_minor(E4_PER_ONE, line.unit_price_ucents, line.currency)
    return {
        "description": line.description,
        "domain": line.domain,
        "quantity": wire.quantity(line.quantity_e4),
        "reference": line.domain,
        "reverseBillDetailId": _line_id(line),
        "reverseBillId": bill_id,
        "totalPrice": wire.price(sign * line.net_minor, line.currency),
        "unitPrice": wire.price(sign * unit_minor, line.currency),
    }


# ---------------------------------------------------------------- shapes


def _known(request: Request) -> Listed:
    bill_id = request.path["reverseBillId"]
    with request.read() as tx:
        found = reverse_lists.some(tx, request.caller.account_id, [bill_id])
    if not found:
        raise NoSuchObject(bill_id)
    return found[0]


def _bills(tx: Transaction, request: Request, bill_ids: Sequence[str]) -> dict[str, object]:
    found = reverse_lists.some(tx, request.caller.account_id, bill_ids)
    return {each.bill_id: _bill(each, request) for each in found}


def _bill(bill: Listed, request: Request) -> dict[str, Any]:
    sign = -1 if bill.kind == BillKind.SELF_BILLED_CREDIT else 1
    return {
        **links.bill_links(request, bill.bill_id),
        "date": wire.instant(bill.issued_at, request.zone),
        "orderId": bill.order_id,
        "priceWithTax": wire.price(sign * bill.total_minor, bill.currency),
        "priceWithoutTax": wire.price(sign * bill.net_minor, bill.currency),
        "reverseBillId": bill.bill_id,
        "tax": wire.price(sign * bill.tax_minor, bill.currency),
    }

"""What an account got back: /me/refund (credit notes) and /me/withdrawal (money that was paid out)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from acquit.actions.export_bills import ask_for_export
from acquit.api import links, wire
from acquit.api.listing import Column, Listing
from acquit.api.refusals import NoSuchObject
from acquit.api.request import Request
from acquit.core.identifiers import BillId
from acquit.core.refund import Refund, RefundState
from acquit.store import legal_parties, receipt_lists, refunds
from acquit.store.receipt_lists import NoteDetail, NoteSummary
from acquit.store.transaction import Transaction

WITHDRAWAL: Final = "WD"
DETAILS_PER_ORDER: Final = 1_000_000


# ---------------------------------------------------------------- credit notes


def list_refunds(request: Request) -> Listing[str]:
    """GET /me/refund: the account's credit notes, by date or order."""
    query = request.query
    selection = receipt_lists.notes_of(
        request.caller.account_id,
        issued_from=query["date.from"],
        issued_to=query["date.to"],
        order_id=query["orderId"],
    )
    columns = {"refundId": Column("bill_id"), "date": Column("issued_at"), "orderId": Column("order_id")}
    return Listing(selection, lambda tx, ids: _notes(tx, request, ids), columns)


def get_refund(request: Request) -> object:
    """GET /me/refund/{refundId}: one credit note."""
    return _note(_known_note(request), request)


def get_many_refunds(request: Request, refund_ids: Sequence[str]) -> Mapping[str, object]:
    """Read several credit notes with one statement."""
    with request.read() as tx:
        return _notes(tx, request, refund_ids)


def export(request: Request) -> None:
    """POST /me/refund/export: an archive of credit notes, made in the background, sent as a link by mail."""
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
        credit_notes=True,
    )


def list_refund_details(request: Request) -> Listing[str]:
    """GET /me/refund/{refundId}/details: the lines of a credit note."""
    shown = _note_lines(request)
    return Listing(lambda tx: list(shown), lambda tx, ids: {key: shown[key] for key in ids if key in shown})


def get_refund_detail(request: Request) -> object:
    """GET /me/refund/{refundId}/details/{refundDetailId}: one line."""
    shown, wanted = _note_lines(request), request.path["refundDetailId"]
    if wanted not in shown:
        raise NoSuchObject(wanted)
    return shown[wanted]


def get_refund_payment(request: Request) -> object:
    """GET /me/refund/{refundId}/payment: it reduced what is owed on the day it was issued."""
    note = _known_note(request)
    return {
        "paymentDate": wire.instant(note.issued_at, request.zone),
        "paymentIdentifier": note.corrects_bill_id,
        "paymentType": "debtAccount",
    }


def _known_note(request: Request) -> NoteSummary:
    refund_id = request.path["refundId"]
    with request.read() as tx:
        found = receipt_lists.notes(tx, request.caller.account_id, [refund_id])
    if not found:
        raise NoSuchObject(refund_id)
    return found[0]


def _notes(tx: Transaction, request: Request, refund_ids: Sequence[str]) -> dict[str, object]:
    found = receipt_lists.notes(tx, request.caller.account_id, refund_ids)
    return {each.bill_id: _note(each, request) for each in found}


def _note(note: NoteSummary, request: Request) -> dict[str, Any]:
    return {
        "date": wire.instant(note.issued_at, request.zone),
        "orderId": note.order_id,
        "originalBillId": note.corrects_bill_id,
        "refundId": note.bill_id,
        **wire.prices(note.net_minor, note.tax_minor, note.total_minor, note.currency),
        **links.bill_links(request, note.bill_id),
    }


def _note_lines(request: Request) -> dict[str, dict[str, Any]]:
    note = _known_note(request)
    with request.read() as tx:
        found = receipt_lists.note_details(tx, request.caller.account_id, note.bill_id)
    lines = [_note_line(note, each) for each in found]
    return {line["refundDetailId"]: line for line in lines}


def _note_line(note: NoteSummary, detail: NoteDetail) -> dict[str, Any]:
    unit = wire.long_price(detail.unit_price_ucents, detail.currency)
    return {
        "description": detail.description,
        "domain": detail.domain,
        "quantity": wire.quantity(detail.quantity_e4),
        "reference": detail.corrects_bill_id,
        "refundDetailId": str(note.order_id * DETAILS_PER_ORDER + detail.detail_no),
        "refundId": note.bill_id,
        "totalPrice": wire.price(detail.net_minor, detail.currency),
        "unitPrice": unit | {"priceInUcents": detail.unit_price_ucents, "value": Decimal(unit["value"])},
    }


# ---------------------------------------------------------------- money that was paid out


def list_withdrawals(request: Request) -> Listing[str]:
    """GET /me/withdrawal: money that went back to the account."""
    query = request.query

    def ids(tx: Transaction) -> list[str]:
        found = [
            each
            for each in _paid(tx, request)
            if (query["date.from"] is None or each.asked_at >= query["date.from"])
            and (query["date.to"] is None or each.asked_at.replace(microsecond=0) <= query["date.to"])
            and query["orderId"] in (None, each.order_id)
        ]
        return [withdrawal_id(each.refund_id) for each in found]

    return Listing(ids, lambda tx, some: _withdrawals(tx, request, some))


def get_withdrawal(request: Request) -> object:
    """GET /me/withdrawal/{withdrawalId}: one of them."""
    wanted = request.path["withdrawalId"]
    found = get_many_withdrawals(request, [wanted])
    if wanted not in found:
        raise NoSuchObject(wanted)
    return found[wanted]


def get_many_withdrawals(request: Request, withdrawal_ids: Sequence[str]) -> Mapping[str, object]:
    """Read several at once."""
    with request.read() as tx:
        return _withdrawals(tx, request, withdrawal_ids)


def list_withdrawal_details(request: Request) -> Listing[str]:
    """GET /me/withdrawal/{withdrawalId}/details: its one line."""
    line = _withdrawal_line(_known_withdrawal(request))
    key = line["withdrawalDetailId"]
    return Listing(lambda tx: [key], lambda tx, ids: {key: line})


def get_withdrawal_detail(request: Request) -> object:
    """GET /me/withdrawal/{withdrawalId}/details/{withdrawalDetailId}: its line."""
    line = _withdrawal_line(_known_withdrawal(request))
    if request.path["withdrawalDetailId"] != line["withdrawalDetailId"]:
        raise NoSuchObject(request.path["withdrawalDetailId"])
    return line


def get_withdrawal_payment(request: Request) -> object:
    """GET /me/withdrawal/{withdrawalId}/payment: when the bank paid it."""
    refund = _known_withdrawal(request)
    return {
        "paymentDate": wire.midnight(refund.state_on or refund.asked_on, request.zone),
        "paymentIdentifier": refund.deposit_id,
        "paymentType": "transfer",
    }


def _paid(tx: Transaction, request: Request) -> list[Refund]:
    found = refunds.of_account(tx, request.caller.account_id)
    return sorted(
        (each for each in found if each.state is RefundState.PAID and each.cause == "refund"),
        key=lambda each: each.refund_id,
    )


def _known_withdrawal(request: Request) -> Refund:
    wanted = request.path["withdrawalId"]
    with request.read() as tx:
        for refund in _paid(tx, request):
            if withdrawal_id(refund.refund_id) == wanted:
                return refund
    raise NoSuchObject(wanted)


def _withdrawals(tx: Transaction, request: Request, wanted: Sequence[str]) -> dict[str, object]:
    party = legal_parties.of_account(tx, request.caller.account_id, request.today)
    country = "" if party is None else party.country
    found = {withdrawal_id(each.refund_id): each for each in _paid(tx, request)}
    return {key: _withdrawal(found[key], country, request) for key in wanted if key in found}


def withdrawal_id(refund_id: int) -> str:
    """Return what the wire calls a refund that was paid."""
    return f"{WITHDRAWAL}{refund_id:08d}"


def _withdrawal(refund: Refund, country: str, request: Request) -> dict[str, Any]:
    link, password = links.receipt_link(request, "refund", str(refund.refund_id))
    return {
        "amount": wire.price(refund.amount_minor, refund.currency),
        "country": country,
        "date": wire.instant(refund.asked_at, request.zone),
        "orderId": refund.order_id,
        "password": password,
        "pdfUrl": link,
        "url": link,
        "withdrawalId": withdrawal_id(refund.refund_id),
    }


def _withdrawal_line(refund: Refund) -> dict[str, Any]:
    return {
        "description": refund.reason,
        "domain": BillId(refund.deposit_id),
        "quantity": "1",
        "totalPrice": wire.price(refund.amount_minor, refund.currency),
        "unitPrice": wire.price(refund.amount_minor, refund.currency),
        "withdrawalDetailId": str(refund.order_id * DETAILS_PER_ORDER + 1),
    }

"""Deposits: /me/deposit, money received, its lines, and the account's bills that it paid."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from acquit.api import bills, debts, links, wire
from acquit.api.listing import Column, Listing
from acquit.api.refusals import NoSuchObject
from acquit.api.request import Request
from acquit.core.debt import Means
from acquit.core.money import Currency
from acquit.store import debts as stored_debts
from acquit.store import receipt_lists
from acquit.store.receipt_lists import DepositSummary, Share
from acquit.store.transaction import Transaction

LINES_PER_DEPOSIT: Final = 1_000_000
"""A line's id is the deposit's order id times this, plus its place."""


def list_deposits(request: Request) -> Listing[str]:
    """GET /me/deposit: money received from the account, by date or order."""
    query = request.query
    selection = receipt_lists.deposits_of(
        request.caller.account_id,
        recorded_from=query["date.from"],
        recorded_to=query["date.to"],
        order_id=query["orderId"],
    )
    columns = {
        "depositId": Column("deposit_id"),
        "date": Column("recorded_at"),
        "orderId": Column("order_id"),
    }
    return Listing(selection, lambda tx, ids: _deposits(tx, request, ids), columns)


def get_deposit(request: Request) -> object:
    """GET /me/deposit/{depositId}: one of them."""
    return _deposit(_known(request), request)


def get_many_deposits(request: Request, deposit_ids: Sequence[str]) -> Mapping[str, object]:
    """Read several deposits with one statement."""
    with request.read() as tx:
        return _deposits(tx, request, deposit_ids)


def get_payment(request: Request) -> object:
    """GET /me/deposit/{depositId}/payment: how the money came."""
    deposit = _known(request)
    return {
        "paymentDate": wire.midnight(deposit.received_on, request.zone),
        "paymentIdentifier": deposit.bank_reference or None,
        "paymentType": debts.PAYMENT_TYPES[Means(deposit.means)],
    }


# ---------------------------------------------------------------- lines


def list_details(request: Request) -> Listing[str]:
    """GET /me/deposit/{depositId}/details: what the money is used for, line by line."""
    shown = {line["depositDetailId"]: line for line in _lines(request)}
    return Listing(lambda tx: list(shown), lambda tx, ids: {key: shown[key] for key in ids if key in shown})


def get_detail(request: Request) -> object:
    """GET /me/deposit/{depositId}/details/{depositDetailId}: one line."""
    wanted = request.path["depositDetailId"]
    for line in _lines(request):
        if line["depositDetailId"] == wanted:
            return line
    raise NoSuchObject(wanted)


def _lines(request: Request) -> list[dict[str, Any]]:
    deposit = _known(request)
    account_id = request.caller.account_id
    with request.read() as tx:
        shares = receipt_lists.shares(tx, account_id, deposit.deposit_id)
        left = deposit.amount_minor - stored_debts.applied_minor(tx, account_id, deposit.deposit_id)
    parts = [(_said(share), share.bill_id or "", share.amount_minor) for share in shares]
    if left > 0:
        parts.append(("Not used yet", "", left))
    return [
        _line(deposit, number, description, domain, minor)
        for number, (description, domain, minor) in enumerate(parts, 1)
    ]


def _said(share: Share) -> str:
    return "Payment of bills of sub-accounts" if share.bill_id is None else f"Payment of bill {share.bill_id}"


def _line(deposit: DepositSummary, number: int, description: str, domain: str, minor: int) -> dict[str, Any]:
    return {
        "depositDetailId": str(deposit.order_id * LINES_PER_DEPOSIT + number),
        "description": description,
        "domain": domain,
        "quantity": "1",
        "totalPrice": wire.price(minor, deposit.currency),
        "unitPrice": wire.price(minor, deposit.currency),
    }


# ---------------------------------------------------------------- the bills that it paid


def list_paid_bills(request: Request) -> Listing[str]:
    """GET /me/deposit/{depositId}/paidBills: the account's own bills that the money settles."""
    paid = _paid(request)
    return Listing(lambda tx: paid, lambda tx, ids: bills.some_bills(tx, request, ids))


def get_many_paid_bills(request: Request, bill_ids: Sequence[str]) -> Mapping[str, object]:
    """Read several of them at once."""
    with request.read() as tx:
        account_id, deposit_id = request.caller.account_id, request.path["depositId"]
        paid = receipt_lists.paid_bills(tx, account_id, deposit_id)
    return bills.get_many_bills(request, [bill_id for bill_id in bill_ids if bill_id in paid])


def of_paid_bill(handler: Callable[[Request], object]) -> Callable[[Request], object]:
    """Return a handler of a bill that answers below a deposit for the bills that it paid alone."""

    def answer(request: Request) -> object:
        if request.path["billId"] not in _paid(request):
            raise NoSuchObject(request.path["billId"])
        return handler(request)

    return answer


def _paid(request: Request) -> list[str]:
    deposit = _known(request)
    with request.read() as tx:
        return receipt_lists.paid_bills(tx, request.caller.account_id, deposit.deposit_id)


# ---------------------------------------------------------------- shapes


def _known(request: Request) -> DepositSummary:
    deposit_id = request.path["depositId"]
    with request.read() as tx:
        found = receipt_lists.deposits(tx, request.caller.account_id, [deposit_id])
    if not found:
        raise NoSuchObject(deposit_id)
    return found[0]


def _deposits(tx: Transaction, request: Request, deposit_ids: Sequence[str]) -> dict[str, object]:
    found = receipt_lists.deposits(tx, request.caller.account_id, deposit_ids)
    return {each.deposit_id: _deposit(each, request) for each in found}


def _deposit(deposit: DepositSummary, request: Request) -> dict[str, Any]:
    link, password = links.receipt_link(request, "deposit", deposit.deposit_id)
    return {
        "amount": wire.price(deposit.amount_minor, Currency(deposit.currency)),
        "date": wire.instant(deposit.recorded_at, request.zone),
        "depositId": deposit.deposit_id,
        "orderId": deposit.order_id,
        "password": password,
        "paymentInfo": {
            "description": deposit.bank_reference or None,
            "paymentType": debts.PAYMENT_TYPES[Means(deposit.means)],
            "publicLabel": deposit.label or None,
        },
        "pdfUrl": link,
        "url": link,
    }

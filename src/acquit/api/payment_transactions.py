"""/me/payment/transaction: what was taken from the account by direct debit; transfers come by themselves."""

from collections.abc import Mapping
from typing import Any, Final

from acquit.api import wire
from acquit.api.listing import Listing
from acquit.api.refusals import NoSuchObject
from acquit.api.request import Handler, Request
from acquit.store import payment_transactions
from acquit.store.payment_transactions import Taken
from acquit.store.transaction import Transaction

STATES: Final[Mapping[str, str]] = {
    "made": "READY",
    "at-bank": "CONFIRMING",
    "collected": "SUCCESS",
    "rejected": "FAILED",
    "returned": "FAILED",
    "cancelled": "CANCELED",
}


def list_transactions(request: Request) -> Listing[int]:
    """GET /me/payment/transaction: debits, of one method, in one state, or all."""
    query = request.query

    def ids(tx: Transaction) -> list[int]:
        return [
            key for key, each in _every(tx, request).items()
            if query["paymentMethodId"] in (None, each["paymentMethodId"])
            and query["status"] in (None, each["status"])
        ]  # fmt: skip

    return Listing(
        ids, lambda tx, some: {key: each for key, each in _every(tx, request).items() if key in some}
    )


def get_transaction(request: Request) -> object:
    """GET /me/payment/transaction/{transactionId}: one of them."""
    wanted = request.path["transactionId"]
    with request.read() as tx:
        found = _every(tx, request)
    if wanted not in found:
        raise NoSuchObject(wanted)
    return found[wanted]


def _every(tx: Transaction, request: Request) -> dict[int, dict[str, Any]]:
    found = payment_transactions.of_account(tx, request.caller.account_id)
    return {each.transaction_id: _shown(each, request) for each in found}


def _shown(taken: Taken, request: Request) -> dict[str, Any]:
    return {
        "amount": wire.price(taken.amount_minor, taken.currency),
        "creationDate": wire.instant(taken.made_at, request.zone),
        "lastUpdate": wire.instant(taken.changed_at, request.zone),
        "paymentMethodId": taken.payment_method_id,
        "status": STATES[taken.state],
        "transactionId": taken.transaction_id,
        "type": "DEBIT",
    }


ROUTES: Final[Mapping[tuple[str, str], Handler]] = {
    ("GET", "/me/payment/transaction"): list_transactions,
    ("GET", "/me/payment/transaction/{transactionId}"): get_transaction,
}

"""Points: /me/fidelityAccount, what an account's seller gave it for what it paid, and what became of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any, Final

from acquit.actions.order_points import order_points as order_points_of
from acquit.actions.set_points_threshold import set_points_threshold
from acquit.api import debts, wire
from acquit.api.listing import Column, Listing
from acquit.api.refusals import NoSuchObject
from acquit.api.request import Batched, Handler, Request
from acquit.core.account import Account
from acquit.core.point import PointsKind, Programme, usable
from acquit.store import accounts, points, points_lists
from acquit.store.points_lists import MovedPoints
from acquit.store.transaction import Transaction

OPERATIONS: Final[Mapping[PointsKind, str]] = {
    PointsKind.EARNED: "credit",
    PointsKind.BOUGHT: "credit",
    PointsKind.GIVEN: "bonus",
    PointsKind.TAKEN: "cancel-bonus",
    PointsKind.BACK: "cancel-credit",
    PointsKind.USED: "debit",
    PointsKind.LAPSED: "cancel-credit",
    PointsKind.UNDONE: "cancel-credit",
}
"""What the wire calls a movement."""

WORDS: Final[Mapping[PointsKind, str]] = {
    PointsKind.EARNED: "Bill {bill_id}",
    PointsKind.BOUGHT: "Order {order_id}",
    PointsKind.GIVEN: "{reason}",
    PointsKind.TAKEN: "{reason}",
    PointsKind.BACK: "Bill {bill_id} is paid no more",
    PointsKind.USED: "Credit",
    PointsKind.LAPSED: "Lapsed",
    PointsKind.UNDONE: "The money of order {order_id} was not the account's",
}


def get_account(request: Request) -> object:
    """GET /me/fidelityAccount: what can be used; 404 where the seller gives no points."""
    with request.read() as tx:
        account, programme = _known(tx, request)
        lots = points.lots(tx, account.account_id)
        opened_on = points.opened_on(tx, account.legal_entity_id, account.currency)
        moved_at = points_lists.last_moved_at(tx, account.account_id)
        threshold = points_lists.threshold(tx, account.account_id)
    opened_at = account.opened_at
    if opened_on is not None:
        opened_at = max(opened_at, datetime.combine(opened_on, time(), request.zone))
    return {
        "alertThreshold": threshold,
        "balance": sum(lot.left for lot in usable(lots, request.today)),
        "canBeCredited": programme.is_sold,
        "lastUpdate": wire.instant(moved_at or opened_at, request.zone),
        "openDate": wire.instant(opened_at, request.zone),
    }


def edit_account(request: Request) -> None:
    """PUT /me/fidelityAccount: below how many points the account wants a letter."""
    with request.read() as tx:
        _known(tx, request)
    if "alertThreshold" in request.body:
        caller = request.caller
        set_points_threshold(
            request.context, caller.account_id, request.body["alertThreshold"], by=caller.actor
        )


def order_points(request: Request) -> object:
    """POST /me/fidelityAccount/creditOrder: an order of so many points, whose page says what to transfer."""
    with request.read() as tx:
        _known(tx, request)
    caller = request.caller
    made = order_points_of(request.context, caller.account_id, request.body["amount"], by=caller.actor)
    return debts.order_shown(made, request)


def list_movements(request: Request) -> Listing[int]:
    """GET /me/fidelityAccount/movements: what came and went, between two instants; nothing without points."""
    selection = points_lists.of_account(
        request.caller.account_id, moved_from=request.query["date.from"], moved_to=request.query["date.to"]
    )
    return Listing(selection, lambda tx, ids: _movements(tx, request, ids), COLUMNS)


def get_movement(request: Request) -> object:
    """GET /me/fidelityAccount/movements/{movementId}: one of them."""
    key = request.path["movementId"]
    found = get_many_movements(request, [key])
    if key not in found:
        raise NoSuchObject(key)
    return found[key]


def get_many_movements(request: Request, ids: Sequence[int]) -> Mapping[int, object]:
    """Read several movements with one statement."""
    with request.read() as tx:
        _known(tx, request)
        return _movements(tx, request, ids)


def _known(tx: Transaction, request: Request) -> tuple[Account, Programme]:
    """Return the account and what its seller gives; the points are the payer's. Raises NoSuchObject."""
    account = accounts.find(tx, request.caller.account_id)
    assert account is not None, "a caller's account exists"
    programme = points.programme_on(tx, account.legal_entity_id, account.currency, request.today)
    if programme is None or not account.pays_itself:
        raise NoSuchObject("fidelityAccount")
    return account, programme


def _movements(tx: Transaction, request: Request, ids: Sequence[int]) -> dict[int, object]:
    found = points_lists.find_many(tx, request.caller.account_id, ids)
    return {each.movement_id: _movement(each, request) for each in found}


def _movement(moved: MovedPoints, request: Request) -> dict[str, Any]:
    said = WORDS[moved.kind].format(bill_id=moved.bill_id, order_id=moved.order_id, reason=moved.reason)
    if moved.kind is PointsKind.USED and moved.order_id:
        said = f"Order {moved.order_id}"
    return {
        "amount": moved.points,
        "balance": moved.balance,
        "date": wire.instant(moved.recorded_at, request.zone),
        "description": said,
        "movementId": moved.movement_id,
        "operation": OPERATIONS[moved.kind],
        "order": moved.order_id,
        "previousBalance": moved.balance - moved.points,
    }


COLUMNS: Final = {
    "amount": Column("points"),
    "balance": Column("balance"),
    "date": Column("recorded_at"),
    "movementId": Column("movement_id"),
    "order": Column("order_id"),
}

ROUTES: Final[Mapping[tuple[str, str], Handler | Batched]] = {
    ("GET", "/me/fidelityAccount"): get_account,
    ("PUT", "/me/fidelityAccount"): edit_account,
    ("POST", "/me/fidelityAccount/creditOrder"): order_points,
    ("GET", "/me/fidelityAccount/movements"): list_movements,
    ("GET", "/me/fidelityAccount/movements/{movementId}"): Batched(get_movement, get_many_movements),
}

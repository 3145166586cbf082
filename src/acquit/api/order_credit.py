"""Credit on an order: /me/order/{orderId}/balance, and /voucher for American sellers.

Credit pays bills by itself when they are issued. Here it pays what is open behind an order, at once.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from acquit.actions.use_credit import Balance, take_credit_back, use_credit
from acquit.api import credit_balances, orders, wire
from acquit.api.listing import Listing
from acquit.api.refusals import NoSuchObject
from acquit.api.request import Handler, Request
from acquit.core.credit_balance import CreditType
from acquit.core.payment_order import NothingToPay
from acquit.store import credit_movements
from acquit.store.credit_movements import Used
from acquit.store.transaction import Transaction


def list_balances(request: Request) -> Listing[str]:
    """GET /me/order/{orderId}/balance: the balances that pay some of it."""
    found = _on_order(request)
    return Listing(lambda tx: list(found), lambda tx, some: {key: found[key] for key in some if key in found})


def get_balance(request: Request) -> object:
    """GET /me/order/{orderId}/balance/{balanceName}: how much of it the balance pays."""
    return _one(request, _on_order(request))


def add_balance(request: Request) -> object:
    """POST /me/order/{orderId}/balance: the balance pays what is open, as far as it goes."""
    return _add(request, None)


def remove_balance(request: Request) -> None:
    """DELETE /me/order/{orderId}/balance/{balanceName}: what it paid is open again."""
    _remove(request, None)


def list_vouchers(request: Request) -> Listing[str]:
    """GET /me/order/{orderId}/voucher: the vouchers' balances that pay some of it."""
    found = _vouchers(request)
    return Listing(lambda tx: list(found), lambda tx, some: {key: found[key] for key in some if key in found})


def get_voucher(request: Request) -> object:
    """GET /me/order/{orderId}/voucher/{balanceName}: how much of it they pay."""
    return _one(request, _vouchers(request))


def add_voucher(request: Request) -> object:
    """POST /me/order/{orderId}/voucher: the credit of vouchers pays what is open, as far as it goes."""
    return _add(request, CreditType.VOUCHER)


def remove_voucher(request: Request) -> None:
    """DELETE /me/order/{orderId}/voucher/{balanceName}: what it paid is open again."""
    _remove(request, CreditType.VOUCHER)


# ---------------------------------------------------------------- reading


def _on_order(request: Request, kind: CreditType | None = None) -> dict[str, dict[str, Any]]:
    with request.read() as tx:
        ids = _debts_of(orders.order_of(tx, request))
        used = credit_movements.on_debts(tx, request.caller.account_id, ids)
    by_name: dict[str, list[Used]] = {}
    for each in used:
        if kind in (None, each.type):
            name = credit_balances.balance_name(request, each.type, each.balance, each.currency)
            by_name.setdefault(name, []).append(each)
    return {name: _shown(name, each) for name, each in sorted(by_name.items())}


def _vouchers(request: Request) -> dict[str, dict[str, Any]]:
    return _on_order(request, CreditType.VOUCHER)


def _shown(name: str, used: Sequence[Used]) -> dict[str, Any]:
    amount_minor = sum(each.amount_minor for each in used)
    return {"amount": wire.price(amount_minor, used[0].currency), "balanceName": name}


def _one(request: Request, found: Mapping[str, object]) -> object:
    name = request.path["balanceName"]
    if name not in found:
        raise NoSuchObject(name)
    return found[name]


def _debts_of(order: orders.Order) -> list[int]:
    """Return the debts that stand behind the order: an order of services or of credit has none."""
    if order.payment is not None:
        return [part.debt_id for part in order.payment.debts]
    return [] if order.bill is None else [order.bill.order_id]


# ---------------------------------------------------------------- changing


def _add(request: Request, kind: CreditType | None) -> object:
    name, caller = request.body["balanceName"], request.caller
    with request.read() as tx:
        ids = _debts_of(orders.order_of(tx, request))
        balance = _balance(tx, request, name, kind)
    if not ids:
        raise NothingToPay(
            "Nothing is owed on this order: the bill that it becomes uses credit by itself when it is issued"
        )
    used_minor = use_credit(request.context, caller.account_id, ids, balance, by=caller.actor)
    taken_back = {"amount": wire.price(used_minor, balance.currency), "balanceName": name}
    return _on_order(request, kind).get(name, taken_back)


def _remove(request: Request, kind: CreditType | None) -> None:
    name, caller = request.path["balanceName"], request.caller
    with request.read() as tx:
        ids = _debts_of(orders.order_of(tx, request))
        balance = _balance(tx, request, name, kind)
    if not ids:
        raise NoSuchObject(name)
    take_credit_back(request.context, caller.account_id, ids, balance, by=caller.actor)


def _balance(tx: Transaction, request: Request, name: str, kind: CreditType | None) -> Balance:
    moved = credit_balances.balances(tx, request).get(name)
    if moved is None or kind not in (None, moved[0].type):
        raise NoSuchObject(name)
    return Balance(moved[0].type, moved[0].balance, moved[0].currency)


ROUTES: Final[Mapping[tuple[str, str], Handler]] = {
    ("GET", "/me/order/{orderId}/balance"): list_balances,
    ("POST", "/me/order/{orderId}/balance"): add_balance,
    ("GET", "/me/order/{orderId}/balance/{balanceName}"): get_balance,
    ("DELETE", "/me/order/{orderId}/balance/{balanceName}"): remove_balance,
    ("GET", "/me/order/{orderId}/voucher"): list_vouchers,
    ("POST", "/me/order/{orderId}/voucher"): add_voucher,
    ("GET", "/me/order/{orderId}/voucher/{balanceName}"): get_voucher,
    ("DELETE", "/me/order/{orderId}/voucher/{balanceName}"): remove_voucher,
}

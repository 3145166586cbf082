"""Credit: /me/credit, /me/ovhAccount and /me/voucherAccount, which are one thing seen three ways; vouchers.

A balance of the wire has one type: what we call `credit` is told per type, as `voucher-credit`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from acquit.actions.ask_money_back import ask_prepaid_back
from acquit.actions.order_prepayment import order_prepayment, set_balance_threshold
from acquit.actions.redeem_voucher import is_voucher_usable, redeem_voucher
from acquit.actions.retrieve_prepaid import retrieve_prepaid
from acquit.api import debts, wire
from acquit.api.listing import Listing
from acquit.api.refusals import NoSuchObject
from acquit.api.request import Request
from acquit.core.credit_balance import CreditType
from acquit.core.identifiers import CreditMovementId, PaymentMethodId
from acquit.store import accounts, credit_lists, prepayments
from acquit.store.credit_lists import Moved
from acquit.store.transaction import Transaction

TYPES: Final[Mapping[CreditType, str]] = {
    CreditType.VOUCHER: "VOUCHER",
    CreditType.BONUS: "BONUS",
    CreditType.PREPAID_ACCOUNT: "MANUAL",
    CreditType.DEPOSIT: "MANUAL",
    CreditType.POINTS: "MANUAL",
}
"""What the wire calls a movement that adds credit of a type."""

PREPAID: Final = "prepaid_account-credit"
"""The prepaid account of a payer in its own currency."""

Balances = dict[str, list[Moved]]


# ---------------------------------------------------------------- balances


def list_balances(request: Request) -> Listing[str]:
    """GET /me/credit/balance: the names of the balances, all or of one type."""
    kind = request.query["type"]

    def names(tx: Transaction) -> list[str]:
        return [name for name, moved in balances(tx, request).items() if kind in (None, moved[0].type.value)]

    return Listing(names, lambda tx, some: _shown(tx, request, some))


def get_balance(request: Request) -> object:
    """GET /me/credit/balance/{balanceName}: what is left, and what of it ends when."""
    return _balance(request.path["balanceName"], _known(request), request)


def get_many_balances(request: Request, names: Sequence[str]) -> Mapping[str, object]:
    """Read several balances at once."""
    with request.read() as tx:
        return _shown(tx, request, names)


def list_movements(request: Request) -> Listing[int]:
    """GET /me/credit/balance/{balanceName}/movement: what was added, used and given back."""
    name = request.path["balanceName"]
    shown = {each.movement_id: _movement(name, each, request) for each in _known(request)}
    return Listing(lambda tx: list(shown), lambda tx, ids: {key: shown[key] for key in ids if key in shown})


def get_movement(request: Request) -> object:
    """GET /me/credit/balance/{balanceName}/movement/{movementId}: one of them."""
    return _movement(request.path["balanceName"], _one(_known(request), request), request)


def redeem_code(request: Request) -> object:
    """POST /me/credit/code: the voucher is credit of the account's payer now."""
    caller = request.caller
    lot = redeem_voucher(request.context, caller.account_id, request.body["inputCode"], by=caller.actor)
    with request.read() as tx:
        moved = {each.movement_id: each for each in credit_lists.of_account(tx, lot.account_id)}
    made = moved[lot.movement_id]
    return _movement(balance_name(request, made.type, made.balance, made.currency), made, request)


def check_voucher(request: Request) -> object:
    """POST /me/voucher/checkValidity: whether the code could be used now."""
    code = request.body["voucher"]
    return {"validity": is_voucher_usable(request.context, request.caller.account_id, code)}


# ---------------------------------------------------------------- prepaid accounts and vouchers


def list_prepaid(request: Request) -> Listing[str]:
    """GET /me/ovhAccount: the prepaid accounts: a payer has one, also before anything is on it."""
    return Listing(
        lambda tx: list(_prepaid_accounts(tx, request)),
        lambda tx, wanted: {
            name: shown for name, shown in _prepaid_accounts(tx, request).items() if name in wanted
        },
    )


def get_prepaid(request: Request) -> object:
    """GET /me/ovhAccount/{ovhAccountId}: one of them."""
    name = request.path["ovhAccountId"]
    with request.read() as tx:
        found = _prepaid_accounts(tx, request)
    if name not in found:
        raise NoSuchObject(name)
    return found[name]


def edit_prepaid(request: Request) -> None:
    """PUT /me/ovhAccount/{ovhAccountId}: below which balance the payer wants a letter.

    `alertThreshold` counts the smallest unit of the currency.
    """
    _known_prepaid(request)
    if "alertThreshold" in request.body:
        caller, threshold = request.caller, request.body["alertThreshold"]
        set_balance_threshold(request.context, caller.account_id, threshold, by=caller.actor)


def order_credit(request: Request) -> object:
    """POST /me/ovhAccount/{ovhAccountId}/creditOrder: an order whose page says what to transfer.

    `amount` counts the smallest unit of the currency.
    """
    _known_prepaid(request)
    caller = request.caller
    made = order_prepayment(request.context, caller.account_id, request.body["amount"], by=caller.actor)
    return debts.order_shown(made, request)


def retrieve_money(request: Request) -> object:
    """POST /me/ovhAccount/{ovhAccountId}/retrieveMoney: prepaid money goes back, when people agree.

    `amount` counts the smallest unit of the currency.
    """
    _known_prepaid(request)
    caller, body = request.caller, request.body
    method_id = PaymentMethodId(body["bankAccountId"])
    made = retrieve_prepaid(request.context, caller.account_id, body["amount"], method_id, by=caller.actor)
    return debts.order_shown(made, request)


def list_prepaid_movements(request: Request) -> Listing[int]:
    """GET /me/ovhAccount/{ovhAccountId}/movements: what came and went, between two instants."""
    return _moves(request, _prepaid_moves(request), retrievable=True)


def get_prepaid_movement(request: Request) -> object:
    """GET /me/ovhAccount/{ovhAccountId}/movements/{movementId}: one of them."""
    return _move(_one(_prepaid_moves(request), request), request, retrievable=True)


def request_refund(request: Request) -> None:
    """POST /me/ovhAccount/{ovhAccountId}/movements/{movementId}/requestRefund: prepaid money is asked back.

    `amount` counts the smallest unit of the currency.
    """
    lot = _one(_prepaid_moves(request), request)
    if not lot.is_lot:
        raise NoSuchObject(lot.movement_id)
    caller = request.caller
    lot_id = CreditMovementId(lot.movement_id)
    ask_prepaid_back(request.context, caller.account_id, lot_id, request.body["amount"], by=caller.actor)


def list_vouchers(request: Request) -> Listing[str]:
    """GET /me/voucherAccount: the credit that vouchers gave."""
    return _listed(request, CreditType.VOUCHER, _voucher_account)


def get_voucher_account(request: Request) -> object:
    """GET /me/voucherAccount/{voucherAccountId}: one of them."""
    name = request.path["voucherAccountId"]
    return _voucher_account(name, _of_type(request, name, CreditType.VOUCHER), request)


def list_voucher_movements(request: Request) -> Listing[int]:
    """GET /me/voucherAccount/{voucherAccountId}/movements: what came and went, between two instants."""
    moved = _of_type(request, request.path["voucherAccountId"], CreditType.VOUCHER)
    return _moves(request, moved, retrievable=False)


def get_voucher_movement(request: Request) -> object:
    """GET /me/voucherAccount/{voucherAccountId}/movements/{movementId}: one of them."""
    moved = _of_type(request, request.path["voucherAccountId"], CreditType.VOUCHER)
    return _move(_one(moved, request), request, retrievable=False)


# ---------------------------------------------------------------- reading


def balance_name(request: Request, kind: CreditType, balance: str, currency: str) -> str:
    """Return what the wire calls a balance; one of another currency than the account's has its own name."""
    name = f"{kind.value.lower()}-{balance}"
    return name if currency == request.caller.currency else f"{name}-{currency.lower()}"


def balances(tx: Transaction, request: Request) -> Balances:
    """Return the account's movements by the wire's balances."""
    found: Balances = {}
    for each in credit_lists.of_account(tx, request.caller.account_id):
        name = balance_name(request, each.type, each.balance, each.currency)
        found.setdefault(name, []).append(each)
    return dict(sorted(found.items()))


def _known(request: Request) -> list[Moved]:
    name = request.path["balanceName"]
    with request.read() as tx:
        found = balances(tx, request).get(name)
    if found is None:
        raise NoSuchObject(name)
    return found


def _of_type(request: Request, name: str, kind: CreditType) -> list[Moved]:
    with request.read() as tx:
        found = balances(tx, request).get(name, [])
    if not found or found[0].type is not kind:
        raise NoSuchObject(name)
    return found


def _one(moved: Sequence[Moved], request: Request) -> Moved:
    wanted = request.path["movementId"]
    for each in moved:
        if each.movement_id == wanted:
            return each
    raise NoSuchObject(wanted)


def _listed(request: Request, kind: CreditType, shape: Any) -> Listing[str]:
    def names(tx: Transaction) -> list[str]:
        return [name for name, moved in balances(tx, request).items() if moved[0].type is kind]

    def some(tx: Transaction, wanted: Sequence[str]) -> dict[str, object]:
        found = balances(tx, request)
        return {name: shape(name, found[name], request) for name in wanted if name in found}

    return Listing(names, some)


def _moves(request: Request, moved: Sequence[Moved], *, retrievable: bool) -> Listing[int]:
    query = request.query
    shown = {
        each.movement_id: _move(each, request, retrievable=retrievable)
        for each in moved
        if _between(each.recorded_at, query["date.from"], query["date.to"])
    }
    return Listing(lambda tx: list(shown), lambda tx, ids: {key: shown[key] for key in ids if key in shown})


def _between(at: datetime, from_at: datetime | None, to_at: datetime | None) -> bool:
    return (from_at is None or at >= from_at) and (to_at is None or at.replace(microsecond=0) <= to_at)


# ---------------------------------------------------------------- shapes


def _shown(tx: Transaction, request: Request, names: Sequence[str]) -> dict[str, object]:
    found = balances(tx, request)
    return {name: _balance(name, found[name], request) for name in names if name in found}


def _left(moved: Sequence[Moved], request: Request) -> int:
    """Return what can be used today."""
    return sum(
        each.lot_left_minor
        for each in moved
        if each.is_lot and (each.expires_on is None or request.today < each.expires_on)
    )


def _balance(name: str, moved: Sequence[Moved], request: Request) -> dict[str, Any]:
    currency, amount = moved[0].currency, wire.price(_left(moved, request), moved[0].currency)
    expiring = [
        {
            "amount": wire.price(each.lot_left_minor, currency),
            "creationDate": wire.instant(each.recorded_at, request.zone),
            "expirationDate": wire.midnight(each.expires_on, request.zone),
            "lastUpdate": wire.instant(each.recorded_at, request.zone),
            "sourceObject": _source(each),
        }
        for each in moved
        if each.is_lot and each.lot_left_minor and each.expires_on and request.today < each.expires_on
    ]
    return {
        "amount": amount,
        "balanceDetails": [
            {"amount": amount, "balanceSubName": None, "expiring": expiring, "serviceId": None}
        ],
        "balanceName": name,
        "booked": [],
        "creationDate": wire.instant(moved[0].recorded_at, request.zone),
        "expiring": expiring,
        "lastUpdate": wire.instant(moved[-1].recorded_at, request.zone),
        "type": moved[0].type.value,
    }


def _source(moved: Moved) -> dict[str, str]:
    return {"id": str(moved.lot_id), "name": moved.source}


def _movement(name: str, moved: Moved, request: Request) -> dict[str, Any]:
    kind = TYPES[moved.type] if moved.is_lot else "USE" if moved.amount_minor < 0 else "CANCEL"
    return {
        "amount": wire.price(moved.amount_minor, moved.currency),
        "balanceName": name,
        "creationDate": wire.instant(moved.recorded_at, request.zone),
        "destinationObject": {"id": moved.bill_id, "name": "Bill"} if moved.bill_id else None,
        "expirationDate": wire.midnight_or_none(moved.expires_on, request.zone),
        "lastUpdate": wire.instant(moved.recorded_at, request.zone),
        "movementId": moved.movement_id,
        "orderId": moved.order_id or None,
        "sourceObject": _source(moved),
        "type": kind,
    }


def _prepaid_accounts(tx: Transaction, request: Request) -> dict[str, dict[str, Any]]:
    """Return the prepaid accounts by name; the one in the payer's currency can be credited."""
    account = accounts.find(tx, request.caller.account_id)
    assert account is not None, "a caller's account exists"
    moved = {
        name: found
        for name, found in balances(tx, request).items()
        if found[0].type is CreditType.PREPAID_ACCOUNT
    }
    threshold = None
    if account.pays_itself:
        moved.setdefault(PREPAID, [])
        threshold = prepayments.threshold(tx, account.account_id)
    return {
        name: {
            "alertThreshold": threshold if name == PREPAID else None,
            "balance": wire.price(_left(found, request), found[0].currency if found else account.currency),
            "canBeCredited": name == PREPAID and account.pays_itself,
            "isActive": True,
            "lastUpdate": wire.instant(found[-1].recorded_at if found else account.opened_at, request.zone),
            "openDate": wire.instant(found[0].recorded_at if found else account.opened_at, request.zone),
            "ovhAccountId": name,
        }
        for name, found in moved.items()
    }


def _known_prepaid(request: Request) -> None:
    """Pass when the path names the prepaid account that its payer can fill. Raises NoSuchObject."""
    name = request.path["ovhAccountId"]
    with request.read() as tx:
        found = _prepaid_accounts(tx, request)
    if name not in found or not found[name]["canBeCredited"]:
        raise NoSuchObject(name)


def _prepaid_moves(request: Request) -> list[Moved]:
    name = request.path["ovhAccountId"]
    with request.read() as tx:
        if name not in _prepaid_accounts(tx, request):
            raise NoSuchObject(name)
        return balances(tx, request).get(name, [])


def _voucher_account(name: str, moved: Sequence[Moved], request: Request) -> dict[str, Any]:
    return {
        "balance": wire.price(_left(moved, request), moved[0].currency),
        "lastUpdate": wire.instant(moved[-1].recorded_at, request.zone),
        "openDate": wire.instant(moved[0].recorded_at, request.zone),
        "voucherAccountId": name,
    }


def _move(moved: Moved, request: Request, *, retrievable: bool) -> dict[str, Any]:
    currency = moved.currency
    operation = "credit" if moved.is_lot else "debit" if moved.amount_minor < 0 else "cancel-debit"
    shown = {
        "amount": wire.price(moved.amount_minor, currency),
        "balance": wire.price(moved.after_minor, currency),
        "date": wire.instant(moved.recorded_at, request.zone),
        "description": moved.bill_id or moved.source,
        "movementId": moved.movement_id,
        "operation": operation,
        "order": moved.order_id,
        "previousBalance": wire.price(moved.after_minor - moved.amount_minor, currency),
    }
    if retrievable:
        shown["retrievableAmount"] = wire.price(moved.lot_left_minor if moved.is_lot else 0, currency)
    return shown

"""/me/paymentMethod: payment methods in the shape that the customers of American sellers have."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from acquit.actions.change_payment_method import change_payment_method, withdraw_payment_method
from acquit.api import wire
from acquit.api.kept_methods import register_kept
from acquit.api.listing import Listing
from acquit.api.payment_methods import of_caller, register_method
from acquit.api.request import Request
from acquit.core.identifiers import PaymentMethodId
from acquit.core.method_on_file import FileKind
from acquit.core.payment_method import DIRECT_DEBIT_TYPE, MethodStatus, NoSuchPaymentMethod, PaymentMethod
from acquit.store.transaction import Transaction

STATUSES: Final[Mapping[MethodStatus, str]] = {
    MethodStatus.CREATING: "CREATED",
    MethodStatus.VALIDATING: "CREATED",
    MethodStatus.MAINTENANCE: "PAUSED",
    MethodStatus.FAILED: "ERROR",
    MethodStatus.REJECTED: "ERROR",
    MethodStatus.CANCELING: "CANCELED",
}
"""What this shape calls a state for which it has no word of its own."""

TYPES: Final = {DIRECT_DEBIT_TYPE: "BANK_ACCOUNT"}
NO_CONTACT: Final = 0


def list_methods(request: Request) -> Listing[int]:
    """GET /me/paymentMethod: the account's methods, of one type or in one state."""
    query = request.query

    def ids(tx: Transaction) -> list[int]:
        return [
            method.payment_method_id
            for method in of_caller(tx, request)
            if query["paymentType"] in (None, _type(method)) and query["status"] in (None, _status(method))
        ]

    return Listing(ids, lambda tx, some: _methods(tx, request, some))


def get_method(request: Request) -> object:
    """GET /me/paymentMethod/{id}: one method."""
    key = request.path["id"]
    found = get_many_methods(request, [key])
    if key not in found:
        raise NoSuchPaymentMethod(key)
    return found[key]


def get_many_methods(request: Request, ids: Sequence[int]) -> Mapping[int, object]:
    """Read several methods at once."""
    with request.read() as tx:
        return _methods(tx, request, ids)


def register(request: Request) -> object:
    """POST /me/paymentMethod: a page of the acquirer registers a card or wallet; other kinds are refused."""
    body = request.body
    kind = next((each for each in FileKind if each.payment_type == body["paymentType"]), None)
    if kind is None:
        register_method(request)
    return register_kept(
        request, kind, wants_default=bool(body.get("default")), return_url=body.get("urlCallback")
    )


def edit_method(request: Request) -> object:
    """PUT /me/paymentMethod/{id}: the default, and the account's words about it."""
    body = request.body
    changed = change_payment_method(
        request.context,
        request.caller.account_id,
        PaymentMethodId(request.path["id"]),
        by=request.caller.actor,
        default=body.get("default"),
        description=(body["description"] or "") if "description" in body else None,
    )
    return _shown(changed, request)


def delete_method(request: Request) -> None:
    """DELETE /me/paymentMethod/{id}: a method that the account itself registered."""
    caller, method_id = request.caller, PaymentMethodId(request.path["id"])
    withdraw_payment_method(request.context, caller.account_id, method_id, by=caller.actor)


def _methods(tx: Transaction, request: Request, ids: Sequence[int]) -> dict[int, object]:
    found = of_caller(tx, request)
    return {each.payment_method_id: _shown(each, request) for each in found if each.payment_method_id in ids}


def _type(method: PaymentMethod) -> str:
    return TYPES.get(method.payment_type, method.payment_type)


def _status(method: PaymentMethod) -> str:
    return STATUSES.get(method.status, method.status.value)


def _shown(method: PaymentMethod, request: Request) -> dict[str, Any]:
    return {
        "billingContactId": NO_CONTACT,
        "creationDate": wire.day(method.created_at.astimezone(request.zone).date()),
        "default": method.is_default,
        "description": method.description,
        "id": method.payment_method_id,
        "paymentSubType": None,
        "paymentType": _type(method),
        "publicLabel": method.label or "",
        "status": _status(method),
    }

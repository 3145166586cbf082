"""/me/payment: how the account pays. A sub-account whose parent pays sees the parent's methods."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn

from acquit.actions.change_payment_method import change_payment_method, withdraw_payment_method
from acquit.api import wire
from acquit.api.listing import Listing
from acquit.api.request import Request
from acquit.core.identifiers import PaymentMethodId
from acquit.core.method_on_file import FILE_TYPES
from acquit.core.payment_method import (
    DIRECT_DEBIT_TYPE,
    MethodNotUsable,
    NoSuchPaymentMethod,
    NotRegisterable,
    PaymentMethod,
    sub_type_for,
)
from acquit.store import accounts, legal_entities, payment_methods
from acquit.store.transaction import Transaction

TERM_SUB_TYPES: Final = ("30_DAYS", "45_DAYS", "60_DAYS")
"""The sub-types for payment terms that the wire has; a term of other days shows none."""


def of_caller(tx: Transaction, request: Request) -> list[PaymentMethod]:
    """Return the methods that the caller's bills are paid with: its own, or those of its parent."""
    account = accounts.find(tx, request.caller.account_id)
    assert account is not None, "a caller's account exists"
    return payment_methods.of_account(tx, account.payer_id)


# ---------------------------------------------------------------- methods


def list_methods(request: Request) -> Listing[int]:
    """GET /me/payment/method: the account's methods, of one type, in one state, or the default."""
    query = request.query

    def wanted(method: PaymentMethod) -> bool:
        return (
            query["default"] in (None, method.is_default)
            and query["paymentType"] in (None, method.payment_type)
            and query["status"] in (None, method.status.value)
        )

    def ids(tx: Transaction) -> list[int]:
        return [method.payment_method_id for method in of_caller(tx, request) if wanted(method)]

    return Listing(ids, lambda tx, some: _methods(tx, request, some))


def get_method(request: Request) -> object:
    """GET /me/payment/method/{paymentMethodId}: one method."""
    return method_shown(_found(request), request)


def get_many_methods(request: Request, method_ids: Sequence[int]) -> Mapping[int, object]:
    """Read several methods at once."""
    with request.read() as tx:
        return _methods(tx, request, method_ids)


def register_method(request: Request) -> NoReturn:
    """POST /me/payment/method: refused, with who gives the kind of method that is asked for."""
    kind = request.body["paymentType"]
    with request.read() as tx:
        entity = legal_entities.of_account(tx, request.caller.account_id)
    if entity is not None and kind == entity.method_type:
        raise NotRegisterable(
            f"[paymentType] A method of type {kind} comes with a payment term: ask sales for one",
            paymentType=kind,
        )
    raise NotRegisterable(
        f"[paymentType] No method of type {kind} can be registered here; GET /me/payment/availableMethods "
        "tells which types there are",
        paymentType=kind,
    )


def edit_method(request: Request) -> object:
    """PUT /me/payment/method/{paymentMethodId}: the default, and the account's words about it."""
    body = request.body
    changed = change_payment_method(
        request.context,
        request.caller.account_id,
        PaymentMethodId(request.path["paymentMethodId"]),
        by=request.caller.actor,
        default=body.get("default"),
        description=(body["description"] or "") if "description" in body else None,
    )
    return method_shown(changed, request)


def delete_method(request: Request) -> object:
    """DELETE /me/payment/method/{paymentMethodId}: a method that the account itself registered."""
    ended = withdraw_payment_method(
        request.context,
        request.caller.account_id,
        PaymentMethodId(request.path["paymentMethodId"]),
        by=request.caller.actor,
    )
    return method_shown(ended, request)


def challenge(request: Request) -> NoReturn:
    """POST …/challenge: answers a bank's question; no method here has one."""
    _nothing_to_do(request, "challenge")


def add_details(request: Request) -> NoReturn:
    """POST …/details: completes a registration; no method here has one under way."""
    _nothing_to_do(request, "details")


def finalize(request: Request) -> NoReturn:
    """POST …/finalize: ends a registration; no method here has one under way."""
    _nothing_to_do(request, "finalize")


def _nothing_to_do(request: Request, step: str) -> NoReturn:
    method = _found(request)
    raise MethodNotUsable(
        f"Payment method {method.payment_method_id} is {method.status.value}: its registration waits for "
        f"nothing, so there is no {step} to take in",
        status=method.status.value,
    )


def _found(request: Request) -> PaymentMethod:
    wanted = request.path["paymentMethodId"]
    with request.read() as tx:
        for method in of_caller(tx, request):
            if method.payment_method_id == wanted:
                return method
    raise NoSuchPaymentMethod(wanted)


def _methods(tx: Transaction, request: Request, method_ids: Sequence[int]) -> dict[int, object]:
    methods = of_caller(tx, request)
    return {
        m.payment_method_id: method_shown(m, request) for m in methods if m.payment_method_id in method_ids
    }


def method_shown(method: PaymentMethod, request: Request) -> dict[str, Any]:
    """Return the method as the wire shows it."""
    return {
        "billingContactId": None,
        "creationDate": wire.instant(method.created_at, request.zone),
        "default": method.is_default,
        "description": method.description,
        "expirationDate": wire.midnight_or_none(method.expires_on, request.zone),
        "formSessionId": None,
        "icon": wire.icon(method.payment_type.lower()),
        "integration": "NONE",
        "label": method.label,
        "lastUpdate": wire.instant(method.updated_at, request.zone),
        "merchantId": None,
        "oneclick": None,
        "paymentMeanId": method.payment_method_id if _has_old_form(method) else None,
        "paymentMethodId": method.payment_method_id,
        "paymentSubType": _sub_type(method.sub_type),
        "paymentType": method.payment_type,
        "status": method.status.value,
    }


def _has_old_form(method: PaymentMethod) -> bool:
    """Whether it shows below /me/paymentMean too, under the same id."""
    return method.is_granted or method.payment_type in (DIRECT_DEBIT_TYPE, *FILE_TYPES)


def _sub_type(sub_type: str | None) -> str | None:
    return sub_type if sub_type in TERM_SUB_TYPES else None


# ---------------------------------------------------------------- what there is


def list_available(request: Request) -> list[dict[str, Any]]:
    """GET /me/payment/availableMethods: the methods that come with the payment terms of the seller."""
    with request.read() as tx:
        entity = legal_entities.of_account(tx, request.caller.account_id)
    assert entity is not None, "a caller's account has a seller"
    return [_available(entity.method_type, days) for days in sorted(entity.granted_days)]


def _available(method_type: str, days: int) -> dict[str, Any]:
    return {
        "formSessionId": None,
        "icon": wire.icon(method_type.lower()),
        "integration": "NONE",
        "merchantId": None,
        "oneshot": False,
        "organizationId": None,
        "paymentSubType": _sub_type(sub_type_for(days)),
        "paymentType": method_type,
        "registerable": False,
        "registerableWithTransaction": False,
    }

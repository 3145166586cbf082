"""/me/paymentMean/deferredPaymentAccount: the methods that came with a payment term, in their old form."""

from collections.abc import Mapping, Sequence
from typing import Any

from acquit.actions.change_payment_method import change_payment_method
from acquit.api import wire
from acquit.api.listing import Listing
from acquit.api.payment_methods import of_caller
from acquit.api.request import Request
from acquit.core.identifiers import PaymentMethodId
from acquit.core.payment_method import MethodStatus, NoSuchPaymentMethod, PaymentMethod
from acquit.store.transaction import Transaction


def list_deferred(request: Request) -> Listing[int]:
    """GET /me/paymentMean/deferredPaymentAccount: the granted methods that have not ended."""

    def ids(tx: Transaction) -> list[int]:
        return [method.payment_method_id for method in _granted(tx, request)]

    return Listing(ids, lambda tx, some: _shown(tx, request, some))


def get_deferred(request: Request) -> object:
    """GET /me/paymentMean/deferredPaymentAccount/{id}: one of them."""
    key = request.path["id"]
    found = get_many_deferred(request, [key])
    if key not in found:
        raise NoSuchPaymentMethod(key)
    return found[key]


def get_many_deferred(request: Request, ids: Sequence[int]) -> Mapping[int, object]:
    """Read several at once."""
    with request.read() as tx:
        return _shown(tx, request, ids)


def edit_deferred(request: Request) -> None:
    """PUT /me/paymentMean/deferredPaymentAccount/{id}: the account's words about it."""
    body = request.body
    change_payment_method(
        request.context,
        request.caller.account_id,
        _known(request),
        by=request.caller.actor,
        description=(body["description"] or "") if "description" in body else None,
    )


def choose_as_default(request: Request) -> None:
    """POST …/chooseAsDefaultPaymentMean: bills are paid with it from now on."""
    change_payment_method(
        request.context, request.caller.account_id, _known(request), by=request.caller.actor, default=True
    )


def _granted(tx: Transaction, request: Request) -> list[PaymentMethod]:
    return [m for m in of_caller(tx, request) if m.is_granted and m.status is not MethodStatus.CANCELED]


def _known(request: Request) -> PaymentMethodId:
    get_deferred(request)
    return PaymentMethodId(request.path["id"])


def _shown(tx: Transaction, request: Request, ids: Sequence[int]) -> dict[int, object]:
    methods = _granted(tx, request)
    return {m.payment_method_id: _deferred(m, request) for m in methods if m.payment_method_id in ids}


def _deferred(method: PaymentMethod, request: Request) -> dict[str, Any]:
    return {
        "creationDate": wire.instant(method.created_at, request.zone),
        "defaultPaymentMean": method.is_default,
        "description": method.description,
        "icon": wire.icon(method.payment_type.lower()),
        "id": method.payment_method_id,
        "label": method.label,
        "state": "valid" if method.is_usable else "failed",
    }

"""/me/paymentMean/bankAccount: the mandates that the account signed, in their old form."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, NoReturn

from acquit.actions.change_payment_method import change_payment_method, withdraw_payment_method
from acquit.actions.loading import today_of
from acquit.api import wire
from acquit.api.listing import Listing
from acquit.api.request import Request
from acquit.core.identifiers import PaymentMethodId
from acquit.core.mandate import Held, MandateState, PostalAddress, masked_iban
from acquit.core.payment_method import (
    MethodNotUsable,
    NoSuchPaymentMethod,
    NotRegisterable,
    PaymentMethod,
)
from acquit.store import accounts, mandates, payment_methods
from acquit.store.transaction import Transaction

STATES: Final[Mapping[MandateState, str]] = {
    MandateState.ACTIVE: "valid",
    MandateState.SUSPENDED: "blockedForIncidents",
    MandateState.EXPIRED: "replaced",
    MandateState.USED: "replaced",
}
"""How a mandate shows; one that was cancelled is left out."""

Shown = tuple[Held, PaymentMethod, date]


def list_accounts(request: Request) -> Listing[int]:
    """GET /me/paymentMean/bankAccount: the accounts that may be debited, in one state or all."""

    def ids(tx: Transaction) -> list[int]:
        wanted = request.query["state"]
        return [
            key for key, (held, _, today) in _signed(tx, request).items()
            if wanted in (None, STATES[held.state(today)])
        ]  # fmt: skip

    return Listing(ids, lambda tx, some: _shown(tx, request, some))


def get_account(request: Request) -> object:
    """GET /me/paymentMean/bankAccount/{id}: one of them."""
    key = request.path["id"]
    found = get_many_accounts(request, [key])
    if key not in found:
        raise NoSuchPaymentMethod(key)
    return found[key]


def get_many_accounts(request: Request, ids: Sequence[int]) -> Mapping[int, object]:
    """Read several at once."""
    with request.read() as tx:
        return _shown(tx, request, ids)


def register_account(request: Request) -> NoReturn:
    """POST /me/paymentMean/bankAccount: a mandate is signed on paper, the provider registers it."""
    raise NotRegisterable(
        "[iban] A bank account is registered with a signed mandate: ask the provider's staff for the form",
        paymentType="SEPA_DIRECT_DEBIT",
    )


def edit_account(request: Request) -> None:
    """PUT /me/paymentMean/bankAccount/{id}: the account's words about it."""
    body = request.body
    change_payment_method(
        request.context,
        request.caller.account_id,
        _known(request),
        by=request.caller.actor,
        description=(body["description"] or "") if "description" in body else None,
    )


def delete_account(request: Request) -> None:
    """DELETE /me/paymentMean/bankAccount/{id}: the mandate is cancelled."""
    withdraw_payment_method(
        request.context, request.caller.account_id, _known(request), by=request.caller.actor
    )


def challenge(request: Request) -> NoReturn:
    """POST …/challenge: a registered mandate waits for no proof."""
    raise MethodNotUsable(f"Bank account {_known(request)} is registered: there is no challenge to answer")


def choose_as_default(request: Request) -> None:
    """POST …/chooseAsDefaultPaymentMean: bills are collected from it from now on."""
    change_payment_method(
        request.context, request.caller.account_id, _known(request), by=request.caller.actor, default=True
    )


def _known(request: Request) -> PaymentMethodId:
    get_account(request)
    return PaymentMethodId(request.path["id"])


def _signed(tx: Transaction, request: Request) -> dict[int, Shown]:
    account = accounts.find(tx, request.caller.account_id)
    assert account is not None, "a caller's account exists"
    today = today_of(request.context, tx, account)
    methods = {each.payment_method_id: each for each in payment_methods.of_account(tx, account.payer_id)}
    return {
        held.mandate.payment_method_id: (held, methods[held.mandate.payment_method_id], today)
        for held in mandates.of_payer(tx, account.payer_id)
        if held.state(today) in STATES
    }


def _shown(tx: Transaction, request: Request, ids: Sequence[int]) -> dict[int, object]:
    return {
        key: _account(*shown, request) for key, shown in _signed(tx, request).items() if key in ids
    }  # fmt: skip


def _account(held: Held, method: PaymentMethod, today: date, request: Request) -> dict[str, Any]:
    mandate = held.mandate
    return {
        "bic": mandate.bic,
        "creationDate": wire.day(method.created_at.astimezone(request.zone).date()),
        "defaultPaymentMean": method.is_default,
        "description": method.description,
        "iban": masked_iban(mandate.iban),
        "icon": wire.icon(method.payment_type.lower()),
        "id": method.payment_method_id,
        "mandateSignatureDate": wire.day(mandate.signed_on),
        "ownerAddress": _address(mandate.address),
        "ownerName": mandate.debtor_name,
        "state": STATES[held.state(today)],
        "uniqueReference": mandate.reference,
        "validationDocumentLink": None,
    }


def _address(address: PostalAddress) -> str:
    street = " ".join(filter(None, [address.building, address.street]))
    town = " ".join(filter(None, [address.postcode, address.town]))
    return ", ".join(filter(None, [street, town, address.country]))

"""/me/paymentMean/creditCard and /me/paymentMean/paypal: what an acquirer keeps for the account."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from acquit.actions.change_payment_method import change_payment_method, withdraw_payment_method
from acquit.actions.register_on_page import register_on_page
from acquit.api import wire
from acquit.api.listing import Listing
from acquit.api.payment_methods import of_caller
from acquit.api.request import Batched, Handler, Request
from acquit.core.identifiers import PaymentMethodId
from acquit.core.method_on_file import FileKind, OnFile
from acquit.core.payment_method import MethodNotUsable, MethodStatus, NoSuchPaymentMethod, PaymentMethod
from acquit.store import methods_on_file
from acquit.store.transaction import Transaction

STATES: Final[Mapping[MethodStatus, str]] = {
    MethodStatus.VALID: "valid",
    MethodStatus.PAUSED: "tooManyFailures",
    MethodStatus.EXPIRED: "expired",
}
"""How a method shows; one that was cancelled, or waits for its registration, is left out."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The handlers of one kind of method, below `path`."""

    kind: FileKind
    path: str

    def list_methods(self, request: Request) -> Listing[int]:
        """GET: the methods of the kind that the acquirer keeps."""
        return Listing(
            lambda tx: list(self._shown(tx, request)),
            lambda tx, ids: {key: shown for key, shown in self._shown(tx, request).items() if key in ids},
        )

    def get_method(self, request: Request) -> object:
        """GET …/{id}: one of them."""
        key = request.path["id"]
        found = self.get_many(request, [key])
        if key not in found:
            raise NoSuchPaymentMethod(key)
        return found[key]

    def get_many(self, request: Request, ids: Sequence[int]) -> Mapping[int, object]:
        """Read several at once."""
        with request.read() as tx:
            return {key: shown for key, shown in self._shown(tx, request).items() if key in ids}

    def register(self, request: Request) -> object:
        """POST: a page of the acquirer registers it; refused where the seller has none."""
        body = request.body
        return register_kept(
            request, self.kind, wants_default=bool(body.get("setDefault")), return_url=body.get("returnUrl")
        )

    def edit(self, request: Request) -> None:
        """PUT …/{id}: the account's words about it."""
        body, caller = request.body, request.caller
        change_payment_method(
            request.context,
            caller.account_id,
            self._known(request),
            by=caller.actor,
            description=(body["description"] or "") if "description" in body else None,
        )

    def delete(self, request: Request) -> None:
        """DELETE …/{id}: bills are not paid with it any more."""
        caller = request.caller
        withdraw_payment_method(request.context, caller.account_id, self._known(request), by=caller.actor)

    def challenge(self, request: Request) -> NoReturn:
        """POST …/{id}/challenge: the acquirer's page asks what there is to ask."""
        raise MethodNotUsable(f"Method {self._known(request)} is registered: there is no challenge to answer")

    def choose(self, request: Request) -> None:
        """POST …/{id}/chooseAsDefaultPaymentMean: it is the default from now on."""
        caller = request.caller
        change_payment_method(
            request.context, caller.account_id, self._known(request), by=caller.actor, default=True
        )

    @property
    def routes(self) -> dict[tuple[str, str], Handler | Batched]:
        """The part of the table of routes."""
        one = f"{self.path}/{{id}}"
        return {
            ("GET", self.path): self.list_methods,
            ("POST", self.path): self.register,
            ("GET", one): Batched(self.get_method, self.get_many),
            ("PUT", one): self.edit,
            ("DELETE", one): self.delete,
            ("POST", f"{one}/challenge"): self.challenge,
            ("POST", f"{one}/chooseAsDefaultPaymentMean"): self.choose,
        }

    def _known(self, request: Request) -> PaymentMethodId:
        self.get_method(request)
        return PaymentMethodId(request.path["id"])

    def _shown(self, tx: Transaction, request: Request) -> dict[int, object]:
        methods = {
            each.payment_method_id: each
            for each in of_caller(tx, request)
            if each.payment_type == self.kind.payment_type and each.status in self._states
        }
        payers = {each.account_id for each in methods.values()}
        kept = {
            key: told for payer_id in payers for key, told in methods_on_file.of_account(tx, payer_id).items()
        }
        shape = _card if self.kind is FileKind.CARD else _wallet
        return {key: shape(one, kept[key], request) for key, one in methods.items() if key in kept}

    @property
    def _states(self) -> frozenset[MethodStatus]:
        """A wallet has no last month: one that is told to be over is left out."""
        return frozenset(STATES) - (frozenset() if self.kind is FileKind.CARD else {MethodStatus.EXPIRED})


def register_kept(
    request: Request, kind: FileKind, *, wants_default: bool, return_url: str | None
) -> dict[str, Any]:
    """Return the page on which the method is registered; refused where the seller has none."""
    made = register_on_page(
        request.context, request.caller.account_id, kind, by=request.caller.actor,
        description=request.body.get("description"), wants_default=wants_default, return_url=return_url,
    )  # fmt: skip
    return {
        "id": made.payment_method_id,
        "submitUrl": None,
        "url": made.url,
        "validationType": "simpleValidation",
    }


def _card(method: PaymentMethod, told: OnFile, request: Request) -> dict[str, Any]:
    assert told.expires_on is not None, "a card was told with its last month"
    return _common(method) | {
        "expirationDate": wire.day(told.expires_on),
        "number": f"XXXXXXXXXXXX{told.number_end}",
        "threeDsValidated": told.is_authenticated,
        "type": told.brand,
    }


def _wallet(method: PaymentMethod, told: OnFile, request: Request) -> dict[str, Any]:
    return _common(method) | {
        "agreementId": told.agreement,
        "creationDate": wire.instant(method.created_at, request.zone),
        "email": told.email,
    }


def _common(method: PaymentMethod) -> dict[str, Any]:
    return {
        "defaultPaymentMean": method.is_default,
        "description": method.description,
        "icon": wire.icon(method.payment_type.lower()),
        "id": method.payment_method_id,
        "state": STATES[method.status],
    }


ROUTES: Final = {
    **Kept(FileKind.CARD, "/me/paymentMean/creditCard").routes,
    **Kept(FileKind.PAYPAL, "/me/paymentMean/paypal").routes,
}

"""Payment methods: how an account pays; those that a grant of terms gives are not the account's to change."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from acquit.core.account import LegalEntity
from acquit.core.errors import Conflict, Forbidden, NotFound
from acquit.core.identifiers import AccountId, GrantId, PaymentMethodId

DIRECT_DEBIT_TYPE: Final = "SEPA_DIRECT_DEBIT"
"""The type of the methods that mandates show as."""


class NoSuchPaymentMethod(NotFound):
    """The account has no such payment method."""

    code = "no-such-payment-method"

    def __init__(self, payment_method_id: int | str) -> None:
        super().__init__(
            f"There is no payment method {payment_method_id}.", payment_method=str(payment_method_id)
        )


class NotRegisterable(Forbidden):
    """Only the provider gives this kind of payment method."""

    code = "not-registerable"


class MethodIsGranted(Forbidden):
    """A method that came with a payment term goes only with it."""

    code = "method-is-granted"


class MethodNotUsable(Conflict):
    """The method is not valid, so it cannot do this."""

    code = "method-not-usable"


class MethodStatus(StrEnum):
    """Where a payment method is in its life."""

    CREATING = "CREATING"
    VALIDATING = "VALIDATING"
    CREATED = "CREATED"
    VALID = "VALID"
    PAUSED = "PAUSED"
    MAINTENANCE = "MAINTENANCE"
    EXPIRED = "EXPIRED"
    FAILED = "FAILED"
    REJECTED = "REJECTED"
    ERROR = "ERROR"
    REPLACED = "REPLACED"
    CANCELING = "CANCELING"
    CANCELED = "CANCELED"


_NEXT: Final[Mapping[MethodStatus, frozenset[MethodStatus]]] = {
    MethodStatus.CREATING: frozenset({MethodStatus.VALIDATING, MethodStatus.CREATED, MethodStatus.VALID,
                                      MethodStatus.FAILED, MethodStatus.ERROR, MethodStatus.CANCELED}),
    MethodStatus.VALIDATING: frozenset({MethodStatus.CREATED, MethodStatus.VALID, MethodStatus.REJECTED,
                                        MethodStatus.FAILED, MethodStatus.ERROR, MethodStatus.CANCELED}),
    MethodStatus.CREATED: frozenset({MethodStatus.VALID, MethodStatus.CANCELING, MethodStatus.CANCELED}),
    MethodStatus.VALID: frozenset({MethodStatus.PAUSED, MethodStatus.MAINTENANCE, MethodStatus.EXPIRED,
                                   MethodStatus.REPLACED, MethodStatus.ERROR, MethodStatus.CANCELING,
                                   MethodStatus.CANCELED}),
    MethodStatus.PAUSED: frozenset({MethodStatus.VALID, MethodStatus.CANCELING, MethodStatus.CANCELED}),
    MethodStatus.MAINTENANCE: frozenset({MethodStatus.VALID, MethodStatus.CANCELING, MethodStatus.CANCELED}),
    MethodStatus.EXPIRED: frozenset({MethodStatus.VALID, MethodStatus.CANCELED}),
    MethodStatus.CANCELING: frozenset({MethodStatus.CANCELED}),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """How an account pays, registered by it or given with a grant of terms (`grant_id`)."""

    account_id: AccountId
    payment_method_id: PaymentMethodId
    payment_type: str
    sub_type: str | None
    label: str | None
    status: MethodStatus
    created_at: datetime
    updated_at: datetime
    description: str | None = None
    is_default: bool = False
    grant_id: GrantId | None = None
    expires_on: date | None = None

    @property
    def is_granted(self) -> bool:
        """Whether the method came with a payment term."""
        return self.grant_id is not None

    @property
    def is_usable(self) -> bool:
        """Whether bills may be paid with it."""
        return self.status in (MethodStatus.VALID, MethodStatus.CREATED)

    @property
    def is_registerable(self) -> bool:
        """Whether an account could have registered it by itself."""
        return not self.is_granted


def label_for(entity: LegalEntity, days: int) -> str:
    """Return the label of a granted method: the legal entity's template with the days filled in."""
    return entity.method_label.replace("{days}", str(days))


def sub_type_for(days: int) -> str:
    """Return the sub-type of a granted method: `45_DAYS`."""
    return f"{days}_DAYS"


def may_become(now: MethodStatus, then: MethodStatus) -> bool:
    """Whether a method's status may change so; an ended method never changes again."""
    return then in _NEXT.get(now, frozenset())


def refuse_default(method: PaymentMethod) -> None:
    """Pass when the method may become the default. Raises MethodNotUsable."""
    if not method.is_usable:
        raise MethodNotUsable(
            f"Payment method {method.payment_method_id} is {method.status.value}; "
            "only a valid one can be the default."
        )


def refuse_withdrawal(method: PaymentMethod) -> None:
    """Pass when the account may withdraw the method. Raises MethodIsGranted, MethodNotUsable."""
    if method.is_granted:
        raise MethodIsGranted(
            f"Payment method {method.payment_method_id} came with the payment term that sales granted; "
            "it goes when sales revokes the term."
        )
    if not may_become(method.status, MethodStatus.CANCELED):
        raise MethodNotUsable(f"Payment method {method.payment_method_id} is {method.status.value} already.")

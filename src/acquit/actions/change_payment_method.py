"""Choose the default payment method, describe one, withdraw one."""

from acquit.actions.context import Context
from acquit.actions.loading import account_in, today_of
from acquit.actions.register_mandate import end_mandate_of_method_in
from acquit.core.errors import Conflict, Forbidden, Invalid
from acquit.core.identifiers import AccountId, PaymentMethodId
from acquit.core.payment_method import (
    NoSuchPaymentMethod,
    PaymentMethod,
    refuse_default,
    refuse_withdrawal,
)
from acquit.store import accounts, acts, payment_methods, service_lists
from acquit.store.transaction import Transaction

DESCRIPTION_MAX = 500


class PayerDecides(Forbidden):
    """The methods of the account that pays are shown to those it pays for, not changed by them."""

    code = "payer-decides"


class DefaultNeeded(Conflict):
    """Services renew automatically, so there must be a method that pays for them."""

    code = "default-needed"


class OneDefault(Invalid):
    """A default is never switched off: another method takes its place."""

    code = "one-default"


def change_payment_method(
    context: Context,
    account_id: AccountId,
    payment_method_id: PaymentMethodId,
    *,
    by: str,
    default: bool | None = None,
    description: str | None = None,
) -> PaymentMethod:
    """Make the method the default, or write the account's words about it; None leaves as it is.

    An empty description takes it away. Raises NoSuchPaymentMethod, PayerDecides, MethodNotUsable, OneDefault,
    Invalid for a description that is too long.
    """
    if description is not None and len(description) > DESCRIPTION_MAX:
        raise Invalid(f"[description] A description has at most {DESCRIPTION_MAX} characters")
    with context.database.write() as tx:
        method = _locked(tx, account_id, payment_method_id)
        if default is False and method.is_default:
            raise OneDefault(
                "[default] Exactly one payment method is the default: choose another as the default"
            )
        if default and not method.is_default:
            refuse_default(method)
            payment_methods.set_default(tx, account_id, payment_method_id)
        if description is not None:
            payment_methods.set_description(tx, account_id, payment_method_id, description or None)
        acts.record(tx, by, "change_payment_method", account_id, str(payment_method_id), default=default)
        return _found(tx, account_id, payment_method_id)


def withdraw_payment_method(
    context: Context, account_id: AccountId, payment_method_id: PaymentMethodId, *, by: str
) -> PaymentMethod:
    """Cancel the method, and the mandate it stands for: nothing is paid with it any more.

    Raises NoSuchPaymentMethod, PayerDecides, MethodIsGranted, MethodNotUsable; DefaultNeeded for the
    default while services that the account pays for renew automatically.
    """
    with context.database.write() as tx:
        method = _locked(tx, account_id, payment_method_id)
        refuse_withdrawal(method)
        if method.is_default and service_lists.any_renews(tx, account_id):
            raise DefaultNeeded(
                "This payment method is the default and services renew automatically: choose another "
                "default first, or switch their renewal off",
            )
        payment_methods.cancel(tx, account_id, payment_method_id)
        today = today_of(context, tx, account_in(tx, account_id))
        end_mandate_of_method_in(tx, account_id, payment_method_id, today, by)
        acts.record(tx, by, "withdraw_payment_method", account_id, str(payment_method_id))
        return _found(tx, account_id, payment_method_id)


def _locked(tx: Transaction, account_id: AccountId, payment_method_id: PaymentMethodId) -> PaymentMethod:
    """Return the account's method, to be changed by nobody else meanwhile."""
    accounts.lock(tx, account_id)
    account = accounts.find(tx, account_id)
    assert account is not None, "a caller's account exists"
    if account.pays_itself:
        return _found(tx, account_id, payment_method_id)
    if payment_methods.find(tx, account.payer_id, payment_method_id) is None:
        raise NoSuchPaymentMethod(payment_method_id)
    raise PayerDecides(
        f"Payment method {payment_method_id} belongs to the account that pays for this one: "
        "it is changed with that account's key",
    )


def _found(tx: Transaction, account_id: AccountId, payment_method_id: PaymentMethodId) -> PaymentMethod:
    method = payment_methods.find(tx, account_id, payment_method_id)
    if method is None:
        raise NoSuchPaymentMethod(payment_method_id)
    return method

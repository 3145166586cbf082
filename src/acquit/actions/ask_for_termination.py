"""An account ends a service in two steps: it asks, gets a letter with a token, and sends the token back."""

import hmac

from acquit.actions.answer_form import reason_in
from acquit.actions.context import Context
from acquit.actions.loading import account_in
from acquit.actions.terminate_service import terminate_service
from acquit.core.account import Account
from acquit.core.errors import Conflict, Invalid
from acquit.core.identifiers import AccountId, ServiceId
from acquit.core.service import Ending, NoSuchService, Service, refuse_ended, refuse_permanent
from acquit.store import acts, services
from acquit.store.transaction import Transaction


class NoAddress(Conflict):
    """The letter cannot be sent: no e-mail address is known."""

    code = "no-address"


class WrongToken(Invalid):
    """The token is not the one of the letter."""

    code = "wrong-token"


def ask_for_termination(context: Context, account_id: AccountId, service_id: ServiceId, *, by: str) -> str:
    """Send the account the token that ends the service and return the address that it went to.

    Raises NoSuchService, ServiceEnded, RenewalIsPermanent, NoAddress.
    """
    with context.database.write() as tx:
        service = _endable(tx, account_id, service_id)
        email = address_of(tx, account_in(tx, account_id))
        acts.record(tx, by, "ask_for_termination", account_id, f"service:{service_id}")
    context.mailer.send(
        email,
        f"Termination of {service.resource_name}",
        f"The termination of {service.resource_name} was asked for.\n\n"
        f"Token: {_token(context, service)}\n\n"
        "Nothing ends unless the token is sent back. If you did not ask for this, do nothing.\n",
    )
    return email


def confirm_termination(
    context: Context, account_id: AccountId, service_id: ServiceId, token: str, *, by: str, reason: str = ""
) -> Service:
    """End the service with its running period, or with its engagement; without `reason` for the one that
    was told when the account was asked.

    Raises NoSuchService, ServiceEnded, RenewalIsPermanent, WrongToken.
    """
    with context.database.read() as tx:
        service = _endable(tx, account_id, service_id)
        reason = reason or reason_in(tx, account_id, service_id)
    if not hmac.compare_digest(token.encode(), _token(context, service).encode()):
        raise WrongToken("[token] Given data is not the token of the letter", parameter="token")
    ending = Ending.AT_RENEWAL if service.engaged_until_on is None else Ending.AT_ENGAGEMENT
    return terminate_service(context, account_id, service_id, ending, by=by, reason=reason)


def address_of(tx: Transaction, account: Account) -> str:
    """Return where letters to the account go: to itself, else to its parent. Raises NoAddress."""
    parent = None if account.parent_id is None else account_in(tx, account.parent_id)
    email = account.email or ("" if parent is None else parent.email)
    if not email:
        raise NoAddress(f"No e-mail address is known for account {account.account_id}: ask sales to add one")
    return email


def _endable(tx: Transaction, account_id: AccountId, service_id: ServiceId) -> Service:
    service = services.find(tx, account_id, service_id)
    if service is None:
        raise NoSuchService(f"The requested object ({service_id}) does not exist", service=str(service_id))
    refuse_ended(service)
    refuse_permanent(service)
    return service


def _token(context: Context, service: Service) -> str:
    """The token changes with every period: an old letter ends nothing."""
    return context.sealer.token(f"terminate:{service.service_id}:{service.next_renewal_on}")

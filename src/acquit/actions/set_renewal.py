"""How a service renews, and what its account calls it."""

from dataclasses import replace

from acquit.actions.context import Context
from acquit.core.errors import Invalid
from acquit.core.identifiers import AccountId, ServiceId
from acquit.core.service import NoSuchService, Service, refuse_ended, with_renewal
from acquit.store import acts, services
from acquit.store.transaction import Transaction

DISPLAY_NAME_MAX = 255


class BadDisplayName(Invalid):
    """A service's name has 1 to 255 printable characters."""

    code = "bad-display-name"


def set_renewal(
    context: Context,
    account_id: AccountId,
    service_id: ServiceId,
    *,
    by: str,
    automatic: bool | None = None,
    delete_at_expiration: bool | None = None,
    months: int | None = None,
) -> Service:
    """The service renews as asked; None leaves a choice as it is. Its options renew like it.

    Raises:
        NoSuchService, ServiceEnded: there is nothing to renew.
        RenewalIsPermanent: enterprise payment renews it, and it was asked to stop.
        PeriodNotOffered: it is priced for another period.
    """
    with context.database.write() as tx:
        service = held(tx, account_id, service_id)
        changed = with_renewal(service, automatic, delete_at_expiration, months)
        if changed != service:
            for each in (service, *services.options_of(tx, account_id, service_id)):
                services.set_renewal(tx, replace(each, renewal=changed.renewal))
            acts.record(
                tx, by, "set_renewal", account_id, f"service:{service_id}",
                automatic=changed.renewal.automatic,
                delete_at_expiration=changed.renewal.delete_at_expiration,
            )  # fmt: skip
    return changed


def rename_service(
    context: Context, account_id: AccountId, service_id: ServiceId, display_name: str, *, by: str
) -> Service:
    """The service is shown under another name; papers issued before keep theirs.

    Raises NoSuchService, ServiceEnded, BadDisplayName.
    """
    if not (1 <= len(display_name) <= DISPLAY_NAME_MAX and display_name.isprintable()):
        raise BadDisplayName(f"A service's name has 1 to {DISPLAY_NAME_MAX} printable characters.")
    with context.database.write() as tx:
        service = held(tx, account_id, service_id)
        refuse_ended(service)
        changed = replace(service, display_name=display_name)
        services.set_display_name(tx, changed)
        acts.record(tx, by, "rename_service", account_id, f"service:{service_id}")
    return changed


def held(tx: Transaction, account_id: AccountId, service_id: ServiceId) -> Service:
    """Return the service, held until the transaction ends. Raises NoSuchService."""
    services.lock(tx, account_id, service_id)
    service = services.find(tx, account_id, service_id)
    if service is None:
        raise NoSuchService(f"Account {account_id} has no service {service_id}.", service=str(service_id))
    return service

"""Services: what renews, when, and whether anybody may stop it.

A service renews on its anniversary: the day of the month on which it started, or the last day of a
shorter month (started on the 31st: 28 or 29 February, 31 March). A period runs from a renewal to the
day before the next one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from acquit.core.errors import Conflict, Forbidden, Invalid, NotFound
from acquit.core.identifiers import AccountId, BillingGroupId, CatalogueId, ServiceId
from acquit.core.money import Currency
from acquit.core.terms import end_of_month


class NoSuchService(NotFound):
    """The account has no such service."""

    code = "no-such-service"


class RenewalIsPermanent(Forbidden):
    """Enterprise payment renews every service of the account; nobody switches that off."""

    code = "renewal-is-permanent"


class ServiceEnded(Conflict):
    """The service is terminated: nothing about it changes any more."""

    code = "service-ended"


class ServiceSuspended(Conflict):
    """The service is suspended: it is restored first."""

    code = "service-suspended"


class NotSuspended(Conflict):
    """Only what is suspended can be restored."""

    code = "not-suspended"


class ServiceExpired(Conflict):
    """The paid period is over and nothing renews the service."""

    code = "service-expired"


class PeriodNotOffered(Invalid):
    """The service cannot renew for so many months."""

    code = "renewal-period-not-offered"


class StillEngaged(Conflict):
    """The account agreed to keep the service until a later day."""

    code = "still-engaged"


class State(StrEnum):
    """What has been decided about a service."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"


class Status(StrEnum):
    """How a service stands on a day."""

    RUNNING = "running"
    RENEWING = "renewing"
    EXPIRED = "expired"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"


class RenewalType(StrEnum):
    """Who decides that a service renews."""

    PERMANENT = "permanent"
    AUTOMATIC = "automatic"
    MANUAL = "manual"
    WITH_PARENT = "with-parent"


class Ending(StrEnum):
    """When a termination takes effect."""

    NOW = "now"
    AT_RENEWAL = "at-renewal"
    AT_ENGAGEMENT = "at-engagement"


@dataclass(frozen=True, slots=True)
class Renewal:
    """How a service renews: by itself, because it must, or not at all after the running period."""

    automatic: bool = True
    forced: bool = False
    delete_at_expiration: bool = False


@dataclass(frozen=True, slots=True)
class Service:
    """A plan that an account has subscribed.

    `next_renewal_on` is the first day not yet renewed, `engaged_until_on` the first day on which the account
    may end it, `terminated_on` the first day on which it is gone (it may lie ahead).
    """

    account_id: AccountId
    service_id: ServiceId
    resource_name: str
    display_name: str
    route: str
    catalogue_id: CatalogueId
    plan_code: str
    pricing_mode: str
    description: str
    quantity_e4: int
    unit_price_ucents: int
    currency: Currency
    renewal_months: int
    anniversary_day: int
    started_on: date
    next_renewal_on: date
    engaged_until_on: date | None = None
    renewal: Renewal = Renewal()
    parent_service_id: ServiceId | None = None
    billing_group_id: BillingGroupId | None = None
    state: State = State.ACTIVE
    terminated_on: date | None = None

    @property
    def renews(self) -> bool:
        """Whether the next renewal date brings another period."""
        ends = self.terminated_on is not None and self.terminated_on <= self.next_renewal_on
        wanted = self.renewal.automatic and not self.renewal.delete_at_expiration
        return self.state is State.ACTIVE and not ends and (wanted or self.renewal.forced)

    @property
    def renewal_type(self) -> RenewalType:
        """Who decides that the service renews; an option follows its parent."""
        if self.renewal.forced:
            return RenewalType.PERMANENT
        if self.parent_service_id is not None:
            return RenewalType.WITH_PARENT
        return RenewalType.AUTOMATIC if self.renewal.automatic else RenewalType.MANUAL

    def status(self, on: date) -> Status:
        """Return how the service stands on that day; a renewal that is due but not billed is under way."""
        gone = self.terminated_on is not None and self.terminated_on <= on
        if gone or self.state is State.TERMINATED:
            return Status.TERMINATED
        if self.state is State.SUSPENDED:
            return Status.SUSPENDED
        if on < self.next_renewal_on:
            return Status.RUNNING
        return Status.RENEWING if self.renews else Status.EXPIRED


def anniversary(year: int, month: int, day: int) -> date:
    """Return that day of the month, or the month's last day when the month is shorter."""
    last = end_of_month(date(year, month, 1))
    return last.replace(day=min(day, last.day))


def months_after(on: date, months: int, anniversary_day: int) -> date:
    """Return the anniversary `months` months after the month of `on` (before it when negative)."""
    reached = on.year * 12 + on.month - 1 + months
    return anniversary(reached // 12, reached % 12 + 1, anniversary_day)


def last_day(start: date, months: int, anniversary_day: int) -> date:
    """Return the last day covered by the period of `months` months that starts on a renewal date."""
    return months_after(start, months, anniversary_day) - timedelta(days=1)


def renewals(service: Service, before: date) -> Iterator[tuple[date, date]]:
    """Yield first and last day of each period that starts before that day and is not yet renewed.

    A service that does not renew yields nothing; neither does one after its end.
    """
    while service.renews and service.next_renewal_on < before:
        yield (
            service.next_renewal_on,
            last_day(service.next_renewal_on, service.renewal_months, service.anniversary_day),
        )
        service = renewed(service)


def renewed(service: Service) -> Service:
    """Return the service with its next period taken."""
    following = months_after(service.next_renewal_on, service.renewal_months, service.anniversary_day)
    return replace(service, next_renewal_on=following)


def with_renewal(
    service: Service,
    automatic: bool | None = None,
    delete_at_expiration: bool | None = None,
    months: int | None = None,
) -> Service:
    """Return the service renewing as asked; None leaves a choice as it is.

    Raises ServiceEnded, RenewalIsPermanent when a forced renewal would be switched off, PeriodNotOffered
    when the plan is priced for another period.
    """
    refuse_ended(service)
    if service.renewal.forced and (automatic is False or delete_at_expiration is True):
        raise RenewalIsPermanent(
            f"{service.resource_name} renews permanently while enterprise payment is granted: renewal "
            "cannot be switched off. Ask sales to terminate the service or to end the payment term.",
            service=service.resource_name,
        )
    if months is not None and months != service.renewal_months:
        raise PeriodNotOffered(
            f"{service.resource_name} renews every {service.renewal_months} months, as its price was agreed; "
            "another period is another price: subscribe the plan in the mode that has it.",
            service=service.resource_name,
        )
    kept = service.renewal
    changed = Renewal(
        kept.automatic if automatic is None else automatic,
        kept.forced,
        kept.delete_at_expiration if delete_at_expiration is None else delete_at_expiration,
    )
    return replace(service, renewal=changed)


def permanent(service: Service) -> Service:
    """Return the service renewing permanently, as enterprise payment demands."""
    return replace(service, renewal=Renewal(automatic=True, forced=True, delete_at_expiration=False))


def terminated(service: Service, ending: Ending, on: date) -> Service:
    """Return the service ended now, or with the day on which it will be gone.

    At renewal: when the running period is over. At engagement: at the first renewal that is not before the
    day that was agreed. Whoever may decide this may end a permanent renewal too.

    Raises ServiceEnded; StillEngaged when it would end before the day that was agreed.
    """
    refuse_ended(service)
    if ending is Ending.NOW:
        refuse_engaged(service, on)
        return replace(service, state=State.TERMINATED, terminated_on=on)
    if ending is Ending.AT_RENEWAL:
        refuse_engaged(service, service.next_renewal_on)
        return replace(service, terminated_on=service.next_renewal_on)
    last = service
    while service.engaged_until_on is not None and last.next_renewal_on < service.engaged_until_on:
        last = renewed(last)
    return replace(service, terminated_on=last.next_renewal_on)


def refuse_ended(service: Service) -> None:
    """Pass unless the service is terminated. Raises ServiceEnded."""
    if service.state is State.TERMINATED:
        raise ServiceEnded(f"{service.resource_name} ended on {service.terminated_on}.")


def refuse_unchangeable(service: Service, on: date) -> None:
    """Pass for a service that runs on that day. Raises ServiceEnded, ServiceSuspended, ServiceExpired."""
    match service.status(on):
        case Status.TERMINATED:
            raise ServiceEnded(f"{service.resource_name} ended on {service.terminated_on}.")
        case Status.SUSPENDED:
            raise ServiceSuspended(
                f"{service.resource_name} is suspended: restore it first.", service=service.resource_name
            )
        case Status.EXPIRED:
            raise ServiceExpired(
                f"{service.resource_name} is paid until {service.next_renewal_on} and does not renew: let it "
                "renew first.",
                service=service.resource_name,
            )
        case Status.RUNNING | Status.RENEWING:
            return


def suspended(service: Service) -> Service:
    """Return the service suspended: it does not renew. Raises ServiceEnded, ServiceSuspended."""
    refuse_ended(service)
    if service.state is State.SUSPENDED:
        raise ServiceSuspended(f"{service.resource_name} is suspended already.")
    return replace(service, state=State.SUSPENDED)


def restored(service: Service, on: date, bills_gap: bool) -> Service:
    """Return the service active again.

    Within its paid period nothing moves. After it, the next period begins on the day of restoration, which is
    the new anniversary; where the time between is billed, the renewals that were left out follow instead.

    Raises ServiceEnded, NotSuspended.
    """
    refuse_ended(service)
    if service.state is not State.SUSPENDED:
        raise NotSuspended(f"{service.resource_name} is not suspended.", service=service.resource_name)
    active = replace(service, state=State.ACTIVE)
    if bills_gap or on <= service.next_renewal_on:
        return active
    return replace(active, next_renewal_on=on, anniversary_day=on.day)


def first_renewal(service: Service, not_before_on: date) -> date:
    """Return the first day of the first period that begins on or after a day and is not yet renewed."""
    on = service.next_renewal_on
    while on < not_before_on:
        on = months_after(on, service.renewal_months, service.anniversary_day)
    return on


def refuse_permanent(service: Service, to_do: str = "end") -> None:
    """Pass unless enterprise payment renews the service permanently. Raises RenewalIsPermanent."""
    if service.renewal.forced:
        raise RenewalIsPermanent(
            f"{service.resource_name} renews permanently while enterprise payment is granted: ask sales to "
            f"{to_do} it",
            service=service.resource_name,
        )


def refuse_engaged(service: Service, on: date) -> None:
    """Pass when nothing binds the account on that day any more. Raises StillEngaged."""
    until = service.engaged_until_on
    if until is not None and on < until:
        raise StillEngaged(
            f"{service.resource_name} is engaged until {until}: it can end then (at-engagement), "
            "not before without an agreement.",
            until=until.isoformat(),
        )

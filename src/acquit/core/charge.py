"""Charges: priced facts not yet billed, and the renewals that services bring on their anniversaries.

`period_end` is the last day covered. A charge is billed once: its key (account, service, kind, part,
start of its period) is unique among the details of all bills.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final

from acquit.core.identifiers import BillingGroupId, ServiceId
from acquit.core.money import Currency, amount_minor
from acquit.core.quick import quick
from acquit.core.service import months_after

RENEWAL_CATEGORY: Final = "autorenew"
"""The category of bills that carry a renewal."""

EARLY_CATEGORY: Final = "earlyrenewal"
"""The category of bills that carry renewals ahead of their time, and none that was due."""

_DAY: Final = timedelta(days=1)


class ChargeKind(StrEnum):
    """What a charge is for."""

    INSTALLATION = "installation"
    RENEWAL = "renewal"
    USAGE = "usage"
    ADJUSTMENT = "adjustment"
    DISCOUNT = "discount"
    ONE_OFF = "one-off"


ChargeKey = tuple[ServiceId, str, str, date]
"""Service (0: the account itself), kind, part and start of the period."""


@quick
@dataclass(frozen=True, slots=True)
class Charge:
    """A priced fact to bill: negative by quantity (a discount), never by price.

    `part` tells charges of one service, kind and period apart: a meter, a discount; mostly empty.
    """

    service_id: ServiceId
    kind: str
    period_start: date
    period_end: date
    description: str
    domain: str
    quantity_e4: int
    unit_price_ucents: int
    currency: Currency
    category: str = "purchase"
    billing_group_id: BillingGroupId | None = None
    part: str = ""

    @property
    def key(self) -> ChargeKey:
        """What is billed once per account: service, kind, part and start of the period."""
        return self.service_id, self.kind, self.part, self.period_start

    @property
    def net_minor(self) -> int:
        """Quantity × unit price, rounded once."""
        return amount_minor(self.quantity_e4, self.unit_price_ucents, self.currency)


@quick
@dataclass(frozen=True, slots=True)
class Renewing:
    """What a bill run knows of a service that renews; `terminated_on` is the first day without it."""

    service_id: ServiceId
    description: str
    domain: str
    quantity_e4: int
    unit_price_ucents: int
    currency: Currency
    renewal_months: int
    anniversary_day: int
    next_renewal_on: date
    billing_group_id: BillingGroupId | None = None
    terminated_on: date | None = None


@lru_cache(maxsize=65_536)
def next_start(start_on: date, months: int, anniversary_day: int) -> date:
    """Return the first day of the period after the one that starts on `start_on`.

    Periods start on the anniversary day, or on the last day of a month that is too short for it: from 31
    January by one month 28 February, then 31 March.
    """
    return months_after(start_on, months, anniversary_day)


def renewals(service: Renewing, until_on: date) -> tuple[list[Charge], date]:
    """Return the renewals that start no later than `until_on` and the first start not renewed.

    None starts on the day on which the service is gone, or after it.
    """
    charges: list[Charge] = []
    start_on, ends_on = service.next_renewal_on, service.terminated_on
    while start_on <= until_on and (ends_on is None or start_on < ends_on):
        after = next_start(start_on, service.renewal_months, service.anniversary_day)
        charges.append(_renewal(service, start_on, after - _DAY))
        start_on = after
    return charges, start_on


def _renewal(service: Renewing, start_on: date, end_on: date) -> Charge:
    return Charge(
        service.service_id,
        "renewal",
        start_on,
        end_on,
        service.description,
        service.domain,
        service.quantity_e4,
        service.unit_price_ucents,
        service.currency,
        RENEWAL_CATEGORY,
        service.billing_group_id,
    )


def category_of(charges: list[Charge]) -> str:
    """Return the category of a bill of these charges: a renewal decides, an early one, else the first."""
    categories = [charge.category for charge in charges]
    if RENEWAL_CATEGORY in categories:
        return RENEWAL_CATEGORY
    return EARLY_CATEGORY if EARLY_CATEGORY in categories else categories[0]


def gathers_usage(charge: Charge) -> bool:
    """Whether the charge is metered usage, adjusts or lowers it; its bills may have a term of their own."""
    if charge.kind == "adjustment":
        return charge.part.startswith("usage:")
    return charge.kind == "usage" or (charge.kind == "discount" and ":usage" in charge.part)

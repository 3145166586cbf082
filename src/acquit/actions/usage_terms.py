"""What events are checked against: accounts and services, meters and prices, the days that are taken."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from acquit.actions.context import Context
from acquit.actions.loading import date_of, entity_in
from acquit.core.account import is_account_id
from acquit.core.identifiers import CatalogueId, LegalEntityId
from acquit.core.meter import Meter, Price, catalogue_tiers, holding
from acquit.core.money import Currency
from acquit.core.terms import end_of_month
from acquit.core.usage import Consumer, Event, Limits, Sent
from acquit.store import catalogues, meters, savings_plans, usage
from acquit.store.transaction import Transaction
from acquit.store.usage import Use
from acquit.store.usage_rows import day_part, microseconds, text_part, use_part

Where = tuple[LegalEntityId, date]
"""To which control total an event belongs."""
LAST_MOMENT: Final = timedelta(minutes=59, seconds=59, microseconds=999_999)

ACCOUNTS_MAX: Final = 20_000
"""How many accounts are remembered while a file is read."""


WAYS_MAX: Final = 200_000
"""How many accounts' services and meters are remembered."""
HOURS_MAX: Final = 50_000

MOMENTS: Final[Mapping[str, int]] = {
    f":{minute:02d}:{second:02d}": (minute * 60 + second) * 1_000_000
    for minute in range(60)
    for second in range(60)
}
"""The microseconds of an hour that went by at a minute and second, as instants are written."""


class Hour(NamedTuple):
    """An hour that lies on one day of the seller, of which usage is taken; `begins_us` is that of rows."""

    begins_us: int
    period: date
    day: bytes
    used_on: date


@dataclass(frozen=True, slots=True, eq=False)
class Month:
    """A month of a use that was checked: whatever comes of it is accepted. `part` is what its rows share."""

    use: Use
    where: Where
    part: bytes


@dataclass(frozen=True, slots=True)
class Way:
    """How events of an account's service and meter are accepted without a look at anything else."""

    hours: Mapping[str, Hour]
    months: dict[date, Month] = field(default_factory=dict)


@dataclass(slots=True)
class Seller:
    """A legal entity's meters and prices, its zone and its limits.

    `priced` are currencies, plans, meters and months that were found to have a price; `hours` are those of
    events so far, by their text without minutes and seconds.
    """

    zone: ZoneInfo
    limits: Limits
    meters: dict[str, list[Meter]] = field(default_factory=dict)
    prices: dict[tuple[str, str], list[Price]] = field(default_factory=dict)
    priced: set[tuple[Currency, str, str, date]] = field(default_factory=set)
    hours: dict[str, Hour] = field(default_factory=dict)
    has_savings: bool = False

    def meter(self, code: str, period: date) -> Meter | None:
        """Return the meter as it holds in the period."""
        return holding(self.meters.get(code, ()), period)

    def price(self, code: str, plan_code: str, period: date) -> Price | None:
        """Return the meter's price for services of the plan in the period, else that for any plan."""
        own = holding(self.prices.get((code, plan_code), ()), period)
        return own or holding(self.prices.get((code, ""), ()), period)

    @property
    def has_commitments(self) -> bool:
        """Whether prices ask for anything without any use."""
        return any(price.committed_e4 for found in self.prices.values() for price in found)


@dataclass(slots=True)
class Terms:
    """What is known so far; accounts are loaded when events name them, and forgotten in time.

    `ways` are by account, service and meter as senders write them, `months` by what they lead to, `sources`
    those of accepted events, as rows have them.
    """

    context: Context
    consumers: dict[str, Consumer | None] = field(default_factory=dict)
    sellers: dict[LegalEntityId, Seller] = field(default_factory=dict)
    ways: dict[tuple[str, str, str], Way] = field(default_factory=dict)
    months: dict[Use, Month] = field(default_factory=dict)
    sources: dict[str, bytes] = field(default_factory=dict)

    def load(self, tx: Transaction, account_ids: Iterable[str]) -> None:
        """Know the accounts of these names, with their services and sellers."""
        fresh = {each for each in account_ids if each not in self.consumers}
        if not fresh:
            return
        if len(self.consumers) > ACCOUNTS_MAX:
            self.consumers.clear()
            self.ways.clear()
            self.months.clear()
        named = {each for each in fresh if is_account_id(each)}
        found = usage.consumers(tx, named) if named else {}
        self.consumers.update({each: found.get(each) for each in fresh})
        for consumer in found.values():
            if consumer.legal_entity_id not in self.sellers:
                self.sellers[consumer.legal_entity_id] = seller(self.context, tx, consumer.legal_entity_id)

    def month(self, use: Use, where: Where) -> Month:
        """Return the month of a use, one and the same while it is remembered."""
        found = self.months.get(use)
        if found is None:
            account_id, service_id, meter, period = use
            part = use_part(account_id, period, service_id, meter)
            found = self.months[use] = Month(use, where, part)
        return found

    def remember(self, sent: Sent, event: Event, month: Month) -> None:
        """Let the like of an accepted event be accepted without checks: same use, source or hour.

        Only where the answer depends on nothing else: one service bears that name and was there the whole
        month, and the hour is on one day.
        """
        consumer = self.consumers[sent.account]
        assert consumer is not None, "the account of an accepted event is there"
        known = self.sellers[consumer.legal_entity_id]
        self.sources.setdefault(sent.source, text_part(sent.source))
        _remember_hour(known, sent.at, event.used_on)
        if not _is_sole(consumer, sent.service, month.use[3]):
            return
        if len(self.ways) > WAYS_MAX:
            self.ways.clear()
        key = (sent.account, sent.service, sent.meter)
        way = self.ways.get(key)
        if way is None:
            way = self.ways[key] = Way(known.hours)
        way.months[month.use[3]] = month


def _is_sole(consumer: Consumer, service: str, period: date) -> bool:
    """Whether that name means one service, which was there on every day of the month."""
    by_number = consumer.by_number.get(service)
    named = (by_number,) if by_number is not None else consumer.by_name.get(service, ())
    if len(named) != 1:
        return False
    (only,) = named
    return only.started_on <= period and (
        only.terminated_on is None or only.terminated_on > end_of_month(period)
    )


def _remember_hour(known: Seller, at: str, used_on: date) -> None:
    """Remember the hour of an instant that was accepted for a day, unless the day changes within it."""
    name = at[:13] + at[19:]
    if name in known.hours or at[13:19] not in MOMENTS:
        return
    try:
        begins = datetime.fromisoformat(f"{at[:13]}:00:00{at[19:]}")
    except ValueError:
        return
    last = begins + LAST_MOMENT
    if begins.microsecond or any(each.astimezone(known.zone).date() != used_on for each in (begins, last)):
        return
    if len(known.hours) > HOURS_MAX:
        known.hours.clear()
    known.hours[name] = Hour(microseconds(begins), month_of(used_on), day_part(used_on), used_on)


def seller(context: Context, tx: Transaction, legal_entity_id: LegalEntityId) -> Seller:
    """Return what the legal entity measures and takes today."""
    entity = entity_in(tx, legal_entity_id)
    limits = Limits(date_of(context, entity), entity.usage_past_days, entity.usage_future_days)
    has_savings = savings_plans.any_of(tx, legal_entity_id)
    found = Seller(ZoneInfo(entity.zone), limits, has_savings=has_savings)
    for meter in meters.of_seller(tx, legal_entity_id):
        found.meters.setdefault(meter.code, []).append(meter)
    for price in meters.prices(tx, legal_entity_id):
        found.prices.setdefault((price.meter, price.plan_code), []).append(price)
    return found


@dataclass(frozen=True, slots=True)
class Plans:
    """The consumption prices of catalogues' plans, read once each.

    `found` are meters with their prices by meter, month, catalogue, plan and mode; None without a price.
    """

    tx: Transaction
    found: dict[tuple[str, date, CatalogueId, str, str], tuple[Meter, Price] | None] = field(
        default_factory=dict
    )

    def priced(self, price: Price, catalogue_id: CatalogueId, plan_code: str, mode: str) -> Price | None:
        """Return the price with its tiers, those of the catalogue where it names a plan; None without."""
        if price.priced_by_plan is None:
            return price
        code = price.priced_by_plan or plan_code
        plan = catalogues.plans(self.tx, catalogue_id, [code]).get(code)
        found = None if plan is None else catalogue_tiers(plan, mode)
        return None if found is None else replace(price, strategy=found[0], tiers=found[1])


@lru_cache(maxsize=4_096)
def month_of(on: date) -> date:
    """Return the first day of the month."""
    return on.replace(day=1)

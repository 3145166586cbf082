"""What events are checked against: accounts and services, meters and prices, the days that are taken."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from acquit.actions.context import Context
from acquit.actions.loading import date_of, entity_in
from acquit.core.account import is_account_id
from acquit.core.identifiers import CatalogueId, LegalEntityId
from acquit.core.meter import Meter, Price, catalogue_tiers, holding
from acquit.core.money import Currency
from acquit.core.usage import Consumer, Limits
from acquit.store import catalogues, meters, usage
from acquit.store.transaction import Transaction

ACCOUNTS_MAX: Final = 20_000
"""How many accounts are remembered while a file is read."""


@dataclass(slots=True)
class Seller:
    """A legal entity's meters and prices, its zone and its limits.

    `priced` are currencies, plans, meters and months that were found to have a price.
    """

    zone: ZoneInfo
    limits: Limits
    meters: dict[str, list[Meter]] = field(default_factory=dict)
    prices: dict[tuple[str, str], list[Price]] = field(default_factory=dict)
    priced: set[tuple[Currency, str, str, date]] = field(default_factory=set)

    def meter(self, code: str, period: date) -> Meter | None:
        """Return the meter as it holds in the period."""
        return holding(self.meters.get(code, ()), period)

    def price(self, code: str, plan_code: str, period: date) -> Price | None:
        """Return the meter's price for services of the plan in the period, else that for any plan."""
        own = holding(self.prices.get((code, plan_code), ()), period)
        return own or holding(self.prices.get((code, ""), ()), period)

    @property
    def has_commitments(self) -> bool:
        """Whether anything has to be paid without any use."""
        return any(price.committed_e4 for found in self.prices.values() for price in found)


@dataclass(slots=True)
class Terms:
    """What is known so far; accounts are loaded when events name them, and forgotten in time."""

    context: Context
    consumers: dict[str, Consumer | None] = field(default_factory=dict)
    sellers: dict[LegalEntityId, Seller] = field(default_factory=dict)

    def load(self, tx: Transaction, account_ids: Iterable[str]) -> None:
        """Know the accounts of these names, with their services and sellers."""
        fresh = {each for each in account_ids if each not in self.consumers}
        if not fresh:
            return
        if len(self.consumers) > ACCOUNTS_MAX:
            self.consumers.clear()
        named = {each for each in fresh if is_account_id(each)}
        found = usage.consumers(tx, named) if named else {}
        self.consumers.update({each: found.get(each) for each in fresh})
        for consumer in found.values():
            if consumer.legal_entity_id not in self.sellers:
                self.sellers[consumer.legal_entity_id] = seller(self.context, tx, consumer.legal_entity_id)


def seller(context: Context, tx: Transaction, legal_entity_id: LegalEntityId) -> Seller:
    """Return what the legal entity measures and takes today."""
    entity = entity_in(tx, legal_entity_id)
    limits = Limits(date_of(context, entity), entity.usage_past_days, entity.usage_future_days)
    found = Seller(ZoneInfo(entity.zone), limits)
    for meter in meters.of_seller(tx, legal_entity_id):
        found.meters.setdefault(meter.code, []).append(meter)
    for price in meters.prices(tx, legal_entity_id):
        found.prices.setdefault((price.meter, price.plan_code), []).append(price)
    return found


@dataclass(frozen=True, slots=True)
class Plans:
    """The consumption prices of catalogues' plans, read once each."""

    tx: Transaction
    known: dict[tuple[CatalogueId, str, str], Price | None] = field(default_factory=dict)

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

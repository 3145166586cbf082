"""Meters of a seller and their prices, dated and final."""

from collections.abc import Sequence
from typing import Any, Final, LiteralString

from psycopg.types.json import Jsonb

from acquit.core.catalogue import Strategy
from acquit.core.identifiers import LegalEntityId
from acquit.core.meter import Aggregation, Meter, Per, Price, Tier
from acquit.core.money import Currency
from acquit.store.transaction import Transaction

METERS: Final[LiteralString] = """
    SELECT meter, from_on, unit, aggregation, per, description_fr, description_en
      FROM meter
     WHERE legal_entity_id = %(legal_entity_id)s
     ORDER BY meter, from_on
"""

PRICES: Final[LiteralString] = """
    SELECT meter, plan_code, from_on, currency, priced_by_plan, strategy, tiers, included_e4, committed_e4,
           committed_price_ucents
      FROM meter_price
     WHERE legal_entity_id = %(legal_entity_id)s
     ORDER BY meter, plan_code, from_on
"""

ADD_METER: Final[LiteralString] = """
    INSERT INTO meter (legal_entity_id, meter, from_on, unit, aggregation, per, description_fr,
           description_en, imported_by)
    VALUES (%(legal_entity_id)s, %(meter)s, %(from_on)s, %(unit)s, %(aggregation)s, %(per)s,
           %(description_fr)s, %(description_en)s, %(by)s)
"""

ADD_PRICE: Final[LiteralString] = """
    INSERT INTO meter_price (legal_entity_id, meter, plan_code, from_on, currency, priced_by_plan, strategy,
           tiers, included_e4, committed_e4, committed_price_ucents, imported_by)
    VALUES (%(legal_entity_id)s, %(meter)s, %(plan_code)s, %(from_on)s, %(currency)s, %(priced_by_plan)s,
           %(strategy)s, %(tiers)s, %(included_e4)s, %(committed_e4)s, %(committed_price_ucents)s, %(by)s)
"""


def of_seller(tx: Transaction, legal_entity_id: LegalEntityId) -> list[Meter]:
    """Return the seller's meters, by code, oldest first."""
    return [
        Meter(row.meter, row.from_on, row.unit, Aggregation(row.aggregation), Per(row.per),
              row.description_fr, row.description_en)
        for row in tx.all(METERS, legal_entity_id=legal_entity_id)
    ]  # fmt: skip


def prices(tx: Transaction, legal_entity_id: LegalEntityId) -> list[Price]:
    """Return the prices of the seller's meters, by meter and plan, oldest first."""
    return [_price(row) for row in tx.all(PRICES, legal_entity_id=legal_entity_id)]


def add(
    tx: Transaction, legal_entity_id: LegalEntityId, meters: Sequence[Meter], added: Sequence[Price], by: str
) -> None:
    """Write new meters and prices."""
    for meter in meters:
        tx.run(
            ADD_METER,
            legal_entity_id=legal_entity_id,
            meter=meter.code,
            from_on=meter.from_on,
            unit=meter.unit,
            aggregation=meter.aggregation.value,
            per=meter.per.value,
            description_fr=meter.description_fr,
            description_en=meter.description_en,
            by=by,
        )
    for price in added:
        tx.run(
            ADD_PRICE,
            legal_entity_id=legal_entity_id,
            meter=price.meter,
            plan_code=price.plan_code,
            from_on=price.from_on,
            currency=price.currency,
            priced_by_plan=price.priced_by_plan,
            strategy=price.strategy.value,
            tiers=Jsonb([[tier.up_to_e4, tier.price_ucents] for tier in price.tiers]),
            included_e4=price.included_e4,
            committed_e4=price.committed_e4,
            committed_price_ucents=price.committed_price_ucents,
            by=by,
        )


def _price(row: Any) -> Price:
    return Price(
        row.meter,
        row.plan_code,
        row.from_on,
        Currency(row.currency),
        tuple(Tier(up_to_e4, price_ucents) for up_to_e4, price_ucents in row.tiers),
        Strategy(row.strategy),
        row.included_e4,
        row.committed_e4,
        row.committed_price_ucents,
        row.priced_by_plan,
    )

"""Price catalogues: versions as they were published, and the plans and prices in them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final, LiteralString

from psycopg.types.json import Jsonb

from acquit.core.catalogue import (
    Capacity,
    Catalogue,
    Engagement,
    Family,
    Kind,
    Plan,
    Pricing,
    Promotion,
    Reduction,
    Strategy,
    Unit,
)
from acquit.core.identifiers import CatalogueId, LegalEntityId
from acquit.core.money import Currency
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Version:
    """One imported file of a seller: its prices hold from `from_on` until a newer one of the same name and
    currency."""

    catalogue_id: CatalogueId
    legal_entity_id: LegalEntityId
    name: str
    published_id: int | None
    currency: Currency
    tax_rate_bp: int | None
    from_on: date
    sha256: str
    imported_by: str
    imported_at: datetime


EVERY: Final[LiteralString] = """
    SELECT catalogue_id, legal_entity_id, name, published_id, currency, tax_rate_bp, from_on, sha256,
           imported_by, imported_at
      FROM catalogue
     ORDER BY legal_entity_id, name, from_on, catalogue_id
"""

FIND: Final[LiteralString] = """
    SELECT catalogue_id, legal_entity_id, name, published_id, currency, tax_rate_bp, from_on, sha256,
           imported_by, imported_at
      FROM catalogue
     WHERE catalogue_id = %(catalogue_id)s
"""

SAME: Final[LiteralString] = """
    SELECT catalogue_id, legal_entity_id, name, published_id, currency, tax_rate_bp, from_on, sha256,
           imported_by, imported_at
      FROM catalogue
     WHERE legal_entity_id = %(legal_entity_id)s AND name = %(name)s AND sha256 = %(sha256)s
"""

SELLING: Final[LiteralString] = """
    SELECT c.catalogue_id
      FROM catalogue c
      JOIN plan p ON p.catalogue_id = c.catalogue_id
     WHERE c.legal_entity_id = coalesce((
           SELECT sandbox_of FROM legal_entity WHERE legal_entity_id = %(legal_entity_id)s),
           %(legal_entity_id)s) AND p.plan_code = %(plan_code)s AND c.from_on <= %(on)s
       AND c.currency = %(currency)s
       AND NOT EXISTS (
           SELECT 1
             FROM catalogue newer
            WHERE newer.legal_entity_id = c.legal_entity_id AND newer.name = c.name
              AND newer.currency = c.currency AND newer.from_on <= %(on)s
              AND (newer.from_on, newer.catalogue_id) > (c.from_on, c.catalogue_id))
     ORDER BY c.from_on DESC, c.catalogue_id DESC
     LIMIT 1
"""

EVER: Final[LiteralString] = """
    SELECT c.currency, min(c.from_on) AS first_on, max(c.from_on) AS last_on
      FROM catalogue c
      JOIN plan p ON p.catalogue_id = c.catalogue_id
     WHERE c.legal_entity_id = %(legal_entity_id)s AND p.plan_code = %(plan_code)s
     GROUP BY c.currency
     ORDER BY c.currency
"""

INSERT: Final[LiteralString] = """
    INSERT INTO catalogue (legal_entity_id, name, published_id, currency, tax_rate_bp, from_on, sha256,
           content, imported_by)
    VALUES (%(legal_entity_id)s, %(name)s, %(published_id)s, %(currency)s, %(tax_rate_bp)s, %(from_on)s,
           %(sha256)s, %(content)s, %(imported_by)s)
    RETURNING catalogue_id, legal_entity_id, name, published_id, currency, tax_rate_bp, from_on, sha256,
           imported_by, imported_at
"""

PLANS: Final[LiteralString] = """
    SELECT plan_code, kind, invoice_name, product, product_type, blobs
      FROM plan
     WHERE catalogue_id = %(catalogue_id)s
       AND (%(plan_codes)s::text[] IS NULL OR plan_code = ANY(%(plan_codes)s::text[]))
     ORDER BY kind DESC, plan_code
"""

OPTIONS: Final[LiteralString] = """
    SELECT plan_code, family, option_code, mandatory, exclusive, is_default
      FROM plan_option
     WHERE catalogue_id = %(catalogue_id)s
       AND (%(plan_codes)s::text[] IS NULL OR plan_code = ANY(%(plan_codes)s::text[]))
     ORDER BY plan_code, family, option_code
"""

PRICINGS: Final[LiteralString] = """
    SELECT plan_code, pricing_no, capacities, mode, phase, description, interval_count, interval_unit,
           commitment_months, quantity_min, quantity_max, strategy, must_be_completed, price_ucents,
           tax_ucents, type, engagement, promotions
      FROM pricing
     WHERE catalogue_id = %(catalogue_id)s
       AND (%(plan_codes)s::text[] IS NULL OR plan_code = ANY(%(plan_codes)s::text[]))
     ORDER BY plan_code, pricing_no
"""


def every(tx: Transaction) -> list[Version]:
    """Return every imported version, oldest first within a seller and name."""
    return [_version(row) for row in tx.all(EVERY)]


def find(tx: Transaction, catalogue_id: CatalogueId) -> Version | None:
    """Return the version or None."""
    row = tx.one_or_none(FIND, catalogue_id=catalogue_id)
    return None if row is None else _version(row)


def same(tx: Transaction, legal_entity_id: LegalEntityId, name: str, sha256: str) -> Version | None:
    """Return the version that was imported from the very same bytes under that name, or None."""
    row = tx.one_or_none(SAME, legal_entity_id=legal_entity_id, name=name, sha256=sha256)
    return None if row is None else _version(row)


def selling(
    tx: Transaction, legal_entity_id: LegalEntityId, currency: Currency, plan_code: str, on: date
) -> CatalogueId | None:
    """Return the version in force on that day that has the plan in that currency (the newest), or None."""
    row = tx.one_or_none(
        SELLING, legal_entity_id=legal_entity_id, currency=currency, plan_code=plan_code, on=on
    )
    return None if row is None else CatalogueId(row.catalogue_id)


def ever_sold(
    tx: Transaction, legal_entity_id: LegalEntityId, plan_code: str
) -> dict[Currency, tuple[date, date]]:
    """Return the first days of the first and the last version that have the plan, per currency."""
    rows = tx.all(EVER, legal_entity_id=legal_entity_id, plan_code=plan_code)
    return {Currency(row.currency): (row.first_on, row.last_on) for row in rows}


def insert(
    tx: Transaction,
    legal_entity_id: LegalEntityId,
    name: str,
    catalogue: Catalogue,
    *,
    from_on: date,
    sha256: str,
    content: bytes,
    by: str,
) -> Version:
    """Write a version with all its plans and prices; `content` is its file, gzipped."""
    row = tx.one(
        INSERT,
        legal_entity_id=legal_entity_id,
        name=name,
        published_id=catalogue.published_id,
        currency=catalogue.currency,
        tax_rate_bp=catalogue.tax_rate_bp,
        from_on=from_on,
        sha256=sha256,
        content=content,
        imported_by=by,
    )
    version = _version(row)
    _insert_plans(tx, version.catalogue_id, catalogue.plans)
    return version


def plans(
    tx: Transaction, catalogue_id: CatalogueId, plan_codes: Sequence[str] | None = None
) -> Mapping[str, Plan]:
    """Return plans of a version by code, with options and prices: those named, or all."""
    values = {
        "catalogue_id": catalogue_id,
        "plan_codes": None if plan_codes is None else list(plan_codes),
    }
    families = _by_plan(tx.all(OPTIONS, **values))
    pricings = _by_plan(tx.all(PRICINGS, **values))
    return {
        row.plan_code: Plan(
            plan_code=row.plan_code,
            kind=Kind(row.kind),
            invoice_name=row.invoice_name,
            product=row.product,
            product_type=row.product_type,
            range=row.blobs.get("range", ""),
            families=tuple(_families(families.get(row.plan_code, ()))),
            pricings=tuple(map(_pricing, pricings.get(row.plan_code, ()))),
        )
        for row in tx.all(PLANS, **values)
    }


def _insert_plans(tx: Transaction, catalogue_id: CatalogueId, written: Iterable[Plan]) -> None:
    every_plan = tuple(written)
    tx.copy(
        "plan",
        ("catalogue_id", "plan_code", "kind", "invoice_name", "product", "product_type", "blobs"),
        (
            (catalogue_id, each.plan_code, each.kind.value, each.invoice_name, each.product,
             each.product_type, Jsonb({"range": each.range} if each.range else {}))
            for each in every_plan
        ),
    )  # fmt: skip
    tx.copy(
        "plan_option",
        ("catalogue_id", "plan_code", "family", "option_code", "mandatory", "exclusive", "is_default"),
        ((catalogue_id, *row) for each in every_plan for row in _option_rows(each)),
    )
    tx.copy(
        "pricing",
        ("catalogue_id", "plan_code", "pricing_no", "capacities", "mode", "phase", "description",
         "interval_count", "interval_unit", "commitment_months", "quantity_min", "quantity_max", "strategy",
         "must_be_completed", "price_ucents", "tax_ucents", "type", "engagement", "promotions"),
        (
            (catalogue_id, each.plan_code, number, *_pricing_row(pricing))
            for each in every_plan
            for number, pricing in enumerate(each.pricings, 1)
        ),
    )  # fmt: skip


def _option_rows(plan: Plan) -> Iterator[Sequence[object]]:
    for family in plan.families:
        for code in dict.fromkeys(family.options):
            yield (
                plan.plan_code,
                family.name,
                code,
                family.mandatory,
                family.exclusive,
                code == family.default,
            )


def _pricing_row(pricing: Pricing) -> Sequence[object]:
    return (
        sorted(pricing.capacities), pricing.mode, pricing.phase, pricing.description, pricing.interval_count,
        pricing.interval_unit.value, pricing.commitment_months, pricing.quantity_min, pricing.quantity_max,
        pricing.strategy.value, pricing.must_be_completed, pricing.price_ucents, pricing.tax_ucents,
        pricing.type, None if pricing.engagement is None else Jsonb(asdict(pricing.engagement)),
        Jsonb([_promotion_members(each) for each in pricing.promotions]) if pricing.promotions else None,
    )  # fmt: skip


def _promotion_members(promotion: Promotion) -> dict[str, Any]:
    dates = {"from_on": str(promotion.from_on), "last_on": promotion.last_on and str(promotion.last_on)}
    return asdict(promotion) | dates


def _promotion(members: Mapping[str, Any]) -> Promotion:
    last_on = members["last_on"] and date.fromisoformat(members["last_on"])
    reduction, from_on = Reduction(members["reduction"]), date.fromisoformat(members["from_on"])
    return Promotion(**{**members, "reduction": reduction, "from_on": from_on, "last_on": last_on})


def _by_plan(rows: Iterable[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(row.plan_code, []).append(row)
    return found


def _families(rows: Iterable[Any]) -> Iterator[Family]:
    names: dict[str, list[Any]] = {}
    for row in rows:
        names.setdefault(row.family, []).append(row)
    for name, options in names.items():
        yield Family(
            name,
            tuple(row.option_code for row in options),
            next((row.option_code for row in options if row.is_default), None),
            options[0].exclusive,
            options[0].mandatory,
        )


def _pricing(row: Any) -> Pricing:
    return Pricing(
        capacities=frozenset(map(Capacity, row.capacities)),
        mode=row.mode,
        price_ucents=row.price_ucents,
        interval_count=row.interval_count,
        interval_unit=Unit(row.interval_unit),
        commitment_months=row.commitment_months,
        quantity_min=row.quantity_min,
        quantity_max=row.quantity_max,
        strategy=Strategy(row.strategy),
        phase=row.phase,
        tax_ucents=row.tax_ucents,
        must_be_completed=row.must_be_completed,
        description=row.description,
        type=row.type,
        engagement=None if row.engagement is None else Engagement(**row.engagement),
        promotions=tuple(map(_promotion, row.promotions or ())),
    )


def _version(row: Any) -> Version:
    return Version(
        CatalogueId(row.catalogue_id),
        LegalEntityId(row.legal_entity_id),
        row.name,
        row.published_id,
        Currency(row.currency),
        row.tax_rate_bp,
        row.from_on,
        row.sha256,
        row.imported_by,
        row.imported_at,
    )


IN_FORCE: Final[LiteralString] = """
    SELECT c.catalogue_id
      FROM catalogue c
     WHERE c.legal_entity_id = coalesce((
           SELECT sandbox_of FROM legal_entity WHERE legal_entity_id = %(legal_entity_id)s),
           %(legal_entity_id)s) AND c.from_on <= %(on)s AND c.currency = %(currency)s
       AND NOT EXISTS (
           SELECT 1
             FROM catalogue newer
            WHERE newer.legal_entity_id = c.legal_entity_id AND newer.name = c.name
              AND newer.currency = c.currency AND newer.from_on <= %(on)s
              AND (newer.from_on, newer.catalogue_id) > (c.from_on, c.catalogue_id))
     ORDER BY c.from_on DESC, c.catalogue_id DESC
"""

CONTENT: Final[LiteralString] = """
    SELECT content FROM catalogue WHERE catalogue_id = %(catalogue_id)s
"""


def in_force(
    tx: Transaction, legal_entity_id: LegalEntityId, currency: Currency, on: date
) -> list[CatalogueId]:
    """Return the versions that the seller sells from on a day, one per name, newest first."""
    rows = tx.all(IN_FORCE, legal_entity_id=legal_entity_id, currency=currency, on=on)
    return [CatalogueId(row.catalogue_id) for row in rows]


def content(tx: Transaction, catalogue_id: CatalogueId) -> bytes:
    """Return the file of a version, gzipped."""
    return bytes(tx.one(CONTENT, catalogue_id=catalogue_id).content)

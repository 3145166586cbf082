"""Agreements of services: facts, what each service is and costs from a day on, and its suspensions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, LiteralString

from acquit.core.agreement import Agreement, first_of
from acquit.core.identifiers import AccountId, CatalogueId, ServiceId
from acquit.core.money import Currency
from acquit.core.service import Service
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Suspension:
    """A service was suspended or restored."""

    happening: str
    happened_on: date
    reason: str
    recorded_by: str


OF_SERVICES: Final[LiteralString] = """
    SELECT account_id, service_id, agreement_no, from_on, catalogue_id, plan_code, pricing_mode, description,
           quantity_e4, unit_price_ucents, currency, renewal_months, anniversary_day, anchor_on, reason,
           change_no
      FROM service_agreement
     WHERE (account_id, service_id) IN (
           SELECT wanted.*
             FROM unnest(%(account_ids)s::text[], %(service_ids)s::bigint[]) AS wanted)
     ORDER BY account_id, service_id, agreement_no
"""

SUSPENSIONS: Final[LiteralString] = """
    SELECT happening, happened_on, reason, recorded_by
      FROM service_suspension
     WHERE account_id = %(account_id)s AND service_id = %(service_id)s
     ORDER BY suspension_no
"""

SUSPEND: Final[LiteralString] = """
    INSERT INTO service_suspension (account_id, service_id, suspension_no, happening, happened_on, reason,
           recorded_by)
    SELECT %(account_id)s, %(service_id)s, count(*) + 1, %(happening)s, %(happened_on)s, %(reason)s,
           %(recorded_by)s
      FROM service_suspension
     WHERE account_id = %(account_id)s AND service_id = %(service_id)s
"""

COLUMNS: Final = {
    "account_id": "text", "service_id": "int8", "agreement_no": "int4", "from_on": "date",
    "catalogue_id": "int8", "plan_code": "text", "pricing_mode": "text", "description": "text",
    "quantity_e4": "int8", "unit_price_ucents": "int8", "currency": "text", "renewal_months": "int4",
    "anniversary_day": "int4", "anchor_on": "date", "reason": "text", "change_no": "int8",
    "agreed_by": "text",
}  # fmt: skip


def written(
    tx: Transaction, services: Iterable[Service]
) -> Mapping[tuple[AccountId, ServiceId], tuple[Agreement, ...]]:
    """Return the written agreements of each service, in order; those that never changed may have none."""
    keys = [(each.account_id, each.service_id) for each in services]
    rows = tx.all(
        OF_SERVICES,
        account_ids=[account_id for account_id, _ in keys],
        service_ids=[service_id for _, service_id in keys],
    )
    found: dict[tuple[AccountId, ServiceId], tuple[Agreement, ...]] = dict.fromkeys(keys, ())
    for row in rows:
        key = (row.account_id, row.service_id)
        found[key] = (*found[key], _agreement(row))
    return found


def history(tx: Transaction, service: Service) -> tuple[Agreement, ...]:
    """Return the agreements of a service, in order; one that never changed has that of its sale."""
    return written(tx, [service])[service.account_id, service.service_id] or (first_of(service),)


def add(tx: Transaction, agreed: Iterable[tuple[AccountId, ServiceId, Agreement]], by: str) -> int:
    """Write agreements by COPY and return how many."""
    return tx.copy(
        "service_agreement",
        tuple(COLUMNS),
        (
            (account_id, service_id, each.agreement_no, each.from_on, each.catalogue_id, each.plan_code,
             each.pricing_mode, each.description, each.quantity_e4, each.unit_price_ucents, each.currency,
             each.renewal_months, each.anniversary_day, each.anchor_on, each.reason, each.change_no, by)
            for account_id, service_id, each in agreed
        ),
        tuple(COLUMNS.values()),
    )  # fmt: skip


def extend(tx: Transaction, before: Service, added: Sequence[Agreement], by: str) -> None:
    """Write what is agreed now of a service; before its first change, what was agreed at the sale too."""
    known = written(tx, [before])[before.account_id, before.service_id]
    whole = (*(() if known else (first_of(before),)), *added)
    add(tx, ((before.account_id, before.service_id, each) for each in whole), by)


def suspensions(tx: Transaction, account_id: AccountId, service_id: ServiceId) -> list[Suspension]:
    """Return when the service was suspended and restored, oldest first."""
    rows = tx.all(SUSPENSIONS, account_id=account_id, service_id=service_id)
    return [Suspension(*row) for row in rows]


def record_suspension(tx: Transaction, service: Service, told: Suspension) -> None:
    """Write that the service was suspended or restored."""
    tx.run(
        SUSPEND,
        account_id=service.account_id,
        service_id=service.service_id,
        happening=told.happening,
        happened_on=told.happened_on,
        reason=told.reason,
        recorded_by=told.recorded_by,
    )


def _agreement(row: Any) -> Agreement:
    return Agreement(
        row.agreement_no,
        row.from_on,
        CatalogueId(row.catalogue_id),
        row.plan_code,
        row.pricing_mode,
        row.description,
        row.quantity_e4,
        row.unit_price_ucents,
        Currency(row.currency),
        row.renewal_months,
        row.anniversary_day,
        row.anchor_on,
        row.reason,
        row.change_no,
    )

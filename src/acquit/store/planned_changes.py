"""Planned changes of services: written when they are announced, taken by a renewal or withdrawn before."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, LiteralString

from acquit.core.catalogue import EndAction
from acquit.core.identifiers import AccountId, CatalogueId, LegalEntityId, ServiceId
from acquit.core.planned_change import Binding, ChangeKind, Fallback, PlannedChange
from acquit.store.transaction import Transaction

_SELECTED: Final[LiteralString] = """
    SELECT p.account_id, p.service_id, p.change_no, p.kind, p.not_before_on, p.reason, p.catalogue_id,
           p.plan_code, p.pricing_mode, p.description, p.quantity_e4, p.unit_price_ucents, p.renewal_months,
           p.anniversary_day, p.binding_months, p.end_action, p.fallback_mode, p.fallback_months,
           p.fallback_price_ucents, p.planned_by, p.planned_at
      FROM planned_change p
"""

WAITING: Final[LiteralString] = (
    _SELECTED
    + """
     WHERE p.account_id = %(account_id)s AND p.service_id = ANY(%(service_ids)s)
       AND p.applied_on IS NULL AND p.withdrawn_at IS NULL
     ORDER BY p.service_id, p.not_before_on, p.change_no
"""
)

WITHDRAWN_LAST: Final[LiteralString] = (
    _SELECTED
    + """
      LEFT JOIN planned_change later
        ON later.account_id = p.account_id AND later.service_id = p.service_id
       AND later.withdrawn_reason = p.withdrawn_reason AND later.withdrawn_at > p.withdrawn_at
     WHERE p.account_id = %(account_id)s AND p.service_id = %(service_id)s
       AND p.withdrawn_reason = %(reason)s AND later.change_no IS NULL
     ORDER BY p.not_before_on, p.change_no
"""
)

WITHDRAWN_AT: Final[LiteralString] = (
    _SELECTED
    + """
     WHERE p.account_id = %(account_id)s AND p.service_id = %(service_id)s
       AND p.withdrawn_at = %(at)s AND p.planned_at < %(at)s AND p.kind <> 'plan'
     ORDER BY p.not_before_on, p.change_no
"""
)

DUE: Final[LiteralString] = """
    WITH due AS (
         SELECT account_id, service_id
           FROM planned_change
          WHERE account_id = ANY(string_to_array(%(account_ids)s, ' ')) AND not_before_on <= %(until_on)s
            AND applied_on IS NULL AND withdrawn_at IS NULL
          GROUP BY account_id, service_id
         )
    SELECT p.account_id, p.service_id, p.change_no, p.kind, p.not_before_on, p.reason, p.catalogue_id,
           p.plan_code, p.pricing_mode, p.description, p.quantity_e4, p.unit_price_ucents, p.renewal_months,
           p.anniversary_day, p.binding_months, p.end_action, p.fallback_mode, p.fallback_months,
           p.fallback_price_ucents
      FROM due
      JOIN planned_change p ON p.account_id = due.account_id AND p.service_id = due.service_id
     WHERE p.applied_on IS NULL AND p.withdrawn_at IS NULL
     ORDER BY p.account_id, p.service_id, p.not_before_on, p.change_no
"""

PRICES_OF_ACCOUNT: Final[LiteralString] = (
    _SELECTED
    + """
      JOIN service s ON s.account_id = p.account_id AND s.service_id = p.service_id
     WHERE p.account_id = %(account_id)s AND p.kind = 'price' AND s.state <> 'terminated'
       AND p.applied_on IS NULL AND p.withdrawn_at IS NULL
     ORDER BY p.not_before_on, p.change_no
"""
)

WITH_PRICES: Final[LiteralString] = """
    SELECT DISTINCT p.account_id
      FROM planned_change p
      JOIN service s ON s.account_id = p.account_id AND s.service_id = p.service_id
     WHERE p.kind = 'price' AND s.state <> 'terminated'
       AND p.applied_on IS NULL AND p.withdrawn_at IS NULL
     ORDER BY p.account_id
"""

OF_PLAN: Final[LiteralString] = """
    SELECT s.account_id, s.service_id
      FROM service s
      JOIN account a ON a.account_id = s.account_id
     WHERE a.legal_entity_id = %(legal_entity_id)s AND s.plan_code = %(plan_code)s
       AND s.state <> 'terminated' AND (s.terminated_on IS NULL OR s.terminated_on > s.next_renewal_on)
       AND (%(pricing_mode)s::text IS NULL OR s.pricing_mode = %(pricing_mode)s)
     ORDER BY s.account_id, s.service_id
"""

COUNT_OF_PLANS: Final[LiteralString] = """
    SELECT s.plan_code, count(*) AS services
      FROM service s
      JOIN account a ON a.account_id = s.account_id
     WHERE a.legal_entity_id = %(legal_entity_id)s AND s.plan_code = ANY(%(plan_codes)s)
       AND s.state <> 'terminated' AND (s.terminated_on IS NULL OR s.terminated_on > s.next_renewal_on)
     GROUP BY s.plan_code
"""

NEXT_NOS: Final[LiteralString] = """
    SELECT nextval('change_no') AS change_no FROM generate_series(1, %(count)s::bigint)
"""

APPLIED: Final[LiteralString] = """
    UPDATE planned_change p
       SET applied_on = t.applied_on
      FROM unnest(%(account_ids)s::text[], %(change_nos)s::bigint[], %(days)s::date[])
           AS t(account_id, change_no, applied_on)
     WHERE p.account_id = t.account_id AND p.change_no = t.change_no
"""

WITHDRAW_SEVERAL: Final[LiteralString] = """
    UPDATE planned_change p
       SET withdrawn_by = %(by)s, withdrawn_at = instant(), withdrawn_reason = %(reason)s
      FROM unnest(%(account_ids)s::text[], %(change_nos)s::bigint[]) AS w(account_id, change_no)
     WHERE p.account_id = w.account_id AND p.change_no = w.change_no
"""

WITHDRAW: Final[LiteralString] = """
    UPDATE planned_change
       SET withdrawn_by = %(by)s, withdrawn_at = instant(), withdrawn_reason = %(reason)s
     WHERE account_id = %(account_id)s AND change_no = ANY(%(change_nos)s)
       AND applied_on IS NULL AND withdrawn_at IS NULL
"""

COLUMNS: Final = {
    "account_id": "text", "service_id": "int8", "change_no": "int8", "kind": "text", "not_before_on": "date",
    "reason": "text", "catalogue_id": "int8", "plan_code": "text", "pricing_mode": "text",
    "description": "text", "quantity_e4": "int8", "unit_price_ucents": "int8", "renewal_months": "int4",
    "anniversary_day": "int4", "binding_months": "int4", "end_action": "text", "fallback_mode": "text",
    "fallback_months": "int4", "fallback_price_ucents": "int8", "planned_by": "text", "applied_on": "date",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Announced:
    """A change that waits, who planned it and when."""

    account_id: AccountId
    change: PlannedChange
    planned_by: str
    planned_at: datetime


def waiting(
    tx: Transaction, account_id: AccountId, service_ids: Iterable[ServiceId]
) -> Mapping[ServiceId, list[PlannedChange]]:
    """Return what waits for the renewals of the services."""
    found: dict[ServiceId, list[PlannedChange]] = defaultdict(list)
    for row in tx.all(WAITING, account_id=account_id, service_ids=list(service_ids)):
        found[row.service_id].append(_change(row))
    return found


def announced(tx: Transaction, account_id: AccountId, service_ids: Iterable[ServiceId]) -> list[Announced]:
    """Return what waits for the renewals of the services, by service and day."""
    rows = tx.all(WAITING, account_id=account_id, service_ids=list(service_ids))
    return [Announced(row.account_id, _change(row), row.planned_by, row.planned_at) for row in rows]


def prices_of_account(tx: Transaction, account_id: AccountId) -> list[PlannedChange]:
    """Return the price changes that wait for the account's services, the earliest first."""
    return [_change(row) for row in tx.all(PRICES_OF_ACCOUNT, account_id=account_id)]


def accounts_with_prices(tx: Transaction) -> list[AccountId]:
    """Return the accounts for whose services a price change waits, in their order."""
    return [row.account_id for row in tx.all(WITH_PRICES)]


def due(
    tx: Transaction, account_ids: Sequence[AccountId], until_on: date
) -> dict[AccountId, dict[ServiceId, list[PlannedChange]]]:
    """Return everything that waits for the services of which a renewal until that day takes something."""
    found: dict[AccountId, dict[ServiceId, list[PlannedChange]]] = {}
    for row in tx.all(DUE, account_ids=" ".join(account_ids), until_on=until_on):
        found.setdefault(row.account_id, {}).setdefault(row.service_id, []).append(_change(row))
    return found


def of_plan(
    tx: Transaction, legal_entity_id: LegalEntityId, plan_code: str, pricing_mode: str | None
) -> dict[AccountId, list[ServiceId]]:
    """Return the services of a plan that go on renewing, by account."""
    found: dict[AccountId, list[ServiceId]] = defaultdict(list)
    values = {"legal_entity_id": legal_entity_id, "plan_code": plan_code, "pricing_mode": pricing_mode}
    for row in tx.all(OF_PLAN, **values):
        found[row.account_id].append(row.service_id)
    return found


def count_of_plans(
    tx: Transaction, legal_entity_id: LegalEntityId, plan_codes: Sequence[str]
) -> dict[str, int]:
    """Return how many services of the seller's accounts that go on have each of these plans."""
    rows = tx.all(COUNT_OF_PLANS, legal_entity_id=legal_entity_id, plan_codes=list(plan_codes))
    return {row.plan_code: row.services for row in rows}


def next_nos(tx: Transaction, count: int) -> list[int]:
    """Take that many numbers of changes."""
    return [row.change_no for row in tx.all(NEXT_NOS, count=count)] if count else []


def add(tx: Transaction, planned: Iterable[tuple[AccountId, PlannedChange, date | None]], by: str) -> int:
    """Write changes that bear their numbers, with the day on which a renewal took them if one did."""
    return tx.copy(
        "planned_change",
        tuple(COLUMNS),
        (_row(account_id, change, applied_on, by) for account_id, change, applied_on in planned),
        tuple(COLUMNS.values()),
    )


def apply(tx: Transaction, taken: Sequence[tuple[AccountId, int, date]]) -> None:
    """Write that renewals took the changes."""
    tx.run(
        APPLIED,
        account_ids=[account_id for account_id, _, _ in taken],
        change_nos=[change_no for _, change_no, _ in taken],
        days=[on for _, _, on in taken],
    )


def withdraw_several(tx: Transaction, dropped: Sequence[tuple[AccountId, int]], by: str, reason: str) -> None:
    """Write that changes of several accounts are withdrawn."""
    if dropped:
        tx.run(
            WITHDRAW_SEVERAL,
            account_ids=[account_id for account_id, _ in dropped],
            change_nos=[change_no for _, change_no in dropped],
            by=by,
            reason=reason,
        )


def withdraw(tx: Transaction, account_id: AccountId, change_nos: Sequence[int], by: str, reason: str) -> int:
    """Write that the changes are withdrawn, and return how many still waited."""
    if not change_nos:
        return 0
    return tx.run(WITHDRAW, account_id=account_id, change_nos=list(change_nos), by=by, reason=reason)


def withdrawn_last(
    tx: Transaction, account_id: AccountId, service_id: ServiceId, reason: str
) -> list[PlannedChange]:
    """Return what was withdrawn from the service together, the last time that it was for that reason."""
    rows = tx.all(WITHDRAWN_LAST, account_id=account_id, service_id=service_id, reason=reason)
    return [_change(row) for row in rows]


def withdrawn_at(
    tx: Transaction, account_id: AccountId, service_id: ServiceId, at: datetime
) -> list[PlannedChange]:
    """Return the prices and ends of promotions that made way for what was planned in that moment."""
    rows = tx.all(WITHDRAWN_AT, account_id=account_id, service_id=service_id, at=at)
    return [_change(row) for row in rows]


def _row(account_id: AccountId, change: PlannedChange, applied_on: date | None, by: str) -> Sequence[object]:
    binding = change.binding
    fallback = None if binding is None else binding.fallback
    return (
        account_id, change.service_id, change.change_no, change.kind.value, change.not_before_on,
        change.reason, change.catalogue_id, change.plan_code, change.pricing_mode, change.description,
        change.quantity_e4, change.unit_price_ucents, change.renewal_months, change.anniversary_day,
        None if binding is None else binding.months, None if binding is None else binding.end_action.value,
        None if fallback is None else fallback.pricing_mode,
        None if fallback is None else fallback.renewal_months,
        None if fallback is None else fallback.unit_price_ucents, by, applied_on,
    )  # fmt: skip


def _change(row: Any) -> PlannedChange:
    return PlannedChange(
        ServiceId(row.service_id),
        row.change_no,
        ChangeKind(row.kind),
        row.not_before_on,
        row.reason,
        None if row.catalogue_id is None else CatalogueId(row.catalogue_id),
        row.plan_code,
        row.pricing_mode,
        row.description,
        row.quantity_e4,
        row.unit_price_ucents,
        row.renewal_months,
        row.anniversary_day,
        _binding(row),
    )


def _binding(row: Any) -> Binding | None:
    if row.binding_months is None:
        return None
    fallback = None
    if row.fallback_mode is not None:
        fallback = Fallback(row.fallback_mode, row.fallback_months, row.fallback_price_ucents)
    return Binding(row.binding_months, EndAction(row.end_action), fallback)

"""Services that changed hands as staff reads them: which ones, by whom, and what was settled for each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, LiteralString

from acquit.core.identifiers import AccountId, BillId, LegalEntityId, ServiceId
from acquit.core.money import Currency, amount_minor
from acquit.store.transaction import Transaction

LAST: Final = 2**62
"""Before which service a list begins: a service that was taken has a later number than those before it."""

_MOVES: Final[LiteralString] = """
    SELECT m.account_id, m.service_id, m.to_account_id, m.to_service_id, s.resource_name, m.moved_on,
           m.paid_until_on, m.moved_by, m.moved_at
      FROM service_move m
      JOIN service s ON s.account_id = m.account_id AND s.service_id = m.service_id
"""

OF_ENTITY: Final[LiteralString] = (
    _MOVES
    + """
      JOIN account a ON a.account_id = m.account_id
     WHERE a.legal_entity_id = %(legal_entity_id)s AND s.parent_service_id IS NULL
       AND m.to_service_id < %(before_id)s
     ORDER BY m.to_service_id DESC
     LIMIT %(rows_max)s
"""
)

OF_ACCOUNT: Final[LiteralString] = (
    _MOVES
    + """
     WHERE (m.account_id = %(account_id)s OR m.to_account_id = %(account_id)s)
       AND s.parent_service_id IS NULL AND m.to_service_id < %(before_id)s
     ORDER BY m.to_service_id DESC
     LIMIT %(rows_max)s
"""
)

FIND: Final[LiteralString] = (
    _MOVES
    + """
     WHERE m.account_id = %(account_id)s
       AND (m.service_id = %(service_id)s OR s.parent_service_id = %(service_id)s)
     ORDER BY s.parent_service_id NULLS FIRST, m.service_id
"""
)

SETTLED: Final[LiteralString] = """
    SELECT c.account_id, c.service_id, c.description, c.period_start, c.period_end, c.currency,
           c.quantity_e4, c.unit_price_ucents,
           coalesce(d.account_id, n.note_account_id) AS bill_account_id,
           coalesce(d.bill_id, n.note_bill_id) AS bill_id
      FROM service_move m
      JOIN charge c ON c.kind = 'adjustment' AND c.period_start = m.moved_on
                   AND ((c.account_id = m.account_id AND c.service_id = m.service_id AND c.part = 'end-back')
                     OR (c.account_id = m.to_account_id AND c.service_id = m.to_service_id
                         AND c.part = 'moved'))
      LEFT JOIN bill_detail d ON coalesce(d.owner_id, d.account_id) = c.account_id
                             AND d.service_id = c.service_id AND d.kind = c.kind AND d.part = c.part
                             AND d.period_start = c.period_start AND d.correction_no = 0
      LEFT JOIN LATERAL (
           SELECT note_account_id, note_bill_id
             FROM credited_charge
            WHERE account_id = c.account_id AND service_id = c.service_id AND kind = c.kind
              AND part = c.part AND period_start = c.period_start
            ORDER BY note_bill_id
            LIMIT 1) n ON true
     WHERE m.account_id = %(account_id)s AND m.service_id = ANY(%(service_ids)s)
     ORDER BY c.quantity_e4, c.service_id
"""


@dataclass(frozen=True, slots=True)
class Given:
    """A service of an account that went on as one of another from a day on; renewed until a later one."""

    account_id: AccountId
    service_id: ServiceId
    to_account_id: AccountId
    to_service_id: ServiceId
    name: str
    moved_on: date
    paid_until_on: date
    moved_by: str
    moved_at: datetime


@dataclass(frozen=True, slots=True)
class Settled:
    """What an account is given back (below zero) or charged for days renewed before, and on which document.

    `bill_id` is None while it waits for a bill.
    """

    account_id: AccountId
    service_id: ServiceId
    description: str
    first_on: date
    last_on: date
    currency: Currency
    net_minor: int
    bill_account_id: AccountId | None
    bill_id: BillId | None


def done(
    tx: Transaction,
    legal_entity_id: LegalEntityId,
    account_id: AccountId | None = None,
    before_id: int = LAST,
    rows_max: int | None = None,
) -> list[Given]:
    """Return services that changed hands between accounts of the seller, the latest first, without options.

    With an account those that it gave or took; before the service that one of them became.
    """
    if account_id is None:
        rows = tx.all(OF_ENTITY, legal_entity_id=legal_entity_id, before_id=before_id, rows_max=rows_max)
    else:
        rows = tx.all(OF_ACCOUNT, account_id=account_id, before_id=before_id, rows_max=rows_max)
    return [Given(*row) for row in rows]


def find(tx: Transaction, account_id: AccountId, service_id: ServiceId) -> list[Given]:
    """Return where a service of the account went, then where its options did; nothing when it did not go."""
    found = [Given(*row) for row in tx.all(FIND, account_id=account_id, service_id=service_id)]
    return found if found and found[0].service_id == service_id else []


def settled(tx: Transaction, moves: Sequence[Given]) -> list[Settled]:
    """Return what was given back and charged for services that went together, what comes back first."""
    if not moves:
        return []
    numbers = [each.service_id for each in moves]
    return [_settled(row) for row in tx.all(SETTLED, account_id=moves[0].account_id, service_ids=numbers)]


def _settled(row: Any) -> Settled:
    currency = Currency(row.currency)
    return Settled(
        AccountId(row.account_id),
        ServiceId(row.service_id),
        row.description,
        row.period_start,
        row.period_end,
        currency,
        amount_minor(row.quantity_e4, row.unit_price_ucents, currency),
        row.bill_account_id,
        row.bill_id,
    )

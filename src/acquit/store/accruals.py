"""Revenue that is earned and not billed: charges that no bill up to a day has, and what was accrued."""

from collections.abc import Sequence
from datetime import date
from typing import Final, LiteralString

from acquit.core.deferral import Unbilled
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.money import Currency
from acquit.store.transaction import Transaction

LAST_CHARGE: Final[LiteralString] = "SELECT coalesce(max(charge_no), 0) AS charge_no FROM charge"

DUE: Final[LiteralString] = """
    SELECT o.account_id
      FROM open_charge o
      JOIN account a ON a.account_id = o.account_id AND a.legal_entity_id = %(legal_entity_id)s
     WHERE o.period_start <= %(on)s
     UNION
    SELECT coalesce(d.owner_id, d.account_id)
      FROM bill b
      JOIN bill_detail d ON d.account_id = b.account_id AND d.bill_id = b.bill_id AND d.correction_no = 0
                        AND d.period_start <= %(on)s
      JOIN charge c ON c.account_id = coalesce(d.owner_id, d.account_id) AND c.service_id = d.service_id
                   AND c.kind = d.kind AND c.part = d.part AND c.period_start = d.period_start
     WHERE b.legal_entity_id = %(legal_entity_id)s AND b.issued_on > %(on)s AND b.kind <> 'credit-note'
     UNION
    SELECT k.account_id
      FROM credited_charge k
      JOIN bill n ON n.account_id = k.note_account_id AND n.bill_id = k.note_bill_id AND n.issued_on > %(on)s
     WHERE n.legal_entity_id = %(legal_entity_id)s AND k.period_start <= %(on)s
     UNION
    SELECT e.account_id
      FROM entry e
      JOIN account a ON a.account_id = e.account_id AND a.legal_entity_id = %(legal_entity_id)s
     WHERE e.kind = 'accrual' AND e.booked_on = %(on)s
     ORDER BY 1
"""

UNBILLED: Final[LiteralString] = """
    SELECT c.account_id, c.currency, c.quantity_e4, c.unit_price_ucents, c.period_start, c.period_end
      FROM charge c
      JOIN (SELECT account_id, service_id, kind, part, period_start
              FROM open_charge
             WHERE account_id = ANY(%(account_ids)s) AND period_start <= %(on)s
             UNION
            SELECT coalesce(d.owner_id, d.account_id), d.service_id, d.kind, d.part, d.period_start
              FROM bill_detail d
              JOIN bill b ON b.account_id = d.account_id AND b.bill_id = d.bill_id
                         AND b.kind <> 'credit-note' AND b.issued_on > %(on)s
             WHERE coalesce(d.owner_id, d.account_id) = ANY(%(account_ids)s) AND d.correction_no = 0
               AND d.period_start <= %(on)s
             UNION
            SELECT k.account_id, k.service_id, k.kind, k.part, k.period_start
              FROM credited_charge k
              JOIN bill n ON n.account_id = k.note_account_id AND n.bill_id = k.note_bill_id
                         AND n.issued_on > %(on)s
             WHERE k.account_id = ANY(%(account_ids)s) AND k.period_start <= %(on)s) u
        ON u.account_id = c.account_id AND u.service_id = c.service_id AND u.kind = c.kind
       AND u.part = c.part AND u.period_start = c.period_start
     WHERE c.account_id = ANY(%(account_ids)s) AND c.charge_no <= %(up_to_no)s
"""

BOOKED: Final[LiteralString] = """
    SELECT e.account_id, p.currency, sum(p.amount_minor)::bigint AS amount_minor
      FROM entry e
      JOIN posting p ON p.account_id = e.account_id AND p.entry_no = e.entry_no AND p.ledger = %(ledger)s
     WHERE e.account_id = ANY(%(account_ids)s) AND e.kind = 'accrual' AND e.booked_on = %(on)s
     GROUP BY e.account_id, p.currency
"""


def last_charge_no(tx: Transaction) -> int:
    """Return the number of the newest charge."""
    return int(tx.one(LAST_CHARGE).charge_no)


def due(tx: Transaction, legal_entity_id: LegalEntityId, on: date) -> list[AccountId]:
    """Return the accounts with charges that no bill up to the day has, or with something accrued on it."""
    rows = tx.all(DUE, legal_entity_id=legal_entity_id, on=on)
    return [AccountId(row.account_id) for row in rows]


def unbilled(tx: Transaction, on: date, up_to_no: int, account_ids: Sequence[AccountId]) -> list[Unbilled]:
    """Return the charges of these accounts, up to a number, that no bill up to the day has."""
    rows = tx.all(UNBILLED, on=on, up_to_no=up_to_no, account_ids=list(account_ids))
    return [Unbilled(*row) for row in rows]


def booked(
    tx: Transaction, ledger: str, on: date, account_ids: Sequence[AccountId]
) -> dict[tuple[AccountId, Currency], int]:
    """Return what these accounts have accrued on the day, per currency."""
    rows = tx.all(BOOKED, ledger=ledger, on=on, account_ids=list(account_ids))
    return {(AccountId(row.account_id), Currency(row.currency)): row.amount_minor for row in rows}

"""What is carried over: open charges that come to nothing or less, on no bill until something joins them."""

from dataclasses import dataclass
from datetime import date
from typing import Final, LiteralString

from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.money import Currency
from acquit.store.transaction import Transaction

CARRIED: Final[LiteralString] = """
    SELECT account_id, currency, count(*) AS charges, sum(net_minor)::bigint AS net_minor,
           min(period_start) AS since_on
      FROM (SELECT c.account_id, c.currency, c.period_start,
                   round(c.quantity_e4::numeric * c.unit_price_ucents *
                         CASE WHEN c.currency IN ('JPY', 'XOF') THEN 0.000000000001
                              WHEN c.currency = 'TND' THEN 0.000000001
                              ELSE 0.0000000001 END) AS net_minor
              FROM open_charge o
              JOIN charge c ON c.account_id = o.account_id AND c.service_id = o.service_id
                           AND c.kind = o.kind AND c.part = o.part AND c.period_start = o.period_start
              JOIN account a ON a.account_id = o.account_id
             WHERE a.legal_entity_id = %(legal_entity_id)s AND o.accepted_on <= %(until_on)s
               AND NOT EXISTS (
                   SELECT FROM held_bill h WHERE h.account_id = o.account_id AND h.released_at IS NULL)
               AND NOT EXISTS (
                   SELECT FROM parked_account p WHERE p.account_id = o.account_id AND p.resolved_at IS NULL)
           ) waiting
     GROUP BY account_id, currency
    HAVING sum(net_minor) <= 0 AND bool_or(net_minor <> 0)
     ORDER BY account_id, currency
"""


@dataclass(frozen=True, slots=True)
class CarriedThen:
    """Charges of an account that wait for others: how many, their net, and the first day of the earliest."""

    account_id: AccountId
    currency: Currency
    charges: int
    net_minor: int
    since_on: date


def carried(tx: Transaction, legal_entity_id: LegalEntityId, until_on: date) -> list[CarriedThen]:
    """Return what is carried over of charges accepted by that day; what is held or parked is not among it."""
    rows = tx.all(CARRIED, legal_entity_id=legal_entity_id, until_on=until_on)
    return [CarriedThen(*row) for row in rows]

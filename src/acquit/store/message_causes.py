"""What the calendar brings that accounts are told of: debts, orders and services."""

from datetime import date
from typing import Any, Final, LiteralString

from acquit.core.identifiers import LegalEntityId
from acquit.store.transaction import Transaction

OPEN_DEBTS: Final[LiteralString] = """
    WITH opened AS (
         SELECT d.payer_id, d.bill_id, d.due_on, d.currency, b.payment_reference,
                b.term_grant_id IS NOT NULL AS on_terms,
                d.amount_minor + coalesce(o.effect_minor, 0) - coalesce(x.disputed_minor, 0)
                  - coalesce(n.amount_minor, 0) AS open_minor,
                EXISTS (SELECT FROM dunning_step_debt t
                         WHERE t.debt_account_id = d.account_id AND t.debt_id = d.debt_id) AS is_chased
           FROM debt d
           JOIN account p ON p.account_id = d.payer_id AND p.legal_entity_id = %(legal_entity_id)s
           JOIN bill b ON b.account_id = d.account_id AND b.bill_id = d.bill_id
           LEFT JOIN LATERAL (SELECT sum(effect_minor) AS effect_minor FROM debt_operation
                               WHERE account_id = d.account_id AND debt_id = d.debt_id) o ON true
           LEFT JOIN pending_debt n ON n.account_id = d.account_id AND n.debt_id = d.debt_id
           LEFT JOIN LATERAL (SELECT sum(amount_minor) AS disputed_minor FROM dispute
                               WHERE account_id = d.account_id AND bill_id = d.bill_id AND state = 'open') x
             ON true
          WHERE d.due_on BETWEEN %(from_on)s AND %(to_on)s AND b.issued_on >= %(since_on)s
            AND b.collected_on IS NULL
            AND NOT EXISTS (SELECT FROM message m
                             WHERE m.account_id = d.payer_id
                               AND m.kind = CASE WHEN d.due_on >= %(on)s THEN 'due-soon' ELSE 'overdue' END
                               AND m.about = to_char(d.due_on, 'YYYY-MM-DD') || '/' || d.currency)),
    waiting AS (
         SELECT account_id, currency, sum(amount_minor) AS amount_minor
           FROM money_waiting
          WHERE account_id IN (SELECT payer_id FROM opened)
          GROUP BY account_id, currency)
    SELECT o.payer_id, o.bill_id, o.due_on, o.currency, o.open_minor, o.payment_reference, o.on_terms,
           o.is_chased
      FROM (SELECT *, sum(greatest(open_minor, 0)) OVER (PARTITION BY payer_id, currency) AS owed_minor
              FROM opened) o
      LEFT JOIN waiting w ON w.account_id = o.payer_id AND w.currency = o.currency
     WHERE o.open_minor > 0 AND o.owed_minor > coalesce(w.amount_minor, 0)
     ORDER BY o.payer_id, o.due_on, o.bill_id
"""

EXPIRING: Final[LiteralString] = """
    SELECT o.account_id, o.purchase_order_id, o.reference, o.end_on
      FROM purchase_order o
      JOIN account a ON a.account_id = o.account_id AND a.legal_entity_id = %(legal_entity_id)s
     WHERE o.status = 'CREATED' AND o.active AND o.end_on > %(on)s AND o.end_on <= %(to_on)s
       AND o.start_on <= %(on)s
       AND NOT EXISTS (SELECT FROM purchase_order s
                        WHERE s.account_id = o.account_id AND s.succeeds_id = o.purchase_order_id
                          AND s.status = 'CREATED' AND s.active)
     ORDER BY o.account_id, o.purchase_order_id
"""

ENDING: Final[LiteralString] = """
    SELECT s.account_id, s.service_id, s.resource_name, s.description,
           coalesce(s.terminated_on, s.next_renewal_on) AS ends_on
      FROM service s
      JOIN account a ON a.account_id = s.account_id AND a.legal_entity_id = %(legal_entity_id)s
     WHERE s.parent_service_id IS NULL
       AND (s.terminated_on IS NOT NULL OR s.delete_at_expiration OR NOT s.renew_automatic)
       AND coalesce(s.terminated_on, s.next_renewal_on) BETWEEN %(on)s AND %(to_on)s
     ORDER BY s.account_id, s.service_id
"""


def open_debts(
    tx: Transaction, legal_entity_id: LegalEntityId, on: date, from_on: date, to_on: date, since_on: date
) -> list[Any]:
    """Return what payers of the seller are to pay themselves, due between two days, and were not told of.

    Without what is disputed, on its way, debited by the bill's own words, or covered by money in hand.
    """
    return tx.all(
        OPEN_DEBTS, legal_entity_id=legal_entity_id, on=on, from_on=from_on, to_on=to_on, since_on=since_on
    )


def expiring_orders(tx: Transaction, legal_entity_id: LegalEntityId, on: date, to_on: date) -> list[Any]:
    """Return the orders in use of the seller's accounts that end by a day and that none takes over from."""
    return tx.all(EXPIRING, legal_entity_id=legal_entity_id, on=on, to_on=to_on)


def ending_services(tx: Transaction, legal_entity_id: LegalEntityId, on: date, to_on: date) -> list[Any]:
    """Return the services of the seller's accounts that end between two days."""
    return tx.all(ENDING, legal_entity_id=legal_entity_id, on=on, to_on=to_on)

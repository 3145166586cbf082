"""Checks of what is kept as open: debts, deposits and money in hand are what the facts leave."""

from typing import Final, LiteralString

from acquit.store.audit_check import Check

OPEN_DEBTS: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(bill_id ORDER BY bill_id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(d.bill_id, k.bill_id) AS bill_id,
                   (d.bill_id, d.payer_id, d.currency, d.due_on, d.left_minor) IS DISTINCT FROM
                   (k.bill_id, k.payer_id, k.currency, k.due_on, k.open_minor) AS differs
              FROM (SELECT d.account_id, d.debt_id, d.bill_id, d.payer_id, d.currency, d.due_on,
                           d.amount_minor + coalesce(o.effect_minor, 0) AS left_minor
                      FROM debt d
                      LEFT JOIN (SELECT account_id, debt_id, sum(effect_minor) AS effect_minor
                                   FROM debt_operation
                                  GROUP BY account_id, debt_id) o
                        ON o.account_id = d.account_id AND o.debt_id = d.debt_id
                     WHERE d.amount_minor + coalesce(o.effect_minor, 0) <> 0) d
              FULL JOIN open_debt k ON k.account_id = d.account_id AND k.debt_id = d.debt_id) compared
"""

OPEN_DEPOSITS: Final[LiteralString] = """
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(d.deposit_id, k.deposit_id) AS id,
                   (d.currency, d.left_minor) IS DISTINCT FROM (k.currency, k.left_minor) AS differs
              FROM (SELECT d.account_id, d.deposit_id, d.currency,
                           d.amount_minor + coalesce(o.effect_minor, 0) AS left_minor
                      FROM deposit d
                      LEFT JOIN (SELECT deposit_payer, deposit_id, sum(effect_minor) AS effect_minor
                                   FROM debt_operation
                                  WHERE kind <> 'returned'
                                  GROUP BY deposit_payer, deposit_id) o
                        ON o.deposit_payer = d.account_id AND o.deposit_id = d.deposit_id
                     WHERE d.amount_minor + coalesce(o.effect_minor, 0) <> 0) d
              FULL JOIN open_deposit k ON k.account_id = d.account_id AND k.deposit_id = d.deposit_id
           ) compared
"""

IN_HAND: Final[LiteralString] = """
    WITH chart AS (
         SELECT DISTINCT legal_entity_id, number
           FROM ledger_account
          WHERE role IN ('unapplied', 'credit_balance')
         ), named AS (
         SELECT p.account_id, p.currency, p.amount_minor,
                CASE e.kind WHEN 'bill' THEN e.reference
                            WHEN 'credit-note' THEN n.corrects_bill_id
                            ELSE regexp_replace(e.reference, '/[^/]*$', '') END AS bill_id
           FROM chart c
           JOIN account a ON a.legal_entity_id = c.legal_entity_id
           JOIN posting p ON p.account_id = a.account_id AND p.ledger = c.number
           JOIN entry e ON e.account_id = p.account_id AND e.entry_no = p.entry_no
           LEFT JOIN bill n ON e.kind = 'credit-note' AND n.account_id = e.account_id
                           AND n.bill_id = e.reference
         ), booked AS (
         SELECT n.account_id, coalesce(d.payer_id, n.account_id) AS payer_id, n.currency,
                sum(n.amount_minor) AS amount_minor
           FROM named n
           LEFT JOIN debt d ON d.account_id = n.account_id AND d.bill_id = n.bill_id
          GROUP BY 1, 2, 3
         )
    SELECT count(*) AS compared,
           coalesce((array_agg(id ORDER BY id) FILTER (WHERE differs))[1:1000], '{}') AS differences
      FROM (SELECT coalesce(b.payer_id, k.payer_id) || '/' || coalesce(b.account_id, k.account_id) || '/'
                     || coalesce(b.currency, k.currency) AS id,
                   coalesce(b.amount_minor, 0) <> coalesce(k.amount_minor, 0) AS differs
              FROM booked b
              FULL JOIN in_hand k ON k.account_id = b.account_id AND k.payer_id = b.payer_id
                                 AND k.currency = b.currency) compared
"""

CHECKS: Final = (
    Check("open-debts", OPEN_DEBTS),
    Check("open-deposits", OPEN_DEPOSITS),
    Check("in-hand", IN_HAND),
)

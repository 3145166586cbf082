"""Bills of a payer that were or are paid late, with what was claimed for it before."""

from datetime import date
from typing import Any, Final, LiteralString

from acquit.core.claim import LateBill
from acquit.core.identifiers import AccountId, BillId
from acquit.core.money import Currency
from acquit.store.transaction import Transaction

OF_PAYER: Final[LiteralString] = """
    SELECT d.account_id, d.bill_id, d.currency, d.due_on,
           (d.amount_minor - coalesce(o.credited_minor, 0) - coalesce(x.disputed_minor, 0))::bigint
             AS amount_minor,
           coalesce(o.days, '{}') AS days, coalesce(o.effects, '{}') AS effects, c.claimed_to,
           f.fee_claimed
      FROM debt d
      JOIN bill b ON b.account_id = d.account_id AND b.bill_id = d.bill_id
      JOIN snapshot s ON s.snapshot_hash = b.buyer_hash
      LEFT JOIN LATERAL (
           SELECT sum(amount_minor) FILTER (WHERE kind = 'credit') AS credited_minor,
                  array_agg(occurred_on ORDER BY operation_id) FILTER (WHERE kind <> 'credit') AS days,
                  array_agg(effect_minor ORDER BY operation_id) FILTER (WHERE kind <> 'credit') AS effects,
                  sum(effect_minor) AS effect_minor, max(occurred_on) AS last_on
             FROM debt_operation
            WHERE account_id = d.account_id AND debt_id = d.debt_id) o ON true
      LEFT JOIN LATERAL (
           SELECT sum(amount_minor) AS disputed_minor
             FROM dispute
            WHERE account_id = d.account_id AND bill_id = d.bill_id AND state = 'open') x ON true
      LEFT JOIN LATERAL (
           SELECT max(period_end) AS claimed_to
             FROM bill_detail
            WHERE coalesce(owner_id, account_id) = d.account_id AND service_id = 0
              AND kind = 'late-interest' AND part = d.bill_id) c ON true
      LEFT JOIN LATERAL (
           SELECT count(*) > 0 AS fee_claimed
             FROM bill_detail
            WHERE coalesce(owner_id, account_id) = d.account_id AND service_id = 0
              AND kind = 'recovery-fee' AND part = d.bill_id) f ON true
     WHERE d.payer_id = %(payer_id)s AND d.due_on < %(on)s AND b.kind <> 'claim'
       AND coalesce(s.body ->> 'tax_profile', '') <> 'person'
       AND (o.last_on > d.due_on OR d.amount_minor + coalesce(o.effect_minor, 0) > 0)
     ORDER BY d.account_id, d.currency, d.due_on, d.debt_id
"""


def of_payer(tx: Transaction, payer_id: AccountId, on: date) -> list[LateBill]:
    """Return the payer's bills that were or are late on that day, by account, currency and due date.

    Bills to persons who are no business are left out: the law gives neither fee nor this interest for them.
    """
    return [_late(row) for row in tx.all(OF_PAYER, payer_id=payer_id, on=on)]


def _late(row: Any) -> LateBill:
    return LateBill(
        AccountId(row.account_id),
        BillId(row.bill_id),
        Currency(row.currency),
        row.amount_minor,
        row.due_on,
        tuple(zip(row.days, row.effects, strict=True)),
        row.claimed_to,
        row.fee_claimed,
    )

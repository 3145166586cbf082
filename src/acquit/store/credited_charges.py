"""Charges below zero that credit notes took back on the bills that they come from."""

from collections.abc import Iterable, Sequence
from typing import Final, LiteralString

from acquit.core.charge import Charge
from acquit.core.identifiers import AccountId, BillId, LegalEntityId
from acquit.store.transaction import Transaction

SOURCES: Final[LiteralString] = """
    SELECT DISTINCT b.account_id, b.bill_id, b.issued_on
      FROM bill_detail d
      JOIN bill b ON b.account_id = d.account_id AND b.bill_id = d.bill_id
      JOIN debt t ON t.account_id = b.account_id AND t.debt_id = b.order_id
     WHERE coalesce(d.owner_id, d.account_id) = %(owner_id)s AND d.service_id = ANY(%(service_ids)s)
       AND b.account_id = ANY(%(account_ids)s) AND b.payer_id = %(payer_id)s
       AND b.kind IN ('bill', 'corrective') AND d.net_minor > 0
       AND NOT EXISTS (
           SELECT
             FROM debt_operation o
            WHERE o.account_id = t.account_id AND o.debt_id = t.debt_id AND o.kind = 'write-off'
              AND NOT EXISTS (
                  SELECT
                    FROM debt_operation u
                   WHERE u.account_id = o.account_id AND u.debt_id = o.debt_id
                     AND u.reverses_id = o.operation_id))
       AND NOT EXISTS (
           SELECT
             FROM bill_run r
             JOIN entry e ON e.account_id = b.account_id AND e.kind = 'bill' AND e.reference = b.bill_id
             JOIN open_charge w ON w.account_id = %(owner_id)s AND w.service_id = d.service_id
             JOIN charge c ON c.account_id = w.account_id AND c.service_id = w.service_id AND c.kind = w.kind
                          AND c.part = w.part AND c.period_start = w.period_start
            WHERE r.run_id = b.run_id AND r.legal_entity_id = %(legal_entity_id)s AND r.period = %(period)s
              AND c.quantity_e4 < 0 AND c.accepted_at <= e.booked_at)
     ORDER BY b.issued_on DESC, b.bill_id DESC
"""

ADD: Final[LiteralString] = """
    INSERT INTO credited_charge (account_id, service_id, kind, part, period_start, note_account_id,
           note_bill_id, amount_minor)
    VALUES (%(account_id)s, %(service_id)s, %(kind)s, %(part)s, %(period_start)s, %(note_account_id)s,
            %(note_bill_id)s, %(amount_minor)s)
"""


def sources(
    tx: Transaction,
    owner_id: AccountId,
    payer_id: AccountId,
    service_ids: Iterable[int],
    account_ids: Sequence[AccountId],
    run: tuple[LegalEntityId, str],
) -> list[tuple[AccountId, BillId]]:
    """Return the bills of those accounts that charged for the services and that the payer owes, latest first.

    Bills whose debt was given up are not among them, nor what the run of the legal entity and period issued
    beside something of the service that was carried: run again, it decides the same.
    """
    rows = tx.all(
        SOURCES,
        owner_id=owner_id, payer_id=payer_id, service_ids=list(service_ids), account_ids=list(account_ids),
        legal_entity_id=run[0], period=run[1],
    )  # fmt: skip
    return [(row.account_id, row.bill_id) for row in rows]


def add(
    tx: Transaction,
    account_id: AccountId,
    charge: Charge,
    note: tuple[AccountId, BillId],
    amount_minor: int,
) -> None:
    """Write that the note took so much of the account's charge back."""
    tx.run(
        ADD,
        account_id=account_id, service_id=charge.service_id, kind=charge.kind, part=charge.part,
        period_start=charge.period_start, note_account_id=note[0], note_bill_id=note[1],
        amount_minor=amount_minor,
    )  # fmt: skip

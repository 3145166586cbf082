"""Charges below zero that credit notes took back on the bills that they come from."""

from collections.abc import Iterable, Sequence
from typing import Final, LiteralString

from acquit.core.charge import Charge
from acquit.core.identifiers import AccountId, BillId
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
) -> list[tuple[AccountId, BillId]]:
    """Return the bills of those accounts that charged for the services and that the payer owes, latest first.

    Bills whose debt was given up are not among them.
    """
    rows = tx.all(
        SOURCES,
        owner_id=owner_id, payer_id=payer_id, service_ids=list(service_ids), account_ids=list(account_ids),
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

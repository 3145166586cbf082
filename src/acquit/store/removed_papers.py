"""Papers that were kept as long as the law asks: which may go, and the record of those that went."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final, LiteralString

from acquit.core.identifiers import AccountId, BillId, LegalEntityId
from acquit.store.transaction import Transaction

REMOVABLE: Final[LiteralString] = """
    SELECT d.account_id, d.bill_id, d.form, d.sha256, d.size_bytes, b.issued_on
      FROM issued_paper b
      JOIN document d ON d.account_id = b.account_id AND d.bill_id = b.bill_id
     WHERE b.legal_entity_id = %(legal_entity_id)s AND b.issued_on < %(before_on)s
       AND NOT EXISTS (SELECT FROM removed_paper r
                        WHERE r.account_id = d.account_id AND r.bill_id = d.bill_id AND r.form = d.form)
       AND NOT EXISTS (SELECT FROM debt t
                        WHERE t.account_id = b.account_id AND t.bill_id = b.bill_id
                          AND t.amount_minor <> -coalesce((SELECT sum(o.effect_minor)
                                                             FROM debt_operation o
                                                            WHERE o.account_id = t.account_id
                                                              AND o.debt_id = t.debt_id), 0))
     ORDER BY b.issued_on, d.account_id, d.bill_id, d.form
     LIMIT %(rows_max)s
"""

RECORD: Final[LiteralString] = """
    INSERT INTO removed_paper (account_id, bill_id, form, issued_on, removed_by)
    SELECT gone.account_id, gone.bill_id, gone.form, gone.issued_on, %(removed_by)s
      FROM unnest(%(account_ids)s::text[], %(bill_ids)s::text[], %(forms)s::text[], %(days)s::date[])
           AS gone(account_id, bill_id, form, issued_on)
"""

REMOVED_ON: Final[LiteralString] = """
    SELECT removed_at
      FROM removed_paper
     WHERE account_id = %(account_id)s AND bill_id = %(bill_id)s AND form = %(form)s
"""


def removable(
    tx: Transaction, legal_entity_id: LegalEntityId, before_on: date, rows_max: int
) -> Sequence[Any]:
    """Return papers of bills that were issued before the day and are not owed any more, oldest first."""
    return tx.all(REMOVABLE, legal_entity_id=legal_entity_id, before_on=before_on, rows_max=rows_max)


def record(tx: Transaction, rows: Sequence[Any], removed_by: str) -> None:
    """Write that these papers are removed. Raises psycopg's CheckViolation for one that is too young."""
    tx.run(
        RECORD,
        account_ids=[row.account_id for row in rows],
        bill_ids=[row.bill_id for row in rows],
        forms=[row.form for row in rows],
        days=[row.issued_on for row in rows],
        removed_by=removed_by,
    )


def removed_on(tx: Transaction, account_id: AccountId, bill_id: BillId, form: str) -> date | None:
    """Return the day on which the paper was removed, or None when it was not."""
    row = tx.one_or_none(REMOVED_ON, account_id=account_id, bill_id=bill_id, form=form)
    return None if row is None else row.removed_at.date()

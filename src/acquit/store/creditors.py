"""How legal entities collect by direct debit."""

from typing import Final, LiteralString

from acquit.core.collection import Creditor
from acquit.core.identifiers import LegalEntityId
from acquit.store.transaction import Transaction

FIND: Final[LiteralString] = """
    SELECT legal_entity_id, creditor_id, notice_days, approval_days, bundled
      FROM creditor
     WHERE legal_entity_id = %(legal_entity_id)s
"""

PUT: Final[LiteralString] = """
    INSERT INTO creditor (legal_entity_id, creditor_id, notice_days, approval_days, bundled, set_by)
    VALUES (%(legal_entity_id)s, %(creditor_id)s, %(notice_days)s, %(approval_days)s, %(bundled)s, %(set_by)s)
    ON CONFLICT (legal_entity_id)
    DO UPDATE SET creditor_id = excluded.creditor_id, notice_days = excluded.notice_days,
                  approval_days = excluded.approval_days, bundled = excluded.bundled,
                  set_by = excluded.set_by, set_at = instant()
"""


def find(tx: Transaction, legal_entity_id: LegalEntityId) -> Creditor | None:
    """Return how the legal entity collects, or None when it does not."""
    row = tx.one_or_none(FIND, legal_entity_id=legal_entity_id)
    return None if row is None else Creditor(**row._asdict())


def put(tx: Transaction, creditor: Creditor, set_by: str) -> None:
    """Write how the legal entity collects from now on."""
    tx.run(
        PUT,
        legal_entity_id=creditor.legal_entity_id,
        creditor_id=creditor.creditor_id,
        notice_days=creditor.notice_days,
        approval_days=creditor.approval_days,
        bundled=creditor.bundled,
        set_by=set_by,
    )

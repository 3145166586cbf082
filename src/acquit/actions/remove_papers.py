"""Remove papers that the law does not ask to keep any more; a younger one cannot be removed.

What decides is the machine's clock, never a business date that somebody chose. Of a paper that is removed the
record stays: bill, hash, stamp and the day. A request for erasure does not shorten the time.

Source: Code de commerce L123-22; LPF L102 B; Regulation (EU) 2016/679 art. 17(3)(b).
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from acquit.actions.context import Context
from acquit.actions.loading import entity_in
from acquit.core.identifiers import LegalEntityId
from acquit.core.retention import removable_before
from acquit.store import acts, removed_papers

CHUNK: Final = 500


def removable_papers(context: Context, legal_entity_id: LegalEntityId, rows_max: int) -> Sequence[Any]:
    """Return papers of the seller that may be removed today, at most so many, oldest first.

    A bill on which something is still owed keeps its paper. Raises NoSuchLegalEntity.
    """
    with context.database.read() as tx:
        entity_in(tx, legal_entity_id)
        return removed_papers.removable(tx, legal_entity_id, _before(context), rows_max)


def remove_papers(context: Context, legal_entity_id: LegalEntityId, by: str) -> int:
    """The archive has no paper of the seller that the law does not ask for; return how many were removed.

    Broken off, it goes on where it was when it is repeated. Raises NoSuchLegalEntity.
    """
    with context.database.read() as tx:
        entity_in(tx, legal_entity_id)
    removed = 0
    while count := _remove_some(context, legal_entity_id, by):
        removed += count
    return removed


def _remove_some(context: Context, legal_entity_id: LegalEntityId, by: str) -> int:
    """Record some papers as removed and remove them; the record counts once the bytes are gone."""
    with context.database.write() as tx:
        rows = removed_papers.removable(tx, legal_entity_id, _before(context), CHUNK)
        if not rows:
            return 0
        removed_papers.record(tx, rows, by)
        acts.record(
            tx, by, "remove_papers", None, legal_entity_id,
            papers=len(rows), first_on=str(rows[0].issued_on), last_on=str(rows[-1].issued_on),
        )  # fmt: skip
        for row in rows:
            context.archive.remove(row.sha256)
    return len(rows)


def _before(context: Context) -> date:
    return removable_before(context.clock.now().date())

"""What a legal archive holds: the papers of a seller's bills, of some days or of one account."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final, LiteralString

from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.store.documents import PDF, BillKey
from acquit.store.transaction import Transaction

PAPERS: Final[LiteralString] = """
    SELECT b.account_id, b.bill_id, d.form, d.sha256, d.size_bytes, b.kind, b.issued_on, b.due_on, b.currency,
           b.net_minor, b.tax_minor, b.total_minor, r.removed_at
      FROM issued_paper b
      JOIN document d ON d.account_id = b.account_id AND d.bill_id = b.bill_id
      LEFT JOIN removed_paper r ON r.account_id = d.account_id AND r.bill_id = d.bill_id AND r.form = d.form
     WHERE b.legal_entity_id = %(legal_entity_id)s
       AND (%(account_id)s::text IS NULL OR b.account_id = %(account_id)s)
       AND b.issued_on BETWEEN %(first_on)s AND %(last_on)s
     ORDER BY b.issued_on, b.bill_id, d.form
"""

UNRENDERED: Final[LiteralString] = """
    SELECT b.account_id, b.bill_id
      FROM issued_paper b
     WHERE b.legal_entity_id = %(legal_entity_id)s
       AND (%(account_id)s::text IS NULL OR b.account_id = %(account_id)s)
       AND b.issued_on BETWEEN %(first_on)s AND %(last_on)s
       AND NOT EXISTS (SELECT FROM document d
                        WHERE d.account_id = b.account_id AND d.bill_id = b.bill_id AND d.form = %(form)s)
     ORDER BY b.issued_on, b.bill_id
"""


@dataclass(frozen=True, slots=True)
class ArchiveScope:
    """Which bills: of one seller, issued on these days, of one account or of all."""

    legal_entity_id: LegalEntityId
    account_id: AccountId | None
    first_on: date
    last_on: date


def papers(tx: Transaction, scope: ArchiveScope) -> Iterator[Any]:
    """Yield the papers of the scope by day and number, with their bills, removed ones too."""
    return tx.stream(PAPERS, **asdict(scope))


def unrendered(tx: Transaction, scope: ArchiveScope, form: str = PDF) -> list[BillKey]:
    """Return the bills of the scope that have no paper yet."""
    return [(row.account_id, row.bill_id) for row in tx.all(UNRENDERED, form=form, **asdict(scope))]

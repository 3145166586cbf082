"""Stamps in the store: what waits for one, what was stamped, and what a receipt needs of it."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, LiteralString

from acquit.core.identifiers import AccountId, BillId, LegalEntityId
from acquit.core.stamp import Stamp, StampedHead, StampedPaper
from acquit.store.transaction import Transaction

PAPER: Final = {
    "account_id": "text", "bill_id": "text", "form": "text", "legal_entity_id": "text", "stamp_no": "int4",
    "leaf_no": "int4", "entry_no": "int4", "leaf": "bytea",
}  # fmt: skip
HEAD: Final = {
    "account_id": "text", "entry_no": "int4", "legal_entity_id": "text", "stamp_no": "int4",
    "leaf_no": "int4", "leaf": "bytea",
}  # fmt: skip

HOLD: Final[LiteralString] = """
    SELECT pg_advisory_xact_lock(hashtextextended('stamp ' || %(legal_entity_id)s, 0)) AS held
"""

LAST: Final[LiteralString] = """
    SELECT legal_entity_id, stamp_no, stamped_on, leaves, root, prev_hash
      FROM stamp
     WHERE legal_entity_id = %(legal_entity_id)s
     ORDER BY stamp_no DESC
     LIMIT 1
"""

FRESH_PAPERS: Final[LiteralString] = """
    SELECT d.account_id, d.bill_id, d.form, d.sha256, d.size_bytes, e.entry_no, e.hash
      FROM document d
      JOIN issued_paper b ON b.account_id = d.account_id AND b.bill_id = d.bill_id
      JOIN entry e ON e.account_id = d.account_id AND e.reference = d.bill_id
                  AND e.kind IN ('bill', 'credit-note', 'claim', 'reverse-bill', 'reverse-credit-note')
     WHERE b.legal_entity_id = %(legal_entity_id)s
       AND NOT EXISTS (SELECT FROM stamped_paper p
                        WHERE p.account_id = d.account_id AND p.bill_id = d.bill_id AND p.form = d.form)
     ORDER BY d.account_id, d.bill_id, d.form
     LIMIT %(rows_max)s
"""

FRESH_HEADS: Final[LiteralString] = """
    SELECT a.account_id, h.entry_no, h.hash
      FROM account a
     CROSS JOIN LATERAL (
           SELECT entry_no, hash FROM entry WHERE account_id = a.account_id ORDER BY entry_no DESC LIMIT 1) h
     WHERE a.legal_entity_id = %(legal_entity_id)s
       AND NOT EXISTS (SELECT FROM stamped_head s
                        WHERE s.account_id = a.account_id AND s.entry_no = h.entry_no)
     ORDER BY a.account_id
     LIMIT %(rows_max)s
"""

INSERT: Final[LiteralString] = """
    INSERT INTO stamp (legal_entity_id, stamp_no, stamped_on, leaves, root, prev_hash, hash, signature,
                       public_key)
    VALUES (%(legal_entity_id)s, %(stamp_no)s, %(stamped_on)s, %(leaves)s, %(root)s, %(prev_hash)s, %(hash)s,
            %(signature)s, %(public_key)s)
"""

LIST: Final[LiteralString] = """
    SELECT s.legal_entity_id, s.stamp_no, s.stamped_on, s.leaves, s.root, s.prev_hash, s.hash, s.signature,
           s.public_key,
           (SELECT count(*) FROM stamped_paper p
             WHERE p.legal_entity_id = s.legal_entity_id AND p.stamp_no = s.stamp_no) AS papers
      FROM stamp s
     WHERE (%(legal_entity_id)s::text IS NULL OR s.legal_entity_id = %(legal_entity_id)s)
     ORDER BY s.legal_entity_id, s.stamp_no
"""

FIND: Final[LiteralString] = """
    SELECT legal_entity_id, stamp_no, stamped_on, leaves, root, prev_hash, hash, signature, public_key
      FROM stamp
     WHERE legal_entity_id = %(legal_entity_id)s AND stamp_no = %(stamp_no)s
"""

LEAVES: Final[LiteralString] = """
    SELECT leaf_no, leaf FROM stamped_paper
     WHERE legal_entity_id = %(legal_entity_id)s AND stamp_no = %(stamp_no)s
     UNION ALL
    SELECT leaf_no, leaf FROM stamped_head
     WHERE legal_entity_id = %(legal_entity_id)s AND stamp_no = %(stamp_no)s
     ORDER BY leaf_no
"""

IS_STAMPED: Final[LiteralString] = """
    SELECT count(*) AS papers
      FROM stamped_paper
     WHERE account_id = %(account_id)s AND bill_id = %(bill_id)s AND form = %(form)s
"""

PLACE: Final[LiteralString] = """
    SELECT p.account_id, p.bill_id, p.form, d.sha256, d.size_bytes, p.legal_entity_id, p.stamp_no, p.leaf_no,
           b.kind AS bill_kind, b.issued_on, b.currency, b.total_minor,
           e.entry_no, e.prev_hash, e.hash AS entry_hash,
           e.account_id || '|' || e.entry_no || '|' || e.kind || '|' || to_char(e.booked_on, 'YYYY-MM-DD')
             || '|' || e.reference || '|' ||
           (SELECT string_agg(g.ledger || ':' || g.amount_minor || ':' || g.currency, ';'
                              ORDER BY g.posting_no)
              FROM posting g
             WHERE g.account_id = e.account_id AND g.entry_no = e.entry_no) AS entry_text
      FROM unnest(%(account_ids)s::text[], %(bill_ids)s::text[]) AS asked(account_id, bill_id)
      JOIN stamped_paper p ON p.account_id = asked.account_id AND p.bill_id = asked.bill_id
      JOIN document d ON d.account_id = p.account_id AND d.bill_id = p.bill_id AND d.form = p.form
      JOIN issued_paper b ON b.account_id = p.account_id AND b.bill_id = p.bill_id
      JOIN entry e ON e.account_id = p.account_id AND e.entry_no = p.entry_no
     ORDER BY p.bill_id, p.form
"""


def hold(tx: Transaction, legal_entity_id: LegalEntityId) -> None:
    """Nobody else stamps this seller until the transaction ends."""
    tx.one(HOLD, legal_entity_id=legal_entity_id)


def last(tx: Transaction, legal_entity_id: LegalEntityId) -> Stamp | None:
    """Return the seller's last stamp, or None before the first."""
    row = tx.one_or_none(LAST, legal_entity_id=legal_entity_id)
    return None if row is None else stamp_in(row)


def fresh_papers(tx: Transaction, legal_entity_id: LegalEntityId, rows_max: int) -> list[StampedPaper]:
    """Return papers of the seller that no stamp has, at most so many, in the order of their leaves."""
    rows = tx.all(FRESH_PAPERS, legal_entity_id=legal_entity_id, rows_max=rows_max)
    return [StampedPaper(*row) for row in rows]


def fresh_heads(tx: Transaction, legal_entity_id: LegalEntityId, rows_max: int) -> list[StampedHead]:
    """Return the ends of the chains of the seller's accounts that no stamp has, at most so many, in order."""
    rows = tx.all(FRESH_HEADS, legal_entity_id=legal_entity_id, rows_max=rows_max)
    return [StampedHead(*row) for row in rows]


def write(
    tx: Transaction,
    stamp: Stamp,
    papers: Sequence[StampedPaper],
    heads: Sequence[StampedHead],
    signature: bytes,
    public_key: bytes,
) -> None:
    """Write the stamp and its leaves: the papers, then the heads."""
    tx.run(
        INSERT, legal_entity_id=stamp.legal_entity_id, stamp_no=stamp.stamp_no, stamped_on=stamp.stamped_on,
        leaves=stamp.leaves, root=stamp.root, prev_hash=stamp.prev_hash, hash=stamp.hash,
        signature=signature, public_key=public_key,
    )  # fmt: skip
    entity, number = stamp.legal_entity_id, stamp.stamp_no
    paper_rows = (
        (each.account_id, each.bill_id, each.form, entity, number, leaf_no, each.entry_no, each.leaf)
        for leaf_no, each in enumerate(papers)
    )
    head_rows = (
        (each.account_id, each.entry_no, entity, number, leaf_no, each.leaf)
        for leaf_no, each in enumerate(heads, len(papers))
    )
    tx.copy("stamped_paper", tuple(PAPER), paper_rows, tuple(PAPER.values()))
    tx.copy("stamped_head", tuple(HEAD), head_rows, tuple(HEAD.values()))


def every(tx: Transaction, legal_entity_id: LegalEntityId | None = None) -> list[Any]:
    """Return the stamps of a seller, or of all, in order, with signature, key and number of papers."""
    return tx.all(LIST, legal_entity_id=legal_entity_id)


def find(tx: Transaction, legal_entity_id: LegalEntityId, stamp_no: int) -> Any:
    """Return a stamp that is there, with its signature and key."""
    return tx.one(FIND, legal_entity_id=legal_entity_id, stamp_no=stamp_no)


def leaves(tx: Transaction, legal_entity_id: LegalEntityId, stamp_no: int) -> list[bytes]:
    """Return the hashes of a stamp's leaves, in order."""
    rows = tx.all(LEAVES, legal_entity_id=legal_entity_id, stamp_no=stamp_no)
    return [bytes(row.leaf) for row in rows]


def is_stamped(tx: Transaction, account_id: AccountId, bill_id: BillId, form: str) -> bool:
    """Tell whether a stamp has the bill's paper, so that it has a receipt."""
    return bool(tx.one(IS_STAMPED, account_id=account_id, bill_id=bill_id, form=form).papers)


def places(tx: Transaction, keys: Iterable[tuple[AccountId, BillId]]) -> list[Any]:
    """Return where the papers of these bills stand in stamps, with their entries; others are left out."""
    asked = list(keys)
    return tx.all(PLACE, account_ids=[key[0] for key in asked], bill_ids=[key[1] for key in asked])


def stamp_in(row: Any) -> Stamp:
    """Return the stamp of a row."""
    return Stamp(
        row.legal_entity_id, row.stamp_no, row.stamped_on, row.leaves, bytes(row.root), bytes(row.prev_hash)
    )

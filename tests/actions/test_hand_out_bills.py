"""Many papers at once: the archive passes through, it is never held."""

import tracemalloc
from collections.abc import Sequence
from random import Random
from typing import Final, LiteralString

import psycopg
import pytest

from acquit.actions.context import Context
from acquit.actions.hand_out_bills import MOST, Key, archive_of_bills
from acquit.core.bill_export import ExportTooLarge
from acquit.core.identifiers import BillId
from acquit.store.transaction import Database
from actions.test_bank import billed
from founding import ACME

PAPER_BYTES: Final = 400_000
MANY: Final[LiteralString] = """
    INSERT INTO bill (account_id, bill_id, order_id, kind, legal_entity_id, payer_id, category, issued_on,
           issued_at, term_days, term_method, due_on, currency, net_minor, tax_minor, total_minor,
           payment_reference, language, seller_hash, buyer_hash)
    SELECT b.account_id, 'FR' || (20000000 + n), 900000000 + n, b.kind, b.legal_entity_id, b.payer_id,
           b.category, b.issued_on, b.issued_at, b.term_days, b.term_method, b.due_on, b.currency,
           b.net_minor, b.tax_minor, b.total_minor, b.payment_reference, b.language, b.seller_hash,
           b.buyer_hash
      FROM (SELECT * FROM bill WHERE account_id = %(account_id)s LIMIT 1) b,
           generate_series(1, %(bills)s) n
    RETURNING bill_id
"""
PAPERS: Final[LiteralString] = """
    INSERT INTO document (account_id, bill_id, form, sha256, size_bytes)
    SELECT account_id, bill_id, 'pdf', %(sha256)s, %(size)s
      FROM bill
     WHERE bill_id = ANY(%(bill_ids)s)
"""


@pytest.fixture
def context(database: Database) -> Context:
    return billed(database)


def papers(context: Context, owner_url: str, bills: int) -> list[Key]:
    """So many bills, each with a paper of PAPER_BYTES; they are in no journal."""
    sha256 = context.archive.put(Random(1).randbytes(PAPER_BYTES))
    with psycopg.connect(owner_url) as owner:
        owner.execute("SET session_replication_role = replica")
        rows = owner.execute(MANY, {"account_id": ACME, "bills": bills}).fetchall()
        bill_ids = [row[0] for row in rows]
        owner.execute(PAPERS, {"bill_ids": bill_ids, "sha256": sha256, "size": PAPER_BYTES})
    return [(ACME, BillId(bill_id)) for bill_id in bill_ids]


def handed_out(context: Context, keys: Sequence[Key]) -> tuple[int, int]:
    """Take the archive part by part; return how long it is and the most memory that was held for it.

    What other threads of the process take meanwhile counts too: of two peaks the lower one is the archive's.
    """
    tracemalloc.start()
    length = sum(len(part) for part in archive_of_bills(context, keys))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return length, peak


def test_a_thousand_papers_take_the_memory_of_a_few(context: Context, database_url: str) -> None:
    keys = papers(context, database_url, MOST)
    handed_out(context, keys[:1])
    few_bytes, few_peak = handed_out(context, keys[:10])
    many_bytes, many_peak = min(handed_out(context, keys) for _ in range(2))
    assert few_bytes > 10 * PAPER_BYTES
    assert many_bytes > MOST * PAPER_BYTES
    assert many_peak < few_peak + 4_000_000, "the table and the directory, a few kilobytes a bill"
    assert many_peak < many_bytes / 50


def test_more_are_refused_before_anything_is_sent(context: Context) -> None:
    with pytest.raises(ExportTooLarge):
        archive_of_bills(context, [(ACME, BillId(f"FR{n}")) for n in range(MOST + 1)])

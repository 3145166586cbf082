"""The journal in the store: entries and their postings, which PostgreSQL refuses when they do not balance.

An entry's postings arrive in one statement, together with those of the entries written with it. Whoever
writes entries of an account holds the account, so that its chain has no fork.
"""

from collections.abc import Sequence
from datetime import date
from operator import attrgetter
from typing import Final, LiteralString

from acquit.core.identifiers import AccountId
from acquit.core.journal import Entry, Head
from acquit.store.transaction import Transaction

ENTRY: Final = {
    "account_id": "text", "entry_no": "int4", "kind": "text", "booked_on": "date", "reference": "text",
    "prev_hash": "bytea", "hash": "bytea",
}  # fmt: skip
POSTING: Final = {
    "account_id": "text", "entry_no": "int4", "posting_no": "int4", "ledger": "text", "amount_minor": "int8",
    "currency": "text",
}  # fmt: skip

HEAD: Final[LiteralString] = """
    SELECT entry_no, hash
      FROM entry
     WHERE account_id = %(account_id)s
     ORDER BY entry_no DESC
     LIMIT 1
"""

POSTED: Final[LiteralString] = """
    SELECT coalesce(sum(p.amount_minor), 0)::bigint AS amount_minor
      FROM entry e
      JOIN posting p ON p.account_id = e.account_id AND p.entry_no = e.entry_no
     WHERE e.account_id = %(account_id)s AND e.kind = %(kind)s AND e.reference = %(reference)s
       AND p.ledger = %(ledger)s
"""

CLOSE_RUN: Final[LiteralString] = """
    INSERT INTO chain_head (scope, name, accounts, head, recorded_at)
    SELECT 'run', %(run)s, count(*),
           sha256(coalesce(string_agg(h.hash, ''::bytea ORDER BY a.account_id), '')),
           greatest(instant(), (SELECT max(recorded_at) + interval '1 microsecond'
                                  FROM chain_head
                                 WHERE scope = 'run' AND name = %(run)s))
      FROM account a
     CROSS JOIN LATERAL (
           SELECT hash FROM entry WHERE account_id = a.account_id ORDER BY entry_no DESC LIMIT 1) h
     WHERE a.legal_entity_id = %(legal_entity_id)s
"""

CLOSE_DAY: Final[LiteralString] = """
    INSERT INTO chain_head (scope, name, accounts, head)
    SELECT 'day', %(day)s, count(*), sha256(coalesce(string_agg(h.hash, ''::bytea ORDER BY a.account_id), ''))
      FROM account a
     CROSS JOIN LATERAL (
           SELECT hash FROM entry WHERE account_id = a.account_id ORDER BY entry_no DESC LIMIT 1) h
     WHERE a.legal_entity_id = %(legal_entity_id)s
    HAVING NOT EXISTS (SELECT FROM chain_head WHERE scope = 'day' AND name = %(day)s)
"""

_entry_row = attrgetter(*ENTRY)


def write(tx: Transaction, entries: Sequence[Entry]) -> None:
    """Write entries with their postings. Raises psycopg's CheckViolation when one does not balance."""
    tx.copy("entry", tuple(ENTRY), map(_entry_row, entries), tuple(ENTRY.values()))
    postings = [
        (entry.account_id, entry.entry_no, number, posting.ledger, posting.amount_minor, posting.currency)
        for entry in entries
        for number, posting in enumerate(entry.postings, 1)
    ]
    tx.copy("posting", tuple(POSTING), postings, tuple(POSTING.values()))


def head(tx: Transaction, account_id: AccountId) -> Head:
    """Return the end of the account's chain; hold the account before."""
    row = tx.one_or_none(HEAD, account_id=account_id)
    return Head() if row is None else Head(row.entry_no, row.hash)


def posted_minor(tx: Transaction, account_id: AccountId, kind: str, reference: str, ledger: str) -> int:
    """Return what entries of that kind and reference posted on a ledger account."""
    row = tx.one(POSTED, account_id=account_id, kind=kind, reference=reference, ledger=ledger)
    return int(row.amount_minor)


def record_run_head(tx: Transaction, run_id: int, legal_entity_id: str) -> None:
    """Record the hash over the last entries of all accounts of the legal entity as a run leaves them.

    Each head of a run is recorded later than the one before, by a microsecond where the clock stands still.
    """
    tx.run(CLOSE_RUN, run=str(run_id), legal_entity_id=legal_entity_id)


def record_day_head(tx: Transaction, day: date, legal_entity_id: str) -> bool:
    """Record the same hash as the day leaves it, once; return whether it was not recorded before."""
    return tx.run(CLOSE_DAY, day=f"{legal_entity_id} {day}", legal_entity_id=legal_entity_id) > 0

"""Records that wait to be forwarded: claimed for a while, sent in order, gone once they are taken."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, LiteralString, NamedTuple

from acquit.core.identifiers import AccountId
from acquit.store.transaction import Transaction

CLAIM: Final[LiteralString] = """
    UPDATE log_forwarding f
       SET claimed_until = %(until)s, claim = gen_random_uuid()
      FROM (SELECT account_id, forwarding_id
              FROM log_forwarding d
             WHERE next_at <= %(now)s AND (claimed_until IS NULL OR claimed_until <= %(now)s)
               AND EXISTS (SELECT FROM log_waiting w
                            WHERE w.account_id = d.account_id AND w.forwarding_id = d.forwarding_id)
               AND NOT EXISTS (SELECT FROM log_forwarding o
                                WHERE o.account_id = d.account_id AND o.claimed_until > %(now)s)
             ORDER BY next_at, forwarding_id
             LIMIT 1
               FOR NO KEY UPDATE SKIP LOCKED) due
     WHERE f.account_id = due.account_id AND f.forwarding_id = due.forwarding_id
    RETURNING f.account_id, f.forwarding_id::text AS forwarding_id, f.kind, f.claim::text AS claim
"""

WAITING: Final[LiteralString] = """
    SELECT waiting_no, record_no, at
      FROM log_waiting
     WHERE account_id = %(account_id)s AND forwarding_id = %(forwarding_id)s::uuid
     ORDER BY waiting_no
     LIMIT %(rows_max)s
"""

COUNT: Final[LiteralString] = """
    SELECT forwarding_id::text AS forwarding_id, count(*) AS waiting
      FROM log_waiting
     WHERE account_id = %(account_id)s
     GROUP BY forwarding_id
"""

TAKEN: Final[LiteralString] = """
    UPDATE log_forwarding
       SET claimed_until = NULL, claim = NULL, next_at = %(now)s, failures = 0, problem = '',
           sent = sent + %(sent)s, sent_at = %(now)s, lost = lost - %(told)s,
           lost_from = CASE WHEN lost = %(told)s THEN NULL ELSE lost_from END,
           lost_to = CASE WHEN lost = %(told)s THEN NULL ELSE lost_to END
     WHERE account_id = %(account_id)s AND forwarding_id = %(forwarding_id)s::uuid AND claim = %(claim)s::uuid
"""

DROP: Final[LiteralString] = """
    DELETE FROM log_waiting
     WHERE account_id = %(account_id)s AND forwarding_id = %(forwarding_id)s::uuid
       AND waiting_no = ANY(%(numbers)s)
"""

FAILED: Final[LiteralString] = """
    UPDATE log_forwarding
       SET claimed_until = NULL, claim = NULL, next_at = %(next_at)s, failures = failures + 1,
           problem = %(problem)s
     WHERE account_id = %(account_id)s AND forwarding_id = %(forwarding_id)s::uuid AND claim = %(claim)s::uuid
"""

LOCK: Final[LiteralString] = """
    SELECT forwarding_id::text AS forwarding_id
      FROM log_forwarding
     WHERE account_id = %(account_id)s
     ORDER BY forwarding_id
       FOR NO KEY UPDATE
"""

THAT_FORWARD: Final[LiteralString] = """
    SELECT DISTINCT account_id FROM log_forwarding WHERE account_id = ANY(%(account_ids)s) ORDER BY account_id
"""

TRIM: Final[LiteralString] = """
    WITH beyond AS (
         DELETE FROM log_waiting
          WHERE account_id = %(account_id)s AND forwarding_id = %(forwarding_id)s::uuid
            AND waiting_no <= (SELECT waiting_no
                                 FROM log_waiting
                                WHERE account_id = %(account_id)s AND forwarding_id = %(forwarding_id)s::uuid
                                ORDER BY waiting_no DESC
                               OFFSET %(kept)s LIMIT 1)
         RETURNING at)
    UPDATE log_forwarding f
       SET lost = f.lost + b.rows, lost_from = coalesce(f.lost_from, b.first_at),
           lost_to = greatest(f.lost_to, b.last_at)
      FROM (SELECT count(*) AS rows, min(at) AS first_at, max(at) AS last_at FROM beyond) b
     WHERE f.account_id = %(account_id)s AND f.forwarding_id = %(forwarding_id)s::uuid AND b.rows > 0
"""


class Claimed(NamedTuple):
    """A forwarding that is ours for a while."""

    account_id: AccountId
    forwarding_id: str
    kind: str
    claim: str


class Waiting(NamedTuple):
    """A record that waits: its place, its number in its log, its instant."""

    waiting_no: int
    record_no: int
    at: datetime


def claim(tx: Transaction, now: datetime, until: datetime) -> Claimed | None:
    """Return a forwarding with something to send that nobody else tries until then; None without one.

    One of an account at a time: streams that are slow on purpose keep only their own account waiting.
    """
    row = tx.one_or_none(CLAIM, now=now, until=until)
    return None if row is None else Claimed(row.account_id, row.forwarding_id, row.kind, row.claim)


def waiting(tx: Transaction, claimed: Claimed, rows_max: int) -> list[Waiting]:
    """Return what waits longest, in order."""
    rows = tx.all(
        WAITING, account_id=claimed.account_id, forwarding_id=claimed.forwarding_id, rows_max=rows_max
    )
    return [Waiting(int(row.waiting_no), int(row.record_no), row.at) for row in rows]


def counts(tx: Transaction, account_id: AccountId) -> dict[str, int]:
    """Return how many records wait of each of the account's forwardings; none is left out."""
    return {row.forwarding_id: int(row.waiting) for row in tx.all(COUNT, account_id=account_id)}


def taken(
    tx: Transaction, claimed: Claimed, numbers: Sequence[int], now: datetime, *, sent: int, told: int
) -> bool:
    """The stream took these records and was told of a gap of so many; False when the claim was over.

    Then they wait still, for whoever has the claim now.
    """
    where = {"account_id": claimed.account_id, "forwarding_id": claimed.forwarding_id}
    if not tx.run(TAKEN, **where, claim=claimed.claim, now=now, sent=sent, told=told):
        return False
    tx.run(DROP, **where, numbers=list(numbers))
    return True


def failed(tx: Transaction, claimed: Claimed, problem: str, next_at: datetime) -> None:
    """The stream took nothing: it is tried again from then on."""
    tx.run(
        FAILED,
        account_id=claimed.account_id,
        forwarding_id=claimed.forwarding_id,
        claim=claimed.claim,
        problem=problem,
        next_at=next_at,
    )


def trim(tx: Transaction, account_id: AccountId, kept: int) -> None:
    """Of each of the account's forwardings no more than the latest records wait; the others are a gap."""
    for forwarding_id in lock(tx, account_id):
        tx.run(TRIM, account_id=account_id, forwarding_id=forwarding_id, kept=kept)


def lock(tx: Transaction, account_id: AccountId) -> list[str]:
    """Return the ids of what the account forwards, locked in their order until the transaction ends."""
    return [row.forwarding_id for row in tx.all(LOCK, account_id=account_id)]


def that_forward(tx: Transaction, account_ids: Sequence[AccountId]) -> list[AccountId]:
    """Return which of the accounts forward a log."""
    return [row.account_id for row in tx.all(THAT_FORWARD, account_ids=list(account_ids))]

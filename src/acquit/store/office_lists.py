"""What the office looks over: acts, the queue of jobs, payers that owe, rates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, LiteralString

from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.store.transaction import Transaction

SEEN_MAX: Final = 5_000
"""Among so many of the latest acts one of a kind is looked for."""

ACTS: Final[LiteralString] = """
    SELECT act_id, at, actor, verb, account_id, subject, details
      FROM (SELECT act_id, at, actor, verb, account_id, subject, details
              FROM act
             WHERE act_id < %(before_id)s
             ORDER BY act_id DESC
             LIMIT %(seen_max)s) a
     WHERE (actor = coalesce(%(actor)s, actor))
       AND (%(verbs)s::text[] IS NULL OR verb = ANY(%(verbs)s::text[]))
     ORDER BY act_id DESC
     LIMIT %(rows_max)s
"""

ACTS_OF_ACCOUNT: Final[LiteralString] = """
    SELECT act_id, at, actor, verb, account_id, subject, details
      FROM act
     WHERE account_id = %(account_id)s AND act_id < %(before_id)s
     ORDER BY act_id DESC
     LIMIT %(rows_max)s
"""

JOBS: Final[LiteralString] = """
    SELECT queue_name, status::text AS status, count(*) AS jobs, min(scheduled_at) AS next_at
      FROM (SELECT queue_name, status, scheduled_at
              FROM procrastinate_jobs
             WHERE status IN ('todo', 'doing', 'failed')
             LIMIT %(seen_max)s) j
     GROUP BY queue_name, status
     ORDER BY queue_name, status
"""

PAYERS: Final[LiteralString] = """
    SELECT d.payer_id, n.name
      FROM (SELECT DISTINCT payer_id FROM debt WHERE payer_id > %(after_id)s ORDER BY payer_id
             LIMIT %(rows_max)s) d
      JOIN account a ON a.account_id = d.payer_id AND a.legal_entity_id = %(legal_entity_id)s
      LEFT JOIN LATERAL (SELECT p.name
                           FROM legal_party p
                          WHERE p.legal_party_id = a.legal_party_id
                          ORDER BY p.from_on DESC
                          LIMIT 1) n ON true
     ORDER BY d.payer_id
"""

RATES: Final[LiteralString] = """
    SELECT DISTINCT ON (currency) currency, published_on, per_euro_e8
      FROM exchange_rate
     WHERE published_on > %(since_on)s
     ORDER BY currency, published_on DESC
"""


@dataclass(frozen=True, slots=True)
class Act:
    """Who did what, when, to what."""

    act_id: int
    at: datetime
    actor: str
    verb: str
    account_id: AccountId | None
    subject: str
    details: Mapping[str, Any]


def acts(
    tx: Transaction, before_id: int, rows_max: int, actor: str | None = None, verbs: Sequence[str] = ()
) -> list[Act]:
    """Return acts, the latest first, before one: of an actor or with a verb among SEEN_MAX, or all."""
    is_all = actor is None and not verbs
    rows = tx.all(
        ACTS,
        before_id=before_id, actor=actor, verbs=list(verbs) or None, rows_max=rows_max,
        seen_max=rows_max if is_all else SEEN_MAX,
    )  # fmt: skip
    return [Act(*row) for row in rows]


def acts_of_account(tx: Transaction, account_id: AccountId, before_id: int, rows_max: int) -> list[Act]:
    """Return acts on the account, the latest first, before one."""
    rows = tx.all(ACTS_OF_ACCOUNT, account_id=account_id, before_id=before_id, rows_max=rows_max)
    return [Act(*row) for row in rows]


def jobs(tx: Transaction) -> list[Any]:
    """Return how many jobs wait, are under way or have failed, by queue; SEEN_MAX at the most."""
    return tx.all(JOBS, seen_max=SEEN_MAX)


def payers(
    tx: Transaction, legal_entity_id: LegalEntityId, after_id: str, rows_max: int
) -> list[tuple[AccountId, str]]:
    """Return payers that ever owed something, in order, those after one, with their names."""
    rows = tx.all(PAYERS, legal_entity_id=legal_entity_id, after_id=after_id, rows_max=rows_max)
    return [(row.payer_id, row.name or "") for row in rows]


def rates(tx: Transaction, since_on: date) -> list[Any]:
    """Return the latest rate of each currency that was published after a day."""
    return tx.all(RATES, since_on=since_on)

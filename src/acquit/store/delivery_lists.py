"""Deliveries as a person looks at them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, LiteralString

from acquit.core.identifiers import AccountId
from acquit.store.transaction import Transaction

FIND: Final[LiteralString] = """
    SELECT account_id, delivery_id, legal_entity_id, channel, bill_id, event, form, subject, queued_at, state,
           told, reference, sent_at, next_at, tries
      FROM delivery_state
     WHERE (cardinality(%(states)s::text[]) = 0 OR state = ANY(%(states)s)) AND delivery_id < %(before_id)s
     ORDER BY delivery_id DESC
     LIMIT %(limit)s
"""

FIND_WAITING: Final[LiteralString] = """
    SELECT d.account_id, d.delivery_id, d.legal_entity_id, d.channel, d.bill_id, d.event, d.form, d.subject,
           d.queued_at, d.state, d.told, d.reference, d.sent_at, d.next_at, d.tries
      FROM delivery_waiting w
      JOIN delivery_state d ON d.account_id = w.account_id AND d.delivery_id = w.delivery_id
     WHERE d.state = ANY(%(states)s) AND d.delivery_id < %(before_id)s
     ORDER BY d.delivery_id DESC
     LIMIT %(limit)s
"""

FIND_UNSENT: Final[LiteralString] = """
    SELECT d.account_id, d.delivery_id, d.legal_entity_id, d.channel, d.bill_id, d.event, d.form, d.subject,
           d.queued_at, d.state, d.told, d.reference, d.sent_at, d.next_at, d.tries
      FROM (SELECT DISTINCT account_id, delivery_id FROM delivery_attempt
             WHERE outcome IN ('refused', 'bounced', 'ended')) a
      JOIN delivery_state d ON d.account_id = a.account_id AND d.delivery_id = a.delivery_id
     WHERE d.state = ANY(%(states)s) AND d.delivery_id < %(before_id)s
     ORDER BY d.delivery_id DESC
     LIMIT %(limit)s
"""

OF_BILL: Final[LiteralString] = """
    SELECT d.account_id, d.delivery_id, d.legal_entity_id, d.channel, d.bill_id, d.event, d.form, d.subject,
           d.queued_at, d.state, d.told, d.reference, d.sent_at, d.next_at, d.tries
      FROM bill_number n
      JOIN delivery_state d ON d.account_id = n.account_id AND d.bill_id = n.bill_id
     WHERE n.bill_id = %(bill_id)s
       AND (cardinality(%(states)s::text[]) = 0 OR d.state = ANY(%(states)s))
       AND d.delivery_id < %(before_id)s
     ORDER BY d.delivery_id DESC
     LIMIT %(limit)s
"""

ONE: Final[LiteralString] = """
    SELECT account_id, delivery_id, legal_entity_id, channel, bill_id, event, form, subject, queued_at, state,
           told, reference, sent_at, next_at, tries
      FROM delivery_state
     WHERE delivery_id = %(delivery_id)s
"""

COUNTS: Final[LiteralString] = """
    SELECT d.channel, d.state, count(*) AS deliveries
      FROM (SELECT account_id, delivery_id FROM delivery_waiting
             UNION
            SELECT account_id, delivery_id FROM delivery_attempt WHERE outcome IN ('refused', 'bounced')) a
      JOIN delivery_state d ON d.account_id = a.account_id AND d.delivery_id = a.delivery_id
     WHERE d.state IN ('waiting', 'delayed', 'refused', 'bounced')
     GROUP BY d.channel, d.state
     ORDER BY d.channel, d.state
"""

LAST: Final = 2**62
WAIT: Final = frozenset({"waiting", "delayed"})
UNSENT: Final = frozenset({"refused", "bounced", "ended"})


@dataclass(frozen=True, slots=True)
class Listed:
    """A delivery and where it stands."""

    account_id: AccountId
    delivery_id: int
    legal_entity_id: str
    channel: str
    bill_id: str
    event: str
    form: str
    subject: str
    queued_at: datetime
    state: str
    told: str
    reference: str
    sent_at: datetime | None
    next_at: datetime | None
    tries: int


def find(
    tx: Transaction, states: Sequence[str], bill_id: str, limit: int, before_id: int = LAST
) -> list[Listed]:
    """Return at most so many deliveries, newest first, those before one.

    In these states (none: in any), of a bill if given.
    """
    asked = {"states": list(states), "limit": limit, "before_id": before_id}
    if bill_id:
        rows = tx.all(OF_BILL, bill_id=bill_id, **asked)
    elif states and WAIT.issuperset(states):
        rows = tx.all(FIND_WAITING, **asked)
    elif states and UNSENT.issuperset(states):
        rows = tx.all(FIND_UNSENT, **asked)
    else:
        rows = tx.all(FIND, **asked)
    return [Listed(*row) for row in rows]


def one(tx: Transaction, delivery_id: int) -> Listed | None:
    """Return the delivery of that number, which counts over all accounts, or None."""
    row = tx.one_or_none(ONE, delivery_id=delivery_id)
    return None if row is None else Listed(*row)


def counts(tx: Transaction) -> list[tuple[str, str, int]]:
    """Return how many deliveries wait, or were refused or came back, by channel."""
    return [(row.channel, row.state, row.deliveries) for row in tx.all(COUNTS)]

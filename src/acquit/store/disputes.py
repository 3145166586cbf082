"""Disputes of accounts on their bills."""

from datetime import date, datetime
from typing import Any, Final, LiteralString

from acquit.core.dispute import Dispute, DisputeState, Message
from acquit.core.identifiers import AccountId, BillId
from acquit.core.money import Currency
from acquit.store.transaction import Transaction

_DISPUTES: Final[LiteralString] = """
    SELECT account_id, dispute_id, bill_id, detail_no, amount_minor, reason, state, opened_by, opened_at,
           deadline_on, closed_by, closed_at, outcome, owner, settled_by, (
           SELECT b.currency FROM bill b
            WHERE b.account_id = dispute.account_id AND b.bill_id = dispute.bill_id) AS currency
      FROM dispute
"""

FIND: Final[LiteralString] = _DISPUTES + "WHERE account_id = %(account_id)s AND dispute_id = %(dispute_id)s"

OF_BILL: Final[LiteralString] = (
    _DISPUTES + "WHERE account_id = %(account_id)s AND bill_id = %(bill_id)s ORDER BY dispute_id"
)

OF_ACCOUNT: Final[LiteralString] = _DISPUTES + "WHERE account_id = %(account_id)s ORDER BY dispute_id DESC"

OPEN_ONE: Final[LiteralString] = """
    INSERT INTO dispute (account_id, bill_id, detail_no, amount_minor, reason, opened_by, deadline_on)
    VALUES (%(account_id)s, %(bill_id)s, %(detail_no)s, %(amount_minor)s, %(reason)s, %(opened_by)s,
           %(deadline_on)s)
    RETURNING account_id, dispute_id, bill_id, detail_no, amount_minor, reason, state, opened_by, opened_at,
           deadline_on, closed_by, closed_at, outcome, owner, settled_by, (
           SELECT b.currency FROM bill b
            WHERE b.account_id = dispute.account_id AND b.bill_id = dispute.bill_id) AS currency
"""

CLOSE: Final[LiteralString] = """
    UPDATE dispute
       SET state = %(state)s, outcome = %(outcome)s, closed_by = %(closed_by)s, closed_at = instant(),
           settled_by = %(settled_by)s
     WHERE account_id = %(account_id)s AND dispute_id = %(dispute_id)s
    RETURNING account_id, dispute_id, bill_id, detail_no, amount_minor, reason, state, opened_by, opened_at,
           deadline_on, closed_by, closed_at, outcome, owner, settled_by, (
           SELECT b.currency FROM bill b
            WHERE b.account_id = dispute.account_id AND b.bill_id = dispute.bill_id) AS currency
"""

ASSIGN: Final[LiteralString] = """
    UPDATE dispute
       SET owner = %(owner)s, deadline_on = %(deadline_on)s
     WHERE account_id = %(account_id)s AND dispute_id = %(dispute_id)s
    RETURNING account_id, dispute_id, bill_id, detail_no, amount_minor, reason, state, opened_by, opened_at,
           deadline_on, closed_by, closed_at, outcome, owner, settled_by, (
           SELECT b.currency FROM bill b
            WHERE b.account_id = dispute.account_id AND b.bill_id = dispute.bill_id) AS currency
"""

OPEN: Final[LiteralString] = (
    _DISPUTES
    + """
     WHERE state = 'open' AND (deadline_on, dispute_id) > (%(after_on)s::date, %(after_id)s::bigint)
     ORDER BY deadline_on, dispute_id
     LIMIT %(rows_max)s
"""
)

COUNT_OPEN: Final[LiteralString] = """
    SELECT count(*) AS disputes
      FROM (SELECT FROM dispute WHERE state = 'open' LIMIT %(counted_max)s) o
"""

ANSWERED: Final[LiteralString] = (
    _DISPUTES
    + """
     WHERE account_id = %(account_id)s AND closed_at >= %(since_at)s
     ORDER BY closed_at DESC
     LIMIT %(rows_max)s
"""
)

ADD_MESSAGE: Final[LiteralString] = """
    INSERT INTO dispute_message (account_id, dispute_id, message_no, body, file_name, file_sha256, file_bytes,
           written_by)
    SELECT %(account_id)s, %(dispute_id)s, coalesce(max(message_no), 0) + 1, %(body)s, %(file_name)s,
           %(file_sha256)s, %(file_bytes)s, %(written_by)s
      FROM dispute_message
     WHERE account_id = %(account_id)s AND dispute_id = %(dispute_id)s
    RETURNING message_no, body, written_by, written_at, file_name, file_sha256, file_bytes
"""

MESSAGES: Final[LiteralString] = """
    SELECT message_no, body, written_by, written_at, file_name, file_sha256, file_bytes
      FROM dispute_message
     WHERE account_id = %(account_id)s AND dispute_id = %(dispute_id)s
     ORDER BY message_no
"""


def find(tx: Transaction, account_id: AccountId, dispute_id: int) -> Dispute | None:
    """Return the account's dispute, or None."""
    row = tx.one_or_none(FIND, account_id=account_id, dispute_id=dispute_id)
    return None if row is None else _dispute(row)


def of_bill(tx: Transaction, account_id: AccountId, bill_id: BillId) -> list[Dispute]:
    """Return the disputes on the account's bill, oldest first."""
    return [_dispute(row) for row in tx.all(OF_BILL, account_id=account_id, bill_id=bill_id)]


def of_account(tx: Transaction, account_id: AccountId) -> list[Dispute]:
    """Return the account's disputes, newest first."""
    return [_dispute(row) for row in tx.all(OF_ACCOUNT, account_id=account_id)]


def open_one(
    tx: Transaction,
    account_id: AccountId,
    bill_id: BillId,
    detail_no: int | None,
    amount_minor: int,
    reason: str,
    opened_by: str,
    deadline_on: date,
) -> Dispute:
    """Write a new dispute and return it."""
    row = tx.one(
        OPEN_ONE,
        account_id=account_id,
        bill_id=bill_id,
        detail_no=detail_no,
        amount_minor=amount_minor,
        reason=reason,
        opened_by=opened_by,
        deadline_on=deadline_on,
    )
    return _dispute(row)


def close(
    tx: Transaction,
    dispute: Dispute,
    state: DisputeState,
    outcome: str,
    closed_by: str,
    settled_by: str | None = None,
) -> Dispute:
    """Write how the dispute ended and return it."""
    row = tx.one(
        CLOSE,
        account_id=dispute.account_id,
        dispute_id=dispute.dispute_id,
        state=state.value,
        outcome=outcome,
        closed_by=closed_by,
        settled_by=settled_by,
    )
    return _dispute(row)


def waiting(
    tx: Transaction, after: tuple[date, int] = (date.min, 0), rows_max: int | None = None
) -> list[Dispute]:
    """Return the open disputes, the one that is to be answered first before the others, after one."""
    rows = tx.all(OPEN, after_on=after[0], after_id=after[1], rows_max=rows_max)
    return [_dispute(row) for row in rows]


def count_open(tx: Transaction, counted_max: int) -> int:
    """Return how many disputes are open, counted so far at most."""
    return int(tx.one(COUNT_OPEN, counted_max=counted_max).disputes)


def answered(tx: Transaction, account_id: AccountId, since_at: datetime, rows_max: int) -> list[Dispute]:
    """Return the account's disputes that were answered last, since an instant."""
    rows = tx.all(ANSWERED, account_id=account_id, since_at=since_at, rows_max=rows_max)
    return [_dispute(row) for row in rows]


def assign(tx: Transaction, dispute: Dispute, owner: str | None, deadline_on: date) -> Dispute:
    """Write who answers for the dispute, and by when; return it."""
    row = tx.one(
        ASSIGN,
        account_id=dispute.account_id,
        dispute_id=dispute.dispute_id,
        owner=owner,
        deadline_on=deadline_on,
    )
    return _dispute(row)


def add_message(
    tx: Transaction, dispute: Dispute, body: str, file: tuple[str, str, int] | None, by: str
) -> Message:
    """Write a message, with the name, SHA-256 and length of its file; hold the account before."""
    name, sha256, size_bytes = file or (None, None, None)
    row = tx.one(
        ADD_MESSAGE, account_id=dispute.account_id, dispute_id=dispute.dispute_id, body=body, file_name=name,
        file_sha256=sha256, file_bytes=size_bytes, written_by=by,
    )  # fmt: skip
    return Message(*row)


def messages(tx: Transaction, account_id: AccountId, dispute_id: int) -> list[Message]:
    """Return what was said about a dispute, oldest first."""
    return [Message(*row) for row in tx.all(MESSAGES, account_id=account_id, dispute_id=dispute_id)]


def _dispute(row: Any) -> Dispute:
    return Dispute(**row._asdict() | {"state": DisputeState(row.state), "currency": Currency(row.currency)})

"""Retrievals: orders to have prepaid money transferred back, with their refunds as they stand."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final, LiteralString

from acquit.core.identifiers import AccountId, OrderId
from acquit.core.money import Currency
from acquit.core.prepayment import Retrieval, RetrievedPart
from acquit.core.refund import RefundState
from acquit.store.transaction import Transaction

SEVERAL: Final[LiteralString] = """
    SELECT account_id, order_id, payment_method_id, currency, amount_minor, ordered_at
      FROM retrieval
     WHERE account_id = %(account_id)s AND order_id = ANY(%(order_ids)s)
     ORDER BY order_id
"""

PARTS: Final[LiteralString] = """
    SELECT p.order_id, r.refund_id, r.deposit_id, r.amount_minor, r.state
      FROM retrieval_part p
      JOIN refund_state r ON r.account_id = p.account_id AND r.refund_id = p.refund_id
     WHERE p.account_id = %(account_id)s AND p.order_id = ANY(%(order_ids)s)
     ORDER BY p.order_id, p.refund_id
"""

ADD: Final[LiteralString] = """
    INSERT INTO retrieval (account_id, payment_method_id, currency, amount_minor, ordered_by)
    VALUES (%(account_id)s, %(payment_method_id)s, %(currency)s, %(amount_minor)s, %(ordered_by)s)
    RETURNING order_id
"""

ADD_PARTS: Final[LiteralString] = """
    INSERT INTO retrieval_part (account_id, order_id, refund_id)
    SELECT %(account_id)s, %(order_id)s, unnest(%(refund_ids)s::bigint[])
"""

METHODS: Final[LiteralString] = """
    SELECT p.account_id, p.refund_id, r.payment_method_id
      FROM retrieval_part p
      JOIN retrieval r ON r.account_id = p.account_id AND r.order_id = p.order_id
     WHERE p.account_id = ANY(%(account_ids)s)
"""


def find_several(tx: Transaction, account_id: AccountId, order_ids: Sequence[int]) -> list[Retrieval]:
    """Return those of the retrievals that are the account's, in the order of their ids."""
    wanted = list(order_ids)
    parts: dict[int, list[RetrievedPart]] = defaultdict(list)
    for row in tx.all(PARTS, account_id=account_id, order_ids=wanted):
        part = RetrievedPart(row.refund_id, row.deposit_id, row.amount_minor, RefundState(row.state))
        parts[row.order_id].append(part)
    rows = tx.all(SEVERAL, account_id=account_id, order_ids=wanted)
    return [Retrieval(**row._asdict(), parts=tuple(parts[row.order_id])) for row in rows]


def add(
    tx: Transaction,
    account_id: AccountId,
    payment_method_id: int,
    currency: Currency,
    amount_minor: int,
    refund_ids: Sequence[int],
    by: str,
) -> Retrieval:
    """Write a retrieval of these refunds and return it; hold the account before."""
    row = tx.one(
        ADD, account_id=account_id, payment_method_id=payment_method_id, currency=currency,
        amount_minor=amount_minor, ordered_by=by,
    )  # fmt: skip
    tx.run(ADD_PARTS, account_id=account_id, order_id=row.order_id, refund_ids=list(refund_ids))
    return find_several(tx, account_id, [OrderId(row.order_id)])[0]


def methods(tx: Transaction, account_ids: Sequence[AccountId]) -> dict[tuple[AccountId, int], int]:
    """Return by which mandate's bank account each refund of a retrieval is to be paid."""
    rows = tx.all(METHODS, account_ids=list(account_ids))
    return {(AccountId(row.account_id), row.refund_id): row.payment_method_id for row in rows}

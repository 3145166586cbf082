"""Promises of payers, with what each has paid since."""

from datetime import date
from typing import Any, Final, LiteralString

from acquit.core.dunning import Promise
from acquit.core.identifiers import AccountId
from acquit.core.money import Currency
from acquit.store.transaction import Transaction

ADD: Final[LiteralString] = """
    INSERT INTO promise (account_id, currency, amount_minor, promised_on, due_on, words, recorded_by)
    VALUES (%(account_id)s, %(currency)s, %(amount_minor)s, %(promised_on)s, %(due_on)s, %(words)s,
           %(recorded_by)s)
    RETURNING promise_id
"""

OF_PAYER: Final[LiteralString] = """
    WITH member AS MATERIALIZED (
         SELECT DISTINCT account_id FROM debt WHERE payer_id = %(account_id)s
         )
    SELECT m.account_id, m.promise_id, m.currency, m.amount_minor, m.promised_on, m.due_on, m.words, (
           SELECT greatest(coalesce(-sum(o.effect_minor), 0), 0)::bigint
             FROM member f
            CROSS JOIN LATERAL (
                  SELECT account_id, debt_id, effect_minor
                    FROM debt_operation
                   WHERE account_id = f.account_id AND recorded_at >= m.recorded_at
                     AND kind IN ('payment', 'returned', 'reopened')
                  OFFSET 0) o
             JOIN debt d ON d.account_id = o.account_id AND d.debt_id = o.debt_id
            WHERE d.payer_id = m.account_id AND d.currency = m.currency) AS paid_minor
      FROM promise m
     WHERE m.account_id = %(account_id)s
     ORDER BY m.promise_id DESC
     LIMIT %(rows_max)s
"""


def add(
    tx: Transaction,
    payer_id: AccountId,
    currency: Currency,
    amount_minor: int,
    promised_on: date,
    due_on: date,
    words: str,
    by: str,
) -> int:
    """Write a promise and return its id."""
    row = tx.one(
        ADD, account_id=payer_id, currency=currency, amount_minor=amount_minor, promised_on=promised_on,
        due_on=due_on, words=words, recorded_by=by,
    )  # fmt: skip
    return int(row.promise_id)


def of_payer(tx: Transaction, payer_id: AccountId, rows_max: int | None = None) -> list[Promise]:
    """Return the payer's promises, newest first."""
    return [_promise(row) for row in tx.all(OF_PAYER, account_id=payer_id, rows_max=rows_max)]


def _promise(row: Any) -> Promise:
    return Promise(**row._asdict())

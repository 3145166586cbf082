"""Bundles of bills to be paid together, and remittance advices that payers sent."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any, Final, LiteralString

from acquit.core.bundle import Bundle, BundlePart, bundle_reference
from acquit.core.identifiers import AccountId, BillId, DebtId
from acquit.core.money import Currency
from acquit.store.transaction import Transaction

NEXT: Final[LiteralString] = "SELECT nextval('bundle_id') AS bundle_id"

ADD: Final[LiteralString] = """
    INSERT INTO bundle (account_id, bundle_id, reference, currency, amount_minor, credit_minor, made_on,
           made_by)
    VALUES (%(account_id)s, %(bundle_id)s, %(reference)s, %(currency)s, %(amount_minor)s, %(credit_minor)s,
           %(made_on)s, %(made_by)s)
"""

ADD_PARTS: Final[LiteralString] = """
    INSERT INTO bundle_part (account_id, bundle_id, debt_account_id, debt_id, bill_id, amount_minor)
    SELECT %(account_id)s, %(bundle_id)s, part.*
      FROM unnest(%(account_ids)s::text[], %(debt_ids)s::bigint[], %(bill_ids)s::text[],
                  %(amounts)s::bigint[]) AS part
"""

OF_ACCOUNT: Final[LiteralString] = """
    SELECT account_id, bundle_id, reference, currency, amount_minor, credit_minor, made_on
      FROM bundle
     WHERE account_id = %(account_id)s
     ORDER BY bundle_id
"""

PAGE: Final[LiteralString] = """
    SELECT account_id, bundle_id, reference, currency, amount_minor, credit_minor, made_on
      FROM bundle
     WHERE account_id = %(account_id)s AND bundle_id < %(before_id)s
     ORDER BY bundle_id DESC
     LIMIT %(rows_max)s
"""

FIND: Final[LiteralString] = """
    SELECT account_id, bundle_id, reference, currency, amount_minor, credit_minor, made_on
      FROM bundle
     WHERE account_id = %(account_id)s AND bundle_id = %(bundle_id)s
"""

PARTS: Final[LiteralString] = """
    SELECT bundle_id, debt_account_id, debt_id, bill_id, amount_minor
      FROM bundle_part
     WHERE account_id = %(account_id)s AND bundle_id = ANY(%(bundle_ids)s)
     ORDER BY bundle_id, debt_id
"""

ADD_ADVICE: Final[LiteralString] = """
    INSERT INTO remittance_advice (account_id, sha256, name, currency, total_minor, imported_by)
    VALUES (%(account_id)s, %(sha256)s, %(name)s, %(currency)s, %(total_minor)s, %(imported_by)s)
        ON CONFLICT (account_id, sha256) DO NOTHING
    RETURNING advice_id
"""

ADD_LINES: Final[LiteralString] = """
    INSERT INTO remittance_advice_line (account_id, advice_id, line_no, bill_id, amount_minor)
    SELECT %(account_id)s, %(advice_id)s, line.no, line.bill_id, line.amount_minor
      FROM unnest(%(bill_ids)s::text[], %(amounts)s::bigint[]) WITH ORDINALITY
        AS line(bill_id, amount_minor, no)
"""


def add(
    tx: Transaction,
    account_id: AccountId,
    parts: Sequence[BundlePart],
    currency: Currency,
    credit_minor: int,
    on: date,
    by: str,
) -> Bundle:
    """Write a bundle of these debts and return it."""
    bundle_id = int(tx.one(NEXT).bundle_id)
    amount = sum(part.amount_minor for part in parts) - credit_minor
    reference = bundle_reference(bundle_id)
    tx.run(
        ADD, account_id=account_id, bundle_id=bundle_id, reference=reference, currency=currency,
        amount_minor=amount, credit_minor=credit_minor, made_on=on, made_by=by,
    )  # fmt: skip
    tx.run(
        ADD_PARTS, account_id=account_id, bundle_id=bundle_id,
        account_ids=[part.account_id for part in parts], debt_ids=[part.debt_id for part in parts],
        bill_ids=[part.bill_id for part in parts], amounts=[part.amount_minor for part in parts],
    )  # fmt: skip
    return Bundle(account_id, bundle_id, reference, currency, amount, credit_minor, on, tuple(parts))


def of_account(tx: Transaction, account_id: AccountId) -> list[Bundle]:
    """Return the payer's bundles, oldest first."""
    return _bundles(tx, account_id, tx.all(OF_ACCOUNT, account_id=account_id))


def page(tx: Transaction, account_id: AccountId, before_id: int, rows_max: int) -> list[Bundle]:
    """Return bundles of the payer, newest first, those before one."""
    rows = tx.all(PAGE, account_id=account_id, before_id=before_id, rows_max=rows_max)
    return _bundles(tx, account_id, rows)


def find(tx: Transaction, account_id: AccountId, bundle_id: int) -> Bundle | None:
    """Return the payer's bundle, or None."""
    rows = tx.all(FIND, account_id=account_id, bundle_id=bundle_id)
    return next(iter(_bundles(tx, account_id, rows)), None)


def add_advice(
    tx: Transaction,
    account_id: AccountId,
    sha256: str,
    name: str,
    currency: Currency,
    lines: Sequence[tuple[BillId, int]],
    by: str,
) -> int | None:
    """Write what a payer says that a transfer pays; return its number, None when it is known."""
    row = tx.one_or_none(
        ADD_ADVICE, account_id=account_id, sha256=sha256, name=name, currency=currency,
        total_minor=sum(amount for _, amount in lines), imported_by=by,
    )  # fmt: skip
    if row is None:
        return None
    tx.run(
        ADD_LINES, account_id=account_id, advice_id=row.advice_id, bill_ids=[bill for bill, _ in lines],
        amounts=[amount for _, amount in lines],
    )  # fmt: skip
    return int(row.advice_id)


def _bundles(tx: Transaction, account_id: AccountId, rows: Sequence[Any]) -> list[Bundle]:
    parts: dict[int, list[Any]] = defaultdict(list)
    for part in tx.all(PARTS, account_id=account_id, bundle_ids=[row.bundle_id for row in rows]):
        parts[part.bundle_id].append(part)
    return [_bundle(row, parts[row.bundle_id]) for row in rows]


def _bundle(row: Any, parts: Sequence[Any]) -> Bundle:
    return Bundle(
        AccountId(row.account_id),
        row.bundle_id,
        row.reference,
        Currency(row.currency),
        row.amount_minor,
        row.credit_minor,
        row.made_on,
        tuple(
            BundlePart(AccountId(p.debt_account_id), DebtId(p.debt_id), BillId(p.bill_id), p.amount_minor)
            for p in parts
        ),
    )

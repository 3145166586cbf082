"""Vouchers and who used them."""

from datetime import date
from typing import Any, Final, LiteralString

from acquit.core.identifiers import AccountId, CreditMovementId, LegalEntityId
from acquit.core.voucher import Voucher
from acquit.store.transaction import Transaction

_VOUCHERS: Final[LiteralString] = """
    SELECT v.legal_entity_id, v.voucher_id, v.hint, v.currency, v.amount_minor, v.until_on, v.words,
           v.credit_days, v.uses_max, (
           SELECT count(*) FROM voucher_use u
            WHERE u.legal_entity_id = v.legal_entity_id AND u.voucher_id = v.voucher_id) AS uses
      FROM voucher v
"""

OF_CODE: Final[LiteralString] = (
    _VOUCHERS + "WHERE v.legal_entity_id = %(legal_entity_id)s AND v.code_hash = %(code_hash)s"
)

EVERY: Final[LiteralString] = (
    _VOUCHERS + "WHERE v.legal_entity_id = %(legal_entity_id)s ORDER BY v.voucher_id DESC"
)

HOLD: Final[LiteralString] = """
    SELECT pg_advisory_xact_lock(
           hashtext('voucher'), hashtext(%(legal_entity_id)s || encode(%(code_hash)s, 'hex')))
"""

ADD: Final[LiteralString] = """
    INSERT INTO voucher (legal_entity_id, code_hash, hint, currency, amount_minor, until_on, credit_days,
           uses_max, words, made_by)
    VALUES (%(legal_entity_id)s, %(code_hash)s, %(hint)s, %(currency)s, %(amount_minor)s, %(until_on)s,
           %(credit_days)s, %(uses_max)s, %(words)s, %(made_by)s)
        ON CONFLICT (legal_entity_id, code_hash) DO NOTHING
    RETURNING voucher_id
"""

USED: Final[LiteralString] = """
    SELECT EXISTS (
           SELECT FROM voucher_use
            WHERE account_id = %(account_id)s AND legal_entity_id = %(legal_entity_id)s
              AND voucher_id = %(voucher_id)s) AS used
"""

USE: Final[LiteralString] = """
    INSERT INTO voucher_use (account_id, legal_entity_id, voucher_id, movement_id, used_on, used_by)
    VALUES (%(account_id)s, %(legal_entity_id)s, %(voucher_id)s, %(movement_id)s, %(used_on)s, %(used_by)s)
"""


def hold(tx: Transaction, legal_entity_id: LegalEntityId, code_hash: bytes) -> None:
    """Let nobody else use or make a voucher of this code until the transaction ends."""
    tx.all(HOLD, legal_entity_id=legal_entity_id, code_hash=code_hash)


def of_code(tx: Transaction, legal_entity_id: LegalEntityId, code_hash: bytes) -> Voucher | None:
    """Return the seller's voucher of this code, or None."""
    row = tx.one_or_none(OF_CODE, legal_entity_id=legal_entity_id, code_hash=code_hash)
    return None if row is None else _voucher(row)


def every(tx: Transaction, legal_entity_id: LegalEntityId) -> list[Voucher]:
    """Return the seller's vouchers, newest first."""
    return [_voucher(row) for row in tx.all(EVERY, legal_entity_id=legal_entity_id)]


def add(tx: Transaction, voucher: Voucher, code_hash: bytes, by: str) -> int | None:
    """Write a voucher and return its id, or None when there is one of this code."""
    row = tx.one_or_none(
        ADD, legal_entity_id=voucher.legal_entity_id, code_hash=code_hash, hint=voucher.hint,
        currency=voucher.currency, amount_minor=voucher.amount_minor, until_on=voucher.until_on,
        credit_days=voucher.credit_days, uses_max=voucher.uses_max, words=voucher.words, made_by=by,
    )  # fmt: skip
    return None if row is None else int(row.voucher_id)


def is_used(tx: Transaction, payer_id: AccountId, voucher: Voucher) -> bool:
    """Whether the payer has used the voucher."""
    row = tx.one(
        USED, account_id=payer_id, legal_entity_id=voucher.legal_entity_id, voucher_id=voucher.voucher_id
    )
    return bool(row.used)


def use(
    tx: Transaction, payer_id: AccountId, voucher: Voucher, movement_id: CreditMovementId, on: date, by: str
) -> None:
    """Write that the payer made credit of the voucher."""
    tx.run(
        USE, account_id=payer_id, legal_entity_id=voucher.legal_entity_id, voucher_id=voucher.voucher_id,
        movement_id=movement_id, used_on=on, used_by=by,
    )  # fmt: skip


def _voucher(row: Any) -> Voucher:
    return Voucher(**row._asdict())

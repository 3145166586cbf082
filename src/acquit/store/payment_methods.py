"""Payment methods of accounts; at most one is the default."""

from typing import Any, Final, LiteralString

from acquit.core.identifiers import AccountId, GrantId, PaymentMethodId
from acquit.core.payment_method import MethodStatus, PaymentMethod
from acquit.store.transaction import Transaction

_METHODS: Final[LiteralString] = """
    SELECT account_id, payment_method_id, payment_type, sub_type, label, status, created_at, updated_at,
           description, is_default, grant_id, expires_on
      FROM payment_method
      LEFT JOIN (SELECT account_id, payment_method_id, expires_on FROM method_on_file) AS kept
           USING (account_id, payment_method_id)
"""

FIND: Final[LiteralString] = (
    _METHODS + "WHERE account_id = %(account_id)s AND payment_method_id = %(payment_method_id)s"
)

OF_ACCOUNT: Final[LiteralString] = _METHODS + "WHERE account_id = %(account_id)s ORDER BY payment_method_id"

INSERT: Final[LiteralString] = """
    INSERT INTO payment_method (account_id, payment_type, sub_type, label, description, status, grant_id)
    VALUES (%(account_id)s, %(payment_type)s, %(sub_type)s, %(label)s, %(description)s, %(status)s,
           %(grant_id)s)
    RETURNING payment_method_id
"""

CLEAR_DEFAULT: Final[LiteralString] = """
    UPDATE payment_method
       SET is_default = false, updated_at = instant()
     WHERE account_id = %(account_id)s AND is_default
"""

SET_DEFAULT: Final[LiteralString] = """
    UPDATE payment_method
       SET is_default = true, updated_at = instant()
     WHERE account_id = %(account_id)s AND payment_method_id = %(payment_method_id)s
"""

SET_DESCRIPTION: Final[LiteralString] = """
    UPDATE payment_method
       SET description = %(description)s, updated_at = instant()
     WHERE account_id = %(account_id)s AND payment_method_id = %(payment_method_id)s
"""

CANCEL: Final[LiteralString] = """
    UPDATE payment_method
       SET status = 'CANCELED', is_default = false, updated_at = instant()
     WHERE account_id = %(account_id)s AND payment_method_id = %(payment_method_id)s
"""

CANCEL_GRANTED: Final[LiteralString] = """
    UPDATE payment_method
       SET status = 'CANCELED', is_default = false, updated_at = instant()
     WHERE account_id = %(account_id)s AND grant_id IS NOT NULL AND status = 'VALID'
"""


def find(tx: Transaction, account_id: AccountId, payment_method_id: PaymentMethodId) -> PaymentMethod | None:
    """Return the account's payment method or None."""
    row = tx.one_or_none(FIND, account_id=account_id, payment_method_id=payment_method_id)
    return None if row is None else _method(row)


def of_account(tx: Transaction, account_id: AccountId) -> list[PaymentMethod]:
    """Return every payment method of the account, ended ones included, oldest first."""
    return [_method(row) for row in tx.all(OF_ACCOUNT, account_id=account_id)]


def insert(
    tx: Transaction,
    account_id: AccountId,
    payment_type: str,
    sub_type: str | None,
    label: str | None,
    *,
    description: str | None = None,
    status: MethodStatus = MethodStatus.VALID,
    grant_id: GrantId | None = None,
) -> PaymentMethodId:
    """Write a payment method, not the default, and return its id."""
    row = tx.one(
        INSERT,
        account_id=account_id,
        payment_type=payment_type,
        sub_type=sub_type,
        label=label,
        description=description,
        status=status.value,
        grant_id=grant_id,
    )
    return PaymentMethodId(row.payment_method_id)


def set_default(tx: Transaction, account_id: AccountId, payment_method_id: PaymentMethodId) -> None:
    """Make one method the default; the former one loses that."""
    tx.run(CLEAR_DEFAULT, account_id=account_id)
    tx.run(SET_DEFAULT, account_id=account_id, payment_method_id=payment_method_id)


def set_description(
    tx: Transaction, account_id: AccountId, payment_method_id: PaymentMethodId, description: str | None
) -> None:
    """Write the account's own words about a method."""
    tx.run(
        SET_DESCRIPTION, account_id=account_id, payment_method_id=payment_method_id, description=description
    )


def cancel(tx: Transaction, account_id: AccountId, payment_method_id: PaymentMethodId) -> None:
    """End a method; it is no longer the default."""
    tx.run(CANCEL, account_id=account_id, payment_method_id=payment_method_id)


def cancel_granted(tx: Transaction, account_id: AccountId) -> int:
    """End every valid method that a grant gave the account; return how many."""
    return tx.run(CANCEL_GRANTED, account_id=account_id)


def _method(row: Any) -> PaymentMethod:
    return PaymentMethod(
        account_id=AccountId(row.account_id),
        payment_method_id=PaymentMethodId(row.payment_method_id),
        payment_type=row.payment_type,
        sub_type=row.sub_type,
        label=row.label,
        status=MethodStatus(row.status),
        created_at=row.created_at,
        updated_at=row.updated_at,
        description=row.description,
        is_default=row.is_default,
        grant_id=None if row.grant_id is None else GrantId(row.grant_id),
        expires_on=row.expires_on,
    )

"""What an account's own page shows beside the account itself."""

from typing import Final, LiteralString

from acquit.core.identifiers import AccountId
from acquit.store.transaction import Transaction

SHARES_PARTY: Final[LiteralString] = """
    SELECT EXISTS (SELECT 1
                     FROM account a
                     JOIN account other ON other.legal_party_id = a.legal_party_id
                      AND other.account_id <> a.account_id
                    WHERE a.account_id = %(account_id)s) AS there
"""


def shares_party(tx: Transaction, account_id: AccountId) -> bool:
    """Whether the account's own legal party is another account's too."""
    return bool(tx.one(SHARES_PARTY, account_id=account_id).there)


CERTIFICATES: Final[LiteralString] = """
    SELECT t.name
      FROM account a
      JOIN account_attribute t ON t.account_id = a.payer_id
     WHERE a.account_id = %(account_id)s
     ORDER BY t.name
"""


def attribute_names(tx: Transaction, account_id: AccountId) -> list[str]:
    """Return the names of the attributes that a payment term put on the account that pays."""
    return [row.name for row in tx.all(CERTIFICATES, account_id=account_id)]

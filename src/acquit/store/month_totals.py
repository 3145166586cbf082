"""What a family was billed month by month: one sum for each account, month and currency."""

from dataclasses import dataclass
from datetime import date
from typing import Final, LiteralString

from acquit.core.identifiers import AccountId
from acquit.core.money import Currency
from acquit.store.transaction import Transaction

OF_FAMILY: Final[LiteralString] = """
    SELECT date_trunc('month', b.issued_on)::date AS month, o.account_id AS owner_id,
           coalesce(nullif(o.description, ''), o.account_id) AS owner_name, b.currency,
           sum(CASE WHEN b.kind = 'credit-note' THEN -1 ELSE 1 END
               * coalesce(s.net_minor + s.tax_minor, b.total_minor))::bigint AS total_minor
      FROM account a
      JOIN bill b ON b.account_id = a.account_id
      LEFT JOIN bill_slice s ON s.account_id = b.account_id AND s.bill_id = b.bill_id
      JOIN account o ON o.account_id = coalesce(s.owner_id, b.account_id)
     WHERE (a.account_id = %(account_id)s OR a.parent_id = %(account_id)s)
       AND b.issued_at >= %(from_on)s::date - 2 AND b.issued_on >= %(from_on)s
     GROUP BY 1, 2, 3, 4
     ORDER BY 1, 2, 4
"""


@dataclass(frozen=True, slots=True)
class MonthTotal:
    """What an account was billed in a month, VAT included, less what credit notes took back."""

    month: date
    owner_id: AccountId
    owner_name: str
    currency: Currency
    total_minor: int


def of_family(tx: Transaction, account_id: AccountId, from_on: date) -> list[MonthTotal]:
    """Return the sums of the account and its sub-accounts since a day, the oldest month first."""
    return [MonthTotal(*row) for row in tx.all(OF_FAMILY, account_id=account_id, from_on=from_on)]

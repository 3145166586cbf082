"""Accounts as the provider's staff look for them: by any part of a name."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, LiteralString

from acquit.core.identifiers import AccountId
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class AccountFound:
    """What tells one account from another in a list."""

    account_id: AccountId
    parent_id: AccountId | None
    party_name: str | None
    description: str | None
    support_level: str
    state: str
    term_days: int | None


@dataclass(frozen=True, slots=True)
class AccountsFound:
    """One page of what was found, and how much there is in all."""

    accounts: Sequence[AccountFound]
    total: int


_FOUND: Final[LiteralString] = """
      FROM account a
      LEFT JOIN account p ON p.account_id = a.parent_id
      LEFT JOIN LATERAL (SELECT l.name
                           FROM legal_party l
                          WHERE l.legal_party_id = coalesce(a.legal_party_id, p.legal_party_id)
                          ORDER BY l.from_on DESC
                          LIMIT 1) AS party ON true
     WHERE %(text)s = '' OR strpos(a.account_id, lower(%(text)s)) > 0
        OR strpos(lower(party.name), lower(%(text)s)) > 0 OR strpos(lower(a.description), lower(%(text)s)) > 0
        OR strpos(lower(a.email), lower(%(text)s)) > 0
        OR a.account_id = (SELECT n.account_id FROM bill_number n WHERE n.bill_id = upper(%(text)s))
"""

COUNT: Final[LiteralString] = "SELECT count(*) AS total" + _FOUND

_COLUMNS: Final[LiteralString] = """
    SELECT a.account_id, a.parent_id, party.name AS party_name, a.description, a.support_level, a.state,
           (SELECT m.value::integer
              FROM account_attribute m
             WHERE m.account_id = a.payer_id AND m.name = 'payment.delay_days') AS term_days
"""

_ORDER: Final[LiteralString] = """
     ORDER BY coalesce(a.parent_id, a.account_id), a.parent_id IS NOT NULL, a.sub_account_no
    OFFSET %(offset)s LIMIT %(rows_max)s
"""

SEARCH: Final[LiteralString] = _COLUMNS + _FOUND + _ORDER


def search(tx: Transaction, text: str, offset: int, rows_max: int) -> AccountsFound:
    """Return accounts by part of their id, buyer's name, description, mail address, or by a bill's number.

    Each account is followed by its sub-accounts; an empty text finds all.
    """
    rows = tx.all(SEARCH, text=text, offset=offset, rows_max=rows_max)
    return AccountsFound([AccountFound(**row._asdict()) for row in rows], tx.one(COUNT, text=text).total)

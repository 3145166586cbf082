"""Accounts as the provider's staff look for them: by any part of a name."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, LiteralString

from acquit.core.identifiers import AccountId
from acquit.store.transaction import Transaction

COUNTED_MAX: Final = 1_000


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
    """One page of what was found, and how much there is, counted up to `COUNTED_MAX`; `is_more` beyond."""

    accounts: Sequence[AccountFound]
    total: int
    is_more: bool = False


_FITTING: Final[LiteralString] = """
    (SELECT account_id
       FROM account
      WHERE lower(account_id COLLATE "default" || chr(10) || coalesce(description, '') || chr(10) || email)
            LIKE %(like)s
      LIMIT %(counted_max)s)
      UNION
    (SELECT a.account_id
       FROM legal_party l
       JOIN account a ON a.legal_party_id = l.legal_party_id
      WHERE lower(l.name) LIKE %(like)s
      LIMIT %(counted_max)s)
      UNION
    (SELECT c.account_id
       FROM legal_party l
       JOIN account a ON a.legal_party_id = l.legal_party_id
       JOIN account c ON c.parent_id = a.account_id AND c.legal_party_id IS NULL
      WHERE lower(l.name) LIKE %(like)s
      LIMIT %(counted_max)s)
      UNION
    (SELECT account_id FROM account WHERE parent_id = lower(%(text)s) LIMIT %(counted_max)s)
      UNION
     SELECT account_id FROM bill_number WHERE bill_id = upper(%(text)s)
"""

COUNT: Final[LiteralString] = (
    "SELECT count(*) AS total FROM (SELECT FROM (" + _FITTING + ") f LIMIT %(counted_max)s) c"  # noqa: S608
)

COUNT_ALL: Final[LiteralString] = """
    SELECT count(*) AS total FROM (SELECT FROM account LIMIT %(counted_max)s) c
"""

_COLUMNS: Final[LiteralString] = """
    SELECT a.account_id, a.parent_id, party.name AS party_name, a.description, a.support_level, a.state,
           (SELECT m.value::integer
              FROM account_attribute m
             WHERE m.account_id = a.payer_id AND m.name = 'payment.delay_days') AS term_days
      FROM (SELECT a.*
              FROM account a
"""

_ORDER: Final[LiteralString] = """
             ORDER BY coalesce(a.parent_id, a.account_id), (a.parent_id IS NOT NULL), a.sub_account_no
            OFFSET %(offset)s LIMIT %(rows_max)s) a
      LEFT JOIN account p ON p.account_id = a.parent_id
      LEFT JOIN LATERAL (SELECT l.name
                           FROM legal_party l
                          WHERE l.legal_party_id = coalesce(a.legal_party_id, p.legal_party_id)
                          ORDER BY l.from_on DESC
                          LIMIT 1) AS party ON true
     ORDER BY coalesce(a.parent_id, a.account_id), (a.parent_id IS NOT NULL), a.sub_account_no
"""

SEARCH: Final[LiteralString] = (
    _COLUMNS + " WHERE a.account_id IN (SELECT account_id FROM (" + _FITTING + ") f)" + _ORDER  # noqa: S608
)

EVERY: Final[LiteralString] = _COLUMNS + _ORDER


def search(tx: Transaction, text: str, offset: int, rows_max: int) -> AccountsFound:
    """Return accounts by part of their id, buyer's name, description, mail address, or by a bill's number.

    Each account is followed by its sub-accounts; an empty text finds all, a whole id its sub-accounts too.
    """
    cut = {"offset": min(offset, COUNTED_MAX), "rows_max": rows_max}
    asked: dict[str, object] = {"counted_max": COUNTED_MAX + 1}
    if text:
        asked |= {"text": text, "like": f"%{_literal(text.lower())}%"}
        rows, total = tx.all(SEARCH, **asked, **cut), tx.one(COUNT, **asked).total
    else:
        rows, total = tx.all(EVERY, **cut), tx.one(COUNT_ALL, **asked).total
    found = [AccountFound(**row._asdict()) for row in rows]
    return AccountsFound(found, min(total, COUNTED_MAX), total > COUNTED_MAX)


def _literal(text: str) -> str:
    """Return a pattern of LIKE that only the text itself fits."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")

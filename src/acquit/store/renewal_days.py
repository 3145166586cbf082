"""The day of the month on which all services of an account renew."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, LiteralString

from acquit.core.identifiers import AccountId
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class RenewalDay:
    """Whether an account's renewals are grouped, and on which day of the month (a short month's last)."""

    active: bool
    day: int


FIND: Final[LiteralString] = "SELECT active, day FROM renewal_day WHERE account_id = %(account_id)s"

SET: Final[LiteralString] = """
    INSERT INTO renewal_day (account_id, active, day, set_by)
    VALUES (%(account_id)s, %(active)s, %(day)s, %(by)s)
    ON CONFLICT (account_id)
    DO UPDATE SET active = excluded.active, day = excluded.day, set_by = excluded.set_by, set_at = instant()
"""

LAST_RENEWAL: Final[LiteralString] = """
    SELECT issued_at
      FROM bill
     WHERE account_id = %(account_id)s AND category = 'autorenew'
     ORDER BY issued_at DESC
     LIMIT 1
"""


def find(tx: Transaction, account_id: AccountId) -> RenewalDay | None:
    """Return the account's choice, or None when it never made one."""
    row = tx.one_or_none(FIND, account_id=account_id)
    return None if row is None else RenewalDay(row.active, row.day)


def active_day(tx: Transaction, account_id: AccountId) -> int | None:
    """Return the day on which the account's services renew together, or None."""
    found = find(tx, account_id)
    return found.day if found is not None and found.active else None


def put(tx: Transaction, account_id: AccountId, chosen: RenewalDay, by: str) -> None:
    """Write the account's choice."""
    tx.run(SET, account_id=account_id, active=chosen.active, day=chosen.day, by=by)


def last_renewal_at(tx: Transaction, account_id: AccountId) -> datetime | None:
    """Return when the account was last billed for renewals, or None."""
    row = tx.one_or_none(LAST_RENEWAL, account_id=account_id)
    return None if row is None else row.issued_at

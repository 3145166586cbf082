"""Reports of use that accounts asked for; one that is not made yet waits for the worker."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final, LiteralString

from acquit.core.identifiers import AccountId
from acquit.core.usage_report import UsageReport
from acquit.store.transaction import Transaction

_REPORTS: Final[LiteralString] = """
    SELECT account_id, report_id, from_on, until_on, sha256
      FROM usage_report
"""

ADD: Final[LiteralString] = """
    INSERT INTO usage_report (account_id, from_on, until_on, asked_by)
    VALUES (%(account_id)s, %(from_on)s, %(until_on)s, %(asked_by)s)
    RETURNING account_id, report_id, from_on, until_on, sha256
"""

OF_ACCOUNT: Final[LiteralString] = _REPORTS + "WHERE account_id = %(account_id)s ORDER BY report_id"

ANY: Final[LiteralString] = _REPORTS + "WHERE report_id = %(report_id)s"

UNMADE: Final[LiteralString] = (
    _REPORTS + "WHERE account_id = %(account_id)s AND sha256 IS NULL ORDER BY report_id"
)

WAITING: Final[LiteralString] = _REPORTS + "WHERE sha256 IS NULL ORDER BY report_id LIMIT %(rows_max)s"

FINISH: Final[LiteralString] = """
    UPDATE usage_report
       SET sha256 = %(sha256)s, built_at = now()
     WHERE account_id = %(account_id)s AND report_id = %(report_id)s AND sha256 IS NULL
"""


def add(tx: Transaction, account_id: AccountId, from_on: date, until_on: date, by: str) -> UsageReport:
    """Write that the account wants a report and return it."""
    return _report(tx.one(ADD, account_id=account_id, from_on=from_on, until_on=until_on, asked_by=by))


def of_account(tx: Transaction, account_id: AccountId) -> Sequence[UsageReport]:
    """Return the account's reports, oldest first."""
    return [_report(row) for row in tx.all(OF_ACCOUNT, account_id=account_id)]


def unmade(tx: Transaction, account_id: AccountId) -> Sequence[UsageReport]:
    """Return those of the account's reports that are not made yet, oldest first."""
    return [_report(row) for row in tx.all(UNMADE, account_id=account_id)]


def find_any(tx: Transaction, report_id: int) -> UsageReport | None:
    """Return the report, whoever asked for it: for the link that opens it without a login."""
    row = tx.one_or_none(ANY, report_id=report_id)
    return None if row is None else _report(row)


def waiting(tx: Transaction, rows_max: int) -> list[UsageReport]:
    """Return reports that are not made yet, oldest first."""
    return [_report(row) for row in tx.all(WAITING, rows_max=rows_max)]


def finish(tx: Transaction, report: UsageReport, sha256: str) -> bool:
    """Write that the report is made; False when another worker was first."""
    done = tx.run(FINISH, account_id=report.account_id, report_id=report.report_id, sha256=sha256)
    return done == 1


def _report(row: Any) -> UsageReport:
    return UsageReport(**row._asdict())

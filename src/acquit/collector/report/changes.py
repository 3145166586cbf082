"""Why a month costs more or less than the one before, as `collector/derived.py` says it; amounts without
VAT."""

from typing import Final

from acquit.collector.derived import REASONS
from acquit.collector.report.answer import Answer
from acquit.collector.report.asking import Asking

WHY: Final = """
CREATE TEMP TABLE why AS
    SELECT account, domain, currency, reason, difference_minor
      FROM change_month SEMI JOIN chosen USING (account) WHERE month_on = $month_on"""

CHANGES: Final = f"""
    FROM (SELECT reason, currency, count(DISTINCT (account, domain)) AS services_count,
                 sum(difference_minor) AS difference_minor FROM why GROUP BY ALL)
     ORDER BY currency, list_position({list(REASONS)}, reason)"""  # noqa: S608 - ours

CHANGE_ACCOUNTS: Final = """
    WITH billed AS (
        SELECT account, currency, coalesce(sum(net_minor) FILTER (month_on = $before_on), 0) AS before_minor,
               coalesce(sum(net_minor) FILTER (month_on = $month_on), 0) AS now_minor
          FROM bill_month WHERE month_on IN ($month_on, $before_on) GROUP BY ALL),
    reasons AS (SELECT account, currency, {sums} FROM why GROUP BY ALL)
    SELECT b.account, description AS described, b.currency, before_minor, now_minor,
           now_minor - before_minor AS difference_minor, {names}
      FROM billed AS b LEFT JOIN reasons AS r
        ON r.account = b.account AND r.currency IS NOT DISTINCT FROM b.currency
      LEFT JOIN described ON described.account = b.account
     ORDER BY b.currency, difference_minor DESC, b.account""".format(  # noqa: S608 - ours
    sums=", ".join(f"sum(difference_minor) FILTER (reason = '{one}') AS {one}_minor" for one in REASONS),
    names=", ".join(f"coalesce({one}_minor, 0) AS {one}_minor" for one in REASONS),
)

CHANGE_SERVICES: Final = """
    SELECT account, domain, reason, currency, difference_minor FROM why
     ORDER BY currency, abs(difference_minor) DESC, account, domain, reason"""


def changes(asking: Asking) -> list[Answer]:
    """Return the reasons of the month's difference: in all, by account (most grown first), by service."""
    asking.run(WHY)
    return [
        asking.answer("changes", CHANGES, totals=True),
        asking.answer("change-accounts", CHANGE_ACCOUNTS, totals=True),
        asking.answer("change-services", CHANGE_SERVICES, totals=True),
    ]

"""What was spent: by month, account, service and cost centre, by the date of bills."""

from typing import Final

from acquit.collector.cost_centres import cost_centre_sql
from acquit.collector.report.answer import Answer
from acquit.collector.report.asking import Asking, months_are_whole

AMOUNTS: Final = """
    sum(bills_count) AS bills_count, sum(net_minor) AS net_minor, sum(tax_minor) AS tax_minor,
    sum(total_minor) AS total_minor"""

MONTHS: Final = f"""
    SELECT month_on, currency, {AMOUNTS} FROM bill_month WHERE is_asked
     GROUP BY ALL ORDER BY currency, month_on"""  # noqa: S608 - ours

ACCOUNTS: Final = f"""
    SELECT account, any_value(described.description) AS described, currency, {AMOUNTS}
      FROM bill_month LEFT JOIN described USING (account)
     WHERE is_asked GROUP BY account, currency ORDER BY currency, total_minor DESC, account"""  # noqa: S608 - ours

MONTHS_ASKED: Final = """
    SELECT account, domain, NULL AS description, currency, net_minor, details_count FROM service_month
     WHERE ($since IS NULL OR month_on >= $since) AND (month_on IS NULL OR month_on <= $until_on)"""

DETAILS_ASKED: Final = """
    SELECT account, domain, description, currency, net_minor, 1 AS details_count FROM bill_detail
     WHERE ($since IS NULL OR issued_on >= $since) AND (issued_on IS NULL OR issued_on <= $until_on)"""

SERVICE: Final = """
CREATE TEMP TABLE service_sum AS
    SELECT account, domain, currency, sum(net_minor) AS net_minor, sum(details_count) AS details_count
      FROM ({asked}) SEMI JOIN chosen USING (account) GROUP BY ALL"""

REST: Final = """
CREATE TEMP TABLE rest AS
    SELECT account, CAST(NULL AS VARCHAR) AS domain, CAST(NULL AS VARCHAR) AS description, currency,
           sum(net_minor) AS net_minor, 0 AS details_count
      FROM (SELECT account, currency, net_minor FROM bill_month WHERE is_asked
            UNION ALL SELECT account, currency, -net_minor FROM service_sum)
     GROUP BY ALL HAVING sum(net_minor) <> 0"""
"""What bills say beyond their details, because these were not gathered: no service is known for it."""

SERVICES: Final = """
    SELECT domain, account, currency, details_count, net_minor
      FROM (FROM service_sum UNION ALL BY NAME SELECT * EXCLUDE (description) FROM rest)
     ORDER BY currency, net_minor DESC, domain, account"""

CENTRES: Final = """
    SELECT {centre} AS cost_centre, currency, sum(details_count) AS details_count, sum(net_minor) AS net_minor
      FROM ({source} UNION ALL BY NAME FROM rest) AS bill_detail GROUP BY ALL
     ORDER BY currency, net_minor DESC, cost_centre"""


def spent(asking: Asking) -> list[Answer]:
    """Return sums by month, account, service and cost centre; the last two are of details, without VAT."""
    whole = months_are_whole(asking)
    asking.run(SERVICE.format(asked=MONTHS_ASKED if whole else DETAILS_ASKED))
    asking.run(REST)
    return [
        asking.answer("months", MONTHS, totals=True),
        asking.answer("accounts", ACCOUNTS, totals=True),
        asking.answer("services", SERVICES, totals=True),
        asking.answer("cost-centres", _centres(asking), totals=True),
    ]


def _centres(asking: Asking) -> str:
    """Rules about the text of lines need the details; all others are content with the sums of services."""
    rules = asking.question.rules
    reads_text = any(rule.description or rule.project for rule in rules.rules)
    source = f"FROM ({DETAILS_ASKED}) SEMI JOIN chosen USING (account)" if reads_text else "FROM service_sum"
    return CENTRES.format(centre=cost_centre_sql(rules), source=source)

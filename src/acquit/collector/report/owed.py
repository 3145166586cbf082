"""What is owed: by week, by age, and debts that no bill belongs to; each amount by where its due date
comes from."""

from typing import Final

from acquit.collector.report.answer import Answer
from acquit.collector.report.asking import Asking

OWED: Final = """
CREATE TEMP TABLE owed AS
    SELECT *,
           CASE WHEN due_on IS NULL THEN 'no_date' WHEN due_on < $as_of THEN 'overdue'
                ELSE 'week_of' END AS falls,
           CASE WHEN due_on >= $as_of THEN CAST(date_trunc('week', due_on) AS DATE) END AS week_on,
           CASE WHEN due_on IS NULL THEN 'no_date' WHEN due_on >= $as_of THEN 'not_due'
                WHEN $as_of - due_on <= 30 THEN 'late_1_30' WHEN $as_of - due_on <= 60 THEN 'late_31_60'
                WHEN $as_of - due_on <= 90 THEN 'late_61_90' ELSE 'late_over_90' END AS bucket
      FROM open_debt SEMI JOIN chosen USING (account)
     WHERE opened_on IS NULL OR opened_on <= $as_of"""

SOURCES: Final = """
    sum(due_minor) AS due_minor,
    coalesce(sum(due_minor) FILTER (due_source = 'read'), 0) AS read_minor,
    coalesce(sum(due_minor) FILTER (due_source = 'inferred'), 0) AS inferred_minor,
    coalesce(sum(due_minor) FILTER (due_source = 'unknown'), 0) AS unknown_minor,
    sum(pending_minor) AS pending_minor, count(*) AS debts_count"""

WEEKS_FIRST: Final = "currency, CASE falls WHEN 'overdue' THEN 1 WHEN 'week_of' THEN 2 ELSE 3 END, week_on"

DUE: Final = f"""
    FROM (SELECT falls, week_on, currency, {SOURCES} FROM owed GROUP BY ALL) ORDER BY {WEEKS_FIRST}"""  # noqa: S608 - ours

DUE_ORDERS: Final = f"""
    FROM (SELECT falls, week_on, purchase_order, purchase_order_source AS source, currency, {SOURCES}
            FROM owed GROUP BY ALL) ORDER BY {WEEKS_FIRST}, purchase_order NULLS LAST, source"""  # noqa: S608 - ours

BUCKETS: Final = ("not_due", "late_1_30", "late_31_60", "late_61_90", "late_over_90", "no_date")
"""Days late; the day of the due date itself is not late."""

AGEING: Final = f"""
    FROM (SELECT bucket, currency, {SOURCES} FROM owed GROUP BY ALL)
     ORDER BY currency, list_position({list(BUCKETS)}, bucket)"""  # noqa: S608 - ours

AGEING_ACCOUNTS: Final = """
    SELECT account, currency, {amounts}, sum(due_minor) AS due_minor
      FROM owed GROUP BY account, currency
     ORDER BY currency, due_minor DESC, account""".format(  # noqa: S608 - ours
    amounts=", ".join(f"coalesce(sum(due_minor) FILTER (bucket = '{b}'), 0) AS {b}_minor" for b in BUCKETS),
)

WITHOUT_BILL: Final = """
    SELECT account, debt_id, order_id, opened_on, due_on, due_source AS source, currency, due_minor
      FROM owed WHERE bill_id IS NULL ORDER BY currency, opened_on, account, debt_id"""


def owed(asking: Asking) -> list[Answer]:
    """Return what is due each week, under which order, how late it is, and debts without a bill.

    What is owed is what the provider told last; an earlier `as_of` does not bring back what was paid since.
    """
    asking.run(OWED)
    return [
        asking.answer("due", DUE, totals=True),
        asking.answer("due-orders", DUE_ORDERS),
        asking.answer("ageing", AGEING, totals=True),
        asking.answer("ageing-accounts", AGEING_ACCOUNTS, totals=True),
        asking.answer("debts-without-bill", WITHOUT_BILL, totals=True),
    ]

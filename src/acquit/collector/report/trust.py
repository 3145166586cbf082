"""How far the report can be trusted: how complete each account is, and bills that changed after issue."""

from typing import Final

from acquit.collector.report.answer import Answer
from acquit.collector.report.asking import Asking

STALE_DAYS: Final = 7

CHANGED: Final = """
    SELECT account, bill_id, issued_on, changed_on, versions_count, currency, first_minor, now_minor,
           now_minor - first_minor AS difference_minor
      FROM changed_bill SEMI JOIN chosen USING (account)
     WHERE (issued_on IS NULL OR issued_on <= $until_on) AND ($since IS NULL OR issued_on >= $since)
     ORDER BY currency, changed_on DESC, account, bill_id"""

COMPLETENESS: Final = f"""
    WITH billed AS (
        SELECT account, sum(bills_count) AS bills_count, sum(without_details_count) AS without_details_count,
               coalesce(sum(bills_count) FILTER (has_no_paper), 0) AS without_paper_count,
               coalesce(sum(bills_count) FILTER (purchase_order_source = 'unknown'), 0) AS
                 order_unknown_count,
               coalesce(sum(bills_count) FILTER (has_no_due), 0) AS due_unknown_count,
               max(issued_on) AS last_bill_on
          FROM day GROUP BY account),
    told AS (
        SELECT account, any_value(description) AS described, max(CAST(gathered_at AS DATE)) AS gathered_on
          FROM chosen LEFT JOIN account USING (account) LEFT JOIN described USING (account)
         GROUP BY account)
    FROM (
    SELECT CASE WHEN gathered_on IS NULL THEN 'never_whole'
                WHEN $as_of - gathered_on > {STALE_DAYS} THEN 'stale' ELSE 'current' END AS state,
           account, described, gathered_on, last_bill_on, coalesce(bills_count, 0) AS bills_count,
           coalesce(without_details_count, 0) AS without_details_count,
           coalesce(without_paper_count, 0) AS without_paper_count,
           coalesce(order_unknown_count, 0) AS order_unknown_count,
           coalesce(due_unknown_count, 0) AS due_unknown_count
      FROM told LEFT JOIN billed USING (account)
    UNION ALL
    SELECT 'not_gathered', concat(s.account, '-', s.sub_account_no), s.description, NULL, NULL, 0, 0, 0, 0, 0
      FROM sub_account AS s SEMI JOIN chosen USING (account)
      ANTI JOIN account AS a ON a.parent = s.account AND a.sub_account_no = s.sub_account_no)
     ORDER BY list_position(['not_gathered', 'never_whole', 'stale', 'current'], state), account"""  # noqa: S608 - ours


def trust(asking: Asking) -> list[Answer]:
    """Return what changed after issue, and the state of each account; sub-accounts without a key are told
    too."""
    return [asking.answer("changed", CHANGED), asking.answer("completeness", COMPLETENESS)]

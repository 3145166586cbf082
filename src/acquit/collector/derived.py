"""The SQL of an account's small tables, sums of its large ones, that reports are quick by; `verify` proves
them.

`change_month` says why a month costs more or less than the one before. A line is what the account pays for
one
text of one service; dates inside the text are left out, so that it is the same line next month. The
reasons of an
account, month and currency add up exactly to the difference of its bills without VAT:

- lines of both months: `quantity` is the change of quantity at the former average price, `price` the rest;
  `unexplained` where a quantity is no number
- lines of one month: `credit` when negative, `one_off` when without a service period, `renewal` when the
period
  is longer than 45 days, `new` or `ended` when the whole service is, `added` or `removed` when only the
  line is
- `no_details`: what bills say beyond their details, because these were not gathered
"""

from typing import Final

REASONS: Final = (
    "new", "ended", "added", "removed", "price", "quantity", "renewal", "one_off", "credit", "unexplained",
    "no_details",
)  # fmt: skip

DATES: Final = r"\d{1,4}[-/.]\d{1,2}([-/.]\d{1,4})?"
LONG_DAYS: Final = 45

_CHANGE: Final = f"""
    WITH line AS (
        SELECT account, CAST(date_trunc('month', issued_on) AS DATE) AS of_month, domain,
               regexp_replace(description, '{DATES}', '#', 'g') AS text, currency,
               sum(net_minor) AS net_minor, sum(quantity_e4) AS quantity_e4,
               count(*) = count(quantity_e4) AS is_counted,
               bool_and(period_start_on IS NULL AND period_end_on IS NULL) AS has_no_period,
               coalesce(max(period_end_on - period_start_on), 0) > {LONG_DAYS} AS is_long
          FROM bill_detail WHERE issued_on IS NOT NULL GROUP BY ALL),
    seen AS (
        SELECT *, of_month AS month_on, true AS is_now FROM line
        UNION ALL
        SELECT *, CAST(of_month + INTERVAL 1 MONTH AS DATE), false FROM line),
    pair AS (
        SELECT account, month_on, domain, text, currency,
               sum(net_minor) FILTER (NOT is_now) AS before_minor, sum(net_minor) FILTER (is_now) AS
                 now_minor,
               sum(quantity_e4) FILTER (NOT is_now) AS before_e4, sum(quantity_e4) FILTER (is_now) AS now_e4,
               bool_and(is_counted) AS is_counted, bool_and(has_no_period) AS has_no_period,
               bool_or(is_long) AS is_long
          FROM seen GROUP BY ALL),
    known AS (
        SELECT *, bool_or(before_minor IS NOT NULL) OVER service AS was_there,
               bool_or(now_minor IS NOT NULL) OVER service AS is_there,
               before_minor IS NOT NULL AND now_minor IS NOT NULL AS is_both,
               is_counted AND coalesce(before_e4 > 0 AND now_e4 > 0, false) AS is_counted_twice
          FROM pair WINDOW service AS (PARTITION BY account, month_on, domain)),
    split AS (
        SELECT *, CASE WHEN is_both AND is_counted_twice
                       THEN rounded(CAST(before_minor AS HUGEINT) * (now_e4 - before_e4), CAST(before_e4 AS
                         HUGEINT))
                       END AS quantity_minor
          FROM known),
    told AS (
        SELECT account, month_on, domain, currency, 'quantity' AS reason, quantity_minor AS difference_minor
          FROM split WHERE quantity_minor IS NOT NULL
        UNION ALL
        SELECT account, month_on, domain, currency,
               CASE WHEN quantity_minor IS NOT NULL THEN 'price' WHEN is_both THEN 'unexplained'
                    WHEN coalesce(now_minor, before_minor) < 0 THEN 'credit'
                    WHEN has_no_period THEN 'one_off' WHEN is_long THEN 'renewal'
                    WHEN before_minor IS NULL THEN if(was_there, 'added', 'new')
                    ELSE if(is_there, 'removed', 'ended') END,
               coalesce(now_minor, 0) - coalesce(before_minor, 0) - coalesce(quantity_minor, 0)
          FROM split
        UNION ALL
        SELECT account, month_on + to_months(later), NULL, currency, 'no_details',
               if(later = 0, net_minor, -net_minor)
          FROM (SELECT account, CAST(date_trunc('month', issued_on) AS DATE) AS month_on, currency, net_minor
                  FROM bill
                 WHERE issued_on IS NOT NULL
                UNION ALL SELECT account, of_month, currency, -net_minor FROM line),
               (SELECT unnest([0, 1]) AS later))
    SELECT account, CAST(month_on AS DATE) AS month_on, domain, currency, reason,
           CAST(sum(difference_minor) AS BIGINT) AS difference_minor
      FROM told GROUP BY ALL HAVING sum(difference_minor) <> 0
     ORDER BY account, month_on, currency, domain, reason"""  # noqa: S608 - what is put in is ours

DERIVED: Final = {
    "bill_day": """
        SELECT account, issued_on, currency, purchase_order, purchase_order_source,
               due_source = 'unknown' AND family <> 'credit_note' AS has_no_due,
               paper IS NULL AS has_no_paper,
               CAST(sum(net_minor) AS BIGINT) AS net_minor, CAST(sum(tax_minor) AS BIGINT) AS tax_minor,
               CAST(sum(total_minor) AS BIGINT) AS total_minor, count(*) AS bills_count,
               count(*) - count(details_count) AS without_details_count
          FROM bill GROUP BY ALL ORDER BY ALL""",
    "service_month": """
        SELECT account, CAST(date_trunc('month', issued_on) AS DATE) AS month_on, domain, currency,
               CAST(sum(net_minor) AS BIGINT) AS net_minor, count(*) AS details_count
          FROM bill_detail GROUP BY ALL ORDER BY ALL""",
    "change_month": _CHANGE,
    "open_debt": """
        SELECT d.account, debt_id, d.order_id, d.bill_id, opened_on, d.status, d.currency, due_minor,
               coalesce(pending_minor, 0) AS pending_minor, coalesce(b.due_on, d.due_on) AS due_on,
               CASE WHEN b.due_on IS NOT NULL THEN b.due_source WHEN d.due_on IS NOT NULL THEN 'inferred'
                    ELSE 'unknown' END AS due_source,
               purchase_order, coalesce(purchase_order_source, 'unknown') AS purchase_order_source
          FROM debt AS d LEFT JOIN bill AS b ON b.account = d.account AND b.bill_id = d.bill_id
         WHERE d.status NOT IN ('PAID', 'REFUNDED', 'WRITE_OFF') AND due_minor <> 0
         ORDER BY d.account, due_on, debt_id""",
    "unordered_bill": """
        SELECT account, bill_id, issued_on, purchase_order_source, paper IS NULL AS has_no_paper, currency,
               net_minor, total_minor
          FROM bill WHERE purchase_order IS NULL ORDER BY account, total_minor DESC, bill_id""",
    "changed_bill": """
        WITH later AS (
            SELECT account, bill_id, max(version_no) AS versions_count, max(issued_on) AS issued_on,
                   CAST(max(seen_at) AS DATE) AS changed_on, arg_max(currency, version_no) AS currency,
                   arg_max(coalesce(total_minor, 0), version_no) AS now_minor
              FROM bill_version WHERE version_no > 1 GROUP BY account, bill_id)
        SELECT later.*, coalesce(total_minor, 0) AS first_minor
          FROM later JOIN bill_version AS v
            ON v.account = later.account AND v.bill_id = later.bill_id AND v.version_no = 1
         ORDER BY later.account, changed_on, later.bill_id""",
}

# What differs between a small table and what it is made from; each row names one place.

BILL_DAY_DIFFERS: Final = """
    SELECT concat_ws(' ', account, issued_on, currency, purchase_order, purchase_order_source)
      FROM (SELECT account, issued_on, currency, purchase_order, purchase_order_source,
                   due_source = 'unknown' AND family <> 'credit_note' AS has_no_due,
                   paper IS NULL AS has_no_paper, net_minor, tax_minor,
                   total_minor, 1 AS bills_count, if(details_count IS NULL, 1, 0) AS without_details_count
                     FROM bill
            UNION ALL
            SELECT account, issued_on, currency, purchase_order, purchase_order_source, has_no_due,
              has_no_paper,
                   -net_minor, -tax_minor, -total_minor, -bills_count, -without_details_count FROM bill_day)
     GROUP BY account, issued_on, currency, purchase_order, purchase_order_source, has_no_due, has_no_paper
    HAVING coalesce(sum(net_minor), 0) <> 0 OR coalesce(sum(tax_minor), 0) <> 0
        OR coalesce(sum(total_minor), 0) <> 0 OR sum(bills_count) <> 0 OR sum(without_details_count) <> 0
     ORDER BY ALL"""

SERVICE_MONTH_DIFFERS: Final = """
    SELECT concat_ws(' ', account, month_on, domain, currency)
      FROM (SELECT account, CAST(date_trunc('month', issued_on) AS DATE) AS month_on, domain, currency,
                   net_minor, 1 AS details_count FROM bill_detail
            UNION ALL
            SELECT account, month_on, domain, currency, -net_minor, -details_count FROM service_month)
     GROUP BY account, month_on, domain, currency
    HAVING coalesce(sum(net_minor), 0) <> 0 OR sum(details_count) <> 0
     ORDER BY ALL"""

CHANGE_MONTH_DIFFERS: Final = """
    SELECT concat_ws(' ', account, month_on, currency)
      FROM (SELECT account, month_on, currency, difference_minor FROM change_month
            UNION ALL
            SELECT account, CAST(date_trunc('month', issued_on) + to_months(later) AS DATE), currency,
                   if(later = 0, -net_minor, net_minor)
              FROM bill_day, (SELECT unnest([0, 1]) AS later) WHERE issued_on IS NOT NULL)
     GROUP BY account, month_on, currency HAVING coalesce(sum(difference_minor), 0) <> 0
     ORDER BY ALL"""

OPEN_DEBT_DIFFERS: Final = """
    SELECT concat_ws(' ', account, debt_id)
      FROM (SELECT account, debt_id, due_minor FROM debt
             WHERE status NOT IN ('PAID', 'REFUNDED', 'WRITE_OFF')
            UNION ALL SELECT account, debt_id, -due_minor FROM open_debt)
     GROUP BY account, debt_id HAVING coalesce(sum(due_minor), 0) <> 0
     ORDER BY ALL"""

UNORDERED_BILL_DIFFERS: Final = """
    SELECT concat_ws(' ', account, bill_id)
      FROM (SELECT account, bill_id, total_minor, 1 AS bills_count FROM bill WHERE purchase_order IS NULL
            UNION ALL SELECT account, bill_id, -total_minor, -1 FROM unordered_bill)
     GROUP BY account, bill_id HAVING coalesce(sum(total_minor), 0) <> 0 OR sum(bills_count) <> 0
     ORDER BY ALL"""

CHANGED_BILL_DIFFERS: Final = """
    SELECT concat_ws(' ', account, bill_id)
      FROM (SELECT account, bill_id, versions_count FROM bill WHERE versions_count > 1
            UNION ALL SELECT account, bill_id, -versions_count FROM changed_bill)
     GROUP BY account, bill_id HAVING sum(versions_count) <> 0
     ORDER BY ALL"""

DIFFERS: Final = {
    "sums by day = bills": BILL_DAY_DIFFERS,
    "sums by service = details": SERVICE_MONTH_DIFFERS,
    "reasons of change = difference": CHANGE_MONTH_DIFFERS,
    "open debts = debts": OPEN_DEBT_DIFFERS,
    "bills without order = bills": UNORDERED_BILL_DIFFERS,
    "changed bills = versions": CHANGED_BILL_DIFFERS,
}
"""Each check of the small tables by its name."""

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
        SELECT CAST(date_trunc('month', issued_on) AS DATE) AS of_month, domain,
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
        SELECT month_on, domain, text, currency,
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
          FROM pair WINDOW service AS (PARTITION BY month_on, domain)),
    split AS (
        SELECT *, CASE WHEN is_both AND is_counted_twice
                       THEN rounded(CAST(before_minor AS HUGEINT) * (now_e4 - before_e4), CAST(before_e4 AS
                         HUGEINT))
                       END AS quantity_minor
          FROM known),
    told AS (
        SELECT month_on, domain, currency, 'quantity' AS reason, quantity_minor AS difference_minor
          FROM split WHERE quantity_minor IS NOT NULL
        UNION ALL
        SELECT month_on, domain, currency,
               CASE WHEN quantity_minor IS NOT NULL THEN 'price' WHEN is_both THEN 'unexplained'
                    WHEN coalesce(now_minor, before_minor) < 0 THEN 'credit'
                    WHEN has_no_period THEN 'one_off' WHEN is_long THEN 'renewal'
                    WHEN before_minor IS NULL THEN if(was_there, 'added', 'new')
                    ELSE if(is_there, 'removed', 'ended') END,
               coalesce(now_minor, 0) - coalesce(before_minor, 0) - coalesce(quantity_minor, 0)
          FROM split
        UNION ALL
        SELECT month_on + to_months(later), NULL, currency, 'no_details', if(later = 0, net_minor, -net_minor)
          FROM (SELECT CAST(date_trunc('month', issued_on) AS DATE) AS month_on, currency, net_minor FROM bill
                 WHERE issued_on IS NOT NULL
                UNION ALL SELECT of_month, currency, -net_minor FROM line),
               (SELECT unnest([0, 1]) AS later))
    SELECT getvariable('account') AS account, CAST(month_on AS DATE) AS month_on, domain, currency, reason,
           CAST(sum(difference_minor) AS BIGINT) AS difference_minor
      FROM told GROUP BY ALL HAVING sum(difference_minor) <> 0
     ORDER BY month_on, currency, domain, reason"""  # noqa: S608 - what is put in is ours

DERIVED: Final = {
    "bill_day": """
        SELECT account, issued_on, currency, purchase_order, purchase_order_source,
               due_source = 'unknown' AS has_no_due, paper IS NULL AS has_no_paper,
               CAST(sum(net_minor) AS BIGINT) AS net_minor, CAST(sum(tax_minor) AS BIGINT) AS tax_minor,
               CAST(sum(total_minor) AS BIGINT) AS total_minor, count(*) AS bills_count,
               count(*) - count(details_count) AS without_details_count
          FROM bill GROUP BY ALL ORDER BY ALL""",
    "service_month": """
        SELECT account, CAST(date_trunc('month', issued_on) AS DATE) AS month_on, domain, currency,
               CAST(sum(net_minor) AS BIGINT) AS net_minor, count(*) AS details_count
          FROM bill_detail GROUP BY ALL ORDER BY ALL""",
    "change_month": _CHANGE,
}

# What differs between a small table and what it is made from; each row names one place.

BILL_DAY_DIFFERS: Final = """
    SELECT concat_ws(' ', account, issued_on, currency, purchase_order, purchase_order_source)
      FROM (SELECT account, issued_on, currency, purchase_order, purchase_order_source,
                   due_source = 'unknown' AS has_no_due, paper IS NULL AS has_no_paper, net_minor, tax_minor,
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

"""What a run billed, line by line, as it is compared with another."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final, LiteralString

from acquit.core.comparison import Billed, Line, Taxed
from acquit.core.identifiers import AccountId, RunId
from acquit.store.transaction import Transaction

PAGES: Final[LiteralString] = """
    SELECT string_agg(account_id, ' ' ORDER BY account_id) AS account_ids
      FROM (SELECT account_id, (row_number() OVER (ORDER BY account_id) - 1) / %(page_size)s AS page
              FROM (SELECT DISTINCT account_id
                      FROM bill
                     WHERE run_id = ANY(%(run_ids)s)) billed) placed
     GROUP BY page
     ORDER BY page
"""

LINES: Final[LiteralString] = """
    SELECT b.account_id, d.service_id, coalesce(g.plan_code, s.plan_code, '') AS plan, d.kind, d.part,
           b.currency, d.quantity_e4, d.unit_price_ucents, d.net_minor, d.period_start,
           b.purchase_order_reference
      FROM bill b
      JOIN bill_detail d ON d.account_id = b.account_id AND d.bill_id = b.bill_id
      LEFT JOIN service s ON s.account_id = coalesce(d.owner_id, d.account_id)
                         AND s.service_id = d.service_id
      LEFT JOIN LATERAL (
           SELECT plan_code
             FROM service_agreement
            WHERE account_id = s.account_id AND service_id = s.service_id
            ORDER BY from_on <= d.period_start DESC,
                     CASE WHEN from_on <= d.period_start THEN from_on END DESC, from_on,
                     CASE WHEN from_on <= d.period_start THEN -agreement_no ELSE agreement_no END
            LIMIT 1) g ON true
     WHERE b.run_id = %(run_id)s AND b.account_id = ANY(string_to_array(%(account_ids)s, ' '))
     ORDER BY b.account_id, d.service_id, d.kind, d.part, d.period_start
"""

TAXES: Final[LiteralString] = """
    SELECT b.account_id, b.currency, t.vat_category, t.vat_rate_bp, sum(t.net_minor)::bigint AS net_minor,
           sum(t.tax_minor)::bigint AS tax_minor
      FROM bill b
      JOIN bill_tax t ON t.account_id = b.account_id AND t.bill_id = b.bill_id
     WHERE b.run_id = %(run_id)s AND b.account_id = ANY(string_to_array(%(account_ids)s, ' '))
     GROUP BY b.account_id, b.currency, t.vat_category, t.vat_rate_bp
     ORDER BY b.account_id, b.currency, t.vat_category, t.vat_rate_bp
"""


def pages(tx: Transaction, run_ids: Iterable[RunId], page_size: int = 5_000) -> list[str]:
    """Return the accounts that any of the runs billed, in order, so many to a text."""
    rows = tx.all(PAGES, run_ids=list(run_ids), page_size=page_size)
    return [row.account_ids for row in rows]


def billed(
    tx: Transaction, run_id: RunId | None, account_ids: Sequence[AccountId]
) -> dict[AccountId, Billed]:
    """Return what the run billed to the accounts; nothing for no run."""
    if run_id is None:
        return {}
    whose = {"run_id": run_id, "account_ids": " ".join(account_ids)}
    lines: dict[AccountId, list[Line]] = defaultdict(list)
    for account_id, *row in tx.all(LINES, **whose):
        lines[account_id].append(Line(*row))
    taxes: dict[AccountId, list[Taxed]] = defaultdict(list)
    for account_id, *row in tx.all(TAXES, **whose):
        taxes[account_id].append(Taxed(*row))
    return {account_id: Billed(found, taxes[account_id]) for account_id, found in lines.items()}

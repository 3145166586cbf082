"""What a family was billed, line by line: the bills of a parent and of all its sub-accounts."""

from datetime import date
from typing import Final, LiteralString

from acquit.core.family_view import GroupedBy, ViewedLine, ViewedTax, ViewGroup
from acquit.core.identifiers import AccountId
from acquit.core.tax import TaxLine
from acquit.store.transaction import Transaction

LINES: Final[LiteralString] = """
    SELECT o.account_id AS owner_id, coalesce(nullif(o.description, ''), o.account_id) AS owner_name,
           b.account_id, b.bill_id, CASE WHEN b.kind = 'credit-note' THEN -1 ELSE 1 END AS sign, b.issued_on,
           b.currency, coalesce(b.purchase_order_reference, '') AS order_reference, d.domain,
           coalesce((SELECT s.plan_code
                       FROM service s
                      WHERE s.account_id = coalesce(d.owner_id, d.account_id)
                        AND s.service_id = d.service_id),
                    '') AS plan_code, d.vat_category, d.vat_rate_bp, d.net_minor
      FROM account a
      JOIN bill b ON b.account_id = a.account_id
      JOIN bill_detail d ON d.account_id = b.account_id AND d.bill_id = b.bill_id
      JOIN account o ON o.account_id = coalesce(d.owner_id, d.account_id)
     WHERE (a.account_id = %(parent_id)s OR a.parent_id = %(parent_id)s)
       AND b.issued_on BETWEEN %(first_on)s AND %(last_on)s
     ORDER BY b.account_id, b.bill_id, d.detail_no
"""

TAXES: Final[LiteralString] = """
    SELECT b.account_id, b.bill_id, t.vat_category, t.vat_rate_bp, t.net_minor, t.tax_minor
      FROM account a
      JOIN bill b ON b.account_id = a.account_id
      JOIN bill_tax t ON t.account_id = b.account_id AND t.bill_id = b.bill_id
     WHERE (a.account_id = %(parent_id)s OR a.parent_id = %(parent_id)s)
       AND b.issued_on BETWEEN %(first_on)s AND %(last_on)s
"""

_WHOLE: Final[LiteralString] = """
           count(*) AS bills, sum(n.lines)::bigint AS lines,
           sum(CASE WHEN b.kind = 'credit-note' THEN -b.net_minor ELSE b.net_minor END)::bigint AS net_minor,
           sum(CASE WHEN b.kind = 'credit-note' THEN -b.tax_minor ELSE b.tax_minor END)::bigint AS tax_minor
      FROM account a
      JOIN bill b ON b.account_id = a.account_id
     CROSS JOIN LATERAL (
           SELECT count(*) AS lines
             FROM bill_detail
            WHERE account_id = b.account_id AND bill_id = b.bill_id) n
     WHERE (a.account_id = %(parent_id)s OR a.parent_id = %(parent_id)s)
       AND b.issued_on BETWEEN %(first_on)s AND %(last_on)s
"""

_BY_KEY: Final[LiteralString] = """
     GROUP BY 1, 2, 3
"""

BY_ORDER: Final[LiteralString] = (
    "SELECT b.currency, coalesce(b.purchase_order_reference, '') AS key, '' AS label," + _WHOLE + _BY_KEY
)

BY_MONTH: Final[LiteralString] = (
    "SELECT b.currency, to_char(b.issued_on, 'YYYY-MM') AS key, '' AS label," + _WHOLE + _BY_KEY
)

_IS_SHARED: Final[LiteralString] = """
       AND EXISTS (SELECT FROM bill_slice s WHERE s.account_id = b.account_id AND s.bill_id = b.bill_id)
"""

BY_ACCOUNT: Final[LiteralString] = (
    """
    SELECT b.currency, a.account_id AS key, coalesce(nullif(a.description, ''), a.account_id) AS label,
"""
    + _WHOLE
    + _IS_SHARED.replace("AND EXISTS", "AND NOT EXISTS")
    + _BY_KEY
)

SHARED_LINES: Final[LiteralString] = LINES.replace("     ORDER BY", _IS_SHARED + "     ORDER BY")

SHARED_TAXES: Final[LiteralString] = TAXES + _IS_SHARED

CHILDREN: Final[LiteralString] = """
    SELECT b.currency,
           sum(CASE WHEN b.kind = 'credit-note' THEN -b.total_minor ELSE b.total_minor END)::bigint
             AS total_minor
      FROM account a
      JOIN bill b ON b.account_id = a.account_id
     WHERE (a.account_id = %(parent_id)s OR a.parent_id = %(parent_id)s)
       AND b.issued_on BETWEEN %(first_on)s AND %(last_on)s
     GROUP BY b.currency
"""


_WHOLE_BILLS: Final[dict[GroupedBy, LiteralString]] = {
    GroupedBy.SUB_ACCOUNT: BY_ACCOUNT,
    GroupedBy.ORDER: BY_ORDER,
    GroupedBy.MONTH: BY_MONTH,
}


def whole_bills(
    tx: Transaction, parent_id: AccountId, first_on: date, last_on: date, by: GroupedBy
) -> list[ViewGroup]:
    """Return the groups of the bills that go into one group as they are, summed; by line alone: none.

    By sub-account these are the bills that are not shared; by order or month all of them.
    """
    if by not in _WHOLE_BILLS:
        return []
    rows = tx.all(_WHOLE_BILLS[by], parent_id=parent_id, first_on=first_on, last_on=last_on)
    return [ViewGroup(*row) for row in rows]


def lines(
    tx: Transaction, parent_id: AccountId, first_on: date, last_on: date, *, shared: bool = False
) -> list[ViewedLine]:
    """Return every line billed to the family on these days, bill by bill; or of shared bills."""
    query = SHARED_LINES if shared else LINES
    rows = tx.all(query, parent_id=parent_id, first_on=first_on, last_on=last_on)
    return [ViewedLine(*row) for row in rows]


def taxes(
    tx: Transaction, parent_id: AccountId, first_on: date, last_on: date, *, shared: bool = False
) -> list[ViewedTax]:
    """Return the VAT of these bills per category and rate."""
    query = SHARED_TAXES if shared else TAXES
    rows = tx.all(query, parent_id=parent_id, first_on=first_on, last_on=last_on)
    return [ViewedTax(row.account_id, row.bill_id, TaxLine(*row[2:])) for row in rows]


def children_minor(tx: Transaction, parent_id: AccountId, first_on: date, last_on: date) -> dict[str, int]:
    """Return the sum of these bills per currency, less credit notes."""
    rows = tx.all(CHILDREN, parent_id=parent_id, first_on=first_on, last_on=last_on)
    return {row.currency: row.total_minor for row in rows}

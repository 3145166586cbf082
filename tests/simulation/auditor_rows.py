"""What the books say: rows of the database, read by plain SQL."""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, LiteralString

import psycopg
from psycopg.rows import namedtuple_row

QUERIES: dict[str, LiteralString] = {
    "bills": """
        SELECT b.*, n.number, n.series_id, r.period
          FROM bill b JOIN bill_number n USING (account_id, bill_id)
          LEFT JOIN bill_run r ON r.run_id = b.run_id
         ORDER BY n.series_id, n.number
    """,
    "details": """
        SELECT d.*, b.kind AS of_kind, coalesce(d.owner_id, d.account_id) AS owner
          FROM bill_detail d JOIN bill b USING (account_id, bill_id)
         ORDER BY account_id, bill_id, detail_no
    """,
    "charges": """
        SELECT c.* FROM open_charge o
          JOIN charge c USING (account_id, service_id, kind, part, period_start)
    """,
    "carried": "SELECT * FROM charge WHERE kind = 'discount' AND part <> ''",
    "credited": """
        SELECT k.*, c.period_end, c.quantity_e4, c.unit_price_ucents
          FROM credited_charge k JOIN charge c USING (account_id, service_id, kind, part, period_start)
    """,
    "taxes": "SELECT * FROM bill_tax",
    "slices": "SELECT * FROM bill_slice",
    "services": "SELECT * FROM service",
    "debts": "SELECT * FROM debt ORDER BY opened_at::date, account_id, amount_minor, debt_id",
    "operations": "SELECT * FROM debt_operation ORDER BY operation_id",
    "deposits": "SELECT * FROM deposit ORDER BY deposit_id",
    "lots": "SELECT * FROM credit_movement ORDER BY movement_id",
    "orders": "SELECT * FROM purchase_order",
    "order_lines": "SELECT * FROM purchase_order_line",
    "draws": "SELECT * FROM purchase_order_draw",
    "entries": "SELECT * FROM entry ORDER BY account_id, entry_no",
    "postings": "SELECT * FROM posting ORDER BY account_id, entry_no, posting_no",
    "holds": "SELECT * FROM held_bill",
    "parked": "SELECT * FROM parked_account WHERE resolved_at IS NULL",
    "runs": "SELECT * FROM bill_run",
    "numbers": "SELECT * FROM bill_number ORDER BY series_id, number",
    "series": "SELECT * FROM series",
    "events": "SELECT count(*) AS accepted FROM usage_event",
    "rejected": "SELECT count(*) AS rejected FROM usage_rejected",
    "used": "SELECT event_id, account_id, service_id, used_on, corrects_no FROM usage_event",
    "chart": "SELECT role, number FROM ledger_account",
    "uses": "SELECT * FROM down_payment_use",
    "points": "SELECT * FROM points_movement ORDER BY movement_id",
    "points_owed": "SELECT * FROM points_owed",
    "moves": "SELECT * FROM service_move ORDER BY moved_at, to_service_id",
    "reverse_bills": "SELECT * FROM reverse_bill",
    "reverse_details": "SELECT * FROM reverse_bill_detail",
    "reverse_taxes": "SELECT * FROM reverse_bill_tax",
    "set_offs": "SELECT * FROM reverse_set_off",
    "refunds": "SELECT * FROM refund_state",
}


@dataclass(frozen=True)
class Rows:
    """Everything that the auditor looks at, as of one moment."""

    found: dict[str, list[Any]]

    def __getattr__(self, name: str) -> list[Any]:
        return self.found[name]


@lru_cache(maxsize=1)
def _connected(url: str) -> psycopg.Connection[Any]:
    """Return a connection to the books that is kept: they are read hundreds of times."""
    return psycopg.connect(url, row_factory=namedtuple_row, autocommit=True)


def read(url: str, names: Collection[str] = ()) -> Rows:
    """Return the rows of the books in one snapshot, all or those of some names."""
    connection = _connected(url)
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return Rows(
            {
                name: connection.execute(query).fetchall()
                for name, query in QUERIES.items()
                if not names or name in names
            }
        )


def close(url: str) -> None:
    """The books are read no more."""
    _connected(url).close()
    _connected.cache_clear()


def net_cents(quantity_e4: int, unit_price_ucents: int) -> int:
    """Return quantity times price of a row, rounded once."""
    exact = Decimal(quantity_e4) * Decimal(unit_price_ucents) / Decimal(10_000_000_000)
    return int(exact.quantize(Decimal(1), rounding="ROUND_HALF_UP"))

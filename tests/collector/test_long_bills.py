"""A bill of 50,000 details becomes rows within the memory that tables are made in."""

from pathlib import Path

import duckdb
import msgspec

from acquit.collector.tables import make_tables

LINES, DETAILS_A_LINE = 100, 500
PRICE = {"currencyCode": "EUR", "value": "5", "priceInUcents": 500_000_000, "text": "5.00 €"}
BILL = {
    "billId": "FR1", "date": "2026-11-01", "orderId": 1,
    "priceWithoutTax": PRICE, "tax": PRICE, "priceWithTax": PRICE,
}  # fmt: skip


def detail(number: int) -> dict[str, object]:
    return {
        "billDetailId": str(number), "domain": f"server-{number}.example", "quantity": "1",
        "description": "Server, one month", "unitPrice": PRICE, "totalPrice": PRICE,
        "periodStart": "2026-11-01", "periodEnd": "2026-12-01",
    }  # fmt: skip


def line(kind: str, key: str, body: object, parent: str = "") -> bytes:
    told = {"kind": kind, "key": key, "seen_at": "2026-11-02T06:00:00Z", "body": body, "parent": parent}
    return msgspec.json.encode(told) + b"\n"


def test_a_bill_of_fifty_thousand_details(tmp_path: Path) -> None:
    parts = [
        line("details", str(part), [detail(part * DETAILS_A_LINE + n) for n in range(DETAILS_A_LINE)], "FR1")
        for part in range(LINES)
    ]
    (tmp_path / "journal").mkdir()
    told = [line("bill", "FR1", BILL), *parts, line("count", "FR1", LINES * DETAILS_A_LINE)]
    (tmp_path / "journal" / "long.ndjson").write_bytes(b"".join(told))
    assert make_tables(tmp_path) == ["long"]
    path = tmp_path / "tables" / "bill_detail" / "long.parquet"
    query = "SELECT count(*), count(DISTINCT detail_id), min(detail_no), max(detail_no), sum(net_minor) FROM "
    with duckdb.connect() as db:
        found = db.execute(f"{query} '{path}'").fetchall()
    assert found == [(50_000, 50_000, 1, 50_000, 25_000_000)]

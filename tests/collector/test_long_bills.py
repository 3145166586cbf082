"""A bill of 50,000 details, or a journal too large for memory, becomes rows in parts that are as one."""

from pathlib import Path

import duckdb
import msgspec
import pytest

from acquit.collector.columns import TABLES
from acquit.collector.index import BLOCK, Index
from acquit.collector.tables import make_tables
from collector.gathering import fill, run
from collector.provider import Provider

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


def test_a_journal_in_parts_says_what_it_says_as_one(
    provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file on disk, bills by slices and details by slices leave the same rows in the same order."""
    fill(provider, 12, details=3)
    world = provider.world()
    world.bill("FR1", "2026-11-20", 1000, due="2026-12-17")
    run(provider, tmp_path)
    world.bill("FR1", "2026-11-20", 1500, 500)
    run(provider, tmp_path)

    def told() -> dict[str, object]:
        with duckdb.connect() as db:
            return {
                name: db.execute(f"FROM '{tmp_path}/tables/{name}/main.parquet'").fetchall()
                for name in TABLES
            }

    as_one = told()
    for name, value in (("BYTES_IN_MEMORY", 0), ("BILLS_A_SLICE", 3), ("SLICE_BYTES", 400)):
        monkeypatch.setattr(f"acquit.collector.tables.{name}", value)
    assert make_tables(tmp_path, anew=True) == ["main"]
    assert told() == as_one
    assert len(as_one["bill"]) == 13  # type: ignore[arg-type]
    assert {path.name for path in (tmp_path / "tables").iterdir()} == {*TABLES, "state.json"}


def test_an_index_tells_in_blocks_what_lacks_a_mark() -> None:
    bills = [("bill", "", f"FR{number:05}", b"", '"now"') for number in range(2 * BLOCK + 1)]
    marks = [("detailed", "", f"FR{number:05}", b"", '"now"' if number % 2 else '"before"')
             for number in range(100)]  # fmt: skip
    index = Index([*bills, *marks])
    lacking = [f"FR{number:05}" for number in range(2 * BLOCK + 1) if number >= 100 or not number % 2]
    assert index.count_lacking("bill", "detailed") == len(lacking)
    found = []
    for block in index.lacking("bill", "detailed"):
        found += block
        for key in block:
            index.put(("detailed", "", key, b"", '"now"'))
    assert found == lacking
    assert index.count_lacking("bill", "detailed") == 0
    index.put(("gone", "bill", "FR00000", b"", "true"))
    index.put(("bill", "", "FR00000", b"", '"later"'))
    assert index.count_lacking("bill", "detailed") == 0, "what is listed no longer lacks nothing"
    assert list(index.keys("bill", "")) == [one[2] for one in bills]
    index.close()

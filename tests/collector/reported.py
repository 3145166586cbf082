"""A small archive with one of everything that a report must tell, gathered from the provider of the tests."""

import json
from datetime import date
from pathlib import Path

from acquit.collector.access import Access
from acquit.collector.secret import Secret
from acquit.collector.tables import make_tables
from collector.gathering import run
from collector.provider import APPLICATION, SECRET, Provider, World, pdf, price, serving

AS_OF = date(2026, 11, 20)
GATHERED_AT = "2026-11-19T06:00:00Z"
PROJECT = "0123456789abcdef0123456789abcdef"

RULES = f"""
[[rule]]
cost_centre = "4711 Atelier"
account = '^Atelier'

[[rule]]
cost_centre = "4712 Cloud"
project = '^{PROJECT[:4]}'

[[rule]]
cost_centre = "4713 Servers"
service = '^server-'

[[order]]
reference = "PO-MAIN"
amount = "1000.00"
currency = "EUR"
"""


def archive_of_everything(directory: Path) -> Path:
    """Gather two accounts twice, so that a bill has changed between; return the archive."""
    archive = directory / "archive"
    with serving(Provider()) as provider:
        parent, child = provider.world(), provider.world("consumer-key-of-child")
        _fill_parent(parent)
        _fill_child(child)
        accesses = [
            provider.access(),
            Access(
                "main-1",
                provider.base,
                APPLICATION,
                Secret(SECRET),
                Secret("consumer-key-of-child"),
                "main",
                1,
            ),
        ]
        run(provider, archive, accesses=accesses)
        changed = parent.bills["FR00000104"]
        changed["priceWithoutTax"], changed["tax"], changed["priceWithTax"] = (
            price(26_000), price(5_200), price(31_200)
        )  # fmt: skip
        run(provider, archive, accesses=accesses, since=date(2026, 1, 1), only=("account", "bill"))
    _set_the_clock(archive)
    return archive


def _set_the_clock(archive: Path) -> None:
    """Let all of it have happened on one day, whatever today is."""
    for journal in (archive / "journal").glob("*.ndjson"):
        lines = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
        for line in lines:
            line["seen_at"] = GATHERED_AT
            if line["kind"] == "run":
                line["body"]["at"] = GATHERED_AT
        journal.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    make_tables(archive, anew=True)


def _fill_parent(world: World) -> None:
    world.orders["7"] = _order(7, "PO-MAIN", "2026-01-01", None)
    world.orders["8"] = _order(8, "PO-NEXT", "2026-11-15", None)
    world.sub_accounts = {
        "1": {"id": 1, "description": "Atelier <nord>", "creationDate": "2026-01-01T00:00:00+01:00"},
        "2": {"id": 2, "description": "Not asked", "creationDate": "2026-01-01T00:00:00+01:00"},
    }
    world.bill("FR00000101", "2026-08-01", 10_000, 5_000, due="2026-09-15")
    world.bill("FR00000102", "2026-09-01", 10_000, 5_000, due="2026-10-16")
    world.bill("FR00000103", "2026-10-01", 12_000, 5_000, 2_000, due="2026-11-15")
    world.bill("FR00000104", "2026-11-01", 20_000, 5_000, due="2026-12-16")
    world.bill("FR00000105", "2026-11-17", -4_000)
    world.bill("FR00000106", "2026-11-18")
    world.bill(
        "FR00000107", "2026-10-05", 1_000,
        priceWithoutTax=price(1_000, currency="USD"), tax=price(0, currency="USD"),
        priceWithTax=price(1_000, currency="USD"),
    )  # fmt: skip
    world.bill("FR00000108", "2026-11-25", 700)
    dollars = next(iter(world.details["FR00000107"].values()))
    dollars["totalPrice"], dollars["unitPrice"] = price(1_000, currency="USD"), price(1_000, currency="USD")
    formula = next(iter(world.details["FR00000105"].values()))
    formula |= {"domain": "=1+cmd|'/C calc'!A0", "description": "<script>alert(1)</script>"}
    once = list(world.details["FR00000103"].values())[2]
    once |= {"domain": PROJECT, "description": "Set-up", "periodStart": None}
    more = next(iter(world.details["FR00000103"].values()))
    more |= {"quantity": "1.2"}
    world.papers["FR00000101"] = pdf(
        "Invoice", "FR00000101", "Purchase order: PO-MAIN", "Due date: 2026-09-15"
    )
    world.debts["9999"] = {
        "debtId": 9999, "orderId": 9999, "date": "2026-07-01T00:00:00+01:00", "status": "TO_BE_PAID",
        "dueDate": None, "amount": price(5_500), "dueAmount": price(5_500), "todoAmount": price(5_500),
        "pendingAmount": price(0), "unmaturedAmount": price(0),
    }  # fmt: skip


def _fill_child(world: World) -> None:
    world.bill("FR00000201", "2026-10-01", 3_000, due="2026-11-15")
    world.bill("FR00000202", "2026-11-01", 9_000, due="2026-12-01")


def _order(number: int, reference: str, start: str, end: str | None) -> dict[str, object]:
    return {
        "id": number, "reference": reference, "type": "PURCHASE_ORDER", "status": "CREATED", "active": True,
        "startDate": start, "endDate": end, "billingGroupId": None, "description": None,
    }  # fmt: skip

"""What is no bill: corrective bills, down payments, credit notes and reverse bills of a plain provider."""

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest

from acquit.collector.cost_centres import Rules
from acquit.collector.focus import Wanted, Wording, export
from acquit.collector.focus_columns import COST_AND_USAGE, columns_of
from acquit.collector.focus_rules import read_focus_rules
from acquit.collector.gathered import Wanted as Gathering
from acquit.collector.running import Run
from acquit.collector.verify import verify
from acquit.collector.wire import Wire
from collector.gathering import messages, rows, run
from collector.provider import Provider, VirtualTimer, pdf

OF_THE_BILL = b"""<rsm:CrossIndustryInvoice xmlns:rsm="urn:a" xmlns:ram="urn:b">
 <rsm:ExchangedDocument><ram:ID>FR1</ram:ID><ram:TypeCode>380</ram:TypeCode></rsm:ExchangedDocument>
 <rsm:SupplyChainTradeTransaction><ram:ApplicableHeaderTradeSettlement>
 <ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode><ram:InvoiceReferencedDocument>
 <ram:IssuerAssignedID>DP1</ram:IssuerAssignedID></ram:InvoiceReferencedDocument>
 </ram:ApplicableHeaderTradeSettlement></rsm:SupplyChainTradeTransaction></rsm:CrossIndustryInvoice>"""
"""It names the down payment that it deducts as a preceding bill (BG-3), and corrects none."""
LISTS = ("/me/correctiveInvoice", "/me/downPaymentInvoice", "/me/refund", "/me/reverseBill")


def wire_of(provider: Provider, archive: Path) -> Wire:
    return Run(archive, timer=VirtualTimer()).wire(provider.access())


def fill(provider: Provider) -> None:
    """A down payment, the bill that deducts it, a credit note of a line, a corrective and a reverse bill."""
    world = provider.world()
    world.other("downPaymentInvoice", "DP1", "2026-10-02", 5_000)
    world.other_details["downPaymentInvoice:DP1"]["50000000001"]["domain"] = "DP1"
    world.bill("FR1", "2026-11-02", 12_000, -5_000)
    world.details["FR1"]["100000002"] |= {"domain": "DP1", "description": "Deduction of DP1"}
    world.papers["FR1"] = pdf("Invoice", "FR1", xml=OF_THE_BILL)
    world.other("refund", "CN1", "2026-11-05", 1_000, originalBillId="FR1")
    world.other("correctiveInvoice", "CI1", "2026-11-06", 300, correctedInvoiceId="FR1")
    world.other("reverseBill", "FR1", "2026-11-07", 700)


def test_what_is_no_bill_is_gathered_with_its_sign_and_stands_beside_bills(
    provider: Provider, tmp_path: Path
) -> None:
    fill(provider)
    (told,) = run(provider, tmp_path)
    assert (messages([told]), told.notes, told.new_bills, told.papers) == ([], [], 1, 5)
    assert told.new_others == dict.fromkeys(
        ("corrective_bill", "down_payment", "credit_note", "reverse_bill"), 1
    )
    query = "SELECT bill_id, family, net_minor, total_minor, kind, corrects FROM bill ORDER BY bill_id"
    assert rows(tmp_path, query) == [
        ("CI1", "corrective_bill", 300, 360, "bill", "FR1"),
        ("CN1", "credit_note", -1_000, -1_200, "credit-note", "FR1"),
        ("DP1", "down_payment", 5_000, 6_000, "bill", None),
        ("FR1", "bill", 7_000, 8_400, "bill", None),
    ]
    reverse = "SELECT bill_id, net_minor, total_minor, details_count, paper FROM reverse_bill"
    paper = "papers/main/2026/11/2026-11-07_reverse-FR1_8.40-EUR.pdf"
    assert rows(tmp_path, reverse) == [("FR1", 700, 840, 1, paper)]
    assert (tmp_path / paper).read_bytes() != (
        tmp_path / "papers/main/2026/11/2026-11-02_FR1_84.00-EUR.pdf"
    ).read_bytes()
    line = "SELECT quantity_e4, unit_price_ucents, net_minor FROM bill_detail WHERE bill_id = 'CN1'"
    assert rows(tmp_path, line) == [(-10_000, 1_000_000_000, -1_000)]
    checks = verify(tmp_path, [provider.access()], lambda _: wire_of(provider, tmp_path))
    assert [(one.name, one.differences) for one in checks if not one.passed] == []


def test_a_paper_that_is_missing_or_does_not_add_up_is_told(provider: Provider, tmp_path: Path) -> None:
    fill(provider)
    provider.world().others["reverseBill"]["FR1"]["priceWithTax"] = {"currencyCode": "EUR", "value": 9.00}
    run(provider, tmp_path)
    provider.world().other("refund", "CN2", "2026-11-08", 100)
    checks = verify(tmp_path, [provider.access()], lambda _: wire_of(provider, tmp_path))
    assert {one.name: one.differences for one in checks if not one.passed} == {
        "net + VAT = total": ["main FR1"],
        "no bill of the provider's list is missing": ["main CN2"],
    }


def test_a_paper_of_two_lists_is_there_once(provider: Provider, tmp_path: Path) -> None:
    world = provider.world()
    world.other("correctiveInvoice", "FR2", "2026-11-03", 900, correctedInvoiceId="FR1")
    run(provider, tmp_path)
    world.bill("FR1", "2026-11-02", 1_000)
    world.bill("FR2", "2026-11-03", 900)
    again = run(provider, tmp_path)
    world.other("correctiveInvoice", "FR1", "2026-11-02", 1_000, correctedInvoiceId="FR0")
    third = run(provider, tmp_path, only=("corrective_bill", "detail", "paper"))
    assert messages(again + third) == []
    assert (again[0].papers, third[0].papers, third[0].new_others.total()) == (2, 0, 0)
    assert rows(tmp_path, "SELECT bill_id, family, net_minor, corrects, versions_count FROM bill") == [
        ("FR1", "bill", 1_000, "FR0", 1),
        ("FR2", "bill", 900, "FR1", 1),
    ]
    checks = verify(tmp_path, [], lambda access: None)  # type: ignore[arg-type, return-value]
    assert [(one.name, one.differences) for one in checks if not one.passed] == []


@pytest.mark.parametrize("how", ["forbidden", "absent", "below", 501, "page"])
def test_what_may_not_be_read_or_is_not_there_is_told_once_and_the_rest_is_gathered(
    provider: Provider, tmp_path: Path, how: str | int
) -> None:
    fill(provider)
    if how in ("forbidden", "absent"):
        getattr(provider, str(how)).update(LISTS)
    elif how == "below":
        provider.forbidden.add("/me/refund/")
    else:
        provider.fault = lambda path, _number: how if path in LISTS else None
    first, second = run(provider, tmp_path), run(provider, tmp_path)
    assert rows(tmp_path, "SELECT bill_id FROM bill WHERE family = 'bill'") == [("FR1",)]
    if how == "page":
        assert len(messages(first)) == len(LISTS), "a proxy's page is no word of the provider"
        return
    assert (messages(first + second), second[0].notes) == ([], [])
    (note,) = first[0].notes
    assert ("may not read" if how in ("forbidden", "below") else "has no") in note
    assert [one in note for one in LISTS] == [how != "below" or one == "/me/refund" for one in LISTS]
    provider.forbidden.clear()
    provider.absent.clear()
    provider.fault = lambda _path, _number: None
    run(provider, tmp_path, only=("credit_note", "detail", "paper"))
    assert rows(tmp_path, "SELECT bill_id, paper IS NULL FROM bill WHERE family = 'credit_note'") == [
        ("CN1", False)
    ]


def _same(instant: datetime) -> datetime:
    return instant


def test_each_list_is_looked_at_in_its_time_without_costing_an_idle_run_a_call(
    provider: Provider, tmp_path: Path
) -> None:
    fill(provider)
    begun = datetime(2026, 11, 20, 12, tzinfo=UTC)
    asked = []
    for instant in [begun + timedelta(hours=hours) for hours in (0, 1, 23, 24, 72)]:
        provider.calls.clear()
        plan = Run(tmp_path, Gathering(), 600, timer=VirtualTimer(), clock=partial(_same, instant))
        list(plan.gather([provider.access()], lambda _step: None))
        asked.append({path for path in LISTS if f"GET {path}" in provider.calls})
    daily = {"/me/refund", "/me/downPaymentInvoice"}
    assert asked == [set(LISTS), set(), daily, set(), set(LISTS)]


def test_a_down_payment_is_billed_once_and_what_it_pays_for_has_the_cost(
    provider: Provider, tmp_path: Path
) -> None:
    """BilledCost follows the papers, each as it is; EffectiveCost what was supplied."""
    fill(provider)
    run(provider, tmp_path / "archive")
    wording = Wording(read_focus_rules(), Rules())
    out = tmp_path / "lines.parquet"
    export(tmp_path / "archive", out, columns_of(COST_AND_USAGE, "1.2"), Wanted(), wording, "parquet")
    query = (
        'SELECT "x_BillFamily", "ChargeClass", sum("BilledCost"), sum("EffectiveCost") '
        f"FROM read_parquet('{out}') GROUP BY ALL ORDER BY ALL"
    )
    with duckdb.connect() as db:
        found = [(*row[:2], *map(float, row[2:])) for row in db.execute(query).fetchall()]
    assert found == [
        ("bill", None, 70.0, 120.0),
        ("corrective_bill", "Correction", 3.0, 3.0),
        ("credit_note", "Correction", -10.0, -10.0),
        ("down_payment", None, 50.0, 0.0),
    ]
    assert sum(row[2] for row in found) == sum(row[3] for row in found)


def effective_of_a_rebate(provider: Provider, tmp_path: Path, number: str, description: str) -> Any:
    """The effective cost of a line of -50.00, where a down payment has that number."""
    world = provider.world()
    world.other("downPaymentInvoice", number, "2026-10-02", 5_000)
    world.bill("FR1", "2026-11-02", 12_000, -5_000)
    world.details["FR1"]["100000002"] |= {"domain": "", "description": description}
    run(provider, tmp_path / "archive")
    wording, out = Wording(read_focus_rules(), Rules()), tmp_path / "lines.parquet"
    export(tmp_path / "archive", out, columns_of(COST_AND_USAGE, "1.2"), Wanted(), wording, "parquet")
    query = f'SELECT "EffectiveCost" FROM read_parquet(\'{out}\') WHERE "BilledCost" < 0'
    with duckdb.connect() as db:
        (found,) = db.execute(query).fetchall()
    return found[0]


@pytest.mark.parametrize(
    ("description", "is_deduction"),
    [
        ("Deduction of DP1", True),
        ("Less down payment, invoice DP1.", True),
        ("Déduction de l'acompte (DP1, du 02/10/2026)", True),
        ("Commercial gesture for DP12", False),
        ("Rabais XDP1", False),
        ("Rabais DP1/2", False),
        ("Rabais DP1+2", False),
        ("Invoice no.DP1: less", True),
    ],
)
def test_a_number_that_begins_another_is_not_taken_for_it(
    provider: Provider, tmp_path: Path, description: str, is_deduction: bool
) -> None:
    found = effective_of_a_rebate(provider, tmp_path, "DP1", description)
    assert found == (0 if is_deduction else -50)


@pytest.mark.parametrize("number", ["FR+AC0001", "AC-2026_0001", "/AC/0001"])
def test_a_number_of_any_series_is_found_in_a_line(provider: Provider, tmp_path: Path, number: str) -> None:
    """A series of Acquit begins with letters, digits, plus, dash, underscore and slash."""
    assert effective_of_a_rebate(provider, tmp_path, number, f"Less down payment {number} of today") == 0

"""Many bills at once: filters, sorts, downloads, and one transfer for several."""

import csv
import io
import re
import zipfile
from datetime import date
from pathlib import Path

import pytest

from acquit.actions.context import Context
from acquit.actions.set_purchase_order import set_purchase_order
from acquit.core.identifiers import BillId
from acquit.core.order_change import OrderTerms
from acquit.core.purchase_order import Draw
from acquit.store import purchase_orders
from acquit.store.transaction import Database
from e2e.trading import bill_of, trading, visitor_of
from e2e.visitor import Visitor
from founding import ACME, LAB, PETIT, SHOP


@pytest.fixture
def context(database: Database, tmp_path: Path) -> Context:
    return trading(database, tmp_path / "archive")


@pytest.fixture
def acme(context: Context) -> Visitor:
    return visitor_of(context, ACME)


def listed(visitor: Visitor, query: str = "") -> list[str]:
    return re.findall(r'name="bill" value="([^"]+)"', visitor.get(f"/manager/bills?{query}").text)


def test_who_pays_sees_the_bills_of_those_it_pays_for(context: Context, acme: Visitor) -> None:
    mine, labs = bill_of(context, ACME), bill_of(context, LAB)
    assert sorted(listed(acme)) == sorted([mine, labs])
    assert listed(acme, f"account={LAB}") == [labs]
    assert listed(acme, f"account={SHOP}") == []
    assert sorted(listed(acme, f"account={PETIT}")) == sorted([mine, labs])
    assert acme.get(f"/manager/bills/{labs}").status_code == 200
    for foreign in (bill_of(context, SHOP), bill_of(context, PETIT)):
        for rest in ("", "/pdf", "/ubl", "/receipt"):
            assert acme.get(f"/manager/bills/{foreign}{rest}").status_code == 404
    assert listed(visitor_of(context, LAB)) == [labs]


def test_an_order_leads_to_the_bills_of_those_that_the_account_pays_for(
    context: Context, acme: Visitor
) -> None:
    terms = OrderTerms("PO-2026", date(2026, 1, 1), None, members=frozenset({LAB, SHOP}))
    order = set_purchase_order(context, ACME, terms, by="operator:sam")
    theirs = {account_id: BillId(bill_of(context, account_id)) for account_id in (LAB, SHOP)}
    with context.database.write() as tx:
        purchase_orders.draw(
            tx,
            [
                Draw(ACME, order.purchase_order_id, account_id, bill_id, 1_000, date(2026, 11, 1))
                for account_id, bill_id in theirs.items()
            ],
        )
    path = f"/manager/purchase-orders/{order.purchase_order_id}"
    page = acme.get(path).text
    assert re.findall(r'href="(/manager/bills/FR\d+)"', page) == [f"/manager/bills/{theirs[LAB]}"]
    assert theirs[SHOP] in page
    own = visitor_of(context, SHOP).get(path).text
    assert re.findall(r'href="(/manager/bills/FR\d+)"', own) == [f"/manager/bills/{theirs[SHOP]}"]


def test_bills_are_filtered_by_amount_and_sorted(acme: Visitor) -> None:
    newest = listed(acme)
    assert listed(acme, "sort=oldest") == newest[::-1]
    assert listed(acme, "sort=nonsense") == newest
    assert listed(acme, "least=12") == newest
    assert listed(acme, "least=12,01") == []
    assert listed(acme, "most=11.99") == []
    assert listed(acme, "order=none-of-ours") == []
    page = acme.get("/manager/bills?sort=due&state=owed").text
    assert 'aria-sort="ascending"' in page
    assert 'href="/manager/bills?state=owed&amp;sort=due-last"' in page


def test_papers_come_as_one_archive_with_their_table(context: Context, acme: Visitor) -> None:
    answer = acme.get("/manager/bills/zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        papers = [archive.read(name) for name in names[1:]]
        table = list(csv.DictReader(io.StringIO(archive.read("bills.csv").decode())))
    mine, labs = bill_of(context, ACME), bill_of(context, LAB)
    assert sorted(names) == sorted(["bills.csv", f"{mine}.pdf", f"{labs}.pdf"])
    assert all(paper.startswith(b"%PDF-") for paper in papers)
    assert {row["bill"]: row["with_tax"] for row in table} == {mine: "12.00", labs: "12.00"}


def test_only_what_is_ticked_is_handed_out(context: Context, acme: Visitor) -> None:
    mine, foreign = bill_of(context, ACME), bill_of(context, PETIT)
    table = acme.get(f"/manager/bills/csv?bill={mine}&bill={foreign}").text
    assert [row["bill"] for row in csv.DictReader(io.StringIO(table))] == [mine]
    assert acme.get(f"/manager/bills/csv?bill={foreign}").status_code == 404
    assert acme.get("/manager/bills/zip?state=settled").status_code == 404


def test_ticked_bills_get_one_reference_with_its_papers(context: Context, acme: Visitor) -> None:
    mine, labs = bill_of(context, ACME), bill_of(context, LAB)
    form = f"/manager/pay?bill={mine}&bill={labs}"
    page = acme.get(form).text
    assert "€24.00" in page
    sent = acme.post("/manager/pay", acme.hidden(form))
    assert sent.status_code == 303
    link = sent.headers["location"].partition("?")[0]
    shown = acme.get(link).text
    assert re.search(r"RF\d\d", shown)
    assert "€24.00" in shown
    assert mine in shown
    assert labs in shown
    assert acme.get(f"{link}/sheet").content.startswith(b"%PDF-")
    advice = list(csv.DictReader(io.StringIO(acme.get(f"{link}/advice").text)))
    assert [row["bill"] for row in advice] == sorted([mine, labs])
    assert len({row["reference"] for row in advice}) == 1
    assert link in acme.get("/manager/bundles").text
    petit = visitor_of(context, PETIT)
    for path in (link, f"{link}/sheet", f"{link}/advice", "/manager/bundles/x", "/manager/bundles/٣"):
        assert petit.get(path).status_code == 404


def test_a_bill_that_is_not_owed_is_left_out_and_cannot_be_slipped_in(
    context: Context, acme: Visitor
) -> None:
    mine, foreign = bill_of(context, ACME), bill_of(context, PETIT)
    page = acme.get(f"/manager/pay?bill={mine}&bill={foreign}").text
    assert f"Left out, since you owe nothing on them: {foreign}" in page
    refused = acme.post("/manager/pay", acme.hidden(f"/manager/pay?bill={mine}") | {"bills": foreign})
    assert refused.status_code == 409
    assert "Nothing is open here." in visitor_of(context, LAB).get("/manager/pay").text

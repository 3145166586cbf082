"""What was measured stands behind a bill, part by part, and adds up to what its lines come to."""

from datetime import date

import pytest

from acquit.actions.context import Context
from acquit.core.identifiers import BillId
from acquit.documents.paper import BillPaper
from acquit.documents.pdf import render
from acquit.documents.sheet import sheet
from acquit.store import documents
from acquit.store.transaction import Database
from billed import bill, family, later, rows, seller, subscribe
from founding import PETIT
from metering import event, measure, send

BILLS = "SELECT bill_id FROM bill WHERE account_id = %(account_id)s ORDER BY bill_id"


@pytest.fixture
def context(database: Database) -> Context:
    """On 1 November Petit has had a free server since January."""
    found = later(seller(database), date(2026, 11, 1))
    family(found)
    measure(found)
    subscribe(found, PETIT, "srv", next_on=date(2026, 1, 1), unit_price_ucents=0)
    return found


def papers(context: Context) -> list[BillPaper]:
    keys = [(PETIT, BillId(row.bill_id)) for row in rows(context, BILLS, account_id=PETIT)]
    with context.database.snapshot() as tx:
        return [BillPaper(*each) for each in documents.printed(tx, keys)]


def told(paper: BillPaper) -> list[tuple[str, str, list[tuple[str, str, str]], str]]:
    """Heading, measure, parts (what, used, net) and subtotal of each use."""
    annex = sheet(paper).annex
    assert annex is not None
    return [
        (use.heading, use.measured, [(each.part, each.used, each.net) for each in use.shares], use.subtotal)
        for service in annex.services
        for use in service.uses
    ]


def test_a_bill_of_use_tells_what_was_measured(context: Context) -> None:
    send(context, event("t1", "srv", "120.25"), event("d1", "srv", 300, meter="disk"))
    bill(context, "2026-10")
    (paper,) = papers(context)
    assert told(paper) == [
        ("Disque", "mesuré\xa0: 300 Go", [("Toute la consommation", "300 Go", "0,99")], ""),
        (
            "Trafic sortant", "mesuré\xa0: 120,25 Go",
            [
                ("Inclus, jusqu’à 10 Go", "10 Go", "0,00"),
                ("De 0 à 100 Go", "100 Go", "10,00"),
                ("Au-delà de 100 Go", "10,25 Go", "0,51"),
            ],
            "10,51",
        ),
    ]  # fmt: skip
    assert sum(use.quantity_e4 for use in paper.uses) == 420_2500


def test_an_adjustment_tells_the_whole_use_and_what_was_charged_before(context: Context) -> None:
    send(context, event("t1", "srv", 110))
    bill(context, "2026-10")
    december = later(context, date(2026, 12, 1))
    send(december, event("t2", "srv", "1.5"))
    bill(december, "2026-11")
    first, second = papers(december)
    ((_, measured, parts, subtotal),) = told(second)
    assert measured == "mesuré\xa0: 111,5 Go"
    assert parts[-1] == ("Déjà facturé", "", "\N{MINUS SIGN}10,00")
    assert subtotal == "0,08"
    assert [each.net_minor for each in second.bill.details if each.kind == "adjustment"] == [8]
    assert render(first) == render(papers(context)[0]), "what comes later changes no paper"


def test_a_bill_without_use_has_no_annex(context: Context) -> None:
    subscribe(context, PETIT, "disk", next_on=date(2026, 10, 1), unit_price_ucents=100_000_000)
    bill(context, "2026-10")
    (paper,) = papers(context)
    assert (paper.uses, sheet(paper).annex) == ((), None)

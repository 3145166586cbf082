"""What holds of every electronic bill: read back it is the same, and its outputs have the same totals."""

import io
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pypdf
from hypothesis import given, settings
from hypothesis import strategies as st

from acquit.core.bill import BillKind, Detail
from acquit.core.identifiers import BillId, ServiceId
from acquit.core.money import Currency, amount_minor
from acquit.core.snapshot import Debit
from acquit.core.tax import TaxCase, tax_lines
from acquit.documents import cii, cii_reading, forms, ubl, ubl_reading
from acquit.documents.electronic import electronic, price_shown
from acquit.documents.facturx import attached
from acquit.documents.paper import BillPaper
from acquit.documents.specimen import BUYER, SELLER, specimen
from acquit.documents.wording import wording
from acquit.documents.xml_tree import tree
from electronic_cases import GERMAN, SWISS
from official_rules import broken

DAYS = st.dates(date(2020, 1, 1), date(2090, 12, 31))
CASES = (
    TaxCase("S", 2_000), TaxCase("S", 1_000), TaxCase("S", 550), TaxCase("Z", 0),
    TaxCase("E", 0, "", "Exempt"), TaxCase("AE", 0, "VATEX-EU-AE", "Autoliquidation"),
    TaxCase("G", 0, "VATEX-EU-G", "Export"),
)  # fmt: skip
PRINTED = st.text("abcdefghijéèçœŒÄßñ &<>\"'0123456789-/().€", min_size=1, max_size=40)


def spoken(text: str) -> bool:
    """Whether XML holds the text, and reading it back gives it: without blanks around, and no subject."""
    return bool(text) and text == text.strip() and not text.startswith("#")


def texts(size: int) -> st.SearchStrategy[str]:
    letters = st.characters(exclude_categories=("Cs", "Cc", "Cn"))
    return st.text(letters, min_size=1, max_size=size).map(str.strip).filter(spoken)


@st.composite
def details(draw: st.DrawFn, words: st.SearchStrategy[str]) -> Detail:
    case = draw(st.sampled_from(CASES))
    quantity_e4 = draw(st.integers(-(10**9), 10**10).filter(bool))
    unit_price_ucents = draw(st.integers(0, 10**12))
    start = draw(DAYS)
    net_minor = amount_minor(quantity_e4, unit_price_ucents, Currency("EUR"))
    return Detail(
        1, ServiceId(1), "renewal", draw(words), draw(words), quantity_e4, unit_price_ucents, net_minor,
        case.category, case.rate_bp, start, start + timedelta(draw(st.integers(0, 366))),
        purchase_order_item=draw(words | st.just("")), cost_account=draw(words | st.just("")),
    )  # fmt: skip


@st.composite
def papers(draw: st.DrawFn, words: st.SearchStrategy[str], size: int = 6) -> BillPaper:
    lines = draw(st.lists(details(words), min_size=1, max_size=size))
    cases = {(case.category, case.rate_bp): case for case in CASES}
    taxes = tax_lines((cases[line.vat_category, line.vat_rate_bp], line.net_minor) for line in lines)
    kind = draw(st.sampled_from([BillKind.BILL, BillKind.CREDIT_NOTE, BillKind.CORRECTIVE]))
    means = draw(st.sampled_from(["transfer", "direct-debit", "card"]))
    members: dict[str, Any] = {
        "taxes": taxes, "net_minor": sum(tax.net_minor for tax in taxes),
        "tax_minor": sum(tax.tax_minor for tax in taxes), "kind": kind, "payment_means": means,
        "corrects_bill_id": None if kind is BillKind.BILL else BillId("FR00000041"),
        "purchase_order_reference": draw(words | st.none()), "cost_account": draw(words | st.just("")),
        "contract": draw(words | st.just("")), "note": draw(words | st.just("")),
        "language": draw(st.sampled_from(["fr_FR", "en_GB"])),
    }  # fmt: skip
    members["total_minor"] = members["net_minor"] + members["tax_minor"]
    paper = specimen(lines, **members)
    buyer = replace(
        draw(st.sampled_from([BUYER, GERMAN, SWISS])), name=draw(words), street=draw(words),
        street_2=draw(words),
        buyer_reference=draw(words | st.just("")), sub_account=draw(words | st.just("")),
    )  # fmt: skip
    return replace(
        paper,
        buyer=buyer,
        seller=replace(SELLER, vat_on_debits=draw(st.booleans())),
        payer=draw(st.sampled_from([None, SWISS])),
        corrected_on=None if kind is BillKind.BILL else date(2026, 11, 1),
        debit=Debit("FR72ZZZ123456", draw(words), SELLER.iban) if means == "direct-debit" else None,
    )


@given(papers(texts(60)))
@settings(deadline=None, max_examples=150)
def test_what_is_written_is_read_back_the_same(paper: BillPaper) -> None:
    bill = electronic(paper)
    assert cii_reading.read(tree(cii.render(bill))) == bill
    assert ubl_reading.read(tree(ubl.render(bill))) == bill


@given(papers(texts(60)))
@settings(deadline=None, max_examples=30)
def test_amounts_of_any_size_and_sign_keep_the_rules_of_arithmetic(paper: BillPaper) -> None:
    """EN 16931 BR-CO and BR-DEC, per category too; what a gate asks besides is not asked here."""
    bill = electronic(paper)
    for xml in (cii.render(bill), ubl.render(bill)):
        found = [
            each for each in broken(xml) if each.startswith(("XSD", "BR-CO", "BR-DEC", "BR-S", "BR-FR-DEC"))
        ]
        assert found == []


@given(papers(PRINTED.map(str.strip).filter(bool), size=4))
@settings(deadline=None, max_examples=12)
def test_pdf_cii_and_ubl_have_the_same_totals(paper: BillPaper) -> None:
    bill, made, totals = paper.bill, forms.render(paper), electronic(paper).totals
    inside = cii_reading.read(tree(attached(made["pdf"]) or b""))
    assert inside.totals == ubl_reading.read(tree(made["ubl"])).totals == totals
    says = wording(bill.language, bill.currency)
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(made["pdf"])).pages)
    for minor in (bill.net_minor, bill.total_minor, *(tax.tax_minor for tax in bill.taxes)):
        assert "".join(says.amount(minor).split()) in "".join(text.split())


@given(st.integers(0, 10**15))
def test_a_price_shown_is_the_price(ucents: int) -> None:
    shown, units = price_shown(ucents)
    whole, _, part = shown.partition(".")
    assert len(part) <= 6
    assert int(whole + part.ljust(8, "0")) == ucents * int(units or 1)

"""The collector reads our own papers in every language that they are written in."""

import io
from dataclasses import replace
from datetime import date

import pypdf
import pytest

from acquit.collector.paper_facts import facts_of_text
from acquit.collector.reading import read_paper
from acquit.core.bill import BillKind
from acquit.core.snapshot import Debit
from acquit.documents.paper import BillPaper
from acquit.documents.pdf import render
from acquit.documents.specimen import detail, specimen

ALL = ("de_DE", "en_GB", "es_ES", "fr_FR", "it_IT", "nl_NL", "pl_PL", "pt_PT")
IBAN = "FR7630006000011234567890189"


def text_of(paper: BillPaper) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(render(paper))).pages)


@pytest.mark.parametrize("language", ALL)
@pytest.mark.parametrize("kind", ["PURCHASE_ORDER", "REFERENCE_ORDER"])
def test_order_due_date_and_payment_are_read(language: str, kind: str) -> None:
    paper = specimen(language=language, purchase_order_type=kind)
    reading, _ = read_paper(render(paper), paper.bill.bill_id)
    assert (reading.purchase_order, reading.due_on) == ("PO-2026-00417", date(2027, 1, 31))
    facts = facts_of_text(text_of(paper), "EUR")
    assert (facts.kind, facts.means, facts.iban, facts.bic) == ("bill", "transfer", IBAN, "AGRIFRPP")
    assert (facts.payee, facts.reference) == ("Acquit Démo SAS", "RF18 5390 0754 7034")
    assert [(one.category, one.rate_bp, one.net_minor, one.tax_minor) for one in facts.taxes] == [
        ("S", 2000, 40596, 8119)
    ]


@pytest.mark.parametrize("language", ALL)
def test_a_credit_note_is_one_and_names_its_bill(language: str) -> None:
    paper = specimen(language=language, kind=BillKind.CREDIT_NOTE, corrects_bill_id="FR00000041")
    facts = facts_of_text(text_of(replace(paper, corrected_on=date(2026, 11, 1))), "EUR")
    assert (facts.kind, facts.corrects) == ("credit-note", "FR00000041")


@pytest.mark.parametrize("language", ALL)
def test_a_corrective_bill_is_a_bill(language: str) -> None:
    paper = specimen(language=language, kind=BillKind.CORRECTIVE, corrects_bill_id="FR00000041")
    facts = facts_of_text(text_of(replace(paper, corrected_on=date(2026, 11, 1))), "EUR")
    assert (facts.kind, facts.corrects) == ("bill", "FR00000041")


@pytest.mark.parametrize("language", ALL)
def test_a_direct_debit_is_one(language: str) -> None:
    paper = specimen(language=language, payment_means="direct-debit", collected_on=date(2026, 12, 31))
    debit = Debit("FR72ZZZ123456", "CD67890-ACQ-1", IBAN)
    facts = facts_of_text(text_of(replace(paper, debit=debit)), "EUR")
    assert (facts.means, facts.iban) == ("direct-debit", "")


@pytest.mark.parametrize("language", ALL)
@pytest.mark.parametrize("category", ["AE", "K", "O", "G", "E", "Z"])
def test_why_there_is_no_vat_is_read(language: str, category: str) -> None:
    paper = specimen([detail("a.example", "one", 100_000_000, vat=(category, 0))], language=language)
    (tax,) = facts_of_text(text_of(paper), "EUR").taxes
    assert (tax.category, tax.net_minor, tax.tax_minor) == (category, 100, 0)

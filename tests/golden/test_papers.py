"""Ten bills, read back from their PDF as a reader or scanner would: a change of words shows in the diff."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pypdf
import pytest

from acquit.core.bill import BillKind, accounted, accounting_tax_minor
from acquit.core.exchange_rate import Exchange
from acquit.core.identifiers import AccountId
from acquit.core.money import Currency
from acquit.core.shared_bill import slices_of
from acquit.core.snapshot import Buyer, Debit
from acquit.documents.forms import PDF, render
from acquit.documents.paper import BillPaper
from acquit.documents.paper_inside import look_inside
from acquit.documents.specimen import BUYER, detail, metered, servers, specimen

GOLDEN = Path(__file__).parent / "papers"
GERMAN = Buyer(
    name="Müller & Söhne Präzisionswerkzeuge GmbH",
    country="DE",
    vat_id="DE136695976",
    street="Königsstraße 12",
    zip="70173",
    city="Stuttgart",
)
HOLDING = Buyer(name="Müller Holding AG", country="CH", street="Bahnhofstrasse 1", zip="8001", city="Zürich")
ONE_YEAR = (date(2026, 12, 15), date(2027, 12, 14))
MIXED = (
    detail("pcc-192-0-2-17", "Hosted Private Cloud, hôte Premier 384", 58_900_000_000, 30_000),
    detail("pcc-192-0-2-17", "Stockage vSAN (Go·h)", 11_080, 123_456_789),
    detail("pcc-192-0-2-17", "Remise d'engagement 12 mois", 900_000_000, -10_000),
    detail("lefevre-fils.example", "Nom de domaine, renouvellement", 1_299_000_000, 10_000, ONE_YEAR),
    detail("", "Formation sur site", 45_000_000_000, 15_000, ONE_YEAR, ("S", 1_000)),
)


def reverse_charge() -> BillPaper:
    lines = [replace(line, vat_category="AE", vat_rate_bp=0) for line in MIXED]
    reference = "4500128837 / cost centre R&D — Stuttgart-Vaihingen, building 7"
    paper = specimen(
        lines, language="en_GB", purchase_order_reference=reference, purchase_order_type="REFERENCE_ORDER"
    )
    taxes = tuple(replace(tax, exemption_text="Autoliquidation") for tax in paper.bill.taxes)
    return replace(paper, bill=replace(paper.bill, taxes=taxes), buyer=GERMAN, payer=HOLDING)


def credit_note() -> BillPaper:
    paper = specimen(
        MIXED[:1],
        kind=BillKind.CREDIT_NOTE,
        bill_id="FRA00000007",
        corrects_bill_id="FR00000041",
        note="Adresse de facturation erronée",
    )
    return replace(paper, corrected_on=date(2026, 11, 1))


def direct_debit() -> BillPaper:
    paper = specimen(
        payment_means="direct-debit",
        debit_hash=b"debit",
        collected_on=date(2026, 12, 31),
        purchase_order_reference=None,
        purchase_order_type=None,
        term_days=30,
        term_method="net",
        due_on=date(2026, 12, 31),
        language="en_IE",
    )
    return replace(paper, debit=Debit("FR72ZZZ123456", "CD67890-ACQ-1", "FR1420041010050500013M02606"))


def dollars() -> BillPaper:
    """Lines of a closed order and of its buyer's cost accounts; VAT in euro too."""
    lines = [
        replace(line, purchase_order_item=f"{10 * place}", cost_account=f"61{place}-DC" if place > 1 else "")
        for place, line in enumerate(servers(3), 1)
    ]
    exchange = Exchange(Currency("EUR"), 108_700_000, date(2026, 11, 30))
    paper = specimen(lines, currency=Currency("USD"))
    taxes = accounted(paper.bill.taxes, exchange, paper.bill.currency)
    told = replace(
        paper.bill,
        taxes=taxes,
        accounting_currency="EUR",
        accounting_tax_minor=accounting_tax_minor(taxes),
        exchange_e8=exchange.e8,
        exchanged_on=exchange.published_on,
    )
    return replace(paper, bill=told)


def shared() -> BillPaper:
    owners = (None, AccountId("ab20001-acq"), AccountId("ab20001-acq"), AccountId("ab20002-acq"))
    lines = [
        replace(
            line, domain=f"ns{place}.example" if place < 6 else "ns4.example", owner_id=owners[place // 2]
        )
        for place, line in enumerate(servers(8))
    ]
    paper = specimen(lines, account_id="ab12345-acq")
    names = {AccountId("ab20001-acq"): "Laboratoire Œnologie", AccountId("ab20002-acq"): "Atelier"}
    bill = paper.bill
    slices = slices_of(bill.account_id, bill.details, bill.taxes, names)
    return replace(paper, bill=replace(bill, slices=slices), buyer=replace(BUYER, sub_account=""))


CASES: dict[str, Callable[[], BillPaper]] = {
    "french": specimen,
    "rates-and-micro-prices": lambda: replace(
        specimen(MIXED), buyer=replace(BUYER, sub_account="", buyer_reference="SERVICE-ACHATS-42")
    ),
    "english-reverse-charge": reverse_charge,
    "credit-note": credit_note,
    "direct-debit-without-order": direct_debit,
    "prepaid-in-part": lambda: specimen(
        prepaid_minor=10_000, contract="CTR-2026-7", cost_account="6135-INFRA", language="en_GB"
    ),
    "dollars": dollars,
    "shared-by-a-family": shared,
    "test": lambda: replace(specimen(language="en_GB", bill_id="TEST-1-00000042"), is_test=True),
    "metered": metered,
    "three-pages": lambda: specimen(servers(70)),
}


def read_back(pdf: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return "\n\f\n".join(page.extract_text() for page in pages) + "\n"


@pytest.mark.parametrize("name", CASES)
def test_what_a_bill_says_is_unchanged(name: str, update_golden: bool) -> None:
    said, golden = read_back(render(CASES[name]())["pdf"]), GOLDEN / f"{name}.txt"
    if update_golden:
        golden.write_text(said, encoding="utf-8")
    assert said == golden.read_text(encoding="utf-8"), f"read the diff, then --update-golden: {golden}"


def test_no_golden_document_is_left_over() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_number_net_and_total_are_found_on_every_paper(name: str) -> None:
    """As `acquit verify` looks for them, in every language and case."""
    paper = CASES[name]()
    inside, bill = look_inside(render(paper)[PDF]), paper.bill
    assert inside is not None
    assert inside.has_word(bill.bill_id)
    assert all(inside.has_amount(each, bill.currency) for each in (bill.net_minor, bill.total_minor))

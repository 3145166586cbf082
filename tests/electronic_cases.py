"""Bills of every VAT case, kind, payment and language, as they are issued."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import product
from typing import Final

from acquit.core.bill import BillKind
from acquit.core.identifiers import BillId
from acquit.core.money import Currency
from acquit.core.snapshot import Buyer, Debit
from acquit.core.tax import EXPORT, INTRA_COMMUNITY, OUT_OF_SCOPE, REVERSE_CHARGE, TaxCase
from acquit.documents.paper import BillPaper
from acquit.documents.specimen import BUYER, detail, specimen

GERMAN: Final = Buyer(
    name="Müller & Söhne Präzisionswerkzeuge GmbH",
    country="DE",
    vat_id="DE136695976",
    street="Königsstraße 12",
    zip="70173",
    city="Stuttgart",
)
SWISS: Final = Buyer(
    name="Zürcher Uhren AG",
    country="CH",
    vat_id="CHE116281838MWST",
    street="Bahnhofstrasse 1",
    zip="8001",
    city="Zürich",
)
EXEMPT: Final = replace(
    BUYER, tax_profile="exempt", exemption_reason="Mission diplomatique, article 151 CGI ann. III"
)
DEBIT: Final = Debit("FR72ZZZ123456", "MANDAT-0001", "FR7630004000031234567890143")


@dataclass(frozen=True, slots=True)
class Case:
    """One VAT case: what the lines bear, in turn, and who buys."""

    cases: tuple[TaxCase, ...]
    buyer: Buyer = BUYER
    currency: str = "EUR"


VAT: Final = {
    "S": Case((TaxCase("S", 2_000),)),
    "S at four rates": Case((TaxCase("S", 2_000), TaxCase("S", 1_000), TaxCase("S", 550), TaxCase("S", 210))),
    "S in USD": Case((TaxCase("S", 2_000),), currency="USD"),
    "AE": Case((REVERSE_CHARGE,), GERMAN),
    "AE in CHF": Case((REVERSE_CHARGE,), GERMAN, "CHF"),
    "K": Case((INTRA_COMMUNITY,), GERMAN),
    "G": Case((EXPORT,), SWISS),
    "O": Case((OUT_OF_SCOPE,), SWISS),
    "O in JPY": Case((OUT_OF_SCOPE,), SWISS, "JPY"),
    "E": Case((TaxCase("E", 0, "", EXEMPT.exemption_reason),), EXEMPT),
    "Z": Case((TaxCase("Z", 0),)),
}
KINDS: Final = (BillKind.BILL, BillKind.CREDIT_NOTE, BillKind.CORRECTIVE)
MEANS: Final = ("transfer", "direct-debit", "card")
LANGUAGES: Final = ("fr_FR", "en_GB")
LINES: Final = (
    ("ns31415.acquit.example", "Serveur dédié, 8 cœurs, 64 Go", 8_999_000_000, 20_000),
    ("ns31415.acquit.example", "Remise d'engagement 12 mois <3 & plus>", 900_000_000, -10_000),
    ("lefevre-fils.example", "Stockage objet (Go·h)", 11_080, 123_456_789),
    ("lefevre-fils.example", "Requêtes", 1, 9_870_000_000_000),
    ("", "Adresse IP offerte", 0, 10_000),
    ("lefevre-fils.example", "Trafic sortant", 1_230, 4_500_000),
)
PERIODS: Final = ((date(2026, 11, 1), date(2026, 11, 30)), (date(2026, 12, 1), date(2026, 12, 31)))


def issued(vat: str, kind: BillKind, means: str, language: str) -> BillPaper:
    """Return the paper of a bill of that VAT case, with prices down to 1e-8, discounts and two periods."""
    case = VAT[vat]
    lines = [
        detail(
            *line, period=PERIODS[place % 2],
            vat=(case.cases[place % len(case.cases)].category, case.cases[place % len(case.cases)].rate_bp),
        )
        for place, line in enumerate(LINES)
    ]  # fmt: skip
    paper = specimen(lines, kind=kind, language=language, payment_means=means)
    told = {(each.category, each.rate_bp): each for each in case.cases}
    taxes = tuple(
        replace(
            tax,
            exemption_code=told[tax.vat_category, tax.vat_rate_bp].exemption_code,
            exemption_text=told[tax.vat_category, tax.vat_rate_bp].exemption_text,
        )
        for tax in paper.bill.taxes
    )
    bill = replace(paper.bill, taxes=taxes, cost_account="CC-4711", contract="MSA-2026-7")
    if case.currency != "EUR":
        bill = replace(
            bill, currency=Currency(case.currency), accounting_currency="EUR",
            accounting_tax_minor=bill.tax_minor * 92 // 100, exchange_e8=108_695_652,
            exchanged_on=date(2026, 11, 30),
        )  # fmt: skip
    paper = replace(paper, bill=bill, buyer=case.buyer, debit=DEBIT if means == "direct-debit" else None)
    return _corrected(paper) if kind is not BillKind.BILL else paper


def _corrected(paper: BillPaper) -> BillPaper:
    bill = replace(paper.bill, corrects_bill_id=BillId("FR00000041"), note="Adresse de facturation erronée")
    return replace(paper, bill=bill, corrected_on=date(2026, 11, 1))


def every(vat: str, *, whole: bool) -> Iterator[BillPaper]:
    """Yield bills of that VAT case: of each kind by each payment, in each language if `whole`.

    Otherwise the languages take turns: each of them meets each kind and each payment.
    """
    for (place, kind), (turn, means) in product(enumerate(KINDS), enumerate(MEANS)):
        for language in LANGUAGES if whole else (LANGUAGES[(place + turn) % len(LANGUAGES)],):
            yield issued(vat, kind, means, language)

"""What the law asks a bill to say beside its figures: why there is no VAT, what lateness costs, who sells.

Said in the paper's language; laws and registers are named as the seller's country does (`sellers.toml`).
Source: CGI annexe II article 242 nonies A; Code de commerce L441-9, L441-10, D441-5, R123-237; Directive
2006/112/EC article 226.
"""

import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

from acquit.core.bill import CREDITS, SELF_BILLED, BillKind
from acquit.core.exchange_rate import EURO
from acquit.core.money import Currency
from acquit.core.snapshot import Seller
from acquit.core.tax import TaxLine, VatCategory
from acquit.documents.folding import folded
from acquit.documents.paper import BillPaper
from acquit.documents.wording import Wording, wording

SELLERS: Final = Path(__file__).parent / "sellers.toml"
BETWEEN: Final = " · "


def national(says: Wording, country: str, name: str) -> str:
    """Return what the seller's country calls a law or its register, or nothing where that is not known."""
    known = _sellers().get(country, {})
    return known.get(f"{name}_{says.language}") or known.get(name, "")


def vat_texts(says: Wording, paper: BillPaper) -> Iterator[str]:
    """Tell the VAT in the currency of the seller's VAT accounts, and why there is none.

    Source: Directive 2006/112/EC article 230.
    """
    bill = paper.bill
    exchange = bill.exchange
    if exchange is not None and bill.tax_minor:
        yield says.say(
            "vat.accounting",
            amount=wording(bill.language, exchange.into).amount(bill.accounting_tax_minor or 0),
            currency=exchange.into,
            rate=says.exact(exchange.e8),
            own=bill.currency,
            date=says.day(exchange.published_on),
        )
    yield from _reasons(says, paper.seller, bill.taxes)


def _reasons(says: Wording, seller: Seller, taxes: Iterable[TaxLine]) -> Iterator[str]:
    """Tell why there is no VAT: in the bill's language, and in the words it was issued with."""
    for tax in taxes:
        issued = folded(tax.exemption_text)
        told = says.find(f"vat.reason.{tax.vat_category}")
        if told is None:
            continue
        told = told.format(law=_law(says, seller.country, tax.vat_category))
        if issued and tax.vat_category != VatCategory.EXEMPT:
            yield told if _plain(issued) in _plain(told) else f"{told} {issued}."
        else:
            yield issued or told


def no_vat(taxes: Iterable[TaxLine]) -> Iterator[str]:
    """Tell why a claim bears no VAT, in the words it was issued with."""
    yield from (f"{folded(tax.exemption_text)}." for tax in taxes)


def mentions(says: Wording, paper: BillPaper) -> Iterator[str]:
    """Tell what late payment costs, that paying early saves nothing, and when VAT falls due."""
    seller = paper.seller
    if paper.bill.kind in SELF_BILLED:
        yield self_billing(says, paper)
    if paper.bill.kind not in CREDITS | {BillKind.CLAIM}:
        if seller.late_rate_bp or seller.late_fee_minor:
            yield _late(says, paper)
        yield says.say("mention.discount")
    if any(tax.vat_category == VatCategory.STANDARD for tax in paper.bill.taxes):
        yield says.say("mention.on_debits" if seller.vat_on_debits else "mention.on_receipts")


def self_billing(says: Wording, paper: BillPaper) -> str:
    """Tell that the buyer made the bill in the name of its seller.

    Source: Directive 2006/112/EC article 226(10a); CGI annexe II 242 nonies A, I-14; CGI 289 I-2.
    """
    return says.say("self_billing.mention", buyer=paper.buyer.name, seller=paper.seller.name)


def foot(says: Wording, seller: Seller) -> tuple[str, ...]:
    """Return who the seller is in law: name, form, capital and register, then ids and address on the web."""
    form = "" if seller.name.endswith(seller.legal_form) else seller.legal_form
    capital = _said(says, "party.capital", capital=folded(seller.capital))
    siret = _said(says, "party.siret", siret=folded(seller.siret))
    vat_id = _said(says, "party.vat_id", vat_id=folded(seller.vat_id))
    registered = register(says, seller.country, folded(seller.register_city), folded(seller.siren))
    who = (" ".join((*_present(seller.name, form), *capital)), *([registered] if registered else []))
    return BETWEEN.join(who), BETWEEN.join((*siret, *vat_id, *_present(seller.website)))


def register(says: Wording, country: str, city: str, number: str) -> str:
    """Return where a business is registered, as its country says it; nothing without a number."""
    form = national(says, country, "register")
    if form and number and (city or "{city}" not in form):
        return form.format(city=city, number=number)
    return says.say("party.register_number", siren=number) if number else ""


def _late(says: Wording, paper: BillPaper) -> str:
    seller = paper.seller
    fee = wording(paper.bill.language, _fee_currency(paper)).amount(seller.late_fee_minor)
    rate = says.rate(seller.late_rate_bp)
    law = national(says, seller.country, "late_law")
    if not law:
        return says.say("mention.late_elsewhere", rate=rate, fee=fee)
    return says.say("mention.late", rate=rate, fee=fee, law=law)


def _fee_currency(paper: BillPaper) -> Currency:
    """The fixed fee is in the seller's currency, in France 40 euro. Source: Code de commerce D441-5."""
    if paper.seller.country == "FR":
        return EURO
    return Currency(paper.bill.accounting_currency or paper.bill.currency)


def _law(says: Wording, country: str, category: str) -> str:
    """Return the articles by which there is no VAT: the seller's country's, and the directive's."""
    return ", ".join(filter(None, (national(says, country, category), says.find(f"vat.law.{category}"))))


def _said(says: Wording, key: str, **value: str) -> tuple[str, ...]:
    return (says.say(key, **value),) if all(value.values()) else ()


def _present(*texts: str) -> tuple[str, ...]:
    return tuple(folded(text) for text in texts if text.strip())


def _plain(text: str) -> str:
    return text.casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")


@cache
def _sellers() -> dict[str, dict[str, str]]:
    return tomllib.loads(SELLERS.read_text(encoding="utf-8"))

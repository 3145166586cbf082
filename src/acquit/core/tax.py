"""VAT: which case a bill falls under, at which rate, and how much it is.

The case follows from seller, buyer, what is supplied and the bill's date; rates are dated. VAT is
computed per category and rate on the summed net, never per detail.

Source: Directive 2006/112/EC articles 44, 138, 146, 196; EN 16931 (UNCL 5305 categories, VATEX codes).
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Final

from acquit.core.money import share_minor
from acquit.core.problem import Problem
from acquit.core.quick import quick
from acquit.core.snapshot import Buyer, Seller

UNION: Final = frozenset({
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
    "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
})  # fmt: skip
"""Member states of the European Union, ISO 3166."""

TAXED_AS: Final = {"MC": "FR"}
"""Territories that are another country's for VAT. Source: Directive 2006/112/EC article 7 (Monaco)."""

OWN_RATES: Final = {"FR": frozenset({"GP", "MQ", "RE"})}
"""Territories of a country in which its VAT is charged, at rates of their own. Source: CGI 294, 296."""

_VAT_PREFIX: Final = {"GR": "EL"}


class VatCategory(StrEnum):
    """Categories of EN 16931."""

    STANDARD = "S"
    ZERO = "Z"
    EXEMPT = "E"
    REVERSE_CHARGE = "AE"
    INTRA_COMMUNITY = "K"
    EXPORT = "G"
    OUT_OF_SCOPE = "O"


class Supply(StrEnum):
    """What is sold: it decides where the supply is taxed."""

    SERVICES = "services"
    GOODS = "goods"


@quick
@dataclass(frozen=True, slots=True)
class TaxCase:
    """Category, rate and, where no VAT is charged, why."""

    category: str
    rate_bp: int
    exemption_code: str = ""
    exemption_text: str = ""


@quick
@dataclass(frozen=True, slots=True)
class TaxLine:
    """The VAT of one category and rate of a bill.

    `accounting_…` are the same in the currency of the seller's VAT accounts, where the bill has another.
    """

    vat_category: str
    vat_rate_bp: int
    net_minor: int
    tax_minor: int
    exemption_code: str = ""
    exemption_text: str = ""
    accounting_net_minor: int | None = None
    accounting_tax_minor: int | None = None


Rates = Mapping[str, tuple[tuple[date, int], ...]]
"""Per country the dated rates, oldest first."""

WORDS: Final = {
    VatCategory.REVERSE_CHARGE.value: "Reverse charge",
    VatCategory.INTRA_COMMUNITY.value: "Exempt intra-Community supply",
    VatCategory.EXPORT.value: "Export outside the European Union",
    VatCategory.OUT_OF_SCOPE.value: "Outside the scope of VAT",
}
"""Why no VAT is charged, as sellers outside of France say it."""

REVERSE_CHARGE_WORDS: Final = {
    "AT": "Steuerschuldnerschaft des Leistungsempfängers",
    "BE": "Autoliquidation",
    "DE": "Steuerschuldnerschaft des Leistungsempfängers",
    "ES": "Inversión del sujeto pasivo",
    "FR": "Autoliquidation",
    "IT": "Inversione contabile",
    "LU": "Autoliquidation",
    "NL": "Btw verlegd",
    "PL": "Odwrotne obciążenie",
    "PT": "Autoliquidação",
}
"""What a bill with reverse charge has to say in the seller's country.

Source: Directive 2006/112/EC article 226 (11a) in its languages.
"""

REVERSE_CHARGE: Final = TaxCase(VatCategory.REVERSE_CHARGE, 0, "VATEX-EU-AE", "Autoliquidation")
INTRA_COMMUNITY: Final = TaxCase(
    VatCategory.INTRA_COMMUNITY, 0, "VATEX-EU-IC", "Livraison intracommunautaire exonérée"
)
EXPORT: Final = TaxCase(VatCategory.EXPORT, 0, "VATEX-EU-G", "Exportation hors de l'Union européenne")
OUT_OF_SCOPE: Final = TaxCase(
    VatCategory.OUT_OF_SCOPE, 0, "VATEX-EU-O", "TVA non applicable - art. 259-1 du CGI"
)


def rate_on(rates: Rates, country: str, on: date) -> int | None:
    """Return the country's rate in 1/10,000 on that day, None when there is none."""
    dated = rates.get(country, ())
    place = bisect_right(dated, on, key=lambda each: each[0])
    return dated[place - 1][1] if place else None


def tax_case(
    seller: Seller, buyer: Buyer, on: date, rates: Rates, supply: Supply = Supply.SERVICES
) -> TaxCase | Problem:
    """Return the VAT case of a bill of that date, or what is missing to tell it."""
    if buyer.tax_profile == "exempt":
        return _exempt(buyer)
    seller_country, buyer_country = _taxed_in(seller.country), _taxed_in(buyer.country)
    if seller_country == buyer_country or buyer_country in OWN_RATES.get(seller_country, ()):
        return _taxed(rates, buyer_country, on)
    if seller_country in UNION and buyer_country in UNION:
        found = _within_union(buyer, buyer_country, on, rates, supply)
    else:
        found = EXPORT if supply is Supply.GOODS else OUT_OF_SCOPE
    return found if seller_country == "FR" or isinstance(found, Problem) else _worded(found, seller_country)


def tax_problems(case: TaxCase, seller: Seller, buyer: Buyer) -> list[Problem]:
    """Return what contradicts the case: ids that it needs and reasons that it has to give."""
    problems = []
    if case.category != VatCategory.OUT_OF_SCOPE and not seller.vat_id:
        problems.append(Problem("missing-seller-vat-id", "The seller has no VAT id.", "legal entity"))
    if case.category in (VatCategory.REVERSE_CHARGE, VatCategory.INTRA_COMMUNITY):
        problems += _foreign_id_problems(buyer)
    if case.category != VatCategory.STANDARD and case.rate_bp != 0:
        problems.append(Problem("rate-without-vat", "Only the standard category bears a rate.", "VAT"))
    if case.category not in (VatCategory.STANDARD, VatCategory.ZERO) and not case.exemption_text:
        problems.append(
            Problem("missing-exemption-reason", "No reason is given for not charging VAT.", "VAT")
        )
    return problems


def tax_lines(nets: Iterable[tuple[TaxCase, int]]) -> tuple[TaxLine, ...]:
    """Return the VAT per category and rate on the summed net, largest rate first, then by category."""
    sums: dict[TaxCase, int] = {}
    for case, net_minor in nets:
        sums[case] = sums.get(case, 0) + net_minor
    ordered = sorted(sums.items(), key=lambda each: (-each[0].rate_bp, each[0].category))
    return tuple(tax_line(case, net_minor) for case, net_minor in ordered)


def tax_line(case: TaxCase, net_minor: int) -> TaxLine:
    """Return the VAT of a sum of nets of one case, rounded once."""
    return TaxLine(
        case.category,
        case.rate_bp,
        net_minor,
        share_minor(net_minor, case.rate_bp),
        case.exemption_code,
        case.exemption_text,
    )


def _taxed_in(country: str) -> str:
    return TAXED_AS.get(country, country)


def _exempt(buyer: Buyer) -> TaxCase | Problem:
    if not buyer.exemption_reason:
        return Problem(
            "missing-exemption-reason", "The buyer is exempt and no reason is given.", "legal party"
        )
    return TaxCase(VatCategory.EXEMPT, 0, "", buyer.exemption_reason)


def _taxed(rates: Rates, country: str, on: date) -> TaxCase | Problem:
    rate_bp = rate_on(rates, country, on)
    if rate_bp is None:
        return Problem("missing-vat-rate", f"No VAT rate of {country} is known for {on}.", "VAT rates")
    return _taxed_at(rate_bp)


@lru_cache(maxsize=256)
def _taxed_at(rate_bp: int) -> TaxCase:
    return TaxCase(VatCategory.STANDARD if rate_bp else VatCategory.ZERO, rate_bp)


@lru_cache(maxsize=256)
def _worded(case: TaxCase, seller_country: str) -> TaxCase:
    """Return the case with its reason in the words of the seller's country."""
    if not case.exemption_code:
        return case
    text = WORDS[case.category]
    if case.category == VatCategory.REVERSE_CHARGE:
        text = REVERSE_CHARGE_WORDS.get(seller_country, text)
    return replace(case, exemption_text=text)


def _within_union(buyer: Buyer, country: str, on: date, rates: Rates, supply: Supply) -> TaxCase | Problem:
    """A business accounts for the tax itself; a person is charged the rate of its own country."""
    if buyer.tax_profile == "person":
        return _taxed(rates, country, on)
    return INTRA_COMMUNITY if supply is Supply.GOODS else REVERSE_CHARGE


def _foreign_id_problems(buyer: Buyer) -> list[Problem]:
    prefix = _VAT_PREFIX.get(buyer.country, buyer.country)
    if not buyer.vat_id:
        text = "A business in another member state needs its VAT id on the bill."
        return [Problem("missing-vat-id", text, "legal party")]
    if not buyer.vat_id.startswith(prefix):
        text = f"The VAT id {buyer.vat_id} is not one of {buyer.country} (it begins with {prefix})."
        return [Problem("foreign-vat-id", text, "legal party")]
    return []

"""The VAT of a period: what is due by country, category and rate, and the proof that the journal says so.

Tax is due with the document (a bill of a seller that opted for debits) or with the money (collection). What
bears no tax in the seller's country is told with its document in either case: a reverse charge is due when
the service is done, whenever it is paid.

Source: CGI 269-2 (chargeability), 289 B (list of supplies to other member states), 242-0 M annexe II;
Directive 2006/112/EC articles 63 to 66, 196, 262.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, Final

from acquit.core.identifiers import LegalEntityId
from acquit.core.money import Currency, rounded, ucents_per_minor
from acquit.core.period import Span
from acquit.core.tax import TAXED_AS, UNION, VatCategory
from acquit.core.vat_bought import BoughtProof, VatBought, bought_document, bought_ties


class Section(StrEnum):
    """Where a line goes on a return."""

    DOMESTIC = "domestic"
    OTHER_MEMBER_STATE = "other-member-state"
    REVERSE_CHARGE = "reverse-charge"
    INTRA_COMMUNITY = "intra-community"
    EXPORT = "export"
    OUT_OF_SCOPE = "out-of-scope"
    EXEMPT = "exempt"
    UNEXPLAINED = "unexplained"


class Basis(StrEnum):
    """With what the tax became due."""

    DOCUMENT = "document"
    MONEY = "money"


BY_CATEGORY: Final = {
    VatCategory.REVERSE_CHARGE: Section.REVERSE_CHARGE,
    VatCategory.INTRA_COMMUNITY: Section.INTRA_COMMUNITY,
    VatCategory.EXPORT: Section.EXPORT,
    VatCategory.OUT_OF_SCOPE: Section.OUT_OF_SCOPE,
    VatCategory.EXEMPT: Section.EXEMPT,
}


@dataclass(frozen=True, slots=True)
class VatLine:
    """Net and tax that became due in the period, of one section, country, category, rate and currency.

    `local_…` are the same in the currency of the books, each day at its rate; None when no rates were given.
    """

    section: Section
    country: str
    category: str
    rate_bp: int
    basis: Basis
    currency: Currency
    net_minor: int
    tax_minor: int
    documents: int
    local_net_minor: int | None = None
    local_tax_minor: int | None = None


@dataclass(frozen=True, slots=True)
class VatPartner:
    """What a business of another member state was supplied without tax, and whether its id was checked.

    `local_…` is the same in the currency of the books, each document at the rate of its day; None when no
    rates were given.
    """

    vat_id: str
    country: str
    name: str
    category: str
    currency: Currency
    net_minor: int
    checked_on: date | None
    register: str
    outcome: str
    local_currency: Currency
    local_net_minor: int | None = None

    @property
    def net_units(self) -> int | None:
        """The amount as the recapitulative list takes it: whole units of the books, halves away from zero.

        None for another currency without rates.
        """
        if self.local_net_minor is None:
            return None
        return rounded(self.local_net_minor, 100_000_000 // ucents_per_minor(self.local_currency))


@dataclass(frozen=True, slots=True)
class VatProof:
    """What the journal says of one currency: VAT due that was booked, and VAT that waits for money."""

    currency: Currency
    due_minor: int
    pending_before_minor: int
    pending_added_minor: int
    pending_moved_minor: int

    @property
    def pending_after_minor(self) -> int:
        """What waits at the end of the period."""
        return self.pending_before_minor + self.pending_added_minor - self.pending_moved_minor


@dataclass(frozen=True, slots=True)
class VatReport:
    """The VAT of a legal entity in a period; `bought` is what it deducts of what its accounts supply."""

    legal_entity_id: LegalEntityId
    vat_id: str
    currency: Currency
    span: Span
    on_debits: bool
    lines: tuple[VatLine, ...]
    partners: tuple[VatPartner, ...]
    proofs: tuple[VatProof, ...]
    bought: tuple[VatBought, ...] = ()
    bought_proofs: tuple[BoughtProof, ...] = ()

    def told_minor(self, currency: str) -> int:
        """Return the tax that the lines of a currency come to."""
        return sum(line.tax_minor for line in self.lines if line.currency == currency)

    @property
    def differences(self) -> tuple[tuple[str, int], ...]:
        """Per currency by how much lines and journal differ; none when the report ties."""
        booked = {proof.currency: proof.due_minor for proof in self.proofs}
        currencies = sorted({*booked, *(line.currency for line in self.lines)})
        off = ((each, self.told_minor(each) - booked.get(each, 0)) for each in currencies)
        return tuple((currency, minor) for currency, minor in off if minor)

    @property
    def ties(self) -> bool:
        """Whether the lines add up to what the journal booked, all of them explained by a bill."""
        explained = all(each.section is not Section.UNEXPLAINED for each in self.lines)
        return explained and not self.differences and bought_ties(self.bought, self.bought_proofs)


def report_document(report: VatReport) -> dict[str, Any]:
    """Return what the report tells as a flat document: its lines, and whether they tie to the journal."""
    return {
        "vat_id": report.vat_id,
        "ties": report.ties,
        "lines": [
            {
                "section": each.section.value, "country": each.country, "category": each.category,
                "rate_bp": each.rate_bp, "basis": each.basis.value, "currency": each.currency,
                "net_minor": each.net_minor, "tax_minor": each.tax_minor, "documents": each.documents,
            }
            for each in report.lines
        ],
        "bought": bought_document(report.bought),
    }  # fmt: skip


def section_of(category: str, country: str, seller_country: str) -> Section:
    """Return where a supply to a buyer of that country is told."""
    if not category:
        return Section.UNEXPLAINED
    found = BY_CATEGORY.get(VatCategory(category))
    if found is not None:
        return found
    where = TAXED_AS.get(country, country)
    if where != TAXED_AS.get(seller_country, seller_country) and where in UNION:
        return Section.OTHER_MEMBER_STATE
    return Section.DOMESTIC


def merged(lines: Iterable[VatLine]) -> tuple[VatLine, ...]:
    """Return one line for those that differ by their day alone, in the order of a return."""
    sums: dict[tuple[object, ...], VatLine] = {}
    for line in lines:
        key = (line.section, line.country, line.category, line.rate_bp, line.basis, line.currency)
        known = sums.get(key)
        sums[key] = line if known is None else _added(known, line)
    return ordered(sums.values())


def _added(one: VatLine, other: VatLine) -> VatLine:
    return replace(
        one,
        net_minor=one.net_minor + other.net_minor,
        tax_minor=one.tax_minor + other.tax_minor,
        documents=one.documents + other.documents,
        local_net_minor=_sum(one.local_net_minor, other.local_net_minor),
        local_tax_minor=_sum(one.local_tax_minor, other.local_tax_minor),
    )


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def ordered(lines: Iterable[VatLine]) -> tuple[VatLine, ...]:
    """Return the lines in the order of a return, those of zero left out."""
    sections: Sequence[Section] = tuple(Section)
    kept = (line for line in lines if line.net_minor or line.tax_minor)
    return tuple(
        sorted(
            kept,
            key=lambda line: (
                sections.index(line.section), line.country, line.category, -line.rate_bp, line.basis,
                line.currency,
            ),
        )
    )  # fmt: skip

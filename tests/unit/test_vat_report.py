"""Where a line of the VAT report goes, and when lines and journal agree."""

from dataclasses import replace
from datetime import date

import pytest

from acquit.core.money import Currency
from acquit.core.period import span
from acquit.core.vat_report import (
    Basis,
    Section,
    VatLine,
    VatPartner,
    VatProof,
    VatReport,
    ordered,
    section_of,
)
from founding import FR

EUR = Currency("EUR")
LINE = VatLine(Section.DOMESTIC, "FR", "S", 2_000, Basis.MONEY, EUR, 1_000, 200, 1)

SECTIONS = """
category  buyer  seller  section
S         FR     FR      domestic
S         MC     FR      domestic
Z         FR     FR      domestic
S         DE     FR      other-member-state
AE        DE     FR      reverse-charge
K         ES     FR      intra-community
G         US     FR      export
O         CH     FR      out-of-scope
E         FR     FR      exempt
-         FR     FR      unexplained
"""


@pytest.mark.parametrize("line", SECTIONS.strip().splitlines()[1:])
def test_a_supply_is_told_where_it_is_taxed(line: str) -> None:
    category, buyer, seller, section = line.split()
    assert section_of(category.strip("-"), buyer, seller) == section


def test_a_report_ties_when_its_lines_are_what_is_booked_and_all_explained() -> None:
    proof = VatProof(EUR, 200, 50, 400, 200)
    report = VatReport(FR, "FR44732829320", EUR, span("2026-11"), False, (LINE,), (), (proof,))
    assert (report.ties, report.differences, proof.pending_after_minor) == (True, (), 250)
    off = replace(report, proofs=(replace(proof, due_minor=199),))
    assert (off.ties, off.differences) == (False, (("EUR", 1),))
    assert not replace(report, lines=(replace(LINE, section=Section.UNEXPLAINED),)).ties
    assert not replace(report, proofs=()).ties


def test_lines_come_in_the_order_of_a_return_without_zeros() -> None:
    reverse = replace(LINE, section=Section.REVERSE_CHARGE, category="AE", rate_bp=0, tax_minor=0)
    low, nothing = replace(LINE, rate_bp=1_000), replace(LINE, net_minor=0, tax_minor=0)
    assert ordered([reverse, nothing, low, LINE]) == (LINE, low, reverse)


@pytest.mark.parametrize(("minor", "units"), [(149, 1), (150, 2), (-150, -2), (-149, -1), (0, 0)])
def test_the_list_of_supplies_counts_whole_units(minor: int, units: int) -> None:
    partner = VatPartner(
        "DE136695976", "DE", "Wolke", "AE", EUR, minor, date(2026, 11, 1), "format", "valid", EUR, minor
    )
    assert partner.net_units == units
    assert replace(partner, local_currency=Currency("JPY")).net_units == minor
    assert replace(partner, local_net_minor=None).net_units is None

"""VAT cases: which seller, which buyer, which day, and what stands on the bill."""

from dataclasses import replace
from datetime import date

import pytest

from acquit.core.problem import Problem
from acquit.core.snapshot import Buyer, Seller
from acquit.core.tax import (
    EXPORT,
    INTRA_COMMUNITY,
    OUT_OF_SCOPE,
    REVERSE_CHARGE,
    Supply,
    TaxCase,
    TaxLine,
    rate_on,
    tax_case,
    tax_lines,
    tax_problems,
)

FR = Seller("Nuage", "FR", vat_id="FR44732829320", siren="732829320")
RATES = {
    "FR": ((date(2000, 4, 1), 1960), (date(2014, 1, 1), 2000)),
    "DE": ((date(2007, 1, 1), 1900),),
    "RE": ((date(1995, 1, 1), 850),),
    "ZZ": ((date(2000, 1, 1), 0),),
}
TODAY = date(2026, 11, 23)
GOODS, SERVICES = Supply.GOODS, Supply.SERVICES


def buyer(country: str, profile: str = "business", vat_id: str = "", reason: str = "") -> Buyer:
    return Buyer("B", country, vat_id=vat_id, tax_profile=profile, exemption_reason=reason)


@pytest.mark.parametrize(
    ("who", "supply", "expected"),
    [
        (buyer("FR"), SERVICES, TaxCase("S", 2000)),
        (buyer("FR", "person"), SERVICES, TaxCase("S", 2000)),
        (buyer("MC"), SERVICES, TaxCase("S", 2000)),
        (buyer("RE"), SERVICES, TaxCase("S", 850)),
        (buyer("DE", vat_id="DE811569869"), SERVICES, REVERSE_CHARGE),
        (buyer("DE", vat_id="DE811569869"), GOODS, INTRA_COMMUNITY),
        (buyer("DE", "person"), SERVICES, TaxCase("S", 1900)),
        (buyer("US"), SERVICES, OUT_OF_SCOPE),
        (buyer("CH", "person"), SERVICES, OUT_OF_SCOPE),
        (buyer("US"), GOODS, EXPORT),
        (buyer("FR", "exempt", reason="art. 261"), SERVICES, TaxCase("E", 0, "", "art. 261")),
    ],
)
def test_the_case_follows_from_who_where_and_what(who: Buyer, supply: Supply, expected: TaxCase) -> None:
    assert tax_case(FR, who, TODAY, RATES, supply) == expected


def test_a_rate_of_nothing_is_the_zero_category() -> None:
    assert tax_case(Seller("Z", "ZZ", vat_id="1"), buyer("ZZ"), TODAY, RATES) == TaxCase("Z", 0)


def test_a_seller_outside_the_union_exports_to_it() -> None:
    found = tax_case(Seller("U", "US"), buyer("FR"), TODAY, RATES)
    assert found == TaxCase("O", 0, "VATEX-EU-O", "Outside the scope of VAT")


@pytest.mark.parametrize(
    ("country", "words"),
    [
        ("DE", "Steuerschuldnerschaft des Leistungsempfängers"),
        ("ES", "Inversión del sujeto pasivo"),
        ("BE", "Autoliquidation"),
        ("IE", "Reverse charge"),
    ],
)
def test_reverse_charge_is_said_in_the_words_of_the_sellers_country(country: str, words: str) -> None:
    seller, who = Seller("N", country, vat_id="1"), buyer("FR", vat_id="FR44732829320")
    assert tax_case(seller, who, TODAY, RATES) == replace(REVERSE_CHARGE, exemption_text=words)
    goods = tax_case(seller, who, TODAY, RATES, GOODS)
    assert goods == replace(INTRA_COMMUNITY, exemption_text="Exempt intra-Community supply")


@pytest.mark.parametrize(
    ("who", "code"),
    [
        (buyer("FR", "exempt"), "missing-exemption-reason"),
        (buyer("ES", "person"), "missing-vat-rate"),
        (buyer("GP"), "missing-vat-rate"),
    ],
)
def test_what_is_missing_to_tell_the_case(who: Buyer, code: str) -> None:
    found = tax_case(FR, who, TODAY, RATES)
    assert isinstance(found, Problem)
    assert found.code == code


@pytest.mark.parametrize(
    ("on", "rate"),
    [(date(2013, 12, 31), 1960), (date(2014, 1, 1), 2000), (date(2000, 3, 31), None)],
)
def test_rates_are_dated(on: date, rate: int | None) -> None:
    assert rate_on(RATES, "FR", on) == rate
    assert rate_on(RATES, "IT", on) is None


@pytest.mark.parametrize(
    ("case", "seller", "who", "codes"),
    [
        (TaxCase("S", 2000), FR, buyer("FR"), []),
        (TaxCase("S", 2000), replace(FR, vat_id=""), buyer("FR"), ["missing-seller-vat-id"]),
        (OUT_OF_SCOPE, replace(FR, vat_id=""), buyer("US"), []),
        (REVERSE_CHARGE, FR, buyer("DE", vat_id="DE811569869"), []),
        (REVERSE_CHARGE, FR, buyer("GR", vat_id="EL094259216"), []),
        (REVERSE_CHARGE, FR, buyer("DE"), ["missing-vat-id"]),
        (REVERSE_CHARGE, FR, buyer("DE", vat_id="FR44732829320"), ["foreign-vat-id"]),
        (INTRA_COMMUNITY, FR, buyer("DE"), ["missing-vat-id"]),
        (TaxCase("E", 2000, "", "why"), FR, buyer("FR"), ["rate-without-vat"]),
        (TaxCase("G", 0), FR, buyer("US"), ["missing-exemption-reason"]),
        (TaxCase("Z", 0), FR, buyer("FR"), []),
    ],
)
def test_ids_and_reasons_have_to_fit_the_case(
    case: TaxCase, seller: Seller, who: Buyer, codes: list[str]
) -> None:
    assert [each.code for each in tax_problems(case, seller, who)] == codes


def test_vat_is_computed_on_the_summed_net() -> None:
    standard, low = TaxCase("S", 2000), TaxCase("S", 550)
    lines = tax_lines([(standard, 1), (low, 100), (standard, 1), (REVERSE_CHARGE, 50)])
    assert lines == (
        TaxLine("S", 2000, 2, 0),
        TaxLine("S", 550, 100, 6),
        TaxLine("AE", 0, 50, 0, "VATEX-EU-AE", "Autoliquidation"),
    )

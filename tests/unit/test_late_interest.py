"""Late interest by the day, and what a claim says of it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from acquit.core.claim import FEE, INTEREST, Charges, LateBill, late_details, shares
from acquit.core.identifiers import AccountId, BillId
from acquit.core.late_interest import (
    LATE_RATES,
    BadLateRate,
    LateRate,
    NoLateRate,
    Standing,
    interest,
    is_stale,
    rate_of,
    refuse_rate,
    standings,
)
from acquit.core.money import Currency
from acquit.documents.glyphs import missing_glyphs
from acquit.documents.languages import languages

EUR = Currency("EUR")
FRENCH = LATE_RATES["FR"]
DUE = date(2025, 6, 20)


@pytest.mark.parametrize(
    ("on", "agreed_bp", "rate_bp"),
    [
        (date(2024, 6, 30), None, 1450),
        (date(2024, 7, 1), None, 1425),
        (date(2026, 12, 31), None, 1215),
        (date(2024, 3, 1), 1000, 1521),
        (date(2024, 3, 1), 1800, 1800),
        (date(2026, 3, 1), 900, 900),
        (date(2026, 3, 1), 700, 786),
        (date(2020, 1, 1), 900, 900),
    ],
)
def test_the_rate_is_that_of_the_half_year_and_a_contract_has_a_floor(
    on: date, agreed_bp: int | None, rate_bp: int
) -> None:
    assert rate_of(FRENCH, on, agreed_bp) == rate_bp


def test_a_day_before_the_table_has_no_rate() -> None:
    with pytest.raises(NoLateRate):
        rate_of(FRENCH, date(2022, 12, 31))


def test_a_table_grows_old() -> None:
    assert not is_stale(FRENCH, date(2026, 6, 30))
    assert is_stale(FRENCH, date(2026, 7, 1))
    assert is_stale((), date(2026, 7, 1))


@pytest.mark.parametrize("rate", [LateRate(date(2026, 7, 2), 1200), LateRate(date(2026, 7, 1), 10_001)])
def test_a_rate_holds_from_a_half_year(rate: LateRate) -> None:
    with pytest.raises(BadLateRate):
        refuse_rate(rate)


def test_what_happens_on_a_day_counts_from_the_next() -> None:
    paid = [(date(2025, 6, 25), -400), (date(2025, 6, 28), -600), (date(2025, 7, 3), 600)]
    assert standings(DUE, 1_000, paid, date(2025, 6, 21), date(2025, 7, 5)) == [
        Standing(date(2025, 6, 21), date(2025, 6, 25), 1_000),
        Standing(date(2025, 6, 26), date(2025, 6, 28), 600),
        Standing(date(2025, 7, 4), date(2025, 7, 5), 600),
    ]


def test_nothing_is_late_through_the_due_date() -> None:
    assert standings(DUE, 1_000, [], date(2025, 1, 1), DUE) == []
    assert standings(DUE, 1_000, [(DUE, -1_000)], date(2025, 1, 1), date(2026, 1, 1)) == []


def test_a_year_at_a_rate_is_that_share_and_rounds_once_per_rate() -> None:
    whole = [Standing(date(2025, 7, 1), date(2026, 6, 30), 100_000)]
    assert [each.amount_minor for each in interest(whole, FRENCH)] == [12_150]
    parts = [Standing(date(2025, 7, 1), date(2025, 7, 1), 1), Standing(date(2025, 7, 2), date(2025, 7, 2), 1)]
    assert [each.amount_minor for each in interest(parts, FRENCH)] == [0]
    assert sum(each.amount_minor for each in interest(whole, FRENCH, 1215)) == 12_150


def late(**given: object) -> LateBill:
    bill = LateBill(AccountId("ab12345-acq"), BillId("FR1"), EUR, 100_000, DUE, ())
    return replace(bill, **given)  # type: ignore[arg-type]


CHARGES = Charges(FRENCH, 4_000, EUR)


def test_a_claim_says_each_rate_and_the_fee_once() -> None:
    details = late_details([late()], CHARGES, "fr_FR", date(2025, 7, 20))
    assert [(each.kind, each.net_minor) for each in details] == [
        (INTEREST, 360), (INTEREST, 666), (FEE, 4_000),
    ]  # fmt: skip
    assert details[0].description == "Pénalités de retard au taux annuel de 13,15 %, 10 jours"
    assert [each.detail_no for each in details] == [1, 2, 3]
    assert shares(details) == (1_026, 4_000)


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("de_DE", ["Verzugszinsen zu 13,15 % pro Jahr, 1 Tag", "Pauschale für Beitreibungskosten"]),
        (
            "fr_FR",
            [
                "Pénalités de retard au taux annuel de 13,15 %, 1 jour",
                "Indemnité forfaitaire de recouvrement",
            ],
        ),
        ("fi_FI", ["Late interest at 13.15 % a year, 1 day", "Fixed recovery charge"]),
    ],
)
def test_a_claim_is_told_in_the_language_of_the_bill(language: str, told: list[str]) -> None:
    first_day = late().due_on + timedelta(1)
    assert [each.description for each in late_details([late()], CHARGES, language, first_day)] == told


def test_every_language_of_papers_tells_a_claim() -> None:
    told = {
        language: [each.description for each in late_details([late()], CHARGES, language, date(2025, 7, 20))]
        for language in languages()
    }
    assert len({tuple(each) for each in told.values()}) == len(languages())
    assert not missing_glyphs("".join(text for each in told.values() for text in each))


def test_what_was_claimed_goes_on_where_it_ended() -> None:
    first = late_details([late()], CHARGES, "en_GB", date(2025, 7, 10))
    then = late(claimed_to=date(2025, 7, 10), fee_claimed=True)
    second = late_details([then], CHARGES, "en_GB", date(2025, 7, 20))
    assert [each.period_start for each in second] == [date(2025, 7, 11)]
    whole = late_details([late()], CHARGES, "en_GB", date(2025, 7, 20))
    split = sum(each.net_minor for each in (*first, *second))
    assert abs(split - sum(each.net_minor for each in whole)) <= 1
    assert late_details([then], CHARGES, "en_GB", date(2025, 7, 10)) == ()


def test_the_fee_is_owed_for_one_day_late_even_when_interest_rounds_to_nothing() -> None:
    paid = late(amount_minor=100, changes=((date(2025, 6, 21), -100),))
    assert [each.kind for each in late_details([paid], CHARGES, "fr_FR", date(2026, 1, 1))] == [FEE]
    in_time = late(changes=((DUE, -100_000),))
    assert late_details([in_time], CHARGES, "fr_FR", date(2026, 1, 1)) == ()


def test_the_fee_is_in_the_sellers_currency_alone() -> None:
    dollars = late(currency=Currency("USD"))
    assert {each.kind for each in late_details([dollars], CHARGES, "en_US", date(2025, 7, 1))} == {INTEREST}

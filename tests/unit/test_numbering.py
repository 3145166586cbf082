"""Numbers and references: what they look like, what they check, which series is refused."""

from dataclasses import replace
from datetime import date

import pytest
from stdnum import iso11649

from acquit.core.identifiers import LegalEntityId
from acquit.core.numbering import (
    BadSeries,
    Block,
    DateBeforeSeries,
    DocumentKind,
    Series,
    SeriesExhausted,
    check_digits,
    document_id,
    is_payment_reference,
    payment_reference,
    refuse_date,
    refuse_exhausted,
    refuse_series,
    series_problems,
)

SERIES = Series("FR", LegalEntityId("FR"), DocumentKind.BILL, "FR", 8, "FR")


def test_a_number_is_prefix_and_digits() -> None:
    assert document_id(SERIES, 42) == "FR00000042"
    assert document_id(replace(SERIES, prefix="2026/", digits=4), 42) == "2026/0042"


def test_a_reference_checks_itself() -> None:
    assert payment_reference("FR", 42) == "RF98FR00000042"
    assert iso11649.is_valid("RF98FR00000042")
    assert check_digits("539007547034") == "18"  # the standard's own example


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("RF18539007547034", True),
        ("rf18 5390 0754 7034", True),
        ("RF19539007547034", False),
        ("RF18", False),
        ("XX18539007547034", False),
        ("RF18539007547034539007547034", False),
    ],
)
def test_a_reference_is_recognised(text: str, valid: bool) -> None:
    assert is_payment_reference(text) is valid


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        ({}, []),
        ({"prefix": ""}, ["bad-prefix"]),
        ({"prefix": "A B"}, ["bad-prefix"]),
        ({"digits": 0}, ["bad-digits"]),
        ({"digits": 16}, ["bad-digits", "reference-too-long"]),
        ({"prefix": "A" * 21, "digits": 15}, ["bad-prefix", "number-too-long"]),
        ({"reference_code": "fr"}, ["bad-reference-code"]),
        ({"reference_code": "ABCDEFG", "digits": 15}, ["bad-reference-code", "reference-too-long"]),
        ({"reference_code": "ABCDEF", "digits": 15}, []),
    ],
)
def test_every_fault_of_a_series_is_told(given: dict[str, object], codes: list[str]) -> None:
    if given.get("digits") == 16:
        given = given | {"reference_code": "ABCDEF"}
    found = series_problems(replace(SERIES, **given))  # type: ignore[arg-type]
    assert [each.code for each in found] == codes


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        ({"prefix": "AV", "reference_code": "AV"}, []),
        ({"reference_code": "AV"}, ["number-clash"]),
        ({"prefix": "AV"}, ["reference-clash"]),
        ({"prefix": "FR0", "digits": 7, "reference_code": "X"}, ["number-clash"]),
        ({"prefix": "FRA", "digits": 7, "reference_code": "FRA"}, []),
        ({"prefix": "FR0", "digits": 8, "reference_code": "X"}, []),
    ],
)
def test_two_series_never_give_the_same_text(given: dict[str, object], codes: list[str]) -> None:
    other = replace(SERIES, series_id="other", **given)  # type: ignore[arg-type]
    assert [each.code for each in series_problems(other, [SERIES, other])] == codes


def test_a_series_is_refused_with_every_fault() -> None:
    refuse_series(SERIES)
    with pytest.raises(BadSeries, match=r"prefix .* code"):
        refuse_series(replace(SERIES, prefix="", reference_code=""))


def test_dates_rise_with_numbers() -> None:
    refuse_date(SERIES, date(2020, 1, 1))
    used = replace(SERIES, last_on=date(2026, 11, 23))
    refuse_date(used, date(2026, 11, 23))
    with pytest.raises(DateBeforeSeries, match="2026-11-23"):
        refuse_date(used, date(2026, 11, 22))


def test_a_series_has_so_many_numbers() -> None:
    last = replace(SERIES, digits=2, next_number=99)
    refuse_exhausted(last, 1)
    with pytest.raises(SeriesExhausted, match="1 numbers left"):
        refuse_exhausted(last, 2)


def test_a_block_gives_its_numbers_in_order() -> None:
    block = Block(SERIES, 5, 2, date(2026, 1, 1))
    assert [block.number(0), block.number(1)] == [5, 6]
    with pytest.raises(AssertionError):
        block.number(2)

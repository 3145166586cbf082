"""Use as a table: amounts add up, signs stay, no cell is a formula; which days a report may cover."""

import csv
import io
from datetime import date

import pytest

from acquit.core.money import Currency
from acquit.core.usage_report import MONTHS_MAX, BadReportSpan, refuse_span
from acquit.documents.usage_table import COLUMNS, UsedPart, usage_table

EUR = Currency("EUR")
TODAY = date(2026, 11, 23)


def part(quantity_e4: int, price: int, net_minor: int, service: str = "ns-1") -> UsedPart:
    month = date(2026, 10, 1)
    return UsedPart(
        month, "ab12345-acq", service, "traffic", "Out, going", "GB", "all", quantity_e4, price, net_minor,
        EUR, "billed",
    )  # fmt: skip


def test_a_line_is_told_with_its_sign_and_no_service_is_a_formula() -> None:
    content = usage_table([part(605_000, 10_000_000, 605), part(-10_000, 500_000_000, -500, "=1+1")])
    first, second = csv.DictReader(io.StringIO(content.decode()))
    assert tuple(first) == COLUMNS
    assert (first["quantity"], first["unit_price"], first["amount"]) == ("60.5", "0.1", "6.05")
    assert (second["quantity"], second["unit_price"], second["amount"]) == ("-1", "5", "-5.00")
    assert (second["service"], first["description"], first["month"]) == ("'=1+1", "Out, going", "2026-10")


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (date(2026, 10, 2), date(2026, 10, 1)),
        (date(2026, 11, 24), date(2026, 12, 1)),
        (date(2024, 11, 30), date(2026, 11, 1)),
    ],
)
def test_a_report_has_a_beginning_an_end_and_a_size(start: date, end: date) -> None:
    with pytest.raises(BadReportSpan):
        refuse_span(start, end, TODAY)


def test_as_many_months_as_fit_are_taken() -> None:
    assert MONTHS_MAX == 24
    refuse_span(date(2024, 12, 31), TODAY, TODAY)
    refuse_span(TODAY, date(2026, 12, 31), TODAY)

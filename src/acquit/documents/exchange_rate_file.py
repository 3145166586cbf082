"""The European Central Bank's table of exchange rates: a line per day, a column per currency."""

import csv
import io
from datetime import date

from acquit.core.errors import Invalid
from acquit.core.exchange_rate import BadRates, ExchangeRates
from acquit.core.money import scaled

NONE = frozenset({"", "N/A"})


def read_rates(content: bytes) -> ExchangeRates:
    """Return the rates of a file such as eurofxref-hist.csv. Raises BadRates with the line."""
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    except UnicodeDecodeError:
        raise BadRates("The file of exchange rates is not text in UTF-8.") from None
    if not rows or not rows[0] or rows[0][0].strip() != "Date":
        raise BadRates("The file of exchange rates begins with a line of names: Date, then currencies.")
    names = [each.strip() for each in rows[0]]
    found: dict[str, list[tuple[date, int]]] = {}
    for number, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        on = _day(row[0], number)
        for name, cell in zip(names[1:], row[1:], strict=False):
            if name and cell.strip() not in NONE:
                found.setdefault(name, []).append((on, _rate(cell, name, number)))
    return ExchangeRates({name: tuple(sorted(dated)) for name, dated in found.items()})


def _day(text: str, number: int) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise BadRates(f"Line {number}: {text!r} is no day; write it as in 2026-11-27.") from None


def _rate(text: str, name: str, number: int) -> int:
    try:
        rate = scaled(text, 8)
    except Invalid:
        rate = 0
    if rate <= 0:
        raise BadRates(f"Line {number}: {text!r} is no rate of {name}.")
    return rate

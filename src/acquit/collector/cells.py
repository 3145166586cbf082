"""Tables for other programs: no cell is taken for a formula, amounts are exact decimal texts."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final

from acquit.collector.tables import digits_of

FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def amount(minor: int, currency: str, mark: str = ".") -> str:
    """Return an amount as exact decimal text: 4544 EUR → `45.44`."""
    digits = digits_of(currency)
    whole, part = divmod(abs(minor), 10**digits)
    return (
        f"{'-' if minor < 0 else ''}{whole}{mark if digits else ''}{f'{part:0{digits}d}' if digits else ''}"
    )


def day(on: date | None) -> str:
    """Return a date as 2026-12-31, nothing for none."""
    return "" if on is None else on.isoformat()


def safe(text: str) -> str:
    """Return a text that a spreadsheet shows and does not run: what could be a formula gets an apostrophe.

    Source: OWASP, CSV injection.
    """
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    return f"'{plain}" if text.startswith(FORMULA_SIGNS) else plain


def csv_bytes(head: Sequence[str], rows: Iterable[Sequence[object]], delimiter: str = ",") -> bytes:
    """Return a CSV file in UTF-8 (RFC 4180); texts are made safe, numbers stay numbers."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(head)
    for row in rows:
        writer.writerow([cell if isinstance(cell, Exact | int) else safe(str(cell)) for cell in row])
    return out.getvalue().encode()


class Exact(str):
    """A number as text: it may begin with a minus and is no formula."""

    __slots__ = ()

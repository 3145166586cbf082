"""What an account supplied, in a file: CSV with a heading, or JSON.

CSV columns, in any order: description, quantity, unit_price, from, to, and where wanted reference, vat_rate
(a percentage). JSON is a list of objects with the same names, or {"lines": […]}. Figures are plain decimal
text: `1234.50`; without a quantity it is one.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from acquit.core.errors import Invalid
from acquit.core.money import scaled
from acquit.core.reverse_bill import LINES_MAX, Supplied

COLUMNS: Final = ("reference", "description", "quantity", "unit_price", "vat_rate", "from", "to")
NEEDED: Final = ("description", "unit_price", "from", "to")
SIZE_MAX: Final = 1_000_000


class BadSupplyFile(Invalid):
    """The file cannot be read as lines of what was supplied; the message says where."""

    code = "bad-supply-file"


def read_supplies(content: bytes, form: str) -> list[Supplied]:
    """Return the lines of a file whose form is `csv` or `json`. Raises BadSupplyFile, BadAmount."""
    if len(content) > SIZE_MAX:
        raise BadSupplyFile(f"The file is larger than {SIZE_MAX} bytes.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadSupplyFile("The file is not UTF-8 text.") from None
    rows = _csv_rows(text) if form == "csv" else _json_rows(text)
    if len(rows) > LINES_MAX:
        raise BadSupplyFile(f"{len(rows)} lines are too many; {LINES_MAX} are billed at once.")
    return [supplied(members, place) for place, members in rows]


def supplied(members: Mapping[str, Any], place: str) -> Supplied:
    """Return one line of these members. Raises BadSupplyFile, BadAmount."""
    unknown = sorted(set(members) - set(COLUMNS))
    if unknown:
        raise BadSupplyFile(f"{place}: {unknown[0]!r} is not known here; known are: {', '.join(COLUMNS)}.")
    words = {name: _word(value, name, place) for name, value in members.items()}
    missing = [name for name in NEEDED if not words.get(name)]
    if missing:
        raise BadSupplyFile(f"{place}: {missing[0]!r} is missing; needed are: {', '.join(NEEDED)}.")
    rate = words.get("vat_rate", "")
    return Supplied(
        words.get("reference", ""), words["description"], scaled(words.get("quantity") or "1", 4),
        scaled(words["unit_price"], 8), _day(words["from"], place), _day(words["to"], place),
        scaled(rate, 2) if rate else None,
    )  # fmt: skip


def _csv_rows(text: str) -> Sequence[tuple[str, Mapping[str, Any]]]:
    heading = text.partition("\n")[0]
    delimiter = ";" if heading.count(";") > heading.count(",") else ","
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows = list[tuple[str, Mapping[str, Any]]]()
    try:
        reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
        for cells in reader:
            if None in cells or None in cells.values():
                raise BadSupplyFile(
                    f"line {reader.line_num}: there are more or fewer cells than in the heading."
                )
            filled = {name: cell.strip() for name, cell in cells.items() if cell.strip()}
            rows.append((f"line {reader.line_num}", filled))
    except csv.Error as error:
        raise BadSupplyFile(f"line {reader.line_num}: this is not CSV ({error}).") from None
    return rows


def _json_rows(text: str) -> Sequence[tuple[str, Mapping[str, Any]]]:
    try:
        document = json.loads(text, parse_float=str)
    except (json.JSONDecodeError, RecursionError, ValueError) as error:
        raise BadSupplyFile(f"This is not JSON ({error}).") from None
    entries = document.get("lines") if isinstance(document, dict) else document
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadSupplyFile('A JSON file holds a list of lines, or {"lines": [ … ]}.')
    return [
        (f"entry {number}", {name: value for name, value in entry.items() if value is not None})
        for number, entry in enumerate(entries, 1)
    ]


def _word(value: Any, name: str, place: str) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise BadSupplyFile(f"{place}: [{name}] a text is needed.")
    return value.strip()


def _day(text: str, place: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadSupplyFile(f"{place}: {text!r} is not a date: write 2026-01-31.") from None

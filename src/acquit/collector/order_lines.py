"""The lines of purchase orders as their buyer has them: the provider tells references alone.

TOML has `[[order_line]]` tables, CSV the same members as columns:

    order = "4500128837"       # the order's reference, as the bill quotes it
    line = "00010"
    text = "Dedicated servers"
    service = '^ns'            # a detail belongs to the first line of its order whose patterns match
    description = '(?i)server'
    amount = "450.00"          # net, for each month or once; may be missing
    per = "month"
    currency = "EUR"
    from = 2026-01-01
    to = 2027-01-01            # first day not covered
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from acquit.collector.bill_selection import Detail
from acquit.collector.fault import Fault
from acquit.collector.posting import toml_of
from acquit.core.errors import Invalid
from acquit.core.money import EXPONENTS, Currency, parsed

MEMBERS: Final = (
    "order", "line", "text", "service", "description", "amount", "per", "currency", "from", "to",
)  # fmt: skip
MONTH, ONCE = "month", "once"


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line of an order: what it covers, from when, and what it may cost (None: not told)."""

    order: str
    line: str
    text: str
    service: re.Pattern[str]
    description: re.Pattern[str]
    amount_minor: int | None
    per: str
    currency: str
    starts_on: date | None
    ends_on: date | None

    def covers(self, detail: Detail) -> bool:
        """Return whether the detail is what this line orders, whenever it was."""
        return bool(self.service.search(detail.domain) and self.description.search(detail.description))

    def holds_on(self, day: date) -> bool:
        """Return whether the day is in the line's window."""
        return (self.starts_on is None or day >= self.starts_on) and (
            self.ends_on is None or day < self.ends_on
        )


def read_lines(path: Path) -> list[OrderLine]:
    """Return the order lines of a TOML or CSV file. Raises Fault (configuration) with file and line."""
    rows = _of_csv(path) if path.suffix.lower() == ".csv" else toml_of(path).get("order_line", [])
    return lines_of(rows, str(path))


def lines_of(rows: Any, where: str) -> list[OrderLine]:
    """Return order lines from their tables. Raises Fault (configuration)."""
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows) or not rows:
        raise Fault(
            "configuration", f"{where} has no [[order_line]]: order, line and a pattern are expected."
        )
    return [_line(row, f"{where}, order line {no}") for no, row in enumerate(rows, start=1)]


def line_of(lines: Iterable[OrderLine], order: str, detail: Detail) -> OrderLine | None:
    """Return the first line of this order that the detail belongs to.

    One in whose window the detail's service began, before one that covers it at another time.
    """
    fitting = [one for one in lines if one.order == order and one.covers(detail)]
    day = detail.period_start_on
    return next((one for one in fitting if day is None or one.holds_on(day)), fitting[0] if fitting else None)


def _of_csv(path: Path) -> list[dict[str, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Fault("configuration", f"{path} cannot be read as UTF-8 text: {error}.") from None
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    rows = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    return [{name: value for name, value in row.items() if name and value} for row in rows]


def _line(row: Mapping[str, Any], where: str) -> OrderLine:
    for member in row:
        if member not in MEMBERS:
            raise Fault("configuration", f"{where} has {member!r}; known are {', '.join(MEMBERS)}.")
    currency, per = str(row.get("currency", "EUR")), str(row.get("per", ONCE))
    order, line = str(row.get("order", "")).strip(), str(row.get("line", "")).strip()
    if not order or not line:
        raise Fault("configuration", f"{where} needs order and line.")
    if per not in (MONTH, ONCE) or currency not in EXPONENTS:
        raise Fault("configuration", f"{where}: per is month or once, currency a code such as EUR.")
    return OrderLine(
        order, line, str(row.get("text", "")), _pattern(row, "service", where),
        _pattern(row, "description", where), _amount(row, currency, where), per, currency,
        _day(row, "from", where), _day(row, "to", where),
    )  # fmt: skip


def _pattern(row: Mapping[str, Any], name: str, where: str) -> re.Pattern[str]:
    try:
        return re.compile(str(row.get(name, "")))
    except re.error as error:
        raise Fault("configuration", f"{where}: {name} is no regular expression ({error}).") from None


def _amount(row: Mapping[str, Any], currency: str, where: str) -> int | None:
    if "amount" not in row:
        return None
    try:
        return parsed(str(row["amount"]), Currency(currency))
    except Invalid as problem:
        raise Fault("configuration", f"{where}: {problem.message}") from None


def _day(row: Mapping[str, Any], name: str, where: str) -> date | None:
    told = row.get(name)
    if told is None or type(told) is date:
        return told
    try:
        return date.fromisoformat(str(told))
    except ValueError:
        raise Fault("configuration", f"{where}: {name} is a date such as 2026-12-31.") from None

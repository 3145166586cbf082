"""Use as a table: a line for each part of a month's use at one price; the lines add up to what it costs."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from acquit.core.bill_export import cell
from acquit.core.money import Currency, plain, scaled_text

COLUMNS: Final = (
    "month", "account", "service", "meter", "description", "unit", "part", "quantity", "unit_price", "amount",
    "currency", "state",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class UsedPart:
    """So much of a meter's use in a month at one price; `state` is `rated`, `billed` or `so far`."""

    month: date
    account_id: str
    service: str
    meter: str
    description: str
    unit: str
    part: str
    quantity_e4: int
    unit_price_ucents: int
    net_minor: int
    currency: Currency
    state: str


def usage_table(parts: Iterable[UsedPart]) -> bytes:
    """Return the parts as CSV with a line of headings."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows(_row(part) for part in parts)
    return out.getvalue().encode()


def _row(part: UsedPart) -> tuple[str, ...]:
    return (
        f"{part.month:%Y-%m}", part.account_id, cell(part.service), part.meter, cell(part.description),
        part.unit, cell(part.part), _signed(part.quantity_e4), scaled_text(part.unit_price_ucents, 8),
        plain(part.net_minor, part.currency), part.currency, part.state,
    )  # fmt: skip


def _signed(quantity_e4: int) -> str:
    return f"{'-' if quantity_e4 < 0 else ''}{scaled_text(abs(quantity_e4), 4)}"

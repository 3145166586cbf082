"""The three-way match: what was ordered, for which period it was served, what was billed.

Only what is known counts: an order is read, inferred or unknown, a line has an amount or none, a detail a
period or none, and each row says so.
"""

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

import xlsxwriter

from acquit.collector.bill_selection import Detail, SelectedBill
from acquit.collector.cells import Exact, amount, csv_bytes, day
from acquit.collector.order_lines import MONTH, OrderLine, line_of
from acquit.core.money import EXPONENTS, Currency

COLUMNS: Final = (
    "status", "order", "order_source", "line", "line_text", "month", "account", "bill", "bill_date",
    "detail_no", "service", "description", "period_start", "period_end", "billed", "billed_in_all",
    "ordered", "difference", "currency", "paper",
)  # fmt: skip
EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
"""A workbook has a date of creation; always this one, so that the same sheet is the same file."""

AS_ORDERED, MORE, LESS = "as ordered", "more than ordered", "less than ordered"
NOT_BILLED, NO_AMOUNT = "not billed", "ordered without an amount"
NO_ORDER, NO_LINE, OTHER_TIME = "order unknown", "no line of the order covers it", "outside the line's window"
OTHER_ORDER, NO_PERIOD = "its order has no lines here", "service period unknown"
OTHER_CURRENCY = "another currency than ordered"

Key = tuple[str, str, str]
"""Order, line, and the month (or nothing, for a line that is ordered once)."""


@dataclass(frozen=True, slots=True)
class Match:
    """One row of the sheet: a detail beside its order line, or a line that was not billed."""

    status: str
    line: OrderLine | None
    month: str
    bill: SelectedBill | None = None
    detail: Detail | None = None
    billed_in_all_minor: int | None = None

    @property
    def difference_minor(self) -> int | None:
        """Billed less ordered, of the line in that month; None when either is not known."""
        if self.line is None or self.line.amount_minor is None or self.billed_in_all_minor is None:
            return None
        return self.billed_in_all_minor - self.line.amount_minor


def matched(bills: Sequence[SelectedBill], lines: Sequence[OrderLine]) -> list[Match]:
    """Return a row for each detail, then one for each line and month that should have been billed."""
    placed = [(bill, detail, *_place(bill, detail, lines)) for bill in bills for detail in bill.details]
    sums: dict[Key, int] = {}
    for _, detail, line, problem in placed:
        if line is not None and not problem:
            key = _key(line, detail)
            sums[key] = sums.get(key, 0) + detail.net_minor
    found = [
        Match(problem or _status(line, sums[_key(line, detail)]), line, _key(line, detail)[2], bill, detail,
              sums[_key(line, detail)] if not problem else None)
        if line is not None
        else Match(problem, None, "", bill, detail)
        for bill, detail, line, problem in placed
    ]  # fmt: skip
    last = max((bill.issued_on for bill in bills), default=None)
    return found + [
        Match(NOT_BILLED, line, month, billed_in_all_minor=0)
        for line in lines
        for month in _months(line, last)
        if (line.order, line.line, month) not in sums
    ]


def _place(bill: SelectedBill, detail: Detail, lines: Sequence[OrderLine]) -> tuple[OrderLine | None, str]:
    """Return the order line of a detail, and what keeps the two from being compared (nothing: they are)."""
    if not bill.purchase_order:
        return None, NO_ORDER
    if all(one.order != bill.purchase_order for one in lines):
        return None, OTHER_ORDER
    line = line_of(lines, bill.purchase_order, detail)
    if line is None:
        return None, NO_LINE
    if line.currency != bill.currency:
        return line, OTHER_CURRENCY
    if detail.period_start_on is None:
        return line, NO_PERIOD
    return line, "" if line.holds_on(detail.period_start_on) else OTHER_TIME


def _key(line: OrderLine, detail: Detail) -> Key:
    on = detail.period_start_on
    month = f"{on:%Y-%m}" if line.per == MONTH and on is not None else ""
    return line.order, line.line, month


def _status(line: OrderLine, billed_minor: int) -> str:
    if line.amount_minor is None:
        return NO_AMOUNT
    if billed_minor == line.amount_minor:
        return AS_ORDERED
    return MORE if billed_minor > line.amount_minor else LESS


def _months(line: OrderLine, last: date | None) -> Iterator[str]:
    """Yield the months of a monthly line up to the last bill's; of another no month, once."""
    if line.per != MONTH:
        yield ""
        return
    if line.starts_on is None or last is None:
        return
    year, month = line.starts_on.year, line.starts_on.month
    while (first := date(year, month, 1)) <= last and (line.ends_on is None or first < line.ends_on):
        yield f"{first:%Y-%m}"
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


# ---------------------------------------------------------------- files


def as_csv(matches: Iterable[Match]) -> bytes:
    """Return the sheet as CSV in UTF-8."""
    return csv_bytes(COLUMNS, (_row(one) for one in matches))


def as_xlsx(matches: Iterable[Match]) -> bytes:
    """Return the sheet as a workbook; texts stay texts, amounts are numbers with their decimals."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    book.set_properties({"created": EPOCH})
    sheet, bold, number = book.add_worksheet("match"), book.add_format({"bold": True}), book.add_format()
    number.set_num_format("#,##0.00")
    for place, name in enumerate(COLUMNS):
        sheet.write_string(0, place, name, bold)
    count = 0
    for count, one in enumerate(matches, start=1):
        for place, cell in enumerate(_row(one)):
            if isinstance(cell, Exact) and cell:
                sheet.write_number(count, place, float(cell), number)
            else:
                sheet.write_string(count, place, str(cell))
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(count, 1), len(COLUMNS) - 1)
    sheet.autofit()
    book.close()
    return out.getvalue()


def _row(one: Match) -> tuple[object, ...]:
    bill, detail, line = one.bill, one.detail, one.line
    currency = bill.currency if bill else line.currency if line else ""
    return (
        one.status, bill.purchase_order if bill else line.order if line else "",
        bill.purchase_order_source if bill else "", line.line if line else "", line.text if line else "",
        one.month, bill.account if bill else "", bill.bill_id if bill else "",
        day(bill.issued_on if bill else None), str(detail.detail_no) if detail else "",
        detail.domain if detail else "", detail.description if detail else "",
        day(detail.period_start_on if detail else None), day(detail.period_end_on if detail else None),
        _amount(detail.net_minor if detail else None, currency), _amount(one.billed_in_all_minor, currency),
        _amount(line.amount_minor if line else None, currency), _amount(one.difference_minor, currency),
        currency, bill.paper if bill else "",
    )  # fmt: skip


def _amount(minor: int | None, currency: str) -> Exact:
    known = minor is not None and Currency(currency) in EXPONENTS
    return Exact(amount(minor, currency)) if known and minor is not None else Exact("")

"""A report as sheets: a directory of CSV files, or one XLSX workbook; a text stays a text, whatever it
begins with.

CSV has names of columns as in JSON without `_minor`, dates as 2026-11-30 and amounts as 1234.50, in UTF-8.
A text
that a spreadsheet would take for a formula gets an apostrophe before it. XLSX has real numbers and dates.
"""

import csv
import io
import re
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from acquit.collector.files import replace_bytes
from acquit.collector.report.answer import Answer, Kind, Row, kind_of
from acquit.collector.report.whole import Report
from acquit.collector.report.words import Words
from acquit.collector.tables import digits_of

FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
WIDTHS: Final = {
    Kind.TEXT: 26, Kind.WORD: 22, Kind.DAY: 12, Kind.MONTH: 12, Kind.MONEY: 16, Kind.COUNT: 11,
}  # fmt: skip
SHEET_NAME_MAX: Final = 31
CELL_MAX: Final = 32_767


def write_csv(report: Report, directory: Path) -> list[Path]:
    """Leave a file for each answer in the directory, each whole; return them. Raises Fault (disk)."""
    written = []
    for answer in report.answers.values():
        path = directory / f"{answer.name}.csv"
        replace_bytes(path, csv_of(answer).encode())
        written.append(path)
    return written


def csv_of(answer: Answer) -> str:
    """Return an answer as comma-separated values."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([column.removesuffix("_minor") for column in answer.columns])
    for row in answer.rows:
        writer.writerow([_plain(answer, row, place) for place in range(len(row))])
    return out.getvalue()


def _plain(answer: Answer, row: Row, place: int) -> str:
    value = row[place]
    if value is None:
        return ""
    if kind_of(answer.columns[place]) is Kind.MONEY:
        return str(amount_of(int(value), answer.currency(row)))
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(FORMULA_SIGNS) else text


def amount_of(minor: int, currency: str) -> Decimal:
    """Return an amount in the currency's unit, with all its decimals."""
    return Decimal(minor).scaleb(-digits_of(currency))


def write_xlsx(report: Report, path: Path, words: Words) -> None:
    """Leave a workbook with a sheet for each answer. Raises Fault (disk)."""
    import xlsxwriter  # loaded for this form alone

    out = io.BytesIO()
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(out, {**plain, "in_memory": True, "default_date_format": "yyyy-mm-dd"})
    book.set_properties({"title": words.title("report"), "comments": words.scope(report.question)})
    forms = _Forms(book)
    for answer in report.answers.values():
        _sheet(book.add_worksheet(_sheet_name(words.title(answer.name))), answer, words, forms)
    book.close()
    replace_bytes(path, out.getvalue())


def _sheet_name(title: str) -> str:
    """Return what a spreadsheet takes as the name of a sheet."""
    return re.sub(r"[\[\]:*?/\\]", "", title)[:SHEET_NAME_MAX].strip()


class _Forms:
    """The formats of a workbook, each made once."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._money: dict[tuple[int, bool], Any] = {}
        self.head = book.add_format(
            {"bold": True, "bg_color": "#E8EDF3", "bottom": 1, "text_wrap": True, "valign": "top"}
        )
        self.day = book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})
        self.month = book.add_format({"num_format": "yyyy-mm", "align": "left"})
        self.count = book.add_format({"num_format": "#,##0"})
        self.bold_count = book.add_format({"num_format": "#,##0", "bold": True, "top": 1})
        self.bold = book.add_format({"bold": True, "top": 1})

    def money(self, currency: str, bold: bool) -> Any:
        digits = digits_of(currency)
        if (digits, bold) not in self._money:
            decimals = "." + "0" * digits if digits else ""
            extra = {"bold": True, "top": 1} if bold else {}
            self._money[digits, bold] = self._book.add_format({"num_format": f"#,##0{decimals}", **extra})
        return self._money[digits, bold]


def _sheet(sheet: Any, answer: Answer, words: Words, forms: _Forms) -> None:
    for place, column in enumerate(answer.columns):
        sheet.set_column(place, place, WIDTHS[kind_of(column)])
        sheet.write_string(0, place, words.label(column), forms.head)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(1, len(answer.rows)), len(answer.columns) - 1)
    for number, row in enumerate(answer.rows, start=1):
        _write_row(sheet, number, answer, row, words, forms, bold=False)
    # One row apart, so that a filter or a sum of the rows does not take the totals in.
    for number, row in enumerate(answer.totals, start=len(answer.rows) + 2):
        sheet.write_string(number, 0, words.say("total"), forms.bold)
        _write_row(sheet, number, answer, row, words, forms, bold=True)


def _write_row(
    sheet: Any, number: int, answer: Answer, row: Row, words: Words, forms: _Forms, *, bold: bool
) -> None:
    for place, value in enumerate(row):
        if value is None:
            continue
        match kind_of(answer.columns[place]):
            case Kind.MONEY:
                currency = answer.currency(row)
                sheet.write_number(
                    number, place, amount_of(int(value), currency), forms.money(currency, bold)
                )
            case Kind.COUNT:
                sheet.write_number(number, place, int(value), forms.bold_count if bold else forms.count)
            case Kind.DAY:
                sheet.write_datetime(number, place, value, forms.day)
            case Kind.MONTH:
                sheet.write_datetime(number, place, value, forms.month)
            case Kind.WORD:
                sheet.write_string(number, place, words.word(value))
            case Kind.TEXT:
                sheet.write_string(number, place, str(value)[:CELL_MAX])

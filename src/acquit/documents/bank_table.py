"""Bank files in a table of the bank's own (CSV), read by a mapping that says which column is what.

The mapping is TOML: `[account]` iban, currency; `[file]` encoding, delimiter, decimal, date, skip_lines;
`[columns]` date, then amount or debit and credit, and whatever else the bank tells: value_date, text (one or
several), payer, iban, reference, end_to_end, bank_reference, balance. With a balance column every line is
checked against the line before it.
"""

import codecs
import csv
import io
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, BinaryIO, Final

from acquit.core.bank_entry import BadBankFile, BankEntry, BankStatement, Direction, Form
from acquit.core.money import EXPONENTS, BadAmount, Currency, plain, scaled
from acquit.documents.bank_camt import Ended, Event

KNOWN: Final = frozenset(
    {"date", "value_date", "amount", "debit", "credit", "text", "payer", "iban", "reference", "end_to_end",
     "bank_reference", "balance"}
)  # fmt: skip
LINE_MAX: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a mapping says."""

    iban: str
    currency: Currency
    encoding: str
    delimiter: str
    decimal: str
    date_format: str
    skip_lines: int
    columns: Mapping[str, tuple[str, ...]]


def read_mapping(text: str) -> Mapped:
    """Return the mapping. Raises BadBankFile with what is wrong in it."""
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadBankFile(f"The mapping is no TOML: {error}.") from None
    account, form = _table(told, "account"), _table(told, "file")
    columns = {
        name: (given,) if isinstance(given, str) else tuple(map(str, given))
        for name, given in _table(told, "columns").items()
    }
    unknown = sorted(set(columns) - KNOWN)
    if unknown:
        raise BadBankFile(f"The mapping names {', '.join(unknown)}; known are {', '.join(sorted(KNOWN))}.")
    if "date" not in columns or not ("amount" in columns or {"debit", "credit"} & set(columns)):
        raise BadBankFile("The mapping needs [columns] date, and amount or debit and credit.")
    currency = str(account.get("currency", "EUR"))
    if not account.get("iban") or currency not in EXPONENTS:
        raise BadBankFile("The mapping needs [account] iban, and a currency that is known.")
    encoding = str(form.get("encoding", "utf-8-sig"))
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise BadBankFile(f"The mapping's encoding {encoding!r} is not known; utf-8 or cp1252?") from None
    return Mapped(
        iban="".join(str(account["iban"]).split()).upper(),
        currency=Currency(currency),
        encoding=encoding,
        delimiter=str(form.get("delimiter", ";"))[:1] or ";",
        decimal=str(form.get("decimal", ",")),
        date_format=str(form.get("date", "%d/%m/%Y")),
        skip_lines=int(form.get("skip_lines", 0)),
        columns=columns,
    )


def check_table(source: BinaryIO, mapped: Mapped) -> None:
    """Pass when every line can be read and the balances follow one another. Raises BadBankFile."""
    for _ in read_table(source, mapped, "checked"):
        pass


def read_table(source: BinaryIO, mapped: Mapped, external_id: str) -> Iterator[Event]:
    """Yield the statement, its entries and its end. Raises BadBankFile with the line that cannot be read."""
    statement = BankStatement(Form.TABLE, external_id, mapped.iban, mapped.currency)
    yield statement
    count = moved = 0
    balances = _Balances(mapped)
    for line, row in _rows(source, mapped):
        entry = _entry(row, line, mapped)
        balances.check(row, line, entry)
        count += 1
        moved += entry.signed_minor
        yield entry
    if not count:
        raise BadBankFile("The table has no line below its header.")
    yield Ended(statement, count, moved)


@dataclass(slots=True)
class _Balances:
    """The balance column: each line is the one before and its amount, whichever end the bank begins with."""

    mapped: Mapped
    before: int | None = None
    moved_before: int = 0
    is_rising: bool | None = None

    def check(self, row: Mapping[str, str], line: int, entry: BankEntry) -> None:
        if "balance" not in self.mapped.columns:
            return
        now = _number(_said(row, self.mapped, "balance"), line, "balance", self.mapped)
        if self.before is not None:
            rising = now == self.before + entry.signed_minor
            falling = now == self.before - self.moved_before
            if self.is_rising is None and rising != falling:
                self.is_rising = rising
            follows = rising or falling if self.is_rising is None else rising if self.is_rising else falling
            if not follows:
                currency = self.mapped.currency
                raise BadBankFile(
                    f"line {line}: the balance {plain(now, currency)} does not follow from "
                    f"{plain(self.before, currency)} and the amount {plain(entry.signed_minor, currency)}. "
                    "Nothing of the file was booked."
                )
        self.before, self.moved_before = now, entry.signed_minor


def _rows(source: BinaryIO, mapped: Mapped) -> Iterator[tuple[int, Mapping[str, str]]]:
    text = io.TextIOWrapper(source, encoding=mapped.encoding, newline="")
    try:
        for _ in range(mapped.skip_lines):
            text.readline(LINE_MAX)
        reader = csv.DictReader(text, delimiter=mapped.delimiter, strict=True)
        named = {name for names in mapped.columns.values() for name in names}
        missing = sorted(named - {name.strip() for name in reader.fieldnames or ()})
        if missing:
            raise BadBankFile(
                f"The table has no column {', '.join(missing)}; its header says "
                f"{', '.join(reader.fieldnames or ())}."
            )
        for row in reader:
            if any(row.values()):
                yield (
                    mapped.skip_lines + reader.line_num,
                    {(name or "").strip(): said or "" for name, said in row.items() if isinstance(said, str)},
                )
    except UnicodeDecodeError:
        raise BadBankFile(
            f"The file is not {mapped.encoding}: say its encoding in the mapping's [file], as in cp1252."
        ) from None
    except csv.Error as error:
        raise BadBankFile(f"The file is no table: {error}.") from None
    finally:
        text.detach()


def _entry(row: Mapping[str, str], line: int, mapped: Mapped) -> BankEntry:
    if "amount" in mapped.columns:
        signed = _number(_said(row, mapped, "amount"), line, "amount", mapped)
    else:
        came = _number(_said(row, mapped, "credit") or "0", line, "credit", mapped)
        went = _number(_said(row, mapped, "debit") or "0", line, "debit", mapped)
        if came and went:
            raise BadBankFile(f"line {line}: there is a debit and a credit; one of them is empty in a table.")
        signed = abs(came) - abs(went)
    reference = _said(row, mapped, "reference")
    value_on = _said(row, mapped, "value_date")
    return BankEntry(
        direction=Direction.CREDIT if signed >= 0 else Direction.DEBIT,
        amount_minor=abs(signed),
        currency=mapped.currency,
        booked_on=_day(_said(row, mapped, "date"), line, mapped),
        value_on=_day(value_on, line, mapped) if value_on else None,
        bank_reference=_said(row, mapped, "bank_reference"),
        end_to_end_id=_said(row, mapped, "end_to_end"),
        payer_name=_said(row, mapped, "payer"),
        payer_iban="".join(_said(row, mapped, "iban").split()).upper(),
        references=(reference,) if reference else (),
        text=_said(row, mapped, "text"),
        place=f"line {line}",
    )


def _said(row: Mapping[str, str], mapped: Mapped, name: str) -> str:
    return " ".join(filter(None, (row.get(column, "").strip() for column in mapped.columns.get(name, ()))))


def _number(text: str, line: int, name: str, mapped: Mapped) -> int:
    bare = "".join(sign for sign in text if not sign.isspace()).removeprefix("+")
    groups, point = (".", ",") if mapped.decimal == "," else (",", ".")
    bare = bare.replace(groups, "").replace(point, ".")
    try:
        return scaled(bare, EXPONENTS[mapped.currency])
    except BadAmount as error:
        raise BadBankFile(f"line {line}, column {name}: {error.message}") from None


def _day(text: str, line: int, mapped: Mapped) -> date:
    try:
        return datetime.strptime(text, mapped.date_format).date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise BadBankFile(
            f"line {line}: {text!r} is no date like {mapped.date_format}; say [file] date in the mapping."
        ) from None


def _table(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = told.get(name, {})
    if not isinstance(found, dict):
        raise BadBankFile(f"The mapping's [{name}] is a table.")
    return found


def sniffs_xml(head: bytes) -> bool:
    """Whether the first bytes are those of an XML file, whatever its name says."""
    return head.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \r\n\t").startswith(b"<")

"""Reports of the books as tables: CSV in UTF-8, amounts plain with a dot, no cell that begins a formula."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from acquit.core.account_statement import AccountStatement
from acquit.core.aged_balance import AgedRow
from acquit.core.bill_export import cell
from acquit.core.money import Currency, plain
from acquit.core.period import LedgerTotal
from acquit.core.vat_report import VatReport

AGED: Final = (
    "payer", "name", "currency", "not_due", "days_1_30", "days_31_60", "days_61_90", "days_over_90", "owed",
    "in_hand", "balance", "bills",
)  # fmt: skip
JOURNAL: Final = (
    "account", "entry", "date", "booked_at", "kind", "reference", "ledger", "ledger_name", "debit", "credit",
    "currency",
)  # fmt: skip
JOURNAL_TYPES: Final = dict(
    zip(
        JOURNAL,
        [
            "VARCHAR",
            "INTEGER",
            "DATE",
            "TIMESTAMPTZ",
            "VARCHAR",
            "VARCHAR",
            "VARCHAR",
            "VARCHAR",
            "DECIMAL(20,4)",
            "DECIMAL(20,4)",
            "VARCHAR",
        ],
        strict=True,
    )
)
"""The columns of the journal as a typed table."""
VAT: Final = (
    "part", "section", "country", "category", "rate", "basis", "currency", "net", "tax", "documents",
    "local_net", "local_tax", "vat_id", "name", "checked_on", "outcome",
)  # fmt: skip
STATEMENT: Final = (
    "date",
    "kind",
    "account",
    "reference",
    "due_date",
    "debit",
    "credit",
    "balance",
    "currency",
)
BILLS: Final = (
    "bill", "kind", "corrects", "account", "payer", "buyer", "issued_on", "due_on", "category", "currency",
    "net", "tax", "total", "purchase_order", "payment_reference", "order",
)  # fmt: skip
DOWN_PAYMENTS: Final = (
    "bill", "account", "payer", "buyer", "issued_on", "due_on", "for", "vat_rate", "currency", "net", "tax",
    "total", "paid", "deducted", "credited", "carried",
)  # fmt: skip
TOTALS: Final = ("ledger", "currency", "debit", "credit", "balance")


def csv_bytes(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """Return a table with its names in the first line."""
    return b"".join(csv_lines(columns, rows))


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """Yield the same line by line."""
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n").writerow
    write(columns)
    for row in rows:
        write([_cell(each) for each in row])
        if out.tell() > 1 << 16:
            yield _taken(out)
    yield _taken(out)


def aged_csv(rows: Iterable[AgedRow]) -> Iterator[bytes]:
    """Yield the aged balance, a row per payer and currency."""
    yield from csv_lines(AGED, map(_aged, rows))


def journal_csv(postings: Iterable[Any]) -> Iterator[bytes]:
    """Yield the journal, a row per posting, in the order in which it was booked."""
    yield from csv_lines(JOURNAL, map(_posting, postings))


def bills_csv(bills: Iterable[Any]) -> Iterator[bytes]:
    """Yield bills, credit notes and corrective bills; amounts positive, the kind gives the direction."""
    yield from csv_lines(BILLS, map(_bill, bills))


def down_payments_csv(rows: Iterable[Any]) -> Iterator[bytes]:
    """Yield down payments; `paid` is with VAT, `carried` the net that no bill and no credit note took."""
    yield from csv_lines(DOWN_PAYMENTS, map(_down_payment, rows))


def vat_csv(report: VatReport) -> bytes:
    """Return the report: its lines, the businesses of other member states, and the proof per currency."""
    rows: list[Sequence[Any]] = []
    for line in report.lines:
        rows.append((
            "line", line.section, line.country, line.category, plain(line.rate_bp, Currency("EUR")),
            line.basis, line.currency, _amount(line.net_minor, line.currency),
            _amount(line.tax_minor, line.currency), line.documents,
            *(_local(each, report.currency) for each in (line.local_net_minor, line.local_tax_minor)),
            "", "", "", "",
        ))  # fmt: skip
    for each in report.partners:
        rows.append((
            "partner", "", each.country, each.category, "", "", each.currency,
            _amount(each.net_minor, each.currency), "", "", _local(each.local_net_minor, report.currency), "",
            each.vat_id, each.name,
            each.checked_on or "", each.outcome,
        ))  # fmt: skip
    for bought in report.bought:
        rows.append((
            "bought", bought.kind, "", "", plain(bought.rate_bp, Currency("EUR")), bought.basis,
            bought.currency, _amount(bought.net_minor, bought.currency),
            _amount(bought.tax_minor, bought.currency), bought.documents,
            "", "", "", "", "", "",
        ))  # fmt: skip
    for proof in report.proofs:
        told = (
            ("lines", report.told_minor(proof.currency)), ("journal", proof.due_minor),
            ("pending-before", proof.pending_before_minor), ("pending-added", proof.pending_added_minor),
            ("pending-moved", proof.pending_moved_minor), ("pending-after", proof.pending_after_minor),
        )  # fmt: skip
        for name, minor in told:
            rows.append((
                "proof", name, "", "", "", "", proof.currency, "", _amount(minor, proof.currency), "", "", "",
                "", "", "", "",
            ))  # fmt: skip
    return csv_bytes(VAT, rows)


def statement_csv(statement: AccountStatement) -> bytes:
    """Return the statement: opening balance, movements with the balance after each, closing balance."""
    currency, balance = statement.currency, statement.opening_minor
    rows: list[Sequence[Any]] = [
        (
            statement.first_on,
            "opening",
            statement.payer_id,
            "",
            "",
            "",
            "",
            _amount(balance, currency),
            currency,
        )
    ]
    for each in statement.movements:
        balance += each.amount_minor
        rows.append((
            each.booked_on, each.kind, each.account_id, each.reference, each.due_on or "",
            *_sides(each.amount_minor, currency), _amount(balance, currency), currency,
        ))  # fmt: skip
    closing = _amount(statement.closing_minor, currency)
    rows.append((statement.last_on, "closing", statement.payer_id, "", "", "", "", closing, currency))
    return csv_bytes(STATEMENT, rows)


def totals_csv(totals: Iterable[LedgerTotal]) -> bytes:
    """Return control totals, a row per ledger account and currency."""
    return csv_bytes(TOTALS, map(_total, totals))


def _total(each: LedgerTotal) -> Sequence[Any]:
    currency = Currency(each.currency)
    sides = (each.debit_minor, each.credit_minor, each.debit_minor - each.credit_minor)
    return (each.ledger, currency, *(_amount(side, currency) for side in sides))


def _aged(row: AgedRow) -> Sequence[Any]:
    sums = (*row.aged_minor, row.owed_minor, row.in_hand_minor, row.balance_minor)
    told = (_amount(each, row.currency) for each in sums)
    return (row.payer_id, row.name, row.currency, *told, row.bills)


def _posting(row: Any) -> Sequence[Any]:
    return (
        row.account_id, row.entry_no, row.booked_on, row.booked_at.isoformat(), row.kind, row.reference,
        row.ledger, row.ledger_name, *_sides(row.amount_minor, Currency(row.currency)), row.currency,
    )  # fmt: skip


def _bill(row: Any) -> Sequence[Any]:
    currency = Currency(row.currency)
    sums = (_amount(each, currency) for each in (row.net_minor, row.tax_minor, row.total_minor))
    return (*row[:10], *sums, *row[13:])


def _down_payment(row: Any) -> Sequence[Any]:
    carried_minor = row.net_minor - row.deducted_minor - row.credited_minor
    sums = (_amount(each, Currency(row.currency)) for each in (*row[9:], carried_minor))
    return (*row[:7], plain(row.vat_rate_bp, Currency("EUR")), row.currency, *sums)


def _local(minor: int | None, currency: Currency) -> str:
    return "" if minor is None else _amount(minor, currency)


def _sides(minor: int, currency: Currency) -> tuple[str, str]:
    debit, credit = max(minor, 0), max(-minor, 0)
    return (_amount(debit, currency) if debit else "", _amount(credit, currency) if credit else "")


class _Amount(str):
    """A figure: it may begin with a minus."""

    __slots__ = ()


def _amount(minor: int, currency: Currency) -> str:
    return _Amount(plain(minor, currency))


def _cell(value: object) -> str:
    return str(value) if isinstance(value, _Amount) else cell(str(value))


def _taken(out: io.StringIO) -> bytes:
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return text.encode()

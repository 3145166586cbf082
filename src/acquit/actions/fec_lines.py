"""The lines of the FEC: entries in the currency of the books, and the exchange differences that follow.

Exchange differences are not in the journal, which is kept per currency: they follow from it and from the
rates that are given. Money that settles a debt brings the realised ones, in the entry of the settlement; the
end of a year that is over brings the others, one entry per open bill, taken back on the next day.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import groupby
from typing import Any, Final
from zoneinfo import ZoneInfo

from acquit.core.account import LegalEntity
from acquit.core.exchange_difference import Key, Leg, Position, translated, unrealised
from acquit.core.exchange_rate import ExchangeRates
from acquit.core.journal import Role, require_role
from acquit.core.money import Currency
from acquit.core.period import Span
from acquit.core.set_up import LedgerAccount
from acquit.documents.fec import FecLine
from acquit.store import charts, exchange_rates, ledgers
from acquit.store.transaction import Transaction

PROFIT: Final = ("120000", "Résultat de l'exercice (bénéfice)")
LOSS: Final = ("129000", "Résultat de l'exercice (perte)")
BEGINNING: Final = date(1, 1, 1)
Sums = dict[tuple[str, str, str, str], int]
"""Amounts by number and name of the ledger account, payer and its name."""

RESULT_CLASSES: Final = ("6", "7")
"""Classes of the French chart whose balances make the result of a year. Source: plan comptable général."""


@dataclass(slots=True)
class _Books:
    """What is carried in other currencies while the journal is read, and the last posting on open bills."""

    entity: LegalEntity
    chart: dict[str, LedgerAccount]
    rates: ExchangeRates
    held: dict[Key, Position] = field(default_factory=dict)
    open_bills: dict[Key, Any] = field(default_factory=dict)

    def role(self, role: Role) -> LedgerAccount:
        """Return the ledger account of a role. Raises ChartIncomplete."""
        numbers = {name: ledger.number for name, ledger in self.chart.items()}
        require_role(numbers, self.entity.legal_entity_id, role)
        return self.chart[role.value]


def fec_lines_in(
    tx: Transaction, entity: LegalEntity, span: Span, rates: ExchangeRates | None, *, today: date
) -> Iterator[FecLine]:
    """Yield the lines of the span, its opening balances first, within a snapshot.

    Without `rates` those that were imported hold. Raises RateMissing, ChartIncomplete.
    """
    if rates is None:
        rates = exchange_rates.between(tx, BEGINNING, span.last_on)
    books = _Books(entity, charts.chart_of(tx, entity.legal_entity_id), rates)
    sums = _opening_sums(tx, books, span)
    before = span.first_on - timedelta(days=1)
    turned = list(_conversions(books, before)) if _ends_year(before, today) else []
    for line in turned:
        _add(sums, line)
    yield from _opening({key: minor for key, minor in sorted(sums.items()) if minor}, span)
    yield from (_taken_back(line, span.first_on) for line in turned)
    valid_on = span.first_on
    for line in _booked(tx, books, span):
        valid_on = line.valid_on
        yield line
    if _ends_year(span.last_on, today):
        yield from _conversions(books, span.last_on, valid_on)


def _ends_year(on: date, today: date) -> bool:
    return (on.month, on.day) == (12, 31) and on < today


def _opening_sums(tx: Transaction, books: _Books, span: Span) -> Sums:
    """Return what stands before the span, in the currency of the books; entries abroad one by one."""
    entity = books.entity
    rows = ledgers.opening(tx, entity.legal_entity_id, span.first_on)
    if all(row.currency == entity.currency for row in rows):
        return {(row.ledger, row.ledger_name, row.payer_id, row.payer_name): row.amount_minor for row in rows}
    sums: Sums = {}
    for each in _booked(tx, books, Span("", BEGINNING, span.first_on - timedelta(days=1))):
        _add(sums, each)
    return sums


def _add(sums: Sums, line: FecLine) -> None:
    key = (line.ledger, line.ledger_name, line.auxiliary, line.auxiliary_name)
    sums[key] = sums.get(key, 0) + line.amount_minor


def _opening(sums: Sums, span: Span) -> list[FecLine]:
    """Return an entry of what stands on the accounts of the balance sheet; income and expense as one line."""
    before = span.first_on - timedelta(days=1)
    kept, result = list[FecLine](), 0
    for (ledger, name, payer_id, payer_name), minor in sums.items():
        if ledger.startswith(RESULT_CLASSES):
            result += minor
            continue
        kept.append(_opening_line(span, before, (ledger, name), payer_id, payer_name, minor))
    if result:
        kept.append(_opening_line(span, before, PROFIT if result < 0 else LOSS, "", "", result))
    return kept


def _opening_line(
    span: Span, before: date, account: tuple[str, str], payer_id: str, payer_name: str, minor: int
) -> FecLine:
    return FecLine(
        ("", 0), "opening", span.first_on, *account, payer_id, payer_name, f"AN{span.first_on:%Y%m%d}",
        before, minor, "", None, span.first_on, False,
    )  # fmt: skip


def _booked(tx: Transaction, books: _Books, span: Span) -> Iterator[FecLine]:
    """Yield the postings of the span in the currency of the books, entry by entry."""
    zone = ZoneInfo(books.entity.zone)
    rows = ledgers.postings(tx, books.entity.legal_entity_id, span.first_on, span.last_on)
    for _, members in groupby(rows, key=lambda row: (row.account_id, row.entry_no, row.currency)):
        entry = list(members)
        if entry[0].currency == books.entity.currency:
            yield from (_fec_line(row, zone, row.amount_minor, None) for row in entry)
        else:
            yield from _translated(books, entry, zone)


def _translated(books: _Books, entry: list[Any], zone: ZoneInfo) -> Iterator[FecLine]:
    """Yield an entry in another currency in that of the books, and the gain or loss that it realises."""
    first, currency = entry[0], Currency(entry[0].currency)
    legs = [Leg(row.ledger, row.carried, row.amount_minor) for row in entry]
    told = translated(
        legs, currency, books.entity.currency, first.booked_on, first.kind, books.held, books.rates
    )
    _keep(books, entry, told.held, currency)
    for row, minor in zip(entry, told.local_minor, strict=True):
        if minor:
            yield _fec_line(row, zone, minor, (row.amount_minor, currency))
    if told.gain_minor:
        ledger = books.role(Role.EXCHANGE_GAIN if told.gain_minor > 0 else Role.EXCHANGE_LOSS)
        yield FecLine(
            (first.account_id, first.entry_no), first.kind, first.booked_on, ledger.number, ledger.name, "",
            "", first.reference, first.document_on, -told.gain_minor, "", None, _valid_on(first, zone),
            first.moves_bank,
        )  # fmt: skip


def _keep(books: _Books, entry: list[Any], changed: Any, currency: Currency) -> None:
    """Remember what is carried after an entry; what has gone out whole is forgotten."""
    for row in entry:
        if row.is_receivable:
            books.open_bills[row.ledger, row.carried, currency] = row
    for key, position in changed.items():
        if position.amount_minor or position.local_minor:
            books.held[key] = position
        else:
            books.held.pop(key, None)
            books.open_bills.pop(key, None)


def _conversions(books: _Books, on: date, valid_on: date | None = None) -> Iterator[FecLine]:
    """Yield what open bills in other currencies are worth more or less at the rate of a year's last day."""
    for number, (key, row) in enumerate(sorted(books.open_bills.items(), key=lambda each: each[0])):
        more = unrealised(books.held[key], key[2], books.entity.currency, on, books.rates)
        ledger = books.role(Role.CONVERSION_GAIN if more > 0 else Role.CONVERSION_LOSS)
        for number_, name, payer, payer_name, minor in (
            (row.ledger, row.ledger_name, row.payer_id, row.payer_name, more),
            (ledger.number, ledger.name, "", "", -more),
        ):
            if minor:
                yield FecLine(
                    ("conversion", number), "conversion", on, number_, name, payer, payer_name, row.bill_id,
                    on, minor, "", None, max(on, valid_on or on), False,
                )  # fmt: skip


def _taken_back(line: FecLine, on: date) -> FecLine:
    return replace(
        line, kind="conversion-reversed", booked_on=on, document_on=on, valid_on=on,
        amount_minor=-line.amount_minor,
    )  # fmt: skip


def _fec_line(row: Any, zone: ZoneInfo, minor: int, foreign: tuple[int, Currency] | None) -> FecLine:
    return FecLine(
        (row.account_id, row.entry_no), row.kind, row.booked_on, row.ledger, row.ledger_name, row.payer_id,
        row.payer_name, row.reference, row.document_on, minor, row.letter or "", row.letter_on,
        _valid_on(row, zone), row.moves_bank, foreign,
    )  # fmt: skip


def _valid_on(row: Any, zone: ZoneInfo) -> date:
    booked_on: date = row.booked_on
    validated_on: date = row.booked_at.astimezone(zone).date()
    return max(validated_on, booked_on)

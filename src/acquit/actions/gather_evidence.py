"""Gather what an auditor asks of a period in one archive: the books, who did what, papers drawn by chance."""

import hashlib
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any, Final

from acquit.actions.context import Context
from acquit.actions.export_books import aged_in
from acquit.actions.fec_lines import fec_lines_in
from acquit.actions.loading import date_of, entity_in
from acquit.actions.packing import Packed, packed
from acquit.actions.render_document import bill_pdf
from acquit.actions.report_vat import vat_report_in
from acquit.core.account import LegalEntity
from acquit.core.exchange_rate import ExchangeRates
from acquit.core.identifiers import AccountId, BillId, LegalEntityId
from acquit.core.money import Currency, plain
from acquit.core.period import PeriodAct, Span, span
from acquit.documents import book_tables, fec
from acquit.store import bill_tables, charts, evidence, periods
from acquit.store.transaction import Transaction

SAMPLE_BILLS: Final = 10
BEGINNING: Final = date(1, 1, 1)


def gather_evidence(
    context: Context,
    legal_entity_id: LegalEntityId,
    period: str,
    path: Path,
    bills: int = SAMPLE_BILLS,
    rates: ExchangeRates | None = None,
) -> Packed:
    """The archive is in the file: the same books give the same bytes.

    It holds control totals, balances, numbers, acts, acts on months, heads of chains, the FEC of the period,
    the aged balance and the down payments at its end, the VAT report, the chart, and the papers of some bills
    that the hashes of their numbers drew. Raises NoSuchLegalEntity, BadPeriod, RateMissing.
    """
    told = span(period)
    with context.database.snapshot() as tx:
        entity = entity_in(tx, legal_entity_id)
        today = date_of(context, entity)
        drawn = evidence.sample(tx, legal_entity_id, told.first_on, told.last_on, bills)
    papers = {
        f"bills/{_file_name(row.bill_id)}.pdf": bill_pdf(
            context, AccountId(row.account_id), BillId(row.bill_id)
        )
        for row in drawn
    }
    with context.database.snapshot() as tx:
        files = {name: [content] for name, content in papers.items()} | _files(tx, entity, told, rates, today)
        files["bills.csv"] = [_sampled(drawn, papers)]
        entries, head = evidence.head(tx, legal_entity_id, told.first_on, told.last_on)
        about = {
            "legal_entity": legal_entity_id, "name": entity.name, "siren": entity.siren, "period": told.text,
            "first_on": str(told.first_on), "last_on": str(told.last_on), "entries": entries, "head": head,
        }  # fmt: skip
        return packed(path, sorted(files.items()), about)


def _files(
    tx: Transaction, entity: LegalEntity, told: Span, rates: ExchangeRates | None, today: date
) -> dict[str, Iterable[bytes]]:
    entity_id, days = entity.legal_entity_id, (told.first_on, told.last_on)
    chart = charts.chart_of(tx, entity_id)
    heads = evidence.heads(tx, entity_id, *days)
    return {
        "control-totals.csv": [book_tables.totals_csv(periods.ledger_totals(tx, entity_id, *days))],
        "balances.csv": [
            book_tables.totals_csv(periods.ledger_totals(tx, entity_id, BEGINNING, told.last_on))
        ],
        "chart.csv": [
            _table("role number name", [(role, each.number, each.name) for role, each in chart.items()])
        ],
        "numbers.csv": [_table("document series first last count", evidence.numbers(tx, entity_id, *days))],
        "acts.csv": [
            _table(
                "act at actor verb account subject details", map(_timed, evidence.acts(tx, entity_id, *days))
            )
        ],
        "periods.csv": [_periods(periods.acts(tx, entity_id), told)],
        "chain-heads.csv": [_table("scope name accounts head recorded_at", [_stamped(row) for row in heads])],
        "aged-balance.csv": book_tables.aged_csv(aged_in(tx, entity_id, told.last_on)),
        "down-payments.csv": book_tables.down_payments_csv(
            bill_tables.down_payments(tx, entity_id, told.last_on)
        ),
        "vat-report.csv": [book_tables.vat_csv(vat_report_in(tx, entity, told, rates))],
        fec.file_name(entity.siren, told.last_on): fec.render(
            fec_lines_in(tx, entity, told, rates, today=today), entity.currency
        ),
    }


def _table(columns: str, rows: Iterable[Any]) -> bytes:
    return book_tables.csv_bytes(columns.split(), rows)


def _timed(row: Any) -> tuple[Any, ...]:
    return (row.act_id, row.at.isoformat(), *row[2:])


def _stamped(row: Any) -> tuple[Any, ...]:
    return (*row[:4], row.recorded_at.isoformat())


def _periods(acts: Iterable[PeriodAct], told: Span) -> bytes:
    """Return what was done with the months of the span."""
    first, last = f"{told.first_on:%Y-%m}", f"{told.last_on:%Y-%m}"
    rows = [
        (
            each.act_no, each.period, each.happening.value, each.acted_at.isoformat(), each.acted_by,
            each.entries, each.head, each.reason,
        )
        for each in acts
        if first <= each.period <= last
    ]  # fmt: skip
    return _table("act period happening at by entries head reason", rows)


def _sampled(drawn: Iterable[Any], papers: dict[str, bytes]) -> bytes:
    rows = []
    for row in drawn:
        name, currency = f"bills/{_file_name(row.bill_id)}.pdf", Currency(row.currency)
        sums = (plain(each, currency) for each in (row.net_minor, row.tax_minor, row.total_minor))
        digest = hashlib.sha256(papers[name]).hexdigest()
        rows.append((
            row.bill_id, row.account_id, row.kind, row.issued_on, row.due_on, *sums, currency, name, digest,
        ))  # fmt: skip
    return _table("bill account kind issued_on due_on net tax total currency paper sha256", rows)


def _file_name(bill_id: str) -> str:
    return bill_id.replace("/", "_")

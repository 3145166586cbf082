"""The VAT report of a period, with the proof that it ties to the journal."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from acquit.actions.context import Context
from acquit.actions.loading import entity_in
from acquit.core.account import LegalEntity
from acquit.core.exchange_rate import BadRates, ExchangeRates
from acquit.core.identifiers import LegalEntityId
from acquit.core.money import Currency
from acquit.core.period import Span, span
from acquit.core.vat_report import Basis, VatLine, VatPartner, VatProof, VatReport, merged, section_of
from acquit.documents.book_tables import vat_csv
from acquit.documents.exchange_rate_file import read_rates
from acquit.store import exchange_rates, vat_bought, vat_reports
from acquit.store.transaction import Transaction


def report_vat(
    context: Context, legal_entity_id: LegalEntityId, period: str, rates: ExchangeRates | None = None
) -> VatReport:
    """Return the VAT that became due in a month, quarter or year.

    Also in the currency of the books: documents as they told it, the rest at the rates of the day, those
    given or else, as far as they go, those imported. Raises NoSuchLegalEntity, BadPeriod, RateMissing.
    """
    told = span(period)
    with context.database.snapshot() as tx:
        return vat_report_in(tx, entity_in(tx, legal_entity_id), told, rates)


def vat_report_csv(report: VatReport) -> bytes:
    """Return the report as one table: lines, businesses of other member states, proof."""
    return vat_csv(report)


def rates_of(path: Path | None) -> ExchangeRates | None:
    """Return the exchange rates of a file, None without one. Raises BadRates."""
    if path is None:
        return None
    try:
        return read_rates(path.read_bytes())
    except OSError as error:
        raise BadRates(f"{path} cannot be read: {error.strerror}.") from None


def vat_report_in(
    tx: Transaction, entity: LegalEntity, told: Span, rates: ExchangeRates | None = None
) -> VatReport:
    """Return the report within a snapshot. Raises RateMissing."""
    asked = (entity.legal_entity_id, told.first_on, told.last_on)
    known = rates or exchange_rates.between(tx, told.first_on, told.last_on)
    lines = [_line(row, entity, known, rates is not None) for row in vat_reports.lines(tx, *asked)]
    return VatReport(
        entity.legal_entity_id,
        entity.vat_id,
        entity.currency,
        told,
        entity.vat_on_debits,
        merged(lines),
        tuple(_partner(row, entity, known, rates is not None) for row in vat_reports.partners(tx, *asked)),
        tuple(VatProof(*row) for row in vat_reports.proofs(tx, *asked)),
        vat_bought.lines(tx, *asked),
        vat_bought.proofs(tx, *asked),
    )


def _partner(row: Any, entity: LegalEntity, rates: ExchangeRates, is_needed: bool) -> VatPartner:
    """Return a business with what it was supplied, document by document at the rate of its day."""
    currency = Currency(row.currency)
    found = VatPartner(
        row.vat_id, row.country, row.name, row.vat_category, currency, row.net_minor, row.checked_on,
        row.register, row.outcome, entity.currency,
    )  # fmt: skip
    if not row.foreign_on:
        return replace(found, local_net_minor=row.net_minor)
    if not is_needed and any(rates.exchange(currency, entity.currency, on) is None for on in row.foreign_on):
        return found
    documents = zip(row.foreign_minor, row.foreign_on, strict=True)
    local = [rates.converted_minor(minor, currency, entity.currency, on) for minor, on in documents]
    return replace(found, local_net_minor=sum(local))


def _line(row: Any, entity: LegalEntity, rates: ExchangeRates, is_needed: bool) -> VatLine:
    currency = Currency(row.currency)
    line = VatLine(
        section_of(row.vat_category, row.country, entity.country), row.country, row.vat_category,
        row.vat_rate_bp, Basis(row.basis), currency, row.net_minor, row.tax_minor, row.documents,
    )  # fmt: skip
    if row.foreign_on is None:
        return replace(line, local_net_minor=row.local_net_minor, local_tax_minor=row.local_tax_minor)
    if not is_needed and rates.exchange(currency, entity.currency, row.foreign_on) is None:
        return line
    return replace(
        line,
        local_net_minor=rates.converted_minor(row.net_minor, currency, entity.currency, row.foreign_on),
        local_tax_minor=rates.converted_minor(row.tax_minor, currency, entity.currency, row.foreign_on),
    )

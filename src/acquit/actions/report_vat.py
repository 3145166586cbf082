"""The VAT report of a period, with the proof that it ties to the journal."""

from acquit.actions.context import Context
from acquit.actions.loading import entity_in
from acquit.core.account import LegalEntity
from acquit.core.identifiers import LegalEntityId
from acquit.core.money import Currency
from acquit.core.period import Span, span
from acquit.core.vat_report import Basis, VatLine, VatPartner, VatProof, VatReport, ordered, section_of
from acquit.documents.book_tables import vat_csv
from acquit.store import vat_reports
from acquit.store.transaction import Transaction


def report_vat(context: Context, legal_entity_id: LegalEntityId, period: str) -> VatReport:
    """Return the VAT that became due in a month, quarter or year. Raises NoSuchLegalEntity, BadPeriod."""
    told = span(period)
    with context.database.snapshot() as tx:
        return vat_report_in(tx, entity_in(tx, legal_entity_id), told)


def vat_report_csv(report: VatReport) -> bytes:
    """Return the report as one table: lines, businesses of other member states, proof."""
    return vat_csv(report)


def vat_report_in(tx: Transaction, entity: LegalEntity, told: Span) -> VatReport:
    """Return the report within a snapshot."""
    asked = (entity.legal_entity_id, told.first_on, told.last_on)
    lines = [
        VatLine(
            section_of(row.vat_category, row.country, entity.country), row.country, row.vat_category,
            row.vat_rate_bp, Basis(row.basis), Currency(row.currency), row.net_minor, row.tax_minor,
            row.documents,
        )
        for row in vat_reports.lines(tx, *asked)
    ]  # fmt: skip
    return VatReport(
        entity.legal_entity_id,
        entity.vat_id,
        told,
        entity.vat_on_debits,
        ordered(lines),
        tuple(VatPartner(*row) for row in vat_reports.partners(tx, *asked)),
        tuple(VatProof(*row) for row in vat_reports.proofs(tx, *asked)),
    )

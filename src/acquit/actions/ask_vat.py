"""The VAT report of a period is asked for by an operator and made later by a worker.

It adds up every booking of the period, and for what waits for money every one before. What it said is kept
with its instant, so that a page shows it at once and never as newer than it is.
"""

from typing import Final

from acquit.actions.ask_run import QUEUE
from acquit.actions.context import Context
from acquit.actions.defer_job import defer_jobs
from acquit.actions.loading import StaffOnly, entity_in
from acquit.actions.report_vat import report_vat
from acquit.core.identifiers import LegalEntityId
from acquit.core.period import span
from acquit.core.vat_report import report_document
from acquit.store import acts, vat_requests

VAT: Final = "carry_out_vat"


def ask_vat(context: Context, legal_entity_id: LegalEntityId, period: str, *, by: str) -> None:
    """The report is made as soon as a worker is free; asked for twice, it is made once.

    Raises NoSuchLegalEntity, BadPeriod, StaffOnly.
    """
    told = span(period).text
    if by.partition(":")[0] not in ("operator", "cli", "system"):
        raise StaffOnly("Only the provider's staff may do this.", actor=by)
    with context.database.write() as tx:
        entity_in(tx, legal_entity_id)
        number = vat_requests.add(tx, legal_entity_id, told, by)
        if number is None:
            return
        acts.record(tx, by, "ask_vat", None, f"{legal_entity_id} {told}")
        seller = str(legal_entity_id)
        defer_jobs(tx.connection, VAT, QUEUE, {"legal_entity_id": seller, "request_no": number})


def carry_out_vat(context: Context, legal_entity_id: str, request_no: int) -> None:
    """The report is made and kept with its request; made before, it stays."""
    with context.database.read() as tx:
        asked = vat_requests.find(tx, LegalEntityId(legal_entity_id), request_no)
    if asked is None or asked.report is not None:
        return
    report = report_document(report_vat(context, asked.legal_entity_id, asked.period))
    with context.database.write() as tx:
        vat_requests.make(tx, asked, report)

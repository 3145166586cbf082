"""Take in what the bank tells of a file (pain.002): accepted, or refused whole, by block or line by line."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from acquit.actions.advance_remittance import RIGHT_FOR
from acquit.actions.context import Context
from acquit.actions.end_collections import close_in, reject_in
from acquit.actions.loading import date_of, entity_in, require_staff
from acquit.actions.notify_debits import tell_failures
from acquit.actions.pay_refunds import books_of, end_refund_line_in
from acquit.core.collection import Collection, CollectionState
from acquit.core.errors import Invalid
from acquit.core.remittance import (
    NoSuchRemittance,
    Remittance,
    RemittanceKind,
    RemittanceNotThere,
    RemittanceState,
)
from acquit.core.return_reason import reason_of
from acquit.documents.pain002 import REJECTED, NoReport, StatusReport, read
from acquit.store import accounts, acts, direct_debits, refund_lines, remittances
from acquit.store.refund_lines import RefundLine
from acquit.store.transaction import Transaction


class BadStatusReport(Invalid):
    """The file is no status report, or speaks of lines that its file has not."""

    code = "bad-status-report"


@dataclass(frozen=True, slots=True)
class Reported:
    """What a report did: how many lines stand, how many it refused; `already` when it was taken in before."""

    remittance: Remittance
    status: str
    accepted: int
    rejected: int
    already: bool = False


Refusals = Mapping[str, tuple[str, str]]
"""Per reference of a line that was refused: the reason's code, and what the bank said beside."""


def take_status_report(context: Context, content: bytes, *, by: str) -> Reported:
    """Lines that the bank refused are over: debts may be collected again, mandates follow the reasons.

    The same report twice does nothing the second time; one that names a line that its file has not is refused
    whole. Raises BadStatusReport, NoSuchRemittance, RemittanceNotThere, CollectionNotThere.
    """
    try:
        report = read(content)
    except NoReport as error:
        raise BadStatusReport(
            f"The file is no status report (pain.002) that can be taken in: {error}."
        ) from None
    sha256 = hashlib.sha256(content).hexdigest()
    failed: list[Collection] = []
    with context.database.write() as tx:
        remittance = _meant(tx, report)
        require_staff(tx, by, RIGHT_FOR[remittance.kind])
        debits = direct_debits.of_remittance(tx, remittance.legal_entity_id, remittance.remittance_id)
        lines = refund_lines.lines(tx, remittance.legal_entity_id, remittance.remittance_id)
        accounts.lock(tx, *sorted({each.account_id for each in debits} | {line.account_id for line in lines}))
        remittances.lock(tx, remittance.legal_entity_id)
        remittance = _meant(tx, report)
        if remittances.is_reported(tx, remittance, sha256):
            return Reported(remittance, report.status, 0, 0, already=True)
        _refuse_not_at_bank(remittance)
        debits = direct_debits.of_remittance(tx, remittance.legal_entity_id, remittance.remittance_id)
        batch_of = {each.end_to_end: each.batch_id for each in debits}
        batch_of |= {line.end_to_end: remittance.message_id for line in lines}
        refused = _refused(report, batch_of)
        today = date_of(context, entity_in(tx, remittance.legal_entity_id))
        failed += _reject_debits(tx, debits, refused, today, by)
        _reject_refunds(context, tx, remittance, lines, refused, today, by)
        counts = (len(batch_of) - len(refused), len(refused))
        remittances.report(tx, remittance, sha256, report.report_id, report.status, counts, by)
        _advance(tx, remittance, report, counts, today, by)
        context.archive.put(content)
        acts.record(
            tx, by, "take_status_report", None, remittance.message_id, status=report.status,
            accepted=counts[0], rejected=counts[1], sha256=sha256,
        )  # fmt: skip
        reported = Reported(_meant(tx, report), report.status, *counts)
    tell_failures(context, failed)
    return reported


def _meant(tx: Transaction, report: StatusReport) -> Remittance:
    remittance = remittances.find(tx, report.message_id)
    if remittance is None:
        raise NoSuchRemittance(
            f"The report speaks of the file {report.message_id[:40]!r} (OrgnlGrpInfAndSts/OrgnlMsgId), which "
            "was not made here. Nothing was taken in.",
            remittance=report.message_id[:40],
        )
    return remittance


def _refuse_not_at_bank(remittance: Remittance) -> None:
    if not remittance.is_at_bank:
        raise RemittanceNotThere(
            f"The bank tells of {remittance.message_id}, which is {remittance.state.value} here: it was "
            "never handed over, or has ended. Nothing was taken in.",
            remittance=remittance.message_id,
        )


def _refused(report: StatusReport, batch_of: Mapping[str, str]) -> Refusals:
    """Return the lines that were refused: by the group, by their block, or by themselves."""
    whole = (report.reason_code, report.told)
    refused = dict.fromkeys(batch_of, whole) if report.status == REJECTED else {}
    for batch in report.batches:
        if batch.batch_id and batch.batch_id not in batch_of.values():
            raise BadStatusReport(
                f"{report.message_id} has no block {batch.batch_id[:40]!r} (OrgnlPmtInfId). Nothing was "
                "taken in."
            )
        if batch.status == REJECTED:
            why = (batch.reason_code or report.reason_code, batch.told)
            refused |= {name: why for name, batch_id in batch_of.items() if batch_id == batch.batch_id}
        for line in batch.lines:
            if line.end_to_end not in batch_of:
                raise BadStatusReport(
                    f"{report.message_id} has no line {line.end_to_end[:40]!r} (OrgnlEndToEndId). Nothing "
                    "was taken in."
                )
            if line.status == REJECTED:
                code = line.reason_code or batch.reason_code or report.reason_code
                refused[line.end_to_end] = (code, line.told)
    return refused


def _reject_debits(
    tx: Transaction, debits: list[Collection], refused: Refusals, today: date, by: str
) -> list[Collection]:
    return [
        reject_in(tx, each, *refused[each.end_to_end], today, by)
        for each in debits
        if each.end_to_end in refused and each.state is not CollectionState.REJECTED
    ]


def _reject_refunds(
    context: Context,
    tx: Transaction,
    remittance: Remittance,
    lines: list[RefundLine],
    refused: Refusals,
    today: date,
    by: str,
) -> None:
    pending = refund_lines.pending(tx, remittance.legal_entity_id, remittance.remittance_id)
    for line in lines:
        if line.end_to_end in refused and (line.account_id, line.refund_id) in pending:
            code, told = refused[line.end_to_end]
            said = " ".join(filter(None, [code, reason_of(code).meaning if code else "", told]))
            books = books_of(context, tx, line.account_id)
            end_refund_line_in(tx, books, line, today, said, by, paid=False)


def _advance(
    tx: Transaction, remittance: Remittance, report: StatusReport, counts: tuple[int, int], on: date, by: str
) -> None:
    accepted, rejected = counts
    if rejected and not accepted:
        remittances.tell(tx, remittance, RemittanceState.REJECTED, on, report.told, by)
        return
    if report.is_accepted and remittance.state is not RemittanceState.ACCEPTED:
        remittances.tell(tx, remittance, RemittanceState.ACCEPTED, on, report.told, by)
    if remittance.kind is RemittanceKind.DIRECT_DEBIT:
        close_in(tx, remittance, on, by)
    elif not refund_lines.pending(tx, remittance.legal_entity_id, remittance.remittance_id):
        remittances.tell(tx, remittance, RemittanceState.PAID, on, "", by)

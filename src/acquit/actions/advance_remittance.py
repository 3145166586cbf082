"""A file on its way to the bank: approved by a second person, handed over, sent, or cancelled."""

import hashlib
from datetime import date

from acquit.actions.bank_days import is_bank_day
from acquit.actions.context import Context
from acquit.actions.loading import date_of, entity_in, require_staff
from acquit.actions.notify_debits import notify_debits
from acquit.actions.set_creditor import creditor_in
from acquit.core.collection import Collection, CollectionState, is_in_time
from acquit.core.operator import Right
from acquit.core.refund import RefundState
from acquit.core.remittance import (
    FileLost,
    NoSuchRemittance,
    Remittance,
    RemittanceKind,
    RemittanceNotThere,
    RemittanceStale,
    RemittanceState,
    refuse_approval,
    refuse_download,
    refuse_step,
)
from acquit.store import accounts, acts, direct_debits, refund_lines, refunds, remittances
from acquit.store.transaction import Transaction

RIGHT_FOR = {
    RemittanceKind.DIRECT_DEBIT: Right.COLLECT_DEBTS,
    RemittanceKind.REFUND: Right.GIVE_UP_MONEY,
}


def approve_remittance(context: Context, number: str, *, by: str) -> Remittance:
    """A second person agrees: the payers get their notice, the file can be handed over.

    Raises NoSuchRemittance, RemittanceNotThere, NobodyNamed, SamePersonApproves; RemittanceStale when the
    notice would be too short by now, or less is owed than the file says.
    """
    with context.database.write() as tx:
        remittance = _held(tx, number, by)
        refuse_approval(remittance, by)
        today = _today(context, tx, remittance)
        _refuse_stale(tx, remittance, today)
        remittances.tell(tx, remittance, RemittanceState.APPROVED, today, "", by)
        acts.record(
            tx, by, "approve_remittance", None, number, made_by=remittance.made_by, sha256=remittance.sha256
        )
    notify_debits(context)
    return find_remittance(context, number)


def hand_over_remittance(context: Context, number: str, *, by: str) -> tuple[Remittance, bytes]:
    """Return the file's bytes as they were approved; every handing over is recorded.

    Raises NoSuchRemittance, RemittanceNotThere before the approval, FileLost when the archive differs.
    """
    with context.database.write() as tx:
        remittance = _held(tx, number, by)
        refuse_download(remittance)
        content = file_of(context, remittance)
        if remittance.state is RemittanceState.APPROVED:
            today = _today(context, tx, remittance)
            remittances.tell(tx, remittance, RemittanceState.DOWNLOADED, today, "", by)
        acts.record(tx, by, "hand_over_remittance", None, number, sha256=remittance.sha256)
        return found_in(tx, number), content


def send_remittance(context: Context, number: str, told: str = "", *, by: str) -> Remittance:
    """Somebody gave the file to the bank. Raises NoSuchRemittance, RemittanceNotThere."""
    with context.database.write() as tx:
        remittance = _held(tx, number, by)
        refuse_step(remittance, RemittanceState.SENT)
        remittances.tell(tx, remittance, RemittanceState.SENT, _today(context, tx, remittance), told, by)
        acts.record(tx, by, "send_remittance", None, number, told=told)
        return found_in(tx, number)


def cancel_remittance(context: Context, number: str, reason: str, *, by: str) -> Remittance:
    """The file is not sent: its debts, or refunds, may go into another one.

    Raises NoSuchRemittance, RemittanceNotThere once it was sent: the bank calls it back then.
    """
    with context.database.write() as tx:
        remittance = found_in(tx, number)
        require_staff(tx, by, RIGHT_FOR[remittance.kind])
        collections = _collections(tx, remittance)
        lines = refund_lines.lines(tx, remittance.legal_entity_id, remittance.remittance_id)
        accounts.lock(
            tx, *sorted({each.account_id for each in collections} | {line.account_id for line in lines})
        )
        remittance = _held(tx, number, by)
        refuse_step(remittance, RemittanceState.CANCELLED)
        _refuse_answered(tx, remittance)
        today = _today(context, tx, remittance)
        for each in collections:
            direct_debits.end(tx, each, CollectionState.CANCELLED, today, by, told=reason)
        for line in lines:
            refund_lines.release(tx, line.account_id, line.refund_id)
        remittances.tell(tx, remittance, RemittanceState.CANCELLED, today, reason, by)
        acts.record(tx, by, "cancel_remittance", None, number, reason=reason)
        return found_in(tx, number)


def find_remittance(context: Context, number: str) -> Remittance:
    """Return the file of that number as it stands. Raises NoSuchRemittance."""
    with context.database.read() as tx:
        return found_in(tx, number)


def found_in(tx: Transaction, number: str) -> Remittance:
    """Return the file of that number. Raises NoSuchRemittance."""
    remittance = remittances.find(tx, number)
    if remittance is None:
        raise NoSuchRemittance(f"There is no remittance {number[:40]}.", remittance=number[:40])
    return remittance


def file_of(context: Context, remittance: Remittance) -> bytes:
    """Return the bytes that were recorded. Raises FileLost."""
    try:
        content = context.archive.get(remittance.sha256)
    except (KeyError, OSError):
        content = b""
    if hashlib.sha256(content).hexdigest() != remittance.sha256:
        raise FileLost(
            f"The archive does not hold the file {remittance.message_id} as it was recorded (SHA-256 "
            f"{remittance.sha256}). Restore the archive from a backup; do not send another file.",
            remittance=remittance.message_id,
        )
    return content


def _held(tx: Transaction, number: str, by: str) -> Remittance:
    """Return the file while nobody else changes it."""
    remittance = found_in(tx, number)
    require_staff(tx, by, RIGHT_FOR[remittance.kind])
    remittances.lock(tx, remittance.legal_entity_id)
    return found_in(tx, number)


def _today(context: Context, tx: Transaction, remittance: Remittance) -> date:
    return date_of(context, entity_in(tx, remittance.legal_entity_id))


def _collections(tx: Transaction, remittance: Remittance) -> list[Collection]:
    return direct_debits.of_remittance(tx, remittance.legal_entity_id, remittance.remittance_id)


def _refuse_answered(tx: Transaction, remittance: Remittance) -> None:
    """Pass when the bank has told nothing of the file's lines. Raises RemittanceNotThere."""
    whose = (remittance.legal_entity_id, remittance.remittance_id)
    pending = len(refund_lines.pending(tx, *whose))
    waiting = [each for each in _collections(tx, remittance) if each.state is CollectionState.OPEN]
    if len(waiting) + pending != remittance.lines:
        raise RemittanceNotThere(
            f"The bank has told of lines of {remittance.message_id}: it has the file, which cannot be "
            "cancelled here.",
            remittance=remittance.message_id,
        )


def _refuse_stale(tx: Transaction, remittance: Remittance, today: date) -> None:
    if remittance.kind is RemittanceKind.REFUND:
        _refuse_stale_refunds(tx, remittance)
        return
    creditor = creditor_in(tx, remittance.legal_entity_id)
    first_on = min(each.requested_on for each in _collections(tx, remittance))
    if not is_in_time(creditor, first_on, today, is_bank_day):
        raise RemittanceStale(
            f"Remittance {remittance.message_id} collects on {first_on}; approved on {today} its payers "
            f"would have less than {creditor.notice_days} days of notice. Cancel it and make it anew.",
            source="EPC016-06 section 4.3",
        )
    bills = direct_debits.stale_bills(tx, remittance.legal_entity_id, remittance.remittance_id)
    if bills:
        raise RemittanceStale(
            f"Less is owed by now than remittance {remittance.message_id} collects, on "
            f"{', '.join(bills[:10])}. Cancel it and make it anew."
        )


def _refuse_stale_refunds(tx: Transaction, remittance: Remittance) -> None:
    for line in refund_lines.lines(tx, remittance.legal_entity_id, remittance.remittance_id):
        refund = refunds.find(tx, line.account_id, line.refund_id)
        if refund is None or refund.state is not RefundState.APPROVED:
            raise RemittanceStale(
                f"Refund {line.refund_id} of {line.account_id} is no longer to be paid. Cancel remittance "
                f"{remittance.message_id} and make it anew."
            )

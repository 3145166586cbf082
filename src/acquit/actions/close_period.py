"""Close a month of the books, open the last closed one again, seal a year."""

from collections.abc import Callable, Sequence
from datetime import date

from acquit.actions.accrue_revenue import accrue_revenue
from acquit.actions.audit_books import audit_books
from acquit.actions.context import Context
from acquit.actions.defer_revenue import defer_revenue
from acquit.actions.loading import date_of, entity_in, require_staff
from acquit.core.account import LegalEntity
from acquit.core.bill_run import Period, period
from acquit.core.identifiers import LegalEntityId
from acquit.core.money import Currency, plain
from acquit.core.operator import Right
from acquit.core.period import (
    BooksDiffer,
    Happening,
    PeriodAct,
    refuse_closing,
    refuse_reopening,
    refuse_sealing,
)
from acquit.store import acts, bank_matches, periods
from acquit.store.transaction import Transaction

Progress = Callable[[str], None]
SUSPENSE = "suspense"
TOLD_MAX = 5


def close_period(
    context: Context,
    legal_entity_id: LegalEntityId,
    month: str,
    *,
    despite_suspense: str = "",
    progress: Progress = lambda _name: None,
    by: str,
) -> PeriodAct:
    """No entry is dated in the month any more; its entries, their head and its totals are recorded.

    Before that its revenue is spread and accrued, and the whole audit passes. Money of unknown payers on the
    suspense account keeps the month open unless a reason is given `despite_suspense`; it is recorded.

    Raises:
        NoSuchLegalEntity, BadPeriod, StaffOnly, RoleForbids.
        PeriodNotOver, PeriodClosed, PeriodOutOfOrder: the month cannot be closed now.
        BooksDiffer: a run is open, the audit finds a difference or money is in suspense; each fault is told.
        ChartIncomplete: the chart has no account for deferred, or for accrued revenue that there is.
    """
    closing = period(month)
    with context.database.read() as tx:
        require_staff(tx, by, Right.CLOSE_PERIODS)
        entity = entity_in(tx, legal_entity_id)
        _refuse(context, tx, entity, closing)
        faults = [*_open_runs(tx, entity, closing), *_suspense(tx, entity, closing, despite_suspense)]
    _refuse_faults(closing, faults)
    defer_revenue(context, legal_entity_id, month, by=by)
    accrue_revenue(context, legal_entity_id, month, by=by)
    found = audit_books(context, progress=progress)
    _refuse_faults(
        closing,
        [
            f"the audit finds {each.name}: {', '.join(each.differences[:5])}"
            for each in found
            if not each.passed
        ],
    )
    with context.database.write() as tx:
        periods.hold(tx, legal_entity_id)
        _refuse(context, tx, entity, closing)
        reason = despite_suspense.strip()
        periods.close(tx, legal_entity_id, month, closing.first_on, closing.last_on, by, reason)
        acts.record(tx, by, "close_period", None, f"{legal_entity_id} {month}", reason=reason)
        return periods.acts(tx, legal_entity_id)[-1]


def reopen_period(
    context: Context, legal_entity_id: LegalEntityId, month: str, reason: str, *, by: str
) -> PeriodAct:
    """Entries may be dated in the month again; what its closing recorded stays on record.

    Raises NoSuchLegalEntity, BadPeriod, PeriodNotClosed, PeriodSealed, PeriodOutOfOrder, ReasonMissing,
    StaffOnly, RoleForbids.
    """
    opening = period(month)
    with context.database.write() as tx:
        require_staff(tx, by, Right.REOPEN_PERIODS)
        entity_in(tx, legal_entity_id)
        periods.hold(tx, legal_entity_id)
        refuse_reopening(opening, periods.acts(tx, legal_entity_id), reason)
        periods.record(tx, legal_entity_id, month, Happening.REOPENED, by, reason.strip())
        acts.record(tx, by, "reopen_period", None, f"{legal_entity_id} {month}", reason=reason.strip())
        return periods.acts(tx, legal_entity_id)[-1]


def seal_year(context: Context, legal_entity_id: LegalEntityId, year: int, *, by: str) -> PeriodAct:
    """No month of the year is ever opened again: its FEC is final.

    Raises NoSuchLegalEntity, PeriodNotClosed, PeriodSealed, StaffOnly, RoleForbids.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.CLOSE_PERIODS)
        entity_in(tx, legal_entity_id)
        periods.hold(tx, legal_entity_id)
        refuse_sealing(year, periods.acts(tx, legal_entity_id))
        periods.record(tx, legal_entity_id, f"{year:04d}-12", Happening.SEALED, by)
        acts.record(tx, by, "seal_year", None, f"{legal_entity_id} {year:04d}")
        return periods.acts(tx, legal_entity_id)[-1]


def period_acts(context: Context, legal_entity_id: LegalEntityId) -> Sequence[PeriodAct]:
    """Return what was done with the months, oldest first. Raises NoSuchLegalEntity."""
    with context.database.read() as tx:
        entity_in(tx, legal_entity_id)
        return periods.acts(tx, legal_entity_id)


def first_booked(context: Context, legal_entity_id: LegalEntityId) -> date | None:
    """Return the day of the first entry."""
    with context.database.read() as tx:
        return periods.first_booked(tx, legal_entity_id)


def _refuse(context: Context, tx: Transaction, entity: LegalEntity, closing: Period) -> None:
    known = periods.acts(tx, entity.legal_entity_id)
    first = periods.first_booked(tx, entity.legal_entity_id)
    refuse_closing(closing, date_of(context, entity), known, first)


def _open_runs(tx: Transaction, entity: LegalEntity, closing: Period) -> list[str]:
    return [
        f"run {each.run_id} of {closing} is open ({each.parked} accounts parked): mend and retry them"
        for each in periods.open_runs(tx, entity.legal_entity_id, str(closing))
    ]


def _suspense(tx: Transaction, entity: LegalEntity, closing: Period, reason: str) -> list[str]:
    if reason.strip():
        return []
    ids = bank_matches.waiting_until(tx, entity.legal_entity_id, closing.last_on)
    more = f" and {len(ids) - TOLD_MAX} more" if len(ids) > TOLD_MAX else ""
    named = ", ".join(map(str, ids[:TOLD_MAX])) + more
    waiting = f" (in the inbox: entries {named})" if ids else ""
    return [
        f"{plain(-each.amount_minor, Currency(each.currency))} {each.currency} of unknown payers stands on "
        f"{each.number}{waiting}: match it, or say why it may wait"
        for each in periods.balance(tx, entity.legal_entity_id, SUSPENSE, closing.last_on)
    ]


def _refuse_faults(closing: Period, faults: Sequence[str]) -> None:
    if faults:
        raise BooksDiffer(
            f"{closing} cannot be closed:\n" + "\n".join(f"- {each}." for each in faults), period=str(closing)
        )

"""A month's closing and an audit are asked for by an operator and carried out later by a worker.

Both read all the books. What came of them is an act, so that the log of acts tells it.
"""

from typing import Final

from acquit.actions.ask_run import QUEUE
from acquit.actions.audit_books import audit_books
from acquit.actions.close_period import close_period
from acquit.actions.context import Context
from acquit.actions.defer_job import defer_jobs
from acquit.actions.loading import StaffOnly, entity_in, require_staff
from acquit.core.bill_run import period
from acquit.core.errors import Refusal
from acquit.core.identifiers import LegalEntityId
from acquit.core.operator import Right
from acquit.store import acts

CLOSE: Final = "carry_out_closing"
AUDIT: Final = "carry_out_audit"
NAMED_MAX: Final = 20


def ask_closing(
    context: Context, legal_entity_id: LegalEntityId, month: str, despite_suspense: str = "", *, by: str
) -> None:
    """The month is closed as soon as a worker is free, or a refusal stands among the acts.

    Raises NoSuchLegalEntity, BadPeriod, StaffOnly, RoleForbids.
    """
    closing = str(period(month))
    with context.database.write() as tx:
        require_staff(tx, by, Right.CLOSE_PERIODS)
        entity_in(tx, legal_entity_id)
        acts.record(tx, by, "ask_closing", None, f"{legal_entity_id} {closing}")
        job = {
            "legal_entity_id": str(legal_entity_id), "month": closing, "despite_suspense": despite_suspense,
            "by": by,
        }  # fmt: skip
        defer_jobs(tx.connection, CLOSE, QUEUE, job)


def carry_out_closing(
    context: Context, legal_entity_id: str, month: str, despite_suspense: str, by: str
) -> bool:
    """The month is closed; return False when it was refused, and the act says why."""
    try:
        close_period(context, LegalEntityId(legal_entity_id), month, despite_suspense=despite_suspense, by=by)
    except Refusal as refusal:
        with context.database.write() as tx:
            acts.record(
                tx, by, "closing_refused", None, f"{legal_entity_id} {month}", message=refusal.message,
                code=refusal.code,
            )  # fmt: skip
        return False
    return True


def ask_audit(context: Context, *, by: str) -> None:
    """The books are audited as soon as a worker is free. Raises StaffOnly."""
    with context.database.write() as tx:
        if by.partition(":")[0] not in ("operator", "cli", "system"):
            raise StaffOnly("Only the provider's staff may do this.", actor=by)
        acts.record(tx, by, "ask_audit", None)
        defer_jobs(tx.connection, AUDIT, QUEUE, {"by": by})


def carry_out_audit(context: Context, by: str) -> bool:
    """The books are audited, and an act says what each failed check found; return whether all passed."""
    found = audit_books(context)
    failed = {each.name: list(each.differences)[:NAMED_MAX] for each in found if not each.passed}
    with context.database.write() as tx:
        acts.record(tx, by, "audit_books", None, passed=not failed, checks=len(found), failed=failed)
    return not failed

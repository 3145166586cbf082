"""Dunning is asked for by an operator and carried out later by a worker, as it may take minutes."""

from typing import Final

from acquit.actions.ask_run import QUEUE
from acquit.actions.context import Context
from acquit.actions.defer_job import defer_jobs
from acquit.actions.loading import date_of, entity_in, require_staff
from acquit.actions.run_dunning import chase_of, run_dunning
from acquit.core.identifiers import LegalEntityId
from acquit.core.operator import Right
from acquit.store import acts, dunning
from acquit.store.dunning import StepDebt

CHASE: Final = "carry_out_dunning"
PAYERS_MAX: Final = 50


def ask_dunning(context: Context, legal_entity_id: LegalEntityId, *, by: str) -> None:
    """The seller's late debts are chased as soon as a worker is free; twice on a day nothing more happens.

    Raises NoSuchLegalEntity, StaffOnly, RoleForbids.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.CHASE)
        entity_in(tx, legal_entity_id)
        acts.record(tx, by, "ask_dunning", None, str(legal_entity_id))
        defer_jobs(tx.connection, CHASE, QUEUE, {"legal_entity_id": str(legal_entity_id), "by": by})


def carry_out_dunning(context: Context, legal_entity_id: str, by: str) -> int:
    """The seller's late debts are chased; return how many payers were written to. Raises as run_dunning."""
    reports = run_dunning(context, LegalEntityId(legal_entity_id), by=by)
    return sum(each.payers for each in reports)


def some_steps(
    context: Context, legal_entity_id: LegalEntityId, after_id: str = ""
) -> tuple[list[StepDebt], str]:
    """Return the steps that debts of some payers would take today, and the last of these payers.

    Payers that take no step are looked at too, PAYERS_MAX of them after one, so that a page answers at once;
    the last is empty when nobody follows. Raises NoSuchLegalEntity.
    """
    with context.database.snapshot() as tx:
        entity = entity_in(tx, legal_entity_id)
        chase = chase_of(tx, entity, date_of(context, entity))
        payers = dunning.payers(tx, chase, after_id, PAYERS_MAX + 1)
        last = payers[PAYERS_MAX - 1] if len(payers) > PAYERS_MAX else ""
        return dunning.rehearse(tx, chase, payers[:PAYERS_MAX]), last

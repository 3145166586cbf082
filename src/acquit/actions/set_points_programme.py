"""Open, change or end a seller's programme of points, from a day on."""

from dataclasses import replace
from datetime import timedelta

from acquit.actions.context import Context
from acquit.actions.loading import date_of, entity_in, require_staff
from acquit.core.identifiers import LegalEntityId
from acquit.core.journal import FOR_CREDIT, FOR_POINTS, require_role
from acquit.core.money import Currency
from acquit.core.operator import Right
from acquit.core.point import NoProgramme, Programme, refuse_programme
from acquit.store import acts, billables, points
from acquit.store.transaction import Transaction


def set_points_programme(context: Context, programme: Programme, *, by: str) -> Programme:
    """From its day on the programme holds for bills that are issued then, and for points that come then.

    What was earned before keeps its worth and its day. Raises NoSuchLegalEntity, BadProgramme,
    ChartIncomplete, StaffOnly, RoleForbids.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.CHANGE_SETTINGS)
        entity = entity_in(tx, programme.legal_entity_id)
        refuse_programme(programme, date_of(context, entity))
        require_role(
            billables.chart(tx, entity.legal_entity_id),
            entity.legal_entity_id,
            *sorted(FOR_CREDIT | FOR_POINTS),
        )
        return _set(tx, programme, by)


def end_points_programme(
    context: Context, legal_entity_id: LegalEntityId, currency: Currency | None, *, by: str
) -> Programme:
    """Bills that are issued from tomorrow on earn nothing; points that are there stay as they are.

    What was set for a later day ends before it begins. Raises NoSuchLegalEntity, NoProgramme, StaffOnly,
    RoleForbids.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.CHANGE_SETTINGS)
        entity = entity_in(tx, legal_entity_id)
        today = date_of(context, entity)
        holding = points.programme_on(tx, legal_entity_id, currency or entity.currency, today)
        if holding is None:
            raise NoProgramme(f"{legal_entity_id} has no programme of points.", legal_entity=legal_entity_id)
        tomorrow = today + timedelta(days=1)
        announced = [
            each
            for each in points.programmes(tx, legal_entity_id)
            if each.currency == holding.currency and each.from_on > tomorrow
        ]
        for each in announced:
            _set(tx, replace(each, points=0, is_sold=False), by)
        return _set(tx, replace(holding, from_on=tomorrow, points=0, is_sold=False), by)


def programmes_of(context: Context, legal_entity_id: LegalEntityId) -> list[Programme]:
    """Return what the seller set, by currency, oldest first. Raises NoSuchLegalEntity."""
    with context.database.read() as tx:
        entity_in(tx, legal_entity_id)
        return points.programmes(tx, legal_entity_id)


def _set(tx: Transaction, programme: Programme, by: str) -> Programme:
    made = replace(programme, programme_id=points.add_programme(tx, programme, by))
    acts.record(
        tx, by, "set_points_programme", None, f"points:{made.legal_entity_id}/{made.programme_id}",
        from_on=str(made.from_on), currency=made.currency, points=made.points, per_minor=made.per_minor,
        worth_minor=made.worth_minor, used_bp=made.used_bp, lapse_months=made.lapse_months,
        is_sold=made.is_sold, without_plans=list(made.without_plans), without_kinds=list(made.without_kinds),
    )  # fmt: skip
    return made

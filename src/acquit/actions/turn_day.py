"""A business day begins: settings and terms hold, the day before is sealed, low balances are told.

Points whose day has come lapse, files of accounts whose day has come are dropped.
"""

from dataclasses import dataclass
from datetime import timedelta

from acquit.actions.context import Context
from acquit.actions.count_points import count_points, lapse_points
from acquit.actions.enforce_terms import enforce_terms
from acquit.actions.keep_file import drop_expired_files
from acquit.actions.loading import date_of
from acquit.actions.set_legal_entity import take_due_settings
from acquit.actions.take_method_events import expire_methods
from acquit.actions.warn_low_balances import warn_low_balances, warn_low_points
from acquit.core.account import LegalEntity
from acquit.store import journals, legal_entities


@dataclass(frozen=True, slots=True)
class Turned:
    """What a turn of the day did: accounts whose terms changed, days whose chain heads were recorded."""

    accounts: int
    days: int


def turn_day(context: Context) -> Turned:
    """Each legal entity is brought to its own date; done again on the same day, nothing more happens.

    Sandboxes turn their days when their clock is moved.
    """
    with context.database.read() as tx:
        entities = legal_entities.every(tx)
    turned = [turn_day_of(context, entity) for entity in entities]
    for entity in entities:
        warn_low_balances(context, entity.legal_entity_id)
        warn_low_points(context, entity.legal_entity_id)
    drop_expired_files(context)
    return Turned(sum(each.accounts for each in turned), sum(each.days for each in turned))


def turn_day_of(context: Context, entity: LegalEntity) -> Turned:
    """The legal entity is brought to its date, points lapse, and the day before is sealed."""
    take_due_settings(context, entity)
    expire_methods(context, entity.legal_entity_id)
    count_points(context, entity.legal_entity_id)
    lapse_points(context, entity.legal_entity_id)
    accounts = len(enforce_terms(context, entity.legal_entity_id))
    yesterday = date_of(context, entity) - timedelta(days=1)
    with context.database.write() as tx:
        days = journals.record_day_head(tx, yesterday, entity.legal_entity_id)
    return Turned(accounts, int(days))

"""Give an account that is opened for trials a seller of its own."""

from datetime import date

from acquit.core.account import LegalEntity
from acquit.core.sandbox import seller_of
from acquit.store import charts, legal_entities, series
from acquit.store.transaction import Transaction


def sandbox_in(tx: Transaction, live: LegalEntity, on: date) -> LegalEntity:
    """Return a new seller that stands for the live one: own series, own chart, own clock, set to that day.

    Raises TooManySandboxes, BadSeries when the numbers of a live series look alike.
    """
    entity, numbers = seller_of(live, legal_entities.next_sandbox_no(tx), on)
    legal_entities.insert(tx, entity)
    for each in numbers:
        series.insert(tx, each)
    charts.copy_chart(tx, live.legal_entity_id, entity.legal_entity_id)
    return entity

"""Points follow what is paid: bills that were paid bring them, bills that are paid no more take them back.

What settles a debt or undoes that notes it (`points_due`, in its own transaction); counting follows at once
and may be done again at any time: what is counted is what the bill stands for, less what it moved already.
"""

from acquit.actions.context import Context
from acquit.actions.loading import account_in, date_of, entity_in, require_staff
from acquit.actions.points_moving import count_in, lapse_in
from acquit.actions.settling import books_in, hold_in
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.operator import Right
from acquit.store import points

PAYERS_AT_ONCE = 500


def count_points(
    context: Context, legal_entity_id: LegalEntityId | None = None, *, by: str = "system"
) -> int:
    """Everything that happened on debts is in the points of their payers; return how many bills changed.

    Raises ChartIncomplete, StaffOnly, RoleForbids.
    """
    changed = 0
    with context.database.read() as tx:
        require_staff(tx, by, Right.ADD_CREDIT)
        payers = points.waiting(tx, legal_entity_id, PAYERS_AT_ONCE)
    while payers:
        for payer_id in payers:
            changed += _count(context, payer_id)
        with context.database.read() as tx:
            payers = points.waiting(tx, legal_entity_id, PAYERS_AT_ONCE)
    return changed


def lapse_points(context: Context, legal_entity_id: LegalEntityId) -> int:
    """Points of the seller's payers whose day has come are gone; return how many."""
    with context.database.read() as tx:
        on = date_of(context, entity_in(tx, legal_entity_id))
        payers = points.lapsing(tx, legal_entity_id, on)
    gone = 0
    for payer_id in payers:
        with context.database.write() as tx:
            books = books_in(context, tx, legal_entity_id)
            hold_in(tx, payer_id, [])
            gone += lapse_in(tx, books, payer_id)
    return gone


def _count(context: Context, payer_id: AccountId) -> int:
    with context.database.write() as tx:
        books = books_in(context, tx, account_in(tx, payer_id).legal_entity_id)
        hold_in(tx, payer_id, [])
        return count_in(tx, books, payer_id)

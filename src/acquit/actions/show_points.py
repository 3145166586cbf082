"""The points of an account as staff and its own people look at them."""

from collections.abc import Sequence
from dataclasses import dataclass

from acquit.actions.context import Context
from acquit.actions.loading import account_in, today_of
from acquit.core.identifiers import AccountId
from acquit.core.point import OwedPoints, PointsLot, Programme, usable
from acquit.store import points, points_lists
from acquit.store.points_lists import MovedPoints

MOVEMENTS_SHOWN = 50
NEWEST = 2**62


@dataclass(frozen=True, slots=True)
class Points:
    """What an account can use, what lapses first before the rest; the latest movements; what it owes.

    `programme`: what holds for it today, or None.
    """

    account_id: AccountId
    balance: int
    programme: Programme | None
    lots: Sequence[PointsLot]
    movements: Sequence[MovedPoints]
    owed: Sequence[OwedPoints]


def points_of(context: Context, account_id: AccountId) -> Points:
    """Return the account's points; a sub-account whose parent pays has none. Raises NoSuchAccount."""
    with context.database.snapshot() as tx:
        account = account_in(tx, account_id)
        today = today_of(context, tx, account)
        lots = usable(points.lots(tx, account_id), today)
        return Points(
            account_id,
            sum(lot.left for lot in lots),
            points.programme_on(tx, account.legal_entity_id, account.currency, today),
            lots,
            points_lists.page(tx, account_id, NEWEST, MOVEMENTS_SHOWN),
            points.owed(tx, account_id),
        )

"""A payer is told when its points fall below a number."""

from acquit.actions.context import Context
from acquit.actions.points_moving import payer_in
from acquit.actions.settling import hold_in
from acquit.core.identifiers import AccountId
from acquit.core.point import refuse_threshold
from acquit.store import acts, points_lists


def set_points_threshold(context: Context, payer_id: AccountId, threshold: int | None, *, by: str) -> None:
    """The payer gets a letter when a day begins with fewer points; with None never.

    Raises NoSuchAccount, NotThePayer, BadPoints.
    """
    with context.database.write() as tx:
        payer_in(tx, payer_id)
        refuse_threshold(threshold)
        hold_in(tx, payer_id, [])
        points_lists.set_threshold(tx, payer_id, threshold, by)
        acts.record(tx, by, "set_points_threshold", payer_id, threshold=threshold)

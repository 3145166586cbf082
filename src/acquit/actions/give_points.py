"""Give a payer points, or take some: an act of staff, with a reason that the account sees."""

from acquit.actions.context import Context
from acquit.actions.loading import require_staff
from acquit.actions.points_moving import count_in, gain_in, lose_in, payer_in, programme_in
from acquit.actions.settling import books_in, hold_in
from acquit.core.identifiers import AccountId
from acquit.core.operator import Right
from acquit.core.point import NotEnoughPoints, PointsKind, PointsLot, refuse_points, taken_back
from acquit.store import acts, points


def give_points(context: Context, payer_id: AccountId, given: int, reason: str, *, by: str) -> PointsLot:
    """The payer has so many points more, by what the programme says today; what it owes is taken from them.

    Raises NoSuchAccount, NotThePayer, NoProgramme, BadPoints, StaffOnly, RoleForbids.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.ADD_CREDIT)
        refuse_points(given, reason)
        account = payer_in(tx, payer_id)
        books = books_in(context, tx, account.legal_entity_id)
        programme = programme_in(tx, account, books.today)
        hold_in(tx, payer_id, [])
        count_in(tx, books, payer_id)
        lot = gain_in(tx, books, payer_id, programme, PointsKind.GIVEN, given, by, reason=reason.strip())
        acts.record(tx, by, "give_points", payer_id, str(lot.lot_id), points=given, reason=reason.strip())
        return lot


def take_points(context: Context, payer_id: AccountId, taken: int, reason: str, *, by: str) -> int:
    """The payer has so many points less, what lapses first; never what it bought. Return what is left.

    Raises NoSuchAccount, NotThePayer, BadPoints, NotEnoughPoints, StaffOnly, RoleForbids.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.ADD_CREDIT)
        refuse_points(taken, reason)
        account = payer_in(tx, payer_id)
        books = books_in(context, tx, account.legal_entity_id)
        hold_in(tx, payer_id, [])
        count_in(tx, books, payer_id)
        uses = taken_back(points.lots(tx, payer_id), None, taken, books.today)
        there = sum(use.points for use in uses)
        if there < taken:
            raise NotEnoughPoints(f"{there} points are there to take, not {taken}.", points=str(there))
        lose_in(tx, books, payer_id, PointsKind.TAKEN, uses, by, reason=reason.strip())
        acts.record(tx, by, "take_points", payer_id, points=taken, reason=reason.strip())
        return points.balance(tx, payer_id) or 0

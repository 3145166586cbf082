"""Make credit of points, because their payer wants that or pays an order with them.

Points become a bonus, which is booked, bears VAT and pays bills like any bonus. What was bought becomes
prepaid money again.
"""

from collections.abc import Sequence
from dataclasses import replace

from acquit.actions.add_credit import Credit, add_lot_in
from acquit.actions.context import Context
from acquit.actions.loading import require_if_staff
from acquit.actions.points_moving import count_in, move_in, payer_in
from acquit.actions.settling import Books, book_in, books_in, hold_in
from acquit.core.credit_balance import CreditLot, CreditType
from acquit.core.identifiers import AccountId
from acquit.core.journal import EntryKind, credit_withdrawn_postings
from acquit.core.operator import Right
from acquit.core.point import PointsKind, PointsUse, paying, used
from acquit.store import acts, credit_movements, points
from acquit.store.points import Move
from acquit.store.transaction import Transaction

BALANCE = "points"
"""The credit balance that points become."""


def use_points(context: Context, payer_id: AccountId, wanted: int, *, by: str) -> list[CreditLot]:
    """So many points, what lapses first, are credit of their worth; return it.

    Raises NoSuchAccount, NotThePayer, BadPoints, NotEnoughPoints, ChartIncomplete, RoleForbids.
    """
    with context.database.write() as tx:
        require_if_staff(tx, by, Right.ADD_CREDIT)
        account = payer_in(tx, payer_id)
        hold_in(tx, payer_id, [])
        books = books_in(context, tx, account.legal_entity_id)
        count_in(tx, books, payer_id)
        uses = used(points.lots(tx, payer_id), wanted, books.today)
        made = credit_in(tx, books, payer_id, uses, by)
        acts.record(tx, by, "use_points", payer_id, points=wanted)
        return made


def pay_with_points_in(
    tx: Transaction, books: Books, payer_id: AccountId, amount_minor: int, order_id: int, by: str
) -> list[CreditLot]:
    """As few points as are worth the amount are credit, for an order; hold the payer before.

    Raises NotThePayer, NotEnoughPoints, ChartIncomplete.
    """
    payer_in(tx, payer_id)
    count_in(tx, books, payer_id)
    uses = paying(points.lots(tx, payer_id), amount_minor, books.today)
    return credit_in(tx, books, payer_id, uses, by, order_id=order_id)


def credit_in(
    tx: Transaction,
    books: Books,
    payer_id: AccountId,
    uses: Sequence[PointsUse],
    by: str,
    *,
    order_id: int = 0,
) -> list[CreditLot]:
    """Make credit of the points: a bonus of those that were not bought, money again of each lot that was."""
    bought = [use for use in uses if use.lot.kind is PointsKind.BOUGHT]
    others = [use for use in uses if use.lot.kind is not PointsKind.BOUGHT]
    made = []
    for parts in ([others] if others else []) + [[use] for use in bought]:
        worth_minor, count = sum(use.worth_minor for use in parts), sum(use.points for use in parts)
        source = f"{count} points" + (f", order {order_id}" if order_id else "")
        credit = Credit(worth_minor, parts[0].lot.currency, CreditType.BONUS, source, BALANCE)
        if parts[0].lot.kind is PointsKind.BOUGHT:
            credit = _freed(tx, books, payer_id, parts[0], credit, by)
        lot = add_lot_in(tx, books, payer_id, credit, by)
        for use in parts:
            move = Move(
                PointsKind.USED, -use.points, use.lot, order_id=order_id, credit_movement_id=lot.movement_id
            )
            move_in(tx, books, payer_id, move, by)
        made.append(lot)
    return made


def _freed(
    tx: Transaction, books: Books, payer_id: AccountId, use: PointsUse, credit: Credit, by: str
) -> Credit:
    """Take the money out from behind bought points; return the credit that it is then."""
    held = use.lot.credit_movement_id
    assert held is not None, "behind bought points is money"
    movement_id = credit_movements.withdraw(tx, payer_id, held, credit.amount_minor, books.today, by)
    postings = credit_withdrawn_postings(books.chart, credit.amount_minor, credit.currency)
    book_in(tx, payer_id, EntryKind.CREDIT_WITHDRAWN, books.today, str(movement_id), postings)
    deposit_id = credit_movements.deposit_of(tx, payer_id, held)
    return replace(credit, type=CreditType.PREPAID_ACCOUNT, deposit_id=deposit_id)

"""Sell points: an order whose transfer buys them at their worth; the money waits behind them.

No VAT is due on them: they pay for whatever their buyer will use, of which nothing is known yet. They are a
voucher for any supply; what they pay for is taxed when it is billed. Source: directive 2006/112/EC, articles
30a and 30b(2); CJEU C-419/02 (BUPA).
"""

from datetime import date
from typing import Final

from acquit.actions.context import Context
from acquit.actions.loading import require_if_staff
from acquit.actions.points_moving import move_in, payer_in, programme_in
from acquit.actions.settling import Books, books_in, hold_in
from acquit.core.bundle import refuse_clash
from acquit.core.credit_balance import CreditLot, CreditType
from acquit.core.identifiers import AccountId, CreditMovementId
from acquit.core.operator import Right
from acquit.core.point import WHOLE_BP, PointsKind, PointsLot, PointsNotSold, refuse_count
from acquit.core.prepayment import PrepayOrder, refuse_prepayment
from acquit.store import acts, bank_evidence, points, prepayments
from acquit.store.points import Move
from acquit.store.transaction import Transaction

LOOKED_AT: Final = 100
"""Among how many orders that are awaited one of as many points is looked for."""


def order_points(context: Context, payer_id: AccountId, wanted: int, *, by: str) -> PrepayOrder:
    """There is an order of so many points at their worth of today, with a reference for its transfer.

    Asked again for as many while the money is awaited, it is the same order. Raises NoSuchAccount,
    NotThePayer, NoProgramme, PointsNotSold, BadPoints, BadPrepayment, ReferenceClash, RoleForbids.
    """
    with context.database.write() as tx:
        require_if_staff(tx, by, Right.ADD_CREDIT)
        account = payer_in(tx, payer_id)
        books = books_in(context, tx, account.legal_entity_id)
        programme = programme_in(tx, account, books.today)
        if not programme.is_sold:
            raise PointsNotSold(
                f"{account.legal_entity_id} gives points for what is paid; it sells none.", account=payer_id
            )
        refuse_count(wanted)
        amount_minor = wanted * programme.worth_minor
        refuse_prepayment(amount_minor, account.currency)
        refuse_clash(bank_evidence.bill_series(tx, account.legal_entity_id))
        hold_in(tx, payer_id, [])
        asked = (wanted, programme.worth_minor, account.currency)
        for known in prepayments.open_of(tx, payer_id, LOOKED_AT):
            if (known.points, known.worth_minor, known.currency) == asked:
                return known
        made = prepayments.add(
            tx, payer_id, account.currency, amount_minor, by, points=wanted,
            worth_minor=programme.worth_minor,
        )  # fmt: skip
        acts.record(tx, by, "order_points", payer_id, str(made.order_id), points=wanted)
        return made


def ordered_type(order: PrepayOrder) -> CreditType:
    """Return what the money of an order is: prepaid credit, or what waits behind points."""
    return CreditType.POINTS if order.points else CreditType.PREPAID_ACCOUNT


def bring_in(tx: Transaction, order: PrepayOrder, movement_id: CreditMovementId, on: date, by: str) -> None:
    """The order is paid by this lot; of points it brings them. Hold the payer before."""
    prepayments.pay(tx, order.account_id, order.order_id, movement_id)
    if order.points:
        lot = PointsLot(0, PointsKind.BOUGHT, 0, order.currency, order.worth_minor, WHOLE_BP)
        move = Move(
            PointsKind.BOUGHT, order.points, lot, order_id=order.order_id, credit_movement_id=movement_id
        )
        points.move(tx, order.account_id, move, on, by)


def unbuy_in(tx: Transaction, books: Books, money: CreditLot, by: str) -> None:
    """The points that this money bought, if any, are gone: it was somebody else's. Hold the payer."""
    for lot in points.lots(tx, money.account_id):
        if lot.kind is PointsKind.BOUGHT and lot.credit_movement_id == money.movement_id:
            move_in(tx, books, money.account_id, Move(PointsKind.UNDONE, -lot.left, lot), by)

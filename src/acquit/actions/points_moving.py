"""What everything that moves points has in common: each movement is written and booked with what it changes.

The callers hold the payer, so that neither its points nor its chain of entries is changed by two.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from acquit.actions.loading import account_in
from acquit.actions.settling import Books, book_in
from acquit.core.account import Account
from acquit.core.identifiers import AccountId, BillId
from acquit.core.journal import EntryKind, points_postings
from acquit.core.point import (
    CountedBill,
    NoProgramme,
    OwedPoints,
    PointsKind,
    PointsLot,
    PointsUse,
    Programme,
    lapsed,
    repaid,
    taken_back,
)
from acquit.core.terms import NotThePayer
from acquit.store import points
from acquit.store.points import Move
from acquit.store.transaction import Transaction


def payer_in(tx: Transaction, account_id: AccountId) -> Account:
    """Return the account. Raises NoSuchAccount, NotThePayer."""
    account = account_in(tx, account_id)
    if not account.pays_itself:
        raise NotThePayer(
            f"{account.payer_id} pays for {account_id}: the points are {account.payer_id}'s.",
            account=account_id,
        )
    return account


def programme_in(tx: Transaction, account: Account, on: date) -> Programme:
    """Return what holds for the account on a day. Raises NoProgramme."""
    found = points.programme_on(tx, account.legal_entity_id, account.currency, on)
    if found is None:
        raise NoProgramme(
            f"{account.legal_entity_id} gives no points in {account.currency}.", account=account.account_id
        )
    return found


def move_in(tx: Transaction, books: Books, payer_id: AccountId, made: Move, by: str) -> PointsLot:
    """Write the movement and book what is owed for the points then; return the lot after it."""
    movement_id = points.move(tx, payer_id, made, books.today, by)
    before, lot = made.lot.owed_minor, made.lot
    after = replace(lot, lot_id=lot.lot_id or movement_id, left=lot.left + made.points)
    postings = points_postings(books.chart, after.owed_minor - before, lot.currency)
    if any(each.amount_minor for each in postings):
        book_in(tx, payer_id, EntryKind.POINTS, books.today, str(movement_id), postings)
    return after


def gain_in(
    tx: Transaction,
    books: Books,
    payer_id: AccountId,
    programme: Programme,
    kind: PointsKind,
    gained: int,
    by: str,
    *,
    bill: CountedBill | None = None,
    reason: str = "",
) -> PointsLot:
    """The payer has so many points more; what it owes is taken from them at once. Return the lot then."""
    named = None if bill is None else (bill.account_id, bill.bill_id)
    fresh = PointsLot(
        0, kind, 0, programme.currency, programme.worth_minor, programme.used_bp,
        programme.lapses_on(books.today), named,
    )  # fmt: skip
    order_id = 0 if bill is None else bill.debt_id
    lot = move_in(tx, books, payer_id, Move(kind, gained, fresh, named, order_id, reason=reason), by)
    for part in repaid(points.owed(tx, payer_id), lot.left):
        back = Move(PointsKind.BACK, -part.points, lot, (part.account_id, part.bill_id))
        lot = move_in(tx, books, payer_id, back, by)
        points.owe(tx, payer_id, OwedPoints(part.account_id, part.bill_id, -part.points), books.today)
    return lot


def take_back_in(tx: Transaction, books: Books, payer_id: AccountId, bill: CountedBill, by: str) -> None:
    """Take back what the bill earned too much, as far as it is there; the rest is owed."""
    wanted, named = -bill.missing, (bill.account_id, bill.bill_id)
    uses = taken_back(points.lots(tx, payer_id), named, wanted, books.today)
    lose_in(tx, books, payer_id, PointsKind.BACK, uses, by, bill=named, order_id=bill.debt_id)
    missing = wanted - sum(use.points for use in uses)
    if missing:
        points.owe(tx, payer_id, OwedPoints(bill.account_id, bill.bill_id, missing), books.today)


def lapse_in(tx: Transaction, books: Books, payer_id: AccountId) -> int:
    """What has lapsed is gone; return how many points were."""
    uses = lapsed(points.lots(tx, payer_id), books.today)
    lose_in(tx, books, payer_id, PointsKind.LAPSED, uses, "system")
    return sum(use.points for use in uses)


def lose_in(
    tx: Transaction,
    books: Books,
    payer_id: AccountId,
    kind: PointsKind,
    uses: Iterable[PointsUse],
    by: str,
    *,
    bill: tuple[AccountId, BillId] | None = None,
    order_id: int = 0,
    reason: str = "",
) -> None:
    """The payer has these points no more."""
    for use in uses:
        move_in(tx, books, payer_id, Move(kind, -use.points, use.lot, bill, order_id, reason=reason), by)


def count_in(tx: Transaction, books: Books, payer_id: AccountId) -> int:
    """What happened on the payer's debts is counted, after what lapsed; return how many bills changed."""
    lapse_in(tx, books, payer_id)
    changed = 0
    for bill in points.take_due(tx, payer_id):
        if bill.missing > 0:
            gain_in(tx, books, payer_id, bill.programme, PointsKind.EARNED, bill.missing, "system", bill=bill)
        elif bill.missing < 0:
            take_back_in(tx, books, payer_id, bill, "system")
        changed += bill.missing != 0
    return changed

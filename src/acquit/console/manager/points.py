"""Points: what an account has, what lapses next, what came and went; points become credit."""

from acquit.actions.order_points import order_points
from acquit.actions.set_points_threshold import set_points_threshold
from acquit.actions.use_points import use_points
from acquit.console import typed
from acquit.console.listing import LAST, ROWS, cut, key_in
from acquit.console.place import Place, own_place, page
from acquit.console.visit import Page, Redirect, Reply, Visit
from acquit.core.point import NoProgramme, Programme, usable
from acquit.store import points, points_lists, prepayments
from acquit.store.transaction import Transaction

LOTS_SHOWN = 12


def show_points(visit: Visit) -> Page:
    """GET /manager/points: what can be used, what lapses when, and every movement."""
    with visit.snapshot() as tx:
        place = own_place(visit, tx)
        programme = known(tx, place)
        lots = usable(points.lots(tx, visit.account_id), place.today)
        moved = points_lists.page(tx, visit.account_id, key_in(visit, "before", LAST), ROWS + 1)
        threshold = points_lists.threshold(tx, visit.account_id)
        ordered = [each for each in prepayments.open_of(tx, visit.account_id, ROWS) if each.points]
        owed = sum(each.points for each in points.owed(tx, visit.account_id))
    return page(
        "points.html",
        place,
        programme=programme,
        balance=sum(lot.left for lot in lots),
        worth_minor=sum(lot.left * lot.worth_minor for lot in lots),
        lots=lots[:LOTS_SHOWN],
        more_lots=len(lots) > LOTS_SHOWN,
        owed=owed,
        ordered=ordered,
        threshold=threshold,
        moved=cut(visit, moved, "before", lambda each: each.movement_id),
    )


def change_points(visit: Visit) -> Reply:
    """POST /manager/points: points become credit, some are bought, or a letter is wanted when few."""
    if visit.form.text("buy"):
        order_points(visit.context, visit.account_id, typed.whole(visit.form.text("buy")), by=visit.actor)
        return Redirect("/manager/points?done=points-ordered")
    if "threshold" in visit.form.fields:
        wanted = visit.form.text("threshold")
        threshold = typed.whole(wanted) if wanted else None
        set_points_threshold(visit.context, visit.account_id, threshold, by=visit.actor)
        return Redirect(f"/manager/points?done=points-{'silent' if threshold is None else 'threshold'}")
    use_points(visit.context, visit.account_id, typed.whole(visit.form.text("points")), by=visit.actor)
    return Redirect("/manager/points?done=points-used")


def known(tx: Transaction, place: Place) -> Programme:
    """Return what the seller gives the account points for. Raises NoProgramme, also where a parent pays."""
    account = place.account
    found = points.programme_on(tx, account.legal_entity_id, account.currency, place.today)
    if found is None or not account.pays_itself:
        raise NoProgramme("There are no points here: they are of whoever pays, where the seller gives some.")
    return found

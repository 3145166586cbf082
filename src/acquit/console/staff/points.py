"""An account's points in the office: what is there, what came and went; give some, take some."""

from acquit.actions.give_points import give_points, take_points
from acquit.actions.show_points import points_of
from acquit.console import typed
from acquit.console.place import place_of
from acquit.console.staff.accounts import account_id_of
from acquit.console.staff.frame import page
from acquit.console.visit import Page, Redirect, Reply, Visit


def show_points(visit: Visit) -> Page:
    """GET /office/accounts/{account_id}/points."""
    with visit.read() as tx:
        place = place_of(visit, tx, account_id_of(visit))
    found = points_of(visit.context, place.account.account_id)
    return page("points.html", visit, place=place, zone=place.entity.zone, found=found)


def change_points(visit: Visit) -> Reply:
    """POST /office/accounts/{account_id}/points: give or take, with a reason."""
    account_id, form = account_id_of(visit), visit.form
    act = typed.one_of(form.text("act"), ("give", "take"))
    count, reason = typed.whole(form.text("points")), form.text("reason")
    if act == "give":
        give_points(visit.context, account_id, count, reason, by=visit.actor)
    else:
        take_points(visit.context, account_id, count, reason, by=visit.actor)
    return Redirect(f"/office/accounts/{account_id}/points?done=points-{act}")

"""The queue of sales: requests with the legal check done, approved or refused in two clicks."""

from dataclasses import replace

from acquit.actions.decide_request import approve_request, refuse_request
from acquit.actions.review_request import Review, review_request, review_waiting
from acquit.console import typed
from acquit.console.attached import attached, request_id_of
from acquit.console.listing import ROWS, cut, key_in
from acquit.console.place import place_of
from acquit.console.staff.frame import page
from acquit.console.visit import Page, Redirect, Reply, Visit
from acquit.core.identifiers import RequestId
from acquit.core.money import Currency
from acquit.core.sales_request import AskedTerm, NoSuchRequest
from acquit.core.terms import UsageChoice
from acquit.store import requests, terms

DECIDED_MAX = 20
GRANTS_MAX = 10


def show_queue(visit: Visit) -> Page:
    """GET /office: what waits for a decision, oldest first, and what was decided last."""
    reviews = review_waiting(visit.context, key_in(visit, "after", 0), ROWS + 1)
    with visit.read() as tx:
        decided = requests.decided(tx, DECIDED_MAX)
        grants = terms.waiting(tx, rows_max=GRANTS_MAX + 1)
    return page(
        "queue.html", visit, decided=decided, grants=grants[:GRANTS_MAX],
        more_grants=len(grants) > GRANTS_MAX,
        waits=cut(visit, reviews, "after", lambda review: review.request.request_id),
    )  # fmt: skip


def show_request(visit: Visit) -> Page:
    """GET /office/requests/{request_id}: what is asked, what the rules say, and the two answers."""
    return _request_page("request.html", visit)


def download_file(visit: Visit) -> Reply:
    """GET /office/requests/{request_id}/file."""
    request_id = _request_id(visit)
    with visit.read() as tx:
        request = requests.find_any(tx, request_id)
        if request is None:
            raise NoSuchRequest(request_id)
        return attached(tx, request)


def ask_approval(visit: Visit) -> Page:
    """GET /office/requests/{request_id}/approve: what will happen; confirm."""
    return _request_page("approve.html", visit)


def approve(visit: Visit) -> Reply:
    """POST /office/requests/{request_id}/approve: the method or the order appears."""
    review = review_request(visit.context, _request_id(visit))
    request_id = review.request.request_id
    approve_request(visit.context, request_id, by=visit.actor, instead=_instead(visit, review))
    return Redirect(f"/office/requests/{request_id}?done=approved")


def ask_refusal(visit: Visit) -> Page:
    """GET /office/requests/{request_id}/refuse: say why."""
    return _request_page("refuse.html", visit)


def refuse(visit: Visit) -> Reply:
    """POST /office/requests/{request_id}/refuse: the account reads the reason."""
    request_id = _request_id(visit)
    refuse_request(visit.context, request_id, visit.form.text("reason"), by=visit.actor)
    return Redirect(f"/office/requests/{request_id}?done=refused")


def _request_page(template: str, visit: Visit) -> Page:
    review = review_request(visit.context, _request_id(visit))
    with visit.read() as tx:
        place = place_of(visit, tx, review.account.account_id)
    return page(template, visit, review=review, request=review.request, place=place, zone=place.entity.zone)


def _request_id(visit: Visit) -> RequestId:
    return request_id_of(visit.path_values["request_id"])


def _instead(visit: Visit, review: Review) -> AskedTerm | None:
    """Return the term as sales grants it: with the limit and the choice for usage typed in the form."""
    asked = review.request.asked
    if not isinstance(asked, AskedTerm):
        return None
    limit, choice, reason = typed_conditions(visit, review.account.currency)
    return replace(asked, credit_limit_minor=limit, usage_choice=choice, override_reason=reason)


def typed_conditions(visit: Visit, currency: Currency) -> tuple[int | None, UsageChoice | None, str]:
    """Return credit limit, choice for metered usage and its reason, as typed."""
    choice = visit.form.text("usage_choice")
    return (
        typed.amount(visit.form.text("credit_limit"), currency),
        UsageChoice(typed.one_of(choice, list(UsageChoice))) if choice else None,
        visit.form.text("override_reason"),
    )

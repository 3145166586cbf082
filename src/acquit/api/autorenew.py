"""/me/autorenew: the day of the month on which all services of the account renew together."""

from acquit.actions.set_renewal_day import BadRenewalDay, set_renewal_day
from acquit.api import wire
from acquit.api.refusals import BadParameter, NoSuchObject
from acquit.api.request import Request
from acquit.store import renewal_days


def get_autorenew(request: Request) -> object:
    """GET /me/autorenew: whether renewals are grouped, on which day, and when they were last billed."""
    account_id = request.caller.account_id
    with request.read() as tx:
        chosen = renewal_days.find(tx, account_id)
        last_at = renewal_days.last_renewal_at(tx, account_id)
    if chosen is None:
        raise NoSuchObject("autorenew")
    return {
        "active": chosen.active,
        "lastRenew": wire.instant_or_none(last_at, request.zone),
        "renewDay": chosen.day,
    }


def turn_on(request: Request) -> None:
    """POST /me/autorenew: from its next renewal on each service renews on that day."""
    _set(request, request.body["renewDay"], True)


def edit_autorenew(request: Request) -> None:
    """PUT /me/autorenew: another day, or each service on its own day again."""
    with request.read() as tx:
        chosen = renewal_days.find(tx, request.caller.account_id)
    if chosen is None:
        raise NoSuchObject("autorenew")
    body = request.body
    active = body.get("active")
    _set(request, body.get("renewDay"), chosen.active if active is None else active)


def _set(request: Request, day: int | None, active: bool) -> None:
    caller = request.caller
    try:
        set_renewal_day(request.context, caller.account_id, by=caller.actor, day=day, active=active)
    except BadRenewalDay as refusal:
        raise BadParameter(f"[renewDay] {refusal.message}", parameter="renewDay") from None

"""Services: what renews and when, one service with what may be changed about it, and what was used."""

from datetime import date

from acquit.actions.ask_for_termination import ask_for_termination, confirm_termination
from acquit.actions.keep_service import keep_service
from acquit.actions.set_renewal import rename_service, set_renewal
from acquit.actions.show_usage import past_uses, uses_and_forecast
from acquit.console import typed
from acquit.console.listing import ROWS, cut, is_number, key_in
from acquit.console.place import own_place, page
from acquit.console.visit import Page, Redirect, Reply, Visit
from acquit.core.identifiers import ServiceId
from acquit.core.planned_change import takes_effect_on
from acquit.core.service import NoSuchService, Service
from acquit.store import planned_changes, services
from acquit.store.transaction import Transaction
from acquit.store.usage_ratings import Part

RENEWALS = ("automatic", "manual", "ends")


USES_MAX = 50


def list_services(visit: Visit) -> Page:
    """GET /manager/services: what renews, when, and whether anybody may stop it."""
    with visit.snapshot() as tx:
        place = own_place(visit, tx)
        found = services.page(tx, visit.account_id, key_in(visit, "after", 0), ROWS + 1)
        forced = services.any_forced(tx, visit.account_id)
    shown = cut(visit, found, "after", lambda service: service.service_id)
    rows = [(service, service.status(place.today).value) for service in shown.rows]
    return page("services.html", place, rows=rows, forced=forced, shown=shown)


def show_service(visit: Visit) -> Page:
    """GET /manager/services/{service_id}: what it costs, how it renews, what will change, how to end it."""
    with visit.snapshot() as tx:
        place = own_place(visit, tx)
        service = own_service(visit, tx)
        options = services.options_of(tx, visit.account_id, service.service_id)
        family = [service, *options]
        waiting = planned_changes.waiting(tx, visit.account_id, [each.service_id for each in family])
    changes = [
        (each, change, takes_effect_on(change, each))
        for each in family
        for change in waiting.get(each.service_id, [])
    ]
    return page(
        "service.html",
        place,
        service=service,
        status=service.status(place.today).value,
        options=options,
        changes=changes,
        renewal=_renewal(service),
    )


def change_service(visit: Visit) -> Reply:
    """POST /manager/services/{service_id}: another name or renewal, an end asked for or taken back."""
    with visit.read() as tx:
        service_id = own_service(visit, tx).service_id
    form, wanted = visit.form, typed.one_of(visit.form.text("do"), ["rename", "renew", "ask", "end", "keep"])
    whose = (visit.context, visit.account_id, service_id)
    if wanted == "rename":
        rename_service(*whose, form.text("name"), by=visit.actor)
    elif wanted == "renew":
        chosen = typed.one_of(form.text("renewal"), RENEWALS)
        is_automatic = chosen == "automatic"
        set_renewal(*whose, automatic=is_automatic, delete_at_expiration=chosen == "ends", by=visit.actor)
    elif wanted == "ask":
        ask_for_termination(*whose, by=visit.actor)
    elif wanted == "end":
        confirm_termination(*whose, form.text("token"), by=visit.actor, reason=form.text("reason"))
    else:
        keep_service(*whose, by=visit.actor)
    return Redirect(f"/manager/services/{service_id}?done=service-{wanted}")


def show_consumption(visit: Visit) -> Page:
    """GET /manager/consumption: the running month so far and as it will end, and the months before."""
    with visit.snapshot() as tx:
        place = own_place(visit, tx)
        now, then = uses_and_forecast(visit.context, tx, place.account, place.today)
        months = _months(place.today)
        month = typed.found_day(f"{visit.query.get('month', '')}-01")
        wanted = month if month in months else months[0]
        past = past_uses(visit.context, tx, place.account, wanted, wanted, _part(visit))
    ahead = {(use.service_id, use.meter): use for use in then}
    used = sorted(now, key=lambda use: -use.net_minor)
    return page(
        "consumption.html",
        place,
        rows=[(use, ahead.get((use.service_id, use.meter))) for use in used[:USES_MAX]],
        hidden=max(len(used) - USES_MAX, 0),
        past=cut(visit, past, "after", lambda use: f"{use.service_id}/{use.meter}"),
        months=months,
        month=wanted,
        so_far=_sums([(use.currency, use.net_minor) for use in now]),
        at_end=_sums([(use.currency, use.net_minor) for use in then]),
    )


def own_service(visit: Visit, tx: Transaction) -> Service:
    """Return the service that the address names. Raises NoSuchService."""
    text = visit.path_values["service_id"]
    is_number = text.isascii() and text.isdigit() and len(text) < 19
    service = services.find(tx, visit.account_id, ServiceId(int(text))) if is_number else None
    if service is None:
        raise NoSuchService(f"The account has no service {text[:40]}.")
    return service


def _renewal(service: Service) -> str:
    if service.renewal.delete_at_expiration:
        return "ends"
    return "automatic" if service.renewal.automatic else "manual"


def _part(visit: Visit) -> Part:
    """Return the ratings that the page shows; the first ones when the address does not say."""
    service, _, meter = visit.query.get("after", "").partition("/")
    return Part(int(service) if is_number(service) else 0, meter, ROWS + 1)


def _months(today: date) -> list[date]:
    """Return the first days of the twelve months before this one, newest first."""
    number = today.year * 12 + today.month - 1
    return [date(each // 12, each % 12 + 1, 1) for each in range(number - 1, number - 13, -1)]


def _sums(amounts: list[tuple[str, int]]) -> list[tuple[str, int]]:
    sums: dict[str, int] = {}
    for currency, minor in amounts:
        sums[currency] = sums.get(currency, 0) + minor
    return sorted(sums.items())

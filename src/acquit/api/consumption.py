"""/me/consumption/usage and /services/{serviceId}/consumption: what was used, will be, and was billed."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from acquit.actions.loading import account_in
from acquit.actions.show_usage import Use, UseLine, current_uses, of_services, past_uses
from acquit.api import wire
from acquit.api.listing import Listing
from acquit.api.refusals import BadParameter, NoSuchObject
from acquit.api.request import Request
from acquit.api.services import find
from acquit.core.money import Currency, ucents_per_minor
from acquit.core.terms import end_of_month
from acquit.store.transaction import Transaction

FIRST_MONTH: Final = date(2000, 1, 1)


# ---------------------------------------------------------------- of the account


def list_current(request: Request) -> list[object]:
    """GET /me/consumption/usage/current: the running month so far, per service."""
    return [_transaction(request, uses) for uses in _current(request).values()]


def list_forecast(request: Request) -> list[object]:
    """GET /me/consumption/usage/forecast: the running month as it will end, per service."""
    return [_transaction(request, uses) for uses in _current(request, forecast=True).values()]


def list_history(request: Request) -> list[object]:
    """GET /me/consumption/usage/history: months that were rated and begin between two instants."""
    first, last = (_day(request, name) for name in ("beginDate", "endDate"))
    if last < first:
        raise BadParameter("[endDate] Given data is before beginDate", parameter="endDate")
    return [_transaction(request, uses) for uses in _past(request, first, last).values()]


# ---------------------------------------------------------------- of a service


def get_current(request: Request) -> object:
    """GET /services/{serviceId}/consumption: the running month so far."""
    return _summary(request, *_of_service(request))


def list_current_elements(request: Request) -> list[object]:
    """GET /services/{serviceId}/consumption/element: the running month, meter by meter."""
    return _elements(request, _of_service(request)[1])


def get_forecast(request: Request) -> object:
    """GET /services/{serviceId}/consumption/forecast: the running month as it will end."""
    return _summary(request, *_of_service(request, forecast=True))


def list_forecast_elements(request: Request) -> list[object]:
    """GET /services/{serviceId}/consumption/forecast/element: the same, meter by meter."""
    return _elements(request, _of_service(request, forecast=True)[1])


def list_months(request: Request) -> Listing[int]:
    """GET /services/{serviceId}/consumption/history: the months that were rated, oldest first."""
    months = {
        _month_id(period): (period, uses)
        for period, uses in _months(request).items()
        if any(_is_asked(request, use) for use in uses)
    }

    def find_many(_: Transaction, ids: Sequence[int]) -> dict[int, object]:
        return {number: _summary(request, *months[number]) for number in ids if number in months}

    return Listing(lambda _: sorted(months), find_many)


def get_month(request: Request) -> object:
    """GET /services/{serviceId}/consumption/history/{id}: one month that was rated."""
    return _summary(request, *_month(request))


def list_month_elements(request: Request) -> list[object]:
    """GET /services/{serviceId}/consumption/history/{id}/element: the same, meter by meter."""
    return _elements(request, _month(request)[1])


# ---------------------------------------------------------------- reading


def _current(request: Request, *, forecast: bool = False) -> dict[tuple[int, date], list[Use]]:
    with request.read() as tx:
        account = account_in(tx, request.caller.account_id)
        found = current_uses(request.context, tx, account, request.today, forecast=forecast)
    return {(service_id, period): uses for (service_id, period), uses in of_services(found).items()}


def _past(request: Request, first: date, last: date) -> dict[tuple[int, date], list[Use]]:
    with request.read() as tx:
        account = account_in(tx, request.caller.account_id)
        found = past_uses(request.context, tx, account, first, last)
    return {(service_id, period): uses for (service_id, period), uses in of_services(found).items()}


def _of_service(request: Request, *, forecast: bool = False) -> tuple[date, list[Use]]:
    """Return the running month, and what the service used in it."""
    service_id, period = find(request).service_id, request.today.replace(day=1)
    return period, _current(request, forecast=forecast).get((service_id, period), [])


def _months(request: Request) -> dict[date, list[Use]]:
    service_id = find(request).service_id
    found = _past(request, FIRST_MONTH, request.today)
    return {period: uses for (owner, period), uses in found.items() if owner == service_id}


def _month(request: Request) -> tuple[date, list[Use]]:
    number = request.path["id"]
    for period, uses in _months(request).items():
        if _month_id(period) == number:
            return period, uses
    raise NoSuchObject(number)


def _day(request: Request, name: str) -> date:
    """Return the seller's day of the instant, or of the day, that was given."""
    given = request.query[name]
    if isinstance(given, datetime):
        return (given.astimezone(request.caller.zone) if given.tzinfo else given).date()
    if isinstance(given, date):
        return given
    raise BadParameter(f"[{name}] is missing", parameter=name)


def _month_id(period: date) -> int:
    """Return the number by which a month of a service is asked for: 202611."""
    return period.year * 100 + period.month


def _is_asked(request: Request, use: Use) -> bool:
    family, unique_id = request.query.get("planFamily"), request.query.get("uniqueId")
    return family in (None, use.meter) and unique_id in (None, *(line.name for line in use.lines))


# ---------------------------------------------------------------- what they look like


def _transaction(request: Request, uses: Sequence[Use]) -> dict[str, Any]:
    first = uses[0]
    return {
        "beginDate": wire.midnight(first.period, request.zone),
        "creationDate": None,
        "elements": [_transaction_element(use) for use in uses],
        "endDate": wire.midnight(end_of_month(first.period) + timedelta(days=1), request.zone),
        "id": _month_id(first.period) if first.is_rated else None,
        "lastUpdate": None,
        "price": _price(_net(uses), first.currency),
        "serviceId": first.service_id,
    }


def _transaction_element(use: Use) -> dict[str, Any]:
    return {
        "details": [
            {
                "price": _price(line.net_minor, use.currency),
                "quantity": wire.whole(line.quantity_e4),
                "unique_id": line.name,
            }
            for line in use.lines
        ],
        "planCode": use.plan_code,
        "planFamily": use.meter,
        "price": _price(use.net_minor, use.currency),
        "quantity": wire.whole(use.quantity_e4),
    }


def _summary(request: Request, period: date, uses: Sequence[Use]) -> dict[str, Any]:
    currency = uses[0].currency if uses else Currency(request.caller.currency)
    return {
        "beginDate": wire.midnight(period, request.zone),
        "endDate": wire.midnight(end_of_month(period) + timedelta(days=1), request.zone),
        "id": _month_id(period),
        "orderId": None,
        "price": wire.price(_net(uses), currency),
        "priceByPlanFamily": [
            {"planFamily": use.meter, "price": wire.price(use.net_minor, currency)} for use in uses
        ],
        "serviceId": request.path["serviceId"],
    }


def _elements(request: Request, uses: Iterable[Use]) -> list[object]:
    return [_element(request, use) for use in uses if _is_asked(request, use)]


def _element(request: Request, use: Use) -> dict[str, Any]:
    begins = wire.midnight(use.period, request.zone)
    ends = wire.midnight(end_of_month(use.period) + timedelta(days=1), request.zone)
    return {
        "details": [_detail(line, begins, ends) for line in use.lines],
        "metadata": [{"key": "unit", "value": use.unit}, {"key": "description", "value": use.description}],
        "planCode": use.plan_code,
        "planFamily": use.meter,
        "price": wire.price(use.net_minor, use.currency),
        "quantity": wire.whole(use.quantity_e4),
        "uniqueId": None,
    }


def _detail(line: UseLine, begins: str, ends: str) -> dict[str, Any]:
    return {
        "beginDate": begins,
        "endDate": ends,
        "pricingMode": line.name,
        "quantity": wire.whole(line.quantity_e4),
    }


def _net(uses: Iterable[Use]) -> int:
    return sum(use.net_minor for use in uses)


def _price(minor: int, currency: Currency) -> dict[str, Any]:
    """Return a `me.consumption.Price`, which names its micro-cents in its own way."""
    price = wire.price(minor, currency)
    return {
        "currencyCode": currency,
        "text": price["text"],
        "value": price["value"],
        "valueInUcents": minor * ucents_per_minor(currency),
    }

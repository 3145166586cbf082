"""/service/{serviceId}/renew: for how long a service may be renewed ahead, at what price; an order of it."""

from typing import Any, Final

from acquit.actions.order_renewal import Offer, offers_in, order_renewal
from acquit.api import links, wire
from acquit.api.cart_lines import months_of
from acquit.api.refusals import BadParameter, NoSuchObject
from acquit.api.request import Handler, Request
from acquit.core.identifiers import ServiceId
from acquit.core.money import ucents_per_minor
from acquit.core.service import Service
from acquit.core.service_order import ServiceOrder
from acquit.store import services
from acquit.store.transaction import Transaction

DIGITS_MAX: Final = 18


def list_durations(request: Request) -> list[dict[str, Any]]:
    """GET /service/{serviceId}/renew: durations that are whole periods of the service, and what each costs.

    Its options are renewed with it and in the price; `includeOptions` names them too.
    """
    with request.read() as tx:
        head = _found(tx, request)
        offers = offers_in(tx, head, request.today)
    return [_offer(offer, bool(request.query["includeOptions"])) for offer in offers]


def renew(request: Request) -> object:
    """POST /service/{serviceId}/renew: an order that renews the services; with `dryRun` what it would be."""
    caller, body = request.caller, request.body
    with request.read() as tx:
        head = _found(tx, request)
    wanted = [ServiceId(each) for each in body["services"]]
    if head.service_id not in wanted:
        raise BadParameter(
            f"[services] Service {head.service_id} of the path is not among them", parameter="services"
        )
    tries = bool(body.get("dryRun"))
    made = order_renewal(
        request.context, caller.account_id, wanted, months_of(body["duration"]), by=caller.actor, tries=tries
    )
    return _order(made, request, tries)


def _found(tx: Transaction, request: Request) -> Service:
    text = request.path["serviceId"]
    is_number = text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX
    found = services.find(tx, request.caller.account_id, ServiceId(int(text))) if is_number else None
    if found is None:
        raise NoSuchObject(text)
    return found


def _offer(offer: Offer, names_options: bool) -> dict[str, Any]:
    named = [each.service for each in (offer.ahead if names_options else offer.ahead[:1])]
    currency = named[0].currency
    strategy = {
        "price": wire.price(offer.net_minor, currency),
        "priceInUcents": offer.net_minor * ucents_per_minor(currency),
        "services": [each.service_id for each in named],
        "servicesDetails": [
            {
                "serviceId": each.service_id,
                "serviceName": each.resource_name,
                "serviceType": each.route.strip("/"),
            }
            for each in named
        ],
    }
    return {"renewPeriod": wire.months(offer.months), "strategies": [strategy]}


def _order(order: ServiceOrder, request: Request, was_tried: bool) -> dict[str, Any]:
    """Return the order; one that was only tried has the number 0, no date and no page."""
    password = "" if was_tried else links.order_password(request, order.order_id)
    link = "" if was_tried else links.order_link(request, order.order_id, password)
    return {
        "date": None if was_tried else wire.instant(order.ordered_at, request.zone),
        "expirationDate": None if was_tried else wire.midnight(order.expires_on, request.zone),
        "orderId": order.order_id,
        "password": password,
        "pdfUrl": link,
        "retractionDate": None,
        "url": link,
        **wire.prices(order.net_minor, order.tax_minor, order.total_minor, order.currency),
    }


BASE: Final = "/service/{serviceId}/renew"
ROUTES: Final[dict[tuple[str, str], Handler]] = {("GET", BASE): list_durations, ("POST", BASE): renew}

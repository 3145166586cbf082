"""An order of services as a web page: what was ordered, what it costs first, and where it is."""

from dataclasses import dataclass
from datetime import date

from acquit.core.money import E4_PER_ONE
from acquit.core.service_order import OrderDetail, OrderState, ServiceOrder
from acquit.documents.letterhead import Letterhead
from acquit.documents.page import filled
from acquit.documents.wording import Wording, wording


@dataclass(frozen=True, slots=True)
class Line:
    """One part of the order, in words."""

    what: str
    when: str
    quantity: str
    price: str
    net: str


def render_service_order(order: ServiceOrder, sender: Letterhead, language: str, on: date) -> bytes:
    """Return the order as one self-contained HTML page, as it is on a day."""
    says = wording(language, order.currency)
    return filled(
        "service_order.html",
        sender,
        says.language,
        says.say("ordered.title", order=str(order.order_id)),
        says=says.say,
        currency=order.currency,
        ordered_on=says.day(order.ordered_on),
        state=_state(says, order, on),
        lines=[_line(says, detail) for detail in order.details],
        net=says.amount(order.net_minor),
        tax=says.amount(order.tax_minor),
        total=says.amount(order.total_minor),
    )


def _line(says: Wording, detail: OrderDetail) -> Line:
    return Line(
        detail.description,
        says.say(f"ordered.{detail.kind.value}"),
        says.quantity(detail.quantity * E4_PER_ONE),
        says.price(detail.unit_price_ucents),
        says.amount(detail.net_minor),
    )


def _state(says: Wording, order: ServiceOrder, on: date) -> str:
    state = order.state(on)
    if state is OrderState.DELIVERED and order.payment is not None:
        return says.say("ordered.delivered", date=says.day(order.payment.paid_on))
    return says.say(f"ordered.{state.value}", date=says.day(order.expires_on))

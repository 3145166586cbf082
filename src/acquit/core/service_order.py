"""Orders of services: what an account ordered, at which prices, and what became of it.

An order is a fact made of a cart, or of services that are to be renewed ahead. Paid, its services begin or
are renewed in the same moment; unpaid, it lapses. It is put on the payment term of its payer, or paid with
its points: the next bill run bills it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from acquit.core.errors import Conflict, Forbidden, NotFound
from acquit.core.identifiers import AccountId, OrderId, PaymentMethodId, ServiceId
from acquit.core.money import Currency, plain

DAYS_TO_PAY: Final = 15
"""How long an order may be paid at its prices."""


class NoSuchOrder(NotFound):
    """There is no such order, or it is another account's."""

    code = "no-such-order"

    def __init__(self, order_id: int) -> None:
        super().__init__(f"The requested object ({order_id}) does not exist", order=str(order_id))


class OrderLapsed(Conflict):
    """The order was not paid in time; its prices hold no more."""

    code = "order-lapsed"


class NotPayable(Forbidden):
    """The order cannot be paid with that method here."""

    code = "order-not-payable"


class NoWithdrawal(Forbidden):
    """The law lets consumers withdraw from a distance contract; businesses are bound by what they ordered.

    Source: directive 2011/83/EU, article 9; Code de la consommation, L221-18.
    """

    code = "no-right-of-withdrawal"


class OrderPriceChanged(Conflict):
    """The catalogue asks another price than the order."""

    code = "order-price-changed"


class DetailKind(StrEnum):
    """What a detail of an order charges."""

    INSTALLATION = "installation"
    PERIOD = "period"
    RENEWAL = "renewal"


class OrderState(StrEnum):
    """Where an order is."""

    OPEN = "open"
    DELIVERED = "delivered"
    LAPSED = "lapsed"


class OrderMeans(StrEnum):
    """How an order is paid."""

    TERMS = "terms"
    FREE = "free"
    POINTS = "points"


@dataclass(frozen=True, slots=True)
class OrderedLine:
    """A plan with its options; `cart_line_id` is the line of the cart that it was.

    Or, without one, the service that is renewed from `from_on` for `periods` of its own.
    """

    line_no: int
    cart_line_id: int | None
    plan_code: str
    mode: str
    months: int
    quantity: int
    options: tuple[str, ...]
    configurations: tuple[tuple[str, str], ...]
    service_id: ServiceId | None = None
    from_on: date | None = None
    periods: int = 0


@dataclass(frozen=True, slots=True)
class OrderDetail:
    """What a part of a line costs once, or for its first period; no `promotion`: the full price."""

    detail_no: int
    line_no: int
    kind: DetailKind
    plan_code: str
    mode: str
    months: int
    description: str
    quantity: int
    unit_price_ucents: int
    full_price_ucents: int
    net_minor: int
    promotion: str = ""

    @property
    def price(self) -> tuple[int, DetailKind, str, str, int, int, int]:
        """What is sold and what one costs, without how it is called."""
        return (
            self.line_no, self.kind, self.plan_code, self.mode, self.months, self.quantity,
            self.unit_price_ucents,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class OrderPayment:
    """An order was put on the payment term of its payer (`payment_method_id`), paid with points, or free."""

    means: OrderMeans
    payment_method_id: PaymentMethodId | None
    paid_on: date
    paid_at: datetime


@dataclass(frozen=True, slots=True)
class ServiceOrder:
    """An order with its lines and details; the details add up to `net_minor`."""

    account_id: AccountId
    order_id: OrderId
    cart_id: str | None
    currency: Currency
    net_minor: int
    tax_minor: int
    ordered_on: date
    expires_on: date
    ordered_at: datetime
    lines: tuple[OrderedLine, ...]
    details: tuple[OrderDetail, ...]
    payment: OrderPayment | None = None
    services: tuple[tuple[int, ServiceId], ...] = ()

    @property
    def renews(self) -> bool:
        """Whether it renews services instead of beginning some."""
        return self.cart_id is None

    @property
    def total_minor(self) -> int:
        """Net and VAT."""
        return self.net_minor + self.tax_minor

    def state(self, on: date) -> OrderState:
        """Where the order is on a day."""
        if self.payment is not None:
            return OrderState.DELIVERED
        return OrderState.OPEN if on < self.expires_on else OrderState.LAPSED


def refuse_lapsed(order: ServiceOrder, on: date) -> None:
    """Pass when the order may be paid on that day. Raises OrderLapsed."""
    if order.state(on) is OrderState.LAPSED:
        raise OrderLapsed(
            f"Order {order.order_id} was to be paid before {order.expires_on}: order again.",
            order=str(order.order_id),
        )


def refuse_other_prices(order: ServiceOrder, details: Sequence[OrderDetail]) -> None:
    """Pass when today's catalogue sells what was ordered at the ordered prices. Raises OrderPriceChanged."""
    if [detail.price for detail in details] != [detail.price for detail in order.details]:
        now = plain(sum(detail.net_minor for detail in details), order.currency)
        raise OrderPriceChanged(
            f"Order {order.order_id} was made at {plain(order.net_minor, order.currency)} {order.currency}; "
            f"the same costs {now} {order.currency} today. Nothing was done: order again.",
            order=str(order.order_id),
            now=now,
        )

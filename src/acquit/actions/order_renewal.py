"""Order that services be renewed ahead; paid, they are, and the order's periods are billed like others."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta

from acquit.actions.cart_prices import tax_minor
from acquit.actions.context import Context
from acquit.actions.loading import account_in, require_if_staff, today_of
from acquit.actions.renew_service import renew_in
from acquit.actions.serving import belonging_in
from acquit.actions.set_renewal import held
from acquit.actions.settling import hold_in
from acquit.actions.taking_changes import waiting_in
from acquit.core.account import Account, AccountState
from acquit.core.cart import Shopper
from acquit.core.identifiers import AccountId, OrderId, ServiceId
from acquit.core.operator import Right
from acquit.core.renewal_order import (
    SERVICES_MAX,
    Ahead,
    BadRenewal,
    details_of,
    durations,
    last_start,
    numbered,
    periods_of,
    refuse_not_renewable,
    refuse_renewed,
    renewed_ahead,
)
from acquit.core.service import NoSuchService, Service
from acquit.core.service_change import NotAService
from acquit.core.service_order import (
    DAYS_TO_PAY,
    OrderDetail,
    OrderedLine,
    ServiceOrder,
    refuse_other_prices,
)
from acquit.core.terms import AccountNotOpen
from acquit.store import acts, service_orders, services
from acquit.store.service_orders import Made
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Offer:
    """For so many months a service may be renewed ahead, and what each part of it then costs."""

    months: int
    ahead: tuple[Ahead, ...]

    @property
    def net_minor(self) -> int:
        """What all of it costs without VAT."""
        return sum(each.net_minor for each in self.ahead)


class _Tried(Exception):
    """Undoes the transaction of what was only tried."""


def offers_in(tx: Transaction, head: Service, today: date) -> list[Offer]:
    """Return for which durations a service may be renewed ahead today; none while it cannot be."""
    return [
        Offer(months, _ahead_in(tx, head, months // head.renewal_months, today)) for months in durations(head)
    ]


def order_renewal(
    context: Context,
    account_id: AccountId,
    service_ids: Sequence[ServiceId],
    months: int,
    *,
    by: str,
    tries: bool = False,
) -> ServiceOrder:
    """There is an order that renews these services, each with its options, for so many months.

    Nothing is renewed before it is paid; unpaid it lapses. With `tries` nothing is written, and the order has
    the number 0.

    Raises NoSuchAccount, AccountNotOpen, BadRenewal, NoSuchService, NotAService (an option without its
    service), ServiceEnded, ServiceSuspended, BadDuration.
    """
    made: ServiceOrder | None = None
    with suppress(_Tried), context.database.write() as tx:
        require_if_staff(tx, by, Right.CHANGE_SERVICES)
        account = account_in(tx, account_id)
        hold_in(tx, account.payer_id, [account_id])
        made = _order(context, tx, account, service_ids, months)
        if tries:
            raise _Tried
        made = service_orders.add(tx, made, by)
        acts.record(
            tx, by, "order_renewal", account_id, f"order:{made.order_id}", total_minor=str(made.total_minor)
        )
    assert made is not None, "what is refused raises"
    return made


def renew_ordered_in(tx: Transaction, account: Account, order: ServiceOrder, on: date, by: str) -> list[Made]:
    """Renew what a paid order renews and return which services until when.

    Raises RenewedMeanwhile, OrderPriceChanged, ServiceEnded, ServiceSuspended, CreditLimitExceeded.
    """
    made: list[Made] = []
    for line in order.lines:
        assert line.service_id is not None, "a line of such an order names a service"
        head = held(tx, account.account_id, line.service_id)
        before = {each.service_id: each.next_renewal_on for each in belonging_in(tx, head, on)}
        done = renew_in(tx, account, head, on, line.periods, by)
        for each in (done.service, *done.options):
            made.append(Made(line.line_no, each.service_id, before[each.service_id], each.next_renewal_on))
    return made


def refuse_other_renewals_in(tx: Transaction, account: Account, order: ServiceOrder, on: date) -> None:
    """Pass when the services would be renewed today for the ordered days at the ordered prices.

    Raises RenewedMeanwhile, OrderPriceChanged, ServiceEnded, ServiceSuspended.
    """
    details: list[OrderDetail] = []
    for line in order.lines:
        assert line.service_id is not None, "a line of such an order names a service"
        head = held(tx, account.account_id, line.service_id)
        refuse_not_renewable(head)
        assert line.from_on is not None, "a line of such an order begins on a day"
        refuse_renewed(head, line.from_on)
        details += details_of(line.line_no, _ahead_in(tx, head, line.periods, on))
    refuse_other_prices(order, numbered(details))


def _order(
    context: Context, tx: Transaction, account: Account, service_ids: Sequence[ServiceId], months: int
) -> ServiceOrder:
    if account.state in (AccountState.SUSPENDED, AccountState.CLOSED):
        raise AccountNotOpen(
            f"Account {account.account_id} is {account.state}: it orders nothing.", account=account.account_id
        )
    today = today_of(context, tx, account)
    details: list[OrderDetail] = []
    lines: list[OrderedLine] = []
    for line_no, head in enumerate(_heads(tx, account, service_ids), 1):
        refuse_not_renewable(head)
        periods = periods_of(head, months)
        ahead = _ahead_in(tx, head, periods, today)
        lines.append(_line(line_no, ahead, periods))
        details += details_of(line_no, ahead)
    net_minor = sum(each.net_minor for each in details)
    shopper = Shopper(account.account_id, account.legal_entity_id, account.currency)
    return ServiceOrder(
        account_id=account.account_id,
        order_id=OrderId(0),
        cart_id=None,
        currency=account.currency,
        net_minor=net_minor,
        tax_minor=tax_minor(tx, shopper, today, net_minor),
        ordered_on=today,
        expires_on=today + timedelta(days=DAYS_TO_PAY),
        ordered_at=context.clock.now(),
        lines=tuple(lines),
        details=numbered(details),
    )


def _heads(tx: Transaction, account: Account, service_ids: Sequence[ServiceId]) -> list[Service]:
    """Return the services in the order of their ids; options that are named go with theirs."""
    wanted = sorted(set(service_ids))
    if not 1 <= len(wanted) <= SERVICES_MAX:
        raise BadRenewal(f"[services] An order renews 1 to {SERVICES_MAX} services, not {len(wanted)}")
    found = services.find_several(tx, account.account_id, wanted)
    known = {each.service_id for each in found}
    for service_id in wanted:
        if service_id not in known:
            raise NoSuchService(
                f"The requested object ({service_id}) does not exist", service=str(service_id)
            )
    for each in found:
        if each.parent_service_id is not None and each.parent_service_id not in known:
            raise NotAService(
                f"{each.plan_code} is an option of service {each.parent_service_id}: renewed with that.",
                parent=str(each.parent_service_id),
            )
    return [each for each in found if each.parent_service_id is None]


def _ahead_in(tx: Transaction, head: Service, periods: int, today: date) -> tuple[Ahead, ...]:
    until_on = last_start(head, periods)
    found = []
    for each in belonging_in(tx, head, today):
        renewed = renewed_ahead(waiting_in(tx, each), until_on)
        found.append(Ahead(each, renewed.charges))
    return tuple(found)


def _line(line_no: int, ahead: Sequence[Ahead], periods: int) -> OrderedLine:
    head = ahead[0].service
    return OrderedLine(
        line_no=line_no,
        cart_line_id=None,
        plan_code=head.plan_code,
        mode=head.pricing_mode,
        months=head.renewal_months,
        quantity=max(1, head.quantity_e4 // 10_000),
        options=tuple(each.service.plan_code for each in ahead[1:]),
        configurations=(),
        service_id=head.service_id,
        from_on=head.next_renewal_on,
        periods=periods,
    )

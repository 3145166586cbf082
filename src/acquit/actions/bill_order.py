"""Bill what a paid order made, at once and on a bill of its own, in the run of the running month.

The month's run bills everything else later; what the order's bill bears is billed once like any charge.
"""

from dataclasses import replace

import psycopg

from acquit.actions.bill_page import write_page
from acquit.actions.context import Context
from acquit.actions.defer_papers import defer_papers
from acquit.actions.judging import judged
from acquit.actions.loading import account_in, entity_of, require_staff, today_of
from acquit.actions.page_deciding import Decided, decide_page
from acquit.actions.page_loading import Scope, load
from acquit.actions.run_inputs import keep_inputs
from acquit.actions.run_pages import close_run, scope_in
from acquit.core.bill_run import RunStatus, Totals, period
from acquit.core.errors import Conflict, Refusal
from acquit.core.identifiers import AccountId, BillId, OrderId, ServiceId
from acquit.core.money import Currency
from acquit.core.operator import Right
from acquit.core.service_order import NoSuchOrder, ServiceOrder
from acquit.core.snapshot import snapshot
from acquit.store import billables, bills, runs, service_orders
from acquit.store.transaction import Transaction


class OrderWaits(Conflict):
    """The order cannot be billed at once; the reason is told, and the next run looks at it again."""

    code = "order-waits"


def bill_order(context: Context, account_id: AccountId, order_id: OrderId, *, by: str) -> BillId:
    """The services that the order made are on a bill; return it, also when they were before.

    Raises NoSuchAccount, NoSuchOrder, OrderWaits (not paid, nothing to bill, held, a problem), CannotRun,
    DateBeforeSeries, StaffOnly, RoleForbids.
    """
    with context.database.read() as tx:
        require_staff(tx, by, Right.RUN_BILLS)
    return _bill(context, account_id, order_id, by)


def bill_at_once(context: Context, account_id: AccountId, order: ServiceOrder, *, by: str) -> BillId | None:
    """Bill a paid order where its seller bills orders at once; what refuses it leaves it to the next run."""
    with context.database.read() as tx:
        wants = entity_of(tx, account_in(tx, account_id)).orders_billed_at_once
    if not wants or order.payment is None:
        return None
    try:
        return _bill(context, account_id, order.order_id, by)
    except (Refusal, psycopg.Error):
        return None


def _bill(context: Context, account_id: AccountId, order_id: OrderId, by: str) -> BillId:
    with context.database.read() as tx:
        order = _paid(tx, account_id, order_id)
        billed = service_orders.first_bills(tx, account_id, [order_id]).get(order_id)
        if billed is not None:
            return billed
        scope, was_closed = _scope(context, tx, account_id, order, by)
    with context.database.write() as tx:
        run_id = runs.open_run(tx, scope.entity.legal_entity_id, str(scope.period))
        scope = replace(scope, run_id=run_id, after_page=defer_papers, keep_inputs=keep_inputs)
        bills.keep_snapshots(tx, [snapshot(scope.seller)])
        billables.lock(tx, [account_id])
        page = load(tx, scope, [account_id])
        page, decided = judged(tx, scope, page, decide_page(page, scope))
        _refuse(order, decided)
        totals: dict[Currency, Totals] = dict(write_page(tx, scope, page, decided).totals)
    if was_closed:
        close_run(context, scope, run_id, totals)
    with context.database.read() as tx:
        return service_orders.first_bills(tx, account_id, [order_id])[order_id]


def _paid(tx: Transaction, account_id: AccountId, order_id: OrderId) -> ServiceOrder:
    order = service_orders.find(tx, account_id, order_id)
    if order is None:
        raise NoSuchOrder(order_id)
    if order.payment is None:
        raise OrderWaits(f"Order {order_id} is not paid: its services have not begun.", order=str(order_id))
    return order


def _scope(
    context: Context, tx: Transaction, account_id: AccountId, order: ServiceOrder, by: str
) -> tuple[Scope, bool]:
    """Return the scope of the running month, of the order's services alone, and whether its run is closed."""
    account = account_in(tx, account_id)
    month = period(f"{today_of(context, tx, account):%Y-%m}")
    scope = scope_in(context, tx, account.legal_entity_id, month, None, by)
    run = runs.find(tx, account.legal_entity_id, str(month))
    services = frozenset(ServiceId(service_id) for _, service_id in order.services)
    return replace(scope, services=services), run is not None and run.status is RunStatus.CLOSED


def _refuse(order: ServiceOrder, decided: Decided) -> None:
    """Pass when the order becomes bills and nothing else. Raises OrderWaits; nothing is written then."""
    problems = [str(each) for said in decided.parked.values() for each in said]
    if problems:
        why = " ".join(problems)
    elif decided.holds:
        why = f"its purchase order is {decided.holds[0].reason}, and the account wants such bills held."
    elif not decided.drafts:
        why = "it costs nothing, or what comes back is more."
    else:
        return
    raise OrderWaits(
        f"Order {order.order_id} has no bill yet: {why} The next run looks at it again.",
        order=str(order.order_id),
    )

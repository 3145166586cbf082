"""`acquit order`: what accounts ordered, how it was paid and what it became."""

from datetime import date
from typing import Annotated, Any

from cyclopts import App, Parameter

from acquit.actions.bill_order import bill_order
from acquit.actions.loading import account_in, today_of
from acquit.cli.catalog import price
from acquit.cli.program import Given
from acquit.cli.screen import facts, table
from acquit.core.identifiers import AccountId, BillId, OrderId
from acquit.core.money import plain
from acquit.core.service_order import NoSuchOrder, OrderDetail, ServiceOrder
from acquit.store import service_orders

app = App(name="order", help="Orders of services: list, show, bill.")

ForAccount = Annotated[str, Parameter(name="--account", help="The account, as in ab12345-acq.")]


@app.command(name="list")
def list_(*, account: ForAccount, program: Given) -> None:
    """List the orders of services of an account."""
    account_id = AccountId(account)
    with program.open() as context, context.database.read() as tx:
        today = today_of(context, tx, account_in(tx, account_id))
        found = service_orders.every(tx, account_id)
        bills = service_orders.first_bills(tx, account_id, [order.order_id for order in found])
    documents = [_document(order, bills.get(order.order_id), today) for order in found]
    columns = ("order", "ordered_on", "state", ">net", ">total", "currency", "bill")
    program.screen.answer(
        documents,
        table(*columns, rows=[[each[name.lstrip(">")] for name in columns] for each in documents])
        if documents
        else "No order.",
    )


@app.command
def show(
    order: Annotated[int, Parameter(help="The order's number.")], /, *, account: ForAccount, program: Given
) -> None:
    """Show one order: its lines, what each part costs, the services and the bill that it became."""
    account_id = AccountId(account)
    with program.open() as context, context.database.read() as tx:
        today = today_of(context, tx, account_in(tx, account_id))
        found = service_orders.find(tx, account_id, OrderId(order))
        bills = service_orders.first_bills(tx, account_id, [order])
    if found is None:
        raise NoSuchOrder(order)
    document = _document(found, bills.get(found.order_id), today)
    shown = {name: str(value) for name, value in document.items() if value not in (None, "", [])}
    rows = [
        [each.description, each.kind.value, str(each.quantity), price(each.unit_price_ucents),
         plain(each.net_minor, found.currency)]
        for each in found.details
    ]  # fmt: skip
    program.screen.answer(
        document | {"details": [_detail(each) for each in found.details]},
        facts(**shown),
        table("what", "kind", ">quantity", ">unit price", ">net", rows=rows),
    )


@app.command
def bill(
    order: Annotated[int, Parameter(help="The order's number.")], /, *, account: ForAccount, program: Given
) -> None:
    """Bill what a paid order made at once, on a bill of its own."""
    with program.open() as context:
        bill_id = bill_order(context, AccountId(account), OrderId(order), by="cli")
    program.screen.answer({"order": order, "bill": bill_id}, f"Order {order} is on bill {bill_id}.")


def _document(order: ServiceOrder, bill_id: BillId | None, today: date) -> dict[str, Any]:
    payment = order.payment
    return {
        "order": order.order_id,
        "account": order.account_id,
        "state": order.state(today).value,
        "ordered_on": str(order.ordered_on),
        "expires_on": str(order.expires_on),
        "net": plain(order.net_minor, order.currency),
        "tax": plain(order.tax_minor, order.currency),
        "total": plain(order.total_minor, order.currency),
        "currency": order.currency,
        "paid_on": None if payment is None else str(payment.paid_on),
        "means": None if payment is None else payment.means.value,
        "services": [service_id for _, service_id in order.services],
        "bill": bill_id,
    }


def _detail(detail: OrderDetail) -> dict[str, Any]:
    return {
        "line": detail.line_no,
        "kind": detail.kind.value,
        "plan": detail.plan_code,
        "mode": detail.mode,
        "months": detail.months,
        "description": detail.description,
        "quantity": detail.quantity,
        "unit_price_ucents": detail.unit_price_ucents,
        "net_minor": detail.net_minor,
        "promotion": detail.promotion,
    }

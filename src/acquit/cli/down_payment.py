"""`acquit bills down-payment / down-payments`: ask for money before a supply, and see what became of it."""

from collections.abc import Sequence
from typing import Annotated

from cyclopts import Parameter

from acquit.actions.ask_down_payment import Wanted, ask_down_payment
from acquit.actions.context import Context
from acquit.actions.loading import account_in
from acquit.cli.program import Given
from acquit.cli.screen import facts, table
from acquit.cli.terms import ChooseOne, Operator, actor
from acquit.core.bill import Bill
from acquit.core.down_payment import For, Standing, deductible_minor
from acquit.core.identifiers import AccountId, OrderId, ServiceId
from acquit.core.money import Currency, parsed, plain, scaled
from acquit.store import down_payments, service_orders, services

Whose = Annotated[str, Parameter(help="The account, as in ab12345-acq.")]


def down_payment(
    account: Whose,
    *,
    reason: Annotated[str, Parameter(help="What it is for; it is printed.")],
    amount: Annotated[str | None, Parameter(help="Without VAT, as in 120.50.")] = None,
    percent: Annotated[
        str | None, Parameter(help="Of what the order, or a period of the service, costs, as in 30.")
    ] = None,
    order: Annotated[int | None, Parameter(help="For this order of services.")] = None,
    service: Annotated[int | None, Parameter(help="For this service.")] = None,
    days: Annotated[int | None, Parameter(help="Due so many days later; without: as the bills.")] = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """Ask for a down payment on an order, a service, or whatever the account is billed.

    A numbered paper with VAT, owed like a bill. The next bills of it deduct what is paid, at its rate of VAT.
    """
    if (amount is None) == (percent is None):
        raise ChooseOne("Write either --amount or --percent.")
    if order is not None and service is not None:
        raise ChooseOne("Choose one of --order and --service.")
    what = For(
        None if order is None else OrderId(order), None if service is None else ServiceId(service)
    )  # fmt: skip
    account_id = AccountId(account)
    with program.open() as context:
        wanted = Wanted(
            what,
            reason,
            None if amount is None else parsed(amount, _currency(context, account_id, what)),
            None if percent is None else scaled(percent, 2),
            days,
        )
        made = ask_down_payment(context, account_id, wanted, by=actor(operator))
    program.screen.answer(made, _paper(made))


def down_payments_of(account: Whose, *, program: Given) -> None:
    """List an account's down payments: what is paid, what bills deducted, what the next ones may."""
    with program.open() as context, context.database.read() as tx:
        account_in(tx, AccountId(account))
        found = down_payments.of_account(tx, AccountId(account))
    program.screen.answer([_document(each) for each in found], _table(found) if found else "No down payment.")


def became_of(context: Context, bill: Bill) -> tuple[dict[str, object], list[object]]:
    """Return how a down payment stands and what used it, as a document and as it is shown."""
    with context.database.snapshot() as tx:
        standing = down_payments.find(tx, bill.account_id, bill.bill_id)
        uses = down_payments.uses(tx, bill.account_id, bill.bill_id)
    assert standing is not None, "a bill of this kind is a down payment"
    currency, sums = standing.currency, standing.sums
    told = facts(
        asked_for=_named(standing.what) or "whatever is billed",
        paid=f"{plain(sums.paid_minor, currency)} {currency}",
        next_bills_deduct=f"{plain(deductible_minor(sums), currency)} {currency} net",
    )
    rows = [
        (each.by_bill_id, each.by_account_id, each.kind, plain(each.net_minor, currency)) for each in uses
    ]
    shown = [told, *([table("by", "account", "what", ">net", rows=rows)] if rows else [])]
    return _document(standing) | {"uses": uses}, shown


def _currency(context: Context, account_id: AccountId, what: For) -> Currency:
    """Return the currency that an amount is in: the order's, the service's, else the account's."""
    with context.database.read() as tx:
        account = account_in(tx, account_id)
        if what.order_id is not None:
            order = service_orders.find(tx, account_id, what.order_id)
            return account.currency if order is None else order.currency
        if what.service_id is not None:
            service = services.find(tx, account_id, what.service_id)
            return account.currency if service is None else service.currency
    return account.currency


def _paper(made: Bill) -> object:
    return table(
        "number", "account", "issued", "due", "order", ">net", ">VAT", ">total", "",
        rows=[
            (
                made.bill_id, made.account_id, made.issued_on, made.due_on,
                made.purchase_order_reference or "", plain(made.net_minor, made.currency),
                plain(made.tax_minor, made.currency), plain(made.total_minor, made.currency), made.currency,
            )
        ],
    )  # fmt: skip


def _table(found: Sequence[Standing]) -> object:
    rows = [
        (
            each.bill_id, each.issued_on, _named(each.what), plain(each.sums.net_minor, each.currency),
            plain(each.sums.paid_minor, each.currency), plain(each.sums.deducted_minor, each.currency),
            plain(each.sums.credited_net_minor, each.currency),
            plain(deductible_minor(each.sums), each.currency), each.currency,
        )
        for each in found
    ]  # fmt: skip
    columns = ("number", "issued", "for", ">net", ">paid", ">deducted", ">credited", ">next", "")
    return table(*columns, rows=rows)


def _named(what: For) -> str:
    if what.order_id is not None:
        return f"order {what.order_id}"
    return "" if what.service_id is None else f"service {what.service_id}"


def _document(each: Standing) -> dict[str, object]:
    sums, what = each.sums, each.what
    return {
        "number": each.bill_id,
        "account": each.account_id,
        "issued_on": str(each.issued_on),
        "order": what.order_id,
        "service": what.service_id,
        "currency": each.currency,
        "net_minor": sums.net_minor,
        "tax_minor": sums.tax_minor,
        "paid_minor": sums.paid_minor,
        "deducted_minor": sums.deducted_minor,
        "credited_minor": sums.credited_net_minor,
        "deductible_minor": deductible_minor(sums),
    }

"""`acquit purchase-order`: set, list, replace, close, raise and delete purchase orders."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from acquit.actions.change_purchase_order import (
    close_purchase_order,
    delete_purchase_order,
    raise_purchase_order,
    replace_purchase_order,
)
from acquit.actions.context import Context
from acquit.actions.import_purchase_orders import import_purchase_orders
from acquit.actions.loading import account_in, today_of
from acquit.actions.set_purchase_order import set_purchase_order
from acquit.cli.program import Given, WrongUsage
from acquit.cli.screen import table
from acquit.cli.terms import ChooseOne, Operator, actor
from acquit.core.account import NoSuchAccount
from acquit.core.errors import Conflict, Invalid
from acquit.core.identifiers import AccountId, BillingGroupId, PurchaseOrderId
from acquit.core.money import Currency, parsed, plain
from acquit.core.order_change import OrderTerms
from acquit.core.purchase_order import (
    MatchedBy,
    NoSuchPurchaseOrder,
    OrderKind,
    OrderType,
    Policy,
    PurchaseOrder,
    exhausted_on,
    used_percent,
)
from acquit.store import accounts, purchase_orders

app = App(name="purchase-order", help="Purchase orders: set, list, replace, close, raise.")

ForAccount = Annotated[str, Parameter(name="--account", help="The account, as in ab12345-acq.")]
Which = Annotated[str, Parameter(help="The order's number or its reference.")]
End = Annotated[date | None, Parameter(name="--to", help="First day not covered; open if not given.")]
SubAccounts = Annotated[
    list[str] | None,
    Parameter(help="Shares it, by name or number; several make a family.", consume_multiple=True),
]


class SeveralOrders(Conflict):
    """The account has several orders with this reference."""

    code = "several-orders"


@dataclass(frozen=True, slots=True)
class Wording:
    """What the order says besides its dates and its amount."""

    by: Annotated[MatchedBy, Parameter(help="Which day decides.")] = MatchedBy.BILL_DATE
    type: Annotated[OrderType, Parameter(help="The words before it on the bill.")] = OrderType.PURCHASE_ORDER
    group: Annotated[int | None, Parameter(help="Only for this billing group.")] = None
    cost_account: Annotated[str, Parameter(help="The buyer's own account.", show_default=False)] = ""
    succeeds: Annotated[int | None, Parameter(help="Takes over from this order when it is spent.")] = None
    description: str | None = None


@app.command(name="set")
def set_(
    *,
    account: Annotated[str | None, Parameter(help="The account, as in ab12345-acq.")] = None,
    reference: Annotated[str | None, Parameter(help="What the bill quotes.")] = None,
    from_: Annotated[date | None, Parameter(name="--from", help="First day; today if not given.")] = None,
    to: End = None,
    amount: Annotated[str | None, Parameter(help="Maximum net amount: makes it a blanket order.")] = None,
    sub_account: SubAccounts = None,
    policy: Annotated[Policy | None, Parameter(help="What bills without an order do.")] = None,
    hold_days: Annotated[int | None, Parameter(help="How long --policy hold lasts at most.")] = None,
    wording: Annotated[Wording | None, Parameter(name="*")] = None,
    file: Annotated[Path | None, Parameter(help="Set many at once from a .csv or .json file.")] = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """Set a purchase order, or all those of a file."""
    with program.open() as context:
        if file is not None:
            _refuse_both(account, reference)
            orders = import_purchase_orders(context, _content(file), _form(file), by=actor(operator))
        elif account is None or reference is None:
            raise WrongUsage("Say which order with --account and --reference, or give a --file.")
        else:
            account_id = AccountId(account)
            members = _members(context, account_id, sub_account or [])
            terms = _terms(context, account_id, reference, from_, to, amount, members, wording or Wording())
            orders = [
                set_purchase_order(
                    context, account_id, terms, by=actor(operator), policy=policy, hold_days_max=hold_days
                )
            ]
        documents = [_document(context, order) for order in orders]
    program.screen.answer(documents if file is not None else documents[0], _table(documents))


@app.command(name="list")
def list_(
    *,
    account: Annotated[
        str | None, Parameter(help="The account; all orders with a maximum if absent.")
    ] = None,
    program: Given,
) -> None:
    """List an account's orders, families that it belongs to among them, with what is left."""
    with program.open() as context:
        with context.database.read() as tx:
            if account is None:
                found = purchase_orders.with_maximum(tx)
            else:
                account_id = account_in(tx, AccountId(account)).account_id
                found = purchase_orders.concerning(tx, [account_id])
        documents = [_document(context, order) for order in found]
    program.screen.answer(documents, _table(documents) if documents else "No purchase order.")


@app.command
def replace(
    order: Which,
    /,
    *,
    account: ForAccount,
    reference: Annotated[str, Parameter(help="The new reference.")],
    from_: Annotated[date | None, Parameter(name="--from", help="First day of the new one.")] = None,
    to: End = None,
    amount: Annotated[str | None, Parameter(help="New maximum; the old one's if not given.")] = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """Close an order and open a new one of the same scope on the same day."""
    account_id = AccountId(account)
    with program.open() as context:
        currency, _ = _of_account(context, account_id)
        new = replace_purchase_order(
            context, account_id, _number(context, account_id, order), reference, by=actor(operator),
            from_on=from_, end_on=to, amount_max_minor=None if amount is None else parsed(amount, currency),
        )  # fmt: skip
        document = _document(context, new)
    program.screen.answer(document, _table([document]))


@app.command
def close(
    order: Which,
    /,
    *,
    account: ForAccount,
    on: Annotated[date | None, Parameter(help="First day not covered, today if not given.")] = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """End an order; bills that quote it stay as they are."""
    account_id = AccountId(account)
    with program.open() as context:
        number = _number(context, account_id, order)
        document = _document(
            context, close_purchase_order(context, account_id, number, by=actor(operator), end_on=on)
        )
    program.screen.answer(document, _table([document]))


@app.command(name="raise")
def raise_(
    order: Which,
    /,
    *,
    account: ForAccount,
    amount: Annotated[str, Parameter(help="The new, higher maximum.")],
    operator: Operator = None,
    program: Given,
) -> None:
    """Raise an order's maximum."""
    account_id = AccountId(account)
    with program.open() as context:
        currency, _ = _of_account(context, account_id)
        number = _number(context, account_id, order)
        maximum = parsed(amount, currency)
        document = _document(
            context, raise_purchase_order(context, account_id, number, maximum, by=actor(operator))
        )
    program.screen.answer(document, _table([document]))


@app.command
def delete(order: Which, /, *, account: ForAccount, operator: Operator = None, program: Given) -> None:
    """Take an order out of the lists; it applies to no later bill."""
    account_id = AccountId(account)
    with program.open() as context:
        number = _number(context, account_id, order)
        delete_purchase_order(context, account_id, number, by=actor(operator))
    program.screen.answer(
        {"purchase_order": number, "status": "DELETED"}, f"Purchase order {order} is deleted."
    )


def _terms(
    context: Context,
    account_id: AccountId,
    reference: str,
    from_on: date | None,
    end_on: date | None,
    amount: str | None,
    members: frozenset[AccountId],
    wording: Wording,
) -> OrderTerms:
    currency, today = _of_account(context, account_id)
    return OrderTerms(
        reference=reference,
        start_on=from_on or today,
        end_on=end_on,
        type=wording.type,
        kind=OrderKind.OPEN if amount is None else OrderKind.BLANKET,
        billing_group_id=None if wording.group is None else BillingGroupId(wording.group),
        members=members,
        matched_by=wording.by,
        amount_max_minor=None if amount is None else parsed(amount, currency),
        cost_account=wording.cost_account,
        succeeds_id=None if wording.succeeds is None else PurchaseOrderId(wording.succeeds),
        description=wording.description,
    )


def _refuse_both(account: str | None, reference: str | None) -> None:
    if account is not None or reference is not None:
        raise ChooseOne("Give --file alone: each row of the file names its account.")


def _form(file: Path) -> str:
    form = file.suffix.lower().removeprefix(".")
    if form not in ("csv", "json"):
        raise Invalid(f"{file.name} is neither .csv nor .json.")
    return form


def _content(file: Path) -> bytes:
    if not file.is_file():
        raise Invalid(f"There is no file {file}.")
    return file.read_bytes()


def _of_account(context: Context, account_id: AccountId) -> tuple[Currency, date]:
    with context.database.read() as tx:
        account = account_in(tx, account_id)
        return account.currency, today_of(context, tx, account)


def _members(context: Context, account_id: AccountId, named: list[str]) -> frozenset[AccountId]:
    """Return the sub-accounts, given by name or by number."""
    members = set()
    with context.database.read() as tx:
        account_in(tx, account_id)
        for name in named:
            found = accounts.find_sub_account(tx, account_id, int(name)) if name.isdecimal() else None
            if name.isdecimal() and found is None:
                raise NoSuchAccount(f"{account_id}, sub-account {name}")
            members.add(AccountId(name) if found is None else found.account_id)
    return frozenset(members)


def _number(context: Context, account_id: AccountId, named: str) -> PurchaseOrderId:
    """Return the account's order of that number, else of that reference."""
    with context.database.read() as tx:
        own = purchase_orders.of_account(tx, account_in(tx, account_id).account_id)
    exact = [order for order in own if str(order.purchase_order_id) == named]
    found = exact or [order for order in own if order.reference == named]
    if not found:
        raise NoSuchPurchaseOrder(named)
    if len(found) > 1:
        numbers = ", ".join(str(order.purchase_order_id) for order in found)
        raise SeveralOrders(f"Several orders have the reference {named}: say one of {numbers}.")
    return found[0].purchase_order_id


def _document(context: Context, order: PurchaseOrder) -> dict[str, Any]:
    with context.database.read() as tx:
        today = today_of(context, tx, account_in(tx, order.account_id))
        draws = purchase_orders.draws(tx, order.account_id, order.purchase_order_id)
    return {
        "purchase_order": order.purchase_order_id,
        "account": order.account_id,
        "reference": order.reference,
        "type": order.type.value,
        "kind": order.kind.value,
        "from": order.start_on,
        "to": order.end_on,
        "members": sorted(order.members),
        "billing_group": order.billing_group_id,
        "by": order.matched_by.value,
        "currency": order.currency,
        "amount_max_minor": order.amount_max_minor,
        "drawn_minor": order.drawn_minor,
        "left_minor": order.left_minor,
        "used_percent": used_percent(order),
        "exhausted_on": exhausted_on(order, draws, today),
        "succeeds": order.succeeds_id,
        "cost_account": order.cost_account,
        "active": order.active,
        "status": order.status.value,
        "description": order.description,
        "lines": len(order.lines),
    }


def _table(documents: list[dict[str, Any]]) -> object:
    return table(
        ">order", "account", "reference", "from", "to", "kind", ">maximum", ">left", ">used", "family",
        rows=[
            (
                each["purchase_order"], each["account"], each["reference"], each["from"], each["to"],
                each["kind"], _money(each, "amount_max_minor"), _money(each, "left_minor"),
                "" if each["used_percent"] is None else f"{each['used_percent']} %",
                " ".join(each["members"]),
            )
            for each in documents
        ],
    )  # fmt: skip


def _money(document: dict[str, Any], name: str) -> str:
    minor = document[name]
    return "" if minor is None else f"{plain(minor, document['currency'])} {document['currency']}"

"""`acquit discount`, `acquit minimum-spend`, `acquit credit`: what is agreed beside prices."""

from datetime import date
from typing import Annotated, Literal

from cyclopts import App, Parameter

from acquit.actions.add_credit import Credit, add_credit, credit_of
from acquit.actions.agree_discount import agree_discount, discounts_of, end_discount
from acquit.actions.agree_minimum_spend import agree_minimum_spend, end_minimum_spend, minimums_of
from acquit.actions.context import Context
from acquit.actions.loading import account_in, today_of
from acquit.actions.order_prepayment import order_prepayment, pay_prepay_order
from acquit.cli.program import Given
from acquit.cli.screen import table
from acquit.core.credit_balance import CreditLot, CreditType
from acquit.core.discount import Discount, percent
from acquit.core.identifiers import AccountId, DiscountId, MinimumSpendId, OrderId, ServiceId
from acquit.core.minimum_spend import Interval, MinimumSpend, Whose
from acquit.core.money import Currency, parsed, plain, scaled
from acquit.core.prepayment import PrepayOrder
from acquit.store import prepayments

discount = App(name="discount", help="Discounts of an account: add, list, end.")
minimum_spend = App(name="minimum-spend", help="Minimum spend: set, list, end.")
credit = App(name="credit", help="Credit that pays bills: add, order, show.")

ForAccount = Annotated[str, Parameter(name="--account", help="The account, as in ab12345-acq.")]
From = Annotated[date | None, Parameter(name="--from", help="First day, today if not given.")]
Until = Annotated[date | None, Parameter(name="--to", help="First day without it, open if not given.")]
On = Annotated[date | None, Parameter(help="First day without it, today if not given.")]
Operator = Annotated[str | None, Parameter(help="Who does it, by operator id.")]


def _actor(operator: str | None) -> str:
    return "cli" if operator is None else f"operator:{operator}"


def _of(context: Context, account_id: AccountId) -> tuple[Currency, date]:
    """Return the account's currency and its business date. Raises NoSuchAccount."""
    with context.database.read() as tx:
        account = account_in(tx, account_id)
        return account.currency, today_of(context, tx, account)


@discount.command(name="add")
def add_discount(
    *,
    account: ForAccount,
    name: Annotated[str, Parameter(help="What the bill says.")],
    percent: Annotated[str | None, Parameter(help="How much of each line, as in 12.5.")] = None,
    amount: Annotated[str | None, Parameter(help="How much per period, as in 50.00.")] = None,
    service: Annotated[int | None, Parameter(help="Only this service.")] = None,
    plan: Annotated[str | None, Parameter(help="Only services of this plan.")] = None,
    from_: From = None,
    to: Until = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """Let an account off a percentage of its lines or an amount per period."""
    account_id = AccountId(account)
    with program.open() as context:
        currency, today = _of(context, account_id)
        asked = Discount(
            account_id,
            DiscountId(0),
            name,
            from_ or today,
            currency,
            to,
            None if percent is None else scaled(percent, 2),
            None if amount is None else parsed(amount, currency),
            None if service is None else ServiceId(service),
            plan,
        )
        made = agree_discount(context, asked, by=_actor(operator))
    program.screen.answer(made, _discounts([made]))


@discount.command(name="list")
def list_discounts(account: str, *, program: Given) -> None:
    """List an account's discounts, also those that ended."""
    with program.open() as context:
        found = discounts_of(context, AccountId(account))
    program.screen.answer(found, _discounts(found))


@discount.command(name="end")
def stop_discount(
    *,
    account: ForAccount,
    discount: Annotated[int, Parameter(help="The discount's number.")],
    on: On = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """End a discount; what is billed keeps it."""
    with program.open() as context:
        ended = end_discount(
            context, AccountId(account), DiscountId(discount), by=_actor(operator), end_on=on
        )
    program.screen.answer(ended, _discounts([ended]))


def _discounts(found: list[Discount]) -> object:
    rows = [
        (
            each.discount_id, each.name,
            f"{percent(each.share_bp)} %" if each.share_bp is not None
            else f"{plain(each.amount_minor or 0, each.currency)} {each.currency} per period",
            each.plan_code or each.service_id or "all", each.from_on, each.end_on or "open",
        )
        for each in found
    ]  # fmt: skip
    return table(">", "name", ">off", "on", "from", "to", rows=rows)


@minimum_spend.command(name="set")
def set_minimum(
    *,
    account: ForAccount,
    amount: Annotated[str, Parameter(help="How much net at least, as in 5000.00.")],
    interval: Annotated[Literal["month", "quarter", "year"], Parameter(help="Counted over.")] = "month",
    family: Annotated[bool, Parameter(negative="", help="Count all that the account pays for.")] = False,
    name: Annotated[str, Parameter(help="What the bill says.")] = "Minimum spend",
    from_: From = None,
    to: Until = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """Bill what is missing of a minimum when its interval is over."""
    account_id = AccountId(account)
    with program.open() as context:
        currency, today = _of(context, account_id)
        asked = MinimumSpend(
            account_id,
            MinimumSpendId(0),
            name,
            parsed(amount, currency),
            currency,
            Interval(interval),
            Whose.PAYER if family else Whose.ACCOUNT,
            from_ or today,
            to,
        )
        made = agree_minimum_spend(context, asked, by=_actor(operator))
    program.screen.answer(made, _minimums([made]))


@minimum_spend.command(name="list")
def list_minimums(account: str, *, program: Given) -> None:
    """List an account's minimum spends, also those that ended."""
    with program.open() as context:
        found = minimums_of(context, AccountId(account))
    program.screen.answer(found, _minimums(found))


@minimum_spend.command(name="end")
def stop_minimum(
    *,
    account: ForAccount,
    minimum: Annotated[int, Parameter(help="The minimum's number.")],
    on: On = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """End a minimum spend; an interval that is not over is not counted."""
    with program.open() as context:
        ended = end_minimum_spend(
            context, AccountId(account), MinimumSpendId(minimum), by=_actor(operator), end_on=on
        )
    program.screen.answer(ended, _minimums([ended]))


def _minimums(found: list[MinimumSpend]) -> object:
    rows = [
        (
            each.minimum_spend_id, each.name, plain(each.amount_minor, each.currency), each.currency,
            each.interval.value, each.whose.value, each.from_on, each.end_on or "open",
        )
        for each in found
    ]  # fmt: skip
    return table(">", "name", ">at least", "", "per", "of", "from", "to", rows=rows)


@credit.command(name="add")
def add(
    *,
    account: ForAccount,
    amount: Annotated[str, Parameter(help="How much, as in 50.00.")],
    source: Annotated[str, Parameter(help="Why it is given, or which payment it is.")],
    type: Annotated[  # noqa: A002 - the option's name
        Literal["VOUCHER", "BONUS", "PREPAID_ACCOUNT", "DEPOSIT"], Parameter(help="What it is.")
    ] = "VOUCHER",
    deposit: Annotated[str | None, Parameter(help="The deposit that brought the money.")] = None,
    balance: Annotated[str, Parameter(help="The balance's name.")] = "credit",
    expires: Annotated[date | None, Parameter(help="First day on which it is gone.")] = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """Give a payer credit, or make credit of its unapplied money."""
    account_id = AccountId(account)
    with program.open() as context:
        currency, _ = _of(context, account_id)
        given = Credit(
            parsed(amount, currency), currency, CreditType(type), source, balance, expires, deposit
        )
        made = add_credit(context, account_id, given, by=_actor(operator))
    program.screen.answer(made, _lots([made]))


@credit.command(name="show")
def show(account: str, *, program: Given) -> None:
    """Show what is left of a payer's credit, and every movement."""
    with program.open() as context:
        lots, history = credit_of(context, AccountId(account))
    moved = [
        (
            each.movement_id, each.occurred_on, each.balance, plain(each.amount_minor, each.currency),
            each.currency, each.bill_id or each.source,
        )
        for each in history
    ]  # fmt: skip
    movements = table(">", "on", "balance", ">amount", "", "why", rows=moved)
    program.screen.answer({"lots": lots, "movements": history}, _lots(lots), movements)


@credit.command(name="order")
def order(
    *,
    account: ForAccount,
    amount: Annotated[str, Parameter(help="How much is to be prepaid, as in 500.00.")],
    operator: Operator = None,
    program: Given,
) -> None:
    """Order credit for a prepaid account: a transfer with its reference pays it by itself."""
    account_id = AccountId(account)
    with program.open() as context:
        currency, _ = _of(context, account_id)
        made = order_prepayment(context, account_id, parsed(amount, currency), by=_actor(operator))
    program.screen.answer(made, _prepay_orders([made]))


@credit.command(name="orders")
def orders(account: str, *, program: Given) -> None:
    """List the orders of credit of a payer, paid and awaited."""
    with program.open() as context, context.database.read() as tx:
        account_in(tx, AccountId(account))
        found = prepayments.every(tx, AccountId(account))
    program.screen.answer(found, _prepay_orders(found) if found else "No order.")


@credit.command(name="paid")
def paid(
    number: Annotated[int, Parameter(name="order", help="The order's number.")],
    /,
    *,
    account: ForAccount,
    deposit: Annotated[str, Parameter(help="The deposit that brought the money.")],
    operator: Operator = None,
    program: Given,
) -> None:
    """Let unapplied money that came without the reference pay an order of credit."""
    with program.open() as context:
        made = pay_prepay_order(context, AccountId(account), OrderId(number), deposit, by=_actor(operator))
    program.screen.answer(made, _lots([made]))


def _prepay_orders(found: list[PrepayOrder]) -> object:
    rows = [
        (
            each.order_id, each.ordered_at.date(), plain(each.amount_minor, each.currency), each.currency,
            each.reference, f"paid by {each.deposit_id}" if each.is_paid else "awaited",
        )
        for each in found
    ]  # fmt: skip
    return table(">order", "on", ">amount", "", "reference", "", rows=rows)


def _lots(lots: list[CreditLot]) -> object:
    rows = [
        (
            each.movement_id, each.balance, each.type.value, plain(each.left_minor, each.currency),
            each.currency, each.expires_on or "never",
        )
        for each in lots
    ]  # fmt: skip
    return table(">", "balance", "type", ">left", "", "expires", rows=rows)

"""`acquit write-off`, `acquit refund`, `acquit voucher`: what is given up, goes back, or is given."""

from datetime import date
from typing import Annotated

from cyclopts import App, Parameter

from acquit.actions.loading import account_in, today_of
from acquit.actions.redeem_voucher import is_voucher_usable, list_vouchers, make_voucher, redeem_voucher
from acquit.actions.refund_money import (
    approve_refund,
    list_refunds,
    record_refund_failed,
    record_refund_paid,
    refund_money,
    refunds_in_state,
    refuse_refund_asked,
)
from acquit.actions.write_off_debt import (
    approve_write_off,
    list_write_offs,
    refuse_write_off,
    write_off_debt,
)
from acquit.cli.account import only_legal_entity
from acquit.cli.bill_changes import credit
from acquit.cli.program import Given
from acquit.cli.receivables import Amount, ForAccount, Operator, Seller, currency_of, debt_of, minor
from acquit.cli.screen import facts, table
from acquit.cli.terms import actor
from acquit.core.identifiers import AccountId
from acquit.core.money import Currency, parsed, plain
from acquit.core.refund import Refund, RefundState
from acquit.core.voucher import Voucher
from acquit.core.write_off import WriteOff
from acquit.store import legal_entities

write_off = App(name="write-off", help="Debts that are given up.")
refund = App(name="refund", help="Money that goes back to its payer.")
voucher = App(name="voucher", help="Codes that are good for credit.")
credit_note = App(name="credit-note", help="Take bills back.")
credit_note.command(credit, name="create")

Number = Annotated[int, Parameter(help="Its number.")]
Why = Annotated[str, Parameter(help="Why; it is recorded.")]


@write_off.command(name="ask")
def ask_write_off(
    bill: Annotated[str, Parameter(help="The number of the bill.")],
    *,
    reason: Why,
    amount: Amount = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """Give up what is open of a bill; above the seller's limit a second person agrees first."""
    with program.open() as context:
        debt = debt_of(context, bill)
        found = write_off_debt(
            context, debt.account_id, debt.debt_id, reason, minor(amount, debt.currency), by=actor(operator)
        )
    program.screen.answer(found, _write_offs([found]))


@write_off.command(name="approve")
def approve_loss(number: Number, *, account: ForAccount, operator: Operator = None, program: Given) -> None:
    """Agree as a second person: the debt is given up."""
    with program.open() as context:
        found = approve_write_off(context, AccountId(account), number, by=actor(operator))
    program.screen.answer(found, _write_offs([found]))


@write_off.command(name="refuse")
def refuse_loss(
    number: Number, *, account: ForAccount, reason: Why, operator: Operator = None, program: Given
) -> None:
    """Refuse: the debt stays owed."""
    with program.open() as context:
        found = refuse_write_off(context, AccountId(account), number, reason, by=actor(operator))
    program.screen.answer(found, _write_offs([found]))


@write_off.command(name="list")
def list_losses(
    *,
    account: Annotated[str | None, Parameter(help="All of this account.")] = None,
    program: Given,
) -> None:
    """Show what waits for a second person."""
    with program.open() as context:
        found = list_write_offs(context, None if account is None else AccountId(account))
    program.screen.answer(found, _write_offs(found))


def _write_offs(found: list[WriteOff]) -> object:
    rows = [
        (
            each.write_off_id, each.account_id, each.bill_id, plain(each.amount_minor, each.currency),
            each.currency, each.decision.value, each.asked_by, each.decided_by, each.reason,
        )
        for each in found
    ]  # fmt: skip
    return table(">", "account", "bill", ">amount", "", "", "asked by", "decided by", "why", rows=rows)


@refund.command(name="ask")
def ask_refund(
    deposit: Annotated[str, Parameter(help="The deposit that brought the money.")],
    *,
    account: ForAccount,
    reason: Why,
    amount: Amount = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """Give unapplied money back; above the seller's limit a second person agrees first."""
    account_id = AccountId(account)
    with program.open() as context:
        asked = minor(amount, currency_of(context, account_id))
        found = refund_money(context, account_id, deposit, reason, asked, by=actor(operator))
    program.screen.answer(found, _refunds([found]))


@refund.command(name="approve")
def approve_one(number: Number, *, account: ForAccount, operator: Operator = None, program: Given) -> None:
    """Agree as a second person: the refund is to be paid."""
    with program.open() as context:
        found = approve_refund(context, AccountId(account), number, by=actor(operator))
    program.screen.answer(found, _refunds([found]))


@refund.command(name="refuse")
def refuse_one(
    number: Number, *, account: ForAccount, reason: Why, operator: Operator = None, program: Given
) -> None:
    """Refuse: the money stays unapplied."""
    with program.open() as context:
        found = refuse_refund_asked(context, AccountId(account), number, reason, by=actor(operator))
    program.screen.answer(found, _refunds([found]))


@refund.command(name="paid")
def paid(
    number: Number,
    *,
    account: ForAccount,
    on: Annotated[date | None, Parameter(help="When the bank paid it; today without.")] = None,
    told: Annotated[str, Parameter(help="By which file or entry.")] = "",
    operator: Operator = None,
    program: Given,
) -> None:
    """Record that the bank paid a refund."""
    account_id = AccountId(account)
    with program.open() as context:
        with context.database.read() as tx:
            today = today_of(context, tx, account_in(tx, account_id))
        found = record_refund_paid(context, account_id, number, on or today, told, by=actor(operator))
    program.screen.answer(found, _refunds([found]))


@refund.command(name="failed")
def came_back(
    number: Number,
    *,
    account: ForAccount,
    told: Annotated[str, Parameter(help="What the bank said, as in AC04.")],
    operator: Operator = None,
    program: Given,
) -> None:
    """Record that a refund was not paid, or came back: its money is unapplied again."""
    with program.open() as context:
        found = record_refund_failed(context, AccountId(account), number, told, by=actor(operator))
    program.screen.answer(found, _refunds([found]))


@refund.command(name="list")
def list_back(
    *,
    account: Annotated[str | None, Parameter(help="All of this account.")] = None,
    state: Annotated[
        RefundState, Parameter(help="Of all accounts, those in this state.")
    ] = RefundState.ASKED,
    program: Given,
) -> None:
    """Show refunds: what waits for a second person (asked), what is to be paid (approved)."""
    with program.open() as context:
        if account is None:
            found = refunds_in_state(context, state)
        else:
            found = list_refunds(context, AccountId(account))
    program.screen.answer(found, _refunds(found))


def _refunds(found: list[Refund]) -> object:
    rows = [
        (
            each.refund_id, each.account_id, each.deposit_id, plain(each.amount_minor, each.currency),
            each.currency, each.state.value, each.asked_by, each.reason,
        )
        for each in found
    ]  # fmt: skip
    return table(">", "account", "deposit", ">amount", "", "", "asked by", "why", rows=rows)


@voucher.command(name="make")
def make(
    *,
    amount: Annotated[str, Parameter(help="How much, as in 50.00.")],
    until: Annotated[date, Parameter(help="The last day on which it can be used.")],
    words: Annotated[str, Parameter(help="Why it is given; shown with the credit.")],
    code: Annotated[str | None, Parameter(help="The code; without it one is made up.")] = None,
    credit_days: Annotated[int | None, Parameter(help="How long the credit lasts.")] = None,
    uses: Annotated[int | None, Parameter(help="How many payers may use it.")] = None,
    currency: Annotated[str | None, Parameter(help="Without it the seller's.")] = None,
    legal_entity: Seller = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """Make a voucher. Its code is shown once and kept nowhere."""
    with program.open() as context:
        entity_id = only_legal_entity(context, legal_entity)
        with context.database.read() as tx:
            entity = legal_entities.find(tx, entity_id)
        counted = Currency(currency or ("EUR" if entity is None else entity.currency))
        wanted = Voucher(
            entity_id, 0, "", counted, parsed(amount, counted), until, words, credit_days, uses
        )  # fmt: skip
        made = make_voucher(context, wanted, code, by=actor(operator))
    program.screen.answer(made, facts(code=made.code), _vouchers([made.voucher]))


@voucher.command(name="list")
def list_codes(*, legal_entity: Seller = None, program: Given) -> None:
    """Show a seller's vouchers and how often each was used."""
    with program.open() as context:
        found = list_vouchers(context, only_legal_entity(context, legal_entity))
    program.screen.answer(found, _vouchers(found))


@voucher.command(name="redeem")
def redeem(code: str, *, account: ForAccount, operator: Operator = None, program: Given) -> None:
    """Make credit of a voucher for an account's payer."""
    with program.open() as context:
        found = redeem_voucher(context, AccountId(account), code, by=actor(operator))
    left = f"{plain(found.left_minor, found.currency)} {found.currency}"
    program.screen.answer(found, facts(account=found.account_id, credit=left, expires=found.expires_on))


@voucher.command(name="check")
def check(code: str, *, account: ForAccount, program: Given) -> None:
    """Tell whether an account's payer could use a code."""
    with program.open() as context:
        usable = is_voucher_usable(context, AccountId(account), code)
    program.screen.answer({"usable": usable}, "It can be used." if usable else "It cannot be used.")


def _vouchers(found: list[Voucher]) -> object:
    rows = [
        (
            each.voucher_id, f"…{each.hint}", plain(each.amount_minor, each.currency), each.currency,
            each.until_on, each.credit_days, each.uses, each.uses_max, each.words,
        )
        for each in found
    ]  # fmt: skip
    return table(">", "code", ">amount", "", "until", ">days", ">used", ">at most", "why", rows=rows)

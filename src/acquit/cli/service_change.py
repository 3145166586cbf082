"""`acquit service`: what changes a running service: plan, quantity, options, price, renewal, suspension."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from cyclopts import Parameter

from acquit.actions.change_prices import Announcement, change_price, withdraw_change
from acquit.actions.change_service import Changed, change_service
from acquit.actions.keep_service import keep_service
from acquit.actions.loading import account_in, today_of
from acquit.actions.renew_service import renew_service
from acquit.actions.set_end_rule import set_end_rule
from acquit.actions.set_renewal_day import set_renewal_day
from acquit.actions.suspend_service import restore_service, suspend_service
from acquit.cli.catalog import price
from acquit.cli.program import Given, Program, Yes
from acquit.cli.service import (
    ForAccount,
    Which,
    app,
    charge_document,
    document_of,
    number_of,
    planned_document,
    services_table,
    whole_quantity,
)
from acquit.cli.terms import ChooseOne
from acquit.core.catalogue import EndAction
from acquit.core.charge import Charge
from acquit.core.identifiers import AccountId
from acquit.core.money import plain, scaled
from acquit.core.service_change import Wanted, When

__all__ = ["app"]

Effect = Annotated[When, Parameter(name="--when", help="At once by the day, or from a renewal on.")]


@app.command(name=["change", "upgrade"])
def change(
    service: Which,
    /,
    *,
    account: ForAccount,
    plan: Annotated[str | None, Parameter(help="Another plan.")] = None,
    quantity: Annotated[str | None, Parameter(help="How many.")] = None,
    mode: Annotated[str | None, Parameter(help="Another mode: default, degressivity12 …")] = None,
    months: Annotated[int | None, Parameter(help="Period of renewal, where the mode has several.")] = None,
    add_option: Annotated[list[str] | None, Parameter(help="An add-on more; may be repeated.")] = None,
    remove_option: Annotated[list[str] | None, Parameter(help="An add-on less; may be repeated.")] = None,
    when: Effect = When.NOW,
    program: Given,
) -> None:
    """Change plan, quantity, mode or options of a service.

    At once the rest of the paid period comes back at the old price and is charged at the new one, by the
    day. An engaged service grows at once; it shrinks at-engagement.
    """
    wanted = Wanted(
        plan, None if quantity is None else whole_quantity(quantity), mode, months,
        tuple(add_option or ()), tuple(remove_option or ()), when,
    )  # fmt: skip
    _change(program, account, service, wanted)


@app.command(name="add-option")
def add_option(
    service: Which,
    option: Annotated[str, Parameter(help="The add-on's plan code.")],
    /,
    *,
    account: ForAccount,
    when: Effect = When.NOW,
    program: Given,
) -> None:
    """Add an option to a service; of an exclusive family it takes the other's place."""
    _change(program, account, service, Wanted(add=(option,), when=when))


@app.command(name="remove-option")
def remove_option(
    service: Which,
    option: Annotated[str, Parameter(help="The add-on's plan code.")],
    /,
    *,
    account: ForAccount,
    when: Effect = When.NOW,
    program: Given,
) -> None:
    """Remove an option; one that is needed is replaced by its family's default."""
    _change(program, account, service, Wanted(remove=(option,), when=when))


@app.command
def renew(
    service: Which,
    /,
    *,
    account: ForAccount,
    periods: Annotated[int, Parameter(help="How many periods ahead.")] = 1,
    program: Given,
) -> None:
    """Renew a service and its options ahead of time, at the price that is agreed for each period."""
    with program.open() as context:
        number, today = number_of(context, AccountId(account), service)
        done = renew_service(context, AccountId(account), number, periods, by="cli")
    program.screen.answer(
        document_of(done.service, today) | {"charges": [charge_document(each) for each in done.charges]},
        f"{done.service.resource_name} of {account} is renewed until {done.service.next_renewal_on}.",
        *map(told_charge, done.charges),
    )


@app.command
def suspend(
    service: Which,
    /,
    *,
    account: ForAccount,
    reason: Annotated[str, Parameter(help="Why; it is recorded.")],
    yes: Yes = False,
    program: Given,
) -> None:
    """Suspend a service and its options: they do not renew until they are restored."""
    with program.open() as context:
        number, today = number_of(context, AccountId(account), service)
        program.screen.confirm(f"Suspend service {service} of {account}?", yes)
        done = suspend_service(context, AccountId(account), number, reason, by="cli")
    program.screen.answer(document_of(done, today), f"{done.resource_name} of {account} is suspended.")


@app.command
def restore(service: Which, /, *, account: ForAccount, program: Given) -> None:
    """Restore a suspended service; after its paid period the next one begins today."""
    with program.open() as context:
        number, today = number_of(context, AccountId(account), service)
        done = restore_service(context, AccountId(account), number, by="cli")
    program.screen.answer(
        document_of(done, today),
        f"{done.resource_name} of {account} is active again and renews on {done.next_renewal_on}.",
    )


@app.command
def keep(service: Which, /, *, account: ForAccount, program: Given) -> None:
    """Take a termination back that has not happened: the service renews again."""
    with program.open() as context:
        number, today = number_of(context, AccountId(account), service)
        done = keep_service(context, AccountId(account), number, by="cli")
    program.screen.answer(
        document_of(done, today), f"{done.resource_name} of {account} goes on and renews as before."
    )


@app.command(name="change-price")
def change_price_of(
    service: Which,
    /,
    *,
    account: ForAccount,
    price_: Annotated[str, Parameter(name="--price", help="The new unit price per period, as in 95.00.")],
    from_: Annotated[date, Parameter(name="--from", help="The first renewal on or after this day.")],
    reason: Annotated[str, Parameter(help="Why; the account reads it.")] = "price change",
    program: Given,
) -> None:
    """Announce another price of one service; an engagement or a promotion runs to its end first."""
    with program.open() as context:
        number, _ = number_of(context, AccountId(account), service)
        told = change_price(
            context, AccountId(account), number, scaled(price_, 8), from_, by="cli", reason=reason
        )
    program.screen.answer(announcement_document(told), announcement_told(told))


@app.command(name="withdraw-change")
def withdraw(
    service: Which,
    change_no: Annotated[int, Parameter(help="The change's number; `service show` lists them.")],
    /,
    *,
    account: ForAccount,
    reason: Annotated[str, Parameter(help="Why; it is recorded.")],
    program: Given,
) -> None:
    """Withdraw an announced price or a planned plan before a renewal takes it."""
    with program.open() as context:
        number, _ = number_of(context, AccountId(account), service)
        withdraw_change(context, AccountId(account), number, change_no, by="cli", reason=reason)
    program.screen.answer(
        {"service": number, "change": change_no, "withdrawn": True}, f"Change {change_no} is withdrawn."
    )


@app.command(name="end-rule")
def end_rule(
    service: Which,
    rule: Annotated[EndAction, Parameter(help="What follows when the engagement ends.")],
    /,
    *,
    account: ForAccount,
    program: Given,
) -> None:
    """Choose what follows a service's engagement."""
    with program.open() as context:
        number, _ = number_of(context, AccountId(account), service)
        chosen = set_end_rule(context, AccountId(account), number, rule, by="cli")
    program.screen.answer(
        {"service": number, "end_rule": chosen.end_action, "months": chosen.months},
        f"When its engagement ends: {chosen.end_action}.",
    )


@app.command(name="renewal-day")
def renewal_day(
    *,
    account: ForAccount,
    day: Annotated[int | None, Parameter(help="Day of the month, 1 to 31.")] = None,
    off: Annotated[bool, Parameter(negative="", help="Services keep the day that they have.")] = False,
    program: Given,
) -> None:
    """Let all services of an account renew on one day of the month; the first time by the days until then."""
    if off == (day is not None):
        raise ChooseOne("Say --day DAY or --off.")
    with program.open() as context:
        with context.database.read() as tx:
            today_of(context, tx, account_in(tx, AccountId(account)))
        chosen = set_renewal_day(context, AccountId(account), by="cli", day=day, active=not off)
    program.screen.answer(
        {"account": account, "active": chosen.active, "day": chosen.day},
        f"Services of {account} renew "
        + (f"on day {chosen.day} of the month." if chosen.active else "each on its own day."),
    )


def announcement_document(told: Announcement) -> dict[str, Any]:
    """Return an announced price as a document."""
    return {
        "account": told.account_id,
        "service": told.service.service_id,
        "change": told.change.change_no,
        "plan": told.service.plan_code,
        "old_unit_price_ucents": told.service.unit_price_ucents,
        "unit_price_ucents": told.change.unit_price_ucents,
        "currency": told.service.currency,
        "not_before": told.change.not_before_on,
        "takes_effect": told.takes_effect_on,
        "reason": told.change.reason,
    }


def announcement_told(told: Announcement) -> str:
    """Return an announced price in a sentence."""
    return (
        f"{told.service.resource_name} of {told.account_id}: {price(told.change.unit_price_ucents or 0)} "
        f"{told.service.currency} instead of {price(told.service.unit_price_ucents)} from the renewal of "
        f"{told.takes_effect_on} on (change {told.change.change_no})."
    )


def _change(program: Program, account: str, service: str, wanted: Wanted) -> None:
    with program.open() as context:
        number, today = number_of(context, AccountId(account), service)
        changed = change_service(context, AccountId(account), number, wanted, by="cli")
    all_of_it: Sequence[Any] = [changed.service, *changed.options]
    program.screen.answer(
        document_of(changed.service, today) | {
            "options": [document_of(each, today) for each in changed.options],
            "effective": changed.effective_on,
            "upgrade": changed.is_upgrade,
            "charges": [charge_document(each) for each in changed.charges],
            "planned": [planned_document(each) for each in changed.planned],
        },
        services_table(all_of_it, today),
        *_sentences(changed),
    )  # fmt: skip


def _sentences(changed: Changed) -> list[str]:
    told = [told_charge(each) for each in changed.charges]
    return told or [f"It takes effect on {changed.effective_on}; nothing is charged now."]


def told_charge(charge: Charge) -> str:
    """Return a charge as a person reads it."""
    verb = "Comes back" if charge.net_minor < 0 else "Charged"
    return f"{verb}: {charge.description}, {plain(abs(charge.net_minor), charge.currency)} {charge.currency}."

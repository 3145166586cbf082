"""`acquit service`: subscribe plans for accounts, list and end services."""

from datetime import date
from typing import Annotated

from cyclopts import App, Parameter

from acquit.actions.loading import account_in, today_of
from acquit.actions.subscribe_service import subscribe_service
from acquit.actions.terminate_service import terminate_service
from acquit.cli.catalog import price
from acquit.cli.program import Given, Yes
from acquit.cli.screen import facts, table
from acquit.core.identifiers import AccountId, BillingGroupId, ServiceId
from acquit.core.money import E4_PER_ONE
from acquit.core.service import Ending, Service
from acquit.core.subscription import DEFAULT_MODE, Wish
from acquit.store import services

app = App(name="service", help="Services of accounts: subscribe, list, end.")


@app.command
def subscribe(
    plan: str,
    /,
    *,
    account: str,
    quantity: int = 1,
    mode: str = DEFAULT_MODE,
    months: int | None = None,
    option: Annotated[tuple[str, ...], Parameter(name="--option")] = (),
    name: str = "",
    start: date | None = None,
    billing_group: int | None = None,
    program: Given,
) -> None:
    """Subscribe a plan of the catalogue for an account.

    Parameters
    ----------
    plan
        The plan code; `acquit catalog show` lists them.
    account
        The account, like ab12345-acq.
    quantity
        How many.
    mode
        How it is paid: default, degressivity12, upfront12 …
    months
        Period of renewal, where the mode has several.
    option
        An add-on; may be repeated. Defaults of needed families are added.
    name
        Name of the service [made from the plan].
    start
        First day [today].
    billing_group
        Billing group of the account.
    """
    account_id = AccountId(account)
    with program.open() as context:
        with context.database.read() as tx:
            today = today_of(context, tx, account_in(tx, account_id))
        group = None if billing_group is None else BillingGroupId(billing_group)
        wish = Wish(plan, start or today, quantity, mode, months, option, name, group)
        found = subscribe_service(context, account_id, wish, by="cli")
    program.screen.answer(
        {"service": found.service, "options": found.options, "charges": found.charges},
        _table([found.service, *found.options]),
        *(f"Charged once: {charge.description}." for charge in found.charges),
    )


@app.command(name="list")
def list_services(*, account: str, program: Given) -> None:
    """List the services of an account.

    Parameters
    ----------
    account
        The account, like ab12345-acq.
    """
    account_id = AccountId(account)
    with program.open() as context, context.database.read() as tx:
        today = today_of(context, tx, account_in(tx, account_id))
        found = services.of_account(tx, account_id)
    rows = [{"service": each, "status": each.status(today), "renewal": each.renewal_type} for each in found]
    program.screen.answer({"services": rows}, _table(found, today))


@app.command
def terminate(
    service: int,
    /,
    *,
    account: str,
    ending: Ending = Ending.AT_RENEWAL,
    reason: str = "",
    yes: Yes = False,
    program: Given,
) -> None:
    """End a service and its options.

    Parameters
    ----------
    service
        The number of the service.
    account
        The account, like ab12345-acq.
    ending
        now, at-renewal (when the paid period is over) or at-engagement.
    reason
        Recorded with the act.
    yes
        Do not ask.
    """
    program.screen.confirm(f"End service {service} of {account} ({ending})?", yes)
    with program.open() as context:
        ended = terminate_service(
            context, AccountId(account), ServiceId(service), ending, by="cli", reason=reason
        )
    program.screen.answer(
        ended, facts(service=ended.resource_name, state=ended.state, gone_on=ended.terminated_on)
    )


def _table(found: list[Service], today: date | None = None) -> object:
    return table(
        "service", "name", "plan", ">quantity", ">price", "every", "renews on", "renewal", "status",
        rows=[
            (each.service_id, each.resource_name, each.plan_code, each.quantity_e4 // E4_PER_ONE,
             price(each.unit_price_ucents), f"{each.renewal_months} months", each.next_renewal_on,
             each.renewal_type, each.status(today) if today else each.state)
            for each in found
        ],
    )  # fmt: skip

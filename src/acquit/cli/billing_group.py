"""`acquit billing-group`: services of an account that are billed apart from its others."""

from collections.abc import Sequence
from typing import Annotated

from cyclopts import App, Parameter

from acquit.actions.context import Context
from acquit.actions.group_services import (
    create_billing_group,
    delete_billing_group,
    group_service,
    groups_of,
    rename_billing_group,
    ungroup_service,
)
from acquit.cli.program import Given, Program
from acquit.cli.screen import table
from acquit.cli.service import number_of
from acquit.core.identifiers import AccountId, BillingGroupId
from acquit.store.billing_groups import BillingGroup

app = App(name="billing-group", help="Services that are billed apart: create, list, fill.")

ForAccount = Annotated[str, Parameter(name="--account", help="The account, as in ab12345-acq.")]
Which = Annotated[int, Parameter(help="The group's number; `billing-group list` tells it.")]
Service = Annotated[str, Parameter(help="The service's number or its resource's name.")]


@app.command
def create(name: str, /, *, account: ForAccount, program: Given) -> None:
    """Create a group; its services have a bill of their own from the next run on."""
    with program.open() as context:
        create_billing_group(context, AccountId(account), name, by="cli")
        _tell(context, program, account)


@app.command(name="list")
def list_(*, account: ForAccount, program: Given) -> None:
    """List the groups of an account with the services that are in them."""
    with program.open() as context:
        _tell(context, program, account)


@app.command
def rename(group: Which, name: str, /, *, account: ForAccount, program: Given) -> None:
    """Give a group another name."""
    with program.open() as context:
        rename_billing_group(context, AccountId(account), BillingGroupId(group), name, by="cli")
        _tell(context, program, account)


@app.command
def delete(group: Which, /, *, account: ForAccount, program: Given) -> None:
    """Delete a group; its services are billed with the account's others again."""
    with program.open() as context:
        delete_billing_group(context, AccountId(account), BillingGroupId(group), by="cli")
        _tell(context, program, account)


@app.command
def add(group: Which, service: Service, /, *, account: ForAccount, program: Given) -> None:
    """Put a service with its options into a group."""
    account_id = AccountId(account)
    with program.open() as context:
        number, _ = number_of(context, account_id, service)
        group_service(context, account_id, BillingGroupId(group), number, by="cli")
        _tell(context, program, account)


@app.command
def remove(group: Which, service: Service, /, *, account: ForAccount, program: Given) -> None:
    """Take a service with its options out of a group."""
    account_id = AccountId(account)
    with program.open() as context:
        number, _ = number_of(context, account_id, service)
        ungroup_service(context, account_id, BillingGroupId(group), number, by="cli")
        _tell(context, program, account)


def _tell(context: Context, program: Program, account: str) -> None:
    found = groups_of(context, AccountId(account))
    program.screen.answer(
        [
            {"billing_group": group.billing_group_id, "name": group.name, "services": list(service_ids)}
            for group, service_ids in found
        ],
        _table(found) if found else "No billing group.",
    )


def _table(found: Sequence[tuple[BillingGroup, Sequence[int]]]) -> object:
    rows = [
        (group.billing_group_id, group.name, " ".join(map(str, service_ids)) or "none")
        for group, service_ids in found
    ]
    return table("group", "name", "services", rows=rows)

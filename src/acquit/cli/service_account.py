"""`acquit service-account`: programs that sign in as themselves, and their rights."""

from typing import Annotated, Any, Final

from cyclopts import App, Parameter

from acquit.actions.change_service_account import (
    create_service_account,
    give_rights,
    remove_service_account,
    take_rights,
)
from acquit.actions.loading import account_in
from acquit.cli.program import Given, Yes
from acquit.cli.screen import facts, table
from acquit.core.identifiers import AccountId
from acquit.core.service_account import NoSuchServiceAccount, ServiceAccount
from acquit.store import service_accounts
from acquit.store.selection import keys

KEEP: Final = "Keep the secret now: it is not shown again. It has no right yet: service-account allow."

app = App(name="service-account", help="Programs that sign in as themselves (OAuth2): create, allow, delete.")

ForAccount = Annotated[str, Parameter(name="--account", help="The account, as in ab12345-acq.")]
Named = Annotated[str, Parameter(help="Its id, as `service-account list` shows it.")]
Actions = Annotated[
    list[str],
    Parameter(help="An action, as in account:apiovh:me/bill/get; * stands for anything; may be repeated."),
]


@app.command
def create(
    *,
    account: ForAccount,
    name: Annotated[str, Parameter(help="What the program is called.")],
    description: Annotated[str, Parameter(help="What it does.", show_default=False)] = "",
    program: Given,
) -> None:
    """Make a service account and show its id and secret, once."""
    account_id = AccountId(account)
    with program.open() as context:
        with context.database.read() as tx:
            account_in(tx, account_id)
        made = create_service_account(context, account_id, name, description, by="cli")
    shown = {"service_account": made.service_account_id, "secret": made.secret}
    program.screen.answer(shown, facts(**shown))
    program.screen.say(KEEP)


@app.command(name="list")
def list_(*, account: ForAccount, program: Given) -> None:
    """List the service accounts of an account with their rights, without their secrets."""
    account_id = AccountId(account)
    with program.open() as context, context.database.read() as tx:
        account_in(tx, account_id)
        ids = keys(tx, service_accounts.of_account(account_id))
        found = service_accounts.find_many(tx, account_id, ids)
    document = [_document(each) for each in sorted(found, key=lambda each: each.created_at)]
    rows = [(each["service_account"], each["name"], "\n".join(each["rights"]) or "none") for each in document]
    program.screen.answer(
        document, table("id", "name", "rights", rows=rows) if rows else "No service account."
    )


@app.command
def allow(service_account: Named, /, *, account: ForAccount, action: Actions, program: Given) -> None:
    """Let a service account carry out more actions, from now on."""
    with program.open() as context:
        changed = give_rights(context, AccountId(account), service_account, action, by="cli")
    _say(program, changed)


@app.command
def deny(service_account: Named, /, *, account: ForAccount, action: Actions, program: Given) -> None:
    """Take rights away, as `service-account list` shows them; at once."""
    with program.open() as context:
        changed = take_rights(context, AccountId(account), service_account, action, by="cli")
    _say(program, changed)


@app.command
def delete(service_account: Named, /, *, account: ForAccount, yes: Yes = False, program: Given) -> None:
    """Delete a service account; its tokens open nothing any more.

    Parameters
    ----------
    yes
        Do not ask.
    """
    account_id = AccountId(account)
    with program.open() as context:
        with context.database.read() as tx:
            if service_accounts.find(tx, account_id, service_account) is None:
                raise NoSuchServiceAccount(service_account)
        program.screen.confirm(f"Delete service account {service_account} of {account}?", yes)
        remove_service_account(context, account_id, service_account, by="cli")
    program.screen.answer(
        {"service_account": service_account, "account": account, "status": "deleted"},
        f"Service account {service_account} of {account} is deleted.",
    )


def _say(program: Given, changed: ServiceAccount) -> None:
    document = _document(changed)
    program.screen.answer(document, facts(**{**document, "rights": "\n".join(changed.actions) or "none"}))


def _document(found: ServiceAccount) -> dict[str, Any]:
    return {
        "service_account": found.service_account_id,
        "account": found.account_id,
        "name": found.name,
        "description": found.description,
        "rights": list(found.actions),
    }

"""`acquit application`: programs that call the API."""

from typing import Annotated, Any, Final

from cyclopts import App, Parameter

from acquit.actions.create_application import create_application
from acquit.actions.loading import account_in
from acquit.actions.revoke_access import revoke_application
from acquit.cli.program import Given, Yes
from acquit.cli.screen import facts, table
from acquit.core.access import Application
from acquit.core.errors import NotFound
from acquit.core.identifiers import AccountId, ApplicationId
from acquit.store import access
from acquit.store.selection import keys
from acquit.store.transaction import Transaction

KEEP: Final = "Keep the secret now: it is not shown again."
NUMBER_DIGITS_MAX: Final = 15

app = App(name="application", help="Programs that call the API: create, list, delete.")

ForAccount = Annotated[str, Parameter(name="--account", help="The account, as in ab12345-acq.")]


class NoSuchApplication(NotFound):
    """No application has that key or number."""

    code = "no-such-application"


@app.command
def create(
    *,
    account: ForAccount,
    name: Annotated[str, Parameter(help="What the program is called.")] = "Application",
    description: Annotated[str, Parameter(help="What it does.", show_default=False)] = "",
    program: Given,
) -> None:
    """Register a program of an account and show its key and secret, once."""
    account_id = AccountId(account)
    with program.open() as context:
        with context.database.read() as tx:
            account_in(tx, account_id)
        made = create_application(context, account_id, name, description, by="cli")
    shown = _document(made.application) | {"application_secret": made.secret}
    program.screen.answer(shown, facts(**{key: value for key, value in shown.items() if value != ""}))
    program.screen.say(KEEP)


@app.command(name="list")
def list_(*, account: ForAccount, program: Given) -> None:
    """List the programs of an account, without their secrets."""
    account_id = AccountId(account)
    with program.open() as context, context.database.read() as tx:
        account_in(tx, account_id)
        numbers = keys(tx, access.applications_of(account_id))
        document = [_document(each) for each in access.find_applications(tx, account_id, numbers)]
    rows = [(each["application"], each["application_key"], each["name"], each["status"]) for each in document]
    program.screen.answer(
        document, table(">number", "key", "name", "status", rows=rows) if rows else "No application."
    )


@app.command
def delete(
    application: Annotated[str, Parameter(help="Its key or its number.")],
    /,
    *,
    yes: Yes = False,
    program: Given,
) -> None:
    """Delete a program; every consumer key that it was given stops working.

    Parameters
    ----------
    yes
        Do not ask.
    """
    with program.open() as context:
        with context.database.read() as tx:
            found = application_of(tx, application)
        program.screen.confirm(
            f"Delete {found.name} of {found.account_id} and every consumer key given to it?", yes
        )
        revoke_application(context, found.account_id, found.application_id, by="cli")
    program.screen.answer(
        _document(found) | {"status": "deleted"}, f"Application {found.application_key} is deleted."
    )


def application_of(tx: Transaction, named: str) -> Application:
    """Return the application that has the key, else the number. Raises NoSuchApplication."""
    found = access.find_application_by_key(tx, named)
    if found is None and named.isascii() and named.isdigit() and len(named) <= NUMBER_DIGITS_MAX:
        found = access.find_application(tx, ApplicationId(int(named)))
    if found is None:
        raise NoSuchApplication(
            f"There is no application {named}: acquit application list --account … shows an account's.",
            application=named,
        )
    return found


def _document(application: Application) -> dict[str, Any]:
    return {
        "application": application.application_id,
        "application_key": application.application_key,
        "account": application.account_id,
        "name": application.name,
        "description": application.description,
        "status": application.status,
    }

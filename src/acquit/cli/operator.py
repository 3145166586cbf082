"""`acquit operator`: the provider's staff, who log in to the office."""

import secrets
from typing import Annotated, Any, Final

from cyclopts import App, Parameter

from acquit.actions.add_operator import add_operator, create_operator_token
from acquit.actions.passwords import WeakPassword
from acquit.cli.program import Given, Yes
from acquit.cli.screen import Screen, facts, table
from acquit.core.identifiers import OperatorId
from acquit.core.operator import Operator, Role
from acquit.store import operators

KEEP: Final = "Keep it now: it is not shown again."

app = App(name="operator", help="The provider's staff: add, list, give tokens.")


@app.command
def add(
    operator: str,
    /,
    *,
    name: Annotated[str, Parameter(help="The person's name.")],
    role: Annotated[Role, Parameter(help="What the operator does for a living.")],
    email: Annotated[str, Parameter(help="Where to write to.", show_default=False)] = "",
    token: Annotated[bool, Parameter(help="Also make a bearer token for the office's JSON doors.")] = False,
    password_from_pipe: Annotated[
        bool, Parameter(help="Read the password from standard input instead of making one.")
    ] = False,
    program: Given,
) -> None:
    """Add an operator; the password is asked, or made and shown once where nobody can answer.

    Parameters
    ----------
    operator
        The login, as in anna.
    """
    screen = program.screen
    password = _password(screen, operator, password_from_pipe)
    made = "" if password else secrets.token_urlsafe(18)
    with program.open() as context:
        added = add_operator(context, operator, name, role, password or made, by="cli", email=email)
        bearer = create_operator_token(context, operator, by="cli") if token else ""
    once = {key: value for key, value in (("password", made), ("token", bearer)) if value}
    shown = _document(added) | once
    screen.answer(shown, facts(**{key: value for key, value in shown.items() if value != ""}))
    if once:
        screen.say(KEEP)


@app.command(name="list")
def list_(*, program: Given) -> None:
    """List the operators."""
    with program.open() as context, context.database.read() as tx:
        document = [_document(each) for each in operators.every(tx)]
    rows = [
        (each["operator"], each["name"], each["role"], "" if each["active"] else "not active")
        for each in document
    ]
    program.screen.answer(
        document, table("operator", "name", "role", "", rows=rows) if rows else "No operator."
    )


@app.command
def token(operator: str, /, *, yes: Yes = False, program: Given) -> None:
    """Make a new bearer token for the office's JSON doors; the former one stops working.

    Parameters
    ----------
    operator
        The login, as in anna.
    yes
        Do not ask.
    """
    with program.open() as context:
        with context.database.read() as tx:
            held = operators.has_token(tx, OperatorId(operator))
        if held:
            program.screen.confirm(f"Make a new token for {operator}? The former one stops working.", yes)
        made = create_operator_token(context, operator, by="cli")
    program.screen.answer({"operator": operator, "token": made}, made)
    program.screen.say(KEEP)


def _password(screen: Screen, operator: str, from_pipe: bool) -> str:
    """Return the password that was typed or piped; empty to have one made."""
    if from_pipe:
        piped = screen.ask_secret(f"Password of {operator}")
        if not piped:
            raise WeakPassword(
                "Standard input ended without a password: pipe one line, or leave the option out."
            )
        return piped
    if not screen.is_attended:
        return ""
    first = screen.ask_secret(f"Password of {operator} (empty: one is made)")
    if first and screen.ask_secret("Once more") != first:
        raise WeakPassword("The two passwords differ: nothing was added.")
    return first


def _document(operator: Operator) -> dict[str, Any]:
    return {
        "operator": operator.operator_id,
        "name": operator.name,
        "email": operator.email,
        "role": operator.role.value,
        "active": operator.active,
    }

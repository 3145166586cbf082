"""`acquit operator`: the provider's staff, who log in to the office."""

import secrets
from typing import Annotated, Any, Final

from cyclopts import App, Parameter

from acquit.actions.add_operator import add_operator, create_operator_token
from acquit.actions.change_operator import change_operator
from acquit.actions.change_operator_factor import confirm_device, enrol_device, reset_factor
from acquit.actions.end_sessions import end_operator_sessions
from acquit.actions.passwords import WeakPassword
from acquit.cli.program import Given, WrongUsage, Yes
from acquit.cli.screen import Screen, facts, table
from acquit.core.identifiers import OperatorId
from acquit.core.operator import Operator, Role
from acquit.core.session import OpenSession
from acquit.store import operator_factors, operators, sessions

KEEP: Final = "Keep it now: it is not shown again."

app = App(name="operator", help="The provider's staff: add, change, list; tokens, second factors, sessions.")


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
        devices = operator_factors.every(tx)
        coded = {each.operator_id for each in devices.values() if each.confirmed}
        document = [
            _document(each) | {"second_factor": each.operator_id in coded} for each in operators.every(tx)
        ]
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


@app.command
def change(
    operator: str,
    /,
    *,
    role: Annotated[Role | None, Parameter(help="What the operator does from now on.")] = None,
    shut_out: Annotated[
        bool, Parameter(negative="", help="May not sign in any more; the token is gone too.")
    ] = False,
    let_in: Annotated[bool, Parameter(negative="", help="May sign in again.")] = False,
    program: Given,
) -> None:
    """Change the role of an operator, shut one out or let one in again; its sessions end.

    Parameters
    ----------
    operator
        The login, as in anna.
    """
    if shut_out and let_in:
        raise WrongUsage("Choose one of --shut-out and --let-in.")
    active = let_in if shut_out or let_in else None
    with program.open() as context:
        changed = change_operator(context, OperatorId(operator), role=role, active=active, by="cli")
    document = _document(changed)
    program.screen.answer(document, facts(**{key: value for key, value in document.items() if value != ""}))


@app.command(name="set-up-device")
def set_up_device(operator: str, /, *, program: Given) -> None:
    """Give an operator a device that makes codes; confirm it with a first code.

    Parameters
    ----------
    operator
        The login, as in anna.
    """
    with program.open() as context:
        made = enrol_device(context, OperatorId(operator), by="cli")
    document = {"operator": operator, "secret": made.secret, "link": made.link}
    program.screen.answer(document, facts(**document))
    program.screen.say(f"Next: acquit operator confirm-device {operator} CODE")


@app.command(name="confirm-device")
def confirm(operator: str, code: str, /, *, program: Given) -> None:
    """Confirm an operator's device by a code of it; backup codes are shown once, all sessions end.

    Parameters
    ----------
    operator
        The login, as in anna.
    code
        The six digits that the device shows.
    """
    with program.open() as context:
        codes = confirm_device(context, OperatorId(operator), code, address="cli", keep=0, by="cli")
    program.screen.answer({"operator": operator, "backup_codes": codes}, "\n".join(codes))
    program.screen.say(KEEP)


@app.command(name="reset-second-factor")
def reset(operator: str, /, *, yes: Yes = False, program: Given) -> None:
    """Take an operator's device and backup codes away: the password alone signs in again.

    Parameters
    ----------
    operator
        The login, as in anna.
    yes
        Do not ask.
    """
    program.screen.confirm(f"Take the second factor of {operator} away, and end all sessions?", yes)
    with program.open() as context:
        ended = reset_factor(context, OperatorId(operator), by="cli")
    program.screen.answer({"operator": operator, "sessions_ended": ended}, f"{ended} sessions ended.")


@app.command(name="sessions")
def list_sessions(operator: str, /, *, program: Given) -> None:
    """List where an operator is signed in.

    Parameters
    ----------
    operator
        The login, as in anna.
    """
    with program.open() as context, context.database.read() as tx:
        document = [_session(each) for each in sessions.live_of_operator(tx, OperatorId(operator))]
    rows = [tuple(str(text) for text in each.values()) for each in document]
    shown = table("session", "address", "browser", "means", "since", "until", rows=rows)
    program.screen.answer(document, shown if rows else f"{operator} is not signed in.")


@app.command(name="end-sessions")
def end_sessions(operator: str, /, *, program: Given) -> None:
    """End every session of an operator.

    Parameters
    ----------
    operator
        The login, as in anna.
    """
    with program.open() as context:
        ended = end_operator_sessions(context, OperatorId(operator), by="cli")
    program.screen.answer({"operator": operator, "sessions_ended": ended}, f"{ended} sessions ended.")


def _session(each: OpenSession) -> dict[str, Any]:
    return {
        "session": each.session_no,
        "address": each.opened.address,
        "browser": each.opened.browser,
        "means": each.opened.means.value,
        "since": each.created_at.isoformat(timespec="seconds"),
        "until": each.expires_at.isoformat(timespec="seconds"),
    }


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

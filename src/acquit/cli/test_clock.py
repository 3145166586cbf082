"""`acquit test-clock`: the business date of a sandbox, moved by hand."""

from datetime import date
from typing import Annotated

from cyclopts import App, Parameter

from acquit.actions.move_test_clock import (
    SandboxClock,
    advance_test_clock,
    set_test_clock,
    show_test_clock,
)
from acquit.cli.program import Given
from acquit.cli.screen import Screen, facts
from acquit.cli.terms import Operator, actor
from acquit.core.identifiers import AccountId

app = App(name="test-clock", help="The clock of a sandbox: show, advance, set.")

ForAccount = Annotated[str, Parameter(name="--account", help="An account of the sandbox.")]


@app.command
def show(*, account: ForAccount, program: Given) -> None:
    """Show where the clock of a sandbox stands, and which accounts share it."""
    with program.open() as context:
        _answer(program.screen, show_test_clock(context, AccountId(account)))


@app.command
def advance(
    *,
    account: ForAccount,
    to: Annotated[date, Parameter(help="The day to stop at.")],
    operator: Operator = None,
    program: Given,
) -> int:
    """Let the days of a sandbox pass: terms begin and end, each month is billed on its first day.

    Exits 1 while an account of it is parked.
    """
    screen, account_id = program.screen, AccountId(account)
    with program.open() as context:
        days = max((to - show_test_clock(context, account_id).today).days, 0)
        with screen.progress(f"Days of {account}", days) as tell:
            went = advance_test_clock(context, account_id, to, by=actor(operator), progress=tell)
    if went.parked:
        screen.warn(f"{went.parked} parked: acquit bills show names them by period.")
    shown = facts(
        account=went.account, came_from=went.from_on, today=went.today, days=went.days, bills=went.bills
    )
    screen.answer(went, shown)
    return 1 if went.parked else 0


@app.command(name="set")
def set_(
    *,
    account: ForAccount,
    to: Annotated[date, Parameter(help="The day, today or later.")],
    operator: Operator = None,
    program: Given,
) -> None:
    """Set the clock of a sandbox forward without doing what lies between; the next run catches up."""
    with program.open() as context:
        _answer(program.screen, set_test_clock(context, AccountId(account), to, by=actor(operator)))


def _answer(screen: Screen, clock: SandboxClock) -> None:
    shown = facts(
        account=clock.account,
        seller=clock.legal_entity,
        today=clock.today,
        accounts=", ".join(clock.accounts),
    )
    screen.answer(clock, shown)

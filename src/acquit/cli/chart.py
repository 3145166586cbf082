"""`acquit chart`: which ledger account plays which role in the books."""

from typing import Annotated

from cyclopts import App, Parameter

from acquit.actions.change_chart import chart_of, set_ledger
from acquit.cli.program import Given
from acquit.cli.screen import table
from acquit.core.identifiers import LegalEntityId
from acquit.core.set_up import LedgerAccount

app = App(name="chart", help="Chart of accounts: show, set.")

ForEntity = Annotated[str, Parameter(name="--legal-entity", help="The seller.")]


@app.command
def show(*, legal_entity: ForEntity = "FR", program: Given) -> None:
    """Show the ledger accounts of a legal entity with the role that each plays."""
    with program.open() as context:
        chart = chart_of(context, LegalEntityId(legal_entity))
    _answer(program, chart)


@app.command(name="set")
def set_(
    *,
    role: Annotated[str, Parameter(help="What the ledger account is for, as acquit chart show names it.")],
    number: Annotated[str, Parameter(help="Its number, as in 706100.")],
    name: Annotated[str, Parameter(help="Its name; without one it keeps the one it has.")] = "",
    legal_entity: ForEntity = "FR",
    operator: Annotated[str | None, Parameter(help="Who does it, by operator id.")] = None,
    program: Given,
) -> None:
    """Let another ledger account play a role, as long as nothing was posted on the present one."""
    by = "cli" if operator is None else f"operator:{operator}"
    with program.open() as context:
        chart = set_ledger(context, LegalEntityId(legal_entity), role, number, name, by=by)
    _answer(program, chart)


def _answer(program: Given, chart: dict[str, LedgerAccount]) -> None:
    document = [
        {"role": role, "number": ledger.number, "name": ledger.name} for role, ledger in chart.items()
    ]
    rows = [(each["number"], each["name"], each["role"]) for each in document]
    program.screen.answer(document, table("number", "name", "role", rows=rows))

"""`acquit period`: the months of the books: close, reopen, list; spread and accrue revenue."""

from typing import Annotated

from cyclopts import App, Parameter

from acquit.actions.accrue_revenue import accrue_revenue
from acquit.actions.close_period import close_period, period_acts, reopen_period, seal_year
from acquit.actions.defer_revenue import defer_revenue
from acquit.cli.program import Given
from acquit.cli.screen import facts, table
from acquit.core.identifiers import LegalEntityId
from acquit.core.period import PeriodAct, state_of

app = App(name="period", help="Months of the books: close, reopen, list.")

ForEntity = Annotated[str, Parameter(name="--legal-entity", help="The seller.")]
Month = Annotated[str, Parameter(name="--period", help="The month, as in 2026-11.")]
Operator = Annotated[str | None, Parameter(help="Who does it, by operator id.")]


def _actor(operator: str | None) -> str:
    return "cli" if operator is None else f"operator:{operator}"


@app.command
def close(
    *,
    period: Annotated[str, Parameter(help="The month, as in 2026-11; a year, as in 2026, is sealed.")],
    legal_entity: ForEntity = "FR",
    despite_suspense: Annotated[
        str, Parameter(help="Why money of unknown payers may wait on the suspense account.")
    ] = "",
    operator: Operator = None,
    program: Given,
) -> None:
    """Close a month: its revenue is spread and accrued, the audit passes, it takes no entry any more."""
    entity_id, by = LegalEntityId(legal_entity), _actor(operator)
    with program.open() as context, program.screen.progress("Audit") as advance:
        if len(period) == 4 and period.isdigit():
            act = seal_year(context, entity_id, int(period), by=by)
        else:
            act = close_period(
                context,
                entity_id,
                period,
                despite_suspense=despite_suspense,
                progress=lambda _name: advance(1),
                by=by,
            )
    _answer(program, act)


@app.command
def reopen(
    *,
    period: Month,
    reason: Annotated[str, Parameter(help="Why; an auditor will read it.")],
    legal_entity: ForEntity = "FR",
    yes: Annotated[bool, Parameter(name="--yes", negative="", help="Do not ask.")] = False,
    operator: Operator = None,
    program: Given,
) -> None:
    """Open the last closed month again, unless its year is sealed."""
    program.screen.confirm(f"{period} was closed, perhaps declared. Open it again?", yes)
    with program.open() as context:
        act = reopen_period(context, LegalEntityId(legal_entity), period, reason, by=_actor(operator))
    _answer(program, act)


@app.command
def defer(
    *, period: Month, legal_entity: ForEntity = "FR", operator: Operator = None, program: Given
) -> None:
    """Spread the revenue of a month that is over: what is billed for later days waits."""
    with program.open() as context:
        made = defer_revenue(context, LegalEntityId(legal_entity), period, by=_actor(operator))
    program.screen.answer(
        made,
        facts(
            period=made.period, accounts=made.accounts, deferred_minor=made.deferred_minor,
            released_minor=made.released_minor,
        ),
    )  # fmt: skip


@app.command
def accrue(
    *, period: Month, legal_entity: ForEntity = "FR", operator: Operator = None, program: Given
) -> None:
    """Accrue what is earned in a month that is over and on no bill yet; the next day takes it back."""
    with program.open() as context:
        made = accrue_revenue(context, LegalEntityId(legal_entity), period, by=_actor(operator))
    program.screen.answer(
        made, facts(period=made.period, accounts=made.accounts, accrued_minor=made.accrued_minor)
    )


@app.command(name="list")
def list_(*, legal_entity: ForEntity = "FR", program: Given) -> None:
    """List what was done with the months, and how each is now."""
    with program.open() as context:
        acts = period_acts(context, LegalEntityId(legal_entity))
    rows = [
        (
            each.period, state_of(each.period, acts).value, each.happening.value,
            f"{each.acted_at:%Y-%m-%d}", each.acted_by, each.entries or "", each.head[:16], each.reason,
        )
        for each in acts
    ]  # fmt: skip
    columns = ("period", "is", "act", "on", "by", ">entries", "head", "reason")
    program.screen.answer(
        [_document(each) | {"state": state_of(each.period, acts).value} for each in acts],
        table(*columns, rows=rows) if rows else "No month was closed.",
    )


def _answer(program: Given, act: PeriodAct) -> None:
    document = _document(act)
    shown = {name: value for name, value in document.items() if value and name != "totals"}
    program.screen.answer(document, facts(**shown))


def _document(act: PeriodAct) -> dict[str, object]:
    return {
        "legal_entity": act.legal_entity_id,
        "period": act.period,
        "happening": act.happening.value,
        "reason": act.reason,
        "entries": act.entries,
        "head": act.head,
        "totals": list(act.totals),
        "by": act.acted_by,
        "at": act.acted_at.isoformat(),
    }

"""`acquit bills parked` and `acquit bills retry`: what runs set aside."""

from collections.abc import Sequence
from typing import Annotated

from cyclopts import Parameter

from acquit.actions.retry_parked import Retried, parked_accounts, retry_parked
from acquit.cli.program import Given
from acquit.cli.screen import table
from acquit.core.identifiers import AccountId
from acquit.core.money import plain
from acquit.store.runs import Parked, Run

REFUSED = 1


def parked(
    *,
    period: Annotated[str | None, Parameter(help="Only this month's run.")] = None,
    program: Given,
) -> None:
    """List the accounts that runs set aside, with every reason, the rule that it breaks, and what to mend."""
    with program.open() as context:
        found = parked_accounts(context, period)
    documents = [
        {"run": run.run_id, "legal_entity": run.legal_entity_id, "period": run.period, "parked": waiting}
        for run, waiting in found
    ]
    program.screen.answer(documents, _parked_table(found))


def retry(
    *,
    account: Annotated[tuple[str, ...], Parameter(help="Only this account; repeatable.")] = (),
    operator: Annotated[str | None, Parameter(help="Who does it, by operator id.")] = None,
    program: Given,
) -> int:
    """Bill parked accounts now, in their runs; a run without parked accounts is closed.

    Refused when nothing was mended. Exits 1 while accounts stay parked.
    """
    by = "cli" if operator is None else f"operator:{operator}"
    with program.open() as context:
        found = retry_parked(context, [AccountId(each) for each in account], by=by)
    program.screen.answer(found, _retried_table(found))
    left = [each for run in found for each in run.parked]
    for each in left[:20]:
        program.screen.warn(f"{each.account_id} stays parked: {'; '.join(map(str, each.problems))}")
    return REFUSED if left else 0


def _parked_table(found: Sequence[tuple[Run, Sequence[Parked]]]) -> object:
    rows = [
        (run.legal_entity_id, run.period, each.account_id, problem.message, problem.rule, problem.where)
        for run, waiting in found
        for each in waiting
        for problem in each.problems
    ]
    return table("seller", "period", "account", "why", "rule", "mend", rows=rows)


def _retried_table(found: Sequence[Retried]) -> object:
    rows = [
        (
            each.legal_entity, each.period, each.status.value,
            sum(totals.bills for totals in each.posted_now.values()), len(each.parked),
            ", ".join(
                f"{plain(totals.total_minor, currency)} {currency}"
                for currency, totals in sorted(each.posted_now.items())
            ),
        )
        for each in found
    ]  # fmt: skip
    return table("seller", "period", "status", ">bills now", ">parked", "total", rows=rows)

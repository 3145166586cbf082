"""`acquit bills check` and `acquit bills rules`: the official rules of electronic bills, on demand."""

from collections.abc import Iterable
from typing import Annotated

from cyclopts import Parameter

from acquit.actions.check_bills import CheckedBills, check_drafts, check_issued, check_rules
from acquit.cli.program import Given, Program
from acquit.cli.screen import facts, table
from acquit.core.errors import Invalid
from acquit.core.identifiers import AccountId
from acquit.core.money import plain
from acquit.core.problem import Problem

REFUSED = 1


class NothingToCheck(Invalid):
    """Neither an account nor issued bills are named, or both."""

    code = "nothing-to-check"


def check(
    account: Annotated[str | None, Parameter(help="The account whose drafts are judged.")] = None,
    *,
    period: Annotated[str | None, Parameter(help="The month of the drafts; this month if not given.")] = None,
    issued: Annotated[bool, Parameter(negative="", help="Judge the issued bills instead.")] = False,
    one_in: Annotated[int, Parameter(help="Of issued bills, judge one in so many.")] = 1,
    program: Given,
) -> int:
    """Run the official rules over what an account would be billed, or over issued bills as archived.

    Writes nothing. Exits 1 when something is wrong, with the rule, what it says and what to mend.
    """
    if (account is None) is not issued or one_in < 1:
        raise NothingToCheck("Name an account, or --issued with a whole --one-in from 1; not both.")
    if account is None:
        return _check_issued(program, one_in)
    with program.open() as context:
        found = check_drafts(context, AccountId(account), period, by="cli")
    drafts = [
        (
            each.account, each.form, each.details, plain(each.total_minor, each.currency), each.currency,
            "refused" if each.problems else "passes",
        )
        for each in found.drafts
    ]  # fmt: skip
    problems = [*found.problems, *(problem for each in found.drafts for problem in each.problems)]
    said = "No draft: " + ("it would be parked." if problems else "there is nothing to bill.")
    shown = table("account", "form", ">details", ">total", "", "rules", rows=drafts) if drafts else said
    program.screen.answer(found, shown, *_problem_table((account, each) for each in problems))
    return 0 if found.is_good else REFUSED


def rules(*, program: Given) -> int:
    """Tell which official rules are installed, having run them over a sample bill."""
    with program.open() as context:
        found = check_rules(context)
    return _answer(program, found)


def _check_issued(program: Program, one_in: int) -> int:
    with program.open() as context, program.screen.progress("Bills judged") as advance:
        found = check_issued(context, one_in, advance)
    return _answer(program, found)


def _answer(program: Program, found: CheckedBills) -> int:
    told = [(bill_id, problem) for (_, bill_id), problems in found.wrong for problem in problems]
    document = {
        "rules": found.rules,
        "bills": found.bills,
        "wrong": [
            {"account": account_id, "bill": bill_id, "problems": problems}
            for (account_id, bill_id), problems in found.wrong
        ],
    }
    head = facts(rules=found.rules, bills_judged=found.bills, bills_wrong=len(found.wrong))
    program.screen.answer(document, head, *_problem_table(told))
    return REFUSED if found.wrong else 0


def _problem_table(told: Iterable[tuple[str, Problem]]) -> list[object]:
    rows = [(what, each.rule, each.message, each.where) for what, each in told]
    return [table("of", "rule", "what is wrong", "mend", rows=rows)] if rows else []

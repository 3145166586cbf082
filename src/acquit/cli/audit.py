"""`acquit audit`: proves the books, or says where they differ."""

from typing import Annotated

from cyclopts import Parameter

from acquit.actions.audit_books import audit_books
from acquit.cli.program import Given
from acquit.cli.screen import table

DIFFERS = 1
SHOWN_MAX = 20


def audit(
    *,
    full: Annotated[bool, Parameter(negative="", help="Read every archived paper too.")] = False,
    program: Given,
) -> int:
    """Compute every number, balance and total once more and compare; exit 1 with ids where any differs."""
    screen = program.screen
    with program.open() as context, screen.progress("Audit") as advance:
        found = audit_books(context, full=full, progress=lambda _name: advance(1))
    passed = all(each.passed for each in found)
    checks = [
        {
            "name": each.name,
            "passed": each.passed,
            "compared": each.compared,
            "differences": list(each.differences),
        }
        for each in found
    ]
    rows = [
        (each.name, "passed" if each.passed else "DIFFERS", each.compared, _shown(each.differences))
        for each in found
    ]
    screen.answer(
        {"passed": passed, "checks": checks},
        table("check", "", ">compared", "differences", rows=rows),
        "The books are right." if passed else "The books differ: see the ids above.",
    )
    return 0 if passed else DIFFERS


def _shown(differences: tuple[str, ...]) -> str:
    more = f" and {len(differences) - SHOWN_MAX} more" if len(differences) > SHOWN_MAX else ""
    return ", ".join(differences[:SHOWN_MAX]) + more

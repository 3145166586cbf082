"""`acquit audit`: proves the books, or says where they differ; hands evidence out."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Group, Parameter

from acquit.actions.audit_books import audit_books
from acquit.actions.gather_evidence import SAMPLE_BILLS, gather_evidence
from acquit.actions.report_vat import rates_of
from acquit.cli.program import Given
from acquit.cli.screen import facts, table
from acquit.core.identifiers import LegalEntityId

DIFFERS = 1
SHOWN_MAX = 20

app = App(
    name="audit",
    help="Prove the books; hand evidence out.",
    group_parameters=Group.create_default_parameters(),
)


@app.default
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


@app.command
def evidence(
    *,
    period: Annotated[str, Parameter(help="A month, quarter or year: 2026-11, 2026-Q4, 2026.")],
    legal_entity: Annotated[str, Parameter(help="The seller.")] = "FR",
    bills: Annotated[int, Parameter(help="How many bills are drawn with their papers.")] = SAMPLE_BILLS,
    exchange_rates: Annotated[
        Path | None, Parameter(help="Rates of the euro, as in eurofxref-hist.csv, for other currencies.")
    ] = None,
    out: Annotated[Path, Parameter(help="A directory, or the name of the archive.")] = Path(),
    program: Given,
) -> None:
    """Write one archive for an auditor: totals, acts, FEC, aged balance, VAT, sampled bills, chain heads."""
    path = out / f"evidence-{legal_entity}-{period}.zip" if out.is_dir() else out
    rates = rates_of(exchange_rates)
    with program.open() as context:
        made = gather_evidence(context, LegalEntityId(legal_entity), period, path, bills, rates)
    document = {
        "file": str(made.path), "files": made.files, "sha256": made.sha256,
        "manifest_sha256": made.manifest_sha256,
    }  # fmt: skip
    program.screen.answer(document, facts(**document))


def _shown(differences: tuple[str, ...]) -> str:
    more = f" and {len(differences) - SHOWN_MAX} more" if len(differences) > SHOWN_MAX else ""
    return ", ".join(differences[:SHOWN_MAX]) + more

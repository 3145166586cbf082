"""`acquit export`: the books as files: journal, FEC, aged balance, statements of accounts."""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from acquit.actions.export_books import Handed, export_aged_balance, export_fec, export_journal
from acquit.cli.program import Given
from acquit.cli.screen import facts
from acquit.core.books import span
from acquit.core.identifiers import LegalEntityId

app = App(name="export", help="The books as files: journal, FEC, balances.")

ForEntity = Annotated[str, Parameter(name="--legal-entity", help="The seller.")]
Out = Annotated[Path, Parameter(help="A directory, or the name of the file.")]


@app.command
def journal(
    *,
    period: Annotated[str, Parameter(help="A month, quarter or year: 2026-11, 2026-Q4, 2026.")],
    legal_entity: ForEntity = "FR",
    out: Out = Path(),
    program: Given,
) -> None:
    """Write every posting of a period, in the order in which it was booked."""
    told = span(period)
    path = _path(out, f"journal-{legal_entity}-{told.text}.csv")
    with program.open() as context:
        made = export_journal(context, LegalEntityId(legal_entity), told, path)
    _answer(program, made)


@app.command
def fec(
    *,
    year: Annotated[str, Parameter(help="The year, as in 2026; a month or quarter gives a part.")],
    legal_entity: ForEntity = "FR",
    encoding: Annotated[
        Literal["utf-8", "iso-8859-15"], Parameter(help="Both are lawful; the first holds every sign.")
    ] = "utf-8",
    out: Out = Path(),
    program: Given,
) -> None:
    """Write the French file of accounting entries; its name is made of SIREN and year's end."""
    with program.open() as context:
        made = export_fec(context, LegalEntityId(legal_entity), span(year), out, encoding)
    _answer(program, made)


@app.command(name="aged-balance")
def aged_balance(
    *,
    on: Annotated[date | None, Parameter(help="At the end of this day, today if not given.")] = None,
    legal_entity: ForEntity = "FR",
    out: Out = Path(),
    program: Given,
) -> None:
    """Write what each payer owes by how late it is, and what it has in hand."""
    with program.open() as context:
        path = _path(out, f"aged-balance-{legal_entity}{'' if on is None else f'-{on}'}.csv")
        made = export_aged_balance(context, LegalEntityId(legal_entity), on, path)
    _answer(program, made)


def _path(out: Path, name: str) -> Path:
    return out / name if out.is_dir() else out


def _answer(program: Given, made: Handed) -> None:
    document = {"file": str(made.path), "rows": made.rows, "bytes": made.bytes, "sha256": made.sha256}
    program.screen.answer(document, facts(**document))

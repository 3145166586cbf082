"""`acquit export`: the books as files: journal, FEC, aged balance, statements of accounts."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from acquit.actions.context import Context
from acquit.actions.export_books import (
    Handed,
    export_aged_balance,
    export_bills_of,
    export_down_payments,
    export_fec,
    export_journal,
    written,
)
from acquit.actions.report_vat import rates_of
from acquit.actions.state_account import state_account, statement_pdf, statement_table
from acquit.cli.program import Given
from acquit.cli.screen import facts
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.period import span

app = App(name="export", help="The books as files: journal, FEC, balances.")

ForEntity = Annotated[str, Parameter(name="--legal-entity", help="The seller.")]
OnDay = Annotated[date | None, Parameter(help="At the end of this day, today if not given.")]
Out = Annotated[Path, Parameter(help="A directory, or the name of the file.")]

OfDay = Callable[[Context, LegalEntityId, date | None, Path], Handed]


@app.command
def journal(
    *,
    period: Annotated[str, Parameter(help="A month, quarter or year: 2026-11, 2026-Q4, 2026.")],
    legal_entity: ForEntity = "FR",
    format: Annotated[  # noqa: A002 - the option's name
        Literal["csv", "parquet"], Parameter(help="A table as text, or typed for analysis.")
    ] = "csv",
    out: Out = Path(),
    program: Given,
) -> None:
    """Write every posting of a period, in the order in which it was booked."""
    told = span(period)
    path = _path(out, f"journal-{legal_entity}-{told.text}.{format}")
    with program.open() as context:
        made = export_journal(context, LegalEntityId(legal_entity), told, path, format)
    _answer(program, made)


@app.command
def bills(
    *,
    period: Annotated[str, Parameter(help="A month, quarter or year: 2026-11, 2026-Q4, 2026.")],
    legal_entity: ForEntity = "FR",
    out: Out = Path(),
    program: Given,
) -> None:
    """Write the bills, credit notes and corrective bills of a period, each with its purchase order."""
    told = span(period)
    path = _path(out, f"bills-{legal_entity}-{told.text}.csv")
    with program.open() as context:
        made = export_bills_of(context, LegalEntityId(legal_entity), told, path)
    _answer(program, made)


@app.command
def fec(
    *,
    year: Annotated[str, Parameter(help="The year, as in 2026; a month or quarter gives a part.")],
    legal_entity: ForEntity = "FR",
    encoding: Annotated[
        Literal["utf-8", "iso-8859-15"], Parameter(help="Both are lawful; the first holds every sign.")
    ] = "utf-8",
    exchange_rates: Annotated[
        Path | None, Parameter(help="Rates of the euro, as in eurofxref-hist.csv, for other currencies.")
    ] = None,
    out: Out = Path(),
    program: Given,
) -> None:
    """Write the French file of accounting entries; its name is made of SIREN and year's end."""
    rates = rates_of(exchange_rates)
    with program.open() as context:
        made = export_fec(context, LegalEntityId(legal_entity), span(year), out, encoding, rates)
    _answer(program, made)


@app.command(name="aged-balance")
def aged_balance(
    *,
    on: OnDay = None,
    legal_entity: ForEntity = "FR",
    out: Out = Path(),
    program: Given,
) -> None:
    """Write what each payer owes by how late it is, and what it has in hand."""
    _hand_out_of_day(program, export_aged_balance, "aged-balance", legal_entity, on, out)


@app.command(name="down-payments")
def down_payments(
    *,
    on: OnDay = None,
    legal_entity: ForEntity = "FR",
    out: Out = Path(),
    program: Given,
) -> None:
    """Write every down payment of the seller: paid, deducted, taken back, and still carried in the books."""
    _hand_out_of_day(program, export_down_payments, "down-payments", legal_entity, on, out)


def _hand_out_of_day(
    program: Given, export: OfDay, name: str, legal_entity: str, on: date | None, out: Path
) -> None:
    path = _path(out, f"{name}-{legal_entity}{'' if on is None else f'-{on}'}.csv")
    with program.open() as context:
        made = export(context, LegalEntityId(legal_entity), on, path)
    _answer(program, made)


def _path(out: Path, name: str) -> Path:
    return out / name if out.is_dir() else out


def _answer(program: Given, made: Handed) -> None:
    document = {"file": str(made.path), "rows": made.rows, "bytes": made.bytes, "sha256": made.sha256}
    program.screen.answer(document, facts(**document))


@app.command
def statement(
    *,
    account: Annotated[str, Parameter(help="The account that pays.")],
    from_: Annotated[
        date | None, Parameter(name="--from", help="First day; the first of the month without it.")
    ] = None,
    to: Annotated[date | None, Parameter(help="Last day, today if not given.")] = None,
    format: Annotated[  # noqa: A002 - the option's name
        Literal["pdf", "csv"], Parameter(help="A paper or a table.")
    ] = "pdf",
    language: Annotated[str, Parameter(help="As in fr_FR or en_GB; the account's without it.")] = "",
    out: Out = Path(),
    program: Given,
) -> None:
    """Write a payer's statement: balance before, movements, balance, open bills."""
    with program.open() as context:
        stated = state_account(context, AccountId(account), from_, to)
    told = stated[0]
    content = statement_pdf(stated, language) if format == "pdf" else statement_table(stated)
    path = _path(out, f"statement-{account}-{told.last_on}.{format}")
    made = written(path, [content])
    document = {
        "file": str(path), "account": account, "currency": told.currency, "from": str(told.first_on),
        "to": str(told.last_on), "opening_minor": told.opening_minor, "closing_minor": told.closing_minor,
        "movements": len(told.movements), "open_bills": len(told.open_bills),
        "in_hand_minor": told.in_hand_minor, "sha256": made.sha256,
    }  # fmt: skip
    program.screen.answer(document, facts(**document))

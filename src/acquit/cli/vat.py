"""`acquit vat`: what is due in a period, with the proof; VAT ids and the proof of their checks."""

from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from acquit.actions.check_vat_ids import check_foreign_vat_ids, check_vat_id, checks_of
from acquit.actions.import_exchange_rates import import_exchange_rates
from acquit.actions.report_vat import rates_of, report_vat, vat_report_csv
from acquit.cli.program import Given
from acquit.cli.screen import table
from acquit.cli.terms import Operator, actor
from acquit.core.exchange_rate import BadRates
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.money import Currency, plain
from acquit.core.vat_check import Outcome, VatCheck
from acquit.core.vat_report import VatLine, VatReport

app = App(name="vat", help="VAT: what is due in a period; VAT ids checked.")

DIFFERS = 1
LINES = ("section", "country", "category", ">rate", "due with", ">net", ">VAT", "")
ForEntity = Annotated[str, Parameter(name="--legal-entity", help="The seller.")]


@app.command
def report(
    *,
    period: Annotated[str, Parameter(help="A month, quarter or year: 2026-11, 2026-Q4, 2026.")],
    legal_entity: ForEntity = "FR",
    format: Annotated[  # noqa: A002 - the option's name
        Literal["text", "csv"], Parameter(help="How it is written; --json gives one document.")
    ] = "text",
    exchange_rates: Annotated[
        Path | None, Parameter(help="Rates of the euro, as in eurofxref-hist.csv, for other currencies.")
    ] = None,
    out: Annotated[Path | None, Parameter(help="A file for the table, with --format csv.")] = None,
    program: Given,
) -> int:
    """Tell the VAT that became due, by country and rate; exit 1 when the journal says otherwise."""
    rates = rates_of(exchange_rates)
    with program.open() as context:
        found = report_vat(context, LegalEntityId(legal_entity), period, rates)
    if format == "csv" and out is not None:
        out.write_bytes(vat_report_csv(found))
        program.screen.say(f"Written: {out}")
    if format == "csv" and out is None and not program.screen.json:
        program.screen.out.out(vat_report_csv(found).decode(), end="", highlight=False)
    else:
        program.screen.answer(_document(found), *_shown(found))
    return 0 if found.ties else DIFFERS


@app.command(name="import-rates")
def import_rates(file: Path, /, *, operator: Operator = None, program: Given) -> None:
    """Take in exchange rates of the euro: bills in other currencies tell their VAT at them.

    Parameters
    ----------
    file
        As the European Central Bank publishes it: eurofxref-hist.csv, or the day's eurofxref.csv.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise BadRates(f"{file} cannot be read: {error.strerror}.") from None
    with program.open() as context:
        taken = import_exchange_rates(context, content, by=actor(operator))
    said = f"{taken.added} of {taken.held} rates are new; the last are of {taken.last_on}."
    program.screen.answer(taken, said)


def _shown(found: VatReport) -> list[object]:
    lines = [
        (
            each.section.value, each.country, each.category, f"{plain(each.rate_bp, Currency('EUR'))} %",
            each.basis.value, plain(each.net_minor, each.currency), plain(each.tax_minor, each.currency),
            each.currency, *_local(each, found.currency), each.documents,
        )
        for each in found.lines
    ]  # fmt: skip
    partners = [
        (
            each.vat_id or "missing", each.name, each.category, plain(each.net_minor, each.currency),
            each.currency, "rates?" if each.net_units is None else each.net_units,
            each.outcome or "not checked", each.checked_on or "",
        )
        for each in found.partners
    ]  # fmt: skip
    proofs = [
        (
            each.currency, plain(found.told_minor(each.currency), each.currency),
            plain(each.due_minor, each.currency), plain(each.pending_before_minor, each.currency),
            plain(each.pending_added_minor, each.currency), plain(-each.pending_moved_minor, each.currency),
            plain(each.pending_after_minor, each.currency),
        )
        for each in found.proofs
    ]  # fmt: skip
    parts: list[object] = [
        f"VAT of {found.legal_entity_id} {found.vat_id}, {found.span.text}, "
        f"due {'on debits' if found.on_debits else 'on collection'}",
        table(*LINES, f">net in {found.currency}", f">VAT in {found.currency}", ">bills", rows=lines),
    ]
    if partners:
        heads = ("VAT id", "name", "category", ">net", "", f">{found.currency}", "id", "checked")
        parts.append(table(*heads, rows=partners, title="\nSupplied to other member states (DES, VIES)"))
    if found.bought:
        bought = [
            (
                each.kind.value, f"{plain(each.rate_bp, Currency('EUR'))} %", each.basis,
                plain(each.net_minor, each.currency), plain(each.tax_minor, each.currency), each.currency,
                each.documents,
            )
            for each in found.bought
        ]  # fmt: skip
        named = ("", ">rate", "with", ">net", ">VAT", "", ">bills")
        parts.append(table(*named, rows=bought, title="\nBought of accounts (deducted)"))
    columns = ("", ">lines", ">journal", ">waited before", ">billed", ">due", ">waits")
    parts.append(table(*columns, rows=proofs, title="\nProof"))
    parts.append("Lines and journal agree." if found.ties else "Lines and journal DIFFER: run acquit audit.")
    return parts


def _local(line: VatLine, currency: Currency) -> tuple[str, str]:
    """Return net and tax in the currency of the books, where that is another and rates were given."""
    if line.currency == currency or line.local_net_minor is None or line.local_tax_minor is None:
        return "", ""
    return plain(line.local_net_minor, currency), plain(line.local_tax_minor, currency)


def _document(found: VatReport) -> dict[str, Any]:
    return {
        "legal_entity": found.legal_entity_id,
        "vat_id": found.vat_id,
        "period": found.span.text,
        "first_on": str(found.span.first_on),
        "last_on": str(found.span.last_on),
        "on_debits": found.on_debits,
        "currency": found.currency,
        "lines": list(found.lines),
        "bought": list(found.bought),
        "partners": [
            {
                "vat_id": each.vat_id, "country": each.country, "name": each.name,
                "category": each.category, "currency": each.currency, "net_minor": each.net_minor,
                "local_net_minor": each.local_net_minor, "net_units": each.net_units,
                "checked_on": each.checked_on, "register": each.register, "outcome": each.outcome,
            }
            for each in found.partners
        ],
        "proof": [
            {
                "currency": each.currency, "lines_minor": found.told_minor(each.currency),
                "journal_minor": each.due_minor, "pending_before_minor": each.pending_before_minor,
                "pending_added_minor": each.pending_added_minor,
                "pending_moved_minor": each.pending_moved_minor,
                "pending_after_minor": each.pending_after_minor,
            }
            for each in found.proofs
        ],
        "ties": found.ties,
    }  # fmt: skip


@app.command
def check(
    account: Annotated[str | None, Parameter(help="The account; else all of other countries.")] = None,
    /,
    *,
    register: Annotated[
        Literal["format", "vies"], Parameter(help="format asks nobody; vies asks the European Commission.")
    ] = "format",
    legal_entity: ForEntity = "FR",
    operator: Annotated[str | None, Parameter(help="Who does it, by operator id.")] = None,
    program: Given,
) -> int:
    """Check VAT ids and keep the proof with its date; exit 1 when one is not valid."""
    by = "cli" if operator is None else f"operator:{operator}"
    asked = program.vat_register(register)
    with program.open() as context:
        if account is None:
            made = check_foreign_vat_ids(context, asked, LegalEntityId(legal_entity), by=by)
        else:
            made = [check_vat_id(context, asked, AccountId(account), by=by)]
    program.screen.answer(made, _checks(made))
    return 0 if all(each.outcome is Outcome.VALID for each in made) else DIFFERS


@app.command
def checks(account: str, /, *, program: Given) -> None:
    """List the checks of an account's VAT ids, oldest first."""
    with program.open() as context:
        found = checks_of(context, AccountId(account))
    program.screen.answer(found, _checks(found) if found else "No VAT id of this account was checked.")


def _checks(made: list[VatCheck]) -> object:
    rows = [
        (
            each.account_id, each.vat_id, each.register, each.outcome.value, each.checked_on, each.reference,
            each.told,
        )
        for each in made
    ]  # fmt: skip
    return table("account", "VAT id", "register", "outcome", "on", "reference", "told", rows=rows)

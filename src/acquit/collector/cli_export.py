"""`acquit collect export`: what accounting takes over, and the log of all that was handed over."""

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from cyclopts import App, Parameter

from acquit.collector import purchase_journal, sap_upload, three_way
from acquit.collector.bill_selection import Rules, Selected, Window
from acquit.collector.cost_centres import rules_in
from acquit.collector.e_invoice_facts import read_parties, ubl_of
from acquit.collector.exporting import (
    Asked,
    Made,
    e_invoices,
    export,
    file_name,
    of_currency,
    period_of,
    selected_of,
    warn_of,
)
from acquit.collector.files import replace_bytes
from acquit.collector.hand_over import HandOver, deliver, read_log
from acquit.collector.order_lines import read_lines
from acquit.collector.posting import read_mapping
from acquit.collector.seat import ARCHIVE, Archive, Config, Given, config_in, table

app: Final = App(name="export", help="Hand bills to accounting, and list what was handed over.")
app.command("acquit.collector.cli_focus:focus", name="focus")
app.command("acquit.collector.cli_focus:bill_lines", name="invoice-detail")

Since = Annotated[date | None, Parameter(help="Only bills from this day on.")]
Until = Annotated[date | None, Parameter(help="Only bills until this day, included.")]
OnlyAccount = Annotated[tuple[str, ...], Parameter(help="Only bills of this account; may be repeated.")]
OnlyBill = Annotated[tuple[str, ...], Parameter(help="Only this bill; may be repeated.")]
Out = Annotated[Path, Parameter(help="Directory for the files.")]
All = Annotated[bool, Parameter(name="--all", help="Those that were handed over before, too.")]
Again = Annotated[str, Parameter(help="Why bills that were handed over before are handed over again.")]
DryRun = Annotated[bool, Parameter(help="Show what would be handed over; write nothing.")]
Centres = Annotated[Path | None, Parameter(help="Rules of cost centres; else cost-centres.toml.")]


@app.command
def journal(
    *,
    format: Literal["fec", "csv"] = "fec",  # noqa: A002 - the name of the option
    mapping: Path | None = None,
    cost_centres: Centres = None,
    since: Since = None,
    until: Until = None,
    account: OnlyAccount = (),
    bill: OnlyBill = (),
    all_: All = False,
    again: Again = "",
    out: Out = Path(),
    dry_run: DryRun = False,
    archive: Archive = ARCHIVE,
    config: Config = None,
    program: Given,
) -> int:
    """Post new bills to a purchase journal: expenses, VAT by rate, reverse charge, supplier.

    Parameters
    ----------
    format
        The 18 columns of the French FEC as a journal extract, or CSV with all that is known.
    mapping
        Accounts in TOML; else posting.toml in the archive or beside the accounts, else French defaults.
    """
    asked = Asked("journal", since, until, account, bill, all_, again, dry_run)
    accounts = read_mapping(archive, config_in(config), mapping)
    rules = accounts.rules(rules_in(archive, config_in(config), cost_centres))

    def make(selected: Selected, first: int) -> Made:
        fitting = of_currency(selected, accounts.currency)
        if not fitting.bills:
            return Made({}, [], fitting.left_out)
        entries = purchase_journal.entries_of(fitting.bills, accounts, first)
        name = f"{file_name(accounts.label.lower())}_{first:06d}_{period_of(fitting.bills)}"
        if format == "fec":
            files = {f"{name}.txt": purchase_journal.as_fec(entries, accounts)}
        else:
            files = {f"{name}.csv": purchase_journal.as_csv(entries, accounts)}
        return Made(files, fitting.bills, fitting.left_out)

    return export(archive, asked, rules, make, out, program.screen)


@app.command
def sap(
    *,
    mapping: Path,
    cost_centres: Centres = None,
    since: Since = None,
    until: Until = None,
    account: OnlyAccount = (),
    bill: OnlyBill = (),
    all_: All = False,
    again: Again = "",
    out: Out = Path(),
    dry_run: DryRun = False,
    archive: Archive = ARCHIVE,
    config: Config = None,
    program: Given,
) -> int:
    """Write new bills as rows for an SAP upload: against purchase orders, or on cost centres.

    Parameters
    ----------
    mapping
        Columns, tax codes, order lines or G/L accounts, in TOML; docs/guides/pay-and-post.md has examples.
    """
    told = sap_upload.read_sap(mapping)
    asked = Asked(f"sap:{told.name}", since, until, account, bill, all_, again, dry_run)
    rules = told.rules(rules_in(archive, config_in(config), cost_centres))

    def make(selected: Selected, first: int) -> Made:
        made, rows = Made({}, [], list(selected.left_out)), []
        for one in selected.bills:
            found = sap_upload.rows_of(one, told, first + len(made.bills))
            if isinstance(found, str):
                made.left_out.append((one.name, found))
            else:
                rows += found
                made.bills.append(one)
        if made.bills:
            name = f"sap_{told.name}_{first:06d}_{period_of(made.bills)}.csv"
            made.files[name] = sap_upload.as_file(rows, told)
        return made

    return export(archive, asked, rules, make, out, program.screen)


@app.command
def ubl(
    *,
    parties: Path | None = None,
    since: Since = None,
    until: Until = None,
    account: OnlyAccount = (),
    bill: OnlyBill = (),
    all_: All = False,
    again: Again = "",
    out: Out = Path(),
    dry_run: DryRun = False,
    archive: Archive = ARCHIVE,
    program: Given,
) -> int:
    """Write each new bill as UBL 2.1 (EN 16931), from the e-invoice in its paper or from what is known.

    A bill of which a mandatory fact is not known is left out, with the facts that are missing.

    Parameters
    ----------
    parties
        Seller, buyer and unit in TOML, for papers without an e-invoice.
    """
    told = read_parties(parties)
    asked = Asked("ubl", since, until, account, bill, all_, again, dry_run)

    def make(selected: Selected, _first: int) -> Made:
        made = Made({}, [], list(selected.left_out))
        inside = e_invoices(archive)
        for one in selected.bills:
            found = ubl_of(one, inside(one.name), told)
            if isinstance(found, str):
                made.left_out.append((one.name, found))
            else:
                made.files[f"ubl_{file_name(one.account)}_{file_name(one.bill_id)}.xml"] = found
                made.bills.append(one)
        return made

    return export(archive, asked, Rules(), make, out, program.screen, with_taxes=False)


@app.command
def three_way_match(
    *,
    lines: Path,
    format: Literal["xlsx", "csv"] = "xlsx",  # noqa: A002 - the name of the option
    since: Since = None,
    until: Until = None,
    account: OnlyAccount = (),
    out: Out = Path(),
    archive: Archive = ARCHIVE,
    program: Given,
) -> int:
    """Set order lines, service periods and bills side by side: what was billed as ordered, and what was not.

    A sheet to look at, no hand-over: nothing is logged, all bills of the window are in it.

    Parameters
    ----------
    lines
        The lines of your orders in TOML or CSV: the provider tells references alone.
    """
    window = Window(since, until, frozenset(account))
    selected = selected_of(archive, window, Rules(), program.screen, with_taxes=False)
    matches = three_way.matched(selected.bills, read_lines(lines))
    path = out / f"three-way-match.{format}"
    replace_bytes(path, three_way.as_xlsx(matches) if format == "xlsx" else three_way.as_csv(matches))
    counts = Counter(one.status for one in matches)
    program.screen.answer(
        {
            "file": str(path),
            "rows": len(matches),
            "status": dict(counts),
            "left_out": [{"account": n[0], "bill_id": n[1], "reason": why} for n, why in selected.left_out],
        },
        table("status", ">rows", rows=counts.most_common()),
        str(path),
    )
    warn_of(selected.left_out, program.screen)
    return 0 if set(counts) <= {three_way.AS_ORDERED} and not selected.left_out else 1


@app.command
def log(*, archive: Archive = ARCHIVE, program: Given) -> None:
    """List what was handed over: payments, journals and the rest, with their files."""
    found = read_log(archive)
    rows = [
        (one.number, one.kind, f"{one.at:%Y-%m-%d %H:%M}", one.by, len(one.bills), _files(one),
         "yes" if one.number in found.delivered else "NO", one.why)
        for one in found.hand_overs
    ]  # fmt: skip
    program.screen.answer(
        [
            {**msgspec.to_builtins(one), "delivered": one.number in found.delivered}
            for one in found.hand_overs
        ],
        table(">no", "kind", "at (UTC)", "by", ">bills", "files", "delivered", "why again", rows=rows),
    )


@app.command
def deliver_again(number: int, *, out: Out = Path(), archive: Archive = ARCHIVE, program: Given) -> None:
    """Write the files of a hand-over once more, the same bytes; nothing is paid or posted anew.

    Parameters
    ----------
    number
        The number of the hand-over, as `export log` lists it.
    """
    written = deliver(archive, read_log(archive).find(number), out)
    program.screen.answer(
        {"number": number, "files": [str(path) for path in written]}, *(str(path) for path in written)
    )


def _files(one: HandOver) -> str:
    return ", ".join(file.name for file in one.files[:3]) + (" …" if len(one.files) > 3 else "")

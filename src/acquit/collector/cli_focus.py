"""`acquit collect export focus` and `export invoice-detail`: bills in the columns of FOCUS."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Final, Literal

from cyclopts import Parameter

from acquit.collector.cost_centres import rules_in
from acquit.collector.fault import Fault
from acquit.collector.files import alone
from acquit.collector.focus import Format, Total, Wanted, Wording, export
from acquit.collector.focus_columns import BILL_LINES, COST_AND_USAGE, VERSIONS, Column, columns_of
from acquit.collector.focus_rules import read_focus_rules
from acquit.collector.seat import ARCHIVE, Archive, Config, Given, Screen, config_in, table
from acquit.collector.tables import digits_of, make_tables

Version = Literal["1.0", "1.1", "1.2", "1.3", "1.4"]
Rules = Annotated[Path | None, Parameter(help="TOML file of your own rules, asked before the collector's.")]
CostCentres = Annotated[Path | None, Parameter(help="TOML file of cost centres.")]
Format_ = Annotated[Format | None, Parameter(name="--format", help="Without it as the file's name says.")]
NEWEST: Final = VERSIONS[-1]


def focus(
    *, out: Path, version: Version = "1.0", shape: Format_ = None, account: tuple[str, ...] = (),
    since: date | None = None, until: date | None = None, vat: bool = False, for_validator: bool = False,
    rules: Rules = None, cost_centres: CostCentres = None, provider: str = "", issuer: str = "",
    archive: Archive = ARCHIVE, config: Config = None, program: Given,
) -> int:  # fmt: skip
    """Write every line of every bill in the columns of FOCUS Cost and Usage; exits 1 if sums differ.

    Parameters
    ----------
    out
        The file; replaced when it is whole.
    version
        Version of FOCUS, which decides the columns.
    account
        Only this account; may be repeated.
    since
        Only bills from this day on.
    until
        Only bills up to this day.
    vat
        Add a line of VAT for each bill; sums are then the bills' totals.
    for_validator
        Spell four columns as focus-validator 1.0 does; with version 1.0 and CSV.
    provider
        Name of the provider; without it OVHcloud at public endpoints, else its host.
    issuer
        Name of the company that issues the bills.
    """
    if for_validator and version != "1.0":
        raise Fault("configuration", "--for-validator goes with --version 1.0: the validator knows no later.")
    asked = Wanted(account, since, until, vat)
    return _export(
        program.screen, archive, out, columns_of(COST_AND_USAGE, version), asked,
        _wording(archive, config, rules, cost_centres, provider, issuer),
        _shape(out, shape), version, for_validator=for_validator,
    )  # fmt: skip


def bill_lines(
    *, out: Path, shape: Format_ = None, account: tuple[str, ...] = (), since: date | None = None,
    until: date | None = None, rules: Rules = None, cost_centres: CostCentres = None, provider: str = "",
    issuer: str = "", archive: Archive = ARCHIVE, config: Config = None, program: Given,
) -> int:  # fmt: skip
    """Write every line of every bill, VAT too, in the columns of FOCUS 1.4 Invoice Detail.

    Parameters
    ----------
    out
        The file; replaced when it is whole.
    account
        Only this account; may be repeated.
    since
        Only bills from this day on.
    until
        Only bills up to this day.
    provider
        Name of the provider; without it OVHcloud at public endpoints, else its host.
    issuer
        Name of the company that issues the bills.
    """
    asked = Wanted(account, since, until, with_vat=True)
    return _export(
        program.screen, archive, out, columns_of(BILL_LINES, NEWEST), asked,
        _wording(archive, config, rules, cost_centres, provider, issuer), _shape(out, shape), NEWEST,
    )  # fmt: skip


# ---------------------------------------------------------------- steps


def _export(
    screen: Screen, archive: Path, out: Path, columns: Sequence[Column], asked: Wanted, wording: Wording,
    shape: Format, version: str, *, for_validator: bool = False,
) -> int:  # fmt: skip
    with alone(archive):
        make_tables(archive)
        totals = export(archive, out, columns, asked, wording, shape, for_validator=for_validator)
    ties = all(not one.difference_minor and not one.bills_apart for one in totals)
    document = {
        "out": str(out), "format": shape, "version": version, "columns": len(columns),
        "rows": sum(one.rows for one in totals), "adds_up": ties,
        "totals": [_told(one) for one in totals],
    }  # fmt: skip
    screen.answer(document, table(
        "currency", ">rows", ">in the file", ">bills", ">on the bills",
        rows=[(one.currency, one.rows, _shown(one.billed_minor, one.currency), one.bills,
               _shown(one.bills_minor, one.currency)) for one in totals],
    ), f"FOCUS {version}, {len(columns)} columns, in {out}.")  # fmt: skip
    for one in totals:
        for bill_id in one.bills_apart:
            screen.warn(
                f"Bill {bill_id}: its lines are not its amount; run `acquit collect verify` to see why."
            )
    return 0 if ties else 1


def _wording(
    archive: Path, config: Path | None, rules: Path | None, centres: Path | None, provider: str, issuer: str
) -> Wording:
    own = config_in(config)
    return Wording(read_focus_rules(rules), rules_in(archive, own, centres), provider, issuer)


def _shape(out: Path, given: Format | None) -> Format:
    return given or ("parquet" if out.suffix == ".parquet" else "csv")


def _told(total: Total) -> dict[str, object]:
    return {
        "currency": total.currency, "rows": total.rows, "billed_minor": total.billed_minor,
        "bills": total.bills, "bills_minor": total.bills_minor,
        "difference_minor": total.difference_minor, "bills_apart": total.bills_apart,
    }  # fmt: skip


def _shown(minor: int, currency: str) -> str:
    digits = digits_of(currency)
    whole, part = divmod(abs(minor), 10**digits)
    return f"{'-' if minor < 0 else ''}{whole}" + (f".{part:0{digits}}" if digits else "")

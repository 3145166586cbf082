"""A FOCUS export: the archive's bills line by line, streamed by DuckDB into one CSV or Parquet file.

Nothing but the columns of `focus_columns` is written; what the file holds is summed from the file itself and
compared with the bills, currency by currency. The file is complete before it takes its name.
"""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final, Literal

import duckdb

from acquit.collector.columns import PARQUET
from acquit.collector.cost_centres import Rules, cost_centre_sql
from acquit.collector.endpoint import ENDPOINTS
from acquit.collector.fault import Fault
from acquit.collector.files import disk_fault
from acquit.collector.focus_columns import ASKED_BY_VALIDATOR, SPELLED_OTHERWISE, Column
from acquit.collector.focus_rules import FocusRules, charge_sql, quoted, service_no_sql, service_sql
from acquit.collector.tables import DIGITS, digits_of

MEMORY: Final = "160MB"
ROW_GROUP: Final = 20_000
THREADS: Final = 2
READ_BYTES: Final = 8 << 20
READ: Final = ("account", "sub_account", "bill", "bill_version", "bill_detail", "service")
PUBLIC: Final = "OVHcloud"

Format = Literal["csv", "parquet"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines: of these accounts (none: all), of bills dated `since` to `until`, both included.

    `with_vat` adds a line of VAT per bill.
    """

    accounts: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    with_vat: bool = False


@dataclass(frozen=True, slots=True)
class Wording:
    """How lines are named: the rules, the cost centres, and the names that the interface does not tell."""

    rules: FocusRules
    cost_centres: Rules
    provider: str = ""
    issuer: str = ""


@dataclass(frozen=True, slots=True)
class Total:
    """One currency's sums: of the file that was written, and of the bills that it is about."""

    currency: str
    rows: int
    billed_minor: int
    bills: int
    bills_minor: int
    bills_apart: tuple[str, ...]

    @property
    def difference_minor(self) -> int:
        """What the file holds more than the bills."""
        return self.billed_minor - self.bills_minor


MACROS: Final = """
CREATE MACRO amount(minor, currency) AS CAST(minor * CASE {digits}
    ELSE CAST('0.01' AS DECIMAL(4, 3)) END AS DECIMAL(24, 3));
CREATE MACRO ends_after(first, last) AS CASE
    WHEN last IS NULL OR last < first THEN first + 1
    WHEN last > first AND day(last) = day(first) THEN last
    ELSE last + 1 END;
"""

WHO: Final = """
CREATE TABLE who AS
WITH told AS (
    SELECT b.account, a.* EXCLUDE (account),
           coalesce({provider}, CASE WHEN a.base IN ({public}) THEN {ovh} END,
                    nullif(regexp_extract(a.base, '://([^/:]+)', 1), ''), 'Not told') AS provider
      FROM (SELECT DISTINCT account FROM bill) AS b LEFT JOIN account AS a ON a.account = b.account)
SELECT CAST(t.account AS account_name) AS account,
       coalesce(p.nichandle, t.parent, t.nichandle, t.account) AS billing_account_id,
       CASE WHEN t.parent IS NULL THEN t.organisation ELSE p.organisation END AS billing_account_name,
       CASE WHEN t.parent IS NOT NULL
            THEN coalesce(t.nichandle, CAST(t.sub_account_no AS VARCHAR), t.account) END AS sub_account_id,
       s.description AS sub_account_name, t.provider,
       coalesce({issuer}, concat_ws(' ', t.provider, t.subsidiary)) AS issuer
  FROM told AS t
  LEFT JOIN account AS p ON p.account = t.parent
  LEFT JOIN sub_account AS s ON s.account = t.parent AND s.sub_account_no = t.sub_account_no;
CREATE TABLE named AS
SELECT CAST(s.account AS account_name) AS account, name, any_value(display_name) AS display_name
  FROM service AS s JOIN who ON CAST(who.account AS VARCHAR) = s.account
 WHERE name IS NOT NULL GROUP BY ALL;
"""

FEW: Final = {
    "account_name": "account", "currency_code": "currency", "category_name": "category",
    "order_reference": "purchase_order", "order_source": "purchase_order_source",
    "due_date_source": "due_source", "family_name": "family",
}  # fmt: skip
"""Texts of bills that repeat: a number each, so that a million bills are matched in little memory."""

WORDS: Final = """
CREATE TYPE {word} AS ENUM (SELECT '' UNION SELECT DISTINCT {column} FROM bill WHERE {column} IS NOT NULL)
"""

ADVANCES: Final = r"""
CREATE TABLE advance AS SELECT DISTINCT bill_id FROM bill WHERE family = 'down_payment';
CREATE TABLE deduction AS
WITH word AS (
    SELECT account, bill_id, detail_no,
           unnest(regexp_extract_all(description, '[\pL\pN+/_-]*[\pL\pN]')) AS word
      FROM bill_detail WHERE net_minor < 0 AND description IS NOT NULL)
SELECT DISTINCT word.account, word.bill_id, word.detail_no FROM word JOIN advance ON advance.bill_id = word;
"""
"""All down payments, and the lines that take off and say the number of one in their text. Such a line, or one
that is about a down payment, is of that advance, not of a supply. A word is made of what numbers of bills are
(`core/numbering.py`), and ends with a letter or digit: a dot or a dash after a number is none of it."""

CHOSEN: Final = """
CREATE VIEW chosen AS
SELECT CAST(account AS account_name) AS account, bill_id, issued_on,
       CAST(coalesce(currency, '') AS currency_code) AS currency,
       CAST(category AS category_name) AS bill_category, CAST(family AS family_name) AS family,
       nullif(corrects, '') AS corrects, net_minor AS bill_net_minor,
       coalesce(tax_minor, 0) AS bill_tax_minor, CAST(nullif(purchase_order, '') AS order_reference) AS
       purchase_order, CAST(purchase_order_source AS order_source) AS purchase_order_source, due_on,
       CAST(due_source AS due_date_source) AS due_source, seen_at
  FROM bill WHERE {where}
"""

LINES: Final = """
WITH line AS (
    SELECT CAST(d.account AS account_name) AS account, d.bill_id, d.issued_on, d.detail_no,
           coalesce(d.detail_id, CAST(d.detail_no AS VARCHAR)) AS detail_id, false AS is_tax,
           nullif(d.domain, '') AS domain, nullif(d.description, '') AS description, d.quantity_e4,
           d.unit_price_ucents, d.net_minor, d.period_start_on IS NOT NULL AS has_period,
           coalesce(d.period_start_on, d.issued_on) AS start_on,
           ends_after(coalesce(d.period_start_on, d.issued_on), d.period_end_on) AS end_on,
           {cost_centre} AS cost_centre,
           about.bill_id IS NOT NULL OR deduction.bill_id IS NOT NULL AS is_advance
      FROM bill_detail AS d
      LEFT JOIN advance AS about ON about.bill_id = d.domain
      LEFT JOIN deduction ON deduction.account = d.account AND deduction.bill_id = d.bill_id
                         AND deduction.detail_no = d.detail_no
     WHERE {where}
    {vat})
SELECT line.* EXCLUDE (account, bill_id, issued_on, is_advance), c.*,
       is_advance OR family = 'down_payment'
         OR (family = 'credit_note' AND advance.bill_id IS NOT NULL) AS is_advance,
       who.* EXCLUDE (account),
       coalesce(named.display_name, line.domain) AS resource_name, {first_seen} AS first_seen_at,
       CASE WHEN is_tax THEN {none} ELSE {service_no} END AS service_no,
       CASE WHEN is_tax THEN 'Tax' ELSE {charge} END AS charge_category
  FROM line JOIN chosen AS c ON c.account = line.account AND c.bill_id = line.bill_id
  JOIN who ON who.account = line.account
  LEFT JOIN advance ON advance.bill_id = c.corrects
  LEFT JOIN named ON named.account = line.account AND named.name = line.domain
  {versions}
"""

VAT: Final = """
    UNION ALL
    SELECT account, bill_id, issued_on, NULL, 'vat', true, NULL, 'VAT', NULL, NULL, bill_tax_minor, false,
           issued_on, issued_on + 1, NULL, false
      FROM chosen WHERE bill_tax_minor <> 0
"""

FIRST_SEEN: Final = """LEFT JOIN (SELECT CAST(account AS account_name) AS account, bill_id,
    min(seen_at) AS first_seen_at FROM bill_version GROUP BY ALL) AS v
    ON v.account = line.account AND v.bill_id = line.bill_id"""

WRITTEN: Final = """
SELECT coalesce(CAST("BillingCurrency" AS VARCHAR), ''), count(*), sum(CAST("BilledCost" AS DECIMAL(38, 3)))
  FROM {file} GROUP BY ALL
"""

BILLED: Final = """
SELECT CAST(currency AS VARCHAR), count(*), sum(bill_net_minor{tax}) FROM chosen GROUP BY ALL ORDER BY ALL
"""

APART: Final = """
SELECT CAST(c.currency AS VARCHAR), c.bill_id FROM chosen AS c
  LEFT JOIN (SELECT CAST(account AS account_name) AS account, bill_id, sum(net_minor) AS net_minor
               FROM bill_detail GROUP BY ALL) AS d
    ON d.account = c.account AND d.bill_id = c.bill_id
 WHERE coalesce(d.net_minor, 0) <> c.bill_net_minor ORDER BY c.issued_on, c.bill_id LIMIT 20
"""


def export(
    archive: Path, out: Path, columns: Sequence[Column], wanted: Wanted, wording: Wording,
    shape: Format = "csv", *, for_validator: bool = False,
) -> list[Total]:  # fmt: skip
    """Leave the file with one row per line and return its sums beside the bills', one per currency.

    An earlier file of this name is replaced. Raises Fault (archive, disk).
    """
    with _reading(archive, wanted, wording, out.parent) as db, _part(out) as part:
        db.execute(f"COPY ({_select(columns, wanted, wording, shape, for_validator)}) TO "
                   f"{quoted(str(part))} ({_options(shape)})")  # fmt: skip
        totals = _totals(db, part, shape, wanted)
        os.replace(part, out)
    return totals


# ---------------------------------------------------------------- SQL


def _select(
    columns: Sequence[Column], wanted: Wanted, wording: Wording, shape: Format, for_validator: bool
) -> str:
    spelled = SPELLED_OTHERWISE if for_validator else {}
    written = [*columns, ASKED_BY_VALIDATOR] if for_validator else columns
    shown = ", ".join(f'{_shown(one, shape)} AS "{spelled.get(one.name, one.name)}"' for one in written)
    services = ", ".join(
        f"{service_sql(wording.rules, member, 'service_no')} AS service_{column}"
        for member, column in (
            ("name", "name"), ("category", "category"), ("subcategory", "subcategory")
        )
    )  # fmt: skip
    needs_versions = any("first_seen_at" in one.sql for one in columns)
    lines = LINES.format(
        where=_where(wanted, "d."),
        vat=VAT if wanted.with_vat else "",
        cost_centre=cost_centre_sql(wording.cost_centres, "d")
        if wording.cost_centres.rules
        else "CAST(NULL AS VARCHAR)",
        none=len(wording.rules.services) + 1,
        service_no=service_no_sql(wording.rules),
        charge=charge_sql(wording.rules),
        first_seen="coalesce(v.first_seen_at, c.seen_at)" if needs_versions else "NULL",
        versions=FIRST_SEEN if needs_versions else "",
    )
    return f"SELECT {shown} FROM (SELECT *, {services} FROM ({lines}))"  # noqa: S608 - columns and rules, quoted


def _shown(column: Column, shape: Format) -> str:
    if column.kind == "plain":
        return column.sql
    if shape == "parquet":
        return f"to_timestamp(epoch({column.sql}))"
    if column.kind == "day":
        return f"CAST({column.sql} AS VARCHAR) || 'T00:00:00Z'"
    return f"strftime({column.sql}, '%Y-%m-%dT%H:%M:%SZ')"


def _where(wanted: Wanted, of: str = "") -> str:
    since = [f"{of}issued_on >= DATE '{wanted.since}'"] if wanted.since else []
    until = [f"{of}issued_on <= DATE '{wanted.until}'"] if wanted.until else []
    return " AND ".join([*since, *until]) or "true"


def _options(shape: Format) -> str:
    if shape == "csv":
        return "FORMAT csv, HEADER"
    return f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP}"


# ---------------------------------------------------------------- sums


def _totals(db: duckdb.DuckDBPyConnection, part: Path, shape: Format, wanted: Wanted) -> list[Total]:
    of_csv = f"read_csv({quoted(str(part))}, header = true, all_varchar = true, buffer_size = {READ_BYTES})"
    file = of_csv if shape == "csv" else f"read_parquet({quoted(str(part))})"
    written = {row[0]: row[1:] for row in db.execute(WRITTEN.format(file=file)).fetchall()}
    apart: dict[str, list[str]] = {}
    for currency, bill_id in db.execute(APART).fetchall():
        apart.setdefault(currency, []).append(bill_id)
    tax = " + bill_tax_minor" if wanted.with_vat else ""
    totals = []
    for currency, bills, minor in db.execute(BILLED.format(tax=tax)).fetchall():
        rows, billed = written.pop(currency, (0, 0))
        billed_minor = int(billed.scaleb(digits_of(currency))) if rows else 0
        totals.append(
            Total(currency, rows, billed_minor, bills, int(minor or 0), tuple(apart.get(currency, ())))
        )
    assert not written, "a line has a currency that no bill has"
    return totals


# ---------------------------------------------------------------- the engine


@contextmanager
def _reading(
    archive: Path, wanted: Wanted, wording: Wording, beside: Path
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Lend a DuckDB that sees the archive's tables and may spill beside the file that it writes."""
    files = _files(archive, wanted.accounts)
    try:
        beside.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=beside, prefix=".spill-") as spill, duckdb.connect() as db:
            db.execute(f"SET memory_limit = '{MEMORY}'; SET threads = {THREADS}")
            db.execute(f"SET temp_directory = {quoted(spill)}")
            # Lines stay in the order of the archive: they are streamed past the bills, never the other way.
            db.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
            for name, paths in files.items():
                db.execute(f"CREATE VIEW {name} AS {_view(name, paths)}")
            _prepare(db, wanted, wording)
            yield db
    except duckdb.Error as error:
        raise Fault("archive", f"The export failed: {str(error).splitlines()[0][:300]}") from None
    except OSError as error:
        raise disk_fault(beside, error) from None


def _prepare(db: duckdb.DuckDBPyConnection, wanted: Wanted, wording: Wording) -> None:
    digits = " ".join(
        f"WHEN currency = '{code}' THEN CAST('{Decimal(1).scaleb(-places)}' AS DECIMAL(4, 3))"
        for code, places in DIGITS.items()
    )
    db.execute(MACROS.format(digits=digits))
    for word, column in FEW.items():
        db.execute(WORDS.format(word=word, column=column))
    db.execute(
        WHO.format(
            provider=quoted(wording.provider) if wording.provider else "NULL",
            issuer=quoted(wording.issuer) if wording.issuer else "NULL",
            public=", ".join(map(quoted, ENDPOINTS.values())),
            ovh=quoted(PUBLIC),
        )
    )
    db.execute(ADVANCES)
    db.execute(CHOSEN.format(where=_where(wanted)))


def _files(archive: Path, accounts: Sequence[str]) -> dict[str, list[Path]]:
    """Return the files of each table: of the chosen accounts, but who is whose parent from all."""
    known = sorted(path.stem for path in (archive / "tables" / "bill").glob("*.parquet"))
    if not known:
        raise Fault("archive", f"{archive} has no tables yet; run `acquit collect run --archive {archive}`.")
    for name in accounts:
        if name not in known:
            raise Fault("configuration", f"The archive has no account {name}; it has {', '.join(known)}.")
    chosen = list(accounts) or known
    return {
        name: [
            path
            for stem in (known if name in ("account", "sub_account") else chosen)
            if (path := archive / "tables" / name / f"{stem}.parquet").exists()
        ]
        for name in READ
    }


def _view(name: str, paths: list[Path]) -> str:
    if not paths:
        nothing = ", ".join(
            f"CAST(NULL AS {kind}) AS {column}"
            for column, kind in (one.split(" ", 1) for one in PARQUET[name].split(", "))
        )
        return f"SELECT {nothing} WHERE false"
    return f"SELECT * FROM read_parquet([{', '.join(quoted(str(path)) for path in paths)}])"  # noqa: S608 - quoted


@contextmanager
def _part(out: Path) -> Iterator[Path]:
    """Lend a name beside the file; what is left under it at the end is removed."""
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        yield part
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)

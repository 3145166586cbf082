"""Prove an archive: every paper as it was saved, every bill adding up, none missing, none twice.

Every check counts what it compared and names what differs; a check that could not be made is not passed.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import duckdb

from acquit.collector.access import Access
from acquit.collector.derived import DIFFERS
from acquit.collector.fault import Fault
from acquit.collector.journal import bills_in
from acquit.collector.lists import Skills, read_list
from acquit.collector.manifest import Entry, entries
from acquit.collector.tables import open_tables
from acquit.collector.wire import Wire

CHUNK: Final = 1 << 20
KNOWN: Final = ("AUD", "CAD", "CZK", "EUR", "GBP", "INR", "LTL", "MAD", "PLN", "SGD", "TND", "USD", "XOF")


@dataclass(slots=True)
class Check:
    """One thing that must be true of all that was compared."""

    name: str
    compared: int = 0
    differences: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether nothing differs."""
        return not self.differences


ADDS_UP: Final = """
    SELECT account || ' ' || bill_id FROM bill WHERE net_minor + tax_minor IS DISTINCT FROM total_minor
    ORDER BY ALL"""
DETAILS: Final = """
    SELECT b.account || ' ' || b.bill_id
      FROM bill AS b LEFT JOIN (SELECT account, bill_id, sum(net_minor) AS sum_minor, count(*) AS lines
                                  FROM bill_detail GROUP BY ALL) AS d USING (account, bill_id)
     WHERE b.details_count IS NULL OR b.details_count <> coalesce(d.lines, 0)
        OR (b.details_count > 0 AND b.net_minor IS DISTINCT FROM d.sum_minor)
     ORDER BY ALL"""
TWICE: Final = """
    SELECT string_agg(account || ' ' || bill_id, ', ' ORDER BY account) FROM bill
     GROUP BY bill_id, total_minor, issued_on HAVING count(*) > 1
    UNION ALL
    SELECT any_value(account || ' ' || bill_id) || ' detail ' || detail_id FROM bill_detail
     GROUP BY account, bill_id, detail_id HAVING count(*) > 1
     ORDER BY ALL"""
WITHOUT_PAPER: Final = "SELECT account || ' ' || bill_id FROM bill WHERE paper IS NULL ORDER BY ALL"
UNKNOWN_CURRENCY: Final = """
    SELECT account || ' ' || bill_id || ' ' || coalesce(currency, 'none') FROM bill
     WHERE currency IS NULL OR currency NOT IN (SELECT unnest(?)) ORDER BY ALL"""


def verify(archive: Path, accesses: Sequence[Access], converse: Callable[[Access], Wire]) -> list[Check]:
    """Return every check of the archive; the provider's lists are asked for the accounts given.

    Raises Fault.
    """
    checks = [_papers(archive)]
    with open_tables(archive) as db:
        checks += [
            _checked(db, "net + VAT = total", ADDS_UP),
            _checked(db, "sum of details = net", DETAILS),
            *(_checked(db, name, query) for name, query in DIFFERS.items()),
            _checked(db, "nothing twice", TWICE),
            _checked(db, "every bill has its paper", WITHOUT_PAPER),
            _checked(db, "currencies are known", UNKNOWN_CURRENCY, [list(KNOWN)]),
        ]
        checks.append(_same_as_journal(archive, db))
    if accesses:
        checks.append(_nothing_missing(archive, accesses, converse))
    return checks


def _checked(
    db: duckdb.DuckDBPyConnection, name: str, query: str, given: list[object] | None = None
) -> Check:
    compared = db.execute("SELECT count(*) FROM bill").fetchone()
    differences = [str(row[0]) for row in db.execute(query, given or []).fetchall()]
    return Check(name, compared[0] if compared else 0, differences)


def _papers(archive: Path) -> Check:
    """Each file of the manifest has the hash that it was saved with."""
    check = Check("papers are as they were saved")
    for entry in entries(archive):
        check.compared += 1
        if (wrong := _wrong_with(archive, entry)) is not None:
            check.differences.append(f"{entry.path}: {wrong}")
    return check


def _wrong_with(archive: Path, entry: Entry) -> str | None:
    path = archive / entry.path
    if not path.resolve().is_relative_to(archive.resolve()):
        return "lies outside the archive"
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while part := file.read(CHUNK):
                digest.update(part)
    except OSError as error:
        return error.strerror or "cannot be read"
    return None if digest.hexdigest() == entry.sha256 else "was changed"


def _same_as_journal(archive: Path, db: duckdb.DuckDBPyConnection) -> Check:
    """The tables have each bill of the journal, and no other."""
    check = Check("tables say what the journal says")
    accounts = {row[0] for row in db.execute("SELECT DISTINCT account FROM bill").fetchall()}
    journals = {path.stem: path for path in (archive / "journal").glob("*.ndjson")}
    for account in sorted(accounts | journals.keys()):
        query = "SELECT bill_id FROM bill WHERE account = ?"
        tabled = {str(row[0]) for row in db.execute(query, [account]).fetchall()}
        told = set(bills_in(journals[account])) if account in journals else set()
        check.compared += len(told)
        check.differences += sorted(f"{account} {bill}" for bill in told ^ tabled)
    return check


def _nothing_missing(archive: Path, accesses: Sequence[Access], converse: Callable[[Access], Wire]) -> Check:
    """Each bill that the provider lists is in the archive."""
    check = Check("no bill of the provider's list is missing")
    for access in accesses:
        try:
            with converse(access) as wire:
                listed = {one.key for one in read_list(wire, Skills(), "/me/bill", "billId")}
        except Fault as fault:
            check.differences.append(f"{access.name}: {fault.message}")
            continue
        check.compared += len(listed)
        here = set(bills_in(archive / "journal" / f"{access.name}.ndjson"))
        check.differences += sorted(f"{access.name} {bill_id}" for bill_id in listed - here)
    return check

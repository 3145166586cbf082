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
from acquit.collector.families import BILL, FAMILIES, OWED, REVERSE_BILL, Family
from acquit.collector.fault import Fault
from acquit.collector.journal import papers_in
from acquit.collector.lists import Skills, read_list
from acquit.collector.manifest import Entry, entries
from acquit.collector.others import ABSENT
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
    SELECT account || ' ' || bill_id
      FROM (SELECT account, bill_id, net_minor, tax_minor, total_minor FROM bill UNION ALL
            SELECT account, bill_id, net_minor, tax_minor, total_minor FROM reverse_bill)
     WHERE net_minor + tax_minor IS DISTINCT FROM total_minor
    ORDER BY ALL"""
_DETAILS: Final = """
    SELECT b.account || ' ' || b.bill_id
      FROM {bill} AS b LEFT JOIN (SELECT account, bill_id, sum(net_minor) AS sum_minor, count(*) AS lines
                                  FROM {bill}_detail GROUP BY ALL) AS d USING (account, bill_id)
     WHERE b.details_count IS NULL OR b.details_count <> coalesce(d.lines, 0)
        OR (b.details_count > 0 AND b.net_minor IS DISTINCT FROM d.sum_minor)"""
DETAILS: Final = (
    f"{_DETAILS.format(bill='bill')} UNION ALL {_DETAILS.format(bill='reverse_bill')} ORDER BY ALL"
)
TWICE: Final = """
    SELECT string_agg(account || ' ' || bill_id, ', ' ORDER BY account) FROM bill
     GROUP BY bill_id, total_minor, issued_on HAVING count(*) > 1
    UNION ALL
    SELECT any_value(account || ' ' || bill_id) || ' detail ' || detail_id FROM bill_detail
     GROUP BY account, bill_id, detail_id HAVING count(*) > 1
    UNION ALL
    SELECT any_value(account || ' ' || bill_id) || ' detail ' || detail_id FROM reverse_bill_detail
     GROUP BY account, bill_id, detail_id HAVING count(*) > 1
     ORDER BY ALL"""
WITHOUT_PAPER: Final = """
    SELECT account || ' ' || bill_id FROM bill WHERE paper IS NULL UNION ALL
    SELECT account || ' ' || bill_id FROM reverse_bill WHERE paper IS NULL ORDER BY ALL"""
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
    compared = db.execute(
        "SELECT (SELECT count(*) FROM bill) + (SELECT count(*) FROM reverse_bill)"
    ).fetchone()
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
    """The tables have each paper of the journal, and no other."""
    check = Check("tables say what the journal says")
    journals = {path.stem: path for path in (archive / "journal").glob("*.ndjson")}
    for table, families in (("bill", OWED), ("reverse_bill", (REVERSE_BILL,))):
        accounts = {row[0] for row in db.execute(f"SELECT DISTINCT account FROM {table}").fetchall()}  # noqa: S608 - a name of ours
        for account in sorted(accounts | journals.keys()):
            query = f"SELECT bill_id FROM {table} WHERE account = ?"  # noqa: S608 - a name of ours
            tabled = {str(row[0]) for row in db.execute(query, [account]).fetchall()}
            told = set(papers_in(journals[account], families)) if account in journals else set()
            check.compared += len(told)
            check.differences += sorted(f"{account} {bill}" for bill in told ^ tabled)
    return check


def _nothing_missing(archive: Path, accesses: Sequence[Access], converse: Callable[[Access], Wire]) -> Check:
    """Each paper that the provider lists is in the archive; lists that are not for this key tell none."""
    check = Check("no bill of the provider's list is missing")
    for access in accesses:
        journal = archive / "journal" / f"{access.name}.ndjson"
        try:
            with converse(access) as wire:
                listed = {family: _listed(wire, family) for family in FAMILIES}
        except Fault as fault:
            check.differences.append(f"{access.name}: {fault.message}")
            continue
        for families in (OWED, (REVERSE_BILL,)):
            there = set().union(*(listed[family] for family in families))
            check.compared += len(there)
            here = set(papers_in(journal, families))
            check.differences += sorted(f"{access.name} {bill_id}" for bill_id in there - here)
    return check


def _listed(wire: Wire, family: Family) -> set[str]:
    """Return the numbers of the family's list; none where the key may not read it or it is not there."""
    absent = () if family is BILL else ABSENT
    try:
        return {one.key for one in read_list(wire, Skills(), family.path, family.key, absent=absent)}
    except Fault as fault:
        if family is BILL or fault.kind not in ("right", "absent"):
            raise
        return set()

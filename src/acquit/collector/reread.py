"""Read saved papers anew, asking nobody: an older archive learns what this version reads."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from acquit.collector.endpoint import region_of
from acquit.collector.hand_over import Name
from acquit.collector.journal import Journal, read
from acquit.collector.lists import Object
from acquit.collector.manifest import Entry, entries
from acquit.collector.paper_facts import READS
from acquit.collector.papers import told_of
from acquit.collector.reading import read_paper


def read_anew(archive: Path, wanted: Iterable[Name], warn: Callable[[str], None]) -> int:
    """Read the papers of these bills again where an older version read them; return how many.

    A paper that is not as it was saved is not read: it could say another IBAN. Hold the archive meanwhile.
    """
    by_account: dict[str, set[str]] = {}
    for account, bill_id in wanted:
        by_account.setdefault(account, set()).add(bill_id)
    if not by_account:
        return 0
    papers = {(one.account, one.bill_id): one for one in entries(archive) if one.kind == "pdf"}
    return sum(
        _account(archive, account, bills, papers, warn) for account, bills in sorted(by_account.items())
    )


def _account(
    archive: Path, account: str, wanted: set[str], papers: Mapping[Name, Entry], warn: Callable[[str], None]
) -> int:
    path = archive / "journal" / f"{account}.ndjson"
    readings, bills, base = _known(path, wanted)
    old = [bill_id for bill_id, told in sorted(readings.items()) if told.get("reads", 1) < READS]
    if not old:
        return 0
    with Journal(path) as journal:
        for bill_id in old:
            paper = papers.get((account, bill_id))
            if paper is None:
                continue
            content = (archive / paper.path).read_bytes() if (archive / paper.path).exists() else b""
            if hashlib.sha256(content).hexdigest() != paper.sha256:
                warn(f"{paper.path} is not as it was saved; it was not read. See `acquit collect verify`.")
                continue
            journal.write("reading", bill_id, _told(content, bill_id, bills.get(bill_id, {}), base))
    return len(old)


def _told(content: bytes, bill_id: str, bill: Object, base: str) -> Object:
    currency = str((bill.get("priceWithTax") or {}).get("currencyCode", ""))
    reading, _ = read_paper(content, bill_id, month_first=region_of(base) == "us", currency=currency)
    return told_of(reading)


def _known(path: Path, wanted: set[str]) -> tuple[dict[str, Object], dict[str, Object], str]:
    """Return the last reading and content of each wanted bill, and the base that they came from."""
    readings: dict[str, Any] = {}
    bills: dict[str, Any] = {}
    base = ""
    for line in read(path):
        if line.kind == "access":
            base = str(line.body.get("base", ""))
        elif line.kind == "reading" and line.key in wanted:
            readings[line.key] = line.body
        elif line.kind == "bill" and line.key in wanted:
            bills[line.key] = line.body
    return readings, bills, base

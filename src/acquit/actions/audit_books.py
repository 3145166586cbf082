"""Prove the books: compute every total once more and compare; with `full` read all papers and files too."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Final

from acquit.actions.context import Context
from acquit.ports import Archive
from acquit.store import remittances
from acquit.store.audit import Found, Paper, audit, papers

PAPERS_PER_READ: Final = 5_000
DIFFERENCES_MAX: Final = 1_000
CHECKS_AT_ONCE: Final = 2

Progress = Callable[[str], None]


def audit_books(
    context: Context, *, full: bool = False, progress: Progress = lambda _name: None
) -> Sequence[Found]:
    """Return what each check found, all of one instant; with `full` also whether archived papers and
    files for banks are intact.

    Nothing is changed, whatever is found.
    """
    with context.database.snapshots(CHECKS_AT_ONCE) as txs:
        found = list(audit(*txs, progress=progress))
    if full:
        progress("remittance-files")
        found.append(_remittance_files(context))
        progress("papers")
        found.append(_papers(context))
    return found


def _papers(context: Context) -> Found:
    """Read every archived paper and compare its hash and size with the record."""
    compared, wrong = 0, list[str]()
    after: Paper | None = None
    while True:
        with context.database.read() as tx:
            page = papers(tx, after, PAPERS_PER_READ)
        if not page:
            return Found("papers", not wrong, compared, tuple(wrong[:DIFFERENCES_MAX]))
        compared, after = compared + len(page), page[-1]
        wrong += [f"{each.bill_id}/{each.form}" for each in page if not _is_intact(context.archive, each)]


def _remittance_files(context: Context) -> Found:
    """Read every file that was made for a bank and compare its hash and size with the record."""
    with context.database.read() as tx:
        files = remittances.files(tx)
    wrong = [
        number for number, sha256, size_bytes in files
        if not _is_intact(context.archive, Paper("", number, "xml", sha256, size_bytes))
    ]  # fmt: skip
    return Found("remittance-files", not wrong, len(files), tuple(wrong[:DIFFERENCES_MAX]))


def _is_intact(archive: Archive, paper: Paper) -> bool:
    try:
        content = archive.get(paper.sha256)
    except (KeyError, OSError):
        return False
    return len(content) == paper.size_bytes and hashlib.sha256(content).hexdigest() == paper.sha256

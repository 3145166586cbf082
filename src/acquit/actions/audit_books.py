"""Prove the books: compute every total once more and compare; with `full` read all papers and files too."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Final

from acquit.actions.context import Context
from acquit.documents.paper_proof import is_signed
from acquit.ports import Archive
from acquit.store import remittances, stamps
from acquit.store.audit import Found, Paper, audit, papers

PAPERS_PER_READ: Final = 5_000
DIFFERENCES_MAX: Final = 1_000
CHECKS_AT_ONCE: Final = 2

Progress = Callable[[str], None]


def audit_books(
    context: Context, *, full: bool = False, progress: Progress = lambda _name: None
) -> Sequence[Found]:
    """Return what each check found, all of one instant; with `full` also whether stamps are signed, and
    archived papers and files for banks there and intact.

    Nothing is changed, whatever is found.
    """
    with context.database.snapshots(CHECKS_AT_ONCE) as txs:
        found = list(audit(*txs, progress=progress))
    if full:
        progress("stamps-signed")
        found.append(_signatures(context))
        progress("remittance-files")
        found.append(_remittance_files(context))
        progress("papers")
        found += _papers(context)
    return found


def _signatures(context: Context) -> Found:
    """Check the signature of every stamp by the key that it names."""
    with context.database.read() as tx:
        rows = stamps.every(tx)
    wrong = [
        f"{row.legal_entity_id}/{row.stamp_no}" for row in rows
        if not is_signed(stamps.stamp_in(row).text.encode(), bytes(row.signature), bytes(row.public_key))
    ]  # fmt: skip
    return _found("stamps-signed", len(rows), wrong)


def _papers(context: Context) -> list[Found]:
    """Read every paper that the archive must have: whether it is there, with its hash and size."""
    compared, missing, altered = 0, list[str](), list[str]()
    after: Paper | None = None
    while True:
        with context.database.read() as tx:
            page = papers(tx, after, PAPERS_PER_READ)
        if not page:
            return [_found("papers-kept", compared, missing), _found("papers", compared, altered)]
        compared, after = compared + len(page), page[-1]
        for each in page:
            content = _kept(context.archive, each)
            if content is None:
                missing.append(f"{each.bill_id}/{each.form}")
            elif not _is_intact(content, each):
                altered.append(f"{each.bill_id}/{each.form}")


def _remittance_files(context: Context) -> Found:
    """Read every file that was made for a bank and compare its hash and size with the record."""
    with context.database.read() as tx:
        files = remittances.files(tx)
    wrong = []
    for number, sha256, size_bytes in files:
        paper = Paper("", number, "xml", sha256, size_bytes)
        content = _kept(context.archive, paper)
        if content is None or not _is_intact(content, paper):
            wrong.append(number)
    return _found("remittance-files", len(files), wrong)


def _found(name: str, compared: int, wrong: Sequence[str]) -> Found:
    return Found(name, not wrong, compared, tuple(wrong[:DIFFERENCES_MAX]))


def _kept(archive: Archive, paper: Paper) -> bytes | None:
    try:
        return archive.get(paper.sha256)
    except (KeyError, OSError):
        return None


def _is_intact(content: bytes, paper: Paper) -> bool:
    return len(content) == paper.size_bytes and hashlib.sha256(content).hexdigest() == paper.sha256

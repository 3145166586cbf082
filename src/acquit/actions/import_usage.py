"""Import a file of events of use, of any length, in constant memory.

Chunk by chunk, each a transaction that also writes how far the file is committed: stopped anywhere, the same
file goes on there, and one that has grown brings only what is new. Or all of it in one transaction, or
nothing. While one chunk is written the next is read.
"""

import gc
import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from typing import BinaryIO, Final

from psycopg import errors

from acquit.actions.accept_usage import Accepted, Arrived, Prepared, Told, prepare, write
from acquit.actions.context import Context
from acquit.actions.loading import require_staff
from acquit.actions.usage_file import Lines, Reader, lines, reader
from acquit.actions.usage_lines import LINE_MAX, Read, csv_reader, json_reader
from acquit.actions.usage_terms import Terms
from acquit.core.errors import Conflict
from acquit.core.operator import Right
from acquit.core.problem import Problem
from acquit.core.usage import Fate, Sent
from acquit.store import acts, usage_imports
from acquit.store.transaction import Transaction
from acquit.store.usage_imports import Import

CHUNK: Final = 20_000
TURNS_MAX: Final = 5
HEAD: Final = 4_096
"""By how much of its start a file is known again."""
BOM: Final = b"\xef\xbb\xbf"

Tell = Callable[[Sequence[Told]], None]
Progress = Callable[[int], None]
"""Called with the bytes that were read since the last call."""
Opening = Callable[[], BinaryIO]
Writing = Callable[[], AbstractContextManager[Transaction]]


class FileTaken(Conflict):
    """Somebody else imports the same file now."""

    code = "file-taken"


class NothingImported(Conflict):
    """A file that is imported whole or not at all has broken lines."""

    code = "nothing-imported"


@dataclass(frozen=True, slots=True)
class How:
    """How a file is read: `form` is `ndjson` or `csv`, else what it looks like; a pipe is not resumed."""

    source: str = "import"
    form: str = ""
    mapping: Mapping[str, str] | None = None
    all_or_nothing: bool = False
    resumes: bool = True


@dataclass(frozen=True, slots=True)
class ImportedUsage:
    """What became of a file; `begun_at_line` is where it went on when some of it was imported before."""

    name: str
    begun_at_line: int
    lines: int
    received: int
    accepted: int
    again: int
    rejected: int
    seconds: float


@dataclass(slots=True)
class _Work:
    """An import under way; without `reached` it is not resumed.

    `met_known` when the last chunk had events that had come before.
    """

    context: Context
    writing: Writing
    opened: Reader
    terms: Terms
    read: Read
    is_csv: bool
    by: str
    tell: Tell
    reached: Import | None
    lines: int
    counts: Counter[Fate] = field(default_factory=Counter)
    is_whole: bool = False
    met_known: bool = False


def import_usage(
    context: Context,
    opening: Opening,
    name: str,
    how: How,
    *,
    by: str,
    tell: Tell = lambda _told: None,
    progress: Progress = lambda _bytes: None,
) -> ImportedUsage:
    """Every event of the file (gzip or plain) is accepted once, or kept as rejected with its reason.

    `opening` opens it, again from its start when called again (not a pipe: say so by `how`). `tell` gets the
    lines that were rejected. With `all_or_nothing` nothing is written when there is one.

    Raises:
        FileRefused, BadColumns: the file cannot be read, or its header says not where events stand.
        NothingImported: it was to be imported whole and has broken lines.
        FileTaken: the same file is being imported by somebody else.
        StaffOnly, RoleForbids: `by` may not send usage.
    """
    started = time.perf_counter()
    with context.database.read() as tx:
        require_staff(tx, by, Right.SEND_USAGE)
    if not how.all_or_nothing:
        work, begun_at = _begun(context, context.database.write, opening, (name, how, by), tell)
        _run(work, progress)
    else:
        with context.database.write() as tx:
            work, begun_at = _begun(context, _within(tx), opening, (name, how, by), tell)
            _run(work, progress)
            _refuse_broken(work, name)
    counts = work.counts
    if counts.total():
        with context.database.write() as tx:
            acts.record(tx, by, "import_usage", None, name[:200], events=counts.total())
    return ImportedUsage(
        name, begun_at, work.lines, counts.total(), counts[Fate.ACCEPTED], counts[Fate.AGAIN],
        counts[Fate.REJECTED], round(time.perf_counter() - started, 3),
    )  # fmt: skip


def _within(tx: Transaction) -> Writing:
    """Return a way to write that lends the one transaction of all."""

    @contextmanager
    def lend() -> Iterator[Transaction]:
        yield tx

    return lend


def _refuse_broken(work: _Work, name: str) -> None:
    broken = work.counts[Fate.REJECTED]
    if broken:
        raise NothingImported(
            f"{name} has {broken} broken lines, so nothing was imported: mend them, or leave out "
            "--all-or-nothing to keep them aside.",
            lines=str(broken),
        )


def _begun(
    context: Context, writing: Writing, opening: Opening, what: tuple[str, How, str], tell: Tell
) -> tuple[_Work, int]:
    """Return the import, and the line at which it goes on."""
    name, how, by = what
    opened = reader(opening())
    head = opened.head()
    text = head.lstrip(BOM + b" \t\r\n")
    is_csv = how.form == "csv" or (not how.form and bool(text) and not text.startswith(b"{"))
    mapping = how.mapping or {}
    read = csv_reader(head.split(b"\n")[0], how.source, mapping) if is_csv else json_reader(how.source)
    reached = None
    if how.resumes and not how.all_or_nothing:
        described = f"{how.source}\n{is_csv}\n{sorted(mapping.items())}\n".encode()
        with writing() as tx:
            fingerprint = hashlib.sha256(described + head[:HEAD]).hexdigest()
            reached = usage_imports.begin(tx, fingerprint, name[:200], by)
        opened, reached = _resumed(opened, opening, reached)
    begun_at = 0 if reached is None else reached.lines
    work = _Work(context, writing, opened, Terms(context), read, is_csv, by, tell, reached, begun_at)
    work.is_whole = how.all_or_nothing
    return work, begun_at + 1


def _resumed(opened: Reader, opening: Opening, reached: Import) -> tuple[Reader, Import]:
    """Return the file behind what is committed; from its start when it does not begin like that any more."""
    if not reached.offset_bytes:
        return opened, reached
    if opened.skip(reached.offset_bytes) and opened.hash.digest() == reached.prefix_hash:
        return opened, reached
    return reader(opening()), replace(reached, lines=0)


def _run(work: _Work, progress: Progress) -> None:
    """Read, check and write chunk by chunk; a chunk is written while the next one is read."""
    gc.collect()
    gc.freeze()  # what is there already stays: a collection need not look at it for each chunk
    try:
        _run_chunks(work, progress)
    finally:
        gc.unfreeze()


def _run_chunks(work: _Work, progress: Progress) -> None:
    waiting: Future[Accepted] | None = None
    seen_bytes = work.opened.offset_bytes
    with ThreadPoolExecutor(1) as writer, work.context.database.read() as reading:
        for chunk in lines(work.opened, work.lines + 1, CHUNK):
            prepared = prepare(reading, work.terms, _arrived(work, chunk))
            if waiting is not None:
                _count(work, waiting.result())
            progress(chunk.offset_bytes - seen_bytes)
            seen_bytes = chunk.offset_bytes
            if work.is_whole and (work.counts[Fate.REJECTED] or _is_broken(prepared)):
                waiting = None
                _count_unwritten(work, prepared)
            else:
                waiting = writer.submit(_write, work, prepared, chunk)
            work.lines = chunk.first_no + len(chunk.raw) - 1
        if waiting is not None:
            _count(work, waiting.result())


def _arrived(work: _Work, chunk: Lines) -> list[Arrived]:
    """Return the events of the lines; empty lines and the header are none."""
    found = []
    for line_no, raw in enumerate(chunk.raw, chunk.first_no):
        raw = raw.rstrip(b"\r")
        if line_no == 1:
            raw = raw.removeprefix(BOM)
        if not raw or raw.isspace() or (line_no == 1 and work.is_csv):
            continue
        if len(raw) > LINE_MAX:
            sent: Sent | Problem = Problem("line-too-long", f"A line has at most {LINE_MAX} bytes.", "line")
        else:
            sent = work.read(raw)
        found.append(Arrived(line_no, raw, sent))
    return found


def _write(work: _Work, prepared: Prepared, chunk: Lines) -> Accepted:
    """Write a chunk and how far the file is committed, again when a deadlock came between."""
    for turn in range(1, TURNS_MAX + 1):
        try:
            with work.writing() as tx:
                import_id = None if work.reached is None else work.reached.import_id
                is_new = turn == 1 and not work.met_known
                accepted = write(tx, prepared, work.by, import_id, is_new=is_new)
                work.reached = _advanced(tx, work.reached, chunk)
            work.met_known = accepted.again > 0
            return accepted
        except (errors.DeadlockDetected, errors.SerializationFailure):
            if turn == TURNS_MAX or work.is_whole:
                raise
    raise AssertionError("the last turn returns or raises")


def _advanced(tx: Transaction, reached: Import | None, chunk: Lines) -> Import | None:
    if reached is None:
        return None
    lines_done = chunk.first_no + len(chunk.raw) - 1
    after = Import(reached.import_id, chunk.offset_bytes, lines_done, chunk.prefix_hash)
    if not usage_imports.advance(tx, reached.offset_bytes, after):
        raise FileTaken("The same file is being imported by somebody else: wait until that is done.")
    return after


def _count(work: _Work, accepted: Accepted) -> None:
    work.counts.update(
        {Fate.ACCEPTED: accepted.accepted, Fate.AGAIN: accepted.again, Fate.REJECTED: accepted.rejected}
    )
    if accepted.rejected:
        broken = [each for each in accepted.told if each.problem is not None]
        work.tell(broken)


def _is_broken(prepared: Prepared) -> bool:
    return any(each.problem is not None for each in prepared.told)


def _count_unwritten(work: _Work, prepared: Prepared) -> None:
    """Tell the broken lines of a chunk that is not written, since nothing of the file will be."""
    broken = [each for each in prepared.told if each.problem is not None]
    work.counts.update(each.fate for each in broken)
    if broken:
        work.tell(broken)

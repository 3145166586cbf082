"""The legal archive: papers as they were issued, their receipts, and what a stranger needs to check them.

Papers stream from the archive into the file, one by one; each is compared with its record on the way. The
same books give the same bytes. Sources of what is kept how long: core/retention.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, Final

from acquit.actions.context import Context
from acquit.actions.loading import account_in, entity_in
from acquit.actions.packing import Packed, packed
from acquit.actions.paper_receipts import Receipts
from acquit.actions.render_document import render_bills
from acquit.actions.stamp_archive import stamp_archive
from acquit.core.account import LegalEntity
from acquit.core.errors import Conflict
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.money import Currency, plain
from acquit.core.period import Span
from acquit.documents import book_tables, legal_archive
from acquit.documents.paper_receipt import PaperReceipt, receipt_json
from acquit.store import archived_papers, evidence, stamps
from acquit.store.archived_papers import ArchiveScope
from acquit.store.transaction import Transaction

PAGE: Final = 500
NAMED_MAX: Final = 20
WHOLE: Final = Span("", date(1, 1, 1), date(9999, 12, 31))

Files = Iterator[tuple[str, Iterable[bytes]]]
Progress = Callable[[int], None]


class ArchiveDiffers(Conflict):
    """Papers are missing in the archive or are not what was recorded: nothing was handed out."""

    code = "archive-differs"


@dataclass(slots=True)
class _Told:
    """What is gathered while papers pass: lines of the table, the last stamp, what is wrong."""

    lines: list[tuple[object, ...]] = field(default_factory=list)
    last_stamp: int = 0
    wrong: list[str] = field(default_factory=list)


def export_archive(
    context: Context,
    legal_entity_id: LegalEntityId,
    account_id: AccountId | None,
    span: Span | None,
    path: Path,
    by: str,
    progress: Progress = lambda _papers: None,
) -> Packed:
    """The legal archive of a seller, of some months or of one account, is in the file.

    Papers that were not rendered or stamped yet are so now. Raises NoSuchLegalEntity, NoSuchAccount and
    ArchiveDiffers, PapersFailed.
    """
    told = span or WHOLE
    with context.database.read() as tx:
        if account_id is not None:
            legal_entity_id = account_in(tx, account_id).legal_entity_id
        entity = entity_in(tx, legal_entity_id)
        scope = ArchiveScope(legal_entity_id, account_id, told.first_on, told.last_on)
        waiting = archived_papers.unrendered(tx, scope)
    render_bills(context, waiting)
    stamp_archive(context, legal_entity_id, by)
    with context.database.snapshot() as tx:
        about = _about(entity, account_id, told) | {"public_key": context.sealer.public_key().hex()}
        return packed(path, _files(context, tx, scope, progress), about, context.sealer.sign)


def _about(entity: LegalEntity, account_id: AccountId | None, span: Span) -> dict[str, object]:
    return {
        "legal_entity": entity.legal_entity_id, "name": entity.name, "siren": entity.siren,
        "account": account_id, "period": span.text or None,
        "kept": "10 years after the end of the year of issue (Code de commerce L123-22, LPF L102 B)",
    }  # fmt: skip


def _files(context: Context, tx: Transaction, scope: ArchiveScope, progress: Progress) -> Files:
    """Yield every file; papers first come past, then what tells of them."""
    told, receipts = _Told(), Receipts(tx)
    yield legal_archive.README, [legal_archive.readme()]
    rows = archived_papers.papers(tx, scope)
    while page := list(islice(rows, PAGE)):
        yield from _papers(context, receipts, page, told)
        progress(len(page))
    if told.wrong:
        raise _differs(told.wrong)
    yield "bills.csv", [book_tables.csv_bytes(legal_archive.BILLS, told.lines)]
    yield from _stamps(tx, scope, told.last_stamp, context.sealer.public_key())
    if scope.account_id is not None:
        return
    heads = evidence.heads(tx, scope.legal_entity_id, scope.first_on, scope.last_on)
    lines = [(*row[:4], row.recorded_at.isoformat()) for row in heads]
    yield "chain-heads.csv", [book_tables.csv_bytes(legal_archive.HEADS, lines)]


def _papers(context: Context, receipts: Receipts, page: Sequence[Any], told: _Told) -> Files:
    keys = list(dict.fromkeys((row.account_id, row.bill_id) for row in page))
    found = {(each.paper.bill_id, each.paper.form): each for each in receipts.of(keys)}
    for row in page:
        receipt = found.get((row.bill_id, row.form))
        name = legal_archive.paper_name(row.bill_id, row.issued_on, row.form)
        told.lines.append(_line(row, receipt, name))
        if receipt is not None:
            told.last_stamp = max(told.last_stamp, receipt.stamp.stamp_no)
        content = _intact(context, row, told) if row.removed_at is None else None
        if content is not None:
            yield name, [content]
        if receipt is not None:
            yield name + legal_archive.RECEIPT, [receipt_json(receipt)]


def _intact(context: Context, row: Any, told: _Told) -> bytes | None:
    """Return the bytes of a paper, or note what is wrong with them."""
    try:
        content = context.archive.get(row.sha256)
    except KeyError:
        told.wrong.append(f"{row.bill_id}/{row.form} is missing")
        return None
    if hashlib.sha256(content).hexdigest() != row.sha256:
        told.wrong.append(f"{row.bill_id}/{row.form} was changed")
        return None
    return content


def _line(row: Any, receipt: PaperReceipt | None, name: str) -> tuple[object, ...]:
    currency = Currency(row.currency)
    sums = (plain(each, currency) for each in (row.net_minor, row.tax_minor, row.total_minor))
    proof: tuple[object, ...] = ("", "", "", "")
    if receipt is not None:
        paper = receipt.paper
        proof = (receipt.stamp.stamp_no, receipt.leaf_no, paper.entry_no, paper.entry_hash.hex())
    removed_on = "" if row.removed_at is None else row.removed_at.date()
    return (
        row.bill_id, row.account_id, row.kind, row.issued_on, row.due_on, *sums, currency, row.form, name,
        row.size_bytes, row.sha256, *proof, removed_on,
    )  # fmt: skip


def _stamps(tx: Transaction, scope: ArchiveScope, last_stamp: int, own_key: bytes) -> Files:
    """Yield the seller's stamps up to the last one that a paper here is in, and the keys that signed them."""
    rows = [row for row in stamps.every(tx, scope.legal_entity_id) if row.stamp_no <= last_stamp]
    lines = [
        (
            row.legal_entity_id, row.stamp_no, row.stamped_on, row.leaves,
            *(bytes(each).hex()
              for each in (row.root, row.prev_hash, row.hash, row.signature, row.public_key)),
        )
        for row in rows
    ]  # fmt: skip
    yield "stamps.csv", [book_tables.csv_bytes(legal_archive.STAMPS, lines)]
    for key in sorted({own_key, *(bytes(row.public_key) for row in rows)}):
        yield f"keys/{key.hex()}.pem", [legal_archive.key_pem(key)]


def _differs(wrong: Sequence[str]) -> ArchiveDiffers:
    more = f" and {len(wrong) - NAMED_MAX} more" if len(wrong) > NAMED_MAX else ""
    return ArchiveDiffers(
        f"Nothing was handed out: {'; '.join(wrong[:NAMED_MAX])}{more}. "
        "Restore them from a backup, then repeat the command; acquit audit --full names them all.",
        papers=", ".join(wrong[:NAMED_MAX]),
    )

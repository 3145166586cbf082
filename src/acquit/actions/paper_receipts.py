"""Receipts of papers: what a stranger needs to prove, offline, that some bytes are a bill."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from acquit.actions.context import Context
from acquit.actions.export_books import Handed, written
from acquit.actions.render_document import account_of, bill_pdf, render_bills
from acquit.actions.stamp_archive import stamp_archive
from acquit.core.errors import NotFound
from acquit.core.identifiers import AccountId, BillId, LegalEntityId
from acquit.core.stamp import Level, StampedPaper, levels_of, path_in
from acquit.documents.legal_archive import RECEIPT, key_pem
from acquit.documents.paper_receipt import PaperReceipt, receipt_json
from acquit.store import documents, legal_entities, stamps
from acquit.store.documents import PDF, BillKey
from acquit.store.transaction import Transaction

TREES_MAX: Final = 8


class NoSuchPaper(NotFound):
    """The bill has no paper of that form."""

    code = "no-such-paper"


class NoReceiptYet(NotFound):
    """No stamp has the paper of the bill yet."""

    code = "no-receipt-yet"


class Receipts:
    """Makes receipts within one transaction; the trees of the last stamps are kept."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._tree = lru_cache(maxsize=TREES_MAX)(self._read_tree)

    def of(self, keys: Sequence[BillKey]) -> list[PaperReceipt]:
        """Return the receipts of the papers of these bills; papers that no stamp has are left out."""
        return [self._receipt(row) for row in stamps.places(self._tx, keys)]

    def _receipt(self, row: Any) -> PaperReceipt:
        found, levels = self._tree(row.legal_entity_id, row.stamp_no)
        return PaperReceipt(
            paper=StampedPaper(
                row.account_id, row.bill_id, row.form, row.sha256, row.size_bytes, row.entry_no,
                bytes(row.entry_hash),
            ),
            bill_kind=row.bill_kind,
            issued_on=row.issued_on.isoformat(),
            currency=row.currency,
            total_minor=row.total_minor,
            entry_text=row.entry_text,
            entry_before=bytes(row.prev_hash),
            leaf_no=row.leaf_no,
            path=tuple(path_in(levels, row.leaf_no)),
            stamp=stamps.stamp_in(found),
            signature=bytes(found.signature),
            public_key=bytes(found.public_key),
        )  # fmt: skip

    def _read_tree(self, legal_entity_id: LegalEntityId, stamp_no: int) -> tuple[Any, Sequence[Level]]:
        leaves = stamps.leaves(self._tx, legal_entity_id, stamp_no)
        return stamps.find(self._tx, legal_entity_id, stamp_no), levels_of(leaves)


def receipt_of_bill(context: Context, bill_id: BillId, by: str, form: str = PDF) -> PaperReceipt:
    """Return the receipt of a bill's paper, which is rendered and stamped now if it was not yet.

    Raises NoSuchBill, NoSuchPaper.
    """
    key = (account_of(context, bill_id), bill_id)
    _refuse_missing(context, key, form)
    found = _found(context, key, form)
    if found is None:
        with context.database.read() as tx:
            entity = legal_entities.of_account(tx, key[0])
        assert entity is not None, "who issued a bill is there"
        stamp_archive(context, entity.legal_entity_id, by)
        found = _found(context, key, form)
    assert found is not None, "a bill that is booked has a stamp by now"
    return found


def receipt_file(context: Context, account_id: AccountId, bill_id: BillId) -> bytes:
    """Return the receipt of the PDF of the account's bill as a file; nothing is written.

    Raises NoReceiptYet, also for another account's bill.
    """
    found = _found(context, (account_id, bill_id), PDF)
    if found is None:
        raise NoReceiptYet(
            f"Bill {bill_id} has no receipt yet: it has one when the day after its paper was made has begun.",
            bill=bill_id,
        )
    return receipt_json(found)


def write_receipt(
    context: Context, bill_id: BillId, out: Path, by: str, *, with_paper: bool = False
) -> tuple[PaperReceipt, list[Handed]]:
    """The receipt of a bill's PDF is in a file, beside the PDF if that is asked for.

    `out` is a directory, or the name of the receipt. Raises NoSuchBill, PaperRemoved.
    """
    receipt = receipt_of_bill(context, bill_id, by)
    name = f"{bill_id.replace('/', '_')}.pdf"
    path = out / (name + RECEIPT) if out.is_dir() else out
    made = [written(path, [receipt_json(receipt)])]
    if with_paper:
        paper = bill_pdf(context, receipt.paper.account_id, bill_id)
        made.append(written(path.with_name(path.name.removesuffix(RECEIPT)), [paper]))
    return receipt, made


def write_key(context: Context, path: Path) -> Handed:
    """The public key of this installation is in the file, as PEM, to be published."""
    return written(path, [key_pem(context.sealer.public_key())])


def _refuse_missing(context: Context, key: BillKey, form: str) -> None:
    """Pass when the bill has a paper of that form; a PDF is rendered now."""
    with context.database.read() as tx:
        has_paper = documents.find(tx, *key, form) is not None
    if has_paper:
        return
    if form != PDF:
        raise NoSuchPaper(f"Bill {key[1]} has no paper of the form {form}.", bill=key[1])
    render_bills(context, [key])


def _found(context: Context, key: BillKey, form: str) -> PaperReceipt | None:
    with context.database.snapshot() as tx:
        found = [each for each in Receipts(tx).of([key]) if each.paper.form == form]
    return found[0] if found else None

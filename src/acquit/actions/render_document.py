"""Render the paper of an issued bill, once: the bytes are archived and served ever after."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from acquit.actions.context import Context
from acquit.actions.queue_deliveries import queue_deliveries_in
from acquit.actions.tell_bills import tell_bills_in
from acquit.core.bill import NoSuchBill
from acquit.core.errors import NotFound
from acquit.core.identifiers import AccountId, BillId
from acquit.core.retention import PaperRemoved
from acquit.documents.facturx import attached
from acquit.documents.forms import PDF, UBL, Forms, render
from acquit.documents.page import render_page
from acquit.documents.paper import BillPaper
from acquit.store import bills, documents, removed_papers
from acquit.store.documents import BillKey, Document
from acquit.store.transaction import Unavailable

CHUNK: Final = 50
"""Bills that are loaded, and recorded, at once."""

Press = Callable[[Sequence[BillPaper]], Iterable[Forms]]
"""Turns papers into their forms, in their order: in this process, or in several."""


class PapersFailed(Exception):
    """Some bills could not be rendered; all others were."""

    def __init__(self, keys: Sequence[BillKey], first: Exception) -> None:
        super().__init__(f"no paper of {', '.join(bill_id for _, bill_id in keys)}: {first!r}")
        self.keys = keys


class PaperLost(Exception):
    """The archive lost a paper, and this version would print it differently: restore it from a backup."""


class NoElectronicForm(NotFound):
    """The document has a paper alone."""

    code = "no-electronic-form"

    def __init__(self, bill_id: str) -> None:
        super().__init__(
            f"{bill_id} is a paper alone. Claims and bills in a currency of three decimals have no "
            "electronic form; a PDF that an earlier version rendered carries none inside: ask for UBL.",
            bill=bill_id,
        )


def one_by_one(papers: Sequence[BillPaper]) -> Iterable[Forms]:
    """Render in this process."""
    return map(render, papers)


def bill_pdf(context: Context, account_id: AccountId, bill_id: BillId) -> bytes:
    """Return the paper of the account's bill as it was archived; one that has none yet is rendered now.

    Raises NoSuchBill, also for another account's bill; PaperRemoved when it was kept as long as the law asks;
    PaperLost when the archive cannot give it any more.
    """
    return _archived_form(context, account_id, bill_id, PDF)


def bill_ubl(context: Context, account_id: AccountId, bill_id: BillId) -> bytes:
    """Return the account's bill as UBL as it was archived; one that has none yet is written now.

    Raises NoSuchBill, also for another account's bill; NoElectronicForm for a claim; PaperLost when the
    archive cannot give it any more.
    """
    return _archived_form(context, account_id, bill_id, UBL)


def bill_cii(context: Context, account_id: AccountId, bill_id: BillId) -> bytes:
    """Return the CII that the bill's archived Factur-X carries.

    Raises NoSuchBill, also for another account's bill; NoElectronicForm when it carries none; PaperLost.
    """
    found = attached(bill_pdf(context, account_id, bill_id))
    if found is None:
        raise NoElectronicForm(bill_id)
    return found


def bill_page(context: Context, account_id: AccountId, bill_id: BillId, pdf_link: str) -> bytes:
    """Return the bill as a web page with a link to its PDF. Raises NoSuchBill."""
    with context.database.snapshot() as tx:
        found = documents.printed(tx, [(account_id, bill_id)])
    if not found:
        raise NoSuchBill(bill_id)
    return render_page(BillPaper(*found[0]), pdf_link)


def account_of(context: Context, bill_id: BillId) -> AccountId:
    """Return which account a bill belongs to. Raises NoSuchBill."""
    with context.database.read() as tx:
        account_id = bills.account_of(tx, bill_id)
    if account_id is None:
        raise NoSuchBill(bill_id)
    return account_id


def render_bills(context: Context, keys: Sequence[BillKey], press: Press = one_by_one) -> int:
    """Every one of these bills has its paper; return how many were rendered now.

    Bytes are archived before they are recorded. Where two render the same bill, the first record stays.
    Raises PapersFailed when some cannot be rendered, after all the others were.
    """
    made = 0
    failed: dict[BillKey, Exception] = {}
    for start in range(0, len(keys), CHUNK):
        made += _render_or_single_out(context, keys[start : start + CHUNK], press, failed)
    if failed:
        raise PapersFailed(list(failed), next(iter(failed.values())))
    return made


def render_missing(context: Context, limit: int = 2_000, press: Press = one_by_one) -> int:
    """At most `limit` bills that had no paper have one; return how many. Zero means that none is missing."""
    with context.database.read() as tx:
        keys = documents.missing(tx, limit)
    return render_bills(context, keys, press)


def _render_or_single_out(
    context: Context, keys: Sequence[BillKey], press: Press, failed: dict[BillKey, Exception]
) -> int:
    """Render a chunk; when it breaks, halve it until the bills that break it are found."""
    try:
        return _render(context, keys, press)
    except Unavailable:
        raise
    except Exception as error:
        if len(keys) == 1:
            failed[keys[0]] = error
            return 0
    middle = len(keys) // 2
    return sum(_render_or_single_out(context, part, press, failed) for part in (keys[:middle], keys[middle:]))


def _render(context: Context, keys: Sequence[BillKey], press: Press) -> int:
    with context.database.snapshot() as tx:
        found = documents.printed(tx, documents.unrendered(tx, keys))
    if not found:
        return 0
    papers = [BillPaper(*each) for each in found]
    made = [
        _archived(context, paper, form, content)
        for paper, forms in zip(papers, press(papers), strict=True)
        for form, content in forms.items()
    ]
    with context.database.write() as tx:
        documents.record(tx, made)
        written = sorted({(each.account_id, each.bill_id) for each in made})
        queue_deliveries_in(tx, written)
        tell_bills_in(tx, written)
    return len(papers)


def _archived(context: Context, paper: BillPaper, form: str, content: bytes) -> Document:
    sha256 = context.archive.put(content)
    return Document(paper.bill.account_id, paper.bill.bill_id, form, sha256, len(content))


def _archived_form(context: Context, account_id: AccountId, bill_id: BillId, form: str) -> bytes:
    kept = _find(context, account_id, bill_id, form)
    if kept is None:
        render_bills(context, [(account_id, bill_id)])
        kept = _find(context, account_id, bill_id, form) or _completed(context, account_id, bill_id, form)
    try:
        return context.archive.get(kept.sha256)
    except KeyError:
        _refuse_removed(context, kept)
        return _restored(context, kept)


def _find(context: Context, account_id: AccountId, bill_id: BillId, form: str) -> Document | None:
    with context.database.read() as tx:
        return documents.find(tx, account_id, bill_id, form)


def _completed(context: Context, account_id: AccountId, bill_id: BillId, form: str) -> Document:
    """Archive the form that a bill lacks whose paper was rendered before there was such a form."""
    with context.database.snapshot() as tx:
        found = documents.printed(tx, [(account_id, bill_id)])
    if not found:
        raise NoSuchBill(bill_id)
    paper = BillPaper(*found[0])
    forms = render(paper)
    if form not in forms:
        raise NoElectronicForm(bill_id)
    with context.database.write() as tx:
        documents.record(tx, [_archived(context, paper, form, forms[form])])
    kept = _find(context, account_id, bill_id, form)
    assert kept is not None, "what was recorded is there"
    return kept


def _refuse_removed(context: Context, kept: Document) -> None:
    with context.database.read() as tx:
        day = removed_papers.removed_on(tx, kept.account_id, kept.bill_id, kept.form)
    if day is not None:
        raise PaperRemoved(
            f"The paper of bill {kept.bill_id} was removed on {day}, after the years for which it was kept. "
            "The bill itself and the proof of its paper are still there.",
            bill=kept.bill_id,
        )


def _restored(context: Context, lost: Document) -> bytes:
    """Render once more and accept nothing but the very bytes that were archived."""
    with context.database.snapshot() as tx:
        (found,) = documents.printed(tx, [(lost.account_id, lost.bill_id)])
    content = render(BillPaper(*found))[lost.form]
    if hashlib.sha256(content).hexdigest() != lost.sha256:
        raise PaperLost(f"the paper of bill {lost.bill_id} is not in the archive any more")
    context.archive.put(content)
    return content

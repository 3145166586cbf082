"""Papers of issued bills: rendered once, archived, and the same bytes ever after."""

import hashlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from acquit.actions.context import Context
from acquit.actions.render_document import (
    NoElectronicForm,
    PaperLost,
    PapersFailed,
    bill_cii,
    bill_page,
    bill_pdf,
    bill_ubl,
    one_by_one,
    render_bills,
    render_missing,
)
from acquit.core.bill import BillKind, NoSuchBill
from acquit.core.identifiers import AccountId, BillId
from acquit.core.snapshot import Buyer, Seller, Snapshot, snapshot
from acquit.documents import cii, pdf, ubl
from acquit.documents.electronic import electronic
from acquit.documents.forms import Forms, render
from acquit.documents.paper import BillPaper
from acquit.documents.specimen import BUYER, SELLER
from acquit.store import bills, documents
from acquit.store.transaction import Database
from issued_papers import issue, numbered, paper_context

ACCOUNT = AccountId("cd67890-acq")
OTHER = AccountId("xy11111-acq")
PAYER = replace(BUYER, name="Lefèvre Holding", sub_account="")


@pytest.fixture
def context(database: Database, tmp_path: Path) -> Context:
    return paper_context(database, tmp_path)


def archived(context: Context, account_id: AccountId, bill_id: BillId) -> documents.Document | None:
    with context.database.read() as tx:
        return documents.find(tx, account_id, bill_id)


def test_asked_for_before_any_job_the_paper_is_rendered_then(context: Context) -> None:
    ((account_id, bill_id),) = issue(context, numbered(42))
    content = bill_pdf(context, account_id, bill_id)
    assert content == render(numbered(42))["pdf"]
    kept = archived(context, account_id, bill_id)
    assert kept is not None
    assert (kept.sha256, kept.size_bytes) == (hashlib.sha256(content).hexdigest(), len(content))


def test_asked_twice_the_archived_bytes_come_back(context: Context) -> None:
    ((account_id, bill_id),) = issue(context, numbered(42))
    sha256 = context.archive.put(b"%PDF what was archived then")
    with context.database.write() as tx:
        documents.record(tx, [documents.Document(account_id, bill_id, "pdf", sha256, 27)])
    assert bill_pdf(context, account_id, bill_id) == b"%PDF what was archived then"
    assert render_bills(context, [(account_id, bill_id)]) == 0


def test_another_accounts_bill_does_not_exist(context: Context) -> None:
    issue(context, numbered(42))
    for account_id, bill_id in ((OTHER, BillId("FR00000042")), (ACCOUNT, BillId("FR00000043"))):
        with pytest.raises(NoSuchBill):
            bill_pdf(context, account_id, bill_id)
        with pytest.raises(NoSuchBill):
            bill_page(context, account_id, bill_id, "/x")


def test_two_renderers_at_once_agree(context: Context) -> None:
    ((account_id, bill_id),) = issue(context, numbered(42))
    barrier = threading.Barrier(2)

    def together(papers: Sequence[BillPaper]) -> Iterator[Forms]:
        barrier.wait(timeout=30)
        mark = threading.current_thread().name.encode()
        return ({"pdf": render(paper)["pdf"] + b"\n% " + mark} for paper in papers)

    def run() -> None:
        render_bills(context, [(account_id, bill_id)], together)

    threads = [threading.Thread(target=run, name=name) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first = bill_pdf(context, account_id, bill_id)
    assert first.endswith((b"% one", b"% two"))
    assert bill_pdf(context, account_id, bill_id) == first


def test_everything_on_paper_comes_from_the_copies_made_at_issue(context: Context) -> None:
    sold_by = replace(SELLER, name="Old Name SAS")
    paper = replace(numbered(7), seller=sold_by, payer=PAYER)
    ((account_id, bill_id),) = issue(context, paper)
    with context.database.snapshot() as tx:
        (found,) = documents.printed(tx, [(account_id, bill_id)])
    assert (found.seller, found.buyer, found.payer) == (sold_by, BUYER, PAYER)
    assert bill_pdf(context, account_id, bill_id) == render(paper)["pdf"]


def test_a_payer_that_is_the_buyer_is_no_third_party(context: Context) -> None:
    keys = issue(context, replace(numbered(7), payer=BUYER))
    with context.database.snapshot() as tx:
        (found,) = documents.printed(tx, keys)
    assert found.payer is None


def test_a_credit_note_knows_the_date_of_the_bill_it_corrects(context: Context) -> None:
    note = numbered(
        2, kind=BillKind.CREDIT_NOTE, corrects_bill_id=BillId("FR00000001"), issued_on=date(2026, 12, 9)
    )
    keys = issue(context, numbered(1), note)
    with context.database.snapshot() as tx:
        bill, credit_note = documents.printed(tx, keys)
    assert bill.corrected_on is None
    assert credit_note.corrected_on == date(2026, 12, 1)


def test_copies_of_another_version_are_still_read(context: Context) -> None:
    issue(context, numbered(42))
    body = snapshot(SELLER).body.replace('"vat_on_debits":false', '"once_more":1')
    renamed = Snapshot(hashlib.sha256(body.encode()).digest(), body)
    with context.database.write() as tx:
        bills.keep_snapshots(tx, [renamed])
        paper = replace(numbered(43), seller=SELLER)
        written = replace(paper.bill, seller_hash=renamed.hash, buyer_hash=snapshot(BUYER).hash)
        bills.write(tx, [written], "FR", [43])
    with context.database.snapshot() as tx:
        (found,) = documents.printed(tx, [(ACCOUNT, BillId("FR00000043"))])
    assert found.seller == Seller(**{name: getattr(SELLER, name) for name in SELLER.__slots__})
    assert isinstance(found.buyer, Buyer)


def test_every_missing_paper_is_found_and_rendered(context: Context) -> None:
    keys = issue(context, *(numbered(number) for number in range(1, 8)))
    assert render_missing(context, limit=5) == 5
    assert render_missing(context, limit=5) == 2
    assert render_missing(context, limit=5) == 0
    assert all(archived(context, *key) is not None for key in keys)


def test_a_lost_paper_comes_back_only_as_the_same_bytes(context: Context, tmp_path: Path) -> None:
    ((account_id, bill_id),) = issue(context, numbered(42))
    content = bill_pdf(context, account_id, bill_id)
    for file in tmp_path.rglob("*"):
        if file.is_file():
            file.unlink()
    assert bill_pdf(context, account_id, bill_id) == content


def test_a_lost_paper_that_would_look_different_is_not_made_up(context: Context) -> None:
    ((account_id, bill_id),) = issue(context, numbered(42))
    with context.database.write() as tx:
        documents.record(tx, [documents.Document(account_id, bill_id, "pdf", "0" * 64, 1)])
    with pytest.raises(PaperLost):
        bill_pdf(context, account_id, bill_id)


def test_nothing_is_recorded_before_it_is_archived(context: Context) -> None:
    keys = issue(context, numbered(1), numbered(2))

    def breaks(papers: Sequence[BillPaper]) -> Iterator[Forms]:
        yield from one_by_one(papers[:1])
        raise OSError("disk full")

    with pytest.raises(PapersFailed, match="disk full"):
        render_bills(context, keys, breaks)
    assert all(archived(context, *key) is None for key in keys)
    assert render_bills(context, keys) == 2


def test_the_page_of_a_bill_links_to_its_pdf(context: Context) -> None:
    ((account_id, bill_id),) = issue(context, numbered(42))
    page = bill_page(context, account_id, bill_id, "bill.pdf?reference=FR00000042&passwd=x").decode()
    assert "Établissements Lefèvre &amp; Fils" in page
    assert 'href="bill.pdf?reference=FR00000042&amp;passwd=x"' in page


def forms_of(context: Context, account_id: AccountId, bill_id: BillId) -> set[str]:
    with context.database.read() as tx:
        return {form for form in ("pdf", "ubl") if documents.find(tx, account_id, bill_id, form)}


def test_ubl_is_archived_with_the_paper_and_the_paper_carries_cii(context: Context) -> None:
    ((account_id, bill_id),) = issue(context, numbered(42))
    render_bills(context, [(account_id, bill_id)])
    assert forms_of(context, account_id, bill_id) == {"pdf", "ubl"}
    bill = electronic(numbered(42))
    assert bill_ubl(context, account_id, bill_id) == ubl.render(bill)
    assert bill_cii(context, account_id, bill_id) == cii.render(bill)
    for take in (bill_ubl, bill_cii):
        with pytest.raises(NoSuchBill):
            take(context, OTHER, bill_id)


def test_a_bill_of_an_earlier_version_keeps_its_paper_and_gets_ubl_when_asked(context: Context) -> None:
    ((account_id, bill_id),) = issue(context, numbered(42))
    sha256 = context.archive.put(pdf.render(numbered(42)))
    with context.database.write() as tx:
        documents.record(tx, [documents.Document(account_id, bill_id, "pdf", sha256, 27)])
    assert render_missing(context) == 0
    assert bill_ubl(context, account_id, bill_id) == ubl.render(electronic(numbered(42)))
    assert bill_pdf(context, account_id, bill_id) == pdf.render(numbered(42))
    with pytest.raises(NoElectronicForm, match="ask for UBL"):
        bill_cii(context, account_id, bill_id)


def test_lost_ubl_comes_back_only_as_the_same_bytes(context: Context, tmp_path: Path) -> None:
    ((account_id, bill_id),) = issue(context, numbered(42))
    content = bill_ubl(context, account_id, bill_id)
    for file in tmp_path.rglob("*"):
        if file.is_file():
            file.unlink()
    assert bill_ubl(context, account_id, bill_id) == content


def test_a_claim_has_no_electronic_form(context: Context) -> None:
    ((account_id, bill_id),) = issue(context, numbered(42, kind=BillKind.CLAIM, category="claim"))
    assert bill_pdf(context, account_id, bill_id) == pdf.render(numbered(42, kind=BillKind.CLAIM))
    for take in (bill_ubl, bill_cii):
        with pytest.raises(NoElectronicForm):
            take(context, account_id, bill_id)
    assert forms_of(context, account_id, bill_id) == {"pdf"}

"""Issued bills to print: written as a bill run writes them, without one."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from acquit.actions.context import Context
from acquit.adapters.archive import DirectoryArchive
from acquit.adapters.clock import SystemClock
from acquit.adapters.mail import NullMailer
from acquit.adapters.sealer import AesSealer
from acquit.core.bill import Bill
from acquit.core.identifiers import BillId, OrderId, ServiceId
from acquit.core.snapshot import Snapshot, snapshot
from acquit.documents.paper import BillPaper
from acquit.documents.specimen import specimen
from acquit.store import bills
from acquit.store.documents import BillKey
from acquit.store.transaction import Database

SECRET = b"k" * 32


def paper_context(database: Database, archive: Path) -> Context:
    """Return a context with an archive in that directory."""
    return Context(database, SystemClock(), AesSealer(SECRET), DirectoryArchive(archive), NullMailer())


def numbered(number: int, **members: Any) -> BillPaper:
    """Return a specimen with a number and charges of its own."""
    paper = specimen(bill_id=BillId(f"FR{number:08d}"), order_id=OrderId(number), **members)
    details = tuple(
        replace(line, service_id=ServiceId(line.detail_no), correction_no=number)
        for line in paper.bill.details
    )
    return replace(paper, bill=replace(paper.bill, details=details))


def issue(context: Context, *papers: BillPaper) -> list[BillKey]:
    """Write the bills of these papers, with the copies that they are printed with."""
    copies: list[Snapshot] = []
    issued: list[Bill] = []
    for paper in papers:
        seller, buyer = snapshot(paper.seller), snapshot(paper.buyer)
        payer = None if paper.payer is None else snapshot(paper.payer)
        copies += [each for each in (seller, buyer, payer) if each is not None]
        payer_hash = None if payer is None else payer.hash
        issued.append(
            replace(paper.bill, seller_hash=seller.hash, buyer_hash=buyer.hash, payer_hash=payer_hash)
        )
    with context.database.write() as tx:
        bills.keep_snapshots(tx, copies)
        bills.write(tx, issued, "FR", [int(bill.bill_id[-8:]) for bill in issued])
    return [(bill.account_id, bill.bill_id) for bill in issued]

"""A seller with bills whose papers are archived, stamped and given receipts."""

import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import pikepdf

from acquit.actions.context import Context
from acquit.actions.paper_receipts import write_key, write_receipt
from acquit.actions.render_document import render_missing
from acquit.actions.settle_debt import Receipt, settle_debt
from acquit.adapters.archive import DirectoryArchive
from acquit.core.debt import Allocation
from acquit.core.identifiers import BillId
from acquit.core.money import Currency
from acquit.store.transaction import Database
from billed import bill, family, seller, subscribe
from founding import ACME, LAB, PETIT

ON: Final = date(2026, 11, 23)
FIRST: Final = BillId("FR00000001")
PERIOD: Final = "2026-11"


def archiving(database: Database, archive: Path, on: date = ON, period: str = PERIOD) -> Context:
    """Three bills of one month, each with its paper in the archive; nothing is stamped yet."""
    archive.mkdir(parents=True, exist_ok=True)
    context = replace(seller(database, on), archive=DirectoryArchive(archive))
    family(context)
    for number, account_id in enumerate((ACME, LAB, PETIT)):
        subscribe(context, account_id, f"srv{number}", next_on=on.replace(day=1))
    bill(context, period)
    render_missing(context)
    return context


def handed(context: Context, directory: Path, bill_id: BillId = FIRST) -> tuple[Path, Path, Path]:
    """A paper, its receipt and the seller's key, as files."""
    directory.mkdir(exist_ok=True)
    _, (receipt, paper) = write_receipt(context, bill_id, directory, "cli", with_paper=True)
    return paper.path, receipt.path, write_key(context, directory / "key.pem").path


def paid(context: Context, chosen: Callable[[str], bool]) -> list[str]:
    """Every debt of the accounts that are chosen is paid; return their bills, sorted."""
    with context.database.read() as tx:
        owed = tx.all("SELECT payer_id, account_id, debt_id, bill_id, amount_minor FROM debt")
    found = [row for row in owed if chosen(row.account_id)]
    for row in found:
        receipt = Receipt(context.clock.today("UTC"), row.amount_minor, Currency("EUR"))
        part = Allocation(row.account_id, row.debt_id, row.amount_minor)
        settle_debt(context, row.payer_id, receipt, [part], by="cli")
    return sorted(row.bill_id for row in found)


def changed(receipt: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """The receipt with something changed, in a file of its own."""
    document = json.loads(receipt.read_bytes())
    change(document)
    path = receipt.with_name("changed.receipt.json")
    path.write_text(json.dumps(document))
    return path


def with_e_invoice(pdf: bytes, xml: bytes, name: str = "factur-x.xml") -> bytes:
    """The PDF with an XML file attached to it."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        document.attachments[name] = pikepdf.AttachedFileSpec(document, xml, filename=name)
        out = io.BytesIO()
        document.save(out)
    return out.getvalue()


def cii(bill_id: str, net: str, total: str, currency: str = "EUR") -> bytes:
    """As much of an e-invoice as is read of it."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
    xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100">
  <rsm:ExchangedDocument><ram:ID>{bill_id}</ram:ID></rsm:ExchangedDocument>
  <rsm:SupplyChainTradeTransaction><ram:ApplicableHeaderTradeSettlement>
    <ram:InvoiceCurrencyCode>{currency}</ram:InvoiceCurrencyCode>
    <ram:SpecifiedTradeSettlementHeaderMonetarySummation>
      <ram:TaxBasisTotalAmount>{net}</ram:TaxBasisTotalAmount>
      <ram:GrandTotalAmount>{total}</ram:GrandTotalAmount>
    </ram:SpecifiedTradeSettlementHeaderMonetarySummation>
  </ram:ApplicableHeaderTradeSettlement></rsm:SupplyChainTradeTransaction>
</rsm:CrossIndustryInvoice>""".encode()

"""What a paper itself says: its text, and number and amounts of the e-invoice that is attached to it."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from acquit.core.errors import Invalid
from acquit.core.money import EXPONENTS, Currency, parsed
from acquit.documents.xml_tree import Node, NoTree, tree

if TYPE_CHECKING:
    from pypdf import PdfReader

XML_BYTES_MAX: Final = 20_000_000
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
END_PAGES: Final = 3
"""Of a long paper its number stands on the first pages, its totals on the last."""
SETTLED: Final = "SupplyChainTradeTransaction/ApplicableHeaderTradeSettlement"
SUMMED: Final = f"{SETTLED}/SpecifiedTradeSettlementHeaderMonetarySummation"
PATHS: Final = {
    "CrossIndustryInvoice": (
        "ExchangedDocument/ID", f"{SETTLED}/InvoiceCurrencyCode", f"{SUMMED}/TaxBasisTotalAmount",
        f"{SUMMED}/GrandTotalAmount",
    ),
    "Invoice": (
        "ID", "DocumentCurrencyCode", "LegalMonetaryTotal/TaxExclusiveAmount",
        "LegalMonetaryTotal/TaxInclusiveAmount",
    ),
    "CreditNote": (
        "ID", "DocumentCurrencyCode", "LegalMonetaryTotal/TaxExclusiveAmount",
        "LegalMonetaryTotal/TaxInclusiveAmount",
    ),
}  # fmt: skip
"""Where CII and UBL tell number, currency, net and total: BT-1, BT-5, BT-109, BT-112 of EN 16931."""

GROUPED: Final = "[ .,'\u2019\u00a0\u202f\u2009]?"
"""What may stand between the digits of an amount."""


@dataclass(frozen=True, slots=True)
class EInvoice:
    """What the attached e-invoice says; amounts in the smallest unit."""

    name: str
    bill_id: str
    currency: Currency
    net_minor: int
    total_minor: int


@dataclass(frozen=True, slots=True)
class Inside:
    """The text of a paper and its e-invoice, or why there is none that can be read.

    `fault` is empty when the paper has no e-invoice at all, or one that was read.
    """

    text: str
    e_invoice: EInvoice | None = None
    fault: str = ""

    def has_amount(self, minor: int, currency: Currency) -> bool:
        """Whether the amount is printed, whatever marks thousands and decimals."""
        digits = EXPONENTS[currency]
        text = f"{minor:0{digits + 1}d}"
        whole = GROUPED.join(text[: len(text) - digits])
        pattern = rf"{whole}[.,]{text[-digits:]}" if digits else whole
        return re.search(rf"(?<!\d){pattern}(?!\d)", self.text) is not None

    def has_word(self, word: str) -> bool:
        """Whether the word, such as a number of a bill, is printed by itself."""
        return re.search(rf"(?<![\w/-]){re.escape(word)}(?![\w/-])", self.text) is not None


def look_inside(paper: bytes) -> Inside | None:
    """Return what the paper says, a PDF or an e-invoice by itself; None when it is neither."""
    if paper.lstrip(BYTE_ORDER_MARK).lstrip().startswith(b"<"):
        return _read(Inside(""), "The e-invoice", paper)
    from pypdf import PdfReader  # large, and rarely wanted

    try:
        reader = PdfReader(io.BytesIO(paper))
        pages = list(reader.pages)
        read = pages if len(pages) <= 2 * END_PAGES else pages[:END_PAGES] + pages[-END_PAGES:]
        text = "\n".join(page.extract_text() for page in read)
        attached = list(_attached(reader))
    except Exception:
        # A PDF may be wrong in any way and pypdf raises as it comes.
        return None
    return _read(Inside(text), *attached[0]) if attached else Inside(text)


def _read(inside: Inside, name: str, xml: bytes) -> Inside:
    try:
        return replace(inside, e_invoice=_e_invoice(name, xml))
    except (NoTree, Invalid, KeyError):
        return replace(inside, fault=f"{name} cannot be read as an e-invoice")


def _attached(reader: "PdfReader") -> Iterator[tuple[str, bytes]]:
    files: Any = reader.attachments
    for name in files:
        if str(name).lower().endswith(".xml"):
            yield str(name), bytes(files[name][0])[:XML_BYTES_MAX]


def _e_invoice(name: str, xml: bytes) -> EInvoice:
    root: Node = tree(xml)
    number, currency_at, net_at, total_at = PATHS[root.name]
    currency = Currency(root.said(currency_at))
    net, total = (parsed(root.said(path), currency) for path in (net_at, total_at))
    return EInvoice(name, root.said(number), currency, net, total)

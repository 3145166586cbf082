"""What a paper says about its purchase order and its due date, which the wire's bill does not tell.

First the e-invoice inside the PDF (CII or UBL), else the text of its first page. Nothing is guessed here:
what is
not plainly written is None, and whoever infers it must say so.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from xml.parsers import expat

from pypdf import PdfReader

from acquit.collector.paper_facts import Facts, facts_of_text, facts_of_xml

XML_BYTES_MAX: Final = 20_000_000
LINES_MAX: Final = 400
LAST_PAGES: Final = 2
"""Of a long paper the totals and how to pay stand at its end."""

ORDER_PATHS: Final = ("BuyerOrderReferencedDocument/IssuerAssignedID", "OrderReference/ID")
DUE_PATHS: Final = (
    "SpecifiedTradePaymentTerms/DueDateDateTime/DateTimeString",
    "Invoice/DueDate",
    "PaymentMeans/PaymentDueDate",
)
NUMBER_PATHS: Final = ("CrossIndustryInvoice/ExchangedDocument/ID", "/Invoice/ID", "/CreditNote/ID")

DUE_LABELS: Final = re.compile(
    r"^(due date|payment due(?: date)?|payable (?:by|on)|date d.échéance|échéance|à payer (?:avant )?le|"
    r"fällig am|fälligkeitsdatum|"
    r"fecha de vencimiento|data di scadenza|termin płatności|vervaldatum|data de vencimento)"
    r"\s*:?\s*(.*)$",
    re.IGNORECASE,
)
ORDER_LABELS: Final = re.compile(
    r"^(?:your |votre |ihre? |su |vostro |uw |państwa |a sua )?(purchase order(?: number| no\.?)?|po number|"
    r"internal reference|bon de commande|n° de bon de commande|numéro de commande client|référence interne|"
    r"bestellnummer|bestellung|zeichen|orden de compra|pedido|referencia interna|ordine d.\s?acquisto|"
    r"riferimento interno|inkooporder|interne referentie|zamówienie|numer referencyjny|ordem de compra|"
    r"nota de encomenda|referência interna)\s*:?\s*(.*)$",
    re.IGNORECASE,
)
MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "january janvier januar januari enero gennaio janeiro stycznia jan",
            "february février februar februari febrero febbraio fevereiro lutego feb févr",
            "march mars märz maart marzo março marca mar",
            "april avril abril aprile kwietnia apr avr",
            "may mai mei mayo maggio maio maja",
            "june juin juni junio giugno junho czerwca jun",
            "july juillet juli julio luglio julho lipca jul juil",
            "august augustus août agosto sierpnia aug",
            "september septembre septiembre settembre setembro września sep sept",
            "october octobre oktober octubre ottobre outubro października oct okt",
            "november novembre noviembre novembro listopada nov",
            "december décembre dezember diciembre dicembre dezembro grudnia dec déc",
        ),
        start=1,
    )
    for name in names.split()
}


NOTHING: Final = Facts()


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read: `order_is_read` with no order says that the bill plainly has none."""

    purchase_order: str | None = None
    order_is_read: bool = False
    due_on: date | None = None
    facts: Facts = NOTHING


def read_paper(
    pdf: bytes, bill_id: str, *, month_first: bool = False, currency: str = "EUR"
) -> tuple[Reading, bytes | None]:
    """Return what the paper says, and the XML inside it if there is one.

    A paper that cannot be read says nothing.
    """
    try:
        reader = PdfReader(io.BytesIO(pdf))
        xml = _xml_inside(reader)
        text = reader.pages[0].extract_text()
        ends = "".join("\n" + page.extract_text() for page in reader.pages[1:][-LAST_PAGES:])
    except Exception:
        # A PDF may be wrong in any way and pypdf raises as it comes; the paper is kept as it is all the same.
        return Reading(), None
    by_xml = read_xml(xml, bill_id) if xml is not None else Reading()
    by_text = read_text(text, month_first=month_first)
    reading = Reading(
        by_xml.purchase_order if by_xml.order_is_read else by_text.purchase_order,
        by_xml.order_is_read or by_text.order_is_read,
        by_xml.due_on or by_text.due_on,
        (facts_of_xml(xml, bill_id) if xml is not None else None) or facts_of_text(text + ends, currency),
    )
    return reading, xml


def read_xml(xml: bytes, bill_id: str) -> Reading:
    """Return what an e-invoice says.

    Nothing when it is no XML, has a document type, or is of another bill.
    """
    try:
        found = _texts(xml)
    except (expat.ExpatError, ValueError, LookupError):
        return Reading()
    number = _first(found, NUMBER_PATHS)
    if number != bill_id:
        return Reading()
    order = _first(found, ORDER_PATHS)
    return Reading(order, True, _date_of_digits(_first(found, DUE_PATHS)))


def read_text(text: str, *, month_first: bool = False) -> Reading:
    """Return what lines say that begin with a known label; the value stands behind it or on the next line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()][:LINES_MAX]
    order = next(filter(None, _labelled(lines, ORDER_LABELS)), None)
    days = (date_in(value, month_first=month_first) for value in _labelled(lines, DUE_LABELS))
    return Reading(order, order is not None, next(filter(None, days), None))


def date_in(text: str, *, month_first: bool = False) -> date | None:
    """Return the date that the text begins with, in figures or with the name of a month."""
    plain = text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ").strip()
    try:
        if found := re.match(r"(\d{4})-(\d{2})-(\d{2})\b", plain):
            return date(int(found[1]), int(found[2]), int(found[3]))
        if found := re.match(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})\b", plain):
            day, month = (found[2], found[1]) if month_first else (found[1], found[2])
            return date(int(found[3]), int(month), int(day))
        if found := re.match(
            r"(\d{1,2})(?:er|st|nd|rd|th|º|\.)?\s+(?:de )?([^\W\d]+)\.?,?\s+(?:de )?(\d{4})\b", plain
        ):
            return date(int(found[3]), MONTHS[found[2].lower()], int(found[1]))
        if found := re.match(r"([^\W\d]+)\.?\s+(\d{1,2}),?\s+(\d{4})\b", plain):
            return date(int(found[3]), MONTHS[found[1].lower()], int(found[2]))
    except (ValueError, KeyError):
        return None
    return None


def _labelled(lines: list[str], label: re.Pattern[str]) -> Iterator[str]:
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if found := label.match(line):
            yield found[2].strip() or following


def _xml_inside(reader: PdfReader) -> bytes | None:
    attached: Any = reader.attachments
    for name in attached:
        if str(name).lower().endswith(".xml"):
            content = attached[name][0]
            return bytes(content) if len(content) <= XML_BYTES_MAX else None
    return None


def _texts(xml: bytes) -> dict[str, str]:
    """Return the first text at each path of local names, `/A/B/C`."""
    path: list[str] = []
    found: dict[str, str] = {}
    parts: list[str] = []

    def start(name: str, _attributes: dict[str, str]) -> None:
        path.append(name.rpartition(" ")[2])
        parts.clear()

    def end(_name: str) -> None:
        if text := "".join(parts).strip():
            found.setdefault("/" + "/".join(path), text)
        parts.clear()
        path.pop()

    def refuse(*_: object) -> None:
        raise ValueError("a document type has no place in an e-invoice")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = parts.append
    parser.StartDoctypeDeclHandler = refuse
    parser.Parse(xml, True)
    return found


def _first(found: dict[str, str], ends: tuple[str, ...]) -> str | None:
    return next((text for path, text in found.items() if path.endswith(ends)), None)


def _date_of_digits(text: str | None) -> date | None:
    digits = (text or "").replace("-", "")
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None

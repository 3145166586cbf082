"""A bill of the archive as one of EN 16931: from the e-invoice in its paper, else from what is known.

Nothing is invented: a mandatory fact that neither the archive nor the parties file has is told by its name
and its business term, and the bill is refused.

    unit = "C62"                         # parties.toml, for papers without an e-invoice: BT-130 of every line

    [seller.FR]                          # the provider's selling company
    name = "Provider SAS"
    country = "FR"
    vat_id = "FR44732829320"

    [buyer]                              # [buyer.ACCOUNT] for one account
    name = "Lefèvre & Fils SAS"
    country = "FR"
    vat_id = "FR27552100554"
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from acquit.collector.bill_selection import Detail, SelectedBill
from acquit.collector.cells import amount
from acquit.collector.fault import Fault
from acquit.collector.paper_facts import TaxRead
from acquit.collector.posting import toml_of
from acquit.documents.cii_reading import SETTLED, read
from acquit.documents.electronic_bill import ElectronicBill, Line, Party, TaxCase, Totals
from acquit.documents.ubl import render
from acquit.documents.xml_tree import NoTree, tree

NOT_TAKEN: Final = {
    f"{SETTLED}/SpecifiedLogisticsServiceCharge": "charges of logistics",
}
VAT_TERMS: Final = {"AE": ("VATEX-EU-AE", "Reverse charge"), "K": ("VATEX-EU-IC", "Intra-Community supply"),
                    "G": ("VATEX-EU-G", "Export"), "O": ("VATEX-EU-O", "Not subject to VAT")}  # fmt: skip
"""Codes and texts that EN 16931 gives to a category by itself. Source: CEF code list VATEX."""


@dataclass(frozen=True, slots=True)
class Parties:
    """Who sells and buys, as the archive's owner tells it, and the unit of what is counted."""

    sellers: Mapping[str, Party] = field(default_factory=dict)
    buyers: Mapping[str, Party] = field(default_factory=dict)
    buyer: Party | None = None
    unit: str = ""


def read_parties(path: Path | None) -> Parties:
    """Return the parties of a file, nobody without one. Raises Fault (configuration)."""
    if path is None:
        return Parties()
    told = toml_of(path)
    sellers, buyers = told.get("seller", {}), told.get("buyer", {})
    if not isinstance(sellers, dict) or not isinstance(buyers, dict):
        raise Fault("configuration", f"{path}: [seller.NAME] and [buyer] tables are expected.")
    tables = {key: one for key, one in buyers.items() if isinstance(one, dict)}
    own = {key: one for key, one in buyers.items() if not isinstance(one, dict)}
    return Parties(
        {key: _party(one, f"{path}, [seller.{key}]") for key, one in sellers.items()},
        {key: _party(one, f"{path}, [buyer.{key}]") for key, one in tables.items()},
        _party(own, f"{path}, [buyer]") if own else None,
        str(told.get("unit", "")),
    )


def _party(row: Any, where: str) -> Party:
    known = [one.name for one in fields(Party)]
    if not isinstance(row, dict) or not row.get("name") or len(str(row.get("country", ""))) != 2:
        raise Fault("configuration", f"{where} needs name and country (two letters).")
    for member in row:
        if member not in known:
            raise Fault("configuration", f"{where} has {member!r}; known are {', '.join(known)}.")
    return Party(**{name: str(value).strip() for name, value in row.items()})


def ubl_of(bill: SelectedBill, xml: bytes | None, parties: Parties) -> bytes | str:
    """Return the bill as UBL, or what is missing to write it.

    An embedded UBL is returned as it is; an embedded CII is turned; without one, archive and parties tell.
    """
    if xml is None:
        told = _of_archive(bill, parties)
        return render(told) if isinstance(told, ElectronicBill) else "not known are " + ", ".join(told)
    try:
        root = tree(xml)
    except NoTree:
        return "the e-invoice in its paper is no XML that can be read"
    if root.name in ("Invoice", "CreditNote"):
        return xml if root.said("ID") == bill.bill_id else "the e-invoice in its paper is of another bill"
    if root.said("ExchangedDocument/ID") != bill.bill_id:
        return "the e-invoice in its paper is of another bill"
    if left := [text for path, text in NOT_TAKEN.items() if root.find(path) is not None]:
        return "its e-invoice has " + ", ".join(left)
    made = read(root)
    missing = missing_in(made)
    return "not known are " + ", ".join(missing) if missing else render(made)


def missing_in(bill: ElectronicBill) -> list[str]:
    """Return the mandatory facts that a bill lacks, each with its business term."""
    seller, buyer = bill.seller, bill.buyer
    wanted = {
        "type (BT-3)": bill.type_code, "seller's name (BT-27)": seller.name,
        "seller's country (BT-40)": seller.country, "buyer's name (BT-44)": buyer.name,
        "buyer's country (BT-55)": buyer.country, "VAT by rate (BG-23)": bill.taxes,
        "lines (BG-25)": bill.lines,
        "due date or terms (BT-9, BT-20)": bill.due_on or bill.terms or bill.is_credit_note,
    }  # fmt: skip
    found = [name for name, value in wanted.items() if not value]
    charged = {one.category for one in bill.taxes}
    if charged - {"O"} and not seller.vat_id:
        found.append("seller's VAT id (BT-31)")
    if charged & {"AE", "K"} and not buyer.vat_id:
        found.append("buyer's VAT id (BT-48)")
    lines = {"unit (BT-130)": "unit", "quantity (BT-129)": "quantity", "price (BT-146)": "price",
             "name (BT-153)": "name"}  # fmt: skip
    found += [
        f"{name} of line {one.number}"
        for one in bill.lines
        for name, member in lines.items()
        if not getattr(one, member)
    ]
    return found


# ---------------------------------------------------------------- from the archive


def _of_archive(bill: SelectedBill, parties: Parties) -> ElectronicBill | list[str]:
    """Return the bill from archive and parties, or the mandatory facts that are not known."""
    seller = parties.sellers.get(bill.provider) or parties.sellers.get(bill.subsidiary)
    buyer = parties.buyers.get(bill.account) or parties.buyer
    unknown = [
        name
        for name, value in {
            "seller (BG-4)": seller, "buyer (BG-7)": buyer, "unit (BT-130)": parties.unit,
            "VAT by rate as printed (BG-23)": bill.taxes_source == "read",
            "which VAT rate each line bears (BT-151)": len(bill.taxes) == 1,
            "the kind of document (BT-3)": bill.kind,
        }.items()
        if not value
    ]  # fmt: skip
    if unknown or seller is None or buyer is None:
        return unknown
    made = _known(bill, seller, buyer, parties.unit)
    return missing_in(made) or made


def _known(bill: SelectedBill, seller: Party, buyer: Party, unit: str) -> ElectronicBill:
    sign = -1 if bill.is_credit_note else 1
    net, tax, gross = (
        amount(sign * minor, bill.currency) for minor in (bill.net_minor, bill.tax_minor, bill.total_minor)
    )
    cases = tuple(_case(one, sign, bill.currency) for one in bill.taxes)
    starts = [one.period_start_on for one in bill.details if one.period_start_on]
    ends = [one.period_end_on for one in bill.details if one.period_end_on]
    return ElectronicBill(
        number=bill.bill_id,
        issued_on=bill.issued_on,
        type_code="381" if bill.is_credit_note else "386" if bill.is_down_payment else "380",
        currency=bill.currency,
        seller=seller,
        buyer=buyer,
        taxes=cases,
        totals=Totals(net, net, tax, gross, gross),
        lines=tuple(_line(one, sign, bill.currency, unit, cases[0]) for one in bill.details),
        due_on=bill.due_on if bill.due_source == "read" else None,
        order=bill.purchase_order if bill.purchase_order_source == "read" else "",
        preceding=((bill.corrects, None),) if bill.corrects else (),
        starts_on=min(starts, default=None),
        ends_on=max(ends, default=None),
    )


def _case(one: TaxRead, sign: int, currency: str) -> TaxCase:
    code, text = VAT_TERMS.get(one.category, ("", ""))
    return TaxCase(
        one.category, f"{one.rate_bp // 100}.{one.rate_bp % 100:02d}", amount(sign * one.net_minor, currency),
        amount(sign * one.tax_minor, currency), code, text,
    )  # fmt: skip


def _line(one: Detail, sign: int, currency: str, unit: str, case: TaxCase) -> Line:
    return Line(
        number=str(one.detail_no),
        quantity="" if one.quantity_e4 is None else _decimal(sign * one.quantity_e4, 4),
        unit=unit,
        net=amount(sign * one.net_minor, currency),
        name=one.description or one.domain,
        price="" if one.unit_price_ucents is None else _decimal(one.unit_price_ucents, 8),
        tax=case,
        description=one.domain if one.description else "",
        starts_on=one.period_start_on,
        ends_on=one.period_end_on,
    )


def _decimal(scaled: int, digits: int) -> str:
    whole, part = divmod(abs(scaled), 10**digits)
    text = f"{whole}.{part:0{digits}d}".rstrip("0").rstrip(".")
    return f"-{text}" if scaled < 0 else text

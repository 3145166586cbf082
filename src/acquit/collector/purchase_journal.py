"""Bills as entries of a purchase journal: expenses and VAT in debit, the supplier in credit, zero in sum.

A file is an extract of one journal to be loaded into the books; it has the 18 columns of the French FEC and
is no FEC by itself, which has all entries of a year.
Source: Livre des procédures fiscales, A47 A-1, VII; Directive 2006/112/EC article 196 (reverse charge).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Final

from acquit.collector.bill_selection import SelectedBill
from acquit.collector.cells import Exact, amount, csv_bytes, day, safe
from acquit.collector.posting import Ledger, PostingMapping
from acquit.core.money import rounded, share_minor

FEC: Final = (
    "JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "CompAuxNum",
    "CompAuxLib", "PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit", "EcritureLet", "DateLet",
    "ValidDate", "Montantdevise", "Idevise",
)  # fmt: skip
"""The columns of the law, in its order."""

COLUMNS: Final = (
    "journal", "entry_no", "date", "ledger_account", "ledger_label", "auxiliary", "bill", "bill_date",
    "due_on", "due_source", "text", "debit", "credit", "currency", "cost_centre", "purchase_order",
    "purchase_order_source", "vat", "vat_source", "account",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Posting:
    """One amount on one ledger account: debit positive, credit negative; `vat` says rate and category."""

    to: Ledger
    amount_minor: int
    cost_centre: str = ""
    vat: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """The postings of one bill; they sum to zero."""

    entry_no: int
    bill: SelectedBill
    postings: tuple[Posting, ...]


def entries_of(bills: Iterable[SelectedBill], mapping: PostingMapping, first_no: int) -> list[Entry]:
    """Return an entry for each bill, numbered on from `first_no`."""
    return [Entry(no, bill, postings_of(bill, mapping)) for no, bill in enumerate(bills, start=first_no)]


def postings_of(bill: SelectedBill, mapping: PostingMapping) -> tuple[Posting, ...]:
    """Return what a bill posts: expenses with the VAT that may not be deducted, VAT by rate, the supplier."""
    vat, reverse = _vat(bill, mapping), _reverse(bill, mapping)
    lost = bill.tax_minor - sum(one.amount_minor for one in (*vat, *reverse))
    expenses = _expenses(bill, mapping)
    parts = apportioned(lost, [one.amount_minor for one in expenses])
    costs = [
        Posting(one.to, one.amount_minor + part, one.cost_centre)
        for one, part in zip(expenses, parts, strict=True)
    ]
    supplier = Posting(mapping.supplier_of(bill.subsidiary), -bill.total_minor)
    found = tuple(one for one in (*costs, *vat, *reverse, supplier) if one.amount_minor)
    assert sum(one.amount_minor for one in found) == 0, "an entry sums to zero"
    return found


def apportioned(whole: int, weights: Sequence[int]) -> list[int]:
    """Share out an amount in proportion to weights of any sign; the parts add up to it exactly.

    Weights that sum to zero give all of it to the largest.
    """
    total = sum(weights)
    if total == 0:
        largest = max(range(len(weights)), key=lambda place: abs(weights[place]), default=0)
        return [whole if place == largest else 0 for place in range(len(weights))]
    sign = 1 if total > 0 else -1
    marks = [rounded(whole * reached * sign, total * sign) for reached in accumulate(weights, initial=0)]
    return [after - before for before, after in pairwise(marks)]


def _expenses(bill: SelectedBill, mapping: PostingMapping) -> list[Posting]:
    """Return what the details cost by expense account and cost centre, in the order of the bill."""
    sums: dict[tuple[str, str], int] = {}
    for one in bill.details:
        key = mapping.expense_of(one.expense).number, one.cost_centre
        sums[key] = sums.get(key, 0) + one.net_minor
    if not sums:
        sums[mapping.expense.number, ""] = bill.net_minor
    return [Posting(mapping.expense_of(number), minor, centre) for (number, centre), minor in sums.items()]


def _vat(bill: SelectedBill, mapping: PostingMapping) -> list[Posting]:
    return [
        Posting(mapping.vat, share_minor(one.tax_minor, mapping.deductible_bp), vat=_rate(one.rate_bp))
        for one in bill.taxes
        if one.tax_minor
    ]


def _reverse(bill: SelectedBill, mapping: PostingMapping) -> list[Posting]:
    """Return both sides of VAT that the buyer accounts for itself."""
    found = []
    for one in bill.taxes:
        if one.category in mapping.reverse_categories and one.tax_minor == 0:
            due = share_minor(one.net_minor, mapping.reverse_rate_bp)
            told = f"{one.category} {_rate(mapping.reverse_rate_bp)}"
            found += [
                Posting(mapping.reverse_deductible, share_minor(due, mapping.deductible_bp), vat=told),
                Posting(mapping.reverse_due, -due, vat=told),
            ]
    return found


def _rate(rate_bp: int) -> str:
    whole, part = divmod(rate_bp, 100)
    return f"{whole}.{part:02d} %" if part else f"{whole} %"


# ---------------------------------------------------------------- files


def as_fec(entries: Iterable[Entry], mapping: PostingMapping) -> bytes:
    """Return the entries in the 18 columns of the FEC: tabs, decimal comma, dates as 20261231, UTF-8."""
    lines = ["\t".join(FEC)]
    for entry in entries:
        lines += ["\t".join(map(_cell, _fec(entry, one, mapping))) for one in entry.postings]
    return ("\r\n".join(lines) + "\r\n").encode()


def _fec(entry: Entry, posting: Posting, mapping: PostingMapping) -> Iterator[str]:
    bill, to = entry.bill, posting.to
    issued = f"{bill.issued_on:%Y%m%d}"
    debit, credit = _sides(posting.amount_minor, bill.currency, ",")
    yield from (mapping.code, mapping.label, str(entry.entry_no), issued, to.number, to.label)
    yield from (to.auxiliary, bill.payee if to.auxiliary else "", bill.bill_id, issued)
    yield from (_text(bill, posting), debit, credit, "", "", "", "", "")


def as_csv(entries: Iterable[Entry], mapping: PostingMapping) -> bytes:
    """Return the entries as CSV in UTF-8 with all that is known of each posting."""
    return csv_bytes(COLUMNS, (_row(entry, one, mapping) for entry in entries for one in entry.postings))


def _row(entry: Entry, posting: Posting, mapping: PostingMapping) -> tuple[object, ...]:
    bill, to = entry.bill, posting.to
    debit, credit = map(Exact, _sides(posting.amount_minor, bill.currency, "."))
    return (
        mapping.code, entry.entry_no, day(bill.issued_on), to.number, to.label, to.auxiliary, bill.bill_id,
        day(bill.issued_on), day(bill.due_on), bill.due_source, _text(bill, posting), debit, credit,
        bill.currency, posting.cost_centre, bill.purchase_order, bill.purchase_order_source, posting.vat,
        bill.taxes_source, bill.account,
    )  # fmt: skip


def _cell(text: str) -> str:
    """Return a text without what separates columns, and that no spreadsheet takes for a formula."""
    return safe(text).replace("|", " ")


def _sides(minor: int, currency: str, mark: str) -> tuple[str, str]:
    zero = amount(0, currency, mark)
    told = amount(abs(minor), currency, mark)
    return (told, zero) if minor > 0 else (zero, told)


def _text(bill: SelectedBill, posting: Posting) -> str:
    who = bill.payee or bill.provider
    what = "Avoir" if bill.is_credit_note else "Acompte" if bill.is_down_payment else "Facture"
    return " ".join(filter(None, (what, who, bill.bill_id, posting.vat)))

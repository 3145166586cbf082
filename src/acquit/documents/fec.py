"""The French file of accounting entries: 18 columns, tabs, commas in amounts, named by SIREN and year's end.

Entries come in the order in which they were booked, numbered without a gap within each journal; the first are
the balances that the year begins with. A line that is no money is never written.

Source: Livre des procédures fiscales, article A47 A-1, VII.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from acquit.core.money import Currency, plain

COLUMNS: Final = (
    "JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "CompAuxNum",
    "CompAuxLib", "PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit", "EcritureLet", "DateLet",
    "ValidDate", "Montantdevise", "Idevise",
)  # fmt: skip

JOURNALS: Final = {
    "AN": "À nouveaux", "VE": "Ventes", "AC": "Achats", "BQ": "Banque", "OD": "Opérations diverses",
}  # fmt: skip
DOCUMENTS: Final = frozenset({"bill", "credit-note"})
PURCHASES: Final = frozenset({"reverse-bill", "reverse-credit-note"})

WORDS: Final = {
    "bill": "Facture", "credit-note": "Avoir", "deposit": "Encaissement", "settlement": "Lettrage facture",
    "reopened": "Annulation de lettrage", "returned": "Rejet bancaire", "write-off": "Perte sur créance",
    "credit-added": "Avoir à utiliser", "deferral": "Produits constatés d'avance",
    "release": "Reprise produits constatés d'avance", "opening": "À nouveau",
    "credit-withdrawn": "Annulation d'avoir à utiliser", "suspense": "Encaissement non identifié",
    "identified": "Encaissement identifié", "deposit-withdrawn": "Annulation d'encaissement",
    "claim": "Pénalités de retard", "refund": "Remboursement à payer", "refund-paid": "Remboursement",
    "refund-failed": "Rejet de remboursement", "payout": "Virement du prestataire de paiement",
    "accrual": "Factures à établir", "accrual-reversed": "Extourne factures à établir",
    "reverse-bill": "Autofacture fournisseur", "reverse-credit-note": "Avoir sur autofacture",
    "reverse-bill-paid": "Règlement autofacture", "reverse-bill-returned": "Rejet de règlement autofacture",
    "conversion": "Différence de conversion", "conversion-reversed": "Extourne différence de conversion",
    "points": "Points de fidélité",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FecLine:
    """One posting as the file tells it; `entry_key` is the same for the postings of one entry.

    `amount_minor` is in the currency of the books, debit positive; `foreign` is the amount and currency of
    the operation when that is another.
    """

    entry_key: tuple[str, int]
    kind: str
    booked_on: date
    ledger: str
    ledger_name: str
    auxiliary: str
    auxiliary_name: str
    document: str
    document_on: date
    amount_minor: int
    letter: str
    letter_on: date | None
    valid_on: date
    moves_bank: bool
    foreign: tuple[int, Currency] | None = None


def file_name(siren: str, last_on: date) -> str:
    """Return the name that the law gives the file: SIREN, FEC, the day on which the year ends."""
    return f"{siren}FEC{last_on:%Y%m%d}.txt"


def journal_of(kind: str, moves_bank: bool) -> str:
    """Return the code of the journal that an entry of that kind belongs to."""
    if kind == "opening":
        return "AN"
    if kind in DOCUMENTS:
        return "VE"
    if kind in PURCHASES:
        return "AC"
    return "BQ" if moves_bank else "OD"


def render(lines: Iterable[FecLine], currency: Currency, encoding: str = "utf-8") -> Iterator[bytes]:
    """Yield the file line by line, the names of the columns first.

    `encoding` is `utf-8` or `iso-8859-15`; a sign that the latter lacks becomes a question mark.
    """
    yield _line(COLUMNS, encoding)
    counts: dict[str, int] = {}
    last: tuple[str, int] | None = None
    for each in lines:
        code = journal_of(each.kind, each.moves_bank)
        if each.entry_key != last:
            counts[code] = counts.get(code, 0) + 1
            last = each.entry_key
        yield _line(_cells(each, code, counts[code], currency), encoding)


def _cells(line: FecLine, code: str, number: int, currency: Currency) -> tuple[str, ...]:
    amount = line.amount_minor
    devise = ("", "")
    if line.foreign is not None:
        devise = (_comma(*line.foreign), line.foreign[1])
    said = WORDS.get(line.kind, line.kind)
    return (
        code,
        JOURNALS[code],
        f"{code}{number:08d}",
        _day(line.booked_on),
        line.ledger,
        line.ledger_name,
        line.auxiliary,
        line.auxiliary_name,
        line.document,
        _day(line.document_on),
        f"{said} {line.document}" if line.kind != "opening" else said,
        _comma(max(amount, 0), currency),
        _comma(max(-amount, 0), currency),
        line.letter,
        "" if line.letter_on is None else _day(line.letter_on),
        _day(line.valid_on),
        *devise,
    )


def _line(cells: Iterable[str], encoding: str) -> bytes:
    return ("\t".join(map(_clean, cells)) + "\r\n").encode(encoding, errors="replace")


def _clean(text: str) -> str:
    """Return the text without what would begin a new cell or line."""
    return " ".join(text.split())


def _comma(minor: int, currency: Currency) -> str:
    return plain(minor, currency).replace(".", ",")


def _day(on: date) -> str:
    return f"{on:%Y%m%d}"

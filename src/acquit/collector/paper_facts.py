"""What a paper says about its payment and its VAT: means, IBAN, BIC, reference, kind, VAT by rate.

From the e-invoice inside (CII or UBL), else from labelled lines of its text. Nothing is guessed: what is not
plainly written is empty, and what is written wrong is kept as written, so that whoever pays is told.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from acquit.core.errors import Invalid
from acquit.core.money import EXPONENTS, Currency, parsed, scaled
from acquit.documents.xml_tree import Node, NoTree, tree

READS: Final = 3
"""What this reads, as a number: a reading of a smaller number is made anew from the saved paper."""

BILL, CREDIT_NOTE = "bill", "credit-note"
TRANSFER, DIRECT_DEBIT, CARD, OTHER = "transfer", "direct-debit", "card", "other"
MEANS: Final = {
    "30": TRANSFER, "31": TRANSFER, "42": TRANSFER, "58": TRANSFER, "49": DIRECT_DEBIT, "59": DIRECT_DEBIT,
    "48": CARD, "54": CARD, "55": CARD,
}  # fmt: skip
"""UNCL 4461, the codes of BT-81 that say who moves the money."""

CREDIT_CODES: Final = frozenset({"381", "396", "261", "262", "296", "308", "420", "458", "502", "503", "532"})
"""UNCL 1001, the codes of BT-3 that are credit notes."""


@dataclass(frozen=True, slots=True)
class TaxRead:
    """VAT of one category and rate as the paper tells it; amounts in the smallest unit."""

    category: str
    rate_bp: int
    net_minor: int
    tax_minor: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What was read; an empty text was not there."""

    kind: str = ""
    corrects: str = ""
    means: str = ""
    payee: str = ""
    iban: str = ""
    bic: str = ""
    reference: str = ""
    taxes: tuple[TaxRead, ...] = ()


# ---------------------------------------------------------------- XML


def facts_of_xml(xml: bytes, bill_id: str) -> Facts | None:
    """Return what an e-invoice says, None when it is none or is of another bill."""
    try:
        root = tree(xml)
        read = {"CrossIndustryInvoice": _of_cii, "Invoice": _of_ubl, "CreditNote": _of_ubl}.get(root.name)
        number = root.said("ExchangedDocument/ID") or root.said("ID")
        return read(root) if read is not None and number == bill_id else None
    except (NoTree, Invalid, KeyError):
        return None


def _of_cii(root: Node) -> Facts:
    settled = root.find("SupplyChainTradeTransaction/ApplicableHeaderTradeSettlement") or Node("")
    currency = Currency(settled.said("InvoiceCurrencyCode"))
    means = [one for one in settled.all("SpecifiedTradeSettlementPaymentMeans") if one.said("TypeCode")]
    by_transfer = next((one for one in means if MEANS.get(one.said("TypeCode")) == TRANSFER), None)
    chosen = by_transfer or (means[0] if means else Node(""))
    account = chosen.find("PayeePartyCreditorFinancialAccount") or Node("")
    return Facts(
        kind=CREDIT_NOTE if root.said("ExchangedDocument/TypeCode") in CREDIT_CODES else BILL,
        corrects=settled.said("InvoiceReferencedDocument/IssuerAssignedID"),
        means=_means(chosen.said("TypeCode")),
        payee=account.said("AccountName")
        or settled.said("PayeeTradeParty/Name")
        or root.said("SupplyChainTradeTransaction/ApplicableHeaderTradeAgreement/SellerTradeParty/Name"),
        iban=_compact(account.said("IBANID")),
        bic=_compact(chosen.said("PayeeSpecifiedCreditorFinancialInstitution/BICID")),
        reference=settled.said("PaymentReference"),
        taxes=tuple(
            TaxRead(
                one.said("CategoryCode"), scaled(one.said("RateApplicablePercent") or "0", 2),
                parsed(one.said("BasisAmount"), currency), parsed(one.said("CalculatedAmount"), currency),
            )
            for one in settled.all("ApplicableTradeTax")
        ),
    )  # fmt: skip


def _of_ubl(root: Node) -> Facts:
    currency = Currency(root.said("DocumentCurrencyCode"))
    means = list(root.all("PaymentMeans"))
    by_transfer = next((one for one in means if MEANS.get(one.said("PaymentMeansCode")) == TRANSFER), None)
    chosen = by_transfer or (means[0] if means else Node(""))
    code = root.said("InvoiceTypeCode")
    seller = root.find("AccountingSupplierParty/Party") or Node("")
    return Facts(
        kind=CREDIT_NOTE if root.name == "CreditNote" or code in CREDIT_CODES else BILL,
        corrects=root.said("BillingReference/InvoiceDocumentReference/ID"),
        means=_means(chosen.said("PaymentMeansCode")),
        payee=chosen.said("PayeeFinancialAccount/Name")
        or root.said("PayeeParty/PartyName/Name")
        or seller.said("PartyLegalEntity/RegistrationName"),
        iban=_compact(chosen.said("PayeeFinancialAccount/ID")),
        bic=_compact(chosen.said("PayeeFinancialAccount/FinancialInstitutionBranch/ID")),
        reference=chosen.said("PaymentID"),
        taxes=tuple(
            TaxRead(
                one.said("TaxCategory/ID"), scaled(one.said("TaxCategory/Percent") or "0", 2),
                parsed(one.said("TaxableAmount"), currency), parsed(one.said("TaxAmount"), currency),
            )
            for one in root.all("TaxTotal/TaxSubtotal")
        ),
    )  # fmt: skip


def _means(code: str) -> str:
    return MEANS.get(code, OTHER) if code else ""


def _compact(text: str) -> str:
    return "".join(text.split()).upper()


# ---------------------------------------------------------------- text

CREDIT_TITLES: Final = re.compile(
    r"\b(credit note|avoir|gutschrift|nota de crédito|factura de abono|nota di credito|creditnota|korekta|"
    r"korekta zmniejszająca)$",
    re.IGNORECASE,
)
BILL_TITLES: Final = re.compile(
    r"\b(invoice|facture|facture rectificative|rechnung|rechnungskorrektur|factura|factura rectificativa|"
    r"fattura|fattura rettificativa|fatura|fatura retificativa|faktura|faktura korygująca|"
    r"factuur|correctiefactuur)$",
    re.IGNORECASE,
)
CORRECTS: Final = re.compile(
    r"^(?:rectifie la facture|corrects invoice|berichtigt rechnung|rectifica la factura|rettifica la fattura|"
    r"corrigeert factuur|koryguje fakturę|retifica a fatura)\s+([A-Z0-9+_/-]{3,35})\b",
    re.IGNORECASE,
)
IBAN: Final = re.compile(r"^IBAN\s*:?\s+([A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30})\s*$")
BIC: Final = re.compile(r"^(?:BIC|SWIFT|BIC ?/ ?SWIFT|SWIFT ?/ ?BIC)\s*:?\s+([A-Z0-9 ]{8,14})\s*$")
HOLDER: Final = re.compile(
    r"^(?:account holder|titulaire|kontoinhaber|beneficiary|bénéficiaire|titular da conta|titular|"
    r"intestatario del conto|rekeninghouder|posiadacz rachunku)\s*:?\s+(\S.*)$",
    re.IGNORECASE,
)
REFERENCE: Final = re.compile(
    r"^(?:payment reference|référence à rappeler|référence de paiement|zahlungsreferenz|"
    r"referencia de pago|riferimento di pagamento|betalingskenmerk|tytuł płatności|"
    r"referência de pagamento)\s*:?\s+(\S.*)$",
    re.IGNORECASE,
)
COLLECTED: Final = {
    DIRECT_DEBIT: re.compile(
        r"(collected by direct debit|réglée?s? par prélèvement|will be debited from your account|"
        r"seront prélevés sur votre compte|von ihrem konto eingezogen|se adeudarán en su cuenta|"
        r"saranno addebitati sul vostro conto|van uw rekening geïncasseerd|pobrane z państwa rachunku|"
        r"serão debitados na sua conta)",
        re.IGNORECASE,
    ),
    CARD: re.compile(r"(collected by card|réglée?s? par carte)", re.IGNORECASE),
    OTHER: re.compile(
        r"^(nothing to do: .* will be collected|rien à faire : .* seront réglés)", re.IGNORECASE
    ),
}
SPACES: Final = str.maketrans(dict.fromkeys("\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}", " "))
MONEY: Final = r"[^\d\s%−-]{0,4} ?([−-]?\d[\d .,'’]*) ?[^\d\s%]{0,4}"
RATED: Final = re.compile(rf"^(\d{{1,2}}(?:[.,]\d{{1,2}})?) ?% {MONEY} {MONEY}$")
LABELS: Final = {
    "AE": (
        "reverse charge", "autoliquidation", "inversión del sujeto pasivo", "inversione contabile",
        "btw verlegd", "odwrotne obciążenie", "autoliquidação",
    ),
    "K": (
        "exempt (eu)", "exonérée (ue)", "exonéré (ue)", "steuerfrei (eu)", "exento (ue)",
        "non imponibile (ue)", "vrijgesteld (eu)", "dostawa wewnątrzwspólnotowa", "isento (ue)",
    ),
    "O": (
        "outside scope", "hors champ", "nicht steuerbar", "no sujeto", "fuori campo iva", "buiten de heffing",
        "nie podlega", "não sujeito",
    ),
    "G": (
        "exempt (export)", "exonérée (export)", "exonéré (export)", "steuerfrei (ausfuhr)",
        "exento (exportación)", "non imponibile (esportazione)", "vrijgesteld (uitvoer)", "eksport",
        "isento (exportação)",
    ),
    "E": (
        "exempt", "exonérée", "exonéré", "steuerfrei", "exento", "esente", "vrijgesteld", "zwolnione",
        "isento",
    ),
    "Z": (
        "zero rate", "taux zéro", "nullsatz", "tipo cero", "aliquota zero", "nultarief", "stawka zerowa",
        "taxa zero",
    ),
}  # fmt: skip
UNTAXED: Final = {label: category for category, labels in LABELS.items() for label in labels}
LABELLED: Final = re.compile(
    rf"^({'|'.join(map(re.escape, sorted(UNTAXED, key=len, reverse=True)))}) {MONEY} {MONEY}$", re.IGNORECASE
)
TITLE_LINES: Final = 6


def facts_of_text(text: str, currency: str) -> Facts:
    """Return what the lines of a paper say that begin with a known label."""
    lines = [line.strip() for line in text.translate(SPACES).splitlines() if line.strip()]
    iban = _first(lines, IBAN)
    return Facts(
        kind=_title(lines[:TITLE_LINES]),
        corrects=_first(lines, CORRECTS),
        means=TRANSFER if iban else _collected(lines),
        payee=_first(lines, HOLDER),
        iban=_compact(iban),
        bic=_compact(_first(lines, BIC)),
        reference=_first(lines, REFERENCE),
        taxes=tuple(_taxes(lines, currency)),
    )


def _first(lines: Sequence[str], label: re.Pattern[str]) -> str:
    return next((found[1].strip() for line in lines if (found := label.match(line))), "")


def _title(lines: Sequence[str]) -> str:
    for line in lines:
        if CREDIT_TITLES.search(line):
            return CREDIT_NOTE
        if BILL_TITLES.search(line):
            return BILL
    return ""


def _collected(lines: Sequence[str]) -> str:
    return next(
        (means for means, words in COLLECTED.items() if any(words.search(line) for line in lines)), ""
    )


def _taxes(lines: Sequence[str], currency: str) -> Iterator[TaxRead]:
    for line in lines:
        if found := RATED.match(line):
            category, rate_bp = "S", scaled(found[1].replace(",", "."), 2)
            net, tax = found[2], found[3]
        elif found := LABELLED.match(line):
            category, rate_bp = UNTAXED[found[1].lower()], 0
            net, tax = found[2], found[3]
        else:
            continue
        net_minor, tax_minor = amount_in(net, currency), amount_in(tax, currency)
        if net_minor is not None and tax_minor is not None:
            yield TaxRead(category, rate_bp, net_minor, tax_minor)


def amount_in(text: str, currency: str) -> int | None:
    """Return an amount as papers write it, `1 234,56` or `1,234.56`, in the smallest unit.

    None when it has not exactly the currency's decimals: then it is not sure what the signs mean.
    """
    digits = EXPONENTS.get(Currency(currency))
    plain = re.sub(r"['’\s]", "", text).replace("−", "-")
    if digits is None:
        return None
    part = rf"[.,](\d{{{digits}}})" if digits else "()"
    found = re.fullmatch(rf"(-?)(\d{{1,3}}(?:[.,]?\d{{3}})*|\d+){part}", plain)
    return None if found is None else int(f"{found[1]}{re.sub(r'[.,]', '', found[2])}{found[3]}")

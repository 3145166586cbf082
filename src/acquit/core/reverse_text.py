"""Where each cent of a reverse bill comes from, in sentences: English and French."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from acquit.core.bill import Bill, Detail
from acquit.core.discount import percent
from acquit.core.explanation import exact, exact_share, is_rounded, quantity, unit_price
from acquit.core.explanation_text import Teller, spoken
from acquit.core.journal import Entry
from acquit.core.reverse_bill import Standing, Vat
from acquit.core.self_billing import Agreement, Regime
from acquit.core.tax import TaxLine


@dataclass(frozen=True, slots=True)
class ReverseExplanation:
    """A reverse bill with what it comes from; a credit note has no standing."""

    bill: Bill
    agreement: Agreement
    vat: Vat
    standing: Standing | None
    series_id: str
    number: int
    entry: Entry | None


ENGLISH: Final[Mapping[str, str]] = {
    "bill": "Reverse bill {bill} of {on}: {seller} bills itself {total} {currency} in the name of account "
    "{account}, {net} net and {tax} VAT (CGI 289 I-2).",
    "credit-note": "Credit note {bill} of {on} takes all of {corrects} back, {total} {currency}: {why}",
    "agreement": "Agreement {no}, {reference} ({subject}), allows it; {who} accepted it on {on}.",
    "line": "{no}. {what}, from {start} to {end}: {quantity} × {price} = {exact} {currency}, {rounded}.",
    "supply": "It is known as {reference} and billed once for its days.",
    "rounded": "rounded half away from zero to {net}",
    "not-rounded": "exact to the cent",
    "tax": "VAT {category} at {rate} % of {base} is {exact}, so {tax}: {why}",
    "standard": "the supplier bears it and owes it to its state.",
    "small-exempt": "the supplier is a small business without VAT (CGI 293 B).",
    "reverse-charge": "the buyer accounts for it itself, {assessed} (Directive 2006/112/EC, article 196).",
    "waits": "The buyer deducts it with each payment, by its share (CGI 271 I-2).",
    "at-once": "The buyer deducts it with the bill.",
    "number": "It is number {number} of series {series}, which is the supplier's own "
    "(CGI annexe II 242 nonies A); its payment quotes {reference}.",
    "term": "It may be contested until {until}, and is to be paid by {due}, {days} days after its date.",
    "standing": "Of {total}, {set_off} is set off, {paid} paid, {paying} under way, {open} open.",
    "back": "Credit note {note} took it back.",
    "entry": "Entry {entry} of {account}: {postings}.",
    "debit": "debit {ledger} {amount}",
    "credit": "credit {ledger} {amount}",
}

FRENCH: Final[Mapping[str, str]] = {
    "bill": "Facture {bill} du {on}, établie par {seller} au nom du compte {account} (CGI 289 I-2) : {total} "
    "{currency}, soit {net} HT et {tax} de TVA.",
    "credit-note": "L'avoir {bill} du {on} annule toute la facture {corrects}, {total} {currency} : {why}",
    "agreement": "L'accord {no}, {reference} ({subject}), le permet ; {who} l'a accepté le {on}.",
    "line": "{no}. {what}, du {start} au {end} : {quantity} × {price} = {exact} {currency}, {rounded}.",
    "supply": "Connue sous {reference}, facturée une seule fois pour ces jours.",
    "rounded": "arrondi à {net}, les demis s'éloignant de zéro",
    "not-rounded": "exact au centime",
    "tax": "TVA {category} à {rate} % de {base} : {exact}, soit {tax} ; {why}",
    "standard": "le fournisseur y est soumis et la doit à son État.",
    "small-exempt": "le fournisseur est en franchise (CGI 293 B).",
    "reverse-charge": "l'acheteur l'autoliquide, {assessed} (directive 2006/112/CE, article 196).",
    "waits": "L'acheteur la déduit à chaque paiement, pour sa part (CGI 271 I-2).",
    "at-once": "L'acheteur la déduit avec la facture.",
    "number": "Elle porte le numéro {number} de la série {series}, propre au fournisseur "
    "(CGI annexe II 242 nonies A) ; son paiement cite {reference}.",
    "term": "Contestable jusqu'au {until}, à payer au plus tard le {due}, {days} jours après sa date.",
    "standing": "Sur {total}, {set_off} sont compensés, {paid} payés, {paying} en cours, {open} restent dus.",
    "back": "L'avoir {note} l'a annulée.",
    "entry": "Écriture {entry} de {account} : {postings}.",
    "debit": "débit {ledger} {amount}",
    "credit": "crédit {ledger} {amount}",
}


def reverse_told(explained: ReverseExplanation, language: str = "en") -> list[str]:
    """Return the explanation in sentences; French for a language that begins with `fr`."""
    return _Teller(spoken(language, ENGLISH, FRENCH), explained).tell()


class _Teller(Teller):
    """Tells an explanation of a reverse bill."""

    def __init__(self, texts: Mapping[str, str], explained: ReverseExplanation) -> None:
        super().__init__(texts, explained.bill)
        self.explained = explained

    def tell(self) -> list[str]:
        """Return all sentences in order."""
        lines = [sentence for each in self.bill.details for sentence in self._line(each)]
        taxes = [self._tax(each) for each in self.bill.taxes]
        return [*self._head(), *lines, *taxes, *self._deduction(), *self._term(), *self._books()]

    def _head(self) -> list[str]:
        bill, agreement = self.bill, self.explained.agreement
        said = self._say(
            "credit-note" if bill.corrects_bill_id else "bill",
            bill=bill.bill_id, on=bill.issued_on, account=bill.account_id, seller=agreement.legal_entity_id,
            total=self._amount(bill.total_minor), currency=bill.currency, net=self._amount(bill.net_minor),
            tax=self._amount(bill.tax_minor), corrects=bill.corrects_bill_id, why=bill.note,
        )  # fmt: skip
        allowed = self._say(
            "agreement", no=agreement.agreement_no, reference=agreement.reference, subject=agreement.subject,
            who=agreement.accepted_by, on=agreement.accepted_on,
        )  # fmt: skip
        return [said, allowed]

    def _line(self, detail: Detail) -> list[str]:
        net = self._amount(detail.net_minor)
        rounded = self._say("rounded", net=net) if is_rounded(detail, self.bill) else self._say("not-rounded")
        said = self._say(
            "line", no=detail.detail_no, what=detail.description, start=detail.period_start,
            end=detail.period_end, quantity=quantity(detail.quantity_e4),
            price=unit_price(detail.unit_price_ucents), currency=self.bill.currency, rounded=rounded,
            exact=exact(detail.quantity_e4, detail.unit_price_ucents),
        )  # fmt: skip
        return [said, *([self._say("supply", reference=detail.domain)] if detail.domain else [])]

    def _tax(self, tax: TaxLine) -> str:
        why = self._say(
            self.explained.agreement.regime.value,
            assessed=self._amount(self.explained.vat.self_assessed_minor),
        )
        return self._say(
            "tax", category=tax.vat_category, rate=percent(tax.vat_rate_bp) or "0", why=why,
            base=self._amount(tax.net_minor), tax=self._amount(tax.tax_minor),
            exact=exact_share(tax.net_minor, tax.vat_rate_bp, self.bill.currency),
        )  # fmt: skip

    def _deduction(self) -> list[str]:
        if self.explained.agreement.regime is not Regime.STANDARD:
            return []
        return [self._say("waits" if self.explained.vat.waits else "at-once")]

    def _term(self) -> list[str]:
        standing, bill = self.explained.standing, self.bill
        if standing is None:
            return []
        said = [
            self._say("term", until=standing.contest_until, due=bill.due_on, days=bill.term_days),
            self._say(
                "standing", total=self._amount(standing.total_minor),
                set_off=self._amount(standing.set_off_minor), paid=self._amount(standing.paid_minor),
                paying=self._amount(standing.paying_minor), open=self._amount(standing.open_minor),
            ),
        ]  # fmt: skip
        return said + ([self._say("back", note=standing.taken_back_by)] if standing.taken_back_by else [])

    def _books(self) -> list[str]:
        known = self.explained
        return [self._number(known.number, known.series_id), *self._entry(known.entry)]

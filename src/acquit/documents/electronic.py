"""The one place where an issued bill becomes its electronic form; totals are taken over, never computed anew.

A draft becomes one the same way, under a number that holds its place.

Source: EN 16931-1:2017; the French rules of XP Z12-012 (BR-FR); Directive 2006/112/EC articles 63, 64, 66.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import Final

from acquit.core import electronic_rule
from acquit.core.bill import CREDITS, SELF_BILLED, Bill, BillKind, Detail, first_period
from acquit.core.down_payment import ASKED, DEDUCTED, named_in
from acquit.core.electronic_address import AT_HOME
from acquit.core.money import Currency, exponent, plain
from acquit.core.snapshot import Buyer, Seller
from acquit.core.tax import TaxLine, VatCategory
from acquit.documents.electronic_bill import EN16931, ElectronicBill, Line, Note, Payment, TaxCase, Totals
from acquit.documents.electronic_party import buyer_party, delivery_party, seller_party
from acquit.documents.mentions import self_billing
from acquit.documents.paper import BillPaper
from acquit.documents.wording import Wording, wording

TYPES: Final = {
    BillKind.BILL: "380", BillKind.CREDIT_NOTE: "381", BillKind.CORRECTIVE: "384",
    BillKind.DOWN_PAYMENT: "386",
    BillKind.SELF_BILLED: "389", BillKind.SELF_BILLED_CREDIT: "261",
}  # fmt: skip
"""UNCL 1001. A claim has none: interest and fees for paying late are no supply, so no rule of bills binds it.

Source: CJEU C-222/81 (BAZ Bausystem); CGI 289, 289 bis.
"""

CREDIT_OF_DOWN_PAYMENT: Final = "503"
"""What takes a down payment back, in France. Source: XP Z12-012 (BR-FR-04)."""

TYPES_ELSEWHERE: Final = TYPES | {BillKind.CORRECTIVE: "380"}
"""Peppol keeps 384 for Germany; what follows a credit note is a bill. Source: PEPPOL-EN16931-P0112."""

PEPPOL: Final = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
PEPPOL_RULES: Final = f"{EN16931}#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
"""The kind of exchange (BT-23) and the rules (BT-24) of bills over Peppol. Source: Peppol BIS Billing 3.0."""

PEPPOL_SELF: Final = "urn:fdc:peppol.eu:2017:poacc:selfbilling:01:1.0"
PEPPOL_SELF_RULES: Final = f"{EN16931}#compliant#urn:fdc:peppol.eu:2017:poacc:selfbilling:3.0"
"""The same of bills that their buyer makes. Source: Peppol BIS Self-Billing 3.0."""

OVER_PEPPOL: Final = {PEPPOL: PEPPOL_RULES, PEPPOL_SELF: PEPPOL_SELF_RULES}

GOODS: Final = frozenset({VatCategory.INTRA_COMMUNITY, VatCategory.EXPORT})
MEANS: Final = {"direct-debit": "59", "card": "48"}
TRANSFER, SEPA_TRANSFER, OTHER_MEANS = "30", "58", "ZZZ"
"""UNCL 4461."""

ON_ISSUE, WHEN_PAID = "3", "432"
"""UNCL 2005: when the VAT of a supply of services falls due."""

PIECE: Final = "C62"
BETWEEN: Final = " - "
EURO: Final = Currency("EUR")
NO_EXCHANGE: Final = "OUTOFSCOPE"
"""What a test says in place of to whom it goes: platforms pass it on to nobody (BR-FR-20)."""

MARK: Final = re.compile("#(?=[^#]{3}#)")
"""How UBL marks the subject of a note: a text that has it itself is taken for one (BR-CL-08, BR-FR-06)."""

DECIMALS_MAX: Final = 2
SHOWN_DIGITS: Final = 6
"""Decimals of a unit price that the French rules let an electronic bill show (BR-FR-DEC-03)."""


def is_electronic(paper: BillPaper) -> bool:
    """Return whether the paper has an electronic form: all but claims, and currencies of three decimals.

    Source: EN 16931-1, 6.5.2 (an amount has at most two decimals).
    """
    return paper.bill.kind in TYPES and exponent(paper.bill.currency) <= DECIMALS_MAX


def is_french_exchange(paper: BillPaper) -> bool:
    """Return whether the French rules of electronic bills bind it: businesses at home on both sides."""
    is_bound = electronic_rule.is_french_exchange(paper.seller, paper.buyer)
    return is_bound and is_electronic(paper) and not paper.is_test


def electronic(paper: BillPaper) -> ElectronicBill:
    """Return the bill as EN 16931 knows it. Raises KeyError for a claim, which has no such form."""
    bill, seller = paper.bill, paper.seller
    says = wording(bill.language, bill.currency)
    is_french = seller.country == "FR"
    reference, order = paper.buyer.buyer_reference.strip(), (bill.purchase_order_reference or "").strip()
    untaxed = any(tax.vat_category == VatCategory.OUT_OF_SCOPE for tax in bill.taxes)
    goods = any(tax.vat_category in GOODS for tax in bill.taxes)
    starts_on, ends_on = _supplied(bill, goods=goods)
    asks_nothing = paper.is_test or bill.kind in CREDITS or not bill.to_pay_minor
    tax_currency = _tax_currency(bill, seller)
    notes = tuple(Note(MARK.sub("# ", note.text), note.subject) for note in _notes(says, paper))
    return ElectronicBill(
        number=bill.bill_id,
        issued_on=bill.issued_on,
        type_code=_type_code(bill, is_french=is_french),
        currency=bill.currency,
        seller=seller_party(says, seller, untaxed=untaxed),
        buyer=buyer_party(paper.buyer, untaxed=untaxed),
        taxes=tuple([_tax(tax, bill.currency) for tax in bill.taxes]),
        totals=_totals(bill, tax_currency),
        lines=tuple([_line(says, bill, detail, paper.units) for detail in bill.details]),
        due_on=_due_on(bill),
        profile=_profile(bill, goods=goods) if is_french else _peppol(bill),
        notes=notes if is_french else _one_note(notes),
        tax_currency=tax_currency,
        tax_due=_tax_due(bill, seller),
        buyer_reference=reference if is_french or reference or order else bill.account_id,
        order=order,
        contract=bill.contract.strip(),
        cost_account=bill.cost_account.strip(),
        preceding=_preceding(paper),
        delivered_to=delivery_party(paper.buyer) if goods or ends_on is None else None,
        delivered_on=ends_on,
        starts_on=starts_on,
        ends_on=ends_on,
        payments=() if asks_nothing else (_payment(paper),),
        creditor="" if paper.debit is None or asks_nothing else paper.debit.creditor_id,
        terms=_terms(says, bill),
    )


def over_peppol(bill: ElectronicBill) -> ElectronicBill:
    """Return the bill as its UBL is written: one for Peppol names the rules of Peppol."""
    rules = OVER_PEPPOL.get(bill.profile)
    return bill if rules is None else replace(bill, specification=rules)


def _supplied(bill: Bill, *, goods: bool) -> tuple[date | None, date | None]:
    """Return the first and last day that the details cover; a down payment is for nothing supplied yet.

    It tells where it will be, since CII has no bill without something about delivery.
    Services that go on are supplied when their period ends. Of goods a day is always told (BR-IC-11).
    Source: Directive 2006/112/EC article 64(1).
    """
    details = [each for each in bill.details if each.kind not in (ASKED, DEDUCTED)]
    if not details:
        return (bill.issued_on, bill.issued_on) if goods else (None, None)
    return first_period(details), max([each.period_end for each in details])


def _type_code(bill: Bill, *, is_french: bool) -> str:
    if is_french and bill.kind is BillKind.CREDIT_NOTE and bill.details[0].kind == ASKED:
        return CREDIT_OF_DOWN_PAYMENT
    return TYPES[bill.kind] if is_french else TYPES_ELSEWHERE[bill.kind]


def _preceding(paper: BillPaper) -> tuple[tuple[str, date | None], ...]:
    """Return the bill that it corrects, else the down payments that it deducts, with their dates (BG-3).

    A corrective bill names one bill alone (BR-FR-CO-04); its lines name the down payments.
    """
    bill = paper.bill
    if bill.corrects_bill_id:
        return ((bill.corrects_bill_id, paper.corrected_on),)
    days = {each.domain: each.period_start for each in bill.details if each.kind == DEDUCTED}
    return tuple((number, days[number]) for number in named_in(bill.details))


@lru_cache(maxsize=16_384)
def price_shown(ucents: int) -> tuple[str, str]:
    """Return a unit price of at most six decimals, and for how many units it is (empty: one).

    A finer price is told for ten or a hundred units, so that nothing of it is lost. Source: BT-146, BT-149.
    """
    units = next(units for units in (1, 10, 100) if ucents * units % 100 == 0)
    text = _decimal(ucents * units // 100, SHOWN_DIGITS)
    return text, "" if units == 1 else str(units)


def _decimal(scaled: int, digits: int) -> str:
    whole, part = divmod(abs(scaled), 10**digits)
    text = f"{whole}.{part:0{digits}d}".rstrip("0").rstrip(".")
    return f"-{text}" if scaled < 0 else text


@lru_cache(maxsize=16_384)
def _quantity(e4: int) -> str:
    return _decimal(e4, 4)


@lru_cache(maxsize=1024)
def _category(category: str, rate_bp: int) -> TaxCase:
    """Return the category of a line; what is out of scope has no rate."""
    return TaxCase(category, "" if category == VatCategory.OUT_OF_SCOPE else plain(rate_bp, EURO))


def _tax(tax: TaxLine, currency: Currency) -> TaxCase:
    case = _category(tax.vat_category, tax.vat_rate_bp)
    net, due = plain(tax.net_minor, currency), plain(tax.tax_minor, currency)
    return TaxCase(case.category, case.rate, net, due, tax.exemption_code, tax.exemption_text)


def _tax_currency(bill: Bill, seller: Seller) -> str:
    """Return in which currency the VAT is told once more; no VAT is none in euros too, whatever the rate."""
    if bill.accounting_currency or bill.currency == EURO or bill.tax_minor or seller.country != "FR":
        return bill.accounting_currency or ""
    return EURO


def _totals(bill: Bill, tax_currency: str) -> Totals:
    currency, net = bill.currency, plain(bill.net_minor, bill.currency)
    accounted = plain(bill.accounting_tax_minor or 0, Currency(tax_currency)) if tax_currency else ""
    return Totals(
        lines=net,
        net=net,
        tax=plain(bill.tax_minor, currency),
        gross=plain(bill.total_minor, currency),
        payable=plain(bill.to_pay_minor, currency),
        prepaid=plain(bill.prepaid_minor, currency) if bill.prepaid_minor else "",
        accounted_tax=accounted,
    )


def _line(says: Wording, bill: Bill, detail: Detail, units: Mapping[int, str]) -> Line:
    price, price_quantity = price_shown(detail.unit_price_ucents)
    return Line(
        number=str(detail.detail_no),
        quantity=_quantity(detail.quantity_e4),
        unit=units.get(detail.detail_no, PIECE),
        net=plain(detail.net_minor, bill.currency),
        name=detail.description.strip() or detail.domain.strip() or says.say("line.other"),
        price=price,
        tax=_category(detail.vat_category, detail.vat_rate_bp),
        price_quantity=price_quantity,
        note=_owner(bill, detail) if bill.slices else "",
        starts_on=None if detail.kind in (ASKED, DEDUCTED) else detail.period_start,
        ends_on=None if detail.kind in (ASKED, DEDUCTED) else detail.period_end,
        order_line=detail.purchase_order_item.strip(),
        cost_account=detail.cost_account.strip(),
        object_id=detail.domain.strip(),
    )


def _owner(bill: Bill, detail: Detail) -> str:
    """Return which account a line of a shared bill is of."""
    owner_id = detail.owner_id or bill.account_id
    name = next((part.name for part in bill.slices if part.owner_id == owner_id), "")
    return f"{name} ({owner_id})" if name else owner_id


def _profile(bill: Bill, *, goods: bool) -> str:
    """Return the kind of exchange: goods or services, to be paid, paid, or final after a down payment.

    Source: XP Z12-012 (BT-23).
    """
    is_final = bill.kind is not BillKind.CREDIT_NOTE and bool(named_in(bill.details))
    return ("B" if goods else "S") + ("4" if is_final else "2" if _is_paid(bill) else "1")


def _peppol(bill: Bill) -> str:
    return PEPPOL_SELF if bill.kind in SELF_BILLED else PEPPOL


def _is_paid(bill: Bill) -> bool:
    return bill.total_minor > 0 and bill.to_pay_minor == 0


def _due_on(bill: Bill) -> date | None:
    """Return the due date; of a bill that was paid as it was issued, that day (BR-FR-CO-09).

    A corrective bill that falls due when the first did, which is past, says the day of issue there
    (BR-FR-CO-07) and in its terms since when it is due.
    """
    if bill.kind in CREDITS:
        return None
    return bill.issued_on if _is_paid(bill) else max(bill.due_on, bill.issued_on)


def _tax_due(bill: Bill, seller: Seller) -> str:
    """Return when the VAT falls due, of services that bear some. Source: Directive 2006/112/EC article 66."""
    if not any(tax.vat_category == VatCategory.STANDARD for tax in bill.taxes):
        return ""
    return ON_ISSUE if seller.vat_on_debits else WHEN_PAID


def _payment(paper: BillPaper) -> Payment:
    bill, seller = paper.bill, paper.seller
    if bill.payment_means == "direct-debit" and paper.debit is not None:
        debit = paper.debit
        return Payment(
            MEANS["direct-debit"], bill.payment_reference,
            mandate=debit.mandate_reference, debited_iban=debit.iban,
        )  # fmt: skip
    if bill.payment_means != "transfer" or not seller.iban:
        return Payment(MEANS.get(bill.payment_means, OTHER_MEANS), bill.payment_reference)
    code = SEPA_TRANSFER if bill.currency == EURO else TRANSFER
    iban, bic = "".join(seller.iban.split()), "".join(seller.bic.split())
    return Payment(code, bill.payment_reference, iban, seller.name, bic)


def _terms(says: Wording, bill: Bill) -> str:
    if bill.kind in CREDITS:
        return says.say("payment.credit_note", bill_id=bill.corrects_bill_id or "")
    if bill.due_on < bill.issued_on:
        return says.say("term.since", date=says.day(bill.due_on))
    if bill.due_on == bill.issued_on:
        return says.say("term.on_receipt")
    return says.say(f"term.{bill.term_method}", days=str(bill.term_days))


def _notes(says: Wording, paper: BillPaper) -> Iterator[Note]:
    bill, seller = paper.bill, paper.seller
    if seller.country == "FR":
        yield from _french_notes(says, paper)
    if paper.is_test:
        yield Note(says.say("mark.test"), "AAI")
    if bill.kind in SELF_BILLED:
        yield Note(self_billing(says, paper), "AAI")
    if bill.note.strip():
        yield _told(says, "fact.note", bill.note.strip())
    if sub_account := paper.buyer.sub_account.strip():
        yield _told(says, "fact.sub_account", f"{sub_account} ({bill.account_id})")
    if paper.payer is not None:
        yield _told(says, "party.payer", _in_a_line(paper.payer))


def _told(says: Wording, label: str, value: str) -> Note:
    return Note(says.say("electronic.told", label=says.say(label), value=value), "AAI")


def _one_note(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Return all notes as one, without a subject: Peppol takes no more (PEPPOL-EN16931-R002)."""
    text = BETWEEN.join(note.text for note in notes)
    return (Note(text),) if text else ()


def _french_notes(says: Wording, paper: BillPaper) -> Iterator[Note]:
    """What a bill between businesses has to say. Source: Code de commerce L441-9, L441-10, D441-5."""
    seller = paper.seller
    if seller.late_fee_minor:
        fee = wording(paper.bill.language, EURO).amount(seller.late_fee_minor)
        yield Note(says.say("electronic.late_fee", fee=fee), "PMT")
    else:
        yield Note(says.say("electronic.late_fee_of_law"), "PMT")
    if seller.late_rate_bp:
        yield Note(says.say("electronic.late_rate", rate=says.rate(seller.late_rate_bp)), "PMD")
    else:
        yield Note(says.say("electronic.late_rate_of_law"), "PMD")
    yield Note(says.say("mention.discount"), "AAB")
    if sold_to := NO_EXCHANGE if paper.is_test else _sold_to(paper.buyer):
        yield Note(sold_to, "BAR")


def _sold_to(buyer: Buyer) -> str:
    """Return to whom it goes: a business or a person, at home or abroad. Source: XP Z12-012 (BR-FR-20)."""
    kind = "B2C" if buyer.tax_profile == "person" else "B2B"
    if buyer.country not in AT_HOME:
        return f"{kind}INT"
    return kind if buyer.siren or kind == "B2C" else ""


def _in_a_line(party: Buyer) -> str:
    city = " ".join(part for part in (party.zip, party.city, party.country) if part)
    ids = (f"SIREN {party.siren}" if party.siren else "", party.vat_id)
    return ", ".join(part for part in (party.name, *ids, party.street, party.street_2, city) if part)

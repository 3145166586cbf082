"""A bill as Cross Industry Invoice D22B, profile EN 16931, as Factur-X carries it: values to bytes.

Amounts, prices, quantities and rates are exact decimal texts, taken over as they are. What is an empty text
is not written.

Source: EN 16931-1:2017, CEN/TS 16931-3-3 (syntax binding to CII); Factur-X 1.09.
"""

from datetime import date
from typing import Final

from acquit.documents.electronic_bill import Allowance, ElectronicBill, Line, Note, Party, Payment, TaxCase
from acquit.documents.xml_text import escaped

STANDARD: Final = "urn:un:unece:uncefact:data:standard:"
HEAD: Final = f"""<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossIndustryInvoice xmlns:rsm="{STANDARD}CrossIndustryInvoice:100"
  xmlns:ram="{STANDARD}ReusableAggregateBusinessInformationEntity:100"
  xmlns:qdt="{STANDARD}QualifiedDataType:100" xmlns:udt="{STANDARD}UnqualifiedDataType:100">
"""
TAX_DUE: Final = {"3": "5", "35": "29", "432": "72"}
"""When VAT is due: UNCL 2005 as EN 16931 has it, and the code of UNCL 2475 that CII has for it (BT-8)."""

OBJECT: Final = "130"
"""UNCL 1001: what is referred to is what a line is about (BT-128)."""


def render(bill: ElectronicBill) -> bytes:
    """Return the bill as CII; the same bill gives the same bytes."""
    return "".join((
        HEAD,
        _head(bill),
        "<rsm:SupplyChainTradeTransaction>\n",
        *[_line(line) for line in bill.lines],
        _agreement(bill),
        _delivery(bill),
        _settlement(bill),
        "</rsm:SupplyChainTradeTransaction>\n</rsm:CrossIndustryInvoice>\n",
    )).encode()  # fmt: skip


def _head(bill: ElectronicBill) -> str:
    profile = _around("BusinessProcessSpecifiedDocumentContextParameter", _text("ID", bill.profile))
    guide = _around("GuidelineSpecifiedDocumentContextParameter", _text("ID", bill.specification))
    return (
        f"<rsm:ExchangedDocumentContext>\n{profile}{guide}</rsm:ExchangedDocumentContext>\n"
        f"<rsm:ExchangedDocument>\n{_text('ID', bill.number)}{_text('TypeCode', bill.type_code)}"
        f"{_day('IssueDateTime', bill.issued_on)}{''.join([_note(note) for note in bill.notes])}"
        "</rsm:ExchangedDocument>\n"
    )


def _note(note: Note) -> str:
    return _around("IncludedNote", _text("Content", note.text) + _text("SubjectCode", note.subject))


# ---------------------------------------------------------------- lines


def _line(line: Line) -> str:
    document = _text("LineID", line.number) + _around("IncludedNote", _text("Content", line.note))
    product = _text("Name", line.name) + _text("Description", line.description)
    return (
        "<ram:IncludedSupplyChainTradeLineItem>\n"
        f"<ram:AssociatedDocumentLineDocument>\n{document}</ram:AssociatedDocumentLineDocument>\n"
        f"<ram:SpecifiedTradeProduct>\n{product}</ram:SpecifiedTradeProduct>\n"
        f"{_line_agreement(line)}"
        "<ram:SpecifiedLineTradeDelivery>\n"
        f"{_marked('BilledQuantity', 'unitCode', line.unit, line.quantity)}"
        "</ram:SpecifiedLineTradeDelivery>\n"
        f"{_line_settlement(line)}"
        "</ram:IncludedSupplyChainTradeLineItem>\n"
    )


def _line_agreement(line: Line) -> str:
    order = _around("BuyerOrderReferencedDocument", _text("LineID", line.order_line))
    base = _marked("BasisQuantity", "unitCode", line.unit, line.price_quantity) if line.price_quantity else ""
    price = _around("NetPriceProductTradePrice", _text("ChargeAmount", line.price) + base)
    return f"<ram:SpecifiedLineTradeAgreement>\n{order}{price}</ram:SpecifiedLineTradeAgreement>\n"


def _line_settlement(line: Line) -> str:
    tax = _around("ApplicableTradeTax", _category(line.tax))
    allowances = "".join([_allowance(one) for one in line.allowances])
    total = _around("SpecifiedTradeSettlementLineMonetarySummation", _text("LineTotalAmount", line.net))
    about = _document("AdditionalReferencedDocument", line.object_id, OBJECT)
    booked = _around("ReceivableSpecifiedTradeAccountingAccount", _text("ID", line.cost_account))
    return (
        f"<ram:SpecifiedLineTradeSettlement>\n{tax}{_period(line)}{allowances}{total}{about}{booked}"
        "</ram:SpecifiedLineTradeSettlement>\n"
    )


# ---------------------------------------------------------------- the whole bill


def _agreement(bill: ElectronicBill) -> str:
    return (
        "<ram:ApplicableHeaderTradeAgreement>\n"
        f"{_text('BuyerReference', bill.buyer_reference)}"
        f"{_party('SellerTradeParty', bill.seller)}{_party('BuyerTradeParty', bill.buyer)}"
        f"{_document('BuyerOrderReferencedDocument', bill.order)}"
        f"{_document('ContractReferencedDocument', bill.contract)}"
        "</ram:ApplicableHeaderTradeAgreement>\n"
    )


def _delivery(bill: ElectronicBill) -> str:
    party = "" if bill.delivered_to is None else _party("ShipToTradeParty", bill.delivered_to)
    happened = _around("ActualDeliverySupplyChainEvent", _day("OccurrenceDateTime", bill.delivered_on))
    return f"<ram:ApplicableHeaderTradeDelivery>\n{party}{happened}</ram:ApplicableHeaderTradeDelivery>\n"


def _settlement(bill: ElectronicBill) -> str:
    payments = bill.payments
    mandate = next((one.mandate for one in payments if one.mandate), "")
    reference = next((one.reference for one in payments if one.reference), "")
    due = TAX_DUE.get(bill.tax_due, "")
    terms = _text("Description", bill.terms) + _day("DueDateDateTime", bill.due_on)
    return "".join((
        "<ram:ApplicableHeaderTradeSettlement>\n",
        _text("CreditorReferenceID", bill.creditor),
        _text("PaymentReference", reference),
        _text("TaxCurrencyCode", bill.tax_currency),
        _text("InvoiceCurrencyCode", bill.currency),
        "" if bill.payee is None else _party("PayeeTradeParty", bill.payee),
        *[_payment(one) for one in payments],
        *[_tax(one, due) for one in bill.taxes],
        _period(bill),
        *[_allowance(one) for one in bill.allowances],
        _around("SpecifiedTradePaymentTerms", terms + _text("DirectDebitMandateID", mandate)),
        _totals(bill),
        *[_preceding(number, on) for number, on in bill.preceding],
        _around("ReceivableSpecifiedTradeAccountingAccount", _text("ID", bill.cost_account)),
        "</ram:ApplicableHeaderTradeSettlement>\n",
    ))  # fmt: skip


def _payment(one: Payment) -> str:
    debited = _around("PayerPartyDebtorFinancialAccount", _text("IBANID", one.debited_iban))
    paid = _around(
        "PayeePartyCreditorFinancialAccount", _text("IBANID", one.iban) + _text("AccountName", one.holder)
    )
    bank = _around("PayeeSpecifiedCreditorFinancialInstitution", _text("BICID", one.bic))
    return _around(
        "SpecifiedTradeSettlementPaymentMeans", _text("TypeCode", one.code) + debited + paid + bank
    )


def _tax(one: TaxCase, due: str) -> str:
    return _around(
        "ApplicableTradeTax",
        f"{_text('CalculatedAmount', one.tax)}{_text('TypeCode', 'VAT')}"
        f"{_text('ExemptionReason', one.exemption_text)}{_text('BasisAmount', one.net)}"
        f"{_text('CategoryCode', one.category)}{_text('ExemptionReasonCode', one.exemption_code)}"
        f"{_text('DueDateTypeCode', due)}{_text('RateApplicablePercent', one.rate)}",
    )


def _totals(bill: ElectronicBill) -> str:
    totals = bill.totals
    return _around(
        "SpecifiedTradeSettlementHeaderMonetarySummation",
        f"{_text('LineTotalAmount', totals.lines)}{_text('ChargeTotalAmount', totals.charges)}"
        f"{_text('AllowanceTotalAmount', totals.allowances)}{_text('TaxBasisTotalAmount', totals.net)}"
        f"{_marked('TaxTotalAmount', 'currencyID', bill.currency, totals.tax)}"
        f"{_marked('TaxTotalAmount', 'currencyID', bill.tax_currency, totals.accounted_tax)}"
        f"{_text('RoundingAmount', totals.rounding)}{_text('GrandTotalAmount', totals.gross)}"
        f"{_text('TotalPrepaidAmount', totals.prepaid)}{_text('DuePayableAmount', totals.payable)}",
    )


def _preceding(number: str, on: date | None) -> str:
    day = _stamped("FormattedIssueDateTime", "qdt", on)
    return _around("InvoiceReferencedDocument", _text("IssuerAssignedID", number) + day)


# ---------------------------------------------------------------- what both have


def _party(name: str, party: Party) -> str:
    legal = _marked("ID", "schemeID", party.legal_scheme, party.legal_id)
    return _around(
        name,
        f"{_identifier(party)}{_text('Name', party.name)}{_text('Description', party.legal_form)}"
        f"{_around('SpecifiedLegalOrganization', legal)}"
        f"{_contact(party)}{_address(party)}"
        f"{_around('URIUniversalCommunication', _e_address(party))}"
        f"{_around('SpecifiedTaxRegistration', _marked('ID', 'schemeID', 'VA', party.vat_id))}"
        f"{_around('SpecifiedTaxRegistration', _marked('ID', 'schemeID', 'FC', party.tax_number))}",
    )


def _identifier(party: Party) -> str:
    if party.party_scheme:
        return _marked("GlobalID", "schemeID", party.party_scheme, party.party_id)
    return _text("ID", party.party_id)


def _contact(party: Party) -> str:
    phone = _around("TelephoneUniversalCommunication", _text("CompleteNumber", party.phone))
    email = _around("EmailURIUniversalCommunication", _text("URIID", party.email))
    return _around("DefinedTradeContact", _text("PersonName", party.contact) + phone + email)


def _address(party: Party) -> str:
    return _around(
        "PostalTradeAddress",
        f"{_text('PostcodeCode', party.postcode)}{_text('LineOne', party.street)}"
        f"{_text('LineTwo', party.street_2)}{_text('CityName', party.town)}"
        f"{_text('CountryID', party.country)}",
    )


def _e_address(party: Party) -> str:
    return _marked("URIID", "schemeID", party.address_scheme, party.e_address)


def _category(tax: TaxCase) -> str:
    return (
        f"{_text('TypeCode', 'VAT')}{_text('CategoryCode', tax.category)}"
        f"{_text('RateApplicablePercent', tax.rate)}"
    )


def _allowance(one: Allowance) -> str:
    indicator = f"<udt:Indicator>{'true' if one.is_charge else 'false'}</udt:Indicator>\n"
    return _around(
        "SpecifiedTradeAllowanceCharge",
        f"{_around('ChargeIndicator', indicator)}{_text('CalculationPercent', one.percent)}"
        f"{_text('BasisAmount', one.base)}{_text('ActualAmount', one.amount)}"
        f"{_text('ReasonCode', one.reason_code)}{_text('Reason', one.reason)}"
        f"{'' if one.tax is None else _around('CategoryTradeTax', _category(one.tax))}",
    )


def _document(name: str, number: str, kind: str = "") -> str:
    return _around(name, _text("IssuerAssignedID", number) + _text("TypeCode", kind)) if number else ""


def _period(of: ElectronicBill | Line) -> str:
    return _around(
        "BillingSpecifiedPeriod", _day("StartDateTime", of.starts_on) + _day("EndDateTime", of.ends_on)
    )


def _day(name: str, on: date | None) -> str:
    return _stamped(name, "udt", on)


def _stamped(name: str, space: str, on: date | None) -> str:
    if on is None:
        return ""
    stamp = f'<{space}:DateTimeString format="102">{on:%Y%m%d}</{space}:DateTimeString>\n'
    return f"<ram:{name}>\n{stamp}</ram:{name}>\n"


def _marked(name: str, attribute: str, mark: str, text: str) -> str:
    if not text:
        return ""
    marked = f' {attribute}="{escaped(mark)}"' if mark else ""
    return f"<ram:{name}{marked}>{escaped(text)}</ram:{name}>\n"


def _text(name: str, text: str) -> str:
    return f"<ram:{name}>{escaped(text)}</ram:{name}>\n" if text else ""


def _around(name: str, inner: str) -> str:
    """Return an element around others, nothing around nothing."""
    return f"<ram:{name}>\n{inner}</ram:{name}>\n" if inner else ""

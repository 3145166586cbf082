"""A UBL invoice or credit note as the bill that it says: what `ubl.render` writes is read back the same.

What is not there is an empty text; nothing is guessed and nothing is computed. Source: CEN/TS 16931-3-2.
"""

import re
from datetime import date
from typing import Final

from acquit.documents.cii_reading import NOTHING, day
from acquit.documents.electronic_bill import (
    Allowance,
    ElectronicBill,
    Line,
    Note,
    Party,
    Payment,
    TaxCase,
    Totals,
)
from acquit.documents.ubl import CREDITOR_SCHEME, OBJECT
from acquit.documents.xml_tree import Node

SUBJECT: Final = re.compile(r"#([A-Z]{3})#(.*)", re.DOTALL)


def read(root: Node) -> ElectronicBill:
    """Return the bill; a date that is none is absent, that of the bill then the first of all days."""
    period, delivery = root.find("InvoicePeriod") or NOTHING, root.find("Delivery") or NOTHING
    seller = root.find("AccountingSupplierParty/Party") or NOTHING
    payee = root.find("PayeeParty")
    return ElectronicBill(
        number=root.said("ID"),
        issued_on=day(root, "IssueDate") or date.min,
        type_code=root.said("InvoiceTypeCode") or root.said("CreditNoteTypeCode"),
        currency=root.said("DocumentCurrencyCode"),
        seller=_party(seller),
        buyer=_party(root.find("AccountingCustomerParty/Party") or NOTHING),
        taxes=tuple(_subtotal(one) for one in root.all("TaxTotal/TaxSubtotal")),
        totals=_totals(root),
        lines=tuple(_line(one) for name in ("InvoiceLine", "CreditNoteLine") for one in root.all(name)),
        due_on=day(root, "DueDate") or day(root, "PaymentMeans/PaymentDueDate"),
        profile=root.said("ProfileID"),
        specification=root.said("CustomizationID"),
        notes=tuple(_note(one.text) for one in root.all("Note") if one.text),
        tax_currency=root.said("TaxCurrencyCode"),
        tax_due=period.said("DescriptionCode"),
        buyer_reference=root.said("BuyerReference"),
        order=root.said("OrderReference/ID"),
        contract=root.said("ContractDocumentReference/ID"),
        cost_account=root.said("AccountingCost"),
        preceding=tuple(
            (one.said("ID"), day(one, "IssueDate"))
            for one in root.all("BillingReference/InvoiceDocumentReference")
        ),
        payee=None if payee is None else _payee(payee),
        delivered_to=_delivered_to(delivery),
        delivered_on=day(delivery, "ActualDeliveryDate"),
        starts_on=day(period, "StartDate"),
        ends_on=day(period, "EndDate"),
        payments=tuple(_payment(one) for one in root.all("PaymentMeans")),
        creditor=_marked(payee or seller, debits=True).text,
        terms=root.said("PaymentTerms/Note"),
        allowances=tuple(_allowance(one) for one in root.all("AllowanceCharge")),
    )


def _note(text: str) -> Note:
    found = SUBJECT.fullmatch(text)
    return Note(found[2], found[1]) if found else Note(text)


def _totals(root: Node) -> Totals:
    sums = root.find("LegalMonetaryTotal") or NOTHING
    currency, tax_currency = root.said("DocumentCurrencyCode"), root.said("TaxCurrencyCode")
    tax = {one.attributes.get("currencyID", currency): one.text for one in root.all("TaxTotal/TaxAmount")}
    return Totals(
        lines=sums.said("LineExtensionAmount"),
        net=sums.said("TaxExclusiveAmount"),
        tax=tax.get(currency, "0.00"),
        gross=sums.said("TaxInclusiveAmount"),
        payable=sums.said("PayableAmount"),
        prepaid=sums.said("PrepaidAmount"),
        allowances=sums.said("AllowanceTotalAmount"),
        charges=sums.said("ChargeTotalAmount"),
        rounding=sums.said("PayableRoundingAmount"),
        accounted_tax=tax.get(tax_currency, "") if tax_currency != currency else "",
    )


def _marked(node: Node, *, debits: bool) -> Node:
    """Return the party's identifier: the one of who debits, or another."""
    for one in node.all("PartyIdentification/ID"):
        if (one.attributes.get("schemeID") == CREDITOR_SCHEME) is debits:
            return one
    return NOTHING


def _party(node: Node) -> Party:
    legal = node.find("PartyLegalEntity") or NOTHING
    legal_id, e_address = legal.find("CompanyID") or NOTHING, node.find("EndpointID") or NOTHING
    address, contact = node.find("PostalAddress") or NOTHING, node.find("Contact") or NOTHING
    marked = _marked(node, debits=False)
    taxed = [one for one in node.all("PartyTaxScheme") if one.said("TaxScheme/ID") == "VAT"]
    other = [one for one in node.all("PartyTaxScheme") if one.said("TaxScheme/ID") != "VAT"]
    return Party(
        name=legal.said("RegistrationName"),
        country=address.said("Country/IdentificationCode"),
        street=address.said("StreetName"),
        street_2=address.said("AdditionalStreetName"),
        postcode=address.said("PostalZone"),
        town=address.said("CityName"),
        vat_id=next((one.said("CompanyID") for one in taxed), ""),
        legal_id=legal_id.text,
        legal_scheme=legal_id.attributes.get("schemeID", ""),
        legal_form=legal.said("CompanyLegalForm"),
        e_address=e_address.text,
        address_scheme=e_address.attributes.get("schemeID", ""),
        tax_number=next((one.said("CompanyID") for one in other), ""),
        party_id=marked.text,
        party_scheme=marked.attributes.get("schemeID", ""),
        contact=contact.said("Name"),
        phone=contact.said("Telephone"),
        email=contact.said("ElectronicMail"),
    )


def _payee(node: Node) -> Party:
    marked, legal = _marked(node, debits=False), node.find("PartyLegalEntity/CompanyID") or NOTHING
    return Party(
        name=node.said("PartyName/Name"),
        country="",
        legal_id=legal.text,
        legal_scheme=legal.attributes.get("schemeID", ""),
        party_id=marked.text,
        party_scheme=marked.attributes.get("schemeID", ""),
    )


def _delivered_to(node: Node) -> Party | None:
    place, name = node.find("DeliveryLocation"), node.said("DeliveryParty/PartyName/Name")
    if place is None:
        return None
    address, marked = place.find("Address") or NOTHING, place.find("ID") or NOTHING
    return Party(
        name=name,
        country=address.said("Country/IdentificationCode"),
        street=address.said("StreetName"),
        street_2=address.said("AdditionalStreetName"),
        postcode=address.said("PostalZone"),
        town=address.said("CityName"),
        party_id=marked.text,
        party_scheme=marked.attributes.get("schemeID", ""),
    )


def _subtotal(one: Node) -> TaxCase:
    case = _case(one.find("TaxCategory") or NOTHING)
    net, tax = one.said("TaxableAmount"), one.said("TaxAmount")
    return TaxCase(case.category, case.rate, net, tax, case.exemption_code, case.exemption_text)


def _case(one: Node) -> TaxCase:
    return TaxCase(
        category=one.said("ID"),
        rate=one.said("Percent"),
        exemption_code=one.said("TaxExemptionReasonCode"),
        exemption_text=one.said("TaxExemptionReason"),
    )


def _allowance(one: Node) -> Allowance:
    tax = one.find("TaxCategory")
    return Allowance(
        amount=one.said("Amount"),
        is_charge=one.said("ChargeIndicator") in ("true", "1"),
        base=one.said("BaseAmount"),
        percent=one.said("MultiplierFactorNumeric"),
        reason=one.said("AllowanceChargeReason"),
        reason_code=one.said("AllowanceChargeReasonCode"),
        tax=None if tax is None else _case(tax),
    )


def _payment(one: Node) -> Payment:
    account = one.find("PayeeFinancialAccount") or NOTHING
    return Payment(
        code=one.said("PaymentMeansCode"),
        reference=one.said("PaymentID"),
        iban=account.said("ID"),
        holder=account.said("Name"),
        bic=account.said("FinancialInstitutionBranch/ID"),
        mandate=one.said("PaymentMandate/ID"),
        debited_iban=one.said("PaymentMandate/PayerFinancialAccount/ID"),
    )


def _line(one: Node) -> Line:
    quantity = one.find("InvoicedQuantity") or one.find("CreditedQuantity") or NOTHING
    objects = one.all("DocumentReference")
    return Line(
        number=one.said("ID"),
        quantity=quantity.text,
        unit=quantity.attributes.get("unitCode", ""),
        net=one.said("LineExtensionAmount"),
        name=one.said("Item/Name"),
        price=one.said("Price/PriceAmount"),
        tax=_case(one.find("Item/ClassifiedTaxCategory") or NOTHING),
        price_quantity=one.said("Price/BaseQuantity"),
        note=one.said("Note"),
        description=one.said("Item/Description"),
        starts_on=day(one, "InvoicePeriod/StartDate"),
        ends_on=day(one, "InvoicePeriod/EndDate"),
        order_line=one.said("OrderLineReference/LineID"),
        cost_account=one.said("AccountingCost"),
        object_id=next((each.said("ID") for each in objects if each.said("DocumentTypeCode") == OBJECT), ""),
        allowances=tuple(_allowance(each) for each in one.all("AllowanceCharge")),
    )

"""A Cross Industry Invoice as the bill that it says: what `cii.render` writes is read back the same.

What is not there is an empty text; nothing is guessed and nothing is computed. Source: CEN/TS 16931-3-3.
"""

from datetime import date
from typing import Final

from acquit.documents.cii import OBJECT, TAX_DUE
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
from acquit.documents.xml_tree import Node

LINES: Final = "SupplyChainTradeTransaction/IncludedSupplyChainTradeLineItem"
AGREED: Final = "SupplyChainTradeTransaction/ApplicableHeaderTradeAgreement"
DELIVERED: Final = "SupplyChainTradeTransaction/ApplicableHeaderTradeDelivery"
SETTLED: Final = "SupplyChainTradeTransaction/ApplicableHeaderTradeSettlement"
DUE_TAX: Final = {code: told for told, code in TAX_DUE.items()}
NOTHING: Final = Node("")


def read(root: Node) -> ElectronicBill:
    """Return the bill; a date that is none is absent, that of the bill then the first of all days."""
    agreed, settled = root.find(AGREED) or NOTHING, root.find(SETTLED) or NOTHING
    delivered = root.find(DELIVERED) or NOTHING
    terms = settled.find("SpecifiedTradePaymentTerms") or NOTHING
    currency, tax_currency = settled.said("InvoiceCurrencyCode"), settled.said("TaxCurrencyCode")
    payee, to = settled.find("PayeeTradeParty"), delivered.find("ShipToTradeParty")
    context = "ExchangedDocumentContext/{}SpecifiedDocumentContextParameter/ID"
    return ElectronicBill(
        number=root.said("ExchangedDocument/ID"),
        issued_on=day(root, "ExchangedDocument/IssueDateTime/DateTimeString") or date.min,
        type_code=root.said("ExchangedDocument/TypeCode"),
        currency=currency,
        seller=_party(agreed.find("SellerTradeParty") or NOTHING),
        buyer=_party(agreed.find("BuyerTradeParty") or NOTHING),
        taxes=tuple(_tax(one) for one in settled.all("ApplicableTradeTax")),
        totals=_totals(settled, currency, tax_currency),
        lines=tuple(_line(one) for one in root.all(LINES)),
        due_on=day(terms, "DueDateDateTime/DateTimeString"),
        profile=root.said(context.format("BusinessProcess")),
        specification=root.said(context.format("Guideline")),
        notes=tuple(_notes(root)),
        tax_currency=tax_currency,
        tax_due=DUE_TAX.get(settled.said("ApplicableTradeTax/DueDateTypeCode"), ""),
        buyer_reference=agreed.said("BuyerReference"),
        order=agreed.said("BuyerOrderReferencedDocument/IssuerAssignedID"),
        contract=agreed.said("ContractReferencedDocument/IssuerAssignedID"),
        cost_account=settled.said("ReceivableSpecifiedTradeAccountingAccount/ID"),
        preceding=tuple(_preceding(one) for one in settled.all("InvoiceReferencedDocument")),
        payee=None if payee is None else _party(payee),
        delivered_to=None if to is None else _party(to),
        delivered_on=day(delivered, "ActualDeliverySupplyChainEvent/OccurrenceDateTime/DateTimeString"),
        starts_on=day(settled, "BillingSpecifiedPeriod/StartDateTime/DateTimeString"),
        ends_on=day(settled, "BillingSpecifiedPeriod/EndDateTime/DateTimeString"),
        payments=tuple(_payment(one, settled) for one in settled.all("SpecifiedTradeSettlementPaymentMeans")),
        creditor=settled.said("CreditorReferenceID"),
        terms=terms.said("Description"),
        allowances=tuple(_allowance(one) for one in settled.all("SpecifiedTradeAllowanceCharge")),
    )


def day(node: Node, path: str) -> date | None:
    """Return the date at the path, with or without hyphens, or None."""
    digits = node.said(path).replace("-", "")
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None


def _notes(root: Node) -> list[Note]:
    told = root.all("ExchangedDocument/IncludedNote")
    return [Note(one.said("Content"), one.said("SubjectCode")) for one in told if one.said("Content")]


def _totals(settled: Node, currency: str, tax_currency: str) -> Totals:
    sums = settled.find("SpecifiedTradeSettlementHeaderMonetarySummation") or NOTHING
    tax = {one.attributes.get("currencyID", currency): one.text for one in sums.all("TaxTotalAmount")}
    return Totals(
        lines=sums.said("LineTotalAmount"),
        net=sums.said("TaxBasisTotalAmount"),
        tax=tax.get(currency, "0.00"),
        gross=sums.said("GrandTotalAmount"),
        payable=sums.said("DuePayableAmount"),
        prepaid=sums.said("TotalPrepaidAmount"),
        allowances=sums.said("AllowanceTotalAmount"),
        charges=sums.said("ChargeTotalAmount"),
        rounding=sums.said("RoundingAmount"),
        accounted_tax=tax.get(tax_currency, "") if tax_currency != currency else "",
    )


def _preceding(one: Node) -> tuple[str, date | None]:
    return one.said("IssuerAssignedID"), day(one, "FormattedIssueDateTime/DateTimeString")


def _party(node: Node) -> Party:
    address, contact = node.find("PostalTradeAddress") or NOTHING, node.find("DefinedTradeContact") or NOTHING
    legal = node.find("SpecifiedLegalOrganization/ID") or NOTHING
    e_address = node.find("URIUniversalCommunication/URIID") or NOTHING
    marked = node.find("GlobalID") or node.find("ID") or NOTHING
    registered = list(node.all("SpecifiedTaxRegistration/ID"))
    vat_id = next((one.text for one in registered if one.attributes.get("schemeID") == "VA"), "")
    tax_number = next((one.text for one in registered if one.attributes.get("schemeID") == "FC"), "")
    return Party(
        name=node.said("Name"),
        country=address.said("CountryID"),
        street=address.said("LineOne"),
        street_2=address.said("LineTwo"),
        postcode=address.said("PostcodeCode"),
        town=address.said("CityName"),
        vat_id=vat_id,
        legal_id=legal.text,
        legal_scheme=legal.attributes.get("schemeID", ""),
        legal_form=node.said("Description"),
        e_address=e_address.text,
        address_scheme=e_address.attributes.get("schemeID", ""),
        tax_number=tax_number,
        party_id=marked.text,
        party_scheme=marked.attributes.get("schemeID", ""),
        contact=contact.said("PersonName"),
        phone=contact.said("TelephoneUniversalCommunication/CompleteNumber"),
        email=contact.said("EmailURIUniversalCommunication/URIID"),
    )


def _tax(one: Node) -> TaxCase:
    return TaxCase(
        category=one.said("CategoryCode"),
        rate=one.said("RateApplicablePercent"),
        net=one.said("BasisAmount"),
        tax=one.said("CalculatedAmount"),
        exemption_code=one.said("ExemptionReasonCode"),
        exemption_text=one.said("ExemptionReason"),
    )


def _allowance(one: Node) -> Allowance:
    tax = one.find("CategoryTradeTax")
    return Allowance(
        amount=one.said("ActualAmount"),
        is_charge=one.said("ChargeIndicator/Indicator") in ("true", "1"),
        base=one.said("BasisAmount"),
        percent=one.said("CalculationPercent"),
        reason=one.said("Reason"),
        reason_code=one.said("ReasonCode"),
        tax=None if tax is None else _tax(tax),
    )


def _payment(one: Node, settled: Node) -> Payment:
    account = one.find("PayeePartyCreditorFinancialAccount") or NOTHING
    debited = one.said("PayerPartyDebtorFinancialAccount/IBANID")
    return Payment(
        code=one.said("TypeCode"),
        reference=settled.said("PaymentReference"),
        iban=account.said("IBANID") or account.said("ProprietaryID"),
        holder=account.said("AccountName"),
        bic=one.said("PayeeSpecifiedCreditorFinancialInstitution/BICID"),
        mandate=settled.said("SpecifiedTradePaymentTerms/DirectDebitMandateID") if debited else "",
        debited_iban=debited,
    )


def _line(one: Node) -> Line:
    agreed = one.find("SpecifiedLineTradeAgreement") or NOTHING
    settled = one.find("SpecifiedLineTradeSettlement") or NOTHING
    quantity = one.find("SpecifiedLineTradeDelivery/BilledQuantity") or NOTHING
    price = agreed.find("NetPriceProductTradePrice") or NOTHING
    objects = settled.all("AdditionalReferencedDocument")
    return Line(
        number=one.said("AssociatedDocumentLineDocument/LineID"),
        quantity=quantity.text,
        unit=quantity.attributes.get("unitCode", ""),
        net=settled.said("SpecifiedTradeSettlementLineMonetarySummation/LineTotalAmount"),
        name=one.said("SpecifiedTradeProduct/Name"),
        price=price.said("ChargeAmount"),
        tax=_tax(settled.find("ApplicableTradeTax") or NOTHING),
        price_quantity=price.said("BasisQuantity"),
        note=one.said("AssociatedDocumentLineDocument/IncludedNote/Content"),
        description=one.said("SpecifiedTradeProduct/Description"),
        starts_on=day(settled, "BillingSpecifiedPeriod/StartDateTime/DateTimeString"),
        ends_on=day(settled, "BillingSpecifiedPeriod/EndDateTime/DateTimeString"),
        order_line=agreed.said("BuyerOrderReferencedDocument/LineID"),
        cost_account=settled.said("ReceivableSpecifiedTradeAccountingAccount/ID"),
        object_id=next(
            (each.said("IssuerAssignedID") for each in objects if each.said("TypeCode") == OBJECT), ""
        ),
        allowances=tuple(_allowance(each) for each in settled.all("SpecifiedTradeAllowanceCharge")),
    )

"""A bill as UBL 2.1, an invoice or a credit note of EN 16931: values to bytes.

Amounts, prices, quantities and rates are exact decimal texts, taken over as they are. What is an empty text
is not written.
Source: EN 16931-1:2017, CEN/TS 16931-3-2 (syntax binding to UBL 2.1).
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

from acquit.documents.electronic_bill import Allowance, ElectronicBill, Line, Note, Party, Payment, TaxCase
from acquit.documents.xml_text import escaped

INDENT: Final = "  "
CREDITOR_SCHEME: Final = "SEPA"
"""Marks the identifier of who debits among those of a party (BT-90)."""

OBJECT: Final = "130"
"""UNCL 1001: what is referred to is what a line is about (BT-128)."""

COMMON: Final = "urn:oasis:names:specification:ubl:schema:xsd:"


def render(bill: ElectronicBill) -> bytes:
    """Return the bill as UBL; the same bill gives the same bytes."""
    root = "CreditNote" if bill.is_credit_note else "Invoice"
    spaces = (
        f'xmlns="{COMMON}{root}-2"\n  xmlns:cac="{COMMON}CommonAggregateComponents-2"\n'
        f'  xmlns:cbc="{COMMON}CommonBasicComponents-2"'
    )
    body = [
        *_head(bill),
        *_references(bill),
        *_block("AccountingSupplierParty", _party(bill.seller, "" if bill.payee else bill.creditor)),
        *_block("AccountingCustomerParty", _party(bill.buyer)),
        *_payee(bill),
        *_block("Delivery", _delivery(bill)),
        *(line for one in bill.payments for line in _payment(bill, one)),
        *_block("PaymentTerms", _texts(("Note", bill.terms))),
        *(line for one in bill.allowances for line in _allowance(bill, one)),
        *_taxes(bill),
        *_totals(bill),
        *(line for one in bill.lines for line in _line(bill, one)),
    ]
    lines = [f"<{root} {spaces}>", *(INDENT + line for line in body), f"</{root}>", ""]
    return ('<?xml version="1.0" encoding="UTF-8"?>\n' + "\n".join(lines)).encode()


def _head(bill: ElectronicBill) -> list[str]:
    kind = "CreditNoteTypeCode" if bill.is_credit_note else "InvoiceTypeCode"
    due = "" if bill.is_credit_note else _day(bill.due_on)
    return [
        *_texts(
            ("CustomizationID", bill.specification), ("ProfileID", bill.profile), ("ID", bill.number),
            ("IssueDate", _day(bill.issued_on)), ("DueDate", due), (kind, bill.type_code),
            *(("Note", _noted(one)) for one in bill.notes), ("DocumentCurrencyCode", bill.currency),
            ("TaxCurrencyCode", bill.tax_currency), ("AccountingCost", bill.cost_account),
            ("BuyerReference", bill.buyer_reference),
        ),
        *_block("InvoicePeriod", [*_period(bill), *_texts(("DescriptionCode", bill.tax_due))]),
    ]  # fmt: skip


def _noted(one: Note) -> str:
    """Return a note with its subject as UBL has no element for it (BT-21)."""
    return f"#{one.subject}#{one.text}" if one.subject else one.text


def _references(bill: ElectronicBill) -> list[str]:
    preceding = [
        line
        for number, day in bill.preceding
        for line in _block(
            "BillingReference",
            _block("InvoiceDocumentReference", _texts(("ID", number), ("IssueDate", _day(day)))),
        )
    ]
    return [
        *_block("OrderReference", _texts(("ID", bill.order))),
        *preceding,
        *_block("ContractDocumentReference", _texts(("ID", bill.contract))),
    ]


def _party(party: Party, creditor: str = "") -> list[str]:
    tax = [*_texts(("CompanyID", party.vat_id)), *_scheme()] if party.vat_id else []
    legal = [
        *_texts(("RegistrationName", party.name)),
        *_marked("CompanyID", "schemeID", party.legal_scheme, party.legal_id),
        *_texts(("CompanyLegalForm", party.legal_form)),
    ]
    return _block(
        "Party",
        [
            *_marked("EndpointID", "schemeID", party.address_scheme, party.e_address),
            *_identifiers(party, creditor),
            *_block("PostalAddress", _address(party)),
            *_block("PartyTaxScheme", tax),
            *_block("PartyTaxScheme", _tax_number(party)),
            *_block("PartyLegalEntity", legal),
            *_block(
                "Contact",
                _texts(("Name", party.contact), ("Telephone", party.phone), ("ElectronicMail", party.email)),
            ),
        ],
    )


def _tax_number(party: Party) -> list[str]:
    """Return how a party without VAT id is known to its taxes (BT-32): any scheme but VAT."""
    if not party.tax_number:
        return []
    return [*_texts(("CompanyID", party.tax_number)), *_block("TaxScheme", _texts(("ID", "LOC")))]


def _identifiers(party: Party, creditor: str) -> list[str]:
    """Return what a party is called besides, and as who debits (BT-29, BT-60, BT-90)."""
    return [
        *_block("PartyIdentification", _marked("ID", "schemeID", party.party_scheme, party.party_id)),
        *_block("PartyIdentification", _marked("ID", "schemeID", CREDITOR_SCHEME, creditor)),
    ]


def _address(party: Party) -> list[str]:
    told = (
        ("StreetName", party.street), ("AdditionalStreetName", party.street_2), ("CityName", party.town),
        ("PostalZone", party.postcode),
    )  # fmt: skip
    return [*_texts(*told), *_block("Country", _texts(("IdentificationCode", party.country)))]


def _payee(bill: ElectronicBill) -> list[str]:
    payee = bill.payee
    if payee is None:
        return []
    legal = _marked("CompanyID", "schemeID", payee.legal_scheme, payee.legal_id)
    return _block(
        "PayeeParty",
        [
            *_identifiers(payee, bill.creditor),
            *_block("PartyName", _texts(("Name", payee.name))),
            *_block("PartyLegalEntity", legal),
        ],
    )


def _delivery(bill: ElectronicBill) -> list[str]:
    to = bill.delivered_to
    day = _texts(("ActualDeliveryDate", _day(bill.delivered_on)))
    if to is None:
        return day
    place = _marked("ID", "schemeID", to.party_scheme, to.party_id)
    return [
        *day,
        *_block("DeliveryLocation", [*place, *_block("Address", _address(to))]),
        *_block("DeliveryParty", _block("PartyName", _texts(("Name", to.name)))),
    ]


def _payment(bill: ElectronicBill, one: Payment) -> list[str]:
    branch = _block("FinancialInstitutionBranch", _texts(("ID", one.bic)))
    account = [*_texts(("ID", one.iban), ("Name", one.holder)), *branch] if one.iban else []
    due = _day(bill.due_on) if bill.is_credit_note else ""
    told = (("PaymentMeansCode", one.code), ("PaymentDueDate", due), ("PaymentID", one.reference))
    debited = _block("PayerFinancialAccount", _texts(("ID", one.debited_iban)))
    mandate = [*_texts(("ID", one.mandate)), *debited]
    return _block(
        "PaymentMeans",
        [
            *_texts(*told),
            *_block("PayeeFinancialAccount", account),
            *_block("PaymentMandate", mandate),
        ],
    )


def _allowance(bill: ElectronicBill, one: Allowance) -> list[str]:
    told = (
        ("ChargeIndicator", "true" if one.is_charge else "false"),
        ("AllowanceChargeReasonCode", one.reason_code), ("AllowanceChargeReason", one.reason),
        ("MultiplierFactorNumeric", one.percent),
    )  # fmt: skip
    return _block(
        "AllowanceCharge",
        [
            *_texts(*told),
            *_amount(bill, "Amount", one.amount),
            *_amount(bill, "BaseAmount", one.base),
            *([] if one.tax is None else _block("TaxCategory", _case(one.tax))),
        ],
    )


def _taxes(bill: ElectronicBill) -> list[str]:
    parts = [
        line
        for one in bill.taxes
        for line in _block(
            "TaxSubtotal",
            [
                *_amount(bill, "TaxableAmount", one.net),
                *_amount(bill, "TaxAmount", one.tax),
                *_block("TaxCategory", _case(one)),
            ],
        )
    ]
    accounted = _marked("TaxAmount", "currencyID", bill.tax_currency, bill.totals.accounted_tax)
    return [
        *_block("TaxTotal", [*_amount(bill, "TaxAmount", bill.totals.tax), *parts]),
        *_block("TaxTotal", accounted),
    ]


def _case(one: TaxCase) -> list[str]:
    rate = "" if one.category == "O" else one.rate
    told = (
        ("ID", one.category), ("Percent", rate), ("TaxExemptionReasonCode", one.exemption_code),
        ("TaxExemptionReason", one.exemption_text),
    )  # fmt: skip
    return [*_texts(*told), *_scheme()]


def _totals(bill: ElectronicBill) -> list[str]:
    totals = bill.totals
    pairs = (
        ("LineExtensionAmount", totals.lines), ("TaxExclusiveAmount", totals.net),
        ("TaxInclusiveAmount", totals.gross), ("AllowanceTotalAmount", totals.allowances),
        ("ChargeTotalAmount", totals.charges), ("PrepaidAmount", totals.prepaid),
        ("PayableRoundingAmount", totals.rounding),
        ("PayableAmount", totals.payable),
    )  # fmt: skip
    return _block("LegalMonetaryTotal", [line for name, text in pairs for line in _amount(bill, name, text)])


def _line(bill: ElectronicBill, one: Line) -> list[str]:
    kind, quantity = ("CreditNoteLine", "CreditedQuantity") if bill.is_credit_note else (
        "InvoiceLine", "InvoicedQuantity"
    )  # fmt: skip
    case = TaxCase(one.tax.category, one.tax.rate)
    sold = [
        *_texts(("Description", one.description), ("Name", one.name)),
        *_block("ClassifiedTaxCategory", _case(case)),
    ]
    base = _marked("BaseQuantity", "unitCode", one.unit, one.price_quantity)
    return _block(
        kind,
        [
            *_texts(("ID", one.number), ("Note", one.note)),
            *_marked(quantity, "unitCode", one.unit, one.quantity),
            *_amount(bill, "LineExtensionAmount", one.net),
            *_texts(("AccountingCost", one.cost_account)),
            *_block("InvoicePeriod", _period(one)),
            *_block("OrderLineReference", _texts(("LineID", one.order_line))),
            *_block("DocumentReference", _object(one)),
            *(line for allowance in one.allowances for line in _allowance(bill, allowance)),
            *_block("Item", sold),
            *_block("Price", [*_amount(bill, "PriceAmount", one.price), *base]),
        ],
    )


def _object(one: Line) -> list[str]:
    return _texts(("ID", one.object_id), ("DocumentTypeCode", OBJECT)) if one.object_id else []


def _period(of: ElectronicBill | Line) -> list[str]:
    return _texts(("StartDate", _day(of.starts_on)), ("EndDate", _day(of.ends_on)))


def _scheme() -> list[str]:
    return _block("TaxScheme", _texts(("ID", "VAT")))


def _day(on: date | None) -> str:
    return "" if on is None else on.isoformat()


def _amount(bill: ElectronicBill, name: str, text: str) -> list[str]:
    return _marked(name, "currencyID", bill.currency, text)


def _marked(name: str, attribute: str, mark: str, text: str) -> list[str]:
    marked = f' {attribute}="{escaped(mark)}"' if mark else ""
    return [f"<cbc:{name}{marked}>{escaped(text)}</cbc:{name}>"] if text else []


def _texts(*pairs: tuple[str, str]) -> list[str]:
    return [f"<cbc:{name}>{escaped(text)}</cbc:{name}>" for name, text in pairs if text]


def _block(name: str, inner: Sequence[str]) -> list[str]:
    """Return an element around others, nothing around nothing."""
    return [f"<cac:{name}>", *(INDENT + line for line in inner), f"</cac:{name}>"] if inner else []

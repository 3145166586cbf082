"""A bill as EN 16931 knows it: one value, from which electronic forms are written and as which they are read.

Amounts, prices, quantities and rates are exact decimal texts, taken over as they are. An empty text, an
absent day and an empty sequence are facts that the bill does not have; they are not written.

Source: EN 16931-1:2017, semantic data model; the business terms (BT) and groups (BG) are its names.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

EN16931: Final = "urn:cen.eu:en16931:2017"
CREDIT_CODES: Final = frozenset({"381", "396", "261", "262", "296", "308", "420", "458", "502", "503", "532"})
"""UNCL 1001, the types (BT-3) that reduce what is owed."""


@dataclass(frozen=True, slots=True)
class Party:
    """Who sells (BG-4), buys (BG-7), is paid (BG-10) or is delivered to (BG-13).

    `legal_scheme` and `address_scheme` are codes of ISO 6523 and EAS. `legal_form` is what else the law has
    the seller say about itself (BT-33), `tax_number` is how it is known to its taxes where it has no VAT id
    (BT-32); `contact`, `phone` and `email` are whom to ask (BG-6, BG-9).
    """

    name: str
    country: str
    street: str = ""
    street_2: str = ""
    postcode: str = ""
    town: str = ""
    vat_id: str = ""
    legal_id: str = ""
    legal_scheme: str = ""
    legal_form: str = ""
    e_address: str = ""
    address_scheme: str = ""
    tax_number: str = ""
    party_id: str = ""
    party_scheme: str = ""
    contact: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """What else is said (BG-1); `subject` is a code of UNCL 4451 such as PMT, PMD, AAB, BAR (BT-21)."""

    text: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class TaxCase:
    """One VAT breakdown (BG-23), or the category of a line; `rate` is a percentage such as `20.00`."""

    category: str
    rate: str
    net: str = ""
    tax: str = ""
    exemption_code: str = ""
    exemption_text: str = ""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is let off or charged besides (BG-20, BG-21; on a line BG-27, BG-28); `amount` is never negative.

    `tax` is the category of one of the whole bill; one of a line has that of its line.
    """

    amount: str
    is_charge: bool = False
    base: str = ""
    percent: str = ""
    reason: str = ""
    reason_code: str = ""
    tax: TaxCase | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line (BG-25); the price is for `price_quantity` units, one when it is empty (BT-149).

    `object_id` is what it is about, such as a service (BT-128).
    """

    number: str
    quantity: str
    unit: str
    net: str
    name: str
    price: str
    tax: TaxCase
    price_quantity: str = ""
    note: str = ""
    description: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    order_line: str = ""
    cost_account: str = ""
    object_id: str = ""
    allowances: tuple[Allowance, ...] = ()


@dataclass(frozen=True, slots=True)
class Payment:
    """How it is to be paid (BG-16): by transfer to an account (BG-17), or debited by a mandate (BG-19)."""

    code: str
    reference: str = ""
    iban: str = ""
    holder: str = ""
    bic: str = ""
    mandate: str = ""
    debited_iban: str = ""


@dataclass(frozen=True, slots=True)
class Totals:
    """BT-106 to BT-115; `accounted_tax` is the VAT in the seller's currency of accounting (BT-111)."""

    lines: str
    net: str
    tax: str
    gross: str
    payable: str
    prepaid: str = ""
    allowances: str = ""
    charges: str = ""
    rounding: str = ""
    accounted_tax: str = ""


@dataclass(frozen=True, slots=True)
class ElectronicBill:
    """All that is said of a bill electronically.

    `preceding` are the bills that it corrects, with their dates (BG-3). `profile` is the kind of exchange
    (BT-23), `specification` the set of rules (BT-24). `tax_due` says when VAT is due (BT-8), by UNCL 2005: 3
    on the date of the bill, 35 on delivery, 432 when paid. `creditor` identifies who debits (BT-90).
    """

    number: str
    issued_on: date
    type_code: str
    currency: str
    seller: Party
    buyer: Party
    taxes: tuple[TaxCase, ...]
    totals: Totals
    lines: tuple[Line, ...]
    due_on: date | None = None
    profile: str = ""
    specification: str = EN16931
    notes: tuple[Note, ...] = ()
    tax_currency: str = ""
    tax_due: str = ""
    buyer_reference: str = ""
    order: str = ""
    contract: str = ""
    cost_account: str = ""
    preceding: tuple[tuple[str, date | None], ...] = ()
    payee: Party | None = None
    delivered_to: Party | None = None
    delivered_on: date | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    payments: tuple[Payment, ...] = ()
    creditor: str = ""
    terms: str = ""
    allowances: tuple[Allowance, ...] = ()

    @property
    def is_credit_note(self) -> bool:
        """Whether it reduces what is owed (BT-3)."""
        return self.type_code in CREDIT_CODES

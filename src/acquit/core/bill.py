"""Bills: draft, totals, gate, number, issue; nothing is refused after the number.

A draft gathers charges of one account, payer, currency, billing group, term and purchase order. Its details
are rounded once each, VAT is computed on the summed net, and the gate (core/gate) tells every problem at
once. An issued bill is final; what corrects it is another document.
"""

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from acquit.core.charge import Charge, category_of
from acquit.core.collection import AMOUNT_MAX_MINOR
from acquit.core.errors import NotFound
from acquit.core.exchange_rate import Exchange
from acquit.core.identifiers import (
    AccountId,
    BillId,
    BillingGroupId,
    GrantId,
    LegalEntityId,
    OrderId,
    PurchaseOrderId,
    RunId,
    ServiceId,
)
from acquit.core.money import Currency, amount_minor
from acquit.core.numbering import Series, document_id, payment_reference
from acquit.core.purchase_order import OrderLine, PurchaseOrder, lines_for
from acquit.core.quick import quick
from acquit.core.tax import TaxCase, TaxLine, tax_line
from acquit.core.terms import Term, due_on

TRANSFER: Final = "transfer"
DIRECT_DEBIT: Final = "direct-debit"

MissingGlyphs = Callable[[str], Set[str]]
"""Tells which characters of a text no paper can print."""


class NoSuchBill(NotFound):
    """The account has no such bill."""

    code = "no-such-bill"

    def __init__(self, bill_id: str) -> None:
        super().__init__(f"There is no bill {bill_id}.", bill=bill_id)


class BillKind(StrEnum):
    """What a document is; amounts are positive, the kind gives the direction.

    Those that are self-billed are reverse bills: an account's own, made for it by who buys.
    """

    BILL = "bill"
    CREDIT_NOTE = "credit-note"
    CORRECTIVE = "corrective"
    CLAIM = "claim"
    DOWN_PAYMENT = "down-payment"
    SELF_BILLED = "self-billed"
    SELF_BILLED_CREDIT = "self-billed-credit"


CREDITS: Final = frozenset({BillKind.CREDIT_NOTE, BillKind.SELF_BILLED_CREDIT})
"""What takes another document back."""

SELF_BILLED: Final = frozenset({BillKind.SELF_BILLED, BillKind.SELF_BILLED_CREDIT})
"""What a legal entity makes in the name of an account that supplies it: the account sells."""


@quick
@dataclass(frozen=True, slots=True)
class Detail:
    """One line of a bill; `period_end` is the last day covered. Negative by quantity, never by price.

    `owner_id` is there on a shared bill: the sub-account whose charge it is. `purchase_order_item` is what
    the order calls its line, `cost_account` the buyer's for that line. Source: EN 16931 BT-132, BT-133.
    """

    detail_no: int
    service_id: ServiceId
    kind: str
    domain: str
    description: str
    quantity_e4: int
    unit_price_ucents: int
    net_minor: int
    vat_category: str
    vat_rate_bp: int
    period_start: date
    period_end: date
    purchase_order_line_no: int | None = None
    correction_no: int = 0
    part: str = ""
    owner_id: AccountId | None = None
    purchase_order_item: str = ""
    cost_account: str = ""


@dataclass(frozen=True, slots=True)
class Slice:
    """What of a shared bill is of one account, with its name as printed; the slices add up to the bill."""

    owner_id: AccountId
    name: str
    net_minor: int
    tax_minor: int

    @property
    def total_minor(self) -> int:
        """Net and VAT."""
        return self.net_minor + self.tax_minor


@quick
@dataclass(frozen=True, slots=True)
class Sharing:
    """What all charges of one draft have in common.

    `debit_hash` and `collected_on` are there when the payer's account is to be debited; `exchange` when the
    draft is in another currency than the seller's VAT accounts.
    """

    account_id: AccountId
    payer_id: AccountId
    language: str
    currency: Currency
    billing_group_id: BillingGroupId | None
    term: Term
    grant_id: GrantId | None
    buyer_hash: bytes
    payer_hash: bytes | None = None
    cost_account: str = ""
    contract: str = ""
    debit_hash: bytes | None = None
    collected_on: date | None = None
    exchange: Exchange | None = None


@quick
@dataclass(frozen=True, slots=True)
class Draft:
    """A bill without a number: everything about it is decided."""

    sharing: Sharing
    category: str
    case: TaxCase
    details: tuple[Detail, ...]
    taxes: tuple[TaxLine, ...]
    net_minor: int
    tax_minor: int
    order: PurchaseOrder | None = None
    slices: tuple[Slice, ...] = ()

    @property
    def total_minor(self) -> int:
        """Net and VAT."""
        return self.net_minor + self.tax_minor


@quick
@dataclass(frozen=True, slots=True)
class Bill:
    """An issued bill, credit note (amounts positive, the kind gives the direction) or corrective bill.

    `cost_account` is the buyer's, `contract` the number of the contract that it is billed under.
    `debit_hash` names the copy of the mandate (snapshot.Debit) that it is collected under on `collected_on`.
    `prepaid_minor` was paid from credit as it was issued. A bill in another currency than the seller's VAT
    accounts tells its VAT there too: `exchange_e8` units of its own currency, in 1e-8, are one unit of
    `accounting_currency`, as published on `exchanged_on`. Source: EN 16931 BT-19, 12, 89 to 91, 113, 6, 111.
    """

    account_id: AccountId
    bill_id: BillId
    order_id: OrderId
    kind: BillKind
    corrects_bill_id: BillId | None
    legal_entity_id: LegalEntityId
    payer_id: AccountId
    run_id: RunId | None
    category: str
    issued_on: date
    issued_at: datetime
    term_days: int
    term_method: str
    term_grant_id: GrantId | None
    due_on: date
    currency: Currency
    net_minor: int
    tax_minor: int
    total_minor: int
    billing_group_id: BillingGroupId | None
    purchase_order_account: AccountId | None
    purchase_order_id: PurchaseOrderId | None
    purchase_order_reference: str | None
    purchase_order_type: str | None
    payment_reference: str
    payment_means: str
    language: str
    note: str
    seller_hash: bytes
    buyer_hash: bytes
    payer_hash: bytes | None
    cost_account: str = ""
    contract: str = ""
    debit_hash: bytes | None = None
    collected_on: date | None = None
    prepaid_minor: int = 0
    accounting_currency: str | None = None
    accounting_tax_minor: int | None = None
    exchange_e8: int | None = None
    exchanged_on: date | None = None
    details: tuple[Detail, ...] = ()
    taxes: tuple[TaxLine, ...] = ()
    slices: tuple[Slice, ...] = ()

    @property
    def exchange(self) -> Exchange | None:
        """At which rate it tells its VAT in another currency, None when it does not."""
        if self.accounting_currency is None or self.exchange_e8 is None or self.exchanged_on is None:
            return None
        return Exchange(Currency(self.accounting_currency), self.exchange_e8, self.exchanged_on)

    @property
    def to_pay_minor(self) -> int:
        """What was left to pay when it was issued. Source: EN 16931 BT-115."""
        return self.total_minor - self.prepaid_minor


@dataclass(frozen=True, slots=True)
class Issuing:
    """What all documents that are issued together have in common."""

    legal_entity_id: LegalEntityId
    series: Series
    run_id: RunId | None
    issued_on: date
    issued_at: datetime
    seller_hash: bytes


def draft(sharing: Sharing, charges: list[Charge], case: TaxCase) -> Draft:
    """Return the draft of these charges, in their order, with its totals."""
    details = tuple([_detail(number, charge, case) for number, charge in enumerate(charges, 1)])
    net_minor = sum([detail.net_minor for detail in details])
    tax = tax_line(case, net_minor)
    return Draft(sharing, category_of(charges), case, details, (tax,), net_minor, tax.tax_minor)


def placed(unplaced: Draft, order: PurchaseOrder) -> Draft:
    """Return the draft on the order that it quotes, each detail on the order's line that covers it."""
    details = unplaced.details
    if order.lines:
        lines = lines_for(order, shares_of(details))
        assert lines is not None, f"order {order.purchase_order_id} does not carry the draft"
        named = {line.line_no: line for line in order.lines}
        details = tuple(_on_line(each, named.get(lines.get(each.domain, 0))) for each in unplaced.details)
    return Draft(
        unplaced.sharing,
        unplaced.category,
        unplaced.case,
        details,
        unplaced.taxes,
        unplaced.net_minor,
        unplaced.tax_minor,
        order,
    )


def _on_line(detail: Detail, line: OrderLine | None) -> Detail:
    if line is None:
        return replace(detail, purchase_order_line_no=None)
    return replace(
        detail,
        purchase_order_line_no=line.line_no,
        purchase_order_item=line.item_number,
        cost_account=line.cost_account or detail.cost_account,
    )


def shares_of(details: Sequence[Detail]) -> dict[str, int]:
    """Return what the details come to, net, by the service that they are for, in their order."""
    shares: dict[str, int] = {}
    for detail in details:
        shares[detail.domain] = shares.get(detail.domain, 0) + detail.net_minor
    return shares


def accounted(
    taxes: tuple[TaxLine, ...], exchange: Exchange | None, currency: Currency
) -> tuple[TaxLine, ...]:
    """Return the VAT, told in the currency of the seller's VAT accounts too, each line rounded once."""
    if exchange is None:
        return taxes
    return tuple(
        replace(
            tax,
            accounting_net_minor=exchange.converted_minor(tax.net_minor, currency),
            accounting_tax_minor=exchange.converted_minor(tax.tax_minor, currency),
        )
        for tax in taxes
    )


def accounting_tax_minor(taxes: Iterable[TaxLine]) -> int:
    """Return what the lines of VAT come to in the currency of the seller's VAT accounts."""
    return sum(tax.accounting_tax_minor or 0 for tax in taxes)


def issue(final: Draft, issuing: Issuing, number: int, order_id: OrderId, prepaid_minor: int = 0) -> Bill:
    """Return the bill that bears the number; its due date counts from the date of issue.

    `prepaid_minor` is what the payer's credit pays of it; the rest is debited where it can be.
    """
    sharing, order, exchange = final.sharing, final.order, final.sharing.exchange
    series = issuing.series
    total_minor = final.net_minor + final.tax_minor
    is_debited = sharing.debit_hash is not None and 0 < total_minor - prepaid_minor <= AMOUNT_MAX_MINOR
    taxes = accounted(final.taxes, exchange, sharing.currency)
    return Bill(
        sharing.account_id,
        document_id(series, number),
        order_id,
        BillKind.BILL,
        None,
        issuing.legal_entity_id,
        sharing.payer_id,
        issuing.run_id,
        final.category,
        issuing.issued_on,
        issuing.issued_at,
        sharing.term.days,
        sharing.term.method.value,
        sharing.grant_id,
        due_on(issuing.issued_on, sharing.term),
        sharing.currency,
        final.net_minor,
        final.tax_minor,
        total_minor,
        sharing.billing_group_id,
        None if order is None else order.account_id,
        None if order is None else order.purchase_order_id,
        None if order is None else order.reference,
        None if order is None else order.type.value,
        payment_reference(series.reference_code, number, series.digits),
        DIRECT_DEBIT if is_debited else TRANSFER,
        sharing.language,
        "",
        issuing.seller_hash,
        sharing.buyer_hash,
        sharing.payer_hash,
        (order.cost_account if order is not None else "") or sharing.cost_account,
        sharing.contract,
        sharing.debit_hash if is_debited else None,
        sharing.collected_on if is_debited else None,
        prepaid_minor,
        None if exchange is None else exchange.into,
        None if exchange is None else accounting_tax_minor(taxes),
        None if exchange is None else exchange.e8,
        None if exchange is None else exchange.published_on,
        final.details,
        taxes,
        final.slices,
    )


def first_period(details: Sequence[Detail] | Sequence[Charge]) -> date:
    """Return the first day that the details cover."""
    return min([detail.period_start for detail in details])


def _detail(number: int, charge: Charge, case: TaxCase) -> Detail:
    return Detail(
        number,
        charge.service_id,
        charge.kind,
        charge.domain,
        charge.description,
        charge.quantity_e4,
        charge.unit_price_ucents,
        amount_minor(charge.quantity_e4, charge.unit_price_ucents, charge.currency),
        case.category,
        case.rate_bp,
        charge.period_start,
        charge.period_end,
        None,
        0,
        charge.part,
    )

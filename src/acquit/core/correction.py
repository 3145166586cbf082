"""Corrections: a bill with a wrong order, buyer, address or tax id is taken back and billed again at once.

The corrective bill names the first. It bears the same lines; VAT is computed for the buyer that it names;
it falls due when the first did, unless told otherwise.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from typing import Final

from acquit.core.bill import (
    Bill,
    BillKind,
    Detail,
    Draft,
    Issuing,
    MissingGlyphs,
    Sharing,
    issue,
    placed,
    shares_of,
)
from acquit.core.down_payment import named_in
from acquit.core.electronic_rule import buyer_problems, currency_problems, draft_problems, seller_problems
from acquit.core.errors import Conflict, Invalid
from acquit.core.exchange_rate import Exchange
from acquit.core.gate import arithmetic_problems, detail_texts, glyph_problems, order_texts, printed_texts
from acquit.core.identifiers import OrderId
from acquit.core.money import plain
from acquit.core.problem import Problem
from acquit.core.purchase_order import PurchaseOrder
from acquit.core.shared_bill import slices_of
from acquit.core.snapshot import Buyer, Seller
from acquit.core.tax import TaxCase, tax_line
from acquit.core.terms import Method, Term


class NotCorrectable(Conflict):
    """The bill was taken back already, or the corrected one would not be lawful; every fault is told."""

    code = "not-correctable"


class NothingToCorrect(Invalid):
    """Nothing would differ between the bill and its correction."""

    code = "nothing-to-correct"


class Kept(Enum):
    """The purchase order stays as it is."""

    KEPT = "kept"


KEPT: Final = Kept.KEPT


@dataclass(frozen=True, slots=True)
class Corrected:
    """What the corrective bill says instead: its buyer, its order (None: none), if its term begins anew.

    `cost_account` is the account's, for a bill whose order changes; `exchange` tells VAT in the seller's
    currency.
    """

    buyer: Buyer
    buyer_hash: bytes
    order: PurchaseOrder | Kept | None = KEPT
    is_due_anew: bool = False
    cost_account: str = ""
    exchange: Exchange | None = None


def refuse_correction(bill: Bill, notes: Iterable[Bill], before: Buyer, corrected: Corrected) -> None:
    """Pass when the bill may be corrected. Raises NotCorrectable, NothingToCorrect."""
    if bill.kind is BillKind.CREDIT_NOTE:
        raise NotCorrectable(f"{bill.bill_id} is a credit note; correct the bill that follows it.")
    if bill.kind is BillKind.CLAIM:
        raise NotCorrectable(f"{bill.bill_id} is a claim of late charges: take it back by a credit note.")
    if bill.kind is BillKind.DOWN_PAYMENT:
        raise NotCorrectable(
            f"{bill.bill_id} is a down payment: take it back by a credit note and ask for another one."
        )
    note = next(iter(notes), None)
    if note is not None:
        raise NotCorrectable(
            f"Credit note {note.bill_id} took bill {bill.bill_id} back already, whole or in part; "
            "what is left of it is credited, not corrected.",
            bill=bill.bill_id,
        )
    if corrected.buyer == before and not _changes_order(bill, corrected.order):
        raise NothingToCorrect(
            f"Bill {bill.bill_id} says all that already; name another order, buyer, address or tax id.",
            bill=bill.bill_id,
        )


def _changes_order(bill: Bill, order: PurchaseOrder | Kept | None) -> bool:
    if isinstance(order, Kept):
        return False
    return bill.purchase_order_id != (None if order is None else order.purchase_order_id)


def redrafted(
    bill: Bill,
    corrected: Corrected,
    case: TaxCase,
    seller: Seller,
    on: date,
    missing_glyphs: MissingGlyphs,
) -> Draft:
    """Return the draft of the corrective bill of that date. Raises NotCorrectable with every problem."""
    unplaced = _unplaced(bill, corrected, case)
    _refuse_other_rate(bill, case)
    problems = seller_problems(seller) + buyer_problems(corrected.buyer, seller, case)
    problems += arithmetic_problems(unplaced) + draft_problems(unplaced, seller, corrected.buyer, on)
    problems += currency_problems(unplaced, seller, corrected.buyer)
    problems += glyph_problems(printed_texts(corrected.buyer), missing_glyphs, "legal party")
    problems += glyph_problems(detail_texts(unplaced), missing_glyphs)
    order = None if isinstance(corrected.order, Kept) else corrected.order
    if order is not None:
        problems += _order_problems(order, unplaced)
    final = unplaced if order is None or problems else placed(unplaced, order)
    problems += glyph_problems(order_texts(final), missing_glyphs, "purchase order")
    if problems:
        raise NotCorrectable(" ".join(map(str, dict.fromkeys(problems))), bill=bill.bill_id)
    return final


def _refuse_other_rate(bill: Bill, case: TaxCase) -> None:
    """Pass unless VAT of another kind is due and the bill deducts what was paid with the first."""
    kinds = {(tax.vat_category, tax.vat_rate_bp) for tax in bill.taxes}
    if named_in(bill.details) and kinds != {(case.category, case.rate_bp)}:
        raise NotCorrectable(
            f"Bill {bill.bill_id} deducts {', '.join(named_in(bill.details))} at the VAT that it bears, and "
            "its buyer is taxed otherwise now: take both back by credit notes.",
            bill=bill.bill_id,
        )


def _off_line(detail: Detail) -> Detail:
    """Return the detail without the order's line, and without the cost account that came with it."""
    if detail.purchase_order_line_no is None:
        return detail
    return replace(detail, purchase_order_line_no=None, purchase_order_item="", cost_account="")


def _unplaced(bill: Bill, corrected: Corrected, case: TaxCase) -> Draft:
    correction_no = 2 + max(each.correction_no for each in bill.details)
    keeps_lines = isinstance(corrected.order, Kept)
    details = tuple(
        replace(
            each if keeps_lines else _off_line(each),
            correction_no=correction_no,
            vat_category=case.category,
            vat_rate_bp=case.rate_bp,
        )
        for each in bill.details
    )
    tax = tax_line(case, bill.net_minor)
    names = {each.owner_id: each.name for each in bill.slices}
    return Draft(
        _sharing(bill, corrected),
        bill.category,
        case,
        details,
        (tax,),
        bill.net_minor,
        tax.tax_minor,
        None,
        slices_of(bill.account_id, details, (tax,), names) if bill.slices else (),
    )


def _sharing(bill: Bill, corrected: Corrected) -> Sharing:
    return Sharing(
        bill.account_id,
        bill.payer_id,
        bill.language,
        bill.currency,
        bill.billing_group_id,
        Term(bill.term_days, Method(bill.term_method)),
        bill.term_grant_id,
        corrected.buyer_hash,
        bill.payer_hash,
        bill.cost_account if isinstance(corrected.order, Kept) else corrected.cost_account,
        bill.contract,
        exchange=corrected.exchange,
    )


def _order_problems(order: PurchaseOrder, unplaced: Draft) -> list[Problem]:
    where, currency = f"purchase order {order.reference}", unplaced.sharing.currency
    if not order.is_usable:
        return [Problem("order-not-active", "It is suspended or deleted.", where)]
    if order.currency != currency:
        return [Problem("other-currency", f"It is in {order.currency}, the bill in {currency}.", where)]
    if not order.carries(unplaced.net_minor, shares_of(unplaced.details)):
        left = order.left_minor
        told = "a line of it is spent" if left is None else f"{plain(left, currency)} {currency} are left"
        text = f"It does not carry {plain(unplaced.net_minor, currency)} {currency}: {told}."
        return [Problem("order-spent", text, where)]
    return []


def corrective(
    bill: Bill,
    final: Draft,
    corrected: Corrected,
    issuing: Issuing,
    number: int,
    order_id: OrderId,
    reason: str,
    prepaid_minor: int = 0,
) -> Bill:
    """Return the corrective bill that bears the number and names the first.

    `prepaid_minor` was paid for the first and settles this one.
    """
    issued = issue(final, issuing, number, order_id, prepaid_minor)
    if isinstance(corrected.order, Kept):
        issued = replace(
            issued,
            purchase_order_account=bill.purchase_order_account,
            purchase_order_id=bill.purchase_order_id,
            purchase_order_reference=bill.purchase_order_reference,
            purchase_order_type=bill.purchase_order_type,
        )
    return replace(
        issued,
        kind=BillKind.CORRECTIVE,
        corrects_bill_id=bill.bill_id,
        due_on=issued.due_on if corrected.is_due_anew else bill.due_on,
        note=reason.strip(),
    )

"""Credit notes: documents that take an issued bill back, whole or in part; the bill itself never changes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from acquit.core.bill import TRANSFER, Bill, BillKind, Detail, Issuing, accounting_tax_minor
from acquit.core.discount import percent
from acquit.core.down_payment import DEDUCTED
from acquit.core.errors import Conflict, Invalid
from acquit.core.identifiers import OrderId
from acquit.core.money import plain, share_minor, ucents_per_minor
from acquit.core.numbering import document_id, payment_reference
from acquit.core.purchase_order import Draw
from acquit.core.shared_bill import slices_of
from acquit.core.tax import TaxLine


class NotCreditable(Conflict):
    """A credit note takes back a bill that none took back before."""

    code = "not-creditable"


class CreditReasonMissing(Invalid):
    """A credit note says why."""

    code = "credit-reason-missing"


class BadCredit(Invalid):
    """A credit of a part names lines of the bill and takes back no more than is left of them."""

    code = "bad-credit"


@dataclass(frozen=True, slots=True)
class Part:
    """What to take back of one line: all that is left of it, or a net amount of the line's sign."""

    detail_no: int
    amount_minor: int | None = None


def refuse_credit(bill: Bill, notes: Iterable[Bill], reason: str) -> None:
    """Pass when something of the bill can be taken back. Raises CreditReasonMissing, NotCreditable."""
    if not reason.strip():
        raise CreditReasonMissing("A credit note needs a reason: it is printed on it.", bill=bill.bill_id)
    if bill.kind is BillKind.CREDIT_NOTE:
        raise NotCreditable(f"{bill.bill_id} is a credit note itself.", bill=bill.bill_id)
    before = list(notes)
    keeps = any(each.kind == DEDUCTED and left_of(bill, before)[each.detail_no] for each in bill.details)
    if before and not keeps and sum(note.net_minor for note in before) >= bill.net_minor:
        raise NotCreditable(
            f"Credit note {before[-1].bill_id} took bill {bill.bill_id} back already.", bill=bill.bill_id
        )


def taken_back(bill: Bill, notes: Sequence[Bill], parts: Sequence[Part]) -> tuple[Detail, ...]:
    """Return the lines that a credit note takes back: those named, or all that is left of the bill.

    A line of which nothing was taken back before comes back as it was billed, else as one of the amount.
    Raises BadCredit.
    """
    left = left_of(bill, notes)
    whole = parts or [Part(number) for number, net_minor in left.items() if net_minor]
    by_number = {each.detail_no: each for each in bill.details}
    if len({part.detail_no for part in whole}) != len(whole):
        raise BadCredit("A line is named once.", bill=bill.bill_id)
    correction_no = _next_correction(bill, notes)
    found = []
    for number, part in enumerate(whole, 1):
        net_minor = _asked(bill, left, part, may_be_anything=not parts)
        found.append(_credited(bill, by_number[part.detail_no], net_minor, number, correction_no))
    total_minor = sum(each.net_minor for each in found)
    if total_minor < 0 or (total_minor == 0 and not _gives_deductions_back(found)):
        raise BadCredit("A credit note takes back more than nothing.", bill=bill.bill_id)
    if parts:
        _refuse_over_bill(bill, notes, found)
    return tuple(found)


def parts_of_down_payment(bill: Bill, left_minor: int, parts: Sequence[Part]) -> tuple[Part, ...]:
    """Return what to take back of a down payment of which so much is neither deducted nor taken back.

    Without parts it is all of that. Raises NotCreditable, BadCredit.
    """
    if left_minor <= 0:
        raise NotCreditable(
            f"Bills deducted all of down payment {bill.bill_id} that was not taken back: take them back.",
            bill=bill.bill_id,
        )
    asked = [left_minor if part.amount_minor is None else part.amount_minor for part in parts or [Part(1)]]
    if sum(asked) > left_minor:
        raise BadCredit(
            f"{plain(left_minor, bill.currency)} {bill.currency} net of down payment {bill.bill_id} is "
            f"neither deducted by bills nor taken back; {plain(sum(asked), bill.currency)} cannot be.",
            bill=bill.bill_id,
        )
    return tuple(Part(part.detail_no, minor) for part, minor in zip(parts or [Part(1)], asked, strict=True))


def _gives_deductions_back(details: Iterable[Detail]) -> bool:
    """Whether lines that a down payment had paid whole come back together with its deduction."""
    return any(each.kind == DEDUCTED and each.net_minor for each in details)


def _refuse_over_bill(bill: Bill, notes: Sequence[Bill], details: Sequence[Detail]) -> None:
    """Pass when the notes together stay within the bill at each rate of VAT, lines below zero counted."""
    for tax in bill.taxes:
        kind = (tax.vat_category, tax.vat_rate_bp)
        before = [each for note in notes for each in note.taxes]
        left = tax.net_minor - sum(
            each.net_minor for each in before if (each.vat_category, each.vat_rate_bp) == kind
        )
        asked = sum(each.net_minor for each in details if (each.vat_category, each.vat_rate_bp) == kind)
        if asked > max(left, 0):
            raise BadCredit(
                f"{plain(left, bill.currency)} {bill.currency} net is left of bill {bill.bill_id} at "
                f"{percent(tax.vat_rate_bp)} % of VAT, since discounts and settlements count too; "
                f"{plain(asked, bill.currency)} cannot be taken back. Take back the discount's line as well.",
                bill=bill.bill_id,
            )


def left_of(bill: Bill, notes: Iterable[Bill]) -> dict[int, int]:
    """Return what is left, net, of each line of the bill, by its number."""
    back: dict[tuple[object, ...], int] = {}
    for detail in (detail for note in notes for detail in note.details):
        back[_line(detail)] = back.get(_line(detail), 0) + detail.net_minor
    return {each.detail_no: each.net_minor - back.get(_line(each), 0) for each in bill.details}


def _line(detail: Detail) -> tuple[object, ...]:
    return detail.owner_id, detail.service_id, detail.kind, detail.part, detail.period_start


def _asked(bill: Bill, left: dict[int, int], part: Part, *, may_be_anything: bool) -> int:
    if part.detail_no not in left:
        raise BadCredit(f"Bill {bill.bill_id} has no line {part.detail_no}.", bill=bill.bill_id)
    there = left[part.detail_no]
    wanted = there if part.amount_minor is None else part.amount_minor
    if may_be_anything or 0 < wanted <= there or there <= wanted < 0:
        return wanted
    raise BadCredit(
        f"{plain(there, bill.currency)} {bill.currency} net is left of line {part.detail_no} of bill "
        f"{bill.bill_id}; {plain(wanted, bill.currency)} cannot be taken back.",
        bill=bill.bill_id,
    )


def _credited(bill: Bill, detail: Detail, net_minor: int, number: int, correction_no: int) -> Detail:
    back = replace(detail, detail_no=number, correction_no=correction_no)
    if net_minor == detail.net_minor:
        return back
    sign = 1 if net_minor >= 0 else -1
    price = abs(net_minor) * ucents_per_minor(bill.currency)
    return replace(back, quantity_e4=sign * 10_000, unit_price_ucents=price, net_minor=net_minor)


def _next_correction(bill: Bill, notes: Iterable[Bill]) -> int:
    """Return the correction number after all that the bill's charges have been given."""
    bills = (bill, *notes)
    return 1 + max(detail.correction_no for each in bills for detail in each.details)


def credited_taxes(bill: Bill, notes: Iterable[Bill], details: Sequence[Detail]) -> tuple[TaxLine, ...]:
    """Return the VAT that a credit note takes back.

    It is the VAT of all that was taken back so far less what notes before took: the notes of a bill together
    give back its VAT, to the cent.
    """
    before = list(notes)
    found = []
    for tax in bill.taxes:
        kind = (tax.vat_category, tax.vat_rate_bp)
        nets = [each.net_minor for each in details if (each.vat_category, each.vat_rate_bp) == kind]
        if not nets:
            continue
        taken = [
            each for note in before for each in note.taxes if (each.vat_category, each.vat_rate_bp) == kind
        ]
        net_minor = sum(nets)
        reached = share_minor(sum(each.net_minor for each in taken) + net_minor, tax.vat_rate_bp)
        tax_minor = reached - sum(each.tax_minor for each in taken)
        found.append(_accounted(bill, replace(tax, net_minor=net_minor, tax_minor=tax_minor), taken))
    return tuple(found)


def _accounted(bill: Bill, tax: TaxLine, taken: Sequence[TaxLine]) -> TaxLine:
    """Tell the VAT in the seller's currency at the bill's rate: the notes together give back what it told."""
    exchange = bill.exchange
    if exchange is None:
        return tax

    def less(reached_minor: int, before: Iterable[int | None]) -> int:
        return exchange.converted_minor(reached_minor, bill.currency) - sum(each or 0 for each in before)

    return replace(
        tax,
        accounting_net_minor=less(
            tax.net_minor + sum(each.net_minor for each in taken),
            (each.accounting_net_minor for each in taken),
        ),
        accounting_tax_minor=less(
            tax.tax_minor + sum(each.tax_minor for each in taken),
            (each.accounting_tax_minor for each in taken),
        ),
    )


def credit_note(
    bill: Bill,
    notes: Sequence[Bill],
    details: tuple[Detail, ...],
    issuing: Issuing,
    number: int,
    order_id: OrderId,
    reason: str,
) -> Bill:
    """Return the credit note over these lines of the bill; amounts stay positive, the kind is the direction.

    Each detail bears the next correction number, so that a charge is still billed once.
    """
    series = issuing.series
    taxes = credited_taxes(bill, notes, details)
    net_minor, tax_minor = sum(each.net_minor for each in taxes), sum(each.tax_minor for each in taxes)
    names = {each.owner_id: each.name for each in bill.slices}
    return replace(
        bill,
        bill_id=document_id(series, number),
        order_id=order_id,
        kind=BillKind.CREDIT_NOTE,
        corrects_bill_id=bill.bill_id,
        run_id=None,
        issued_on=issuing.issued_on,
        issued_at=issuing.issued_at,
        due_on=issuing.issued_on,
        term_days=0,
        term_method="net",
        term_grant_id=None,
        payment_reference=payment_reference(series.reference_code, number, series.digits),
        payment_means=TRANSFER,
        debit_hash=None,
        collected_on=None,
        prepaid_minor=0,
        accounting_tax_minor=None if bill.exchange is None else accounting_tax_minor(taxes),
        note=reason.strip(),
        seller_hash=issuing.seller_hash,
        net_minor=net_minor,
        tax_minor=tax_minor,
        total_minor=net_minor + tax_minor,
        details=details,
        taxes=taxes,
        slices=slices_of(bill.account_id, details, taxes, names) if bill.slices else (),
    )


def given_back(bill: Bill, note: Bill) -> Draw | None:
    """Return what the credit note gives back to the purchase order of the bill, if it quoted one."""
    if bill.purchase_order_account is None or bill.purchase_order_id is None:
        return None
    return Draw(
        bill.purchase_order_account,
        bill.purchase_order_id,
        bill.account_id,
        note.bill_id,
        -note.net_minor,
        note.issued_on,
    )

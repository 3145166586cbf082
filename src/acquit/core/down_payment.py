"""Down payments: money asked for before an identified supply, with VAT, and deducted by the bills of it.

A down payment is a document of its own (UNTDID 1001: 386), owed like a bill. Bills of what it was asked for
deduct what of it was paid, net, by a line below zero at the same rate of VAT, so that no VAT is asked for
twice. Never more is deducted than was paid, than the bill bears, and, all in all, than the document was of:
what a credit note took back of it counts as used.

Source: Directive 2006/112/EC articles 65, 220(4), 226(7); CGI 269-2 c, 289 I-1 c; annexe II 242 nonies A.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from acquit.core.bill import Bill, BillKind, Detail, Draft
from acquit.core.errors import Conflict, Invalid
from acquit.core.identifiers import AccountId, BillId, OrderId, ServiceId
from acquit.core.journal import VatShare
from acquit.core.line_text import day_text, in_language
from acquit.core.money import E4_PER_ONE, Currency, ucents_per_minor
from acquit.core.quick import quick
from acquit.core.tax import tax_line

ASKED: Final = "down-payment"
"""The kind of the line of a down payment itself."""

DEDUCTED: Final = "deduction"
"""The kind of a bill's line that deducts one; its part names the document and which deduction of it it is."""

BP_PER_ONE: Final = 10_000

_ASKED: Final = {
    "de": "Anzahlung auf {what}",
    "en": "Down payment for {what}",
    "es": "Anticipo a cuenta de {what}",
    "fr": "Acompte sur {what}",
    "it": "Acconto su {what}",
    "nl": "Aanbetaling voor {what}",
    "pl": "Zaliczka na {what}",
    "pt": "Adiantamento por conta de {what}",
}
_ORDER: Final = {
    "de": "Bestellung {number}",
    "en": "order {number}",
    "es": "el pedido {number}",
    "fr": "la commande {number}",
    "it": "ordine {number}",
    "nl": "bestelling {number}",
    "pl": "zamówienie {number}",
    "pt": "a encomenda {number}",
}
_DEDUCTED: Final = {
    "de": "Abzug der Anzahlung gemäß Rechnung {number} vom {day}",
    "en": "Less down payment, invoice {number} of {day}",
    "es": "Deducción del anticipo, factura {number} del {day}",
    "fr": "Déduction de l'acompte, facture {number} du {day}",
    "it": "Detrazione dell'acconto, fattura {number} del {day}",
    "nl": "Aftrek van de aanbetaling, factuur {number} van {day}",
    "pl": "Odliczenie zaliczki, faktura {number} z {day}",
    "pt": "Dedução do adiantamento, fatura {number} de {day}",
}


class BadDownPayment(Invalid):
    """A down payment is of an amount, or of a share of something that has a price."""

    code = "bad-down-payment"


class NoDownPayment(Conflict):
    """No down payment can be asked for as it was wanted; the reason is told."""

    code = "no-down-payment"


@quick
@dataclass(frozen=True, slots=True)
class DownPayment:
    """What of a down payment the next bills may deduct, net; `services` are those it is for, empty: any.

    `deductions` counts the lines that deducted something of it before.
    """

    account_id: AccountId
    bill_id: BillId
    issued_on: date
    currency: Currency
    vat_category: str
    vat_rate_bp: int
    left_minor: int
    deductions: int
    services: tuple[ServiceId, ...] = ()
    is_for_account: bool = True


@dataclass(frozen=True, slots=True)
class Sums:
    """What a down payment was of, what credit notes took back of it, what is paid, and what was deducted."""

    net_minor: int
    tax_minor: int
    credited_net_minor: int
    credited_tax_minor: int
    paid_minor: int
    deducted_minor: int


@dataclass(frozen=True, slots=True)
class For:
    """What a down payment is for: an order, a service, or, neither, whatever the account is billed."""

    order_id: OrderId | None = None
    service_id: ServiceId | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """A down payment as people look at it: what it is for and its sums; `order_id` is the order behind it."""

    account_id: AccountId
    bill_id: BillId
    order_id: OrderId
    issued_on: date
    currency: Currency
    what: For
    sums: Sums


@quick
@dataclass(frozen=True, slots=True)
class Use:
    """So much, net, of a down payment a bill deducted, its credit note gave back, or one took back.

    What is given back is below zero.
    """

    account_id: AccountId
    bill_id: BillId
    kind: str
    by_account_id: AccountId
    by_bill_id: BillId
    net_minor: int


def deductible_minor(sums: Sums) -> int:
    """Return what may be deducted, net: what of the payments is no VAT, less what was deducted before.

    VAT is counted as it falls due with each payment, so that net and VAT of what is paid add up to it.
    """
    net = sums.net_minor - sums.credited_net_minor
    tax = sums.tax_minor - sums.credited_tax_minor
    if net + tax <= 0 or sums.paid_minor <= 0:
        return 0
    paid = min(sums.paid_minor, net + tax)
    return max(paid - VatShare(net + tax, tax).due(paid) - sums.deducted_minor, 0)


def share_of(net_minor: int, percent_bp: int) -> int:
    """Return so much of a price, rounded down. Raises BadDownPayment."""
    if not 0 < percent_bp <= BP_PER_ONE:
        raise BadDownPayment("A down payment is more than nothing and at most 100 %.")
    return net_minor * percent_bp // BP_PER_ONE


def asked_text(language: str, what: str | OrderId) -> str:
    """Return what the line of a down payment says: what it is for, or the number of the order."""
    named = what if isinstance(what, str) else in_language(_ORDER, language).format(number=what)
    return in_language(_ASKED, language).format(what=named)


# ---------------------------------------------------------------- deductions


def deducted(drafts: Sequence[Draft], waiting: Sequence[DownPayment]) -> list[Draft]:
    """Return the drafts of one account, each less the down payments on what it bills, oldest first."""
    found = []
    for draft in drafts:
        less, waiting = deducting(draft, waiting)
        found.append(less)
    return found


def deducting(draft: Draft, waiting: Sequence[DownPayment]) -> tuple[Draft, Sequence[DownPayment]]:
    """Return the draft less the down payments on what it bills, oldest first, and what is left of these."""
    if not waiting:
        return draft, waiting
    left = list(waiting)
    for place, each in enumerate(left):
        minor = _amount(draft, each)
        if minor > 0:
            draft = _less(draft, each, minor)
            left[place] = replace(each, left_minor=each.left_minor - minor, deductions=each.deductions + 1)
    return draft, left


def _amount(draft: Draft, each: DownPayment) -> int:
    """Return how much the draft deducts: what is left, what it bills of it, and never below zero."""
    case = draft.case
    if (draft.sharing.currency, case.category, case.rate_bp) != (
        each.currency, each.vat_category, each.vat_rate_bp,
    ):  # fmt: skip
        return 0
    billed = sum(line.net_minor for line in draft.details if line.kind != DEDUCTED and _is_for(each, line))
    return min(each.left_minor, billed, draft.net_minor)


def _is_for(each: DownPayment, line: Detail) -> bool:
    return each.is_for_account or line.service_id in each.services


def _less(draft: Draft, each: DownPayment, minor: int) -> Draft:
    details = (*draft.details, _line(draft, each, minor))
    net_minor = draft.net_minor - minor
    tax = tax_line(draft.case, net_minor)
    return replace(draft, details=details, taxes=(tax,), net_minor=net_minor, tax_minor=tax.tax_minor)


def _line(draft: Draft, each: DownPayment, minor: int) -> Detail:
    """Return the line: on the day of the down payment, for what it is no supply of any other."""
    language, currency = draft.sharing.language, draft.sharing.currency
    return Detail(
        len(draft.details) + 1,
        ServiceId(0),
        DEDUCTED,
        each.bill_id,
        in_language(_DEDUCTED, language).format(number=each.bill_id, day=day_text(language, each.issued_on)),
        -E4_PER_ONE,
        minor * ucents_per_minor(currency),
        -minor,
        draft.case.category,
        draft.case.rate_bp,
        each.issued_on,
        each.issued_on,
        part=f"{each.bill_id}/{each.deductions + 1}",
    )


# ---------------------------------------------------------------- what bills use


def deducted_minor(details: Iterable[Detail]) -> int:
    """Return what the lines deduct, net: what moves from advances received to revenue."""
    return -sum(line.net_minor for line in details if line.kind == DEDUCTED)


def advances_minor(bill: Bill) -> int:
    """Return what the bill adds to advances received, net: a down payment; below 0 what is deducted."""
    own = sum(line.net_minor for line in bill.details if line.kind == ASKED)
    return own - deducted_minor(bill.details)


def named_in(details: Iterable[Detail]) -> list[BillId]:
    """Return the down payments that the lines deduct, in their order."""
    return list(dict.fromkeys(_number(line) for line in details if line.kind == DEDUCTED))


def uses_of(bill: Bill) -> list[Use]:
    """Return what the bill does to down payments: deducts, gives back as a credit note, or credits one."""
    is_note = bill.kind is BillKind.CREDIT_NOTE
    found = []
    for line in bill.details:
        owner_id = line.owner_id or bill.account_id
        if line.kind == DEDUCTED:
            kind, minor = ("returned", line.net_minor) if is_note else ("deducted", -line.net_minor)
            found.append(Use(owner_id, _number(line), kind, bill.account_id, bill.bill_id, minor))
        elif line.kind == ASKED and is_note:
            assert bill.corrects_bill_id is not None, "a credit note names what it takes back"
            found.append(
                Use(
                    owner_id, bill.corrects_bill_id, "credited", bill.account_id, bill.bill_id, line.net_minor
                )
            )
    return found


def left_minor(bill: Bill, uses: Iterable[Use]) -> int:
    """Return what of a down payment neither bills deducted nor credit notes took back, net."""
    return bill.net_minor - sum(each.net_minor for each in uses)


def _number(line: Detail) -> BillId:
    return BillId(line.part.rpartition("/")[0])

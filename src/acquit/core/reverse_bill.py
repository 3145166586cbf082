"""Reverse bills: what a legal entity bills itself in the name of an account that supplies it.

They are numbered in a series of the supplier, may be contested for some days, and are paid out, or set off
against what the account owes. One that was wrong is taken back whole by a self-billed credit note.

Source: Directive 2006/112/EC article 224; CGI 289 I-2; UNTDID 1001 codes 389 and 261.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from acquit.core.account import Account
from acquit.core.bill import TRANSFER, Bill, BillKind, Detail, Issuing
from acquit.core.debt import Allocation
from acquit.core.electronic_rule import AMOUNT_MAX_MINOR, FRENCH_RATES_BP
from acquit.core.errors import Conflict, Invalid, NotFound
from acquit.core.identifiers import AccountId, BillId, OrderId, ServiceId
from acquit.core.journal import Chart, Posting, Role, VatShare
from acquit.core.money import Currency, amount_minor, plain, share_minor
from acquit.core.numbering import document_id, payment_reference
from acquit.core.self_billing import Agreement, Regime, case_of
from acquit.core.tax import TaxCase, TaxLine, tax_lines

CATEGORY: Final = "self-billing"
LINES_MAX: Final = 1_000
DETAIL_KIND: Final = "supplied"


class NoSuchReverseBill(NotFound):
    """The account has no such reverse bill."""

    code = "no-such-reverse-bill"

    def __init__(self, bill_id: str) -> None:
        super().__init__(f"There is no reverse bill {bill_id[:40]}.", bill=bill_id[:40])


class BadReverseLines(Invalid):
    """The lines of a reverse bill cannot be billed; every fault is told with its line."""

    code = "bad-reverse-lines"


class ReverseBillNotThere(Conflict):
    """The reverse bill is not in a state from which this follows."""

    code = "reverse-bill-not-there"


class NotPayable(Conflict):
    """The reverse bill cannot be paid yet, or no more."""

    code = "reverse-bill-not-payable"


class NoSetOff(Conflict):
    """Nothing is set off: the agreement says no, another owes, or nothing is owed."""

    code = "no-set-off"


class ReverseState(StrEnum):
    """Where a reverse bill is; open while it may be contested or waits to be paid."""

    OPEN = "open"
    CONTESTED = "contested"
    PAYING = "paying"
    SETTLED = "settled"
    TAKEN_BACK = "taken-back"


@dataclass(frozen=True, slots=True)
class Supplied:
    """One line as it is asked for; without a rate that of the supplier's country holds."""

    reference: str
    description: str
    quantity_e4: int
    unit_price_ucents: int
    period_start: date
    period_end: date
    vat_rate_bp: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of a reverse bill: of `total_minor` so much was set off, paid, or is being paid."""

    bill_id: BillId
    currency: Currency
    total_minor: int
    contest_until: date
    set_off_minor: int = 0
    paid_minor: int = 0
    paying_minor: int = 0
    is_contested: bool = False
    accepted_on: date | None = None
    taken_back_by: BillId | None = None

    @property
    def open_minor(self) -> int:
        """What is still to be paid, of which nothing is under way."""
        if self.taken_back_by is not None:
            return 0
        return self.total_minor - self.set_off_minor - self.paid_minor - self.paying_minor

    @property
    def payable_minor(self) -> int:
        """What the supplier account holds in the books: neither set off, paid nor taken back."""
        return self.open_minor + (0 if self.taken_back_by is not None else self.paying_minor)

    @property
    def state(self) -> ReverseState:
        """Return where the bill is."""
        if self.taken_back_by is not None:
            return ReverseState.TAKEN_BACK
        if self.is_contested:
            return ReverseState.CONTESTED
        if self.paying_minor:
            return ReverseState.PAYING
        return ReverseState.OPEN if self.open_minor else ReverseState.SETTLED


# ---------------------------------------------------------------- making one


def refuse_lines(
    lines: Sequence[Supplied], regime: Regime, default_bp: int | None, *, is_french: bool
) -> None:
    """Pass when these lines can be billed. Raises BadReverseLines with every fault."""
    faults = [] if lines else ["A bill has a line at least."]
    if len(lines) > LINES_MAX:
        faults.append(f"{len(lines)} lines are too many; {LINES_MAX} are billed at once.")
    for number, line in enumerate(lines[:LINES_MAX], 1):
        faults += [f"Line {number}: {told}" for told in _faults(line, regime, default_bp, is_french)]
    if faults:
        raise BadReverseLines(" ".join(faults))


def _faults(line: Supplied, regime: Regime, default_bp: int | None, is_french: bool) -> list[str]:
    faults = []
    if not line.description.strip():
        faults.append("say what was supplied.")
    if line.quantity_e4 == 0:
        faults.append("the quantity is nothing.")
    if line.unit_price_ucents < 0:
        faults.append("a price is never negative; take something off by a negative quantity.")
    if line.period_end < line.period_start:
        faults.append("its period ends before it begins.")
    if not (line.period_start.year >= 2000 and line.period_end.year <= 2099):
        faults.append("its period is not within the years 2000 to 2099.")
    if abs(line.quantity_e4) * line.unit_price_ucents >= AMOUNT_MAX_MINOR * 10**10:
        faults.append("it has more digits than an electronic bill holds.")
    if regime is not Regime.STANDARD:
        if line.vat_rate_bp:
            faults.append(f"the supplier bears no VAT ({regime.value}), so no line has a rate.")
        return faults
    rate = default_bp if line.vat_rate_bp is None else line.vat_rate_bp
    if rate is None:
        faults.append("no VAT rate of the supplier's country is known: give one.")
    elif not 0 < rate <= 10_000 or (is_french and rate not in FRENCH_RATES_BP):
        faults.append(f"{plain(rate, Currency('EUR'))} % is no rate of VAT there.")
    return faults


@dataclass(frozen=True, slots=True)
class Parties:
    """The copies that a reverse bill names, and the country of who supplies."""

    seller_hash: bytes
    buyer_hash: bytes
    supplier_country: str


def reverse_bill(
    account: Account,
    agreement: Agreement,
    lines: Sequence[Supplied],
    default_bp: int,
    parties: Parties,
    issuing: Issuing,
    number: int,
    order_id: OrderId,
    note: str = "",
) -> Bill:
    """Return the bill of what the account supplied; VAT is rounded once per rate. Raises BadReverseLines."""
    currency = account.currency
    cases = [_case(agreement, line, default_bp, parties.supplier_country) for line in lines]
    details = tuple(
        _detail(no, line, case, currency) for no, (line, case) in enumerate(zip(lines, cases, strict=True), 1)
    )
    taxes = tax_lines((case, each.net_minor) for case, each in zip(cases, details, strict=True))
    net_minor, tax_minor = _sums(taxes, currency)
    series = issuing.series
    return Bill(
        account_id=account.account_id,
        bill_id=document_id(series, number),
        order_id=order_id,
        kind=BillKind.SELF_BILLED,
        corrects_bill_id=None,
        legal_entity_id=issuing.legal_entity_id,
        payer_id=account.account_id,
        run_id=None,
        category=CATEGORY,
        issued_on=issuing.issued_on,
        issued_at=issuing.issued_at,
        term_days=agreement.term_days,
        term_method="net",
        term_grant_id=None,
        due_on=issuing.issued_on + timedelta(days=agreement.term_days),
        currency=currency,
        net_minor=net_minor,
        tax_minor=tax_minor,
        total_minor=net_minor + tax_minor,
        billing_group_id=None,
        purchase_order_account=None,
        purchase_order_id=None,
        purchase_order_reference=None,
        purchase_order_type=None,
        payment_reference=payment_reference(series.reference_code, number, series.digits),
        payment_means=TRANSFER,
        language=account.language,
        note=note,
        seller_hash=parties.seller_hash,
        buyer_hash=parties.buyer_hash,
        payer_hash=None,
        contract=agreement.reference,
        details=details,
        taxes=taxes,
    )


def _sums(taxes: Sequence[TaxLine], currency: Currency) -> tuple[int, int]:
    """Return net and VAT. Raises BadReverseLines when lines of a rate come to less than nothing."""
    net_minor = sum(each.net_minor for each in taxes)
    if net_minor <= 0 or any(each.net_minor < 0 for each in taxes):
        raise BadReverseLines(
            f"The lines come to {plain(net_minor, currency)} {currency}, and no rate of VAT may come to less "
            "than nothing: what is owed back is taken back on the bill that it was on."
        )
    return net_minor, sum(each.tax_minor for each in taxes)


def _case(agreement: Agreement, line: Supplied, default_bp: int, country: str) -> TaxCase:
    rate_bp = default_bp if line.vat_rate_bp is None else line.vat_rate_bp
    return case_of(agreement.regime, rate_bp, country)


def _detail(number: int, line: Supplied, case: TaxCase, currency: Currency) -> Detail:
    return Detail(
        number, ServiceId(0), DETAIL_KIND, line.reference, line.description, line.quantity_e4,
        line.unit_price_ucents, amount_minor(line.quantity_e4, line.unit_price_ucents, currency),
        case.category, case.rate_bp, line.period_start, line.period_end,
    )  # fmt: skip


def credit_of(bill: Bill, issuing: Issuing, number: int, order_id: OrderId, reason: str) -> Bill:
    """Return the self-billed credit note that takes the whole bill back."""
    series = issuing.series
    return replace(
        bill,
        bill_id=document_id(series, number),
        order_id=order_id,
        kind=BillKind.SELF_BILLED_CREDIT,
        corrects_bill_id=bill.bill_id,
        issued_on=issuing.issued_on,
        issued_at=issuing.issued_at,
        term_days=0,
        due_on=issuing.issued_on,
        payment_reference=payment_reference(series.reference_code, number, series.digits),
        note=reason,
    )


# ---------------------------------------------------------------- what may follow


def refuse_contest(standing: Standing, today: date) -> None:
    """Pass when the supplier may contest it today. Raises ReverseBillNotThere."""
    _refuse_unless_open(standing, "contested")
    if standing.accepted_on is not None:
        raise ReverseBillNotThere(f"{standing.bill_id} was accepted on {standing.accepted_on}.")
    if today > standing.contest_until:
        raise ReverseBillNotThere(
            f"{standing.bill_id} could be contested until {standing.contest_until}. A bill that both find "
            "wrong is taken back: `acquit reverse-bill take-back`."
        )
    if standing.set_off_minor or standing.paid_minor:
        raise ReverseBillNotThere(f"{standing.bill_id} is paid in part already.")


def refuse_acceptance(standing: Standing) -> None:
    """Pass when the supplier may accept it, which ends its contest. Raises ReverseBillNotThere."""
    if standing.state not in (ReverseState.OPEN, ReverseState.CONTESTED):
        _refuse_unless_open(standing, "accepted")
    if standing.accepted_on is not None:
        raise ReverseBillNotThere(f"{standing.bill_id} was accepted on {standing.accepted_on} already.")


def refuse_take_back(standing: Standing) -> None:
    """Pass when nothing of it is paid, set off or under way. Raises ReverseBillNotThere."""
    if standing.state is ReverseState.TAKEN_BACK:
        raise ReverseBillNotThere(f"{standing.taken_back_by} took {standing.bill_id} back already.")
    if standing.set_off_minor or standing.paid_minor or standing.paying_minor:
        raise ReverseBillNotThere(
            f"Something of {standing.bill_id} is paid, set off or under way: undo that first (a refusal or "
            "return of its payment, `acquit debt reopen` for what was set off)."
        )


def refuse_payment(standing: Standing, today: date) -> None:
    """Pass when what is open of it may be paid or set off today. Raises NotPayable.

    A bill is paid once it was accepted, or once the days to contest it have gone by without a word.
    """
    if standing.state is not ReverseState.OPEN:
        raise NotPayable(f"{standing.bill_id} is {standing.state.value}: nothing of it can be paid.")
    if standing.accepted_on is None and today <= standing.contest_until:
        raise NotPayable(
            f"{standing.bill_id} may be contested until {standing.contest_until}: it is paid after that day, "
            "or once it was accepted (`acquit reverse-bill accept-bill`)."
        )


def _refuse_unless_open(standing: Standing, what: str) -> None:
    if standing.state is not ReverseState.OPEN:
        raise ReverseBillNotThere(f"{standing.bill_id} is {standing.state.value}: it cannot be {what}.")


def set_off(open_minor: int, owed: Sequence[Allocation]) -> list[Allocation]:
    """Return how much of each debt is set off, those that fall due first before others, up to what is open.

    Source: Code civil 1347, 1348-2 (set-off agreed upon).
    """
    parts, left = list[Allocation](), open_minor
    for each in owed:
        part = min(left, each.amount_minor)
        if part <= 0:
            continue
        parts.append(replace(each, amount_minor=part))
        left -= part
    return parts


# ---------------------------------------------------------------- books


ROLES: Final = (Role.BOUGHT_SERVICES, Role.SUPPLIER)
BY_REGIME: Final = {
    Regime.STANDARD: (Role.VAT_DEDUCTIBLE, Role.VAT_DEDUCTIBLE_PENDING),
    Regime.SMALL_EXEMPT: (),
    Regime.REVERSE_CHARGE: (Role.VAT_SELF_ASSESSED, Role.VAT_SELF_DEDUCTED),
}


@dataclass(frozen=True, slots=True)
class Vat:
    """The VAT of a reverse bill in the buyer's books: what it deducts, and what it owes itself."""

    deductible_minor: int
    waits: bool
    self_assessed_minor: int = 0

    def share(self, total_minor: int) -> VatShare:
        """Return what of it waits for payment."""
        return VatShare(total_minor, self.deductible_minor if self.waits else 0)


def vat_of(bill: Bill, regime: Regime, own_rate_bp: int, *, on_debits: bool) -> Vat:
    """Return the VAT of a bill for who buys; `own_rate_bp` is the buyer's rate, for a reverse charge.

    VAT of services is deducted when the supplier owes it: when it is paid, unless it opted for debits.
    Source: CGI 271 I-2, 269-2 c, 283-2.
    """
    if regime is Regime.REVERSE_CHARGE:
        return Vat(0, waits=False, self_assessed_minor=share_minor(bill.net_minor, own_rate_bp))
    return Vat(bill.tax_minor, waits=not on_debits)


def issued_postings(chart: Chart, bill: Bill, vat: Vat, sign: int = 1) -> tuple[Posting, ...]:
    """The supplier is owed: expense and VAT against its account; `sign` -1 takes it back."""
    currency = bill.currency
    postings = [Posting(chart[Role.BOUGHT_SERVICES], sign * bill.net_minor, currency)]
    if vat.deductible_minor:
        role = Role.VAT_DEDUCTIBLE_PENDING if vat.waits else Role.VAT_DEDUCTIBLE
        postings.append(Posting(chart[role], sign * vat.deductible_minor, currency))
    postings.append(Posting(chart[Role.SUPPLIER], -sign * bill.total_minor, currency))
    if vat.self_assessed_minor:
        postings += [
            Posting(chart[Role.VAT_SELF_DEDUCTED], sign * vat.self_assessed_minor, currency),
            Posting(chart[Role.VAT_SELF_ASSESSED], -sign * vat.self_assessed_minor, currency),
        ]
    return tuple(postings)


def paid_postings(
    chart: Chart, minor: int, vat_minor: int, currency: Currency, against: Role = Role.BANK
) -> tuple[Posting, ...]:
    """So much is paid (negative: came back), and so much VAT is deducted with it.

    Set off, it is paid by a debt (`against` is the receivable).
    """
    moves = (
        Posting(chart[Role.VAT_DEDUCTIBLE], vat_minor, currency),
        Posting(chart[Role.VAT_DEDUCTIBLE_PENDING], -vat_minor, currency),
    )
    return (
        Posting(chart[Role.SUPPLIER], minor, currency),
        Posting(chart[against], -minor, currency),
        *(moves if vat_minor else ()),
    )


def roles_for(regime: Regime) -> tuple[Role, ...]:
    """Return the ledger accounts that bills of such a supplier are booked on."""
    return (*ROLES, *BY_REGIME[regime])


Owner = tuple[AccountId, BillId]
"""A reverse bill by its account and number."""

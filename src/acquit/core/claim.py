"""Claims: numbered papers over late interest and recovery fees of bills that were paid late, or not yet.

A claim is owed like a bill, in a series of its own, and bears no VAT. What was claimed once is not claimed
again: the interest of a bill goes on where the last claim ended, its fee comes once. A claim itself bears
neither.

Source: Code de commerce L441-10, II and D441-5; CGI 256 (damages are no consideration, hence no VAT).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from acquit.core.bill import TRANSFER, Bill, BillKind, Detail, Issuing
from acquit.core.identifiers import AccountId, BillId, OrderId, ServiceId
from acquit.core.late_interest import Interest, LateRate, Standing, interest, standings
from acquit.core.line_text import days_text, in_language, use_texts
from acquit.core.money import E4_PER_ONE, Currency, ucents_per_minor
from acquit.core.numbering import document_id, payment_reference
from acquit.core.tax import TaxLine, VatCategory

INTEREST: Final = "late-interest"
FEE: Final = "recovery-fee"
_DAY: Final = timedelta(days=1)
_INTEREST: Final = {
    "de": "Verzugszinsen zu {rate} % pro Jahr, {days}",
    "en": "Late interest at {rate} % a year, {days}",
    "es": "Intereses de demora al {rate} % anual, {days}",
    "fr": "Pénalités de retard au taux annuel de {rate} %, {days}",
    "it": "Interessi di mora al {rate} % annuo, {days}",
    "nl": "Vertragingsrente van {rate} % per jaar, {days}",
    "pl": "Odsetki za opóźnienie w wysokości {rate} % rocznie, {days}",
    "pt": "Juros de mora à taxa anual de {rate} %, {days}",
}
_FEE: Final = {
    "de": "Pauschale für Beitreibungskosten",
    "en": "Fixed recovery charge",
    "es": "Indemnización fija por costes de cobro",
    "fr": "Indemnité forfaitaire de recouvrement",
    "it": "Indennizzo forfettario per i costi di recupero",
    "nl": "Vaste vergoeding voor invorderingskosten",
    "pl": "Rekompensata za koszty odzyskiwania należności",
    "pt": "Indemnização fixa por custos de cobrança",
}


@dataclass(frozen=True, slots=True)
class LateBill:
    """A bill that was or is late; `changes` are what operations did, by day, without credits.

    `amount_minor` is what was billed less what credit notes took back and what is disputed. `claimed_to` is
    the last day whose interest was claimed.
    """

    account_id: AccountId
    bill_id: BillId
    currency: Currency
    amount_minor: int
    due_on: date
    changes: tuple[tuple[date, int], ...]
    claimed_to: date | None = None
    fee_claimed: bool = False


@dataclass(frozen=True, slots=True)
class Charges:
    """How late interest and fees are computed for a seller: the law's rates, its fee, in its currency."""

    rates: Sequence[LateRate]
    fee_minor: int
    currency: Currency


def late_details(
    late: Sequence[LateBill], charges: Charges, language: str, to_on: date
) -> tuple[Detail, ...]:
    """Return the lines of a claim: per bill its interest up to and with `to_on`, per rate, and its fee."""
    details: list[Detail] = []
    for bill in late:
        stretches = standings(bill.due_on, bill.amount_minor, bill.changes, bill.due_on + _DAY, to_on)
        details += _interest(bill, charges, stretches, language, to_on)
        if stretches and not bill.fee_claimed and bill.currency == charges.currency and charges.fee_minor:
            day = bill.due_on + _DAY
            details.append(_detail(bill, FEE, in_language(_FEE, language), charges.fee_minor, day, day))
    return tuple(replace(each, detail_no=number) for number, each in enumerate(details, 1))


def _interest(
    bill: LateBill, charges: Charges, stretches: Sequence[Standing], language: str, to_on: date
) -> list[Detail]:
    start = bill.due_on + _DAY if bill.claimed_to is None else bill.claimed_to + _DAY
    fresh = [
        replace(each, from_on=max(each.from_on, start)) for each in stretches if each.to_on >= start
    ]  # fmt: skip
    return [
        _detail(bill, INTEREST, _told(language, each), each.amount_minor, each.from_on, each.to_on)
        for each in interest(fresh, charges.rates)
        if each.amount_minor
    ]


def _told(language: str, stretch: Interest) -> str:
    days = days_text(language, (stretch.to_on - stretch.from_on).days + 1)
    return in_language(_INTEREST, language).format(rate=_percent(stretch.rate_bp, language), days=days)


def _detail(bill: LateBill, kind: str, description: str, minor: int, from_on: date, to_on: date) -> Detail:
    return Detail(
        0, ServiceId(0), kind, bill.bill_id, description, E4_PER_ONE, minor * ucents_per_minor(bill.currency),
        minor, VatCategory.OUT_OF_SCOPE, 0, from_on, to_on, part=bill.bill_id,
    )  # fmt: skip


def _percent(rate_bp: int, language: str) -> str:
    whole, part = divmod(rate_bp, 100)
    mark = use_texts(language).decimal_mark
    return f"{whole}{mark}{part:02d}".rstrip("0").rstrip(mark)


def claim(like: Bill, details: tuple[Detail, ...], issuing: Issuing, number: int, order_id: OrderId) -> Bill:
    """Return the claim with these lines to the buyer and payer of a late bill; it is due on receipt."""
    series = issuing.series
    net_minor = sum(each.net_minor for each in details)
    return replace(
        like,
        bill_id=document_id(series, number),
        order_id=order_id,
        kind=BillKind.CLAIM,
        corrects_bill_id=None,
        run_id=None,
        category="purchase",
        issued_on=issuing.issued_on,
        issued_at=issuing.issued_at,
        term_days=0,
        term_method="net",
        term_grant_id=None,
        due_on=issuing.issued_on,
        net_minor=net_minor,
        tax_minor=0,
        total_minor=net_minor,
        billing_group_id=None,
        purchase_order_account=None,
        purchase_order_id=None,
        purchase_order_reference=None,
        purchase_order_type=None,
        payment_reference=payment_reference(series.reference_code, number, series.digits),
        payment_means=TRANSFER,
        note="",
        seller_hash=issuing.seller_hash,
        cost_account="",
        debit_hash=None,
        collected_on=None,
        prepaid_minor=0,
        accounting_currency=None,
        accounting_tax_minor=None,
        exchange_e8=None,
        exchanged_on=None,
        details=details,
        taxes=(TaxLine(VatCategory.OUT_OF_SCOPE, 0, net_minor, 0, "", NO_VAT),),
        slices=(),
    )


NO_VAT: Final = "Indemnités hors du champ d'application de la TVA (CGI, article 256)"
"""Why a claim bears no VAT, as it is printed on it."""


def shares(details: Sequence[Detail]) -> tuple[int, int]:
    """Return what of a claim is interest and what is fees."""
    interest_minor = sum(each.net_minor for each in details if each.kind == INTEREST)
    return interest_minor, sum(each.net_minor for each in details) - interest_minor

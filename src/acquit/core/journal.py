"""The journal: one balanced entry per event, chained by hash within its account.

Debit is positive, credit negative, the postings of an entry sum to zero. An entry's hash is the SHA-256
of the hash before it and the entry as text; the first follows 32 zero bytes. Ledger accounts are named by
their role; a legal entity's chart gives the number that plays it.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from acquit.core.errors import Conflict
from acquit.core.identifiers import AccountId
from acquit.core.money import Currency, rounded
from acquit.core.quick import quick

FIRST_HASH: Final = bytes(32)
"""What stands before the first entry of an account."""


class ChartIncomplete(Conflict):
    """A role that postings need has no ledger account in the legal entity's chart."""

    code = "chart-incomplete"


class Role(StrEnum):
    """What a ledger account is for."""

    RECEIVABLE = "receivable"
    REVENUE = "revenue"
    VAT_COLLECTED = "vat_collected"
    VAT_PENDING = "vat_pending"
    BANK = "bank"
    UNAPPLIED = "unapplied"
    WRITE_OFF = "write_off"
    CREDIT_BALANCE = "credit_balance"
    CREDIT_GIVEN = "credit_given"
    DEFERRED = "deferred"
    SUSPENSE = "suspense"
    LATE_INTEREST = "late_interest"
    RECOVERY_FEE = "recovery_fee"
    REFUND_PAYABLE = "refund_payable"
    ACQUIRER = "acquirer"
    ACQUIRER_FEES = "acquirer_fees"
    ACCRUED = "accrued"
    EXCHANGE_GAIN = "exchange_gain"
    EXCHANGE_LOSS = "exchange_loss"
    CONVERSION_GAIN = "conversion_gain"
    CONVERSION_LOSS = "conversion_loss"
    POINTS = "points"
    BOUGHT_SERVICES = "bought_services"
    SUPPLIER = "supplier"
    VAT_DEDUCTIBLE = "vat_deductible"
    VAT_DEDUCTIBLE_PENDING = "vat_deductible_pending"
    VAT_SELF_ASSESSED = "vat_self_assessed"
    VAT_SELF_DEDUCTED = "vat_self_deducted"
    DOWN_PAYMENT = "down_payment"


FOR_CREDIT: Final = frozenset({Role.CREDIT_BALANCE, Role.CREDIT_GIVEN})
"""Roles that only credit balances need."""

FOR_CLOSING: Final = frozenset({Role.DEFERRED, Role.ACCRUED})
"""Roles that only the closing of a month needs."""

FOR_BANKS: Final = frozenset({Role.SUSPENSE})
"""Roles that only bank statements need."""

FOR_CHASING: Final = frozenset({
    Role.LATE_INTEREST, Role.RECOVERY_FEE, Role.REFUND_PAYABLE, Role.ACQUIRER, Role.ACQUIRER_FEES,
})  # fmt: skip
"""Roles that only claims, refunds and acquirers need; `require_role` asks for one where it is used."""

FOR_EXCHANGE: Final = frozenset({
    Role.EXCHANGE_GAIN, Role.EXCHANGE_LOSS, Role.CONVERSION_GAIN, Role.CONVERSION_LOSS,
})  # fmt: skip
"""Roles that only books with other currencies need: gains and losses that are realised, and that are not."""

FOR_POINTS: Final = frozenset({Role.POINTS})
"""The role that only a programme of points needs, beside those of credit."""

FOR_BUYING: Final = frozenset({
    Role.BOUGHT_SERVICES, Role.SUPPLIER, Role.VAT_DEDUCTIBLE, Role.VAT_DEDUCTIBLE_PENDING,
    Role.VAT_SELF_ASSESSED, Role.VAT_SELF_DEDUCTED,
})  # fmt: skip
"""Roles that only reverse bills need: what an account supplies, and the VAT that its seller deducts."""


FOR_DOWN_PAYMENTS: Final = frozenset({Role.DOWN_PAYMENT})
"""Roles that only down payments need: what was billed for supplies to come, without its VAT."""


class EntryKind(StrEnum):
    """Which event an entry tells."""

    BILL = "bill"
    CREDIT_NOTE = "credit-note"
    DEPOSIT = "deposit"
    SETTLEMENT = "settlement"
    REOPENED = "reopened"
    RETURNED = "returned"
    WRITE_OFF = "write-off"
    CREDIT_ADDED = "credit-added"
    DEFERRAL = "deferral"
    RELEASE = "release"
    ACCRUAL = "accrual"
    ACCRUAL_REVERSED = "accrual-reversed"
    CREDIT_WITHDRAWN = "credit-withdrawn"
    SUSPENSE = "suspense"
    IDENTIFIED = "identified"
    DEPOSIT_WITHDRAWN = "deposit-withdrawn"
    CLAIM = "claim"
    REFUND = "refund"
    REFUND_PAID = "refund-paid"
    REFUND_FAILED = "refund-failed"
    PAYOUT = "payout"
    POINTS = "points"
    REVERSE_BILL = "reverse-bill"
    REVERSE_CREDIT = "reverse-credit-note"
    REVERSE_PAID = "reverse-bill-paid"
    REVERSE_RETURNED = "reverse-bill-returned"


Chart = Mapping[str, str]
"""Per role the number of its ledger account."""


@quick
@dataclass(frozen=True, slots=True)
class Posting:
    """One amount on one ledger account: debit positive, credit negative, never zero."""

    ledger: str
    amount_minor: int
    currency: Currency


@quick
@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of an account's chain: its number and hash."""

    entry_no: int = 0
    hash: bytes = FIRST_HASH


NO_ENTRY: Final = Head()
"""Where the chain of an account begins."""


@quick
@dataclass(frozen=True, slots=True)
class Entry:
    """One event in the books of an account."""

    account_id: AccountId
    entry_no: int
    kind: str
    booked_on: date
    reference: str
    postings: tuple[Posting, ...]
    prev_hash: bytes
    hash: bytes

    @property
    def head(self) -> Head:
        """This entry as the end of its chain."""
        return Head(self.entry_no, self.hash)


@dataclass(frozen=True, slots=True)
class VatShare:
    """The VAT of a bill that waits for payment: of `total_minor` owed, `pending_minor` is such VAT."""

    total_minor: int
    pending_minor: int

    def due(self, settled_minor: int) -> int:
        """Return how much of it is due once so much of the bill is settled; all of it for the whole."""
        return rounded(self.pending_minor * settled_minor, self.total_minor)

    def moved(self, settled_before_minor: int, settled_after_minor: int) -> int:
        """Return what moves from pending to collected; negative when a settlement is undone."""
        return self.due(settled_after_minor) - self.due(settled_before_minor)


def chained(
    head: Head, account_id: AccountId, kind: str, booked_on: date, reference: str, postings: Sequence[Posting]
) -> Entry:
    """Return the next entry of the account's chain; postings of zero are left out."""
    kept = tuple([posting for posting in postings if posting.amount_minor])
    assert sum([posting.amount_minor for posting in kept]) == 0, "the postings of an entry sum to zero"
    entry_no = head.entry_no + 1
    text = entry_text(account_id, entry_no, kind, booked_on, reference, kept)
    digest = hashlib.sha256(head.hash + text.encode()).digest()
    return Entry(account_id, entry_no, kind, booked_on, reference, kept, head.hash, digest)


def entry_text(
    account_id: AccountId,
    entry_no: int,
    kind: str,
    booked_on: date,
    reference: str,
    postings: Sequence[Posting],
) -> str:
    """Return the entry as the text that is hashed."""
    sums = ";".join([f"{each.ledger}:{each.amount_minor}:{each.currency}" for each in postings])
    return f"{account_id}|{entry_no}|{kind}|{booked_on}|{reference}|{sums}"


def refuse_incomplete(
    chart: Chart, legal_entity_id: str, *, for_credit: bool = False, for_banks: bool = False
) -> None:
    """Pass when every role has a ledger account, those of credit and of banks if they are asked for.

    Raises ChartIncomplete with those that have none.
    """
    spared = (
        FOR_CLOSING
        | FOR_CHASING
        | FOR_EXCHANGE
        | FOR_POINTS
        | FOR_BUYING
        | FOR_DOWN_PAYMENTS
        | (frozenset() if for_credit else FOR_CREDIT)
        | (frozenset() if for_banks else FOR_BANKS)
    )
    needed = [role for role in Role if role not in spared]
    missing = [role.value for role in needed if role not in chart]
    if missing:
        raise ChartIncomplete(
            f"The chart of accounts of {legal_entity_id} has no ledger account for {', '.join(missing)}.",
            legal_entity=legal_entity_id,
        )


def require_role(chart: Chart, legal_entity_id: str, *roles: Role) -> None:
    """Pass when these roles have ledger accounts. Raises ChartIncomplete with those that have none."""
    missing = [role.value for role in roles if role not in chart]
    if missing:
        raise ChartIncomplete(
            f"The chart of accounts of {legal_entity_id} has no ledger account for {', '.join(missing)}. "
            f"Give it one: acquit chart set --legal-entity {legal_entity_id} --role {missing[0]} --number ….",
            legal_entity=legal_entity_id,
        )


def bill_postings(
    chart: Chart,
    net_minor: int,
    tax_minor: int,
    currency: Currency,
    vat_on_debits: bool,
    advances_minor: int = 0,
) -> tuple[Posting, ...]:
    """A bill is owed: receivable against revenue and VAT, which is due now or (by default) when paid.

    `advances_minor` of the net amount is no revenue yet, since it is a down payment; below 0 it is a down
    payment that the bill deducts and that is revenue with it.
    Source: CGI 269-2 c (services: VAT due on collection unless the seller opted for debits); plan comptable
    général, account 4191 (avances et acomptes reçus).
    """
    vat = chart[Role.VAT_COLLECTED if vat_on_debits else Role.VAT_PENDING]
    postings = (
        Posting(chart[Role.RECEIVABLE], net_minor + tax_minor, currency),
        Posting(chart[Role.REVENUE], advances_minor - net_minor, currency),
        Posting(vat, -tax_minor, currency),
    )
    if not advances_minor:
        return postings
    return (*postings, Posting(chart[Role.DOWN_PAYMENT], -advances_minor, currency))


def claim_postings(
    chart: Chart, interest_minor: int, fee_minor: int, currency: Currency
) -> tuple[Posting, ...]:
    """Late interest and recovery fees are owed; neither bears VAT. Negative amounts take a claim back."""
    return (
        Posting(chart[Role.RECEIVABLE], interest_minor + fee_minor, currency),
        Posting(chart[Role.LATE_INTEREST], -interest_minor, currency),
        Posting(chart[Role.RECOVERY_FEE], -fee_minor, currency),
    )


def deposit_postings(
    chart: Chart, amount_minor: int, currency: Currency, into: Role = Role.BANK
) -> tuple[Posting, ...]:
    """Money came in, to the bank or to an acquirer: it stays unapplied until it settles a debt."""
    return (
        Posting(chart[into], amount_minor, currency),
        Posting(chart[Role.UNAPPLIED], -amount_minor, currency),
    )


def suspense_postings(chart: Chart, signed_minor: int, currency: Currency) -> tuple[Posting, ...]:
    """A bank booked money whose payer or purpose is not known (negative: it left, or it is known now)."""
    return (
        Posting(chart[Role.BANK], signed_minor, currency),
        Posting(chart[Role.SUSPENSE], -signed_minor, currency),
    )


def settlement_postings(
    chart: Chart, amount_minor: int, vat_minor: int, currency: Currency
) -> tuple[Posting, ...]:
    """Money in hand settles a debt; `vat_minor` of pending VAT becomes due."""
    return (
        Posting(chart[Role.UNAPPLIED], amount_minor, currency),
        Posting(chart[Role.RECEIVABLE], -amount_minor, currency),
        *vat_moves(chart, vat_minor, currency),
    )


def reopened_postings(
    chart: Chart, amount_minor: int, vat_minor: int, currency: Currency
) -> tuple[Posting, ...]:
    """A settlement is undone: the debt is open again and the money unapplied."""
    return settlement_postings(chart, -amount_minor, -vat_minor, currency)


def returned_postings(
    chart: Chart, amount_minor: int, vat_minor: int, currency: Currency, out_of: Role = Role.BANK
) -> tuple[Posting, ...]:
    """The bank, or an acquirer, took the money back: the debt is open again."""
    return (
        Posting(chart[Role.RECEIVABLE], amount_minor, currency),
        Posting(chart[out_of], -amount_minor, currency),
        *vat_moves(chart, -vat_minor, currency),
    )


def write_off_postings(chart: Chart, amount_minor: int, currency: Currency) -> tuple[Posting, ...]:
    """A debt is given up (a negative amount: open again); its VAT stays pending until the loss is proved."""
    return (
        Posting(chart[Role.WRITE_OFF], amount_minor, currency),
        Posting(chart[Role.RECEIVABLE], -amount_minor, currency),
    )


def refund_postings(
    chart: Chart, amount_minor: int, currency: Currency, to: Role = Role.REFUND_PAYABLE
) -> tuple[Posting, ...]:
    """Unapplied money is to go back (to an acquirer: went back); a negative amount is unapplied again."""
    return (
        Posting(chart[Role.UNAPPLIED], amount_minor, currency),
        Posting(chart[to], -amount_minor, currency),
    )


def refund_paid_postings(chart: Chart, amount_minor: int, currency: Currency) -> tuple[Posting, ...]:
    """The bank paid a refund out."""
    return (
        Posting(chart[Role.REFUND_PAYABLE], amount_minor, currency),
        Posting(chart[Role.BANK], -amount_minor, currency),
    )


def payout_postings(
    chart: Chart, gross_minor: int, fee_minor: int, currency: Currency
) -> tuple[Posting, ...]:
    """An acquirer paid out what it held, less its fees."""
    return (
        Posting(chart[Role.BANK], gross_minor - fee_minor, currency),
        Posting(chart[Role.ACQUIRER_FEES], fee_minor, currency),
        Posting(chart[Role.ACQUIRER], -gross_minor, currency),
    )


def credit_postings(
    chart: Chart,
    net_minor: int,
    tax_minor: int,
    currency: Currency,
    vat_on_debits: bool,
    advances_minor: int = 0,
) -> tuple[Posting, ...]:
    """A bill is taken back: nothing is owed for it and its VAT is neither due nor pending."""
    return bill_postings(chart, -net_minor, -tax_minor, currency, vat_on_debits, -advances_minor)


def credit_added_postings(
    chart: Chart, amount_minor: int, currency: Currency, is_money: bool
) -> tuple[Posting, ...]:
    """A payer has credit: its unapplied money, or what the seller gave and bears as an expense."""
    source = chart[Role.UNAPPLIED if is_money else Role.CREDIT_GIVEN]
    return (
        Posting(source, amount_minor, currency),
        Posting(chart[Role.CREDIT_BALANCE], -amount_minor, currency),
    )


def points_postings(chart: Chart, amount_minor: int, currency: Currency) -> tuple[Posting, ...]:
    """Points are owed: so much less is earned until they are used or lapse (a negative amount: they were).

    Source: CNC, comité d'urgence, avis 2004-E; IFRS 15, B39 to B43; Code de commerce L123-21.
    """
    return (
        Posting(chart[Role.CREDIT_GIVEN], amount_minor, currency),
        Posting(chart[Role.POINTS], -amount_minor, currency),
    )


def credit_withdrawn_postings(chart: Chart, amount_minor: int, currency: Currency) -> tuple[Posting, ...]:
    """Money that had become credit by mistake is unapplied again."""
    return credit_added_postings(chart, -amount_minor, currency, is_money=True)


def credit_used_postings(
    chart: Chart, amount_minor: int, vat_minor: int, currency: Currency
) -> tuple[Posting, ...]:
    """Credit settles a debt (a negative amount: is given back); so much pending VAT becomes due."""
    return (
        Posting(chart[Role.CREDIT_BALANCE], amount_minor, currency),
        Posting(chart[Role.RECEIVABLE], -amount_minor, currency),
        *vat_moves(chart, vat_minor, currency),
    )


def deferral_postings(chart: Chart, amount_minor: int, currency: Currency) -> tuple[Posting, ...]:
    """Revenue of days to come waits (a negative amount: its days have come, it is revenue again).

    Source: Code de commerce L123-21; plan comptable général, account 487 (produits constatés d'avance).
    """
    return (
        Posting(chart[Role.REVENUE], amount_minor, currency),
        Posting(chart[Role.DEFERRED], -amount_minor, currency),
    )


def accrual_postings(chart: Chart, amount_minor: int, currency: Currency) -> tuple[Posting, ...]:
    """Revenue is earned and not billed yet (a negative amount: taken back), without tax.

    Source: Code de commerce L123-21; plan comptable général, account 418 (produits non encore facturés).
    """
    return (
        Posting(chart[Role.ACCRUED], amount_minor, currency),
        Posting(chart[Role.REVENUE], -amount_minor, currency),
    )


def vat_moves(chart: Chart, vat_minor: int, currency: Currency) -> tuple[Posting, ...]:
    """So much pending VAT becomes due (negative: waits again)."""
    return (
        Posting(chart[Role.VAT_PENDING], vat_minor, currency),
        Posting(chart[Role.VAT_COLLECTED], -vat_minor, currency),
    )

"""Collections: which open debts are collected by direct debit, under which mandate, on which day.

Source: EPC016-06 and EPC222-07 section 4.3 (time cycle: the file reaches the debtor's bank one TARGET day
before the due date; the debtor is told at least 14 days before, or as was agreed).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Final

from acquit.core.errors import Conflict, Invalid, NotFound
from acquit.core.identifiers import AccountId, BillId, DebtId, LegalEntityId, PaymentMethodId
from acquit.core.mandate import (
    Held,
    Mandate,
    MandateState,
    MandateUse,
    Original,
    Scheme,
    expires_on,
    usable,
)
from acquit.core.money import Currency, plain
from acquit.core.return_reason import may_try_again

EURO: Final = Currency("EUR")
AMOUNT_MAX_MINOR: Final = 99_999_999_999
LEAD_BANK_DAYS: Final = 1
ONE_DAY: Final = timedelta(days=1)

IsBankDay = Callable[[date], bool]


class NoCreditor(Conflict):
    """The legal entity has not said how it collects."""

    code = "no-creditor"


class BadCreditor(Invalid):
    """The creditor identifier or the days of notice cannot be."""

    code = "bad-creditor"


class NoSuchCollection(NotFound):
    """No collection of ours bears the reference."""

    code = "no-such-collection"


class CollectionNotThere(Conflict):
    """The collection is not in a state from which this follows."""

    code = "collection-not-there"


class AmountDiffers(Conflict):
    """The bank tells another amount than the collections that it names."""

    code = "amount-differs"


class SequenceType(StrEnum):
    """Where in the life of its mandate a collection stands."""

    FIRST = "FRST"
    RECURRENT = "RCUR"
    ONE_OFF = "OOFF"


class CollectionState(StrEnum):
    """Where a collection is: under way until the bank tells, or until its file is cancelled."""

    OPEN = "open"
    COLLECTED = "collected"
    REJECTED = "rejected"
    RETURNED = "returned"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Creditor:
    """How a legal entity collects: its identifier, how long payers know before, one debit per payer or bill.

    `approval_days` pass at most between making a file and its approval; the payers' notice begins then.
    """

    legal_entity_id: LegalEntityId
    creditor_id: str
    notice_days: int = 14
    approval_days: int = 1
    bundled: bool = True


@dataclass(frozen=True, slots=True)
class Debiting:
    """What lets a payer's bills be debited: the copy of its mandate, and from when until when it serves."""

    debit_hash: bytes
    earliest_on: date
    until_on: date


@dataclass(frozen=True, slots=True)
class OpenDebt:
    """What may be collected of a debt: open, neither disputed nor under way; how it failed before.

    `failures` are the reason codes of collections that came back, each with its mandate.
    """

    account_id: AccountId
    debt_id: DebtId
    bill_id: BillId
    payer_id: AccountId
    currency: Currency
    open_minor: int
    due_on: date
    reference: str
    payment_method_id: PaymentMethodId
    has_address: bool = True
    failures: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """So much of one debt within a collection."""

    account_id: AccountId
    debt_id: DebtId
    bill_id: BillId
    amount_minor: int


@dataclass(frozen=True, slots=True)
class ToCollect:
    """One debit of a payer's bank account, in EUR; it has a reference when it is for one bill.

    `original` tells the debtor's bank what changed about the mandate since it last heard of it.
    """

    mandate: Mandate
    sequence: SequenceType
    requested_on: date
    parts: tuple[Part, ...]
    reference: str = ""
    original: Original | None = None
    amendment_no: int = 0

    @property
    def amount_minor(self) -> int:
        """What is debited: the sum of its parts."""
        return sum(part.amount_minor for part in self.parts)

    @property
    def batch(self) -> tuple[Scheme, SequenceType, date]:
        """What the debits of one block of the file have in common."""
        return self.mandate.scheme, self.sequence, self.requested_on


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A debt that is not collected, and why."""

    bill_id: BillId
    payer_id: AccountId
    amount_minor: int
    currency: Currency
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Gathered:
    """What goes into a file, in the order of its blocks, and what stays out."""

    lines: tuple[ToCollect, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def amount_minor(self) -> int:
        """The sum of the file."""
        return sum(line.amount_minor for line in self.lines)


@dataclass(frozen=True, slots=True)
class Collection:
    """One debit that was put into a file; `end_to_end` is what banks call it by."""

    account_id: AccountId
    collection_id: int
    legal_entity_id: LegalEntityId
    remittance_id: int
    batch_id: str
    end_to_end: str
    mandate_id: int
    sequence: SequenceType
    requested_on: date
    currency: Currency
    amount_minor: int
    state: CollectionState = CollectionState.OPEN
    state_on: date | None = None
    reason_code: str = ""
    deposit_id: str | None = None
    collected_on: date | None = None
    amendment_no: int = 0


def next_bank_day(on: date, is_bank_day: IsBankDay) -> date:
    """Return the day itself when TARGET is open, else the next on which it is."""
    while not is_bank_day(on):
        on += ONE_DAY
    return on


def bank_days_later(on: date, days: int, is_bank_day: IsBankDay) -> date:
    """Return the bank day that follows so many bank days after the day (or after the first from it on)."""
    on = next_bank_day(on, is_bank_day)
    for _ in range(days):
        on = next_bank_day(on + ONE_DAY, is_bank_day)
    return on


def earliest_on(creditor: Creditor, today: date, is_bank_day: IsBankDay) -> date:
    """Return the first day that a file made today may ask for: after approval, notice and the bank's lead."""
    approved_on = today + timedelta(days=creditor.approval_days)
    noticed_on = approved_on + timedelta(days=creditor.notice_days)
    sent_on = bank_days_later(approved_on, LEAD_BANK_DAYS, is_bank_day)
    return next_bank_day(max(noticed_on, sent_on), is_bank_day)


def is_in_time(creditor: Creditor, requested_on: date, approved_on: date, is_bank_day: IsBankDay) -> bool:
    """Whether a file approved on that day leaves the notice and the bank's lead before the collection."""
    noticed_on = approved_on + timedelta(days=creditor.notice_days)
    return noticed_on <= requested_on and (
        bank_days_later(approved_on, LEAD_BANK_DAYS, is_bank_day) <= requested_on
    )


def debiting(
    held: Held, debit_hash: bytes, creditor: Creditor, today: date, is_bank_day: IsBankDay
) -> Debiting | None:
    """Return what lets bills issued today be debited under the mandate, None when nothing does."""
    if held.state(today) is not MandateState.ACTIVE or held.mandate.creditor_id != creditor.creditor_id:
        return None
    until_on = expires_on(held.last_used_on or held.mandate.signed_on)
    return Debiting(debit_hash, earliest_on(creditor, today, is_bank_day), until_on)


def collected_on(debiting: Debiting, due_on: date, is_bank_day: IsBankDay) -> date | None:
    """Return the TARGET day on which a bill due then is debited, None when the mandate ends before."""
    on = next_bank_day(max(debiting.earliest_on, due_on), is_bank_day)
    return on if on <= debiting.until_on else None


def gather(
    debts: Iterable[OpenDebt],
    mandates: Mapping[AccountId, Sequence[Held]],
    creditor: Creditor,
    today: date,
    is_bank_day: IsBankDay,
) -> Gathered:
    """Return what is collected of these debts, each on a TARGET day and never before it is due.

    Debts of a payer that are asked for on one day share a debit where the creditor bundles; a one-off
    mandate gives one debit in all. The first debit of a mandate says so, later ones are recurrent.
    """
    earliest = earliest_on(creditor, today, is_bank_day)
    found: list[tuple[Held, date, OpenDebt]] = []
    left_out: list[LeftOut] = []
    for debt in debts:
        requested_on = next_bank_day(max(earliest, debt.due_on), is_bank_day)
        held = usable(mandates.get(debt.payer_id, ()), debt.payment_method_id, requested_on)
        why = _obstacle(debt, held, creditor)
        if held is None or why is not None:
            code, reason = why or ("", "")
            left_out.append(
                LeftOut(debt.bill_id, debt.payer_id, debt.open_minor, debt.currency, code, reason)
            )
        else:
            found.append((held, requested_on, debt))
    lines = _sequenced([line for group in _groups(found, creditor) for line in _lines(*group)])
    fits = [line for line in lines if line.amount_minor <= AMOUNT_MAX_MINOR]
    for line in lines:
        if line.amount_minor > AMOUNT_MAX_MINOR:
            reason = f"a direct debit is of {plain(AMOUNT_MAX_MINOR, EURO)} EUR at most."
            left_out += [
                LeftOut(part.bill_id, line.mandate.account_id, part.amount_minor, EURO, "too-large", reason)
                for part in line.parts
            ]
    return Gathered(tuple(sorted(fits, key=_place)), tuple(left_out))


def collected_text(bill_ids: Sequence[BillId]) -> str:
    """Return what the payer reads on its statement: the bills, as many as fit 140 signs."""
    text = " ".join(bill_ids)
    if len(text) <= 140:
        return text
    kept = text[:130].rsplit(" ", 1)[0]
    return f"{kept} +{len(bill_ids) - len(kept.split())}"


def refuse_end(collection: Collection, to: CollectionState) -> None:
    """Pass when the collection may become so: an open one ends, a collected one is returned.

    Raises CollectionNotThere.
    """
    needed = CollectionState.COLLECTED if to is CollectionState.RETURNED else CollectionState.OPEN
    if collection.state is not needed:
        hint = " Take the bank's credit in first." if collection.state is CollectionState.OPEN else ""
        raise CollectionNotThere(
            f"Collection {collection.end_to_end} is {collection.state.value}: it cannot be {to.value}.{hint}",
            collection=collection.end_to_end,
        )


def refuse_other_amount(collections: Sequence[Collection], amount_minor: int, reference: str) -> None:
    """Pass when the collections sum up to what the bank tells. Raises AmountDiffers."""
    expected = sum(each.amount_minor for each in collections)
    if expected != amount_minor:
        raise AmountDiffers(
            f"The bank tells {plain(amount_minor, EURO)} EUR for {reference}; what waits under it is "
            f"{plain(expected, EURO)} EUR. Take rejections in first, or tell it debit by debit.",
            reference=reference,
        )


def refuse_part(collection: Collection, amount_minor: int) -> None:
    """Pass when the bank takes a debit back whole. Raises AmountDiffers."""
    if amount_minor != collection.amount_minor:
        raise AmountDiffers(
            f"The debit {collection.end_to_end} was of {plain(collection.amount_minor, EURO)} EUR, the bank "
            f"tells a return of {plain(amount_minor, EURO)} EUR. A debit comes back whole; book the bank's "
            "charges and interest apart.",
            reference=collection.end_to_end,
        )


def _obstacle(debt: OpenDebt, held: Held | None, creditor: Creditor) -> tuple[str, str] | None:
    if debt.currency != EURO:
        return "not-in-euro", f"it is owed in {debt.currency}; direct debits are in EUR."
    if held is None:
        return "no-mandate", "the payer's mandate is suspended, cancelled, used or expired."
    if held.mandate.creditor_id != creditor.creditor_id:
        return "other-creditor", (
            f"its mandate is for {held.mandate.creditor_id}: `acquit mandate amend-creditor` tells the bank."
        )
    if not debt.has_address:
        return "no-address", "no e-mail address is known for the payer's notice."
    if not may_try_again(debt.failures, held.mandate.mandate_id):
        codes = ", ".join(code for code, _ in debt.failures)
        return "failed-before", f"it came back ({codes}) and is not tried again under this mandate."
    return None


def _groups(
    found: Iterable[tuple[Held, date, OpenDebt]], creditor: Creditor
) -> Iterable[tuple[Held, date, list[OpenDebt]]]:
    ordered = sorted(found, key=lambda each: (each[0].mandate.mandate_id, each[1], each[2].debt_id))
    for _, group in groupby(ordered, key=lambda each: each[0].mandate.mandate_id):
        members = list(group)
        held = members[0][0]
        if held.mandate.use is MandateUse.ONE_OFF:
            yield held, members[-1][1], [debt for _, _, debt in members]
        elif creditor.bundled:
            for requested_on, same_day in groupby(members, key=lambda each: each[1]):
                yield held, requested_on, [debt for _, _, debt in same_day]
        else:
            yield from ((held, requested_on, [debt]) for _, requested_on, debt in members)


def _lines(held: Held, requested_on: date, debts: Sequence[OpenDebt]) -> Iterable[ToCollect]:
    sequence = SequenceType.RECURRENT if held.is_begun else SequenceType.FIRST
    if held.mandate.use is MandateUse.ONE_OFF:
        sequence = SequenceType.ONE_OFF
    parts = tuple(Part(debt.account_id, debt.debt_id, debt.bill_id, debt.open_minor) for debt in debts)
    reference = debts[0].reference if len(debts) == 1 else ""
    yield ToCollect(
        held.mandate, sequence, requested_on, parts, reference, held.original(), held.amendment_no
    )


def _sequenced(lines: Iterable[ToCollect]) -> list[ToCollect]:
    """Let only the earliest debit of a mandate be its first, or tell how the mandate was amended."""
    begun: set[int] = set()
    told = []
    for line in sorted(lines, key=lambda each: (each.mandate.mandate_id, each.requested_on)):
        if line.mandate.mandate_id in begun:
            is_first = line.sequence is SequenceType.FIRST
            sequence = SequenceType.RECURRENT if is_first else line.sequence
            line = replace(line, sequence=sequence, original=None)
        begun.add(line.mandate.mandate_id)
        told.append(line)
    return told


def _place(line: ToCollect) -> tuple[date, str, str, int, int]:
    """Where a line stands in its file: blocks by day, scheme and sequence, then by mandate and debt."""
    scheme, sequence, requested_on = line.batch
    return requested_on, scheme.value, sequence.value, line.mandate.mandate_id, line.parts[0].debt_id

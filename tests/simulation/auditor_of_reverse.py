"""Judges bills made in the name of who supplies: agreed, numbered apart, contested in time, paid once."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from simulation.auditor_calendar import cents
from simulation.auditor_rows import Rows, net_cents

Place = tuple[str, str]
"""Account and number of a reverse bill."""

OWN_RATE = 2000
"""The seller's rate, in 1/10,000: what it owes itself on what comes from abroad."""


@dataclass
class Agreed:
    """An agreement of an account with its seller; nothing is made under it before it was accepted."""

    account: str
    regime: str
    on_debits: bool
    contest_days: int
    term_days: int
    sets_off: bool
    accepted_on: date | None = None
    revoked_on: date | None = None

    @property
    def runs(self) -> bool:
        """Whether bills may be made under it."""
        return self.accepted_on is not None and self.revoked_on is None


@dataclass(frozen=True)
class Line:
    """What was supplied: a reference with its days, quantity times price, and a rate of VAT."""

    reference: str
    quantity_e4: int
    price_ucents: int
    start: date
    end: date
    rate_bp: int

    @property
    def net(self) -> int:
        """Quantity times price, in cents."""
        return net_cents(self.quantity_e4, self.price_ucents)


@dataclass
class Supply:
    """A reverse bill as it was made, and what became of it; `set_off` by operation: debt and amount."""

    agreed: Agreed
    on: date
    lines: tuple[Line, ...]
    accepted_on: date | None = None
    contested: bool = False
    note: str | None = None
    payments: dict[int, tuple[int, str]] = field(default_factory=dict)
    """By number of what is paid: the amount, and where it is."""
    set_off: dict[int, tuple[int, int]] = field(default_factory=dict)

    @property
    def net(self) -> int:
        """What was supplied."""
        return sum(line.net for line in self.lines)

    @property
    def taxes(self) -> dict[int, tuple[int, int]]:
        """Net and VAT by rate, VAT rounded once for each."""
        nets: dict[int, int] = defaultdict(int)
        for line in self.lines:
            nets[line.rate_bp if self.agreed.regime == "standard" else 0] += line.net
        return {rate: (net, cents(Fraction(net * rate, 10_000))) for rate, net in nets.items()}

    @property
    def tax(self) -> int:
        """The VAT that the supplier bears."""
        return sum(tax for _, tax in self.taxes.values())

    @property
    def own_tax(self) -> int:
        """The VAT that the seller owes in the supplier's place."""
        return cents(Fraction(self.net * OWN_RATE, 10_000)) if self.agreed.regime == "reverse-charge" else 0

    @property
    def contest_until(self) -> date:
        """The last day on which it may be contested."""
        return self.on + timedelta(days=self.agreed.contest_days)

    def sums(self, *states: str) -> int:
        """Return what of the payments is in these states."""
        return sum(amount for amount, state in self.payments.values() if state in states)

    def may_be_paid(self, on: date) -> bool:
        """Whether what is open of it could be paid on that day."""
        free = self.accepted_on is not None or on > self.contest_until
        return free and not self.contested and self.note is None and not self.sums("asked", "approved")


@dataclass
class Reverse:
    """Every agreement by account and number, and every reverse bill."""

    agreed: dict[tuple[str, int], Agreed] = field(default_factory=dict)
    made: dict[Place, Supply] = field(default_factory=dict)
    undone: set[int] = field(default_factory=set)
    """Operations that set something off and were undone by somebody."""
    wrong: list[str] = field(default_factory=list)
    """Acts that should have been refused."""

    def issued(self, place: Place, number: int, on: date, lines: tuple[Line, ...]) -> None:
        """A bill was made under an agreement that has to run."""
        agreed = self.agreed[place[0], number]
        if not agreed.runs:
            self.wrong.append(f"{place} was made without an agreement that runs")
        standing = {
            (line.reference, line.start, line.end)
            for (account, _), each in self.made.items()
            for line in each.lines
            if account == place[0] and each.note is None
        }
        if standing & {(line.reference, line.start, line.end) for line in lines}:
            self.wrong.append(f"{place} bills what was billed before")
        self.made[place] = Supply(agreed, on, lines)

    def contested(self, place: Place, on: date) -> None:
        """The supplier contests it."""
        each = self.made[place]
        if on > each.contest_until or each.accepted_on is not None or each.note:
            self.wrong.append(f"{place} was contested too late on {on}")
        each.contested = True

    def settled(self, place: Place, on: date) -> None:
        """Something of it is to be paid, or was set off."""
        if not self.made[place].may_be_paid(on):
            self.wrong.append(f"{place} was paid on {on}, it may not be yet, or no more")

    def asked(self, place: Place, number: int, amount: int, state: str, rows: Rows) -> None:
        """What is open of it is to be paid."""
        each, standing = self.made[place], set_off_standing(rows)
        is_open = each.net + each.tax - each.sums("paid") - sum(standing.get(one, 0) for one in each.set_off)
        if amount != is_open:
            self.wrong.append(f"{place}: {amount} is to be paid, {is_open} is open")
        each.payments[number] = amount, state

    def taken_back(self, place: Place, note: str, undone: set[int]) -> None:
        """A credit note took it back; `undone` are the operations that were undone before."""
        each = self.made[place]
        if each.note is not None or each.sums("asked", "approved", "paid") or each.set_off.keys() - undone:
            self.wrong.append(f"{place} was taken back though something of it was paid")
        each.note = note


def set_off_standing(rows: Rows) -> dict[int, int]:
    """Return by operation what was set off and not undone."""
    undone = {each.reverses_id for each in rows.operations}
    return {
        each.operation_id: each.amount_minor
        for each in rows.operations
        if each.means == "set-off" and each.kind == "payment" and each.operation_id not in undone
    }


@dataclass(frozen=True)
class Books:
    """What reverse bills put on the ledgers."""

    supplier: int
    bought: int
    vat_now: int
    vat_later: int
    vat_own: int
    bank: int


def books(rows: Rows, reverse: Reverse) -> Books:
    """Return what the ledgers have to say of reverse bills: debit positive."""
    standing = set_off_standing(rows)
    supplier = bought = now = later = own = paid_in_all = 0
    for each in reverse.made.values():
        paid = each.sums("paid")
        paid_in_all += paid
        if each.note is not None:
            continue
        total = each.net + each.tax
        settled = paid + sum(standing.get(number, 0) for number in each.set_off)
        due = each.tax if each.agreed.on_debits else cents(Fraction(each.tax * settled, total))
        supplier += settled - total
        bought += each.net
        now += due
        later += each.tax - due
        own += each.own_tax
    return Books(supplier, bought, now, later, own, -paid_in_all)


def of_reverse(rows: Rows, reverse: Reverse) -> Iterator[str]:
    """Yield reverse bills that are otherwise than they were made, and what was paid twice or unasked."""
    yield from reverse.wrong
    there = {(each.account_id, each.bill_id): each for each in rows.reverse_bills}
    notes = {(place[0], each.note): place for place, each in reverse.made.items() if each.note is not None}
    yield from (f"{place} was never made" for place in there.keys() - reverse.made.keys() - notes.keys())
    details, taxes = _grouped(rows.reverse_details), _grouped(rows.reverse_taxes)
    for place, each in reverse.made.items():
        row = there.get(place)
        if row is None:
            yield f"{place} is not there"
            continue
        yield from _of_bill(place, row, each, details[place], taxes[place])
        if each.note is not None:
            note = there.get((place[0], each.note))
            if note is None or note.corrects_bill_id != place[1]:
                yield f"{place}: its credit note {each.note} is not there"
            else:
                yield from _of_bill((place[0], each.note), note, each, details[place[0], each.note], [])
    yield from _of_series(rows)
    yield from _of_payments(rows, reverse)
    yield from _of_set_offs(rows, reverse)


def _grouped(found: list[Any]) -> dict[Place, list[Any]]:
    grouped: dict[Place, list[Any]] = defaultdict(list)
    for each in found:
        grouped[each.account_id, each.bill_id].append(each)
    return grouped


def _of_bill(place: Place, row: Any, each: Supply, details: list[Any], taxes: list[Any]) -> Iterator[str]:
    found = row.net_minor, row.tax_minor, row.total_minor, row.self_assessed_minor
    expected = each.net, each.tax, each.net + each.tax, each.own_tax
    if found != expected:
        yield f"{place} is {found}, supplied was {expected}"
    if row.vat_waits != (each.agreed.regime != "reverse-charge" and not each.agreed.on_debits):
        yield f"{place}: its VAT {'waits' if row.vat_waits else 'does not wait'}"
    if row.kind == "self-billed":
        days = row.issued_on, row.contest_until, row.due_on
        due_on = each.on + timedelta(days=each.agreed.term_days)
        if days != (each.on, each.contest_until, due_on):
            yield f"{place}: its days are {days}"
        if {tax.vat_rate_bp: (tax.net_minor, tax.tax_minor) for tax in taxes} != each.taxes:
            yield f"{place}: its VAT is not {each.taxes}"
    told = sorted((line.reference, line.start, line.end, line.net) for line in each.lines)
    if sorted((one.domain, one.period_start, one.period_end, one.net_minor) for one in details) != told:
        yield f"{place}: its lines are not what was supplied"


def _of_series(rows: Rows) -> Iterator[str]:
    """Yield suppliers whose bills are numbered in two series, or with somebody else's."""
    numbers = {each.bill_id: each.series_id for each in rows.numbers}
    owners: dict[str, set[str]] = defaultdict(set)
    own: dict[str, set[str]] = defaultdict(set)
    for each in rows.reverse_bills:
        series = numbers.get(each.bill_id, "none")
        owners[series].add(each.account_id)
        own[each.account_id].add(series)
    yield from (
        f"series {series} numbers bills of {found}" for series, found in owners.items() if len(found) > 1
    )
    yield from (f"{account} is numbered in {found}" for account, found in own.items() if len(found) > 1)
    of_bills = {numbers[each.bill_id] for each in rows.bills}
    yield from (f"series {series} numbers bills of both kinds" for series in of_bills & owners.keys())


def _of_payments(rows: Rows, reverse: Reverse) -> Iterator[str]:
    standing = set_off_standing(rows)
    found = {(each.account_id, each.refund_id): each for each in rows.refunds}
    for place, each in reverse.made.items():
        for number, (amount, state) in each.payments.items():
            row = found.pop((place[0], number), None)
            if row is None or (row.reverse_bill_id, row.amount_minor, row.state) != (place[1], amount, state):
                yield f"{place}: payment {number} is {row}, told was {amount} {state}"
        set_off = sum(standing.get(number, 0) for number in each.set_off)
        if each.sums("asked", "approved", "paid") + set_off > each.net + each.tax:
            yield f"{place} is paid beyond what it is of"
    yield from (f"payment {key} was never asked for" for key in found)


def _of_set_offs(rows: Rows, reverse: Reverse) -> Iterator[str]:
    """Yield set-offs that nobody told of, and such as were undone though neither act nor note did it."""
    told = {number: place for place, each in reverse.made.items() for number in each.set_off}
    made: dict[int, Any] = {}
    undone: dict[int, Any] = {}
    for each in rows.operations:
        if each.means == "set-off":
            (made if each.kind == "payment" else undone)[each.reverses_id or each.operation_id] = each
    for number in sorted(made.keys() | told.keys()):
        place, operation = told.get(number), made.get(number)
        if place is None or operation is None:
            yield f"operation {number} sets off {operation}, told was {place}"
            continue
        if (operation.debt_id, operation.amount_minor) != reverse.made[place].set_off[number]:
            yield f"{place}: operation {number} sets off otherwise than was told"
        if not reverse.made[place].agreed.sets_off:
            yield f"{place}: nobody agreed that it sets debts off"
    noted = {(each.debt_id, each.occurred_on) for each in rows.operations if each.kind == "credit"}
    for number, operation in undone.items():
        if number not in reverse.undone and (operation.debt_id, operation.occurred_on) not in noted:
            yield f"operation {number}: its set-off was undone by nobody"
    yield from (f"operation {number} still stands" for number in reverse.undone - undone.keys())
    written = {each.operation_id: (each.account_id, each.bill_id) for each in rows.set_offs}
    if written != told:
        yield f"the register sets off {written}, told was {told}"

"""A second double-entry: what was told about money, against operations, balances, ledgers and chains."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from simulation.auditor_calendar import cents
from simulation.auditor_rows import Rows


@dataclass
class Owed:
    """A debt: what it was opened for, what credit notes took back of it, and what deposits pay of it."""

    payer: str
    total: int
    tax: int
    noted: int = 0
    noted_tax: int = 0
    paid: int = 0


@dataclass
class Money:
    """Everything that came in, went back, was given or owed."""

    owed: dict[int, Owed] = field(default_factory=dict)
    received: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    returned: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    given: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    prepaid: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    freed: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Prepaid money that stood behind points and is there for bills again."""

    def paid(self, payer: str, amount: int, parts: dict[int, int]) -> None:
        """Money came in and settles parts of debts."""
        self.received[payer] += amount
        self.applied(parts)

    def applied(self, parts: dict[int, int]) -> None:
        """Money in hand settles parts of debts."""
        for debt, part in parts.items():
            self.owed[debt].paid += part

    def undone(self, debt: int, amount: int, *, bank: bool) -> None:
        """A payment settles its debt no longer: its money is in hand, or back at the bank."""
        owed = self.owed[debt]
        owed.paid -= amount
        if bank:
            self.returned[owed.payer] += amount

    def noted(self, debt: int, total: int, tax: int) -> int:
        """A credit note took back so much: what was paid beyond what is left is in hand; return how much."""
        owed, paid = self.owed[debt], self.owed[debt].paid
        owed.noted += total
        owed.noted_tax += tax
        owed.paid = min(paid, owed.total - owed.noted)
        return paid - owed.paid

    def opened(self, rows: Rows) -> None:
        """Bills that are new are owed."""
        for each in rows.bills:
            if each.kind != "credit-note" and each.order_id not in self.owed:
                self.owed[each.order_id] = Owed(each.payer_id, each.total_minor, each.tax_minor)


def of_payments(rows: Rows, money: Money) -> Iterator[str]:
    """Yield debts that deposits settle otherwise than was told."""
    paid: dict[int, int] = defaultdict(int)
    noted: dict[int, int] = defaultdict(int)
    for each in rows.operations:
        if each.kind == "credit":
            noted[each.debt_id] += each.amount_minor
        elif each.deposit_id is not None:
            paid[each.debt_id] -= each.effect_minor
    for debt in sorted(paid.keys() | noted.keys() | money.owed.keys()):
        owed = money.owed.get(debt)
        if owed is None or (paid[debt], noted[debt]) != (owed.paid, owed.noted):
            yield f"debt {debt}: {paid[debt]} paid, {noted[debt]} credited; told was {owed}"
    credit, set_off = credit_used(rows), set_off_used(rows)
    for debt in sorted(credit.keys() | set_off.keys()):
        owed, used = money.owed[debt], credit.get(debt, 0) + set_off.get(debt, 0)
        if used < 0 or used + owed.paid > owed.total - owed.noted:
            yield f"debt {debt}: credit of {used} and payments of {owed.paid} are more than is owed"


def credit_used(rows: Rows) -> dict[int, int]:
    """Return how much credit settles each debt."""
    used: dict[int, int] = defaultdict(int)
    for each in rows.operations:
        if each.means == "credit-balance":
            used[each.debt_id] -= each.effect_minor
    return used


def set_off_used(rows: Rows) -> dict[int, int]:
    """Return how much of what the seller owed to its payer settles each debt."""
    used: dict[int, int] = defaultdict(int)
    for each in rows.operations:
        if each.means == "set-off":
            used[each.debt_id] -= each.effect_minor
    return used


def of_credit(rows: Rows, money: Money) -> Iterator[str]:
    """Yield payers whose credit is not what was given and prepaid less what pays debts."""
    left: dict[tuple[str, int], int] = defaultdict(int)
    added: dict[tuple[str, bool], int] = defaultdict(int)
    balance: dict[str, int] = defaultdict(int)
    for each in rows.lots:
        left[each.account_id, each.lot_id] += each.amount_minor
        balance[each.account_id] += each.amount_minor
        if each.lot_id == each.movement_id:
            added[each.account_id, each.deposit_id is not None] += each.amount_minor
    told = {(payer, False): amount for payer, amount in money.given.items() if amount}
    told |= {(payer, True): amount + money.freed[payer] for payer, amount in money.prepaid.items() if amount}
    if dict(added) != told:
        yield f"credit added is {dict(added)}, told was {told}"
    yield from (f"credit {lot} is overdrawn" for lot, rest in left.items() if rest < 0)
    for debt, used in credit_used(rows).items():
        balance[money.owed[debt].payer] += used
    for payer, amount in balance.items():
        if amount != money.given[payer] + money.prepaid[payer]:
            yield f"credit of {payer}: {amount} with what was used"


def of_ledgers(rows: Rows, money: Money, others: Mapping[str, int]) -> Iterator[str]:
    """Yield ledgers whose balance is not what the events make; `others` come on top, by role."""
    numbers = {each.role: each.number for each in rows.chart}
    booked: dict[str, int] = defaultdict(int)
    for each in rows.postings:
        booked[each.ledger] += each.amount_minor
    used, set_off = credit_used(rows), set_off_used(rows)
    signed = [(-1 if each.kind == "credit-note" else 1, each) for each in rows.bills]
    net = sum(sign * each.net_minor for sign, each in signed)
    tax = sum(sign * each.tax_minor for sign, each in signed)
    paid = sum(each.paid for each in money.owed.values())
    collected = sum(
        _collected(each, used.get(debt, 0) + set_off.get(debt, 0)) for debt, each in money.owed.items()
    )
    bank = sum(money.received.values()) - sum(money.returned.values())
    given, prepaid = sum(money.given.values()), sum(money.prepaid.values())
    expected = {
        "receivable": net + tax - paid - sum(used.values()) - sum(set_off.values()),
        "revenue": -net,
        "vat_collected": -collected,
        "vat_pending": collected - tax,
        "bank": bank,
        "unapplied": -(bank - paid - prepaid),
        "credit_balance": sum(used.values()) - given - prepaid,
        "credit_given": given,
    }
    for role in {**expected, **others}:
        amount = expected.get(role, 0) + others.get(role, 0)
        found = booked.pop(numbers[role], 0)
        if found != amount:
            yield f"ledger {role} is {found}, not {amount}"
    yield from (f"ledger {number} has {amount}" for number, amount in booked.items() if amount)


def _collected(owed: Owed, credit: int) -> int:
    """Return the VAT of a debt that is due: its share of what is settled."""
    left = owed.total - owed.noted
    return cents(Fraction((owed.tax - owed.noted_tax) * (owed.paid + credit), left)) if left else 0


def of_chains(rows: Rows) -> Iterator[str]:
    """Yield entries that are not balanced, or not chained to the one before."""
    postings: dict[tuple[str, int], list[tuple[str, int, str]]] = defaultdict(list)
    for each in rows.postings:
        posted = (each.ledger, each.amount_minor, each.currency)
        postings[each.account_id, each.entry_no].append(posted)
    heads: dict[str, tuple[int, bytes]] = defaultdict(lambda: (0, bytes(32)))
    for entry in rows.entries:
        key = entry.account_id, entry.entry_no
        number, head = heads[entry.account_id]
        if sum(amount for _, amount, _ in postings[key]) != 0 or not postings[key]:
            yield f"entry {key} is not balanced"
        sums = ";".join(f"{ledger}:{amount}:{currency}" for ledger, amount, currency in postings[key])
        text = f"{entry.account_id}|{entry.entry_no}|{entry.kind}|{entry.booked_on}|{entry.reference}|{sums}"
        chained = hashlib.sha256(head + text.encode()).digest()
        if (entry.entry_no, bytes(entry.prev_hash), bytes(entry.hash)) != (number + 1, head, chained):
            yield f"entry {key} is not chained"
        heads[entry.account_id] = entry.entry_no, bytes(entry.hash)

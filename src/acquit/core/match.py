"""What matching speaks of: open debts, what an entry names, what is known, and how it may be explained."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import IntEnum

from acquit.core.bank_clue import joined
from acquit.core.bank_entry import BankEntry
from acquit.core.identifiers import AccountId, BillId, DebtId, OrderId
from acquit.core.money import Currency, plain
from acquit.core.prepayment import PrepayOrder
from acquit.core.quick import quick

DebtKey = tuple[AccountId, DebtId]


class Rule(IntEnum):
    """By which step of the order an entry was matched; a person's own choice is BY_HAND.

    RETURN and OWN match nothing: the bank took money back, or tells of a file of ours or a payout.
    """

    REFERENCE = 1
    BILL_NUMBER = 2
    KNOWN_PAYER = 3
    SEVERAL_REFERENCES = 4
    SUBSET = 5
    PART_PAYMENT = 6
    OVER_PAYMENT = 7
    SHORT_PAYMENT = 8
    BY_HAND = 9
    RETURN = 10
    OWN = 11


@quick
@dataclass(frozen=True, slots=True)
class OpenDebt:
    """A debt and what is open of it; `payer_name` is that of the payer's legal party."""

    account_id: AccountId
    debt_id: DebtId
    bill_id: BillId
    payer_id: AccountId
    currency: Currency
    open_minor: int
    due_on: date

    @property
    def key(self) -> DebtKey:
        """What names the debt."""
        return self.account_id, self.debt_id


@quick
@dataclass(frozen=True, slots=True)
class Paid:
    """So much of the entry for one debt, and what of the debt would be written off beside it."""

    account_id: AccountId
    debt_id: DebtId
    bill_id: BillId
    payer_id: AccountId
    amount_minor: int
    write_off_minor: int = 0


@dataclass(frozen=True, slots=True)
class Proposal:
    """One way to explain an entry: Σ paid + over = amount of the entry + credit used.

    `credit_minor` of the payer's credit balance helps to pay; `over_minor` becomes credit of the payer, the
    credit that it ordered by `prepays` if that is given.
    """

    rule: Rule
    score: int
    reason: str
    payer_id: AccountId
    paid: tuple[Paid, ...]
    credit_minor: int = 0
    over_minor: int = 0
    prepays: OrderId | None = None

    @property
    def write_off_minor(self) -> int:
        """What would be given up."""
        return sum(each.write_off_minor for each in self.paid)


@dataclass(frozen=True, slots=True)
class Named:
    """What a reference or number in an entry stands for: a bill's debt, a bundle's, or a prepayment."""

    name: str
    debts: tuple[OpenDebt, ...]
    credit_minor: int = 0
    order: PrepayOrder | None = None

    @property
    def open_minor(self) -> int:
        """What is open of it, less the credit that goes with it."""
        return sum(each.open_minor for each in self.debts) - self.credit_minor


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about an entry when it is decided.

    `debtors` are payers known by their IBAN, a virtual IBAN, or through their group; `alike` those whose name
    resembles the payer's; `debts` what those owe, oldest due first; `advised` what a remittance advice of a
    debtor says that this transfer pays.
    """

    by_reference: tuple[Named, ...] = ()
    by_number: tuple[Named, ...] = ()
    by_short_number: tuple[Named, ...] = ()
    debtors: frozenset[AccountId] = frozenset()
    alike: frozenset[AccountId] = frozenset()
    debts: Mapping[AccountId, Sequence[OpenDebt]] = field(default_factory=dict)
    credit: Mapping[AccountId, int] = field(default_factory=dict)
    names: Mapping[AccountId, str] = field(default_factory=dict)
    advised: tuple[Named, ...] = ()
    tolerance_minor: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of an entry: applied by itself, or proposals, best first (none: nobody knows)."""

    automatic: Proposal | None
    proposals: tuple[Proposal, ...] = ()


def after(debts: Iterable[OpenDebt], spent: Mapping[DebtKey, int]) -> tuple[OpenDebt, ...]:
    """Return the debts as matches that were decided before leave them; closed ones are left out."""
    if not spent:
        return tuple(debt for debt in debts if debt.open_minor > 0)
    found = []
    for debt in debts:
        taken = spent.get((debt.account_id, debt.debt_id), 0)
        if debt.open_minor > taken:
            found.append(replace(debt, open_minor=debt.open_minor - taken) if taken else debt)
    return tuple(found)


def merged(evidence: Evidence) -> list[Named]:
    """Return what the entry names, a debt that is named twice only once."""
    seen: set[DebtKey] = set()
    found = []
    for one in (*evidence.by_reference, *evidence.by_number):
        keys = {debt.key for debt in one.debts}
        if keys and not keys <= seen:
            seen |= keys
            found.append(one)
    return found


def proposed(
    rule: Rule, score: int, reason: str, debts: Sequence[OpenDebt], credit_minor: int = 0, over_minor: int = 0
) -> Proposal:
    """Return a proposal that settles what is open of these debts."""
    paid = tuple(
        Paid(each.account_id, each.debt_id, each.bill_id, each.payer_id, each.open_minor) for each in debts
    )
    return Proposal(rule, score, reason, debts[0].payer_id, paid, credit_minor, over_minor)


def bills_of(debts: Sequence[OpenDebt]) -> str:
    """Return the bills of the debts as a sentence names them."""
    names = [str(debt.bill_id) for debt in debts]
    return f"{'bill' if len(names) == 1 else 'bills'} {joined(names)}"


def money_of(entry: BankEntry) -> str:
    """Return the amount of the entry with its currency."""
    return f"{plain(entry.amount_minor, entry.currency)} {entry.currency}"

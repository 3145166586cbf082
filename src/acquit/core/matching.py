"""Matching: which debts a bank entry pays, why, and how sure that is.

The order is fixed: 1 reference and amount, 2 bill number and amount, 3 known payer and one exact open amount,
4 several references that add up, 5 known payer and some of its debts, 6 part payment, 7 over-payment, 8 short
within a tolerance. Only 1 to 4 are applied by themselves, and only when nothing in the entry speaks against
it; everything else is a ranked proposal that a person confirms. A wrong match costs more than a late one.

Amounts are in the smallest unit of the entry's currency; nothing here is rounded.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import IntEnum
from typing import Final

from acquit.core.bank_clue import is_alike, is_one_slip_from, joined
from acquit.core.bank_entry import BankEntry
from acquit.core.identifiers import AccountId, BillId, DebtId
from acquit.core.money import Currency, plain
from acquit.core.quick import quick
from acquit.core.subset import Found, exact_subsets, is_made_otherwise

PROPOSALS_MAX: Final = 5
TWINS_MAX: Final = 3
DEBTORS_MAX: Final = 8

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

    `credit_minor` of the payer's credit balance helps to pay; `over_minor` becomes credit of the payer.
    """

    rule: Rule
    score: int
    reason: str
    payer_id: AccountId
    paid: tuple[Paid, ...]
    credit_minor: int = 0
    over_minor: int = 0

    @property
    def write_off_minor(self) -> int:
        """What would be given up."""
        return sum(each.write_off_minor for each in self.paid)


@dataclass(frozen=True, slots=True)
class Named:
    """What one reference or number in an entry stands for: a bill's debt, or those of a bundle."""

    name: str
    debts: tuple[OpenDebt, ...]
    credit_minor: int = 0

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


def referenced_exactly(entry: BankEntry, evidence: Evidence) -> Proposal | None:
    """Return the match by references alone (rules 1 and 4), whose check digits are right, or None."""
    return None if evidence.by_number else named_exactly(entry, evidence)


def named_exactly(entry: BankEntry, evidence: Evidence) -> Proposal | None:
    """Return the match by rules 1, 2 and 4, which look at what the entry names, or None.

    A number has no check digits: when a slip of the pen makes it another bill of the payer with the same
    amount, a person decides.
    """
    named = _merged(evidence)
    if not named or any(_has_foreign(one, entry.currency) for one in named):
        return None
    if sum(one.open_minor for one in named) != entry.amount_minor or entry.amount_minor <= 0:
        return None
    if any(one.open_minor <= 0 for one in named):
        return None
    by_reference = len(evidence.by_reference) == len(named)
    if not by_reference and not (
        _is_corroborated(entry, named, evidence) and _is_unmistakable(named, evidence)
    ):
        return None
    return _named_match(named, by_reference, entry.currency)


def known_exactly(entry: BankEntry, evidence: Evidence) -> Proposal | None:
    """Return the match by rule 3 (or 4 by a remittance advice), or None.

    A known payer has one debt with exactly this open amount, and neither a few others of its debts nor a run
    of them make the same sum; nothing that the entry names points elsewhere.
    """
    if evidence.by_reference or evidence.by_number or not evidence.debtors or entry.amount_minor <= 0:
        return None
    for advised in evidence.advised:
        if advised.open_minor == entry.amount_minor and not _has_foreign(advised, entry.currency):
            return _proposal(
                Rule.SEVERAL_REFERENCES, 95, f"{advised.name} of the payer says that this transfer pays "
                f"{_bills(advised.debts)}, together {_money(entry)}.", advised.debts, advised.credit_minor,
            )  # fmt: skip
    owed = _owed_by(evidence.debtors, evidence, entry.currency)
    exact = [debt for debt in owed if debt.open_minor == entry.amount_minor]
    if len(exact) != 1:
        return None
    (debt,) = exact
    opens = [each.open_minor for each in owed if each.key != debt.key]
    if is_made_otherwise(opens, entry.amount_minor):
        return None
    how = "writes to an account of its own" if entry.own_iban else "pays from a known IBAN"
    who = evidence.names.get(debt.payer_id, debt.payer_id)
    return _proposal(
        Rule.KNOWN_PAYER, 90, f"{who} {how} and exactly one of its "
        f"debts, bill {debt.bill_id}, is open with {_money(entry)}.", (debt,),
    )  # fmt: skip


def proposals(entry: BankEntry, evidence: Evidence) -> tuple[Proposal, ...]:
    """Return what may explain the entry, best first; a person decides."""
    if entry.amount_minor <= 0:
        return ()
    found = [*_of_named(entry, evidence), *_of_debtors(entry, evidence)]
    best: dict[tuple[object, ...], Proposal] = {}
    for each in sorted(found, key=lambda one: -one.score):
        what = (frozenset((part.account_id, part.debt_id) for part in each.paid), each.over_minor)
        best.setdefault(what, each)
    return tuple(list(best.values())[:PROPOSALS_MAX])


def decide(entry: BankEntry, evidence: Evidence) -> Decision:
    """Return what becomes of the entry when all its evidence is there."""
    automatic = named_exactly(entry, evidence) or known_exactly(entry, evidence)
    if automatic is not None:
        return Decision(automatic)
    return Decision(None, proposals(entry, evidence))


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


def _merged(evidence: Evidence) -> list[Named]:
    """Return what the entry names, a debt that is named twice only once."""
    seen: set[DebtKey] = set()
    found = []
    for one in (*evidence.by_reference, *evidence.by_number):
        keys = {debt.key for debt in one.debts}
        if keys and not keys <= seen:
            seen |= keys
            found.append(one)
    return found


def _has_foreign(one: Named, currency: Currency) -> bool:
    return any(debt.currency != currency for debt in one.debts)


def _is_corroborated(entry: BankEntry, named: Sequence[Named], evidence: Evidence) -> bool:
    """Whether the payer of every named bill is who sent the money: by IBAN, else by name.

    A mistyped number may be another payer's bill of the same amount.
    """
    payers = {debt.payer_id for one in named for debt in one.debts}
    if evidence.debtors:
        return payers <= evidence.debtors
    senders = [name for name in (entry.payer_name, entry.ultimate_name) if name]
    return all(
        any(is_alike(name, evidence.names.get(payer_id, "")) for name in senders) for payer_id in payers
    )


def _is_unmistakable(named: Sequence[Named], evidence: Evidence) -> bool:
    """Whether no named bill is one slip away from another of its payer that is open with the same amount."""
    return not any(
        other.open_minor == debt.open_minor and is_one_slip_from(debt.bill_id, other.bill_id)
        for one in named for debt in one.debts for other in evidence.debts.get(debt.payer_id, ())
    )  # fmt: skip


def _named_match(named: Sequence[Named], by_reference: bool, currency: Currency) -> Proposal:
    debts = tuple(debt for one in named for debt in one.debts)
    credit = sum(one.credit_minor for one in named)
    total = plain(sum(one.open_minor for one in named), currency)
    if len(named) == 1:
        rule = Rule.REFERENCE if by_reference else Rule.BILL_NUMBER
        what = "Reference" if by_reference else "Bill number"
        less = f" less {plain(credit, currency)} of credit" if credit else ""
        return _proposal(
            rule, 100 if by_reference else 97,
            f"{what} {named[0].name} stands for {_bills(debts)}{less}, open with exactly {total} {currency}.",
            debts, credit,
        )  # fmt: skip
    names = joined([one.name for one in named])
    return _proposal(
        Rule.SEVERAL_REFERENCES, 96, f"{names} are open with {total} {currency} together.", debts, credit
    )


def _proposal(
    rule: Rule, score: int, reason: str, debts: Sequence[OpenDebt], credit_minor: int = 0, over_minor: int = 0
) -> Proposal:
    paid = tuple(
        Paid(each.account_id, each.debt_id, each.bill_id, each.payer_id, each.open_minor) for each in debts
    )
    return Proposal(rule, score, reason, debts[0].payer_id, paid, credit_minor, over_minor)


def _of_named(entry: BankEntry, evidence: Evidence) -> list[Proposal]:
    """Rules 6 to 8, and 5 with credit: the entry names debts, but their sum is another one."""
    named = _merged(evidence) or list(evidence.by_short_number)
    certain = 0 if evidence.by_reference or evidence.by_number else 25
    debts = tuple(
        debt for one in named for debt in one.debts if debt.currency == entry.currency and debt.open_minor > 0
    )
    if not debts:
        return []
    credit = sum(one.credit_minor for one in named)
    found = list(_against(entry, debts, credit, evidence, "named", certain))
    if len(debts) > 1:
        for debt in debts:
            if debt.open_minor == entry.amount_minor:
                reason = (
                    f"Several bills are named; {debt.bill_id} alone is open with exactly {_money(entry)}."
                )
                found.append(_proposal(Rule.REFERENCE, 70 - certain, reason, (debt,)))
    return found


def _against(
    entry: BankEntry,
    debts: Sequence[OpenDebt],
    credit_minor: int,
    evidence: Evidence,
    how: str,
    less_certain: int,
) -> Iterable[Proposal]:
    """Yield how these debts and the amount differ: exact, with credit, short, part or over."""
    amount, currency = entry.amount_minor, entry.currency
    total = sum(debt.open_minor for debt in debts) - credit_minor
    bills, payer_id = _bills(debts), debts[0].payer_id
    if total == amount:
        reason = f"{bills} ({how}) are open with exactly {_money(entry)}; who paid is not certain."
        yield _proposal(Rule.BILL_NUMBER, 88 - less_certain, reason, debts, credit_minor)
        return
    available = evidence.credit.get(payer_id, 0) - credit_minor
    if available > 0 and total - available == amount:
        reason = (
            f"{bills} ({how}), {plain(total, currency)} {currency}, less the payer's credit of "
            f"{plain(available, currency)} make exactly {_money(entry)}."
        )
        yield _proposal(Rule.SUBSET, 86 - less_certain, reason, debts, credit_minor + available)
    for used in {0, max(available, 0)}:
        short = total - used - amount
        if 0 < short <= _tolerance(entry, evidence):
            yield _short(entry, debts, credit_minor + used, short, how, 84 - less_certain)
    if amount < total:
        yield _part(entry, debts, how, 72 - less_certain)
    elif amount > total:
        over = amount - total
        reason = (
            f"{bills} ({how}) are open with {plain(total, currency)} {currency}; {plain(over, currency)} "
            "more came and becomes credit of the payer."
        )
        yield _proposal(Rule.OVER_PAYMENT, 80 - less_certain, reason, debts, credit_minor, over)


def _tolerance(entry: BankEntry, evidence: Evidence) -> int:
    """What banks kept as charges is never worth a reminder."""
    return max(evidence.tolerance_minor, entry.charges_minor)


def _short(
    entry: BankEntry, debts: Sequence[OpenDebt], credit_minor: int, short: int, how: str, score: int
) -> Proposal:
    """Propose to write the missing amount off on the largest of the debts."""
    currency = entry.currency
    largest = max(debts, key=lambda debt: debt.open_minor)
    why = "what banks kept as charges" if short == entry.charges_minor else "within the tolerance"
    less = f", less credit of {plain(credit_minor, currency)}" if credit_minor else ""
    reason = (
        f"{_bills(debts)} ({how}){less}: {plain(short, currency)} {currency} is missing, {why}; to be "
        f"written off on bill {largest.bill_id}."
    )
    made = _proposal(Rule.SHORT_PAYMENT, score, reason, debts, credit_minor)
    paid = tuple(
        replace(each, amount_minor=each.amount_minor - short, write_off_minor=short)
        if each.bill_id == largest.bill_id and each.account_id == largest.account_id
        else each
        for each in made.paid
    )
    return replace(made, paid=paid)


def _part(entry: BankEntry, debts: Sequence[OpenDebt], how: str, score: int) -> Proposal:
    """Propose to settle the debts from the oldest on, as far as the money goes."""
    left, parts = entry.amount_minor, []
    for debt in sorted(debts, key=lambda each: (each.due_on, each.debt_id)):
        taken = min(left, debt.open_minor)
        if taken:
            parts.append(replace(debt, open_minor=taken))
        left -= taken
    missing = sum(debt.open_minor for debt in debts) - entry.amount_minor
    reason = (
        f"A part of {_bills(debts)} ({how}): {plain(missing, entry.currency)} {entry.currency} stays open, "
        "the oldest is settled first."
    )
    return _proposal(Rule.PART_PAYMENT, score, reason, parts)


def _of_debtors(entry: BankEntry, evidence: Evidence) -> list[Proposal]:
    """Rules 3 and 5 to 8 for payers that are known, or that may be: what of their debts makes the amount."""
    found: list[Proposal] = []
    for certain, payers in ((0, evidence.debtors), (20, evidence.alike - evidence.debtors)):
        for payer_id in sorted(payers)[:DEBTORS_MAX]:
            debts = [debt for debt in evidence.debts.get(payer_id, ()) if debt.currency == entry.currency]
            if debts:
                found += _of_debtor(entry, payer_id, debts, evidence, certain)
    return found


def _of_debtor(
    entry: BankEntry, payer_id: AccountId, debts: Sequence[OpenDebt], evidence: Evidence, certain: int
) -> list[Proposal]:
    who = evidence.names.get(payer_id, payer_id)
    exact = [debt for debt in debts if debt.open_minor == entry.amount_minor]
    found = [
        _proposal(
            Rule.KNOWN_PAYER, 78 - certain - place, f"{_bills([debt])} of {who} is open with exactly "
            f"{_money(entry)}{_twins(len(exact))}.", (debt,),
        )
        for place, debt in enumerate(exact[:TWINS_MAX])
    ]  # fmt: skip
    found += _subsets(entry, debts, 0, who, 76 - certain)
    credit = evidence.credit.get(payer_id, 0)
    if credit:
        found += _subsets(entry, debts, credit, who, 70 - certain)
    tolerance = _tolerance(entry, evidence)
    for debt in debts:
        if 0 < debt.open_minor - entry.amount_minor <= tolerance:
            short = debt.open_minor - entry.amount_minor
            found.append(_short(entry, (debt,), 0, short, f"owed by {who}", 66 - certain))
    total = sum(debt.open_minor for debt in debts)
    for used in {0, credit}:
        if 0 < total - used - entry.amount_minor <= tolerance and len(debts) > 1:
            short = total - used - entry.amount_minor
            found.append(_short(entry, debts, used, short, f"all that {who} owes", 68 - certain))
    if total < entry.amount_minor:
        over = entry.amount_minor - total
        reason = (
            f"More than {who} owes: {_bills(debts)} are settled, {plain(over, entry.currency)} "
            f"{entry.currency} becomes credit."
        )
        found.append(_proposal(Rule.OVER_PAYMENT, 50 - certain, reason, debts, 0, over))
    elif total > entry.amount_minor:
        part = _part(entry, debts, f"owed by {who}", 30 - certain)
        found.append(part)
    return found


def _subsets(
    entry: BankEntry, debts: Sequence[OpenDebt], credit_minor: int, who: str, score: int
) -> list[Proposal]:
    """Rule 5: some of the debts add up to the amount and the credit; the oldest and most regular first."""
    opens = [debt.open_minor for debt in debts]
    found = []
    for place, subset in enumerate(exact_subsets(opens, entry.amount_minor + credit_minor)):
        chosen = [debts[index] for index in subset.indices]
        if len(chosen) == 1 and not credit_minor:
            continue
        less = f" less its credit of {plain(credit_minor, entry.currency)}" if credit_minor else ""
        reason = f"{_bills(chosen)} of {who}{less} make exactly {_money(entry)}: {_WHY[subset.found]}."
        best = score + (8 if subset.found is Found.ALL else 6 if subset.found is Found.OLDEST else 0) - place
        found.append(_proposal(Rule.SUBSET, best, reason, chosen, credit_minor))
    return found


_WHY: Final = {
    Found.ALL: "all that is open",
    Found.OLDEST: "the oldest ones without a gap",
    Found.RUN: "due one after the other",
    Found.SOME: "some of what is open",
}


def _owed_by(payers: Iterable[AccountId], evidence: Evidence, currency: Currency) -> list[OpenDebt]:
    return [
        debt for payer_id in sorted(payers) for debt in evidence.debts.get(payer_id, ())
        if debt.currency == currency
    ]  # fmt: skip


def _bills(debts: Sequence[OpenDebt]) -> str:
    names = [str(debt.bill_id) for debt in debts]
    return f"{'bill' if len(names) == 1 else 'bills'} {joined(names)}"


def _twins(count: int) -> str:
    return f", as are {count - 1} others" if count > 2 else ", as is another one" if count == 2 else ""


def _money(entry: BankEntry) -> str:
    return f"{plain(entry.amount_minor, entry.currency)} {entry.currency}"

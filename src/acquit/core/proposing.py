"""What may explain an entry that is not matched by itself: rules 5 to 8, and doubtful matches of 1 to 4.

A person decides. Each proposal says why; Σ paid + over = amount of the entry + credit used.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from acquit.core.bank_entry import BankEntry, Direction
from acquit.core.bank_own import unknown_return
from acquit.core.identifiers import AccountId
from acquit.core.match import (
    Evidence,
    OpenDebt,
    Proposal,
    Rule,
    bills_of,
    merged,
    money_of,
    proposed,
)
from acquit.core.money import plain
from acquit.core.subset import Found, exact_subsets

PROPOSALS_MAX: Final = 5
TWINS_MAX: Final = 3
DEBTORS_MAX: Final = 8


def proposals(entry: BankEntry, evidence: Evidence) -> tuple[Proposal, ...]:
    """Return what may explain the entry, best first; a person decides."""
    if entry.amount_minor <= 0:
        return ()
    found = [*_of_orders(entry, evidence), *_of_named(entry, evidence), *_of_debtors(entry, evidence)]
    best: dict[tuple[object, ...], Proposal] = {}
    for each in sorted(found, key=lambda one: -one.score):
        what = (frozenset((part.account_id, part.debt_id) for part in each.paid), each.over_minor)
        best.setdefault(what, each)
    return tuple(list(best.values())[:PROPOSALS_MAX])


def why_unexplained(entry: BankEntry) -> str:
    """Return, for an entry without a proposal, what is missing and what a person can do."""
    if entry.direction is Direction.CREDIT:
        who = entry.payer_name or entry.payer_iban or "the payer"
        return f"nobody knows: no bill is named and {who} is not known. Match it to a bill or a payer."
    return unknown_return(entry) or (
        "Money left the account: it pays no bill. Set the entry aside with its reason."
    )


def _of_orders(entry: BankEntry, evidence: Evidence) -> list[Proposal]:
    """The entry quotes an order of prepaid credit beside something else, or came with another amount."""
    found = []
    for order in [one.order for one in evidence.by_reference if one.order is not None]:
        told = (
            f"Reference {order.reference} is of order {order.order_id}, by which {order.account_id} prepays"
        )
        if (order.amount_minor, order.currency) == (entry.amount_minor, entry.currency):
            score, prepays = 92, order.order_id
            reason = f"{told} this amount; more is named beside it."
        elif order.currency == entry.currency:
            wanted = f"{plain(order.amount_minor, order.currency)} {order.currency}"
            score, prepays = 70, None
            reason = f"{told} {wanted}; what came would be credit, the order stays open."
        else:
            continue
        found.append(
            Proposal(
                Rule.REFERENCE, score, reason, order.account_id, (), over_minor=entry.amount_minor,
                prepays=prepays,
            )
        )  # fmt: skip
    return found


def _of_named(entry: BankEntry, evidence: Evidence) -> list[Proposal]:
    """Rules 6 to 8, and 5 with credit: the entry names debts, but their sum is another one."""
    named = merged(evidence) or list(evidence.by_short_number)
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
                    f"Several bills are named; {debt.bill_id} alone is open with exactly {money_of(entry)}."
                )
                found.append(proposed(Rule.REFERENCE, 70 - certain, reason, (debt,)))
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
    bills, payer_id = bills_of(debts), debts[0].payer_id
    if total == amount:
        reason = (
            f"{bills} ({how}) {_are(debts)} open with exactly {money_of(entry)}; who paid is not certain."
        )
        yield proposed(Rule.BILL_NUMBER, 88 - less_certain, reason, debts, credit_minor)
        return
    available = evidence.credit.get(payer_id, 0) - credit_minor
    if available > 0 and total - available == amount:
        reason = (
            f"{bills} ({how}), {plain(total, currency)} {currency}, less the payer's credit of "
            f"{plain(available, currency)} make exactly {money_of(entry)}."
        )
        yield proposed(Rule.SUBSET, 86 - less_certain, reason, debts, credit_minor + available)
    for used in {0, max(available, 0)}:
        short = total - used - amount
        if 0 < short <= _tolerance(entry, evidence):
            yield _short(entry, debts, credit_minor + used, short, how, 84 - less_certain)
    if amount < total:
        yield _part(entry, debts, how, 72 - less_certain)
    elif amount > total:
        over = amount - total
        reason = (
            f"{bills} ({how}) {_are(debts)} open with {plain(total, currency)} {currency}; "
            f"{plain(over, currency)} more came and becomes credit of the payer."
        )
        yield proposed(Rule.OVER_PAYMENT, 80 - less_certain, reason, debts, credit_minor, over)


def _are(debts: Sequence[OpenDebt]) -> str:
    return "is" if len(debts) == 1 else "are"


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
        f"{bills_of(debts)} ({how}){less}: {plain(short, currency)} {currency} is missing, {why}; to be "
        f"written off on bill {largest.bill_id}."
    )
    made = proposed(Rule.SHORT_PAYMENT, score, reason, debts, credit_minor)
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
        f"A part of {bills_of(debts)} ({how}): {plain(missing, entry.currency)} {entry.currency} stays open, "
        "the oldest is settled first."
    )
    return proposed(Rule.PART_PAYMENT, score, reason, parts)


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
        proposed(
            Rule.KNOWN_PAYER, 78 - certain - place, f"{bills_of([debt])} of {who} is open with exactly "
            f"{money_of(entry)}{_twins(len(exact))}.", (debt,),
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
            f"More than {who} owes: {bills_of(debts)} are settled, {plain(over, entry.currency)} "
            f"{entry.currency} becomes credit."
        )
        found.append(proposed(Rule.OVER_PAYMENT, 50 - certain, reason, debts, 0, over))
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
        reason = f"{bills_of(chosen)} of {who}{less} make exactly {money_of(entry)}: {_WHY[subset.found]}."
        best = score + (8 if subset.found is Found.ALL else 6 if subset.found is Found.OLDEST else 0) - place
        found.append(proposed(Rule.SUBSET, best, reason, chosen, credit_minor))
    return found


_WHY: Final = {
    Found.ALL: "all that is open",
    Found.OLDEST: "the oldest ones without a gap",
    Found.RUN: "due one after the other",
    Found.SOME: "some of what is open",
}


def _twins(count: int) -> str:
    return f", as are {count - 1} others" if count > 2 else ", as is another one" if count == 2 else ""

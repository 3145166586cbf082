"""Matching: which debts a bank entry pays, why, and how sure that is.

The order is fixed: 1 reference and amount, 2 bill number and amount, 3 known payer and one exact open amount,
4 several references that add up, 5 known payer and some of its debts, 6 part payment, 7 over-payment, 8 short
within a tolerance. Only 1 to 4 are applied by themselves, and only when nothing in the entry speaks against
it; everything else is a ranked proposal that a person confirms. A wrong match costs more than a late one.

Amounts are in the smallest unit of the entry's currency; nothing here is rounded.
"""

from collections.abc import Iterable, Sequence

from acquit.core.bank_clue import is_alike, is_one_slip_from, joined
from acquit.core.bank_entry import BankEntry
from acquit.core.identifiers import AccountId
from acquit.core.match import (
    Decision,
    Evidence,
    Named,
    OpenDebt,
    Proposal,
    Rule,
    bills_of,
    merged,
    money_of,
    proposed,
)
from acquit.core.money import Currency, plain
from acquit.core.proposing import proposals
from acquit.core.subset import is_made_otherwise


def referenced_exactly(entry: BankEntry, evidence: Evidence) -> Proposal | None:
    """Return the match by references alone (rules 1 and 4), whose check digits are right, or None."""
    return None if evidence.by_number else named_exactly(entry, evidence)


def named_exactly(entry: BankEntry, evidence: Evidence) -> Proposal | None:
    """Return the match by rules 1, 2 and 4, which look at what the entry names, or None.

    An order of prepaid credit is paid by its own reference and amount, and by nothing else beside it.

    A number has no check digits: when a slip of the pen makes it another bill of the payer with the same
    amount, a person decides.
    """
    if any(one.order is not None for one in evidence.by_reference):
        return _prepaid_exactly(entry, evidence)
    named = merged(evidence)
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
    of them make the same sum; nothing that the entry names points elsewhere, but a number of somebody else's
    bill that is one slip of the pen away.
    """
    if evidence.by_reference or not evidence.debtors or entry.amount_minor <= 0:
        return None
    for advised in evidence.advised if not evidence.by_number else ():
        if advised.open_minor == entry.amount_minor and not _has_foreign(advised, entry.currency):
            return proposed(
                Rule.SEVERAL_REFERENCES, 95, f"{advised.name} of the payer says that this transfer pays "
                f"{bills_of(advised.debts)}, together {money_of(entry)}.",
                advised.debts, advised.credit_minor,
            )  # fmt: skip
    owed = _owed_by(evidence.debtors, evidence, entry.currency)
    exact = [debt for debt in owed if debt.open_minor == entry.amount_minor]
    if len(exact) != 1:
        return None
    (debt,) = exact
    if not _is_slip(debt, evidence):
        return None
    opens = [each.open_minor for each in owed if each.key != debt.key]
    if is_made_otherwise(opens, entry.amount_minor):
        return None
    how = "writes to an account of its own" if entry.own_iban else "pays from a known IBAN"
    who = evidence.names.get(debt.payer_id, debt.payer_id)
    return proposed(
        Rule.KNOWN_PAYER, 90, f"{who} {how} and exactly one of its "
        f"debts, bill {debt.bill_id}, is open with {money_of(entry)}.", (debt,),
    )  # fmt: skip


def decide(entry: BankEntry, evidence: Evidence) -> Decision:
    """Return what becomes of the entry when all its evidence is there."""
    automatic = named_exactly(entry, evidence) or known_exactly(entry, evidence)
    if automatic is not None:
        return Decision(automatic)
    return Decision(None, proposals(entry, evidence))


def _prepaid_exactly(entry: BankEntry, evidence: Evidence) -> Proposal | None:
    order = evidence.by_reference[0].order
    if order is None or len(evidence.by_reference) > 1 or evidence.by_number:
        return None
    if (order.amount_minor, order.currency) != (entry.amount_minor, entry.currency):
        return None
    return Proposal(
        Rule.REFERENCE, 100, f"Reference {order.reference} stands for order {order.order_id}, by which "
        f"{order.account_id} prepays exactly {money_of(entry)}.",
        order.account_id, (), over_minor=entry.amount_minor, prepays=order.order_id,
    )  # fmt: skip


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
    """Whether no named bill is one slip away from another open one of its payer with the same amount."""
    told = {debt.key for one in named for debt in one.debts}
    return not any(
        other.open_minor == debt.open_minor
        and other.key not in told
        and is_one_slip_from(debt.bill_id, other.bill_id)
        for one in named
        for debt in one.debts
        for other in evidence.debts.get(debt.payer_id, ())
    )


def _is_slip(debt: OpenDebt, evidence: Evidence) -> bool:
    """Whether every number in the entry is of others than the payer, and one slip away from this bill."""
    return all(
        is_one_slip_from(one.name, debt.bill_id)
        and not any(other.payer_id in evidence.debtors for other in one.debts)
        for one in evidence.by_number
    )


def _named_match(named: Sequence[Named], by_reference: bool, currency: Currency) -> Proposal:
    debts = tuple(debt for one in named for debt in one.debts)
    credit = sum(one.credit_minor for one in named)
    total = plain(sum(one.open_minor for one in named), currency)
    if len(named) == 1:
        rule = Rule.REFERENCE if by_reference else Rule.BILL_NUMBER
        what = "Reference" if by_reference else "Bill number"
        less = f" less {plain(credit, currency)} of credit" if credit else ""
        return proposed(
            rule, 100 if by_reference else 97,
            f"{what} {named[0].name} stands for {bills_of(debts)}{less}, open with exactly {total} "
            f"{currency}.",
            debts, credit,
        )  # fmt: skip
    names = joined([one.name for one in named])
    return proposed(
        Rule.SEVERAL_REFERENCES, 96, f"{names} are open with {total} {currency} together.", debts, credit
    )


def _owed_by(payers: Iterable[AccountId], evidence: Evidence, currency: Currency) -> list[OpenDebt]:
    return [
        debt for payer_id in sorted(payers) for debt in evidence.debts.get(payer_id, ())
        if debt.currency == currency
    ]  # fmt: skip

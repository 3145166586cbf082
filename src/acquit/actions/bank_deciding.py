"""Deciding what bank entries pay: what is known is loaded with a few statements for any number of entries.

The strongest evidence is used first: references, then numbers, then payers that are known, then proposals
for the rest; each sees debts as the matches before it leave them. Payers are held before what they owe is
read.
"""

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from acquit.actions.bank_booking import Returned, is_bookable
from acquit.core.bank_clue import Clues, Patterns, clues
from acquit.core.bank_entry import BankEntry, Direction
from acquit.core.identifiers import AccountId, BillId, LegalEntityId
from acquit.core.match import DebtKey, Decision, Evidence, Named, OpenDebt, Paid, Proposal, after
from acquit.core.matching import known_exactly, named_exactly, referenced_exactly
from acquit.core.money import Currency, plain
from acquit.core.prepayment import PrepayOrder, prepay_reference
from acquit.core.proposing import proposals
from acquit.store import bank_evidence, bank_matches, prepayments
from acquit.store.bank_evidence import Bundled
from acquit.store.bank_files import Stored
from acquit.store.transaction import Transaction

Bill = tuple[AccountId, BillId]


@dataclass(frozen=True, slots=True)
class Setting:
    """Whose entries are decided, by which patterns, tolerance and day."""

    legal_entity_id: LegalEntityId
    patterns: Patterns
    tolerance_minor: int
    on: date


@dataclass(slots=True)
class Known:
    """What the store knows about the entries, and what was spent of it by those decided before."""

    clues: dict[int, Clues]
    bills: Mapping[str, Bill]
    numbered: Mapping[str, AccountId]
    bundles: Mapping[str, Bundled]
    ordered: dict[str, PrepayOrder]
    payers: Mapping[str, frozenset[AccountId]]
    alike: Mapping[str, frozenset[AccountId]]
    names: Mapping[AccountId, str]
    held: frozenset[AccountId]
    opened: dict[BillId, OpenDebt] = field(default_factory=dict)
    bundled: dict[DebtKey, OpenDebt] = field(default_factory=dict)
    owed: Mapping[AccountId, Sequence[OpenDebt]] = field(default_factory=dict)
    credit: dict[AccountId, dict[Currency, int]] = field(default_factory=dict)
    advices: Mapping[AccountId, Sequence[bank_evidence.Advised]] = field(default_factory=dict)
    spent: dict[DebtKey, int] = field(default_factory=lambda: defaultdict(int))


@dataclass(frozen=True, slots=True)
class Decided:
    """What becomes of each entry: matched by itself, returned, or left to a person with proposals."""

    matched: Sequence[tuple[Stored, Proposal]]
    returned: Sequence[Returned]
    unknown: Sequence[tuple[Stored, tuple[Proposal, ...]]]


def decide_in(
    tx: Transaction, setting: Setting, told: Sequence[Stored], waits: Container[int] = ()
) -> Decided:
    """Return what becomes of the entries; everybody whom it touches is held until the transaction ends.

    Entries in `waits` are left to a person whatever they look like.
    """
    stored = [each for each in told if each.entry_id not in waits]
    came = [each for each in stored if each.entry.direction is Direction.CREDIT]
    debits = [each for each in stored if each.entry.direction is Direction.DEBIT]
    returned = _returned(tx, setting, debits)
    known = _known(tx, setting, came, returned)
    returned, sent = _still_there(tx, debits, returned)
    matched: list[tuple[Stored, Proposal]] = []
    rest = _automatic(known, setting, came, matched, referenced_exactly)
    if rest:
        _load_debtors(tx, known, setting, rest)
        rest = _automatic(known, setting, rest, matched, named_exactly)
        rest = _automatic(known, setting, rest, matched, known_exactly)
    unknown = [(each, proposals(each.entry, _evidence(known, setting, each))) for each in rest]
    unknown += [(each, ()) for each in (*sent, *(one for one in told if one.entry_id in waits))]
    return Decided(matched, returned, unknown)


def propose_in(tx: Transaction, setting: Setting, stored: Sequence[Stored]) -> dict[int, Decision]:
    """Return what explains each entry by itself as things are now, best first; nothing is applied."""
    came = [each for each in stored if each.entry.direction is Direction.CREDIT]
    known = _known(tx, setting, came, ())
    _load_debtors(tx, known, setting, came)
    found = {each.entry_id: Decision(None) for each in stored}
    for each in came:
        evidence = _evidence(known, setting, each)
        automatic = named_exactly(each.entry, evidence) or known_exactly(each.entry, evidence)
        others = proposals(each.entry, evidence)
        found[each.entry_id] = Decision(automatic, others)
    return found


def _known(
    tx: Transaction, setting: Setting, stored: Sequence[Stored], returned: Iterable[Returned]
) -> Known:
    """Load what entries name and who sent them; hold all payers, then read what is open."""
    entity_id = setting.legal_entity_id
    found = {each.entry_id: clues(each.entry, setting.patterns) for each in stored}
    references = {reference for each in found.values() for reference in each.references}
    bills = _bills_of(tx, setting, references)
    others = sorted(references - set(bills))
    bundled = bank_evidence.bundles(tx, entity_id, others)
    ordered = prepayments.awaited(tx, entity_id, others) if others else {}
    ids = {bill_id for each in found.values() for bill_id in (*each.bill_ids, *each.short_ids)}
    numbered = bank_evidence.bills_by_id(tx, entity_id, sorted(ids)) if ids else {}
    payers, alike = senders_in(tx, entity_id, stored)
    wanted = {*bills.values(), *((account_id, BillId(bill_id)) for bill_id, account_id in numbered.items())}
    debtors = set(bank_evidence.payers_of_bills(tx, sorted(wanted))) if wanted else set()
    debtors |= {each for group in (*payers.values(), *alike.values()) for each in group}
    debtors |= {each.account_id for each in bundled.values()}
    debtors |= {each.account_id for each in ordered.values()}
    debtors |= {each.payer_id for each in returned}
    accounts = {account_id for account_id, _ in wanted}
    accounts |= {account_id for each in bundled.values() for account_id, _ in each.debts}
    accounts |= {part.account_id for each in returned for part, _ in each.payments}
    held = bank_evidence.lock(tx, sorted(debtors), sorted(accounts)) if debtors | accounts else frozenset()
    if ordered:
        ordered = prepayments.awaited(tx, entity_id, others)
    known = Known(
        found, bills, numbered, bundled, ordered, payers, alike, bank_evidence.names(tx, sorted(debtors)),
        held,
    )  # fmt: skip
    known.opened = bank_evidence.open_of_bills(tx, sorted(wanted)) if wanted else {}
    keys = sorted({key for each in bundled.values() for key in each.debts})
    known.bundled = bank_evidence.open_of_debts(tx, keys) if keys else {}
    with_credit = {each.account_id for each in bundled.values() if each.credit_minor}
    if with_credit:
        known.credit = bank_evidence.credit(tx, sorted(with_credit), setting.on)
    return known


def _bills_of(tx: Transaction, setting: Setting, references: Iterable[str]) -> dict[str, Bill]:
    """Return the bill of each payment reference that is of one."""
    asked: dict[tuple[str, int, int], str] = {}
    for reference in references:
        for code, digits in setting.patterns.references:
            text = reference[4:]
            if text.startswith(code) and len(text) == len(code) + digits:
                asked[code, digits, int(text[len(code) :])] = reference
    if not asked:
        return {}
    found = bank_evidence.bills_by_number(tx, setting.legal_entity_id, list(asked))
    return {asked[key]: bill for key, bill in found.items()}


def senders_in(
    tx: Transaction, entity_id: LegalEntityId, stored: Sequence[Stored]
) -> tuple[dict[str, frozenset[AccountId]], dict[str, frozenset[AccountId]]]:
    """Return payers by IBAN (their own or a virtual one), and those whose name is that of the sender."""
    ibans = {iban for each in stored for iban in (each.entry.payer_iban, each.entry.own_iban) if iban}
    names = {name for each in stored for name in (each.entry.payer_name, each.entry.ultimate_name) if name}
    payers = bank_evidence.payers_of_ibans(tx, entity_id, sorted(ibans)) if ibans else {}
    alike = bank_evidence.payers_by_name(tx, entity_id, sorted(names)) if names else {}
    return payers, alike


def _load_debtors(tx: Transaction, known: Known, setting: Setting, stored: Sequence[Stored]) -> None:
    """Read what the senders of these entries owe, their credit and what they said that they pay."""
    senders = {who for each in stored for who in _debtors(known, each.entry) | _alike(known, each.entry)}
    senders |= {debt.payer_id for debt in known.opened.values()}
    if not senders:
        return
    ordered = sorted(senders & known.held)
    owed = bank_evidence.open_of_payers(tx, ordered)
    known.owed = {
        payer_id: [debt for debt in debts if debt.account_id in known.held]
        for payer_id, debts in owed.items()
    }
    known.credit = bank_evidence.credit(tx, ordered, setting.on) | known.credit
    advices = bank_evidence.advices(tx, ordered, {each.entry.amount_minor for each in stored})
    by_payer: dict[AccountId, list[bank_evidence.Advised]] = defaultdict(list)
    for each in advices:
        by_payer[each.account_id].append(each)
    known.advices = by_payer


def _debtors(known: Known, entry: BankEntry) -> frozenset[AccountId]:
    """Return the payers that are known: a virtual IBAN is one payer's alone, an IBAN may be of several."""
    virtual = known.payers.get(entry.own_iban, frozenset())
    return virtual or known.payers.get(entry.payer_iban, frozenset())


def _alike(known: Known, entry: BankEntry) -> frozenset[AccountId]:
    if not known.alike:
        return frozenset()
    found = known.alike.get(entry.payer_name.lower(), frozenset())
    return found | known.alike.get(entry.ultimate_name.lower(), frozenset()) if entry.ultimate_name else found


def _automatic(
    known: Known,
    setting: Setting,
    stored: Sequence[Stored],
    matched: list[tuple[Stored, Proposal]],
    rule: Callable[[BankEntry, Evidence], Proposal | None],
) -> list[Stored]:
    """Apply one set of rules to the entries in order; return those that it does not explain."""
    rest = []
    for each in stored:
        evidence = _evidence(known, setting, each)
        found = rule(each.entry, evidence)
        if found is None or not is_bookable(found):
            rest.append(each)
            continue
        matched.append((each, found))
        _spend(known, found, each.entry.currency)
    return rest


def _spend(known: Known, proposal: Proposal, currency: Currency) -> None:
    for part in proposal.paid:
        known.spent[part.account_id, part.debt_id] += part.amount_minor
    if proposal.prepays is not None:
        known.ordered.pop(prepay_reference(proposal.prepays))
    if proposal.credit_minor:
        known.credit[proposal.payer_id][currency] -= proposal.credit_minor


def _evidence(known: Known, setting: Setting, stored: Stored) -> Evidence:
    """Return what is known about one entry as things are now."""
    entry, told = stored.entry, known.clues[stored.entry_id]
    debtors = _debtors(known, entry)
    alike = _alike(known, entry)
    by_number = tuple(_of_bill(known, bill_id) for bill_id in told.bill_ids if bill_id in known.numbered)
    senders = debtors | alike | {debt.payer_id for one in by_number for debt in one.debts}
    return Evidence(
        by_reference=tuple(_named(known, reference, entry.currency) for reference in told.references
                           if reference in known.bills or reference in known.bundles
                           or reference in known.ordered),
        by_number=by_number,
        by_short_number=tuple(
            _of_bill(known, bill_id) for bill_id in told.short_ids if bill_id in known.numbered
        ),
        debtors=debtors,
        alike=alike,
        debts={payer_id: after(known.owed.get(payer_id, ()), known.spent) for payer_id in senders},
        credit={payer_id: known.credit.get(payer_id, {}).get(entry.currency, 0) for payer_id in known.credit},
        names=known.names,
        advised=tuple(_advised(known, entry, debtors)),
        tolerance_minor=setting.tolerance_minor,
    )  # fmt: skip


def _named(known: Known, reference: str, currency: Currency) -> Named:
    bill = known.bills.get(reference)
    if bill is not None:
        return replace(_of_bill(known, bill[1]), name=reference)
    if reference in known.ordered:
        return Named(reference, (), order=known.ordered[reference])
    bundle = known.bundles[reference]
    debts = [known.bundled[key] for key in bundle.debts if key in known.bundled]
    has_credit = known.credit.get(bundle.account_id, {}).get(currency, 0) >= bundle.credit_minor
    return Named(reference, after(debts, known.spent), bundle.credit_minor if has_credit else 0)


def _of_bill(known: Known, bill_id: str) -> Named:
    debt = known.opened.get(BillId(bill_id))
    return Named(bill_id, after([debt] if debt else [], known.spent))


def _advised(known: Known, entry: BankEntry, debtors: Iterable[AccountId]) -> Iterable[Named]:
    """Yield what remittance advices over this amount name, when their bills are open as they say."""
    for payer_id in sorted(debtors):
        owed = {debt.bill_id: debt for debt in after(known.owed.get(payer_id, ()), known.spent)}
        for advice in known.advices.get(payer_id, ()):
            lines = [(bill_id, amount) for bill_id, amount in advice.lines if amount > 0]
            taken_off = -sum(amount for _, amount in advice.lines if amount < 0)
            has_credit = known.credit.get(payer_id, {}).get(entry.currency, 0) >= taken_off
            if advice.total_minor == entry.amount_minor and has_credit and all(
                bill_id in owed and owed[bill_id].open_minor == amount for bill_id, amount in lines
            ):  # fmt: skip
                yield Named(advice.name, tuple(owed[bill_id] for bill_id, _ in lines), taken_off)


def _returned(tx: Transaction, setting: Setting, debits: Sequence[Stored]) -> list[Returned]:
    """Return what of the debits takes a deposit back: same reference and amount, all of it used."""
    asked = {
        each.entry.end_to_end_id: each for each in debits
        if each.entry.end_to_end_id and (each.entry.return_code or each.entry.is_reversal)
    }  # fmt: skip
    if not asked:
        return []
    found = []
    for row in bank_evidence.deposits_by_reference(tx, setting.legal_entity_id, sorted(asked)):
        stored = asked.get(row.bank_reference)
        if stored is None or (row.amount_minor, row.currency) != (
            stored.entry.amount_minor, stored.entry.currency,
        ):  # fmt: skip
            continue
        payments = _payments(tx, row.account_id, row.deposit_id)
        found.append(Returned(stored, row.account_id, row.deposit_id, payments, _why(stored.entry)))
        asked.pop(row.bank_reference)
    return found


def _still_there(
    tx: Transaction, debits: Sequence[Stored], returned: Sequence[Returned]
) -> tuple[list[Returned], list[Stored]]:
    """Return the returns whose payments stand now that the payers are held, and the debits left over."""
    kept = []
    for each in returned:
        payments = _payments(tx, each.payer_id, each.deposit_id)
        if sum(part.amount_minor for part, _ in payments) == each.stored.entry.amount_minor:
            kept.append(replace(each, payments=payments))
    ids = {each.stored.entry_id for each in kept}
    return kept, [each for each in debits if each.entry_id not in ids]


def _payments(tx: Transaction, payer_id: AccountId, deposit_id: str) -> tuple[tuple[Paid, int], ...]:
    return tuple(
        (Paid(row.account_id, row.debt_id, row.bill_id, payer_id, row.amount_minor), row.operation_id)
        for row in bank_matches.payments_of_deposit(tx, payer_id, deposit_id)
    )


def _why(entry: BankEntry) -> str:
    code = f" ({entry.return_code})" if entry.return_code else ""
    return (
        f"The bank took {plain(entry.amount_minor, entry.currency)} {entry.currency} of "
        f"{entry.end_to_end_id} back{code}: the bills are open again."
    )

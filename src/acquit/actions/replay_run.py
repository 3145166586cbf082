"""Decide a run again from the inputs that it kept, and compare with what it posted, held and parked.

The same pure decision is called with the same values; whatever differs is named by bill or account. Documents
of other acts (credit notes, corrections) are not part of a run.
"""

import time
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, fields, replace
from typing import Final, Never

from acquit.actions.context import Context
from acquit.actions.loading import entity_in
from acquit.actions.page_deciding import Decided, decide_page
from acquit.actions.page_loading import Page, Scope
from acquit.actions.run_inputs import RunRules, named_snapshots, seller_of, unpacked
from acquit.core import bill_run
from acquit.core.bill import Bill, Draft, Issuing, issue
from acquit.core.bill_run import NoInputs, NoSuchRun
from acquit.core.identifiers import AccountId, LegalEntityId, OrderId, RunId
from acquit.core.numbering import Series
from acquit.core.problem import Problem
from acquit.store import bills, credit_movements, run_inputs, runs, series
from acquit.store.run_inputs import RunInput
from acquit.store.runs import Run
from acquit.store.transaction import Transaction

DIFFERENCES_MAX: Final = 1_000

Used = Mapping[str, Sequence[tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that the replay finds otherwise than it was posted."""

    account_id: AccountId
    bill_id: str
    what: str


@dataclass(slots=True)
class Replayed:
    """What was decided again; `programs` are the versions that decided first, `untold` accounts that
    PostgreSQL refused, about which inputs say nothing. `erased` are accounts that cannot be decided again
    because the copy of a buyer or of the seller is erased, and `unproved` how many bills these have.
    `carried` are times that an account's charges came to nothing or less and stayed open."""

    run: RunId
    period: str
    legal_entity: LegalEntityId
    programs: tuple[str, ...] = ()
    pages: int = 0
    accounts: int = 0
    bills: int = 0
    held: int = 0
    parked: int = 0
    carried: int = 0
    untold: int = 0
    erased: int = 0
    unproved: int = 0
    differences: list[Difference] = field(default_factory=list)
    seconds: float = 0


@dataclass(slots=True)
class _Seen:
    """What the pages so far have told: bills taken per account, and the last holds and problems."""

    taken: dict[AccountId, int] = field(default_factory=dict)
    holds: dict[tuple[AccountId, str, str], int] = field(default_factory=dict)
    problems: dict[AccountId, tuple[Problem, ...]] = field(default_factory=dict)
    erased: set[AccountId] = field(default_factory=set)
    unproved: set[str] = field(default_factory=set)


def replay_run(context: Context, wanted: str, legal_entity_id: LegalEntityId) -> Replayed:
    """Decide the run of a period, or the run of that id, again and return what differs.

    What an erased copy of a buyer had a part in is not decided: the accounts that its payer pays for, and
    those that draw from an order of theirs.
    Raises NoSuchRun, BadPeriod, NoInputs when it was run by a version that kept none.
    """
    started = time.perf_counter()
    with context.database.snapshot() as tx:
        run = _run_in(tx, wanted, legal_entity_id)
        told = Replayed(run.run_id, run.period, run.legal_entity_id)
        seen = _Seen()
        for kept in run_inputs.every(tx, run.run_id):
            told.programs = tuple(dict.fromkeys([*told.programs, kept.program]))
            _replay_page(tx, run, kept, told, seen)
        billed = sum(each.totals.bills for each in runs.billed(tx, run.run_id).values())
        if not told.pages and billed:
            raise NoInputs(
                f"The run of {run.period} kept no inputs: an earlier version billed it.", period=run.period
            )
        told.erased, told.unproved = len(seen.erased), len(seen.unproved)
        if billed != told.bills + told.unproved:
            _add(told, AccountId(""), "", f"{told.bills} bills are decided, {billed} were posted")
        _compare_waiting(tx, run, told, seen)
    told.seconds = round(time.perf_counter() - started, 3)
    return told


def _run_in(tx: Transaction, wanted: str, legal_entity_id: LegalEntityId) -> Run:
    if wanted.isdecimal():
        found = runs.find_by_id(tx, RunId(int(wanted)))
    else:
        found = runs.find(tx, legal_entity_id, str(bill_run.period(wanted)))
    if found is None:
        raise NoSuchRun(f"There is no run {wanted} of {legal_entity_id}.", run=wanted)
    return found


def _replay_page(tx: Transaction, run: Run, kept: RunInput, told: Replayed, seen: _Seen) -> None:
    bodies = bills.snapshots(tx, named_snapshots(kept.body))
    rules, page = unpacked(kept.body, bodies)
    account_ids = [account.account_id for account in page.accounts]
    posted: dict[AccountId, list[tuple[Bill, int]]] = {}
    for bill, number in bills.of_run(tx, run.run_id, account_ids):
        posted.setdefault(bill.account_id, []).append((bill, number))
    erased = _undecidable(page, bodies.keys()) if rules.seller_hash in bodies else set(account_ids)
    seen.erased |= erased
    seen.unproved |= {bill.bill_id for each in erased for bill, _ in posted.get(each, ())}
    told.pages += 1
    told.accounts += len(account_ids) - len(erased)
    if len(erased) == len(account_ids):
        return
    decided = _without(decide_page(page, _scope(tx, run, rules, bodies)), erased)
    numbers = series.find(tx, rules.bill_series_id)
    assert numbers is not None, "a series is never removed"
    used = credit_movements.used_in_run(tx, run.run_id, account_ids)
    _compare_bills(_Page(page, rules, run, numbers, posted, used, not erased), decided, told, seen)
    told.carried += sum(1 for each in decided.outcomes if each.carried)
    for hold in decided.holds:
        seen.holds[hold.account_id, hold.reason, hold.currency] = hold.amount_minor
    seen.problems.update((account_id, tuple(each)) for account_id, each in decided.parked.items())


def _undecidable(page: Page, known: Set[bytes]) -> set[AccountId]:
    """Return the accounts that a missing copy of a buyer or payer has a part in."""
    named = {each.account_id: {each.buyer_hash, each.payer_hash} - {None, b""} for each in page.accounts}
    found = {account_id for account_id, hashes in named.items() if not hashes <= known}
    before = -1
    while len(found) != before:
        before = len(found)
        payers = {each.payer_id for each in page.accounts if each.account_id in found}
        orders = {order_id for each in found for order_id in page.orders_of.get(each, ())}
        found |= {each.account_id for each in page.accounts if each.payer_id in payers}
        found |= {each for each, own in page.orders_of.items() if not orders.isdisjoint(own)}
    return found


def _without(decided: Decided, account_ids: Set[AccountId]) -> Decided:
    """Return what was decided for all other accounts."""
    if not account_ids:
        return decided
    kept = [draft.sharing.account_id not in account_ids for draft in decided.drafts]
    return replace(
        decided,
        outcomes=[each for each in decided.outcomes if each.account_id not in account_ids],
        uses=[each for each, is_kept in zip(decided.uses, kept, strict=False) if is_kept],
    )


def deciding_input(tx: Transaction, bill: Bill, input_nos: Sequence[int]) -> int | None:
    """Return which of several inputs of its run, all with the bill's account, decided this of its bills."""
    assert bill.run_id is not None, "a bill of a run is asked for"
    run = runs.find_by_id(tx, bill.run_id)
    assert run is not None, "a run is never removed"
    place = [each.bill_id for each, _ in bills.of_run(tx, run.run_id, [bill.account_id])].index(bill.bill_id)
    for input_no in input_nos:
        body = run_inputs.find(tx, run.run_id, input_no).body
        bodies = bills.snapshots(tx, named_snapshots(body))
        rules, page = unpacked(body, bodies)
        if rules.seller_hash not in bodies:
            return None
        drafts = decide_page(page, _scope(tx, run, rules, bodies)).drafts
        place -= sum(draft.sharing.account_id == bill.account_id for draft in drafts)
        if place < 0:
            return input_no
    return None


def _scope(tx: Transaction, run: Run, rules: RunRules, bodies: Mapping[bytes, dict[str, object]]) -> Scope:
    """Return the scope as it was; of the legal entity only what decides is as it was then."""
    entity = replace(
        entity_in(tx, run.legal_entity_id),
        default_days=rules.default_term.days,
        vat_on_debits=rules.vat_on_debits,
        below_zero=rules.below_zero,
    )
    seller = seller_of(rules, bodies)
    period = bill_run.Period(rules.period_first_on)
    return Scope(
        entity, period, rules.period_first_on, seller, rules.rates, rules.chart, _NoClock(), "replay"
    )


class _NoClock:
    """A decision asks for no time."""

    def now(self) -> Never:
        raise AssertionError("a decision asks for no time")

    def today(self, zone: str) -> Never:
        raise AssertionError("a decision asks for no day")


@dataclass(frozen=True, slots=True)
class _Page:
    """A page with what was posted for its accounts."""

    page: Page
    rules: RunRules
    run: Run
    numbers: Series
    posted: Mapping[AccountId, Sequence[tuple[Bill, int]]]
    used: Used
    is_whole: bool = True


def _compare_bills(known: _Page, decided: Decided, told: Replayed, seen: _Seen) -> None:
    """Compare each draft with the bill that it became; numbers of one page follow one another."""
    before: int | None = None
    uses = decided.uses or [()] * len(decided.drafts)
    for draft, paid in zip(decided.drafts, uses, strict=True):
        account_id = draft.sharing.account_id
        place = seen.taken.get(account_id, 0)
        seen.taken[account_id] = place + 1
        told.bills += 1
        mine = known.posted.get(account_id, ())
        if place >= len(mine):
            _add(told, account_id, "", f"a bill of {draft.net_minor} net is decided and was not posted")
            continue
        bill, number = mine[place]
        again = _issued(known, draft, bill, number, sum(use.amount_minor for use in paid))
        if again != bill:
            _add(told, account_id, bill.bill_id, _otherwise(again, bill))
        if before is not None and (number != before + 1 if known.is_whole else number <= before):
            _add(told, account_id, bill.bill_id, f"its number does not follow {before}")
        if [(use.lot.movement_id, use.amount_minor) for use in paid] != list(
            known.used.get(bill.bill_id, ())
        ):
            _add(told, account_id, bill.bill_id, "other credit pays it")
        before = number


def _issued(known: _Page, draft: Draft, bill: Bill, number: int, prepaid_minor: int) -> Bill:
    """Return the bill that the draft becomes, with what only the moment of issue told."""
    issuing = Issuing(
        known.rules.legal_entity_id,
        known.numbers,
        known.run.run_id,
        known.page.on,
        bill.issued_at,
        known.rules.seller_hash,
    )
    return issue(draft, issuing, number, OrderId(bill.order_id), prepaid_minor)


def _otherwise(again: Bill, posted: Bill) -> str:
    """Return which members differ, as decided and as posted."""
    found = [
        f"{each.name}: {getattr(again, each.name)} is decided, {getattr(posted, each.name)} was posted"
        for each in fields(Bill)
        if getattr(again, each.name) != getattr(posted, each.name)
    ]
    return "; ".join(found)


def _compare_waiting(tx: Transaction, run: Run, told: Replayed, seen: _Seen) -> None:
    """Compare what was held and parked last."""
    held = {
        (each.account_id, each.reason, str(each.currency)): each.amount_minor
        for each in runs.ever_held(tx, run.run_id)
    }
    parked = {each.account_id: each.problems for each in runs.ever_parked(tx, run.run_id)}
    for key in sorted(key for key in held.keys() | seen.holds.keys() if key[0] not in seen.erased):
        told.held += 1
        if held.get(key) != seen.holds.get(key):
            _add(
                told, key[0], "", f"held for {key[1]}: {seen.holds.get(key)} is decided, {held.get(key)} was"
            )
    for account_id in sorted((parked.keys() | seen.problems.keys()) - seen.erased):
        told.parked += 1
        posted, again = parked.get(account_id), seen.problems.get(account_id)
        if posted and posted[0].code == "refused-by-database":
            told.untold += 1
        elif posted != again:
            _add(told, account_id, "", f"parked: {_named(again)} is decided, {_named(posted)} was")


def _named(problems: Sequence[Problem] | None) -> str:
    return ", ".join(each.code for each in problems) if problems else "nothing"


def _add(told: Replayed, account_id: AccountId, bill_id: str, what: str) -> None:
    if len(told.differences) < DIFFERENCES_MAX:
        told.differences.append(Difference(account_id, bill_id, what))

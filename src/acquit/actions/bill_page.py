"""One page of a bill run: load, decide, write, in one transaction.

Order of locks: payers and accounts, purchase orders, and last, for milliseconds, the series of numbers.
What bears no number is written before the block of numbers is taken; after it nothing is refused.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from acquit.actions.page_conditions import agreed_charges, load_conditions
from acquit.actions.page_credit import Uses, decide_uses, entries_of_uses, take_ids, write_uses
from acquit.actions.taking_changes import PlannedOf, planned_in, write_taken
from acquit.core.account import LegalEntity, LegalParty
from acquit.core.bill import Bill, Draft, Issuing, issue
from acquit.core.bill_run import Billable, Hold, Outcome, Period, Rules, Totals, decide, totals_of
from acquit.core.charge import Charge, ChargeKey, Renewing, renewals
from acquit.core.condition import Conditions
from acquit.core.credit_balance import CreditLot
from acquit.core.debt import Debt
from acquit.core.identifiers import AccountId, DebtId, LegalPartyId, OrderId, PurchaseOrderId, RunId
from acquit.core.journal import Chart, Entry, EntryKind, Head, bill_postings, chained
from acquit.core.money import Currency
from acquit.core.planned_change import Planned, Renewed
from acquit.core.planned_change import renewals as planned_renewals
from acquit.core.problem import Problem
from acquit.core.purchase_order import Draw, Policy, PurchaseOrder, newly_warned
from acquit.core.shared_bill import Family, share
from acquit.core.snapshot import Buyer, Seller, Snapshot, buyer, snapshot
from acquit.core.tax import Rates
from acquit.core.terms import Grant, default_term
from acquit.documents.glyphs import missing_glyphs
from acquit.ports import Clock
from acquit.store import (
    acts,
    billables,
    bills,
    credit_movements,
    debts,
    families,
    journals,
    purchase_orders,
    runs,
    series,
    terms,
    usage_ratings,
)
from acquit.store.billables import AccountRow
from acquit.store.transaction import Connection, Transaction

AfterPage = Callable[[Connection, Sequence[Bill]], None]
"""Called within a page's transaction with the bills that it issued, to defer what follows them."""

KeepInputs = Callable[[Transaction, "Page", "Scope"], None]
"""Called before anything is written with all that the page is decided by, to keep it."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What all pages of a run share; without `run_id` nothing is written (a rehearsal)."""

    entity: LegalEntity
    period: Period
    run_on: date
    seller: Seller
    rates: Rates
    chart: Chart
    clock: Clock
    by: str
    run_id: RunId | None = None
    after_page: AfterPage | None = None
    keep_inputs: KeepInputs | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What a page did: control totals, accounts left to a later try, accounts parked."""

    totals: Mapping[Currency, Totals] = field(default_factory=dict)
    postponed: tuple[AccountId, ...] = ()
    parked: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """Everything that the decisions of a page need, and what to write when they are taken."""

    on: date
    accounts: Sequence[Billable]
    renewing: Mapping[AccountId, list[Renewing]]
    open_charges: Mapping[AccountId, list[Charge]]
    orders: dict[PurchaseOrderId, PurchaseOrder]
    orders_of: Mapping[AccountId, list[PurchaseOrderId]]
    snapshots: Sequence[Snapshot]
    conditions: Mapping[AccountId, Conditions] = field(default_factory=dict)
    credit: Mapping[AccountId, tuple[CreditLot, ...]] = field(default_factory=dict)
    families: Sequence[Family] = ()
    planned: PlannedOf = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decided:
    """The outcomes of a page, which services renew until when, and the orders as its bills leave them.

    `renewed` are the services whose renewals took planned changes.
    """

    outcomes: Sequence[Outcome]
    next_ons: Sequence[tuple[AccountId, int, date]]
    orders: Mapping[PurchaseOrderId, PurchaseOrder]
    uses: Uses = ()
    renewed: Sequence[tuple[Planned, Renewed]] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there was nothing to decide: no account has a draft, a hold or a problem."""
        return not any(each.drafts or each.holds or each.problems for each in self.outcomes)

    @property
    def drafts(self) -> list[Draft]:
        """Every draft to issue, in the order of accounts."""
        return [draft for outcome in self.outcomes for draft in outcome.drafts]

    @property
    def holds(self) -> list[Hold]:
        """Everything that is held back."""
        return [hold for outcome in self.outcomes for hold in outcome.holds]

    @property
    def parked(self) -> dict[AccountId, Sequence[Problem]]:
        """The accounts that are set aside, with their problems."""
        return {outcome.account_id: outcome.problems for outcome in self.outcomes if outcome.problems}


def bill_page(tx: Transaction, scope: Scope, account_ids: Sequence[AccountId], wait: bool) -> Written:
    """Bill the accounts of a page, but those that somebody else holds, unless told to `wait` for them.

    Raises DateBeforeSeries when a run of a later date took numbers meanwhile: the page is then done again.
    """
    mine, postponed = (account_ids, ()) if wait else _claimed(tx, account_ids)
    if wait:
        billables.lock(tx, account_ids)
    if not mine:
        return Written(postponed=tuple(postponed))
    page = load(tx, scope, mine)
    decided = decide_page(page, scope)
    if scope.keep_inputs is not None and not decided.is_empty:
        scope.keep_inputs(tx, page, scope)
    _write_unnumbered(tx, scope, page, decided)
    issued = _write_numbered(tx, scope, page, decided)
    if scope.after_page is not None and issued:
        scope.after_page(tx.connection, issued)
    return Written(totals_of(decided.drafts), tuple(postponed), len(decided.parked))


def _claimed(tx: Transaction, account_ids: Sequence[AccountId]) -> tuple[list[AccountId], list[AccountId]]:
    """Hold what is free; a family of which anything is held elsewhere is postponed whole."""
    free = billables.claim(tx, account_ids)
    rows = billables.accounts(tx, account_ids)
    waiting = {row.payer_id for row in rows if row.account_id not in free or row.payer_id not in free}
    mine = [row.account_id for row in rows if row.payer_id not in waiting]
    return mine, [row.account_id for row in rows if row.payer_id in waiting]


def load(tx: Transaction, scope: Scope, account_ids: Sequence[AccountId]) -> Page:
    """Read what the page needs, in one query per kind."""
    taken = series.find(tx, scope.entity.bill_series_id)
    on = max(scope.run_on, taken.last_on or scope.run_on) if taken else scope.run_on
    rows = billables.accounts(tx, account_ids)
    parent_ids = families.sharing(tx, {row.payer_id for row in rows}, on)
    if parent_ids:
        absent = parent_ids - {row.account_id for row in rows}
        rows += billables.accounts(tx, sorted(absent))
    accounts, snapshots = _billables(tx, rows, on, _unrated(tx, account_ids, scope.period))
    read = purchase_orders.concerning if scope.run_id is None else purchase_orders.lock_concerning
    with_orders = billables.with_orders(tx, account_ids)
    orders = read(tx, with_orders) if with_orders else []
    until_on = scope.period.last_on
    return Page(
        on,
        accounts,
        billables.renewing(tx, account_ids, until_on),
        billables.open_charges(tx, account_ids, until_on),
        {order.purchase_order_id: order for order in orders},
        _by_account(orders),
        snapshots,
        load_conditions(tx, scope.entity.legal_entity_id, str(scope.period), account_ids, until_on),
        credit_movements.lots(tx, {row.payer_id for row in rows}),
        _families(parent_ids, rows, accounts),
        planned_in(tx, account_ids, until_on),
    )


def _families(
    parent_ids: Set[AccountId], rows: Sequence[AccountRow], accounts: Sequence[Billable]
) -> list[Family]:
    """Return who stands on whose bill: those whom the parent pays for and who have its legal party."""
    if not parent_ids:
        return []
    parents = {row.account_id: row for row in rows if row.account_id in parent_ids}
    names: dict[AccountId, dict[AccountId, str]] = {parent_id: {} for parent_id in parents}
    for row in rows:
        parent = parents.get(row.payer_id)
        if parent is not None and row.party_id == parent.party_id:
            names[parent.account_id][row.account_id] = row.sub_account or row.account_id
    return [
        Family(each.account_id, each.language, each.buyer_hash, names[each.account_id])
        for each in accounts
        if each.account_id in parents
    ]


def _unrated(
    tx: Transaction, account_ids: Sequence[AccountId], period: Period
) -> dict[AccountId, tuple[Problem, ...]]:
    """Return the accounts whose use could not be rated, and why."""
    found: dict[AccountId, tuple[Problem, ...]] = {}
    for key, said in usage_ratings.unrated(tx, account_ids, period.last_on):
        found[key[0]] = (*found.get(key[0], ()), Problem("usage-not-rated", said, "usage"))
    return found


def _by_account(orders: Iterable[PurchaseOrder]) -> dict[AccountId, list[PurchaseOrderId]]:
    """Return which orders each account may quote."""
    found: dict[AccountId, list[PurchaseOrderId]] = {}
    for order in orders:
        for account_id in order.members | {order.account_id}:
            found.setdefault(account_id, []).append(order.purchase_order_id)
    return found


def _billables(
    tx: Transaction,
    rows: Sequence[AccountRow],
    on: date,
    unrated: Mapping[AccountId, tuple[Problem, ...]],
) -> tuple[list[Billable], list[Snapshot]]:
    """Return the accounts with their buyers, payers and grants, and the copies of who buys and pays."""
    ids = {row.party_id for row in rows} | {row.payer_party_id for row in rows}
    parties = billables.parties(tx, [party_id for party_id in ids if party_id is not None], on)
    grants = _grants(tx, {row.payer_id for row in rows})
    held = billables.held_until(tx, [row.account_id for row in rows])
    printed: dict[tuple[LegalPartyId, str], tuple[Buyer, Snapshot]] = {}
    found = []
    for row in rows:
        bought = _printed(printed, parties, row.party_id, row.sub_account)
        another = row.payer_party_id is not None and row.payer_party_id != row.party_id
        paid = _printed(printed, parties, row.payer_party_id, "") if another else None
        found.append(
            Billable(
                row.account_id,
                row.payer_id,
                row.language,
                Policy(row.order_policy),
                row.hold_days_max,
                bought[0] if bought else None,
                bought[1].hash if bought else b"",
                paid[1].hash if paid else None,
                grants.get(row.payer_id, ()),
                held.get(row.account_id, {}),
                unrated.get(row.account_id, ()),
            )
        )
    return found, [copy for _, copy in printed.values()]


def _printed(
    printed: dict[tuple[LegalPartyId, str], tuple[Buyer, Snapshot]],
    parties: Mapping[LegalPartyId, LegalParty],
    party_id: LegalPartyId | None,
    sub_account: str,
) -> tuple[Buyer, Snapshot] | None:
    if party_id is None or party_id not in parties:
        return None
    key = (party_id, sub_account)
    if key not in printed:
        copied = buyer(parties[party_id], sub_account)
        printed[key] = (copied, snapshot(copied))
    return printed[key]


def _grants(tx: Transaction, payer_ids: Iterable[AccountId]) -> dict[AccountId, tuple[Grant, ...]]:
    found: dict[AccountId, tuple[Grant, ...]] = {}
    for grant in terms.of_accounts(tx, billables.with_terms(tx, payer_ids)):
        found[grant.account_id] = (*found.get(grant.account_id, ()), grant)
    return found


@lru_cache(maxsize=65_536)
def _missing_glyphs(text: str) -> frozenset[str]:
    return frozenset(missing_glyphs(text))


def decide_page(page: Page, scope: Scope) -> Decided:
    """Decide account by account; each draws from the orders as those before have left them."""
    rules = Rules(scope.seller, scope.rates, default_term(scope.entity), page.on, _missing_glyphs)
    orders = dict(page.orders)
    outcomes: list[Outcome] = []
    next_ons: list[tuple[AccountId, int, date]] = []
    renewed: list[tuple[Planned, Renewed]] = []
    for account in page.accounts:
        account_id = account.account_id
        charges, moves, taking = _charges(page, account_id, scope.period.last_on)
        if account_id in page.conditions:
            charges = _agreed(page, account_id, charges, scope.period.last_on)
        own = [orders[order_id] for order_id in page.orders_of.get(account_id, ())]
        outcome, left = decide(account, charges, own, rules)
        outcomes.append(outcome)
        if not outcome.problems:
            next_ons += [(account_id, service_id, next_on) for service_id, next_on in moves]
            renewed += taking
        if own:
            orders.update((order.purchase_order_id, order) for order in left)
    if page.families:
        outcomes = share(outcomes, page.families)
    drafts = [draft for outcome in outcomes for draft in outcome.drafts]
    return Decided(outcomes, next_ons, orders, decide_uses(drafts, page.credit, page.on), renewed)


def _agreed(page: Page, account_id: AccountId, charges: list[Charge], until_on: date) -> list[Charge]:
    """Return the account's charges as its conditions make them; some count those of its family."""

    def paid_for() -> list[tuple[AccountId, list[Charge]]]:
        members = [each.account_id for each in page.accounts if each.payer_id == account_id]
        return [(member, _charges(page, member, until_on)[0]) for member in members]

    return agreed_charges(account_id, charges, page.conditions, paid_for, until_on)


def _charges(
    page: Page, account_id: AccountId, until_on: date
) -> tuple[list[Charge], list[tuple[int, date]], list[tuple[Planned, Renewed]]]:
    """Return what the account has to bill, service by service, when each renews next, and what changed."""
    charges: list[Charge] = []
    moves: list[tuple[int, date]] = []
    taking: list[tuple[Planned, Renewed]] = []
    planned = page.planned.get(account_id)
    for service in page.renewing.get(account_id, ()):
        if planned and service.service_id in planned:
            brought = planned_renewals(planned[service.service_id], until_on)
            charges += brought.charges
            moves.append((service.service_id, brought.service.next_renewal_on))
            taking.append((planned[service.service_id], brought))
            continue
        renewed, next_on = renewals(service, until_on)
        charges += renewed
        moves.append((service.service_id, next_on))
    waiting = page.open_charges.get(account_id)
    if waiting:
        charges = sorted(charges + waiting, key=lambda each: each.key)
    return charges, moves, taking


def _write_unnumbered(tx: Transaction, scope: Scope, page: Page, decided: Decided) -> None:
    """Write all that does not bear the number: renewals, snapshots, holds, parked accounts, warnings."""
    assert scope.run_id is not None, "a rehearsal writes nothing"
    account_ids = [account.account_id for account in page.accounts]
    parked = decided.parked
    if decided.next_ons:
        billables.renew(tx, decided.next_ons)
    write_taken(tx, decided.renewed, scope.by)
    bills.keep_snapshots(tx, [*page.snapshots, snapshot(scope.seller)])
    runs.release(tx, account_ids)
    runs.hold(tx, scope.run_id, decided.holds)
    runs.accept(tx, _kept_renewals(page, decided))
    billed = _billed_charges(page, decided.drafts)
    if billed:
        billables.close_charges(tx, billed)
    runs.resolve(tx, [account_id for account_id in account_ids if account_id not in parked])
    runs.park(tx, scope.run_id, parked)
    _warn(tx, scope, page, decided)


def _kept_renewals(page: Page, decided: Decided) -> list[tuple[AccountId, Charge]]:
    """Return the renewals among what is held or carried over that are no charges yet."""
    kept = [(hold.account_id, hold.charges) for hold in decided.holds]
    kept += [(each.account_id, each.carried) for each in decided.outcomes if each.carried]
    fresh: list[tuple[AccountId, Charge]] = []
    for account_id, charges in kept:
        known = {each.key for each in page.open_charges.get(account_id, ())}
        fresh += [
            (account_id, charge) for charge in charges if charge.kind == "renewal" and charge.key not in known
        ]
    return fresh


def _billed_charges(page: Page, drafts: Iterable[Draft]) -> list[tuple[AccountId, ChargeKey]]:
    """Return the open charges that the drafts bear."""
    if not page.open_charges:
        return []
    known = {account_id: {each.key for each in charges} for account_id, charges in page.open_charges.items()}
    found = []
    for unnumbered in drafts:
        account_id = unnumbered.sharing.account_id
        for detail in unnumbered.details if unnumbered.slices or account_id in known else ():
            key = (detail.service_id, detail.kind, detail.part, detail.period_start)
            owner_id = detail.owner_id or account_id
            if key in known.get(owner_id, ()):
                found.append((owner_id, key))
    return found


def _warn(tx: Transaction, scope: Scope, page: Page, decided: Decided) -> None:
    """Record bills without their order and orders that have passed a threshold."""
    for outcome in decided.outcomes:
        for reason in outcome.warnings:
            acts.record(tx, scope.by, "billed_without_order", outcome.account_id, reason=reason)
    for order_id, before in page.orders.items():
        mark = newly_warned(before, decided.orders[order_id])
        if mark is not None:
            acts.record(tx, scope.by, "order_nearly_spent", before.account_id, str(order_id), percent=mark)


def _write_numbered(tx: Transaction, scope: Scope, page: Page, decided: Decided) -> list[Bill]:
    """Take a block of numbers and write what bears them; nothing is refused from here on."""
    drafts = decided.drafts
    if not drafts or scope.run_id is None:
        return []
    heads = billables.heads(tx, list(dict.fromkeys(each.sharing.account_id for each in drafts)))
    order_ids = bills.next_order_ids(tx, len(drafts))
    ids = take_ids(tx, decided.uses)
    issued_at = _instant(scope, page.on)
    block = series.take(tx, scope.entity.bill_series_id, len(drafts), page.on)
    issuing = Issuing(
        scope.entity.legal_entity_id,
        block.series,
        scope.run_id,
        page.on,
        issued_at,
        snapshot(scope.seller).hash,
    )
    numbers = range(block.first, block.first + block.count)
    issued = [
        issue(draft, issuing, number, OrderId(order_id))
        for draft, number, order_id in zip(drafts, numbers, order_ids, strict=True)
    ]
    bills.write(tx, issued, block.series.series_id, numbers)
    debts.write(tx, map(debt_of, issued))
    entries = _entries(scope, issued, heads)
    paying = entries_of_uses(scope.chart, scope.entity.vat_on_debits, issued, decided.uses, ids, heads)
    journals.write(tx, [*entries, *paying] if paying else entries)
    write_uses(tx, issued, decided.uses, ids, scope.by)
    purchase_orders.draw(tx, draws_of(issued))
    payers = [bill.payer_id for bill in issued]
    head = hashlib.sha256(b"".join([entry.hash for entry in _in_account_order(entries)])).digest()
    runs.add_page(tx, scope.run_id, (min(payers), max(payers)), page.on, totals_of(drafts), head)
    return issued


def _instant(scope: Scope, on: date) -> datetime:
    """Return an instant of the day of issue in the seller's zone, at the present time of day."""
    zone = ZoneInfo(scope.entity.zone)
    return datetime.combine(on, scope.clock.now().astimezone(zone).time(), zone)


def debt_of(bill: Bill) -> Debt:
    """Return the debt that the bill opens."""
    return Debt(
        bill.account_id,
        DebtId(bill.order_id),
        bill.bill_id,
        bill.payer_id,
        Currency(bill.currency),
        bill.total_minor,
        bill.issued_at,
        bill.due_on,
    )


def _entries(scope: Scope, issued: Iterable[Bill], heads: dict[AccountId, Head]) -> list[Entry]:
    """Return the entry of each bill, chained to the last of its account."""
    entries = []
    for bill in issued:
        entry = chained(
            heads.get(bill.account_id, Head()),
            bill.account_id,
            EntryKind.BILL.value,
            bill.issued_on,
            bill.bill_id,
            bill_postings(
                scope.chart,
                bill.net_minor,
                bill.tax_minor,
                Currency(bill.currency),
                scope.entity.vat_on_debits,
            ),
        )
        heads[bill.account_id] = entry.head
        entries.append(entry)
    return entries


def _in_account_order(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: (entry.account_id, entry.entry_no))


def draws_of(issued: Iterable[Bill]) -> list[Draw]:
    """Return what the bills take from the purchase orders that they quote."""
    return [
        Draw(
            bill.purchase_order_account,
            bill.purchase_order_id,
            bill.account_id,
            bill.bill_id,
            bill.net_minor,
            bill.issued_on,
        )
        for bill in issued
        if bill.purchase_order_account is not None and bill.purchase_order_id is not None
    ]

"""One page of a bill run: load, decide, have the official rules judge what is new, write, in one transaction.

Order of locks: payers and accounts, purchase orders, and last, for milliseconds, the series of numbers.
What bears no number is written before the block of numbers is taken; after it nothing is refused.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import repeat
from zoneinfo import ZoneInfo

from acquit.actions.crediting_back import credit_in, plan_in
from acquit.actions.judging import judged
from acquit.actions.page_credit import entries_of_uses, prepaid_of, take_ids, write_uses
from acquit.actions.page_deciding import Decided, decide_page
from acquit.actions.page_loading import Page, Scope, load
from acquit.actions.taking_changes import write_taken
from acquit.actions.tell_accounts import tell_in
from acquit.core.bill import Bill, Draft, Issuing, issue
from acquit.core.bill_run import Carried, Hold, Outcome, Totals, carried_of, totals_of
from acquit.core.charge import Charge, ChargeKey, ChargeKind
from acquit.core.debt import Debt
from acquit.core.discount import Discount, bound_lines, keeps_let_off, lowered_key
from acquit.core.down_payment import advances_minor, uses_of
from acquit.core.identifiers import AccountId, DebtId, OrderId
from acquit.core.journal import NO_ENTRY, Entry, EntryKind, Head, bill_postings, chained
from acquit.core.message import MessageKind, Telling
from acquit.core.money import Currency
from acquit.core.purchase_order import Draw, PurchaseOrder, newly_warned, newly_warned_lines
from acquit.core.snapshot import snapshot
from acquit.store import (
    acts,
    billables,
    bills,
    debts,
    down_payments,
    journals,
    purchase_orders,
    runs,
    series,
)
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Written:
    """What a page did: totals, accounts left to a later try and parked, charges carried, credit notes."""

    totals: Mapping[Currency, Totals] = field(default_factory=dict)
    postponed: tuple[AccountId, ...] = ()
    parked: int = 0
    carried: Mapping[Currency, Carried] = field(default_factory=dict)
    credit_notes: int = 0


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
    plan = plan_in(tx, scope, page, decided)
    if plan.returned:
        credit_in(tx, scope, page, plan)
        page = load(tx, scope, mine)
        decided = decide_page(page, scope)
    page, decided = judged(tx, scope, page, decided)
    return replace(write_page(tx, scope, page, decided, postponed), credit_notes=len(plan.parts))


def write_page(
    tx: Transaction, scope: Scope, page: Page, decided: Decided, postponed: Sequence[AccountId] = ()
) -> Written:
    """Write what was decided for a page whose accounts are held."""
    if scope.keep_inputs is not None and not decided.is_empty:
        scope.keep_inputs(tx, page, scope)
    _write_unnumbered(tx, scope, page, decided)
    issued = _write_numbered(tx, scope, page, decided)
    if scope.after_page is not None and issued:
        scope.after_page(tx.connection, issued)
    return written_of(decided, postponed)


def written_of(decided: Decided, postponed: Sequence[AccountId] = ()) -> Written:
    """Return what a page did of which this was decided."""
    carried = carried_of(decided.outcomes)
    return Written(totals_of(decided.drafts), tuple(postponed), len(decided.parked), carried)


def _claimed(tx: Transaction, account_ids: Sequence[AccountId]) -> tuple[list[AccountId], list[AccountId]]:
    """Hold what is free; a family of which anything is held elsewhere is postponed whole."""
    free = billables.claim(tx, account_ids)
    rows = billables.accounts(tx, account_ids)
    waiting = {row.payer_id for row in rows if row.account_id not in free or row.payer_id not in free}
    mine = [row.account_id for row in rows if row.payer_id not in waiting]
    return mine, [row.account_id for row in rows if row.payer_id in waiting]


def _write_unnumbered(tx: Transaction, scope: Scope, page: Page, decided: Decided) -> None:
    """Write all that does not bear the number: renewals, snapshots, holds, parked accounts, warnings."""
    assert scope.run_id is not None, "a rehearsal writes nothing"
    account_ids = [account.account_id for account in page.accounts]
    parked = decided.parked
    if decided.next_ons:
        billables.renew(tx, decided.next_ons)
    write_taken(tx, decided.renewed, scope.by)
    bills.keep_snapshots(tx, [*page.snapshots, snapshot(scope.seller)])
    if scope.services is None:
        runs.release(tx, account_ids)
    runs.hold(tx, scope.run_id, decided.holds)
    runs.accept(tx, _kept(page, decided, scope.period.last_on))
    billed = _billed_charges(page, decided.drafts)
    if billed:
        billables.close_charges(tx, billed)
    if scope.services is None:
        runs.resolve(tx, [account_id for account_id in account_ids if account_id not in parked])
    runs.park(tx, scope.run_id, parked)
    _warn(tx, scope, page, decided)


def _kept(page: Page, decided: Decided, cut_off: date) -> list[tuple[AccountId, Charge, date]]:
    """Return what is no charge yet of what is held or carried over, with the cut-off that it counts for.

    These are renewals, and lines that let something off: all of what is carried, of what is held those
    beside an amount. An amount is agreed per period, and a later one would not let it off again. Where
    something came back beside what is held, all are kept: what had been let off was told by them.
    """
    returning = {each.account_id for each in decided.outcomes if each.holds and _has_returns(each)}
    kept = [
        (hold.account_id, hold.charges, _held_lines(page, hold, is_told=hold.account_id in returning))
        for hold in decided.holds
    ]
    kept += [
        (each.account_id, each.carried, _lines(each.carried)) for each in decided.outcomes if each.carried
    ]
    fresh: list[tuple[AccountId, Charge, date]] = []
    for account_id, charges, lines in kept:
        known = {each.key for each in page.open_charges.get(account_id, ())}
        renewed = [each for each in charges if each.kind == ChargeKind.RENEWAL]
        fresh += [(account_id, each, each.period_start) for each in renewed if each.key not in known]
        fresh += [(account_id, each, cut_off) for each in lines if each.key not in known]
    return fresh


def _has_returns(outcome: Outcome) -> bool:
    """Whether bills bear, or charges that are carried have, what had been let off of what comes back."""
    billed = [detail for draft in outcome.drafts for detail in draft.details]
    return any(keeps_let_off(each.kind, each.part) for each in billed) or any(
        keeps_let_off(each.kind, each.part) for each in outcome.carried
    )


def _held_lines(page: Page, hold: Hold, *, is_told: bool) -> list[Charge]:
    return _lines(hold.charges) if is_told else bound_lines(hold.charges, _discounts(page, hold.account_id))


def _lines(charges: Iterable[Charge]) -> list[Charge]:
    return [line for line in charges if lowered_key(line) is not None]


def _discounts(page: Page, account_id: AccountId) -> tuple[Discount, ...]:
    conditions = page.conditions.get(account_id)
    return () if conditions is None else conditions.discounts


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
    """Record bills without their order and orders that have passed a threshold; tell the orders' accounts."""
    told: list[Telling] = []
    for outcome in decided.outcomes:
        for reason in outcome.warnings:
            acts.record(tx, scope.by, "billed_without_order", outcome.account_id, reason=reason)
    for order_id, before in page.orders.items():
        mark = newly_warned(before, decided.orders[order_id])
        if mark is not None:
            acts.record(tx, scope.by, "order_nearly_spent", before.account_id, str(order_id), percent=mark)
            told.append(_nearly_spent(decided.orders[order_id], mark))
        for line_no, percent in newly_warned_lines(before, decided.orders[order_id]):
            acts.record(
                tx, scope.by, "order_line_nearly_spent", before.account_id, str(order_id),
                line=line_no, percent=percent,
            )  # fmt: skip
    if told:
        tell_in(tx, told)


def _nearly_spent(order: PurchaseOrder, percent: int) -> Telling:
    said = {
        "order": order.reference,
        "percent": percent,
        "currency": order.currency,
        "left_minor": max(order.left_minor or 0, 0),
    }
    about = f"{order.purchase_order_id}/{percent}"
    return Telling(order.account_id, MessageKind.ORDER_NEARLY_SPENT, about, said)


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
    prepaid = prepaid_of(decided.uses) or repeat(0, len(drafts))
    issued = [
        issue(draft, issuing, number, OrderId(order_id), prepaid_minor)
        for draft, number, order_id, prepaid_minor in zip(drafts, numbers, order_ids, prepaid, strict=True)
    ]
    bills.write(tx, issued, block.series.series_id, numbers)
    debts.write(tx, map(debt_of, issued))
    if page.down_payments:
        down_payments.use(tx, [use for bill in issued for use in uses_of(bill)])
    entries = _entries(scope, issued, heads, deducts=bool(page.down_payments))
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


def _entries(
    scope: Scope, issued: Iterable[Bill], heads: dict[AccountId, Head], *, deducts: bool
) -> list[Entry]:
    """Return the entry of each bill, chained to the last of its account."""
    entries = []
    for bill in issued:
        entry = chained(
            heads.get(bill.account_id, NO_ENTRY),
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
                advances_minor(bill) if deducts else 0,
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

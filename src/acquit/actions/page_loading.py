"""What a page of a bill run is decided by: everything is read here, in one query per kind."""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import date

from acquit.actions.debiting import Debitings, debitings_in
from acquit.actions.page_conditions import load_conditions
from acquit.actions.taking_changes import PlannedOf, planned_in
from acquit.core.account import LegalEntity, LegalParty
from acquit.core.bill import Bill
from acquit.core.bill_run import Billable, Period
from acquit.core.charge import Charge, Renewing
from acquit.core.condition import Conditions
from acquit.core.credit_balance import CreditLot
from acquit.core.down_payment import DownPayment
from acquit.core.exchange_rate import Exchange
from acquit.core.identifiers import AccountId, LegalPartyId, PurchaseOrderId, RunId, ServiceId
from acquit.core.journal import Chart
from acquit.core.money import Currency
from acquit.core.problem import Problem
from acquit.core.purchase_order import Policy, PurchaseOrder
from acquit.core.shared_bill import Family
from acquit.core.snapshot import Buyer, Seller, Snapshot, buyer, snapshot
from acquit.core.tax import Rates
from acquit.core.terms import Grant
from acquit.ports import Clock, Judge
from acquit.store import (
    billables,
    credit_movements,
    down_payments,
    exchange_rates,
    families,
    purchase_orders,
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
    """What all pages of a run share; without `run_id` nothing is written (a rehearsal).

    With `services` only these are billed, and holds and parked accounts are left as they are. The `judge`
    runs the official rules over forms of bills that it has not seen, and over a sample.
    """

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
    services: frozenset[ServiceId] | None = None
    judge: Judge | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Everything that the decisions of a page need, and what to write when they are taken.

    Without `exchanges` an earlier version loaded it, which told no bill's VAT in another currency.
    """

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
    exchanges: Mapping[Currency, Exchange] | None = None
    down_payments: Mapping[AccountId, tuple[DownPayment, ...]] = field(default_factory=dict)


def load(
    tx: Transaction,
    scope: Scope,
    account_ids: Sequence[AccountId],
    unwritten: Iterable[tuple[AccountId, Charge]] = (),
) -> Page:
    """Read what the page needs, in one query per kind; `unwritten` are charges that a rehearsal knows of."""
    taken = series.find(tx, scope.entity.bill_series_id)
    on = max(scope.run_on, taken.last_on or scope.run_on) if taken else scope.run_on
    rows = billables.accounts(tx, account_ids)
    parent_ids = families.sharing(tx, {row.payer_id for row in rows}, on)
    if parent_ids:
        absent = parent_ids - {row.account_id for row in rows}
        rows += billables.accounts(tx, sorted(absent))
    debitings = debitings_in(tx, scope.entity.legal_entity_id, {row.payer_id for row in rows}, on)
    accounts, snapshots = _billables(tx, rows, on, _unrated(tx, account_ids, scope.period), debitings)
    read = purchase_orders.concerning if scope.run_id is None else purchase_orders.lock_concerning
    with_orders = billables.with_orders(tx, account_ids)
    orders = read(tx, with_orders) if with_orders else []
    until_on = scope.period.last_on
    renewing = billables.renewing(tx, account_ids, until_on)
    open_charges = billables.open_charges(tx, account_ids, until_on)
    for account_id, charge in unwritten:
        open_charges[account_id] = [*open_charges.get(account_id, ()), charge]
    page = Page(
        on,
        accounts,
        renewing,
        open_charges,
        {order.purchase_order_id: order for order in orders},
        _by_account(orders),
        snapshots,
        load_conditions(
            tx, scope.entity.legal_entity_id, str(scope.period), account_ids, until_on, open_charges
        ),
        credit_movements.lots(tx, {row.payer_id for row in rows}),
        _families(parent_ids, rows, accounts),
        planned_in(tx, account_ids, until_on),
        _exchanges(tx, scope.entity.currency, on, renewing, open_charges),
        down_payments.waiting(tx, account_ids, on),
    )
    return page if scope.services is None else _of_services(page, scope.services)


def _exchanges(
    tx: Transaction,
    accounting: Currency,
    on: date,
    renewing: Mapping[AccountId, list[Renewing]],
    open_charges: Mapping[AccountId, list[Charge]],
) -> dict[Currency, Exchange]:
    """Return at which rate each other currency of the page is told in that of the seller's VAT accounts."""
    used = {each.currency for found in renewing.values() for each in found}
    used |= {each.currency for found in open_charges.values() for each in found}
    foreign = used - {accounting}
    return exchanges_in(tx, foreign, accounting, on) if foreign else {}


def exchanges_in(
    tx: Transaction, foreign: Set[Currency], accounting: Currency, on: date
) -> dict[Currency, Exchange]:
    """Return at which rate amounts in these currencies are told in another on a day, where it is known."""
    rates = exchange_rates.between(tx, on, on, foreign | {accounting})
    found = {currency: rates.exchange(currency, accounting, on) for currency in foreign}
    return {currency: each for currency, each in found.items() if each is not None}


def _of_services(page: Page, service_ids: frozenset[ServiceId]) -> Page:
    """Return what of the page is of these services; minimum spends wait for the whole month."""
    return replace(
        page,
        accounts=[replace(each, problems=()) for each in page.accounts],
        renewing={
            account_id: [each for each in renewing if each.service_id in service_ids]
            for account_id, renewing in page.renewing.items()
        },
        open_charges={
            account_id: [each for each in charges if each.service_id in service_ids]
            for account_id, charges in page.open_charges.items()
        },
        conditions={key: replace(each, minimums=()) for key, each in page.conditions.items()},
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
        Family(
            each.account_id,
            each.language,
            each.buyer_hash,
            names[each.account_id],
            each.cost_account,
            each.contract,
        )
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
    debitings: Debitings,
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
        debited = debitings.get(row.payer_id)
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
                row.cost_account,
                row.contract,
                debited[0] if debited else None,
                paid[0] if paid else None,
            )
        )
    return found, [copy for _, copy in (*printed.values(), *debitings.values())]


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

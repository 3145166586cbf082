"""A page of a bill run decided, purely: who is billed what, what is held, who is set aside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from acquit.actions.bank_days import is_bank_day
from acquit.actions.page_conditions import agreed_charges
from acquit.actions.page_credit import Uses, decide_uses
from acquit.actions.page_loading import Page, Scope
from acquit.core.bill import Draft
from acquit.core.bill_run import Hold, Outcome, Rules, decide
from acquit.core.charge import Charge, renewals
from acquit.core.condition import Conditions, with_plans
from acquit.core.identifiers import AccountId, PurchaseOrderId
from acquit.core.planned_change import Planned, Renewed, plans_taken
from acquit.core.planned_change import renewals as planned_renewals
from acquit.core.problem import Problem
from acquit.core.purchase_order import PurchaseOrder
from acquit.core.shared_bill import share
from acquit.core.terms import default_term
from acquit.documents.glyphs import missing_glyphs


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
        """Whether there was nothing to decide: no account has a draft, a hold, a problem, or carries."""
        return not any(each.drafts or each.holds or each.problems or each.carried for each in self.outcomes)

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


@lru_cache(maxsize=65_536)
def _missing_glyphs(text: str) -> frozenset[str]:
    return frozenset(missing_glyphs(text))


def rules_of(page: Page, scope: Scope) -> Rules:
    """Return what holds for all accounts of the page."""
    entity = scope.entity
    return Rules(
        scope.seller, scope.rates, default_term(entity), page.on, _missing_glyphs, entity.below_zero,
        entity.currency, page.exchanges, is_bank_day,
    )  # fmt: skip


def decide_page(page: Page, scope: Scope) -> Decided:
    """Decide account by account; each draws from the orders as those before have left them."""
    rules = rules_of(page, scope)
    orders = dict(page.orders)
    until_on = scope.period.last_on
    outcomes: list[Outcome] = []
    next_ons: list[tuple[AccountId, int, date]] = []
    renewed: list[tuple[Planned, Renewed]] = []
    for account in page.accounts:
        account_id = account.account_id
        charges, moves, taking = _charges(page, account_id, until_on)
        if account_id in page.conditions:
            charges = _agreed(page, account_id, charges, until_on)
        own = [orders[order_id] for order_id in page.orders_of.get(account_id, ())]
        outcome, left = decide(account, charges, own, rules, page.down_payments.get(account_id, ()))
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

    def paid_for() -> list[tuple[Conditions | None, list[Charge]]]:
        members = [each.account_id for each in page.accounts if each.payer_id == account_id]
        return [(_conditions(page, each, until_on), _charges(page, each, until_on)[0]) for each in members]

    conditions = _conditions(page, account_id, until_on)
    return charges if conditions is None else agreed_charges(conditions, charges, paid_for, until_on)


def _conditions(page: Page, account_id: AccountId, until_on: date) -> Conditions | None:
    """Return the account's conditions, knowing the plans that its renewals of the page bring."""
    known = page.conditions.get(account_id)
    if known is None or account_id not in page.planned:
        return known
    _, _, taking = _charges(page, account_id, until_on)
    return with_plans(known, plans_taken(taking))


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

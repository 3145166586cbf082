"""What selling and changing services have in common: the plans of a day, and what promotions are left."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from acquit.core.catalogue import NoSuchPlan, Plan, PlanRetired
from acquit.core.identifiers import AccountId, CatalogueId, LegalEntityId
from acquit.core.money import Currency
from acquit.core.subscription import ForeignCurrency
from acquit.store import catalogues, promotions
from acquit.store.transaction import Transaction


class Purchaser(Protocol):
    """Whom a seller shows prices: an account, or somebody who looks at a cart."""

    @property
    def account_id(self) -> AccountId:
        """The account; empty for somebody without one."""

    @property
    def legal_entity_id(self) -> LegalEntityId:
        """The seller."""

    @property
    def currency(self) -> Currency:
        """The currency of the prices."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A plan of the catalogue version that is in force on a day."""

    catalogue_id: CatalogueId
    plan: Plan


def offered_in(tx: Transaction, account: Purchaser, plan_code: str, on: date) -> Offered:
    """Return the plan as the account may buy it on a day, in its currency.

    Raises PlanRetired when only an older version sold it, ForeignCurrency when it is sold in another
    currency, NoSuchPlan when it never was sold.
    """
    seller = account.legal_entity_id
    catalogue_id = catalogues.selling(tx, seller, account.currency, plan_code, on)
    if catalogue_id is not None:
        return Offered(catalogue_id, catalogues.plans(tx, catalogue_id, [plan_code])[plan_code])
    ever = catalogues.ever_sold(tx, seller, plan_code)
    dates = ever.get(account.currency)
    if dates is not None and dates[0] <= on:
        raise PlanRetired(
            f"{plan_code} is not sold any more on {on}: the last version that has it is from {dates[1]}. "
            "Services keep it; new ones take another plan. See: acquit catalog show",
            plan=plan_code,
        )
    if ever and dates is None:
        raise ForeignCurrency(
            f"Account {account.account_id} is billed in {account.currency}; {seller} sells {plan_code} in "
            f"{' and '.join(ever)}.",
            account=account.account_id,
        )
    raise NoSuchPlan(
        f"No catalogue of {seller} sells {plan_code} on {on}. See: acquit catalog show", plan=plan_code
    )


def left_in(
    tx: Transaction, account: Purchaser, plans: Mapping[str, Plan], on: date
) -> dict[tuple[str, str], int]:
    """Return how many units the account may still have of each limited promotion, and hold those."""
    running = {
        (plan.plan_code, promotion.name): promotion
        for plan in plans.values()
        for pricing in plan.pricings
        for promotion in pricing.promotions
        if promotion.runs(on) and (promotion.account_max is not None or promotion.overall_max is not None)
    }
    if not running:
        return {}
    names = [name for _, name in running]
    promotions.hold(tx, account.legal_entity_id, names)
    codes = [plan_code for plan_code, _ in running]
    used = promotions.used(tx, account.legal_entity_id, account.account_id, codes, names)
    left = {}
    for key, promotion in running.items():
        by_account, by_all = used.get(key, (0, 0))
        bounds = ((promotion.account_max, by_account), (promotion.overall_max, by_all))
        left[key] = max(0, min(most - taken for most, taken in bounds if most is not None))
    return left

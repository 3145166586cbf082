"""Savings plans: what sellers offer, what accounts hold, and what was said about each."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final, LiteralString

from acquit.core.identifiers import AccountId, LegalEntityId, ServiceId
from acquit.core.money import Currency
from acquit.core.savings_plan import PeriodEnd, PlanChange, SavingsOffer, SavingsPlan
from acquit.store.transaction import Transaction

OFFERS: Final[LiteralString] = """
    SELECT offer, meter, flavor, product, months, per_day_e4, price_ucents, currency, deployment, from_on,
           until_on
      FROM savings_offer
     WHERE legal_entity_id = %(legal_entity_id)s
     ORDER BY offer
"""

ADD_OFFER: Final[LiteralString] = """
    INSERT INTO savings_offer (legal_entity_id, offer, meter, flavor, product, months, per_day_e4,
           price_ucents, currency, deployment, from_on, until_on, imported_by)
    VALUES (%(legal_entity_id)s, %(offer)s, %(meter)s, %(flavor)s, %(product)s, %(months)s, %(per_day_e4)s,
           %(price_ucents)s, %(currency)s, %(deployment)s, %(from_on)s, %(until_on)s, %(by)s)
"""

ANY: Final[LiteralString] = """
    SELECT EXISTS (SELECT FROM savings_plan WHERE legal_entity_id = %(legal_entity_id)s) AS has_plans
"""

_PLANS: Final[LiteralString] = """
    SELECT p.account_id, p.savings_plan_id::text AS plan_id, p.service_id, p.starts_on, o.offer, o.meter,
           o.flavor, o.product, o.months, o.per_day_e4, o.price_ucents, o.currency, o.deployment, o.from_on,
           o.until_on, s.terminated_on
      FROM savings_plan p
      JOIN savings_offer o ON o.legal_entity_id = p.legal_entity_id AND o.offer = p.offer
      JOIN service s ON s.account_id = p.account_id AND s.service_id = p.service_id
"""

OF_ACCOUNTS: Final[LiteralString] = (
    _PLANS
    + """
     WHERE p.account_id = ANY(%(account_ids)s)
     ORDER BY p.account_id, p.starts_on, p.savings_plan_id
"""
)

OF_SELLER: Final[LiteralString] = (
    _PLANS
    + """
     WHERE p.legal_entity_id = %(legal_entity_id)s
     ORDER BY p.account_id, p.starts_on, p.savings_plan_id
"""
)

CHANGES: Final[LiteralString] = """
    SELECT account_id, savings_plan_id::text AS plan_id, from_on, name, size, period_end, is_cancelled
      FROM savings_plan_change
     WHERE account_id = ANY(%(account_ids)s)
     ORDER BY account_id, savings_plan_id, change_no
"""

ADD: Final[LiteralString] = """
    INSERT INTO savings_plan (account_id, service_id, legal_entity_id, offer, starts_on, subscribed_by)
    VALUES (%(account_id)s, %(service_id)s, %(legal_entity_id)s, %(offer)s, %(starts_on)s, %(by)s)
    RETURNING savings_plan_id::text AS plan_id
"""

CHANGE: Final[LiteralString] = """
    INSERT INTO savings_plan_change (account_id, savings_plan_id, change_no, from_on, name, size, period_end,
           is_cancelled, changed_by)
    SELECT %(account_id)s, %(plan_id)s::uuid, count(*) + 1, %(from_on)s, %(name)s, %(size)s, %(period_end)s,
           %(is_cancelled)s, %(by)s
      FROM savings_plan_change
     WHERE account_id = %(account_id)s AND savings_plan_id = %(plan_id)s::uuid
"""


def offers(tx: Transaction, legal_entity_id: LegalEntityId) -> list[SavingsOffer]:
    """Return every plan that the seller offers, offered or will offer, by its code."""
    return [_offer(row) for row in tx.all(OFFERS, legal_entity_id=legal_entity_id)]


def add_offers(
    tx: Transaction, legal_entity_id: LegalEntityId, added: Sequence[SavingsOffer], by: str
) -> None:
    """Write new offers."""
    for each in added:
        tx.run(
            ADD_OFFER, legal_entity_id=legal_entity_id, offer=each.offer, meter=each.meter,
            flavor=each.flavor, product=each.product, months=each.months, per_day_e4=each.per_day_e4,
            price_ucents=each.price_ucents, currency=each.currency, deployment=each.deployment,
            from_on=each.from_on, until_on=each.until_on, by=by,
        )  # fmt: skip


def any_of(tx: Transaction, legal_entity_id: LegalEntityId) -> bool:
    """Return whether an account of the seller ever held a plan."""
    return bool(tx.one(ANY, legal_entity_id=legal_entity_id).has_plans)


def of_accounts(tx: Transaction, account_ids: Iterable[AccountId]) -> list[SavingsPlan]:
    """Return the plans of accounts, by account and first day."""
    ids = list(dict.fromkeys(account_ids))
    return _plans(tx, tx.all(OF_ACCOUNTS, account_ids=ids))


def of_service(tx: Transaction, account_id: AccountId, service_id: ServiceId) -> list[SavingsPlan]:
    """Return the plans of a service, by first day."""
    return [each for each in of_accounts(tx, [account_id]) if each.service_id == service_id]


def of_seller(tx: Transaction, legal_entity_id: LegalEntityId) -> list[SavingsPlan]:
    """Return the plans of all accounts of the seller."""
    return _plans(tx, tx.all(OF_SELLER, legal_entity_id=legal_entity_id))


def add(
    tx: Transaction,
    account_id: AccountId,
    service_id: ServiceId,
    legal_entity_id: LegalEntityId,
    offer: str,
    starts_on: date,
    by: str,
) -> str:
    """Write that the account holds a plan, and return its id."""
    made = tx.one(
        ADD, account_id=account_id, service_id=service_id, legal_entity_id=legal_entity_id, offer=offer,
        starts_on=starts_on, by=by,
    )  # fmt: skip
    return str(made.plan_id)


def change(tx: Transaction, account_id: AccountId, plan_id: str, told: PlanChange, by: str) -> None:
    """Write what holds of a plan from a day on; its service is held."""
    tx.run(
        CHANGE, account_id=account_id, plan_id=plan_id, from_on=told.from_on, name=told.name, size=told.size,
        period_end=told.period_end and told.period_end.value, is_cancelled=told.is_cancelled, by=by,
    )  # fmt: skip


def _plans(tx: Transaction, rows: Sequence[Any]) -> list[SavingsPlan]:
    told: dict[tuple[str, str], list[PlanChange]] = defaultdict(list)
    ids = sorted({row.account_id for row in rows})
    for row in tx.all(CHANGES, account_ids=ids) if ids else ():
        ends = None if row.period_end is None else PeriodEnd(row.period_end)
        change = PlanChange(row.from_on, row.name, row.size, ends, row.is_cancelled)
        told[row.account_id, row.plan_id].append(change)
    return [
        SavingsPlan(
            AccountId(row.account_id), row.plan_id, ServiceId(row.service_id), _offer(row), row.starts_on,
            tuple(told[row.account_id, row.plan_id]), row.terminated_on,
        )
        for row in rows
    ]  # fmt: skip


def _offer(row: Any) -> SavingsOffer:
    return SavingsOffer(
        row.offer, row.meter, row.flavor, row.product, row.months, row.per_day_e4, row.price_ucents,
        Currency(row.currency), row.deployment, row.from_on, row.until_on,
    )  # fmt: skip

"""What conditions do to the charges of a page: found in one query, loaded only for who has one."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import TypeVar

from acquit.core.charge import Charge
from acquit.core.condition import Conditions, with_discounts, with_minimums
from acquit.core.discount import Discount
from acquit.core.identifiers import AccountId, LegalEntityId, ServiceId
from acquit.core.let_off import Line, given_back_from, gives_back
from acquit.core.minimum_spend import LOOKED_BACK_DAYS, MinimumSpend
from acquit.store import conditions
from acquit.store.transaction import Transaction

Agreed = TypeVar("Agreed", Discount, MinimumSpend)

SINCE_DAYS = 2 * LOOKED_BACK_DAYS
"""What is loaded of the past: an interval of a year that was over a year ago."""


def load_conditions(
    tx: Transaction,
    legal_entity_id: LegalEntityId,
    period: str,
    account_ids: Iterable[AccountId],
    until_on: date,
    open_charges: Mapping[AccountId, Sequence[Charge]],
) -> dict[AccountId, Conditions]:
    """Return the conditions of those accounts that have one."""
    holders = conditions.holders(tx, account_ids)
    if not holders:
        return {}
    discounts = _by_account(conditions.discounts(tx, holders))
    minimums = _by_account(conditions.minimums(tx, holders))
    plans, days = conditions.plans(tx, holders), conditions.plan_days(tx, holders)
    given = conditions.given_minor(tx, legal_entity_id, period, holders)
    counted = conditions.counted(tx, holders, until_on - timedelta(days=SINCE_DAYS))
    settled = conditions.settled(tx, holders)
    billed = _billed(tx, {each: open_charges.get(each, ()) for each in holders if each in discounts})
    return {
        account_id: Conditions(
            tuple(discounts.get(account_id, ())),
            tuple(minimums.get(account_id, ())),
            plans.get(account_id, {}),
            given.get(account_id, {}),
            counted.get(account_id, {}),
            settled.get(account_id, {}),
            days.get(account_id, {}),
            tuple(billed.get(account_id, ())),
        )
        for account_id in holders
    }


def _billed(tx: Transaction, charges: Mapping[AccountId, Sequence[Charge]]) -> dict[AccountId, list[Line]]:
    """Return the lines that tell what was let off of what comes back; a page without any asks nothing."""
    since: dict[tuple[AccountId, ServiceId], date] = {}
    for account_id, mine in charges.items():
        for each in filter(gives_back, mine):
            key = account_id, each.service_id
            since[key] = min(since.get(key, date.max), given_back_from(each))
    return conditions.billed_lines(tx, since) if since else {}


def _by_account(found: Iterable[Agreed]) -> dict[AccountId, list[Agreed]]:
    grouped: dict[AccountId, list[Agreed]] = {}
    for each in found:
        grouped.setdefault(each.account_id, []).append(each)
    return grouped


def agreed_charges(
    conditions: Conditions,
    charges: Sequence[Charge],
    paid_for: Callable[[], Iterable[tuple[Conditions | None, Sequence[Charge]]]],
    until_on: date,
) -> list[Charge]:
    """Return an account's charges as its conditions make them.

    `paid_for` is asked for the charges of all that the account pays for, with the conditions of each, when a
    minimum counts these.
    """
    own = with_discounts(conditions, charges)
    if not conditions.minimums:
        return own
    families = any(minimum.whose == "payer" for minimum in conditions.minimums)
    family = [charge for each in paid_for() for charge in _discounted(*each)] if families else []
    return with_minimums(conditions, own, family, until_on)


def _discounted(conditions: Conditions | None, charges: Sequence[Charge]) -> Sequence[Charge]:
    return charges if conditions is None else with_discounts(conditions, charges)

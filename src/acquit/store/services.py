"""Services of accounts."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final, LiteralString

from acquit.core.charge import Charge
from acquit.core.identifiers import AccountId, BillingGroupId, CatalogueId, ServiceId
from acquit.core.money import Currency
from acquit.core.service import Renewal, Service, State
from acquit.store.transaction import Transaction

SELECTED: Final[LiteralString] = """
    SELECT account_id, service_id, parent_service_id, resource_name, display_name, route, catalogue_id,
           plan_code, pricing_mode, description, quantity_e4, unit_price_ucents, currency, renewal_months,
           anniversary_day, started_on, next_renewal_on, engaged_until_on, renew_automatic, renew_forced,
           delete_at_expiration, billing_group_id, state, terminated_on
      FROM service
"""

FIND: Final[LiteralString] = (
    SELECTED
    + """
     WHERE account_id = %(account_id)s AND service_id = %(service_id)s
"""
)

SEVERAL: Final[LiteralString] = (
    SELECTED
    + """
     WHERE account_id = %(account_id)s AND service_id = ANY(%(service_ids)s)
     ORDER BY service_id
"""
)

OF_ACCOUNTS: Final[LiteralString] = (
    SELECTED
    + """
      JOIN unnest(%(account_ids)s::text[], %(service_ids)s::bigint[]) AS wanted(account_id, service_id)
     USING (account_id, service_id)
     ORDER BY account_id, service_id
"""
)

BY_NAME: Final[LiteralString] = (
    SELECTED
    + """
     WHERE account_id = %(account_id)s AND resource_name = %(resource_name)s
     ORDER BY parent_service_id IS NOT NULL, state = 'terminated', service_id
     LIMIT 1
"""
)

OF_ACCOUNT: Final[LiteralString] = (
    SELECTED
    + """
     WHERE account_id = %(account_id)s
     ORDER BY service_id
"""
)

PAGE: Final[LiteralString] = (
    SELECTED
    + """
     WHERE account_id = %(account_id)s AND service_id > %(after_id)s
     ORDER BY service_id
     LIMIT %(rows_max)s
"""
)

ANY_FORCED: Final[LiteralString] = """
    SELECT EXISTS (SELECT FROM service WHERE account_id = %(account_id)s AND renew_forced) AS forced
"""

OPTIONS_OF: Final[LiteralString] = (
    SELECTED
    + """
     WHERE account_id = %(account_id)s AND parent_service_id = %(service_id)s
     ORDER BY service_id
"""
)

NEXT_IDS: Final[LiteralString] = """
    SELECT nextval('service_id') AS service_id FROM generate_series(1, %(count)s::bigint)
"""

LOCK: Final[LiteralString] = """
    SELECT service_id
      FROM service
     WHERE account_id = %(account_id)s AND service_id = %(service_id)s
       FOR UPDATE
"""

SET_RENEWAL: Final[LiteralString] = """
    UPDATE service
       SET renew_automatic = %(automatic)s, renew_forced = %(forced)s,
           delete_at_expiration = %(delete_at_expiration)s
     WHERE account_id = %(account_id)s AND service_id = %(service_id)s
"""

SET_END: Final[LiteralString] = """
    UPDATE service
       SET state = %(state)s, terminated_on = %(terminated_on)s
     WHERE account_id = %(account_id)s AND service_id = %(service_id)s
"""

SET_TERMS: Final[LiteralString] = """
    UPDATE service s
       SET catalogue_id = n.catalogue_id, plan_code = n.plan_code, pricing_mode = n.pricing_mode,
           description = n.description, quantity_e4 = n.quantity_e4, unit_price_ucents = n.unit_price_ucents,
           renewal_months = n.renewal_months, anniversary_day = n.anniversary_day,
           next_renewal_on = n.next_renewal_on, engaged_until_on = n.engaged_until_on, state = n.state,
           terminated_on = n.terminated_on
      FROM unnest(%(account_id)s::text[], %(service_id)s::bigint[], %(catalogue_id)s::bigint[],
                  %(plan_code)s::text[], %(pricing_mode)s::text[], %(description)s::text[],
                  %(quantity_e4)s::bigint[], %(unit_price_ucents)s::bigint[], %(renewal_months)s::integer[],
                  %(anniversary_day)s::integer[], %(next_renewal_on)s::date[], %(engaged_until_on)s::date[],
                  %(state)s::text[], %(terminated_on)s::date[])
           AS n(account_id, service_id, catalogue_id, plan_code, pricing_mode, description, quantity_e4,
                unit_price_ucents, renewal_months, anniversary_day, next_renewal_on, engaged_until_on, state,
                terminated_on)
     WHERE s.account_id = n.account_id AND s.service_id = n.service_id
"""

SET_DISPLAY_NAME: Final[LiteralString] = """
    UPDATE service
       SET display_name = %(display_name)s
     WHERE account_id = %(account_id)s AND service_id = %(service_id)s
"""

SET_ALONE: Final[LiteralString] = """
    UPDATE service
       SET parent_service_id = NULL, resource_name = %(resource_name)s, display_name = %(display_name)s,
           route = %(route)s
     WHERE account_id = %(account_id)s AND service_id = %(service_id)s
"""

TYPED: Final = {
    "account_id": "text", "service_id": "int8", "parent_service_id": "int8", "resource_name": "text",
    "display_name": "text", "route": "text", "catalogue_id": "int8", "plan_code": "text",
    "pricing_mode": "text", "description": "text", "quantity_e4": "int8", "unit_price_ucents": "int8",
    "currency": "text", "renewal_months": "int4", "anniversary_day": "int4", "started_on": "date",
    "next_renewal_on": "date", "engaged_until_on": "date", "renew_automatic": "bool", "renew_forced": "bool",
    "delete_at_expiration": "bool", "billing_group_id": "int8", "state": "text", "terminated_on": "date",
}  # fmt: skip


def find(tx: Transaction, account_id: AccountId, service_id: ServiceId) -> Service | None:
    """Return the account's service, or None."""
    row = tx.one_or_none(FIND, account_id=account_id, service_id=service_id)
    return None if row is None else _service(row)


def find_several(tx: Transaction, account_id: AccountId, service_ids: Sequence[int]) -> list[Service]:
    """Return those of the services that are the account's, in the order of their ids."""
    rows = tx.all(SEVERAL, account_id=account_id, service_ids=list(service_ids))
    return [_service(row) for row in rows]


def of_accounts(tx: Transaction, keys: Sequence[tuple[AccountId, ServiceId]]) -> list[Service]:
    """Return services of several accounts, by account and id."""
    account_ids, service_ids = [account_id for account_id, _ in keys], [service_id for _, service_id in keys]
    return [_service(row) for row in tx.all(OF_ACCOUNTS, account_ids=account_ids, service_ids=service_ids)]


def named(tx: Transaction, account_id: AccountId, resource_name: str) -> Service | None:
    """Return the account's service of that resource (no option; one that runs goes first), or None."""
    row = tx.one_or_none(BY_NAME, account_id=account_id, resource_name=resource_name)
    return None if row is None else _service(row)


def of_account(tx: Transaction, account_id: AccountId) -> list[Service]:
    """Return the account's services and options, in the order in which they were subscribed."""
    return [_service(row) for row in tx.all(OF_ACCOUNT, account_id=account_id)]


def page(tx: Transaction, account_id: AccountId, after_id: int, rows_max: int) -> list[Service]:
    """Return services and options of the account as they were subscribed, those after one."""
    rows = tx.all(PAGE, account_id=account_id, after_id=after_id, rows_max=rows_max)
    return [_service(row) for row in rows]


def any_forced(tx: Transaction, account_id: AccountId) -> bool:
    """Return whether a service of the account renews without anybody's say."""
    return bool(tx.one(ANY_FORCED, account_id=account_id).forced)


def options_of(tx: Transaction, account_id: AccountId, service_id: ServiceId) -> list[Service]:
    """Return the options of a service."""
    return [_service(row) for row in tx.all(OPTIONS_OF, account_id=account_id, service_id=service_id)]


def next_ids(tx: Transaction, count: int) -> list[ServiceId]:
    """Take that many new service ids."""
    return [ServiceId(row.service_id) for row in tx.all(NEXT_IDS, count=count)]


def lock(tx: Transaction, account_id: AccountId, service_id: ServiceId) -> None:
    """Hold the service until the transaction ends, so that two changes follow each other."""
    tx.all(LOCK, account_id=account_id, service_id=service_id)


def insert(tx: Transaction, services: Iterable[Service]) -> int:
    """Write new services by COPY and return how many."""
    return tx.copy("service", tuple(TYPED), map(_row, services), tuple(TYPED.values()))


def insert_charges(
    tx: Transaction, account_id: AccountId, charges: Iterable[Charge], accepted_on: date | None = None
) -> int:
    """Write charges, accepted on the first day of their period unless told otherwise; return how many."""
    return tx.copy(
        "charge",
        ("account_id", "service_id", "kind", "part", "period_start", "period_end", "description", "domain",
         "quantity_e4", "unit_price_ucents", "currency", "category", "accepted_on"),
        (
            (account_id, each.service_id, each.kind, each.part, each.period_start, each.period_end,
             each.description, each.domain, each.quantity_e4, each.unit_price_ucents, each.currency,
             each.category, accepted_on or each.period_start)
            for each in charges
        ),
    )  # fmt: skip


def set_renewal(tx: Transaction, service: Service) -> None:
    """Write how the service renews."""
    tx.run(
        SET_RENEWAL,
        account_id=service.account_id,
        service_id=service.service_id,
        automatic=service.renewal.automatic,
        forced=service.renewal.forced,
        delete_at_expiration=service.renewal.delete_at_expiration,
    )


def set_end(tx: Transaction, service: Service) -> None:
    """Write the service's state and its last day."""
    tx.run(
        SET_END,
        account_id=service.account_id,
        service_id=service.service_id,
        state=service.state.value,
        terminated_on=service.terminated_on,
    )


def set_terms(tx: Transaction, changed: Sequence[Service]) -> None:
    """Write what the services are and cost now, when they renew next, how long they last."""
    if not changed:
        return
    tx.run(
        SET_TERMS,
        account_id=[each.account_id for each in changed],
        service_id=[each.service_id for each in changed],
        catalogue_id=[each.catalogue_id for each in changed],
        plan_code=[each.plan_code for each in changed],
        pricing_mode=[each.pricing_mode for each in changed],
        description=[each.description for each in changed],
        quantity_e4=[each.quantity_e4 for each in changed],
        unit_price_ucents=[each.unit_price_ucents for each in changed],
        renewal_months=[each.renewal_months for each in changed],
        anniversary_day=[each.anniversary_day for each in changed],
        next_renewal_on=[each.next_renewal_on for each in changed],
        engaged_until_on=[each.engaged_until_on for each in changed],
        state=[each.state.value for each in changed],
        terminated_on=[each.terminated_on for each in changed],
    )


def set_display_name(tx: Transaction, service: Service) -> None:
    """Write the name that the account gave to the service."""
    tx.run(
        SET_DISPLAY_NAME,
        account_id=service.account_id,
        service_id=service.service_id,
        display_name=service.display_name,
    )


def set_alone(tx: Transaction, service: Service) -> None:
    """Write that an option is a service of its own from now on, under its own name."""
    tx.run(
        SET_ALONE,
        account_id=service.account_id,
        service_id=service.service_id,
        resource_name=service.resource_name,
        display_name=service.display_name,
        route=service.route,
    )


def _row(service: Service) -> Sequence[object]:
    renewal = service.renewal
    return (
        service.account_id, service.service_id, service.parent_service_id, service.resource_name,
        service.display_name, service.route, service.catalogue_id,
        service.plan_code, service.pricing_mode, service.description, service.quantity_e4,
        service.unit_price_ucents, service.currency, service.renewal_months,
        service.anniversary_day, service.started_on, service.next_renewal_on, service.engaged_until_on,
        renewal.automatic, renewal.forced,
        renewal.delete_at_expiration, service.billing_group_id, service.state.value, service.terminated_on,
    )  # fmt: skip


def _service(row: Any) -> Service:
    on: date | None = row.terminated_on
    return Service(
        account_id=AccountId(row.account_id),
        service_id=ServiceId(row.service_id),
        resource_name=row.resource_name,
        display_name=row.display_name,
        route=row.route,
        catalogue_id=CatalogueId(row.catalogue_id),
        plan_code=row.plan_code,
        pricing_mode=row.pricing_mode,
        description=row.description,
        quantity_e4=row.quantity_e4,
        unit_price_ucents=row.unit_price_ucents,
        currency=Currency(row.currency),
        renewal_months=row.renewal_months,
        anniversary_day=row.anniversary_day,
        started_on=row.started_on,
        next_renewal_on=row.next_renewal_on,
        engaged_until_on=row.engaged_until_on,
        renewal=Renewal(row.renew_automatic, row.renew_forced, row.delete_at_expiration),
        parent_service_id=None if row.parent_service_id is None else ServiceId(row.parent_service_id),
        billing_group_id=None if row.billing_group_id is None else BillingGroupId(row.billing_group_id),
        state=State(row.state),
        terminated_on=on,
    )

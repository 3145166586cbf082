"""List what sales should look at: lost conditions, limits, orders running out, prices, what waits."""

from acquit.actions.context import Context
from acquit.actions.loading import account_in, applicant_in, date_of, today_of
from acquit.core.identifiers import AccountId
from acquit.core.notice import Notice, of_carried, of_grant, of_lines, of_order, of_price
from acquit.core.terms import grant_on
from acquit.store import (
    carried_charges,
    legal_entities,
    planned_changes,
    purchase_orders,
    services,
    terms,
)
from acquit.store.transaction import Transaction


def list_notices(context: Context) -> list[Notice]:
    """Return the notices of all accounts: terms, purchase orders and their lines, prices, what is carried."""
    with context.database.read() as tx:
        orders = purchase_orders.with_maximum(tx)
        owners = {order.account_id for order in orders}
        return [
            *(
                notice
                for account_id in terms.granted_accounts(tx)
                for notice in _terms(context, tx, account_id)
            ),
            *(notice for account_id in sorted(owners) for notice in _orders(context, tx, account_id)),
            *(
                notice
                for account_id in planned_changes.accounts_with_prices(tx)
                for notice in _prices(tx, account_id)
            ),
            *_carried(context, tx),
        ]


def notices_of(context: Context, account_id: AccountId) -> list[Notice]:
    """Return the notices of one account, with the prices that were announced to it. Raises NoSuchAccount."""
    with context.database.read() as tx:
        account_in(tx, account_id)
        return [
            *_terms(context, tx, account_id),
            *_orders(context, tx, account_id),
            *_prices(tx, account_id),
        ]


def prices_of(context: Context, account_id: AccountId) -> list[Notice]:
    """Return the prices that were announced to the account and that no renewal has taken yet."""
    with context.database.read() as tx:
        return _prices(tx, account_id)


def _prices(tx: Transaction, account_id: AccountId) -> list[Notice]:
    waiting = planned_changes.prices_of_account(tx, account_id)
    found = services.find_several(tx, account_id, [each.service_id for each in waiting])
    by_id = {each.service_id: each for each in found}
    return [of_price(change, by_id[change.service_id]) for change in waiting]


def _carried(context: Context, tx: Transaction) -> list[Notice]:
    found: list[Notice] = []
    for entity in legal_entities.every(tx):
        today = date_of(context, entity)
        for each in carried_charges.carried(tx, entity.legal_entity_id, today):
            found += of_carried(
                each.account_id, each.currency, each.net_minor, each.since_on, today, entity.below_zero
            )
    return found


def _terms(context: Context, tx: Transaction, account_id: AccountId) -> list[Notice]:
    account = account_in(tx, account_id)
    today = today_of(context, tx, account)
    grant = grant_on(terms.of_account(tx, account_id), today)
    if grant is None:
        return []
    return of_grant(grant, applicant_in(tx, account), terms.credit_left_on(tx, account_id, today))


def _orders(context: Context, tx: Transaction, account_id: AccountId) -> list[Notice]:
    today = today_of(context, tx, account_in(tx, account_id))
    held = [order for order in purchase_orders.of_account(tx, account_id) if order.active]
    found: list[Notice] = []
    for order in held:
        if order.amount_max_minor is not None:
            draws = purchase_orders.draws(tx, account_id, order.purchase_order_id)
            found += of_order(order, draws, today)
        found += of_lines(order, today)
    return found

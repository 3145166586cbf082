"""Subscribe a plan of the catalogue for an account."""

from dataclasses import dataclass

from acquit.actions.context import Context
from acquit.actions.set_purchase_order import NoSuchBillingGroup
from acquit.core.account import Account, AccountState, NoSuchAccount
from acquit.core.catalogue import NoSuchPlan
from acquit.core.charge import Charge
from acquit.core.identifiers import AccountId, CatalogueId
from acquit.core.service import Service, State
from acquit.core.subscription import (
    Buying,
    ForeignCurrency,
    ResourceTaken,
    Wish,
    codes,
    first_net_minor,
    installations,
    parts,
    refuse_bad_wish,
    services,
)
from acquit.core.terms import AccountNotOpen, refuse_over_credit
from acquit.store import accounts, acts, catalogues, purchase_orders, terms
from acquit.store import services as stored
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Subscription:
    """The service, its add-ons and further tiers, and what is charged once for them."""

    service: Service
    options: tuple[Service, ...]
    charges: tuple[Charge, ...]


def subscribe_service(context: Context, account_id: AccountId, wish: Wish, *, by: str) -> Subscription:
    """The account has the service from `wish.starts_on` on; the next bill run bills its first period.

    Where a grant of the payer makes renewal permanent, the service renews permanently.

    Raises:
        BadWish, NoSuchBillingGroup: the wish cannot be billed as it is.
        NoSuchAccount, AccountNotOpen: nobody there may subscribe.
        NoSuchPlan, NotSoldAlone, OptionRefused, NotPriced, NotRenewable, ForeignCurrency: the catalogue that
            is in force on the first day does not sell this.
        ResourceTaken: the account has a running service of that name.
        CreditLimitExceeded: the payer's open debts and this order are more than sales allowed.
    """
    refuse_bad_wish(wish)
    with context.database.write() as tx:
        account = _open_account(tx, account_id)
        _refuse_strange_group(tx, account, wish)
        found = _subscription(tx, account, wish)
        _refuse_over_credit(tx, account, wish, found)
        stored.insert(tx, (found.service, *found.options))
        stored.insert_charges(tx, account_id, found.charges)
        subject = f"service:{found.service.service_id}"
        acts.record(tx, by, "subscribe_service", account_id, subject, plan=wish.plan_code)
    return found


def _open_account(tx: Transaction, account_id: AccountId) -> Account:
    account = accounts.find(tx, account_id)
    if account is None:
        raise NoSuchAccount(account_id)
    if account.state in (AccountState.SUSPENDED, AccountState.CLOSED):
        raise AccountNotOpen(
            f"Account {account_id} is {account.state}: it subscribes nothing.", account=account_id
        )
    return account


def _subscription(tx: Transaction, account: Account, wish: Wish) -> Subscription:
    catalogue_id = catalogues.selling(tx, account.legal_entity_id, wish.plan_code, wish.starts_on)
    if catalogue_id is None:
        raise NoSuchPlan(
            f"No catalogue of {account.legal_entity_id} sells {wish.plan_code} on {wish.starts_on}. "
            "See: acquit catalog show",
            plan=wish.plan_code,
        )
    plan = catalogues.plans(tx, catalogue_id, [wish.plan_code])[wish.plan_code]
    of_parts = parts(catalogues.plans(tx, catalogue_id, codes(plan, wish)), wish)
    _refuse_currency(tx, account, catalogue_id)
    _refuse_taken(tx, account, wish)
    buying = Buying(
        account.account_id, catalogue_id, account.currency, terms.renews_permanently(tx, account.account_id)
    )
    head, *others = services(buying, wish, of_parts, stored.next_ids(tx, len(of_parts)))
    return Subscription(head, tuple(others), installations(of_parts, (head, *others)))


def _refuse_currency(tx: Transaction, account: Account, catalogue_id: CatalogueId) -> None:
    version = catalogues.find(tx, catalogue_id)
    assert version is not None, "a catalogue that sells is there"
    if version.currency != account.currency:
        raise ForeignCurrency(
            f"Account {account.account_id} is billed in {account.currency}; "
            f"the catalogue is in {version.currency}.",
            account=account.account_id,
        )


def _refuse_strange_group(tx: Transaction, account: Account, wish: Wish) -> None:
    group = wish.billing_group_id
    if group is not None and not purchase_orders.has_group(tx, account.account_id, group):
        raise NoSuchBillingGroup(f"Account {account.account_id} has no billing group {group}.")


def _refuse_taken(tx: Transaction, account: Account, wish: Wish) -> None:
    there = stored.named(tx, account.account_id, wish.resource_name) if wish.resource_name else None
    if there is not None and there.state is not State.TERMINATED:
        raise ResourceTaken(
            f"Account {account.account_id} already has a service {wish.resource_name}: choose another name.",
            service=wish.resource_name,
        )


def _refuse_over_credit(tx: Transaction, account: Account, wish: Wish, found: Subscription) -> None:
    left_minor = terms.credit_left_on(tx, account.payer_id, wish.starts_on)
    adding_minor = first_net_minor((found.service, *found.options), found.charges)
    refuse_over_credit(account.payer_id, left_minor, adding_minor)

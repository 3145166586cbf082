"""Subscribe a plan of the catalogue for an account."""

from dataclasses import dataclass, replace

from acquit.actions.context import Context
from acquit.actions.selling import left_in, offered_in
from acquit.core.account import Account, AccountState, NoSuchAccount
from acquit.core.agreement import Agreement
from acquit.core.billing_group import NoSuchBillingGroup
from acquit.core.charge import Charge
from acquit.core.identifiers import AccountId, ServiceId
from acquit.core.planned_change import PlannedChange
from acquit.core.printed_text import refuse_texts
from acquit.core.service import Service, State
from acquit.core.subscription import (
    Buying,
    ResourceTaken,
    Wish,
    codes,
    first_net_minor,
    installations,
    parts,
    planned,
    promotions_used,
    refuse_bad_wish,
    services,
    sold_as,
)
from acquit.core.terms import AccountNotOpen, refuse_over_credit
from acquit.documents.glyphs import missing_glyphs
from acquit.store import (
    accounts,
    acts,
    agreements,
    catalogues,
    planned_changes,
    promotions,
    purchase_orders,
    renewal_days,
    terms,
)
from acquit.store import services as stored
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Subscription:
    """The service, its add-ons and further tiers, and what is charged once for them.

    `agreed` and `planned` are what was agreed for each and what its renewals will change; `used` counts units
    by service, plan code and promotion.
    """

    service: Service
    options: tuple[Service, ...]
    charges: tuple[Charge, ...]
    agreed: tuple[Agreement, ...]
    planned: tuple[PlannedChange, ...]
    used: dict[tuple[ServiceId, str, str], int]

    @property
    def services(self) -> tuple[Service, ...]:
        """The service and all that belongs to it."""
        return self.service, *self.options


def subscribe_service(context: Context, account_id: AccountId, wish: Wish, *, by: str) -> Subscription:
    """The account has the service from `wish.starts_on` on; the next bill run bills its first period.

    Where a grant of the payer makes renewal permanent, the service renews permanently. Promotions that run on
    the first day are applied as far as they go.

    Raises:
        BadWish, NoSuchBillingGroup: the wish cannot be billed as it is.
        NoSuchAccount, AccountNotOpen: nobody there may subscribe.
        NoSuchPlan, PlanRetired, NotSoldAlone, OptionRefused, NotPriced, NotRenewable, ForeignCurrency: the
            catalogue that is in force on the first day does not sell this.
        ResourceTaken: the account has a running service of that name.
        CreditLimitExceeded: the payer's open debts and this order are more than sales allowed.
    """
    with context.database.write() as tx:
        return subscribe_in(tx, account_id, wish, by)


def subscribe_in(tx: Transaction, account_id: AccountId, wish: Wish, by: str) -> Subscription:
    """Subscribe inside a transaction that is the caller's (an order of several); raises the same."""
    refuse_bad_wish(wish)
    refuse_texts([("The service's name", wish.resource_name)], missing_glyphs)
    account = _open_account(tx, account_id)
    _refuse_strange_group(tx, account, wish)
    found = _subscription(tx, account, wish)
    _refuse_over_credit(tx, account, wish, found)
    write_sold_in(tx, account, found, by)
    subject = f"service:{found.service.service_id}"
    acts.record(tx, by, "subscribe_service", account_id, subject, plan=wish.plan_code)
    return found


def write_sold_in(tx: Transaction, account: Account, sold: Subscription, by: str) -> None:
    """Write new services with what was agreed, what is charged once and what their renewals will change."""
    account_id = account.account_id
    stored.insert(tx, sold.services)
    agreed = zip(sold.services, sold.agreed, strict=True)
    agreements.add(tx, ((account_id, service.service_id, each) for service, each in agreed), by)
    stored.insert_charges(tx, account_id, sold.charges)
    plan_in(tx, account_id, sold.planned, by)
    promotions.add(tx, account.legal_entity_id, account_id, sold.used, sold.service.started_on)


def plan_in(
    tx: Transaction, account_id: AccountId, changes: tuple[PlannedChange, ...], by: str
) -> list[PlannedChange]:
    """Write changes that wait for renewals, and return them with their numbers."""
    numbers = planned_changes.next_nos(tx, len(changes))
    numbered = [replace(change, change_no=number) for change, number in zip(changes, numbers, strict=True)]
    if numbered:
        planned_changes.add(tx, ((account_id, change, None) for change in numbered), by)
    return numbered


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
    offered = offered_in(tx, account, wish.plan_code, wish.starts_on)
    plans = catalogues.plans(tx, offered.catalogue_id, codes(offered.plan, wish))
    of_parts = parts(plans, wish, left_in(tx, account, plans, wish.starts_on))
    _refuse_taken(tx, account, wish)
    is_permanent = terms.renews_permanently(tx, account.account_id)
    buying = Buying(account.account_id, offered.catalogue_id, account.currency, is_permanent)
    subscribed = services(buying, wish, of_parts, stored.next_ids(tx, len(of_parts)))
    return Subscription(
        subscribed[0],
        subscribed[1:],
        installations(of_parts, subscribed, account.language),
        tuple(sold_as(part, service) for part, service in zip(of_parts, subscribed, strict=True)),
        planned(of_parts, subscribed, renewal_days.active_day(tx, account.account_id)),
        promotions_used(of_parts, subscribed),
    )


def _refuse_strange_group(tx: Transaction, account: Account, wish: Wish) -> None:
    group = wish.billing_group_id
    if group is not None and not purchase_orders.has_group(tx, account.account_id, group):
        raise NoSuchBillingGroup(account.account_id, group)


def _refuse_taken(tx: Transaction, account: Account, wish: Wish) -> None:
    there = stored.named(tx, account.account_id, wish.resource_name) if wish.resource_name else None
    if there is not None and there.state is not State.TERMINATED:
        raise ResourceTaken(
            f"Account {account.account_id} already has a service {wish.resource_name}: choose another name.",
            service=wish.resource_name,
        )


def _refuse_over_credit(tx: Transaction, account: Account, wish: Wish, found: Subscription) -> None:
    left_minor = terms.credit_left_on(tx, account.payer_id, wish.starts_on)
    adding_minor = first_net_minor(found.services, found.charges)
    refuse_over_credit(account.payer_id, left_minor, adding_minor)

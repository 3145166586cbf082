"""Billing groups: made, named, emptied, and which services are billed in them from the next bill on."""

from acquit.actions.context import Context
from acquit.actions.loading import account_in, require_if_staff
from acquit.actions.set_renewal import held
from acquit.actions.settling import hold_in
from acquit.core.billing_group import (
    GroupHasOrders,
    GroupNameTaken,
    NoSuchBillingGroup,
    NotInGroup,
    refuse_bad_name,
    refuse_move,
)
from acquit.core.identifiers import AccountId, BillingGroupId, ServiceId
from acquit.core.operator import Right
from acquit.core.service import refuse_ended
from acquit.store import acts, billing_groups
from acquit.store.billing_groups import BillingGroup
from acquit.store.selection import keys
from acquit.store.transaction import Transaction


def groups_of(context: Context, account_id: AccountId) -> list[tuple[BillingGroup, tuple[ServiceId, ...]]]:
    """Return the account's groups by number, each with its services. Raises NoSuchAccount."""
    with context.database.read() as tx:
        account_in(tx, account_id)
        ids = keys(tx, billing_groups.of_account(account_id))
        found = sorted(
            billing_groups.find_many(tx, account_id, ids), key=lambda group: group.billing_group_id
        )
        return [
            (group, tuple(keys(tx, billing_groups.services_of(account_id, group.billing_group_id))))
            for group in found
        ]


def create_billing_group(context: Context, account_id: AccountId, name: str, *, by: str) -> BillingGroupId:
    """The account has another billing group, without services yet.

    Raises NoSuchAccount, BadGroupName, GroupNameTaken.
    """
    refuse_bad_name(name)
    with context.database.write() as tx:
        _hold(tx, account_id, by)
        _refuse_taken(tx, account_id, name)
        made = billing_groups.insert(tx, account_id, name)
        acts.record(tx, by, "create_billing_group", account_id, f"billing_group:{made}", name=name)
    return made


def rename_billing_group(
    context: Context, account_id: AccountId, billing_group_id: BillingGroupId, name: str, *, by: str
) -> None:
    """The group has that name. Raises NoSuchAccount, NoSuchBillingGroup, BadGroupName, GroupNameTaken."""
    refuse_bad_name(name)
    with context.database.write() as tx:
        _hold(tx, account_id, by)
        _refuse_unknown(tx, account_id, billing_group_id)
        if billing_groups.named(tx, account_id, name) == billing_group_id:
            return
        _refuse_taken(tx, account_id, name)
        billing_groups.rename(tx, account_id, billing_group_id, name)
        subject = f"billing_group:{billing_group_id}"
        acts.record(tx, by, "rename_billing_group", account_id, subject, name=name)


def delete_billing_group(
    context: Context, account_id: AccountId, billing_group_id: BillingGroupId, *, by: str
) -> None:
    """The group is gone; its services are billed with the account's others. Bills keep its number.

    Raises NoSuchAccount, NoSuchBillingGroup, GroupHasOrders.
    """
    with context.database.write() as tx:
        _hold(tx, account_id, by)
        _refuse_unknown(tx, account_id, billing_group_id)
        if billing_groups.has_orders(tx, account_id, billing_group_id):
            raise GroupHasOrders(
                f"Purchase orders are set for billing group {billing_group_id}: delete them first, or take "
                "them out of it."
            )
        billing_groups.delete(tx, account_id, billing_group_id)
        acts.record(tx, by, "delete_billing_group", account_id, f"billing_group:{billing_group_id}")


def group_service(
    context: Context,
    account_id: AccountId,
    billing_group_id: BillingGroupId,
    service_id: ServiceId,
    *,
    by: str,
) -> None:
    """The service and its options are billed in the group from the next bill on.

    Raises NoSuchAccount, NoSuchBillingGroup, NoSuchService, ServiceEnded, AlreadyGrouped,
    GroupedWithItsService.
    """
    with context.database.write() as tx:
        _hold(tx, account_id, by)
        _refuse_unknown(tx, account_id, billing_group_id)
        service = held(tx, account_id, service_id)
        refuse_ended(service)
        refuse_move(service, billing_group_id)
        if service.billing_group_id == billing_group_id:
            return
        billing_groups.move(tx, account_id, service_id, billing_group_id)
        acts.record(tx, by, "group_service", account_id, f"service:{service_id}", group=str(billing_group_id))


def ungroup_service(
    context: Context,
    account_id: AccountId,
    billing_group_id: BillingGroupId,
    service_id: ServiceId,
    *,
    by: str,
) -> None:
    """The service and its options are billed with the account's others from the next bill on.

    Raises NoSuchAccount, NoSuchBillingGroup, NoSuchService, NotInGroup, GroupedWithItsService.
    """
    with context.database.write() as tx:
        _hold(tx, account_id, by)
        _refuse_unknown(tx, account_id, billing_group_id)
        service = held(tx, account_id, service_id)
        if service.billing_group_id != billing_group_id:
            raise NotInGroup(f"{service.resource_name} is not in billing group {billing_group_id}.")
        refuse_move(service, None)
        billing_groups.move(tx, account_id, service_id, None)
        acts.record(
            tx, by, "ungroup_service", account_id, f"service:{service_id}", group=str(billing_group_id)
        )


def _hold(tx: Transaction, account_id: AccountId, by: str) -> None:
    """Let no run bill the account while its groups change."""
    require_if_staff(tx, by, Right.CHANGE_SERVICES)
    hold_in(tx, account_in(tx, account_id).payer_id, [account_id])


def _refuse_unknown(tx: Transaction, account_id: AccountId, billing_group_id: BillingGroupId) -> None:
    if not billing_groups.find_many(tx, account_id, [billing_group_id]):
        raise NoSuchBillingGroup(account_id, billing_group_id)


def _refuse_taken(tx: Transaction, account_id: AccountId, name: str) -> None:
    taken = billing_groups.named(tx, account_id, name)
    if taken is not None:
        raise GroupNameTaken(f"Billing group {taken} is named {name} already.", group=str(taken))

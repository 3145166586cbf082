"""/me/billing/group: services that are billed apart from the account's others."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from acquit.actions.group_services import (
    create_billing_group,
    delete_billing_group,
    group_service,
    rename_billing_group,
    ungroup_service,
)
from acquit.api import wire
from acquit.api.listing import Column, Listing
from acquit.api.payment_methods import of_caller
from acquit.api.refusals import MissingParameter, NoSuchObject
from acquit.api.request import Request
from acquit.core.billing_group import NoSuchBillingGroup, NotInGroup, PaidLikeTheOthers
from acquit.core.identifiers import BillingGroupId, ServiceId
from acquit.store import billing_groups, contact_sheets
from acquit.store.billing_groups import BillingGroup
from acquit.store.selection import Condition, keys
from acquit.store.transaction import Transaction

COLUMNS: Final = {
    "creationDate": Column("created_at"),
    "groupId": Column("billing_group_id"),
    "lastUpdate": Column("updated_at"),
    "name": Column("name"),
}


# ---------------------------------------------------------------- groups


def list_groups(request: Request) -> Listing[int]:
    """GET /me/billing/group: the account's groups, of one name, or the one of a service."""
    query = request.query
    selection = billing_groups.of_account(request.caller.account_id, query["name"], query["serviceId"])
    return Listing(selection, lambda tx, ids: _groups(tx, request, ids), COLUMNS)


def get_group(request: Request) -> object:
    """GET /me/billing/group/{groupId}: one group."""
    key = request.path["groupId"]
    found = get_many_groups(request, [key])
    if key not in found:
        raise NoSuchBillingGroup(request.caller.account_id, key)
    return found[key]


def get_many_groups(request: Request, ids: Sequence[int]) -> Mapping[int, object]:
    """Read several groups with one statement."""
    with request.read() as tx:
        return _groups(tx, request, ids)


def create_group(request: Request) -> object:
    """POST /me/billing/group: another group, without services yet."""
    name = request.body.get("name")
    if name is None:
        raise MissingParameter("name")
    _refuse_own_ways(request)
    caller = request.caller
    made = create_billing_group(request.context, caller.account_id, name, by=caller.actor)
    return get_many_groups(request, [made])[made]


def edit_group(request: Request) -> None:
    """PUT /me/billing/group/{groupId}: another name."""
    get_group(request)
    _refuse_own_ways(request)
    caller, name = request.caller, request.body.get("name")
    if name is not None:
        rename_billing_group(request.context, caller.account_id, _group_id(request), name, by=caller.actor)


def delete_group(request: Request) -> None:
    """DELETE /me/billing/group/{groupId}: its services are billed with the account's others."""
    caller = request.caller
    delete_billing_group(request.context, caller.account_id, _group_id(request), by=caller.actor)


def _refuse_own_ways(request: Request) -> None:
    """Pass unless it is to have a contact or a payment method. Raises NoSuchObject, PaidLikeTheOthers."""
    contact_id, method_id = request.body.get("contactId"), request.body.get("paymentMethodId")
    with request.read() as tx:
        if contact_id is not None:
            if not contact_sheets.find(tx, request.caller.account_id, [contact_id]):
                raise NoSuchObject(contact_id)
            raise PaidLikeTheOthers(
                "[contactId] Bills of a group go where the account's others go: leave the contact out"
            )
        if method_id is None:
            return
        if method_id not in {method.payment_method_id for method in of_caller(tx, request)}:
            raise NoSuchObject(method_id)
    raise PaidLikeTheOthers(
        "[paymentMethodId] Bills of a group are paid like the account's others: leave the method out"
    )


# ---------------------------------------------------------------- services of a group


def list_services(request: Request) -> Listing[int]:
    """GET /me/billing/group/{groupId}/service: what is billed in the group, options too."""
    get_group(request)
    key = request.path["groupId"]
    selection = billing_groups.services_of(request.caller.account_id, key)
    return Listing(
        selection,
        lambda tx, ids: {each: _member(key, each) for each in ids},
        {"serviceId": Column("service_id")},
    )


def get_service(request: Request) -> object:
    """GET /me/billing/group/{groupId}/service/{serviceId}: that the service is in the group."""
    key = request.path["serviceId"]
    found = get_many_services(request, [key])
    if key not in found:
        raise NotInGroup(f"Service {key} is not in billing group {request.path['groupId']}.")
    return found[key]


def get_many_services(request: Request, ids: Sequence[int]) -> Mapping[int, object]:
    """Read several with one statement."""
    key = request.path["groupId"]
    selection = billing_groups.services_of(request.caller.account_id, key)
    with request.read() as tx:
        there = keys(tx, selection, [Condition("service_id", "in", list(ids))])
    return {each: _member(key, each) for each in there}


def add_service(request: Request) -> object:
    """POST /me/billing/group/{groupId}/service: the service is billed in the group from the next bill on."""
    caller, service_id = request.caller, ServiceId(request.body["serviceId"])
    group_service(request.context, caller.account_id, _group_id(request), service_id, by=caller.actor)
    return _member(request.path["groupId"], service_id)


def remove_service(request: Request) -> None:
    """DELETE /me/billing/group/{groupId}/service/{serviceId}: it is billed with the account's others."""
    caller, service_id = request.caller, ServiceId(request.path["serviceId"])
    ungroup_service(request.context, caller.account_id, _group_id(request), service_id, by=caller.actor)


# ---------------------------------------------------------------- shapes


def _group_id(request: Request) -> BillingGroupId:
    return BillingGroupId(request.path["groupId"])


def _member(group_id: int, service_id: int) -> dict[str, int]:
    return {"groupId": group_id, "serviceId": service_id}


def _groups(tx: Transaction, request: Request, ids: Sequence[int]) -> dict[int, object]:
    found = billing_groups.find_many(tx, request.caller.account_id, ids)
    return {group.billing_group_id: _group(group, request) for group in found}


def _group(group: BillingGroup, request: Request) -> dict[str, Any]:
    return {
        "contactId": None,
        "creationDate": wire.instant(group.created_at, request.zone),
        "groupId": group.billing_group_id,
        "lastUpdate": wire.instant(group.updated_at, request.zone),
        "name": group.name,
        "paymentMethodId": None,
    }

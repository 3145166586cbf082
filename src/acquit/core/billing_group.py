"""Billing groups: services of one account that are billed apart from its others.

A run makes a bill of its own for each group, and a group may have a purchase order of its own. A service
is in one group at most; its options and tiers are where it is.
"""

from typing import Final

from acquit.core.errors import Conflict, Forbidden, Invalid, NotFound
from acquit.core.identifiers import AccountId, BillingGroupId
from acquit.core.service import Service

NAME_MAX: Final = 255


class NoSuchBillingGroup(NotFound):
    """The account has no such billing group."""

    code = "no-such-billing-group"

    def __init__(self, account_id: AccountId, billing_group_id: int) -> None:
        super().__init__(f"Account {account_id} has no billing group {billing_group_id}.")


class BadGroupName(Invalid):
    """A group's name has 1 to 255 printable characters."""

    code = "bad-group-name"


class GroupNameTaken(Conflict):
    """Another group of the account has this name."""

    code = "group-name-taken"


class GroupHasOrders(Conflict):
    """Purchase orders are set for the group: without it nothing would draw from them."""

    code = "group-has-orders"


class AlreadyGrouped(Conflict):
    """The service is in another group, and a service is in one at most."""

    code = "already-grouped"


class NotInGroup(NotFound):
    """The service is not in this group."""

    code = "not-in-group"


class PaidLikeTheOthers(Forbidden):
    """Bills of a group are paid by the method that the account's other bills are paid by."""

    code = "paid-like-the-others"


class GroupedWithItsService(Forbidden):
    """An option is billed with its service."""

    code = "grouped-with-its-service"


def refuse_bad_name(name: str) -> None:
    """Pass for a name that a list can show. Raises BadGroupName."""
    if not (1 <= len(name) <= NAME_MAX and name.isprintable() and name.strip()):
        raise BadGroupName(f"The name of a billing group has 1 to {NAME_MAX} printable characters.")


def refuse_move(service: Service, to: BillingGroupId | None) -> None:
    """Pass when the service may go there; None: out of its group.

    Raises GroupedWithItsService, AlreadyGrouped.
    """
    if service.parent_service_id is not None:
        raise GroupedWithItsService(
            f"{service.plan_code} is an option of service {service.parent_service_id} and is billed with it: "
            "move that one.",
            parent=str(service.parent_service_id),
        )
    if to is not None and service.billing_group_id not in (None, to):
        raise AlreadyGrouped(
            f"{service.resource_name} is in billing group {service.billing_group_id}: take it out first.",
            group=str(service.billing_group_id),
        )

"""Billing groups of accounts, and which services are in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, LiteralString

from acquit.core.identifiers import AccountId, BillingGroupId, ServiceId
from acquit.store.selection import Selection
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class BillingGroup:
    """A group of an account's services that is billed apart."""

    billing_group_id: BillingGroupId
    name: str
    created_at: datetime
    updated_at: datetime


def of_account(account_id: AccountId, name: str | None = None, service_id: int | None = None) -> Selection:
    """Select the account's groups, of one name or the one that a service is in when given."""
    source: LiteralString = "billing_group WHERE account_id = %(account_id)s"
    values: dict[str, object] = {"account_id": account_id}
    if name is not None:
        source += " AND name = %(name)s"
        values["name"] = name
    if service_id is not None:
        source += """ AND billing_group_id = (
            SELECT s.billing_group_id
              FROM service s
             WHERE s.account_id = %(account_id)s AND s.service_id = %(service_id)s)"""
        values["service_id"] = service_id
    return Selection("billing_group_id", source, values)


def services_of(account_id: AccountId, billing_group_id: int) -> Selection:
    """Select the services that are in the group, options too."""
    return Selection(
        "service_id",
        "service WHERE account_id = %(account_id)s AND billing_group_id = %(billing_group_id)s",
        {"account_id": account_id, "billing_group_id": billing_group_id},
    )


FIND_MANY: Final[LiteralString] = """
    SELECT billing_group_id, name, created_at, updated_at
      FROM billing_group
     WHERE account_id = %(account_id)s AND billing_group_id = ANY(%(billing_group_ids)s)
"""

NAMED: Final[LiteralString] = """
    SELECT billing_group_id FROM billing_group WHERE account_id = %(account_id)s AND name = %(name)s
"""

INSERT: Final[LiteralString] = """
    INSERT INTO billing_group (account_id, name) VALUES (%(account_id)s, %(name)s) RETURNING billing_group_id
"""

RENAME: Final[LiteralString] = """
    UPDATE billing_group
       SET name = %(name)s, updated_at = instant()
     WHERE account_id = %(account_id)s AND billing_group_id = %(billing_group_id)s
"""

DELETE: Final[LiteralString] = """
    DELETE FROM billing_group
     WHERE account_id = %(account_id)s AND billing_group_id = %(billing_group_id)s
"""

HAS_ORDERS: Final[LiteralString] = """
    SELECT EXISTS (SELECT
                     FROM purchase_order
                    WHERE account_id = %(account_id)s AND billing_group_id = %(billing_group_id)s
                      AND status = 'CREATED') AS there
"""

MOVE: Final[LiteralString] = """
    UPDATE service
       SET billing_group_id = %(billing_group_id)s
     WHERE account_id = %(account_id)s
       AND (service_id = %(service_id)s OR parent_service_id = %(service_id)s)
"""

EMPTY: Final[LiteralString] = """
    UPDATE service
       SET billing_group_id = NULL
     WHERE account_id = %(account_id)s AND billing_group_id = %(billing_group_id)s
"""


def find_many(tx: Transaction, account_id: AccountId, billing_group_ids: Sequence[int]) -> list[BillingGroup]:
    """Return the account's groups of these ids, in no order; the others are left out."""
    rows = tx.all(FIND_MANY, account_id=account_id, billing_group_ids=list(billing_group_ids))
    return [BillingGroup(*row) for row in rows]


def named(tx: Transaction, account_id: AccountId, name: str) -> BillingGroupId | None:
    """Return the account's group of that name, or None."""
    row = tx.one_or_none(NAMED, account_id=account_id, name=name)
    return None if row is None else BillingGroupId(row.billing_group_id)


def insert(tx: Transaction, account_id: AccountId, name: str) -> BillingGroupId:
    """Write a new group without services and return its id."""
    return BillingGroupId(tx.one(INSERT, account_id=account_id, name=name).billing_group_id)


def rename(tx: Transaction, account_id: AccountId, billing_group_id: BillingGroupId, name: str) -> None:
    """Write the group's name."""
    tx.run(RENAME, account_id=account_id, billing_group_id=billing_group_id, name=name)


def delete(tx: Transaction, account_id: AccountId, billing_group_id: BillingGroupId) -> None:
    """Remove the group; its services are in none."""
    tx.run(EMPTY, account_id=account_id, billing_group_id=billing_group_id)
    tx.run(DELETE, account_id=account_id, billing_group_id=billing_group_id)


def has_orders(tx: Transaction, account_id: AccountId, billing_group_id: BillingGroupId) -> bool:
    """Whether a purchase order that is not deleted is set for the group."""
    return bool(tx.one(HAS_ORDERS, account_id=account_id, billing_group_id=billing_group_id).there)


def move(
    tx: Transaction, account_id: AccountId, service_id: ServiceId, billing_group_id: BillingGroupId | None
) -> None:
    """Write the group of a service and of its options; None: they are in none."""
    tx.run(MOVE, account_id=account_id, service_id=service_id, billing_group_id=billing_group_id)

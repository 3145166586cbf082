"""Services that were given to another account: facts, from which service to which."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, LiteralString

from acquit.core.identifiers import AccountId, ServiceId
from acquit.store.transaction import Transaction

ADD: Final = (
    "account_id", "service_id", "to_account_id", "to_service_id", "moved_on", "paid_until_on", "agreements",
    "moved_by",
)  # fmt: skip

OF_SERVICE: Final[LiteralString] = """
    SELECT account_id, service_id, to_account_id, to_service_id, moved_on, paid_until_on, agreements
      FROM service_move
     WHERE account_id = %(account_id)s AND service_id = %(service_id)s
"""


THAT_BECAME: Final[LiteralString] = """
    SELECT account_id, service_id, to_account_id, to_service_id, moved_on, paid_until_on, agreements
      FROM service_move
     WHERE to_account_id = %(account_id)s AND to_service_id = %(service_id)s
"""


@dataclass(frozen=True, slots=True)
class ServiceMove:
    """A service of an account went on as one of another from a day on; it was renewed until a later one."""

    account_id: AccountId
    service_id: ServiceId
    to_account_id: AccountId
    to_service_id: ServiceId
    moved_on: date
    paid_until_on: date
    agreements: int


def add(tx: Transaction, moves: Iterable[ServiceMove], by: str) -> None:
    """Write that services changed hands."""
    tx.copy(
        "service_move",
        ADD,
        (
            (each.account_id, each.service_id, each.to_account_id, each.to_service_id, each.moved_on,
             each.paid_until_on, each.agreements, by)
            for each in moves
        ),
    )  # fmt: skip


def of_service(tx: Transaction, account_id: AccountId, service_id: ServiceId) -> ServiceMove | None:
    """Return where the account's service went, or None."""
    return _move(tx.one_or_none(OF_SERVICE, account_id=account_id, service_id=service_id))


def that_became(tx: Transaction, account_id: AccountId, service_id: ServiceId) -> ServiceMove | None:
    """Return where the account's service came from, or None."""
    return _move(tx.one_or_none(THAT_BECAME, account_id=account_id, service_id=service_id))


def _move(row: Any) -> ServiceMove | None:
    if row is None:
        return None
    return ServiceMove(
        row.account_id, row.service_id, row.to_account_id, row.to_service_id, row.moved_on, row.paid_until_on,
        row.agreements,
    )  # fmt: skip

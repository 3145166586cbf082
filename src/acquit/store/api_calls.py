"""The latest calls of each account."""

from collections.abc import Sequence
from typing import Final, LiteralString

from acquit.core.api_call import ApiCall
from acquit.core.identifiers import AccountId
from acquit.store.selection import Selection
from acquit.store.transaction import Transaction

COLUMNS: Final = {
    "account_id": "text",
    "at": "timestamptz",
    "method": "text",
    "route": "text",
    "path": "text",
    "address": "text",
}

FORGET: Final[LiteralString] = """
    DELETE FROM api_call c
     USING (SELECT a.account_id, (SELECT o.call_id FROM api_call o
                                   WHERE o.account_id = a.account_id
                                   ORDER BY o.call_id DESC OFFSET %(kept)s LIMIT 1) AS last_id
              FROM unnest(%(account_ids)s::text[]) AS a (account_id)) AS beyond
     WHERE c.account_id = beyond.account_id AND c.call_id <= beyond.last_id
"""

FIND_MANY: Final[LiteralString] = """
    SELECT call_id, account_id, at, method, route, path, address
      FROM api_call
     WHERE account_id = %(account_id)s AND call_id = ANY(%(ids)s)
"""


def add(tx: Transaction, calls: Sequence[ApiCall]) -> None:
    """Keep the calls."""
    rows = ((call.account_id, call.at, call.method, call.route, call.path, call.address) for call in calls)
    tx.copy("api_call", tuple(COLUMNS), rows, tuple(COLUMNS.values()))


def forget(tx: Transaction, account_ids: Sequence[AccountId], kept: int) -> int:
    """Keep no more than the latest calls of these accounts; return how many are forgotten."""
    return tx.run(FORGET, account_ids=list(account_ids), kept=kept)


def of_account(account_id: AccountId, *, on_services: bool = False) -> Selection:
    """Select the account's calls, or those on its services."""
    source: LiteralString = "api_call WHERE account_id = %(account_id)s"
    if on_services:
        source += " AND (route LIKE '/service%%' OR route LIKE '/{product}%%')"
    return Selection("call_id", source, {"account_id": account_id})


def find_many(tx: Transaction, account_id: AccountId, ids: Sequence[int]) -> list[ApiCall]:
    """Return the account's calls of these ids; the others are left out."""
    return [
        ApiCall(account_id, row.at, row.method, row.route, row.path, row.address, int(row.call_id))
        for row in tx.all(FIND_MANY, account_id=account_id, ids=list(ids))
    ]

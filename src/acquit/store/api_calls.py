"""The latest calls of each account."""

from collections.abc import Sequence
from typing import Any, Final, LiteralString

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

ADD_FORWARDED: Final[LiteralString] = """
    WITH made AS (
         INSERT INTO api_call (account_id, at, method, route, path, address)
         SELECT * FROM unnest(%(account_ids)s::text[], %(ats)s::timestamptz[], %(methods)s::text[],
                              %(routes)s::text[], %(paths)s::text[], %(addresses)s::text[])
         RETURNING account_id, call_id, at)
    INSERT INTO log_waiting (account_id, forwarding_id, record_no, at)
    SELECT m.account_id, f.forwarding_id, m.call_id, m.at
      FROM made m
      JOIN log_forwarding f ON f.account_id = m.account_id AND f.kind = 'api'
     ORDER BY m.call_id
"""

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


FORWARDING: Final[LiteralString] = """
    SELECT DISTINCT account_id FROM log_forwarding WHERE kind = 'api' AND account_id = ANY(%(account_ids)s)
"""

LATEST: Final[LiteralString] = """
    SELECT call_id, account_id, at, method, route, path, address
      FROM api_call
     WHERE account_id = %(account_id)s AND call_id < %(before_id)s
     ORDER BY call_id DESC
     LIMIT %(rows_max)s
"""


def add(tx: Transaction, calls: Sequence[ApiCall]) -> None:
    """Keep the calls, and keep those that are forwarded for their streams."""
    going = {row.account_id for row in tx.all(FORWARDING, account_ids=list({c.account_id for c in calls}))}
    rows = (_row(call) for call in calls if call.account_id not in going)
    tx.copy("api_call", tuple(COLUMNS), rows, tuple(COLUMNS.values()))
    forwarded = [call for call in calls if call.account_id in going]
    if forwarded:
        tx.run(
            ADD_FORWARDED,
            account_ids=[call.account_id for call in forwarded],
            ats=[call.at for call in forwarded],
            methods=[call.method for call in forwarded],
            routes=[call.route for call in forwarded],
            paths=[call.path for call in forwarded],
            addresses=[call.address for call in forwarded],
        )


def _row(call: ApiCall) -> tuple[object, ...]:
    return call.account_id, call.at, call.method, call.route, call.path, call.address


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
    return [_call(row) for row in tx.all(FIND_MANY, account_id=account_id, ids=list(ids))]


def latest(tx: Transaction, account_id: AccountId, before_id: int, rows_max: int) -> list[ApiCall]:
    """Return the account's calls before that one, the latest first."""
    rows = tx.all(LATEST, account_id=account_id, before_id=before_id, rows_max=rows_max)
    return [_call(row) for row in rows]


def _call(row: Any) -> ApiCall:
    return ApiCall(row.account_id, row.at, row.method, row.route, row.path, row.address, int(row.call_id))

"""Sheets with names and addresses that accounts keep."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, LiteralString

from psycopg.types.json import Jsonb

from acquit.core.contact_sheet import ContactSheet, Member
from acquit.core.identifiers import AccountId
from acquit.store.selection import Selection
from acquit.store.transaction import Transaction

FIND: Final[LiteralString] = """
    SELECT contact_id, said
      FROM contact_sheet
     WHERE account_id = %(account_id)s AND contact_id = ANY(%(ids)s)
     ORDER BY contact_id
"""

OF_ACCOUNT: Final[LiteralString] = """
    SELECT contact_id, said
      FROM contact_sheet
     WHERE account_id = %(account_id)s
     ORDER BY contact_id
"""

ADD: Final[LiteralString] = """
    INSERT INTO contact_sheet (account_id, said)
    SELECT %(account_id)s, %(said)s
     WHERE (SELECT count(*) FROM contact_sheet WHERE account_id = %(account_id)s) < %(most)s
    RETURNING contact_id, said
"""

CHANGE: Final[LiteralString] = """
    UPDATE contact_sheet
       SET said = %(said)s
     WHERE account_id = %(account_id)s AND contact_id = %(contact_id)s
"""

REMOVE: Final[LiteralString] = """
    DELETE FROM contact_sheet WHERE account_id = %(account_id)s AND contact_id = %(contact_id)s
"""


def selected(account_id: AccountId) -> Selection:
    """Select the account's sheets."""
    source: LiteralString = "contact_sheet WHERE account_id = %(account_id)s"
    return Selection("contact_id", source, {"account_id": account_id})


def find(tx: Transaction, account_id: AccountId, ids: Sequence[int]) -> list[ContactSheet]:
    """Return the account's sheets of these ids; the others are left out."""
    return [_sheet(row) for row in tx.all(FIND, account_id=account_id, ids=list(ids))]


def of_account(tx: Transaction, account_id: AccountId) -> list[ContactSheet]:
    """Return the account's sheets, oldest first."""
    return [_sheet(row) for row in tx.all(OF_ACCOUNT, account_id=account_id)]


def add(tx: Transaction, account_id: AccountId, said: Mapping[Member, str], most: int) -> ContactSheet | None:
    """Write a sheet and return it; None when so many are kept."""
    row = tx.one_or_none(ADD, account_id=account_id, said=Jsonb(dict(said)), most=most)
    return None if row is None else _sheet(row)


def change(tx: Transaction, account_id: AccountId, sheet: ContactSheet) -> None:
    """Write what the sheet says now."""
    tx.run(CHANGE, account_id=account_id, contact_id=sheet.contact_id, said=Jsonb(dict(sheet.said)))


def remove(tx: Transaction, account_id: AccountId, contact_id: int) -> bool:
    """Remove the sheet; False when there is none of that id."""
    return tx.run(REMOVE, account_id=account_id, contact_id=contact_id) == 1


def _sheet(row: Any) -> ContactSheet:
    return ContactSheet(row.contact_id, {Member(name): text for name, text in row.said.items()})

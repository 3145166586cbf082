"""Keep, change and drop contact sheets of an account."""

from collections.abc import Mapping

from acquit.actions.context import Context
from acquit.actions.loading import locked_account_in
from acquit.core.contact_sheet import (
    SHEETS_MAX,
    ContactSheet,
    Member,
    NoSuchContactSheet,
    TooManyContactSheets,
    checked_sheet,
)
from acquit.core.identifiers import AccountId
from acquit.store import acts, contact_sheets


def keep_contact(
    context: Context, account_id: AccountId, said: Mapping[Member, str], *, by: str
) -> ContactSheet:
    """The account keeps one more sheet. Raises BadContactSheet, TooManyContactSheets."""
    checked = checked_sheet(said)
    with context.database.write() as tx:
        locked_account_in(tx, account_id)
        made = contact_sheets.add(tx, account_id, checked, SHEETS_MAX)
        if made is None:
            raise TooManyContactSheets(f"An account keeps at most {SHEETS_MAX} contacts: change one of them.")
        acts.record(tx, by, "keep_contact", account_id, str(made.contact_id))
    return made


def change_contact(
    context: Context, account_id: AccountId, contact_id: int, said: Mapping[Member, str], *, by: str
) -> ContactSheet:
    """The sheet says this; what is not said stays, what is empty goes.

    Raises NoSuchContactSheet, BadContactSheet.
    """
    with context.database.write() as tx:
        locked_account_in(tx, account_id)
        found = contact_sheets.find(tx, account_id, [contact_id])
        if not found:
            raise NoSuchContactSheet(contact_id)
        changed = ContactSheet(contact_id, checked_sheet({**found[0].said, **said}))
        if changed != found[0]:
            contact_sheets.change(tx, account_id, changed)
            acts.record(tx, by, "change_contact", account_id, str(contact_id))
    return changed


def drop_contact(context: Context, account_id: AccountId, contact_id: int, *, by: str) -> None:
    """The account keeps the sheet no longer. Raises NoSuchContactSheet."""
    with context.database.write() as tx:
        if not contact_sheets.remove(tx, account_id, contact_id):
            raise NoSuchContactSheet(contact_id)
        acts.record(tx, by, "drop_contact", account_id, str(contact_id))

"""A seller whose bank tells of one account, and what it tells."""

import io
from contextlib import nullcontext
from pathlib import Path

from acquit.actions.context import Context
from acquit.actions.import_bank_file import import_bank_file
from acquit.actions.set_bank import add_bank_account
from acquit.store.transaction import Database
from banking import IBAN, Tx, camt
from collecting import collecting
from founding import FR


def prepaying(database: Database, directory: Path) -> Context:
    """A seller whose bank tells of one account; Acme and Petit have mandates."""
    made = collecting(database, directory)
    add_bank_account(made, FR, IBAN, by="cli")
    return made


def bring(context: Context, *entries: Tx, name: str = "s.xml") -> None:
    content = camt(entries, name=name)
    import_bank_file(context, name, lambda: nullcontext(io.BytesIO(content)), by="cli")

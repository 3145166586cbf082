"""Write down when consumer keys were used, many calls at once."""

from collections.abc import Mapping
from datetime import datetime

from acquit.actions.context import Context
from acquit.core.identifiers import CredentialId
from acquit.store import access


def record_usage(context: Context, uses: Mapping[CredentialId, tuple[datetime, int]]) -> None:
    """Add the calls of each key and its last use; keys that are gone leave a trace that nobody sees."""
    if uses:
        with context.database.write() as tx:
            access.record_use(tx, uses)

"""`acquit account documents`: the files that an account keeps here."""

from datetime import datetime

from acquit.actions.loading import account_in
from acquit.cli.program import Given
from acquit.cli.screen import table
from acquit.core.identifiers import AccountId
from acquit.core.kept_file import KeptFile
from acquit.store import kept_files


def list_documents(account: str, /, *, program: Given) -> None:
    """List the files that an account keeps here, newest first.

    Parameters
    ----------
    account
        Its name, as in ab12345-acq.
    """
    with program.open() as context, context.database.read() as tx:
        found = account_in(tx, AccountId(account))
        files = kept_files.of_account(tx, found.account_id, context.clock.now())
    document = [_document(each) for each in files]
    rows = [
        (each.file_id, each.name, each.size_bytes, _told(each.sent_at), _told(each.expires_at))
        for each in files
    ]
    shown = table("id", "name", ">bytes", "sent", "expires", rows=rows) if rows else "No file is kept."
    program.screen.answer(document, shown)


def _told(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")


def _document(found: KeptFile) -> dict[str, object]:
    return {
        "id": found.file_id,
        "name": found.name,
        "size_bytes": found.size_bytes,
        "tags": dict(found.labels),
        "created_at": _told(found.created_at),
        "sent_at": _told(found.sent_at),
        "expires_at": _told(found.expires_at),
    }

"""Keep files of an account: make a place for one, take its bytes, hand it out, let it go."""

import hmac
from datetime import datetime

from acquit.actions.context import Context
from acquit.actions.loading import locked_account_in
from acquit.core.identifiers import AccountId
from acquit.core.kept_file import (
    FILES_MAX,
    ORIGINS_MAX,
    Deed,
    KeptFile,
    NoSuchFile,
    TooManyFiles,
    checked_expiry,
    checked_labels,
    checked_name,
    checked_origin,
    link_end,
    link_purpose,
    refuse_too_large,
)
from acquit.store import acts, kept_files


def add_file(
    context: Context,
    account_id: AccountId,
    name: str,
    labels: dict[str, str],
    *,
    by: str,
    content: bytes | None = None,
) -> KeptFile:
    """The account has the file, or without bytes a place for one, whose bytes are sent by a link.

    Raises BadFile, TooManyFiles, FilesTooLarge.
    """
    name, pairs = checked_name(name), checked_labels(labels)
    with context.database.write() as tx:
        locked_account_in(tx, account_id)
        files, size = kept_files.kept(tx, account_id)
        if files >= FILES_MAX:
            raise TooManyFiles(f"An account keeps at most {FILES_MAX} files: delete one first.")
        made = kept_files.add(tx, account_id, name, pairs)
        if content is not None:
            refuse_too_large(len(content), size)
            kept_files.send(tx, account_id, made.file_id, content, context.clock.now())
        acts.record(tx, by, "add_file", account_id, made.file_id, name=name)
    return made


def send_file(context: Context, account_id: AccountId, file_id: str, content: bytes, *, by: str) -> None:
    """The file has these bytes, in place of former ones. Raises NoSuchFile, FilesTooLarge."""
    now = context.clock.now()
    with context.database.write() as tx:
        locked_account_in(tx, account_id)
        refuse_too_large(len(content), kept_files.kept(tx, account_id, file_id)[1])
        if not kept_files.send(tx, account_id, file_id, content, now):
            raise NoSuchFile(file_id)
        acts.record(tx, by, "send_file", account_id, file_id, size=len(content))


def fetch_file(context: Context, account_id: AccountId, file_id: str) -> tuple[str, bytes]:
    """Return name and bytes of the file. Raises NoSuchFile, also while nobody sent its bytes."""
    with context.database.read() as tx:
        found = kept_files.content(tx, account_id, file_id, context.clock.now())
    if found is None:
        raise NoSuchFile(file_id)
    return found


def set_file_expiry(
    context: Context, account_id: AccountId, file_id: str, expires_at: datetime | None, *, by: str
) -> None:
    """The file goes at that instant, or stays for None. Raises NoSuchFile, BadFile."""
    now = context.clock.now()
    checked = checked_expiry(expires_at, now)
    with context.database.write() as tx:
        if not kept_files.change(tx, account_id, file_id, checked, now):
            raise NoSuchFile(file_id)
        told = "" if checked is None else checked.isoformat()
        acts.record(tx, by, "set_file_expiry", account_id, file_id, expires_at=told)


def remove_file(context: Context, account_id: AccountId, file_id: str, *, by: str) -> None:
    """The file and its bytes are gone. Raises NoSuchFile."""
    with context.database.write() as tx:
        if not kept_files.remove(tx, account_id, file_id, context.clock.now()):
            raise NoSuchFile(file_id)
        acts.record(tx, by, "remove_file", account_id, file_id)


def allow_origin(context: Context, account_id: AccountId, origin: str, *, by: str) -> None:
    """Pages of that web site may use links to the account's files. Raises BadOrigin, TooManyFiles."""
    origin = checked_origin(origin)
    with context.database.write() as tx:
        locked_account_in(tx, account_id)
        if not kept_files.allow(tx, account_id, origin, ORIGINS_MAX):
            raise TooManyFiles(f"At most {ORIGINS_MAX} web sites may send files of an account.")
        acts.record(tx, by, "allow_file_origin", account_id, origin)


def drop_expired_files(context: Context) -> int:
    """Files whose day has come are gone; return how many there were."""
    with context.database.write() as tx:
        return kept_files.drop_expired(tx, context.clock.now())


def file_link(context: Context, account_id: AccountId, file_id: str, deed: Deed) -> tuple[int, str]:
    """Return the second in which a link to the file is over, and its secret."""
    until = link_end(context.clock.now())
    return until, context.sealer.token(link_purpose(account_id, file_id, deed, until))


def refuse_wrong_link(
    context: Context, account_id: AccountId, file_id: str, deed: Deed, until: int, token: str
) -> None:
    """Pass when the link is right and not over; the comparison takes as long for every wrong one.

    Raises NoSuchFile.
    """
    right = context.sealer.token(link_purpose(account_id, file_id, deed, until))
    is_right = hmac.compare_digest(right.encode(), token.encode())
    if not is_right or context.clock.now().timestamp() >= until:
        raise NoSuchFile(file_id)

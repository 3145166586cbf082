"""Files that an account keeps here: their names and labels, how much may be kept, and for how long."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from acquit.core.errors import Conflict, Invalid, NotFound

MIB: Final = 1024 * 1024
FILE_BYTES_MAX: Final = 8 * MIB
ACCOUNT_BYTES_MAX: Final = 64 * MIB
FILES_MAX: Final = 200
LABELS_MAX: Final = 20
LABEL_MAX: Final = 64
VALUE_MAX: Final = 256
NAME_MAX: Final = 200
ORIGINS_MAX: Final = 20
YEAR_MAX: Final = 3000
"""A later year may have no instant in some zone."""
LINK_STEP: Final = timedelta(hours=1)
_ORIGIN: Final = re.compile(r"https?://[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::[0-9]{1,5})?")


class NoSuchFile(NotFound):
    """The account keeps no such file, it expired, or the link to it is wrong or over."""

    code = "no-such-file"

    def __init__(self, file_id: object) -> None:
        super().__init__(f"The requested object ({file_id}) does not exist")


class BadFile(Invalid):
    """A name, a label or a day of a file cannot be accepted."""

    code = "bad-file"


class BadOrigin(Invalid):
    """What is allowed to send files is not the origin of a web site."""

    code = "bad-origin"


class TooManyFiles(Conflict):
    """The account keeps as many files, or lets as many sites send some, as one may."""

    code = "too-many-files"


class FilesTooLarge(Invalid):
    """The file, or all files of the account together, would be larger than may be kept."""

    code = "files-too-large"


class Deed(StrEnum):
    """What a link to a file is good for."""

    SEND = "send"
    FETCH = "fetch"


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file of an account without its bytes; nobody sent them while `sent_at` is None."""

    file_id: str
    name: str
    labels: tuple[tuple[str, str], ...]
    size_bytes: int
    created_at: datetime
    expires_at: datetime | None
    sent_at: datetime | None


def checked_name(name: str) -> str:
    """Return the file's name. Raises BadFile."""
    name = name.strip()
    if not 0 < len(name) <= NAME_MAX or not name.isprintable() or "/" in name or "\\" in name:
        raise BadFile(
            f"[name] has 1 to {NAME_MAX} characters in one line, without / and \\", parameter="name"
        )
    return name


def checked_labels(labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the file's labels by name. Raises BadFile."""
    good = all(
        0 < len(key) <= LABEL_MAX and key.isprintable() and len(value) <= VALUE_MAX and value.isprintable()
        for key, value in labels.items()
    )
    if not good or len(labels) > LABELS_MAX:
        raise BadFile(
            f"[tags] At most {LABELS_MAX}, keys of 1 to {LABEL_MAX} characters, values of up to {VALUE_MAX}",
            parameter="tags",
        )
    return tuple(sorted(labels.items()))


def checked_expiry(expires_at: datetime | None, now: datetime) -> datetime | None:
    """Return when the file is to go; None for never. Raises BadFile."""
    if expires_at is not None and expires_at.year >= YEAR_MAX:
        raise BadFile(
            f"[expirationDate] is before the year {YEAR_MAX}, or null for never", parameter="expirationDate"
        )
    if expires_at is not None and expires_at <= now:
        raise BadFile("[expirationDate] is over: delete the file instead", parameter="expirationDate")
    return expires_at


def checked_origin(origin: str) -> str:
    """Return the origin of a web site as browsers send it. Raises BadOrigin."""
    found = origin.strip().lower().removesuffix("/")
    if not _ORIGIN.fullmatch(found):
        raise BadOrigin("[origin] is one web site, as in https://files.example.com", parameter="origin")
    return found


def refuse_too_large(size: int, others: int) -> None:
    """Pass when a file of that size may be kept beside the account's others. Raises FilesTooLarge."""
    if size > FILE_BYTES_MAX:
        raise FilesTooLarge(f"A file has at most {FILE_BYTES_MAX // MIB} MiB: send a smaller one.")
    if size + others > ACCOUNT_BYTES_MAX:
        raise FilesTooLarge(
            f"All files of an account have {ACCOUNT_BYTES_MAX // MIB} MiB at most: delete some first."
        )


def link_end(now: datetime) -> int:
    """Return the second in which a link given out now is over: an hour later at least, two at most.

    Links that are given out within an hour of the clock end together, so that they are the same.
    """
    step = int(LINK_STEP.total_seconds())
    return (int(now.timestamp()) // step + 2) * step


def link_purpose(account_id: str, file_id: str, deed: Deed, until: int) -> str:
    """Return what the secret of a link is sealed for."""
    return f"kept-file:{deed.value}:{account_id}:{file_id}:{until}"

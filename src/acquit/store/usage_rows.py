"""Rows of events in PostgreSQL's binary COPY format, put together from parts that many events share.

A row is its number, the sender's names, the day, the content, and the SHA-256 of the content. Content is all
that the event says besides its id, so that an id that comes again is compared by 32 bytes.
"""

import struct
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Final

COLUMNS: Final = (
    "source", "event_id", "used_on", "account_id", "period", "service_id", "meter", "quantity_e4", "used_at",
    "until_at", "properties", "corrects_no", "content_hash",
)  # fmt: skip
"""What follows the number, which is `usage_no` of an event and `place` of a staged one."""

EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = EPOCH.toordinal()
_MICROSECOND: Final = timedelta(microseconds=1)
_NULL: Final = struct.pack(">i", -1)
_HASH_LENGTH: Final = struct.pack(">i", 32)
_SIGNATURE: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END: Final = b"\xff\xff"
_JSONB_VERSION: Final = b"\1"
NOTHING_MORE: Final = _NULL * 3
"""An event without an end, properties and an event that it corrects."""

_length = struct.Struct(">i").pack
_short = struct.Struct(">ii").pack
_long = struct.Struct(">iq").pack
_amount = struct.Struct(">iqiq").pack
_lengths: Final = tuple(_length(count) for count in range(129))


def microseconds(at: datetime) -> int:
    """Return the instant as PostgreSQL counts it: microseconds since 2000 in UTC."""
    return (at - EPOCH) // _MICROSECOND


def day_part(on: date) -> bytes:
    """Return a day."""
    return _short(4, on.toordinal() - _EPOCH_DAY)


def text_part(text: str) -> bytes:
    """Return a text."""
    raw = text.encode()
    return _length(len(raw)) + raw


def use_part(account_id: str, period: date, service_id: int, meter: str) -> bytes:
    """Return what the events of a use share: account, month, service and meter."""
    return text_part(account_id) + day_part(period) + _long(8, service_id) + text_part(meter)


def more_part(until_at: datetime | None, properties: str, corrects_no: int | None) -> bytes:
    """Return what few events have: an end, properties (canonical JSON), the event that it corrects."""
    return (
        (_NULL if until_at is None else _long(8, microseconds(until_at)))
        + (text_part(_JSONB_VERSION.decode() + properties) if properties else _NULL)
        + (_NULL if corrects_no is None else _long(8, corrects_no))
    )


def row(
    source: bytes, event_id: str, day: bytes, use: bytes, quantity_e4: int, used_us: int, more: bytes
) -> bytes:
    """Return a row without its number; `event_id` is ASCII of at most 128 characters."""
    content = use + _amount(8, quantity_e4, 8, used_us) + more
    return b"".join(
        (source, _lengths[len(event_id)], event_id.encode(), day, content, _HASH_LENGTH,
         sha256(content).digest())
    )  # fmt: skip


def content_hash(found: bytes) -> bytes:
    """Return the SHA-256 of a row's content."""
    return found[-32:]


def events_block(first_no: int, rows: Sequence[bytes]) -> bytes:
    """Return a whole COPY of rows numbered from `first_no` on."""
    head = struct.Struct(">hiq").pack
    numbers = range(first_no, first_no + len(rows))
    width = len(COLUMNS) + 1
    return _block(head(width, 8, number) + found for number, found in zip(numbers, rows, strict=True))


def staged_block(first: int, rows: Sequence[bytes]) -> bytes:
    """Return a whole COPY of rows with their places, from `first` on."""
    head = struct.Struct(">hii").pack
    width = len(COLUMNS) + 1
    return _block(head(width, 4, place) + found for place, found in enumerate(rows, first))


def _block(parts: Iterable[bytes]) -> bytes:
    return b"".join((_SIGNATURE, *parts, _END))

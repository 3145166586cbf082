"""A file of events as a stream: unpacked, in lines, in constant memory, with the hash of what was read."""

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

from acquit.actions.usage_lines import LINE_MAX
from acquit.core.errors import Invalid

BLOCK: Final = 1 << 20
READ: Final = 1 << 17
"""What is read at once: even lines of one character make no chunk too large."""
GZIP_START: Final = b"\x1f\x8b"
OTHER_TEXT: Final = (b"\xff\xfe", b"\xfe\xff")
"""How UTF-16 begins."""


class FileRefused(Invalid):
    """The file is no text of events; nothing of it was imported."""

    code = "file-refused"


@dataclass(slots=True)
class Reader:
    """The unpacked bytes of a file; `offset_bytes` counts those that were given out."""

    stream: BinaryIO
    packed: bytes = b""
    unpacker: Any = None
    ahead: bytes = b""
    offset_bytes: int = 0
    hash: Any = field(default_factory=hashlib.sha256)

    def head(self) -> bytes:
        """Return what comes next without taking it; nothing at the end."""
        if not self.ahead:
            self.ahead = self.stream.read(BLOCK) if self.unpacker is None else self._unpacked()
        return self.ahead

    def take(self, count: int) -> bytes:
        """Return at most so many bytes; none at the end."""
        block = self.head()[:count]
        self.ahead = self.ahead[len(block) :]
        self.offset_bytes += len(block)
        self.hash.update(block)
        return block

    def skip(self, count: int) -> bool:
        """Pass so many bytes; False when there are fewer."""
        left = count
        while left and (block := self.take(min(left, BLOCK))):
            left -= len(block)
        return not left

    def _unpacked(self) -> bytes:
        """Return the next bytes of a gzip file, which may be several joined; none at its end."""
        while True:
            packed = self.packed or self.stream.read(BLOCK)
            if self.unpacker.eof:
                if not packed:
                    return b""
                self.unpacker = zlib.decompressobj(wbits=31)
            if not packed:
                raise FileRefused("The gzip file ends too early. What was read before is kept.")
            try:
                block: bytes = self.unpacker.decompress(packed, BLOCK)
            except zlib.error as error:
                raise FileRefused(
                    f"The gzip file is damaged ({error}). What was read before is kept."
                ) from None
            self.packed = self.unpacker.unused_data or self.unpacker.unconsumed_tail
            if block:
                return block


def reader(stream: BinaryIO) -> Reader:
    """Return a reader of the file, unpacked if it is gzip. Raises FileRefused for UTF-16."""
    start = stream.read(BLOCK)
    if start.startswith(GZIP_START):
        found = Reader(stream, packed=start, unpacker=zlib.decompressobj(wbits=31))
    else:
        found = Reader(stream, ahead=start)
    if found.head().startswith(OTHER_TEXT):
        raise FileRefused("The file is UTF-16 text: convert it to UTF-8. Nothing was imported.")
    return found


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines that follow each other, without their ends, and how far the file is read after them."""

    first_no: int
    raw: list[bytes]
    offset_bytes: int
    prefix_hash: bytes


def lines(source: Reader, first_no: int, count: int) -> Iterator[Lines]:
    """Yield the lines from here on, about so many together; one that is too long is cut."""
    found: list[bytes] = []
    rest = b""
    while block := source.take(READ):
        *whole, rest = (rest + block).split(b"\n")
        found += whole
        if len(rest) > LINE_MAX or len(found) >= count:
            found += _finished(source, rest)
            rest = b""
        if len(found) >= count:
            yield Lines(first_no, found, source.offset_bytes, source.hash.digest())
            first_no, found = first_no + len(found), []
    if rest:
        found.append(rest)
    if found:
        yield Lines(first_no, found, source.offset_bytes, source.hash.digest())


def _finished(source: Reader, rest: bytes) -> list[bytes]:
    """Read on to the end of the line that has begun, if one has, and return it, cut where it is too long."""
    if not rest:
        return []
    while ahead := source.head():
        end = ahead.find(b"\n")
        rest = (rest + source.take(end + 1 if end >= 0 else BLOCK))[: LINE_MAX + 2]
        if end >= 0:
            break
    return [rest.rstrip(b"\n")]

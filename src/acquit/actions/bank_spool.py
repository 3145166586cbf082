"""A bank's file as it was read while it was proved, kept in a temporary file: XML costs more to read."""

import struct
import tempfile
from collections.abc import Iterator
from types import TracebackType
from typing import IO, Final

import msgspec

from acquit.core.bank_entry import BankEntry, BankStatement
from acquit.documents.bank_camt import Ended, Event

ENTRIES_MAX: Final = 500
_LENGTH: Final = struct.Struct("<I")


class Piece(msgspec.Struct, array_like=True):
    """Entries that follow one another, the statement that begins with them, and the end after them."""

    statement: BankStatement | None
    entries: list[BankEntry]
    ended: Ended | None


class Spool:
    """Events that are written once and read once, in their order; the file is gone when it is closed."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the spool
        self._encoder = msgspec.msgpack.Encoder()
        self._statement: BankStatement | None = None
        self._entries: list[BankEntry] = []

    def add(self, event: Event) -> None:
        """Write what a file told; what is odd about it is not kept."""
        if isinstance(event, BankEntry):
            self._entries.append(event)
            if len(self._entries) == ENTRIES_MAX:
                self._write(None)
        elif isinstance(event, BankStatement):
            self._statement = event
        elif isinstance(event, Ended):
            self._write(event)

    def events(self) -> Iterator[Event]:
        """Yield everything that was written, from the first."""
        decoder = msgspec.msgpack.Decoder(Piece)
        self._file.seek(0)
        while head := self._file.read(_LENGTH.size):
            piece = decoder.decode(self._file.read(_LENGTH.unpack(head)[0]))
            if piece.statement is not None:
                yield piece.statement
            yield from piece.entries
            if piece.ended is not None:
                yield piece.ended

    def __enter__(self) -> "Spool":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def _write(self, ended: Ended | None) -> None:
        content = self._encoder.encode(Piece(self._statement, self._entries, ended))
        self._file.write(_LENGTH.pack(len(content)))
        self._file.write(content)
        self._statement, self._entries = None, []

"""Read events as senders write them: a JSON object or a CSV record a line."""

import csv
import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from acquit.core.errors import Invalid
from acquit.core.problem import Problem
from acquit.core.usage import Sent

LINE_MAX: Final = 65_536
PROPERTIES_MAX: Final = 20
PROPERTIES_BYTES_MAX: Final = 2_000
COLUMNS: Final = ("id", "account", "service", "meter", "quantity", "at", "until", "corrects", "source")
"""The members of an event that are columns of a CSV file; other columns are properties."""
NEEDED: Final = ("id", "account", "quantity")

Read = Callable[[bytes], Sent | Problem]


class BadColumns(Invalid):
    """The header or the mapping of a CSV file does not say where events stand."""

    code = "bad-columns"


class Wire(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """An event as a JSON object; `service` is a number or a name, `quantity` a number or its text."""

    id: str
    account: str
    quantity: msgspec.Raw
    service: str | int = ""
    meter: str = ""
    at: str = ""
    until: str | None = None
    properties: dict[str, str | int | float | bool | None] | None = None
    corrects: str | None = None
    source: str | None = None


_decoder = msgspec.json.Decoder(Wire)


def json_reader(source: str) -> Read:
    """Return a reader of JSON objects; one that names no source of its own has this one."""

    def read(raw: bytes) -> Sent | Problem:
        try:
            wire = _decoder.decode(raw)
        except (UnicodeDecodeError, msgspec.DecodeError, RecursionError) as error:
            return _unread(raw, error)
        kept = _properties(wire.properties) if wire.properties else ""
        if isinstance(kept, Problem):
            return kept
        return Sent(
            wire.source or source, wire.id, wire.account, str(wire.service), wire.meter,
            bytes(wire.quantity).decode().strip('"'), wire.at, wire.until or "", kept, wire.corrects or "",
        )  # fmt: skip

    return read


def _unread(raw: bytes, error: Exception) -> Problem:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return Problem("wrong-encoding", "The line is not UTF-8 text.", "line")
    return Problem("malformed-line", f"The line is no event: {error}.", "line")


def _properties(found: Mapping[str, Any]) -> str | Problem:
    """Return the properties as canonical JSON, or what is too much about them."""
    if len(found) > PROPERTIES_MAX:
        return Problem("bad-properties", f"An event has at most {PROPERTIES_MAX} properties.", "properties")
    text = msgspec.json.encode(found, order="sorted").decode()
    if len(text) > PROPERTIES_BYTES_MAX or "\\u0000" in text:
        said = f"Properties are at most {PROPERTIES_BYTES_MAX} characters, without NUL."
        return Problem("bad-properties", said, "properties")
    return text


def csv_reader(header: bytes, source: str, mapping: Mapping[str, str]) -> Read:
    """Return a reader of records under the header; a record is one line, `;` separates where it does there.

    `mapping` tells which column is which member of an event. Raises BadColumns.
    """
    try:
        text = header.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        raise BadColumns("The header is not UTF-8 text.") from None
    separator = ";" if text.count(";") > text.count(",") else ","
    names = [name.strip() for name in next(csv.reader([text], delimiter=separator), [])]
    places = _places(names, mapping)
    others = [(name, place) for place, name in enumerate(names) if place not in places.values() and name]

    def read(raw: bytes) -> Sent | Problem:
        cells = _cells(raw, separator)
        if isinstance(cells, Problem):
            return cells
        if len(cells) != len(names):
            said = f"The record has {len(cells)} columns, the header has {len(names)}."
            return Problem("malformed-line", said, "line")
        found = {name: cells[place].strip() for name, place in places.items()}
        kept = _properties({name: cells[place] for name, place in others if cells[place]}) if others else ""
        if isinstance(kept, Problem):
            return kept
        return Sent(
            found.get("source") or source, found["id"], found["account"], found.get("service", ""),
            found.get("meter", ""), found["quantity"], found.get("at", ""), found.get("until", ""),
            "" if kept == "{}" else kept, found.get("corrects", ""),
        )  # fmt: skip

    return read


def _places(names: Sequence[str], mapping: Mapping[str, str]) -> dict[str, int]:
    """Return at which place each member of an event stands."""
    strange = [member for member in mapping if member not in COLUMNS]
    if strange:
        raise BadColumns(f"An event has no {strange[0]}: map {', '.join(COLUMNS)}.", column=strange[0])
    twice = next((name for name in names if name and names.count(name) > 1), None)
    if twice is not None:
        raise BadColumns(f"The header names {twice} twice.", column=twice)
    wanted = {member: mapping.get(member, member) for member in COLUMNS}
    absent = [
        name
        for member, name in wanted.items()
        if name not in names and (member in NEEDED or member in mapping)
    ]
    if absent:
        raise BadColumns(
            f"The header has no column {', '.join(absent)}. It has: {', '.join(names)[:200]}. "
            "Say which is which with --map id=COLUMN.",
            column=absent[0],
        )
    return {member: names.index(name) for member, name in wanted.items() if name in names}


def _cells(raw: bytes, separator: str) -> list[str] | Problem:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return Problem("wrong-encoding", "The line is not UTF-8 text.", "line")
    if '"' not in text:
        return text.split(separator)
    try:
        return next(csv.reader([text], delimiter=separator, strict=True))
    except csv.Error as error:
        return Problem("malformed-line", f"The record cannot be read: {error}.", "line")


def raw_hash(raw: bytes) -> bytes:
    """Return the SHA-256 of the line as it came."""
    return hashlib.sha256(raw).digest()


def kept(raw: bytes, sent: Sent | Problem) -> bytes:
    """Return a rejected line as it can be read again without its file: a record as a JSON object."""
    if isinstance(sent, Problem) or raw.startswith(b"{"):
        return raw
    members = {
        "id": sent.event_id, "account": sent.account, "service": sent.service, "meter": sent.meter,
        "quantity": sent.quantity, "at": sent.at, "until": sent.until, "corrects": sent.corrects,
        "source": sent.source,
    }  # fmt: skip
    found: dict[str, object] = {name: text for name, text in members.items() if text}
    if sent.properties:
        found["properties"] = msgspec.Raw(sent.properties.encode())
    return msgspec.json.encode(found)

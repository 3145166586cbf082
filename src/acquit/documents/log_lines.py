"""Lines of logs as they are read elsewhere: JSON lines, GELF, syslog.

Source: GELF 1.1 (Graylog), each message ended by a null byte over TCP; RFC 5424 (syslog) and RFC 5425 (each
message after its length, over TLS); https://github.com/ndjson/ndjson-spec.
"""

import json
from collections.abc import Iterable
from datetime import UTC
from typing import Any, Final

from acquit.core.log_stream import LogFormat, LogKind, LogRecord

JSON_LINES: Final = "application/x-ndjson"
PROGRAM: Final = "acquit"
NOTICE: Final = 5
"""The severity of syslog, and of GELF, which took it over."""
FACILITIES: Final = {LogKind.CALLS: 16, LogKind.ACCESS: 13}
"""Local use 0 for calls, `log audit` for events of access (RFC 5424, 6.2.1)."""
BYTE_ORDER_MARK: Final = "\ufeff"
TEXT_MAX: Final = 2_000


def json_line(record: LogRecord) -> bytes:
    """Return the record as one line of JSON."""
    return _json(_members(record)) + b"\n"


def written(records: Iterable[LogRecord], format_: LogFormat, secret_name: str, secret: str) -> bytes:
    """Return the records as the format writes them, in order; the secret of an https stream is a header."""
    if format_ is LogFormat.GELF:
        return b"".join(_gelf(each, secret_name, secret) for each in records)
    if format_ is LogFormat.SYSLOG:
        return b"".join(_framed(_syslog(each, secret_name, secret)) for each in records)
    return b"".join(json_line(each) for each in records)


def _members(record: LogRecord) -> dict[str, Any]:
    return {
        "kind": record.kind.value,
        "number": record.number,
        "account": record.account_id,
        "at": _instant(record),
        "message": record.summary[:TEXT_MAX],
        **record.said,
    }


def _instant(record: LogRecord) -> str:
    return record.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _gelf(record: LogRecord, secret_name: str, secret: str) -> bytes:
    """Additional fields are texts and numbers; what is nested is told as JSON, what is null is left out."""
    fields = {f"_{name}": _flat(value) for name, value in record.said.items() if value is not None}
    secrets = {f"_{secret_name}": secret} if secret_name else {}
    message = {
        "version": "1.1",
        "host": record.account_id,
        "short_message": record.summary[:TEXT_MAX],
        "timestamp": round(record.at.timestamp(), 6),
        "level": NOTICE,
        "_kind": record.kind.value,
        "_number": record.number,
        **fields,
        **secrets,
    }
    return _json(message) + b"\0"


def _flat(value: object) -> str | int:
    return value if isinstance(value, str | int) else json.dumps(value, ensure_ascii=False)


def _syslog(record: LogRecord, secret_name: str, secret: str) -> bytes:
    priority = FACILITIES[record.kind] * 8 + NOTICE
    header = f"<{priority}>1 {_instant(record)} {record.account_id} {PROGRAM} - {record.kind.value}"
    text = BYTE_ORDER_MARK + _json(_members(record)).decode()
    return f"{header} {_element(secret_name, secret)} {text}".encode()


def _element(name: str, secret: str) -> str:
    """Return the structured data that bears the secret; `"`, `]` and the backslash are escaped."""
    if not name:
        return "-"
    element, _, parameter = name.partition("/")
    value = "".join(f"\\{sign}" if sign in '"]\\' else sign for sign in secret)
    return f'[{element} {parameter}="{value}"]'


def _framed(message: bytes) -> bytes:
    return b"%d %b" % (len(message), message)


def _json(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()

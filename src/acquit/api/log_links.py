"""The links by which the latest of a log is read without a login: `/cgi-bin/log`.

A link is good for one log of one account, for an hour, and no longer than the key that asked for it, or the
login of who asked in the manager; a wrong one, and one that is over, is not found.
Nothing of its query ever reaches a log of ours. The lines are made part by part, as fast as they are read.
"""

import logging
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, Final
from urllib.parse import parse_qsl

from acquit.actions.context import Context
from acquit.actions.read_log import TYPE, NoSuchLogLink, latest_lines, refuse_wrong_log_link
from acquit.api.logs import PLACE
from acquit.api.papers import PARAMETERS_MAX, PLAIN, PRIVATE, Headers, StartResponse
from acquit.core.errors import NotFound
from acquit.core.identifiers import AccountId
from acquit.core.log_stream import LogKind
from acquit.store.transaction import Unavailable

log = logging.getLogger("acquit.logs")

PREFIX: Final = PLACE
UNTIL_DIGITS_MAX: Final = 12
SAFE: Final = (*PRIVATE, ("Content-Security-Policy", "default-src 'none'; sandbox"))
LINES: Final = (("Content-Type", TYPE), ("Content-Disposition", 'attachment; filename="log.ndjson"'))
METHODS: Final = ("GET", "HEAD")


class LogLinks:
    """The WSGI application at `/cgi-bin/log`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; the lines are made while they are sent."""
        status, headers, parts = self._answer(environ)
        if isinstance(parts, bytes):
            start_response(status, [*headers, *SAFE, ("Content-Length", str(len(parts)))])
            return [parts]
        start_response(status, [*headers, *SAFE])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else parts

    def _answer(self, environ: dict[str, Any]) -> tuple[str, Headers, bytes | Iterator[bytes]]:
        if environ["REQUEST_METHOD"] not in METHODS:
            return "405 Method Not Allowed", [*PLAIN, ("Allow", "GET, HEAD")], b"GET it.\n"
        try:
            account_id, kind = self._link(environ["REQUEST_URI"])
            lines = latest_lines(self._context, account_id, kind)
            return "200 OK", [*LINES], chain([next(lines, b"")], lines)
        except NotFound:
            text = b"This link is wrong or over: ask for another one.\n"
            return "404 Not Found", [*PLAIN], text
        except Unavailable:
            log.error("log_link.unavailable")
            return "503 Service Unavailable", [*PLAIN, ("Retry-After", "5")], b"Try again in a moment.\n"
        except Exception as error:
            log.error("log_link.crash", extra={"error": type(error).__qualname__})
            return "500 Internal Server Error", [*PLAIN], b"The log cannot be shown now.\n"

    def _link(self, target: str) -> tuple[AccountId, LogKind]:
        """Return which log of whom the link leads to. Raises NoSuchLogLink."""
        path, _, query = target.partition("?")
        try:
            said = dict(parse_qsl(query, max_num_fields=PARAMETERS_MAX, errors="strict"))
            kind = LogKind(said.get("kind", ""))
        except ValueError:
            raise NoSuchLogLink("link") from None
        until = said.get("until", "")
        is_number = until.isascii() and until.isdigit() and len(until) <= UNTIL_DIGITS_MAX
        if path != PREFIX or not is_number:
            raise NoSuchLogLink("link")
        account_id = AccountId(said.get("account", ""))
        maker, password = said.get("by", ""), said.get("passwd", "")
        refuse_wrong_log_link(self._context, account_id, kind, maker, int(until), password)
        return account_id, kind

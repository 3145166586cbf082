"""The links by which the bytes of kept files come and go without a login: below `/cgi-bin/document`.

A link is good for one file and one deed, for two hours at most; a wrong one, and one that is over, is not
found. Nothing of a link's query ever reaches a log. Pages of web sites that the account named may use its
links too (CORS).
"""

import logging
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, quote
from uuid import UUID

from acquit.actions.context import Context
from acquit.actions.keep_file import fetch_file, refuse_wrong_link, send_file
from acquit.api.papers import PARAMETERS_MAX, PLAIN, PRIVATE, Headers, StartResponse
from acquit.core.errors import NotFound, Refusal
from acquit.core.identifiers import AccountId
from acquit.core.kept_file import Deed, FilesTooLarge, NoSuchFile
from acquit.store import kept_files
from acquit.store.transaction import Unavailable

log = logging.getLogger("acquit.files")

PREFIX: Final = "/cgi-bin/document"
UNTIL_DIGITS_MAX: Final = 12
DEEDS: Final[Mapping[str, Deed]] = {"PUT": Deed.SEND, "GET": Deed.FETCH, "HEAD": Deed.FETCH}
SAFE: Final = (
    *PRIVATE,
    ("Content-Security-Policy", "default-src 'none'; sandbox"),
    ("Vary", "Origin"),
)


class Link(NamedTuple):
    """Which file of whom a link leads to; its secret was right, and it is not over."""

    account_id: AccountId
    file_id: str


Said = tuple[str, Headers, bytes]


class FileLinks:
    """The WSGI application below `/cgi-bin/document`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        status, headers, content = self._answer(environ)
        start_response(status, [*headers, *SAFE, ("Content-Length", str(len(content)))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [content]

    def _answer(self, environ: dict[str, Any]) -> Said:
        method = environ["REQUEST_METHOD"]
        asked = environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD", "") if method == "OPTIONS" else method
        deed = DEEDS.get(asked)
        if deed is None:
            return (
                "405 Method Not Allowed",
                [*PLAIN, ("Allow", "GET, HEAD, PUT, OPTIONS")],
                b"GET or PUT it.\n",
            )
        try:
            link = self._link(environ["REQUEST_URI"], deed)
            shared = self._shared(environ, link)
            if method == "OPTIONS":
                return self._preflight(shared)
            status, headers, content = self._carry_out(link, deed, environ)
            return status, [*headers, *shared], content
        except NotFound:
            return (
                "404 Not Found",
                [*PLAIN],
                b"There is no such file, or its link is wrong or over: ask for it again.\n",
            )
        except Unavailable:
            log.error("file.unavailable")
            return "503 Service Unavailable", [*PLAIN, ("Retry-After", "5")], b"Try again in a moment.\n"
        except Exception as error:
            log.error("file.crash", extra={"error": type(error).__qualname__})
            return "500 Internal Server Error", [*PLAIN], b"The file cannot be taken or shown now.\n"

    def _carry_out(self, link: Link, deed: Deed, environ: dict[str, Any]) -> Said:
        if deed is Deed.FETCH:
            name, content = fetch_file(self._context, link.account_id, link.file_id)
            return "200 OK", _as_download(name), content
        try:
            sent = environ["wsgi.input"].read()
            send_file(self._context, link.account_id, link.file_id, sent, by=f"account:{link.account_id}")
        except FilesTooLarge as refusal:
            return _refused("413 Content Too Large", refusal)
        return "200 OK", [*PLAIN], b""

    def _link(self, target: str, deed: Deed) -> Link:
        """Return where the link leads. Raises NoSuchFile."""
        path, _, query = target.partition("?")
        try:
            file_id = str(UUID(path.removeprefix(f"{PREFIX}/")))
            said = dict(parse_qsl(query, max_num_fields=PARAMETERS_MAX, errors="strict"))
        except ValueError:
            raise NoSuchFile("link") from None
        until = said.get("until", "")
        if not (until.isascii() and until.isdigit() and len(until) <= UNTIL_DIGITS_MAX):
            raise NoSuchFile(file_id)
        account_id = AccountId(said.get("account", ""))
        refuse_wrong_link(self._context, account_id, file_id, deed, int(until), said.get("passwd", ""))
        return Link(account_id, file_id)

    def _shared(self, environ: dict[str, Any], link: Link) -> Headers:
        """Return what lets a page of the web site that asks see the answer; nothing for others."""
        origin = environ.get("HTTP_ORIGIN", "")
        if not origin:
            return []
        with self._context.database.read() as tx:
            allowed = kept_files.origins(tx, link.account_id)
        return [("Access-Control-Allow-Origin", origin)] if origin in allowed else []

    def _preflight(self, shared: Headers) -> Said:
        if not shared:
            return "403 Forbidden", [*PLAIN], b"This web site was not allowed: POST /me/document/cors does.\n"
        return (
            "200 OK",
            [
                *shared,
                ("Access-Control-Allow-Methods", "GET, HEAD, PUT"),
                ("Access-Control-Allow-Headers", "Content-Type"),
                ("Access-Control-Max-Age", "600"),
            ],
            b"",
        )


def _refused(status: str, refusal: Refusal) -> Said:
    return status, [*PLAIN], f"{refusal.message}\n".encode()


def _as_download(name: str) -> Headers:
    """Return headers by which a browser saves the bytes, whatever they are, and shows nothing of them."""
    plain = "".join(sign if sign.isascii() and sign not in '"\\%' else "_" for sign in name)
    return [
        ("Content-Type", "application/octet-stream"),
        ("Content-Disposition", f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"),
    ]

"""One request and its answer: replies become bytes, headers and cookies here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, quote

import falcon

from acquit.actions.attempts import TooManyAttempts
from acquit.actions.context import Context
from acquit.actions.sign_in import SignInRefused
from acquit.actions.sign_on import ProviderSilent
from acquit.console import browsers, doors, forms, texts
from acquit.console.doors import Entering
from acquit.console.rendering import render
from acquit.console.visit import Download, Form, Page, Redirect, Reply, SessionChange, Stream, Visit
from acquit.core.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, Unlawful
from acquit.core.second_factor import WrongCode
from acquit.core.session import Door

STATUSES: Final[tuple[tuple[type[Refusal], int], ...]] = (
    (TooManyAttempts, 429),
    (SignInRefused, 401),
    (ProviderSilent, 502),
    (WrongCode, 401),
    (forms.FormTooLarge, 413),
    (NotFound, 404),
    (Forbidden, 403),
    (Conflict, 409),
    (Unlawful, 422),
    (Invalid, 400),
)
SECURITY: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action {targets}; "
    "frame-ancestors 'none'; base-uri 'none'"
)
SCRIPT_POLICY: Final = "; script-src 'self'; connect-src 'self'"
FILE_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


Locate = Callable[[Mapping[str, Any]], tuple[str, str]]
"""From a WSGI environment to the origin that the browser knows us by, and the caller's address."""


@dataclass(slots=True)
class Exchange:
    """A request, the response being made, and the visit that handlers see of them."""

    request: falcon.Request
    response: falcon.Response
    visit: Visit
    is_secure: bool

    def say(self, reply: Reply, fault: Refusal | None = None) -> None:
        """Write the reply; `fault` is told on the page."""
        self.response.set_headers(SECURITY)
        self.response.cache_control = ["no-store"]
        if isinstance(fault, TooManyAttempts):
            self.response.set_header("Retry-After", fault.details["retry_seconds"])
        if isinstance(reply, Download | Stream):
            _send(self.response, reply)
            return
        if reply.session is not None:
            self._change_session(reply.session)
        if isinstance(reply, Redirect):
            self.response.status = falcon.HTTP_303
            self.response.location = reply.location
            return
        self._show(reply, fault)

    def refuse(self, fault: Refusal, status: int | None = None) -> None:
        """Write a page that tells the refusal."""
        door = Door.OFFICE if self.visit.path.startswith("/office") else Door.MANAGER
        shown = status or status_of(fault)
        self.say(Page("error.html", {"door": door.value, "status": shown}, shown), fault)

    def remember(self, form_secret: str) -> None:
        """Give the browser the secret that its forms derive from."""
        name = doors.cookie_name(doors.FORM_COOKIE, is_secure=self.is_secure)
        doors.set_cookie(self.response, name, form_secret, is_secure=self.is_secure)

    def _show(self, page: Page, fault: Refusal | None) -> None:
        self.response.status = page.status
        self.response.content_type = "text/html; charset=utf-8"
        policy = POLICY.format(targets=" ".join(("'self'", *page.form_targets)))
        self.response.set_header("Content-Security-Policy", policy + SCRIPT_POLICY if page.script else policy)
        self.response.data = render(page, self.visit, fault)

    def _change_session(self, change: SessionChange) -> None:
        name = doors.session_cookie(change.door, is_secure=self.is_secure)
        if change.token:
            doors.set_cookie(self.response, name, change.token, is_secure=self.is_secure)
            self.visit = replace(self.visit, form_secret=change.token)
        else:
            doors.clear_cookie(self.response, name, is_secure=self.is_secure)


def opened(
    context: Context,
    locate: Locate,
    request: falcon.Request,
    response: falcon.Response,
    path_values: dict[str, str],
    door: Door | None,
) -> tuple[Exchange, Entering]:
    """Return the exchange with whoever comes through the door (None: whoever signed in to the manager)."""
    origin, address = locate(request.env)
    is_secure = origin.startswith("https:")
    entering = doors.enter(context, request, door, is_secure=is_secure)
    account = entering.account
    visit = Visit(
        context=replace(context, caller_address=address),
        method="POST" if request.method == "POST" else "GET",
        path=request.path,
        path_values=path_values,
        pairs=_pairs(request),
        form=Form(),
        language=texts.language_of(account.language) if account else _preferred(request),
        address=address,
        origin=origin,
        form_secret=entering.form_secret,
        account=account,
        staff=entering.staff,
        browser=browsers.named(request.get_header("User-Agent") or ""),
    )
    return Exchange(request, response, visit, is_secure), entering


def blind(context: Context, locate: Locate, request: falcon.Request, response: falcon.Response) -> Exchange:
    """Return an exchange with nobody, for what must be said even when the store is out of reach."""
    origin, address = locate(request.env)
    visit = Visit(
        context, "GET", request.path, {}, (), Form(), _preferred(request), address, origin, form_secret=""
    )
    return Exchange(request, response, visit, is_secure=origin.startswith("https:"))


def status_of(refusal: Refusal) -> int:
    """Return the HTTP status of a refusal's kind."""
    return next((status for kind, status in STATUSES if isinstance(refusal, kind)), 400)


def _preferred(request: falcon.Request) -> str:
    return texts.preferred(request.get_header("Accept-Language") or "")


def _pairs(request: falcon.Request) -> tuple[tuple[str, str], ...]:
    try:
        pairs = parse_qsl(request.query_string, keep_blank_values=True, max_num_fields=500)
    except ValueError:
        raise falcon.HTTPBadRequest from None
    if any("\0" in text for text in (request.path, *(text for pair in pairs for text in pair))):
        raise falcon.HTTPBadRequest
    return tuple(pairs)


def _send(response: falcon.Response, file: Download | Stream) -> None:
    response.content_type = file.type
    if isinstance(file, Stream):
        response.stream = file.parts
    elif isinstance(file.content, Path):
        response.content_length = file.content.stat().st_size
        response.stream = file.content.open("rb")
        file.content.unlink()
    else:
        response.data = file.content
    if file.type != "application/pdf":
        response.set_header("Content-Security-Policy", FILE_POLICY)
    disposition = "inline" if isinstance(file, Download) and file.inline else "attachment"
    response.set_header("Content-Disposition", f"{disposition}; filename*=UTF-8''{quote(file.name, safe='')}")

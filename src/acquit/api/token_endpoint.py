"""`POST /auth/oauth2/token` and its discovery document, outside `/1.0` as the public API has them.

Errors are those of OAuth 2.0, not those of the API. Source: RFC 6749, sections 2.3.1, 4.4, 5.1 and 5.2;
RFC 8414, section 2.
"""

import base64
import binascii
import json
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote_plus

from acquit.actions.context import Context
from acquit.actions.issue_access_token import WrongSecret, issue_access_token
from acquit.api.incoming import Incoming
from acquit.api.origin import Proxies
from acquit.core.service_account import TooManyTokens
from acquit.store.transaction import Unavailable

log = logging.getLogger("acquit.tokens")

PREFIXES: Final = ("/auth/oauth2", "/auth/.well-known")
TOKEN: Final = "/auth/oauth2/token"  # noqa: S105 - a path
DISCOVERY: Final = "/auth/.well-known/openid-configuration"
FIELDS_MAX: Final = 20
SHAPE: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}")
STATUSES: Final = {
    200: "200 OK",
    400: "400 Bad Request",
    401: "401 Unauthorized",
    404: "404 Not Found",
    405: "405 Method Not Allowed",
    429: "429 Too Many Requests",
    500: "500 Internal Server Error",
    503: "503 Service Unavailable",
}

StartResponse = Callable[[str, list[tuple[str, str]]], object]
Said = tuple[int, dict[str, object]]


class Refused(Exception):
    """The request is answered with an error of OAuth 2.0."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.status = status
        self.body: dict[str, object] = {"error": error, "error_description": description}


class TokenEndpoint:
    """The WSGI application below `/auth/oauth2` and `/auth/.well-known`."""

    def __init__(self, context: Context, proxies: Proxies) -> None:
        self._context = context
        self._proxies = proxies

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        status, value = self._answer(Incoming.of(environ, self._proxies))
        content = json.dumps(value).encode()
        headers = [
            ("Content-Type", "application/json; charset=utf-8"),
            ("Cache-Control", "no-store"),
            ("Pragma", "no-cache"),
            ("X-Content-Type-Options", "nosniff"),
            ("Content-Length", str(len(content))),
        ]
        if status == 401:
            headers.append(("WWW-Authenticate", 'Basic realm="oauth2"'))
        if status in (429, 503):
            headers.append(("Retry-After", "60"))
        start_response(STATUSES[status], headers)
        return [content]

    def _answer(self, incoming: Incoming) -> Said:
        try:
            return self._serve(incoming)
        except Refused as refused:
            return refused.status, refused.body
        except WrongSecret as refusal:
            return 401, {"error": "invalid_client", "error_description": refusal.message}
        except TooManyTokens as refusal:
            return 429, {"error": "temporarily_unavailable", "error_description": refusal.message}
        except Unavailable:
            return 503, {"error": "temporarily_unavailable", "error_description": "Try again in a moment"}
        except Exception as error:
            log.error("token.crash", extra={"error": type(error).__qualname__})
            return 500, {"error": "server_error", "error_description": "Internal server error"}

    def _serve(self, incoming: Incoming) -> Said:
        path = incoming.target.partition("?")[0]
        if path == DISCOVERY and incoming.method == "GET":
            return 200, discovery(incoming.origin.public)
        if path not in (TOKEN, DISCOVERY):
            return 404, {"error": "invalid_request", "error_description": "There is nothing here"}
        if path != TOKEN or incoming.method != "POST":
            return 405, {"error": "invalid_request", "error_description": "Ask for a token with POST"}
        return 200, self._token(incoming)

    def _token(self, incoming: Incoming) -> dict[str, object]:
        form = _form(incoming.body)
        given_id, secret = _credentials(form, incoming.headers.get("authorization", ""))
        if form.get("grant_type") != "client_credentials":
            raise Refused("unsupported_grant_type", "grant_type is client_credentials")
        if form.get("scope", "all") not in ("all", ""):
            raise Refused("invalid_scope", "The one scope is all")
        made = issue_access_token(self._context, given_id, secret)
        left = made.expires_at - self._context.clock.now()
        return {
            "access_token": made.text,
            "token_type": "Bearer",
            "expires_in": int(left.total_seconds()),
            "scope": "all",
        }


def discovery(origin: str) -> dict[str, object]:
    """Return what a program has to know in order to ask for a token."""
    return {
        "issuer": f"{origin}/auth",
        "token_endpoint": origin + TOKEN,
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
        "scopes_supported": ["all"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    }


def _form(body: bytes) -> Mapping[str, str]:
    """Return the fields, each given once. Raises Refused."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict"
        )
    except ValueError:
        raise Refused("invalid_request", "The body is a form, as in grant_type=client_credentials") from None
    form = dict(pairs)
    if len(form) < len(pairs):
        raise Refused("invalid_request", "A field is given once")
    return form


def _credentials(form: Mapping[str, str], authorization: str) -> tuple[str, str]:
    """Return id and secret, from the header or from the body, never from both. Raises Refused."""
    kind, _, encoded = authorization.partition(" ")
    in_body = "client_secret" in form
    if kind.lower() == "basic":
        if in_body:
            raise Refused("invalid_request", "Give the secret in the header or in the body, not in both")
        given_id, secret = _basic(encoded.strip())
    elif in_body and "client_id" in form:
        given_id, secret = form["client_id"], form["client_secret"]
    else:
        raise Refused("invalid_client", "Give client_id and client_secret, by Basic or in the body", 401)
    if not SHAPE.fullmatch(given_id):
        raise WrongSecret
    return given_id, secret


def _basic(encoded: str) -> tuple[str, str]:
    try:
        given_id, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        colon = ""
    if not colon:
        raise Refused("invalid_client", "The Basic header cannot be read", 401)
    return unquote_plus(given_id), unquote_plus(secret)

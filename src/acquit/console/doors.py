"""Who stands at the door: cookies to sessions."""

import secrets
from dataclasses import dataclass
from typing import Final

import falcon

from acquit.actions.context import Context
from acquit.actions.sign_in import session_hash
from acquit.core.session import AccountSession, Door, OperatorSession
from acquit.store import sessions

FORM_COOKIE: Final = "acquit-form"
TOKEN_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Entering:
    """What a browser's cookies say: who it is, and the secret that its forms derive from."""

    form_secret: str
    form_secret_is_new: bool
    account: AccountSession | None = None
    staff: OperatorSession | None = None


def enter(context: Context, request: falcon.Request, door: Door | None, *, is_secure: bool) -> Entering:
    """Return who comes through the door; pages without a door know who signed in to the manager."""
    token = _cookie(request, session_cookie(door or Door.MANAGER, is_secure=is_secure))
    account, staff = _session(context, token, door)
    if token and (account or staff):
        return Entering(token, False, account, staff)
    secret = _cookie(request, cookie_name(FORM_COOKIE, is_secure=is_secure))
    return Entering(secret or secrets.token_urlsafe(24), not secret)


def session_cookie(door: Door, *, is_secure: bool) -> str:
    """Return the name of the door's session cookie."""
    return cookie_name(f"acquit-{door.value}", is_secure=is_secure)


def cookie_name(name: str, *, is_secure: bool) -> str:
    """Return the cookie's name; over https the browser itself binds it to this host."""
    return f"__Host-{name}" if is_secure else name


def set_cookie(response: falcon.Response, name: str, value: str, *, is_secure: bool) -> None:
    """Give the browser a cookie that no script reads and no other site's form sends."""
    response.set_cookie(name, value, path="/", secure=is_secure, http_only=True, same_site="Lax")


def clear_cookie(response: falcon.Response, name: str, *, is_secure: bool) -> None:
    """Make the browser forget the cookie."""
    response.set_cookie(name, "", max_age=0, path="/", secure=is_secure, http_only=True, same_site="Lax")


def _session(
    context: Context, token: str, door: Door | None
) -> tuple[AccountSession | None, OperatorSession | None]:
    if not token:
        return None, None
    with context.database.read() as tx:
        if door is Door.OFFICE:
            return None, sessions.of_operator(tx, session_hash(token))
        return sessions.of_account(tx, session_hash(token)), None


def _cookie(request: falcon.Request, name: str) -> str:
    values = request.get_cookie_values(name) or [""]
    return values[0] if len(values[0]) <= TOKEN_MAX else ""

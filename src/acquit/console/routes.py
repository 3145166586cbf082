"""The map of the console: every address, its handler, its door and the right it needs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from acquit.console import consent, signing_in
from acquit.console.visit import Reply, Visit
from acquit.core.operator import Right
from acquit.core.session import Door

Handler = Callable[[Visit], Reply]


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one address; `once`: sending the form again does nothing more."""

    method: str
    path: str
    handler: Handler
    door: Door | None = None
    right: Right | None = None
    once: bool = False


def _get(door: Door | None, path: str, handler: Handler, right: Right | None = None) -> Route:
    return Route("GET", path, handler, door, right)


def _post(door: Door | None, path: str, handler: Handler, right: Right | None = None) -> Route:
    return Route("POST", path, handler, door, right, once=True)


OPEN: Final = (
    Route("GET", "/", signing_in.home),
    Route("GET", "/manager/login", signing_in.manager_login),
    Route("POST", "/manager/login", signing_in.enter_manager),
    Route("GET", "/office/login", signing_in.office_login),
    Route("POST", "/office/login", signing_in.enter_office),
)

CONSENT: Final = (
    _get(Door.MANAGER, "/auth", consent.ask_consent),
    _post(Door.MANAGER, "/auth", consent.answer_consent),
    _get(Door.MANAGER, "/createApp", consent.ask_application),
    _post(Door.MANAGER, "/createApp", consent.make_application),
    _get(Door.MANAGER, "/createToken", consent.ask_token),
    _post(Door.MANAGER, "/createToken", consent.make_token),
)

MANAGER: Final = (Route("POST", "/manager/logout", signing_in.leave_manager, Door.MANAGER),)

OFFICE: Final = (Route("POST", "/office/logout", signing_in.leave_office, Door.OFFICE),)

ROUTES: Final = (*OPEN, *CONSENT, *MANAGER, *OFFICE)

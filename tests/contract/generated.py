"""Calls that schemathesis makes up from the OpenAPI document, signed as the SDKs sign."""

import re
import time
from collections import Counter
from typing import Any, Final

import requests
import schemathesis
from requests.auth import AuthBase

from acquit.api import openapi
from acquit.api.contract import Route, contract
from acquit.api.routes import ROUTES

from .conftest import Keys

PATIENCE: Final = 20
"""Seconds after which a call hangs."""
LOCKS_OUT: Final = re.compile(
    r"(POST) /auth/logout|(PUT|DELETE) /me/api/(application|credential)/|\w+ /me/accessRestriction"
)
"""What would take the caller's own key away in the middle of the walk; other tests call it."""
JSON: Final = "application/json; charset=utf-8"


class Signed(AuthBase):
    """Signs whatever is sent, as it is sent."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Return the request with the headers of its signature."""
        content = request.body or b""
        content = content.encode() if isinstance(content, str) else content
        assert isinstance(content, bytes)
        assert request.method is not None
        assert request.url is not None
        request.headers.update(self._keys.sign(request.method, request.url, content, int(time.time())))
        return request


def is_walked(route: Route) -> bool:
    """Whether schemathesis may call the route."""
    return route.key in ROUTES and not LOCKS_OUT.match(f"{route.method} {route.path}")


def document(url: str) -> dict[str, Any]:
    """Return the OpenAPI document of what may be called."""
    return openapi.document(filter(is_walked, contract().routes), url)


def schema(url: str, described: dict[str, Any] | None = None) -> Any:
    """Return what schemathesis makes calls from: right ones and wrong ones."""
    made = schemathesis.openapi.from_dict(described or document(url))
    made.config.update(base_url=url)
    return made


class Judge:
    """Judges every answer: no 5xx, always JSON, as the document says; and counts them by status."""

    def __init__(self) -> None:
        self.seen: Counter[int] = Counter()

    def __call__(self, case: Any, response: Any) -> None:
        """Raise when the answer is not one that the wire may give."""
        self.seen[response.status_code] += 1
        said = f"{case.method} {response.request.url} {response.request.body!r}: {response.status_code}"
        assert response.status_code < 500, said
        if response.status_code in (400, 414, 431) and "x-ovh-queryid" not in response.headers:
            assert not response.content, f"{said}: what the HTTP library itself refuses has no body"
            return
        assert response.headers["content-type"] in (JSON, [JSON]), said
        response.json()
        if response.status_code == 200:
            case.operation.validate_response(response)

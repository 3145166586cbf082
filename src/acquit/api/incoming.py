"""A request as the server hands it over, before anything is decided."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from acquit.api.origin import Origin, Proxies


@lru_cache(maxsize=512)
def _header(name: str) -> str:
    return name[5:].replace("_", "-").lower()


@dataclass(frozen=True, slots=True)
class Incoming:
    """Method, raw target, headers (names in lower case), raw body, and where it came from."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    origin: Origin

    @classmethod
    def of(cls, environ: Mapping[str, Any], proxies: Proxies) -> "Incoming":
        """Return the request of a WSGI environment whose REQUEST_URI is the raw target."""
        headers = {
            _header(name): value
            for name, value in environ.items()
            if name.startswith("HTTP_") and "\0" not in value
        }
        host = headers.get("host") or f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
        origin = proxies.origin(environ["wsgi.url_scheme"], host, environ.get("REMOTE_ADDR", ""), headers)
        body = environ["wsgi.input"].read()
        return cls(environ["REQUEST_METHOD"].upper(), environ["REQUEST_URI"], headers, body, origin)

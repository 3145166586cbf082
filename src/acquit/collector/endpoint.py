"""Where an APIv6 is: the public endpoints by their usual names, or any base URL."""

from typing import Final
from urllib.parse import urlsplit

from acquit.collector.fault import Fault

ENDPOINTS: Final = {
    "ovh-eu": "https://eu.api.ovh.com/1.0",
    "ovh-us": "https://api.us.ovhcloud.com/1.0",
    "ovh-ca": "https://ca.api.ovh.com/1.0",
    "kimsufi-eu": "https://eu.api.kimsufi.com/1.0",
    "kimsufi-ca": "https://ca.api.kimsufi.com/1.0",
    "soyoustart-eu": "https://eu.api.soyoustart.com/1.0",
    "soyoustart-ca": "https://ca.api.soyoustart.com/1.0",
}


def base_of(endpoint: str) -> str:
    """Return the base URL of a public name or of a URL, without a slash at its end.

    Raises Fault when it is neither; plain http is taken for loopback addresses alone.
    """
    base = ENDPOINTS.get(endpoint, endpoint).rstrip("/")
    parts = urlsplit(base)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        known = ", ".join(ENDPOINTS)
        raise Fault("endpoint", f"{endpoint!r} is no endpoint: name one of {known}, or a base URL.")
    if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise Fault("endpoint", f"{base} is not encrypted: use https; http is taken on this machine alone.")
    if parts.username or parts.query or parts.fragment:
        raise Fault("endpoint", "A base URL is a scheme, a host and a path, nothing more.")
    return base


def is_public(base: str) -> bool:
    """Return whether the base is one of the public endpoints."""
    return base in ENDPOINTS.values()


def region_of(base: str) -> str:
    """Return `us`, `ca` or `eu`, whose shapes the base speaks (a private base speaks as eu)."""
    host = urlsplit(base).hostname or ""
    if host == "api.us.ovhcloud.com":
        return "us"
    return "ca" if host.startswith("ca.") else "eu"


def token_page(base: str, rules: list[tuple[str, str]]) -> str:
    """Return the page on which a person makes a key with exactly these rights (method, path)."""
    parts = urlsplit(base)
    query = "&".join(f"{method}={path}" for method, path in rules)
    return f"{parts.scheme}://{parts.netloc}/createToken/?{query}"

"""Where a request came from and how its caller wrote our address, proxies in between or not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final

KNOWN_MAX: Final = 4_096
LOOPBACK: Final = ("127.0.0.0/8", "::1/128")


@dataclass(frozen=True, slots=True)
class Origin:
    """The public origin, every origin the caller may have signed for, and the caller's address."""

    public: str
    signed: tuple[str, ...]
    address: str


@dataclass(frozen=True, slots=True)
class Proxies:
    """Whose X-Forwarded headers are believed, and the configured public origin, if any."""

    trusted: tuple[IPv4Network | IPv6Network, ...]
    public_url: str | None = None
    _known: dict[str, bool] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, blocks: Sequence[str] = LOOPBACK, public_url: str | None = None) -> "Proxies":
        """Return the proxies of the blocks; loopback unless told otherwise."""
        origin = public_url.rstrip("/") if public_url else None
        return cls(tuple(ip_network(block) for block in blocks), origin)

    def origin(self, scheme: str, host: str, peer: str, headers: Mapping[str, str]) -> Origin:
        """Return the origin of a request from `peer`; header names are in lower case."""
        address, requested = peer, f"{scheme}://{host}"
        if self._trusts(peer):
            address = self._caller(peer, headers.get("x-forwarded-for", ""))
            requested = _forwarded(scheme, host, headers)
        signed = (self.public_url, requested) if self.public_url else (requested,)
        return Origin(signed[0], tuple(dict.fromkeys(signed)), address)

    def _trusts(self, address: str) -> bool:
        known = self._known.get(address)
        if known is None:
            known = self._is_in(address)
            if len(self._known) < KNOWN_MAX:
                self._known[address] = known
        return known

    def _is_in(self, address: str) -> bool:
        try:
            return any(ip_address(address) in block for block in self.trusted)
        except ValueError:
            return False

    def _caller(self, peer: str, forwarded_for: str) -> str:
        """Return the last address that no trusted proxy vouches for as its own."""
        hops = [hop.strip() for hop in forwarded_for.split(",") if hop.strip()]
        return next((hop for hop in reversed(hops) if not self._trusts(hop)), hops[0] if hops else peer)


def _forwarded(scheme: str, host: str, headers: Mapping[str, str]) -> str:
    scheme = _last(headers.get("x-forwarded-proto")) or scheme
    forwarded = _last(headers.get("x-forwarded-host"))
    host, port = forwarded or host, _last(headers.get("x-forwarded-port"))
    if port.isdigit() and forwarded and ":" not in forwarded.rpartition("]")[2]:
        host = host if port == {"http": "80", "https": "443"}.get(scheme) else f"{host}:{port}"
    return f"{scheme}://{host}"


def _last(value: str | None) -> str:
    return (value or "").rpartition(",")[2].strip()

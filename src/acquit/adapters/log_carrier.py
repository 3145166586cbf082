"""Carries lines of logs over TLS to addresses that accounts name: a request of https, or a stream of bytes.

An account may name any host, so what it resolves to is decided here: addresses of the public internet, and of
networks that the installation allows, are reached, others are not. The address that was decided on is the one
that is connected to; the certificate is of the name. Everything is bounded: seconds, bytes, no redirection.

That a stream of bytes was taken is shown by the other end's close after ours: only who has read everything
closes without a reset.
"""

import fcntl
import socket
import ssl
import sys
import termios
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from acquit.ports import LogTarget, Unreachable

SECONDS_MAX: Final = 20.0
STEP_SECONDS: Final = 10.0
ANSWER_MAX: Final = 65_536
DRAINED_MAX: Final = 64
ACKNOWLEDGED_SECONDS: Final = 0.02
LATE: Final = "it does not answer in time"
TRANSLATED: Final = ip_network("64:ff9b::/96")
"""Addresses behind which an IPv4 address stands (RFC 6052)."""
PUBLIC_V6: Final = ip_network("2000::/3")
"""All that is given out of IPv6; what is beside it, as site-local fec0::/10, Python may take for public."""
SPECIAL: Final = tuple(map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20")))
"""Kept for protocols and examples (RFC 6890, 7526, 9637), which not every Python of ours knows."""

Address = IPv4Address | IPv6Address


class Tls:
    """Carries lines over TLS; `networks` are reached besides the public internet."""

    def __init__(self, networks: Sequence[str] = ()) -> None:
        self._networks = [ip_network(each) for each in networks]

    def carry(self, target: LogTarget, lines: bytes) -> None:
        """Return once the other end has taken all of them. Raises Unreachable."""
        deadline = time.monotonic() + SECONDS_MAX
        over = threading.Event()
        try:
            with closing(self._connected(target, deadline)) as wire, _watched(wire, deadline, over):
                wire.do_handshake()
                if target.path is None:
                    _stream(wire, lines, over)
                else:
                    _post(wire, target, target.path, lines)
        except (OSError, HTTPException) as error:
            raise Unreachable(_why(error, is_over=over.is_set())) from error
        if over.is_set():
            raise Unreachable(LATE)

    def allows(self, address: Address) -> bool:
        """Return whether the address may be reached: a public one, or one of a network that is allowed."""
        if any(address in network for network in self._networks if network.version == address.version):
            return True
        inner = _inside(address)
        if inner is not None:
            return self.allows(inner)
        if any(address in network for network in SPECIAL if network.version == address.version):
            return False
        is_given_out = isinstance(address, IPv4Address) or address in PUBLIC_V6
        return is_given_out and address.is_global and not address.is_multicast and not address.is_reserved

    def _connected(self, target: LogTarget, deadline: float) -> ssl.SSLSocket:
        found = _resolved(target.host, target.port, deadline)
        good = [each for each in found if self.allows(each)]
        if not good:
            raise Unreachable("the name leads to no address that may be reached")
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if target.authorities:
            try:
                context.load_verify_locations(cadata=target.authorities)
            except (ssl.SSLError, ValueError):
                raise Unreachable("its own certificates cannot be read") from None
        plain = _first(good, target.port, deadline)
        try:
            return context.wrap_socket(plain, server_hostname=target.host, do_handshake_on_connect=False)
        except BaseException:
            plain.close()
            raise


@contextmanager
def _watched(wire: ssl.SSLSocket, deadline: float, over: threading.Event) -> Iterator[None]:
    """Cut the connection at the deadline, whatever is under way then."""

    def cut() -> None:
        over.set()
        with suppress(OSError):
            socket.socket.shutdown(wire, socket.SHUT_RDWR)

    watch = threading.Timer(_left(deadline), cut)
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()


def _why(error: Exception, *, is_over: bool) -> str:
    """Return what went wrong, in words that tell nothing of what was sent."""
    if is_over or isinstance(error, TimeoutError):
        return LATE
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS fails: {error.reason or type(error).__name__}"
    return f"the connection fails: {type(error).__name__}"


def _inside(address: Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 address stands for, if it does."""
    if isinstance(address, IPv4Address):
        return None
    if address in TRANSLATED:
        return IPv4Address(address.packed[-4:])
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)


def _resolved(host: str, port: int, deadline: float) -> list[Address]:
    """Return every address of the host. The system's resolver knows no deadline: it may be left behind."""
    with suppress(ValueError):
        return [ip_address(host)]
    found: list[Address] = []
    failed: list[OSError] = []

    def ask() -> None:
        try:
            told = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.extend(dict.fromkeys(ip_address(str(each[4][0]).partition("%")[0]) for each in told))
        except (OSError, UnicodeError) as error:
            failed.append(OSError(str(error)))

    asking = threading.Thread(target=ask, name="resolve", daemon=True)
    asking.start()
    asking.join(min(STEP_SECONDS, _left(deadline)))
    if asking.is_alive():
        raise TimeoutError
    if failed or not found:
        raise Unreachable("its name is not known")
    return list(found)


def _first(addresses: Sequence[Address], port: int, deadline: float) -> socket.socket:
    """Return a connection to the first of the addresses that takes one."""
    last: OSError = TimeoutError()
    for address in addresses:
        try:
            plain = socket.create_connection((str(address), port), timeout=min(STEP_SECONDS, _left(deadline)))
        except OSError as error:
            last = error
        else:
            plain.settimeout(min(STEP_SECONDS, _left(deadline)))
            return plain
    raise last


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _stream(wire: ssl.SSLSocket, lines: bytes, over: threading.Event) -> None:
    """Send everything, say that it is all, and wait until the other end closes without losing any of it."""
    wire.sendall(lines)
    plain: socket.socket = wire
    with suppress(ssl.SSLEOFError):
        plain = wire.unwrap()
    try:
        plain.shutdown(socket.SHUT_WR)
        for _ in range(DRAINED_MAX):
            if not plain.recv(ANSWER_MAX):
                break
        _acknowledged(plain, over)
    finally:
        plain.close()


def _acknowledged(plain: socket.socket, over: threading.Event) -> None:
    """Pass when nothing that was sent is on its way still, and nothing was thrown away (a reset)."""
    while not over.is_set():
        sent = fcntl.ioctl(plain.fileno(), termios.TIOCOUTQ, b"\0" * 4)
        if plain.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise ConnectionResetError
        if int.from_bytes(sent, sys.byteorder) == 0:
            return
        time.sleep(ACKNOWLEDGED_SECONDS)
    raise TimeoutError


def _post(wire: ssl.SSLSocket, target: LogTarget, path: str, lines: bytes) -> None:
    """Send the lines as one request and read a bounded answer; only 2xx says that they were taken."""
    host = f"[{target.host}]" if ":" in target.host else target.host
    request = HTTPConnection(host if target.port == 443 else f"{host}:{target.port}")
    request.sock = wire
    headers = {"Content-Type": target.content_type, "User-Agent": "acquit", "Connection": "close"}
    if target.header is not None:
        headers[target.header[0]] = target.header[1]
    request.request("POST", path, lines, headers)
    answer = request.getresponse()
    if not 200 <= answer.status < 300:
        raise Unreachable(f"it answers {answer.status}")

"""A small provider on the loopback that speaks the plain protocol.

No extras of ours, and faults on demand.
"""

import hashlib
import json
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from acquit.collector.access import Access
from acquit.collector.secret import Secret

APPLICATION, SECRET = "test-application", "test-application-secret"


class VirtualTimer:
    """A clock that hours pass on in an instant; shared by all who wait on it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.seconds = 0.0

    def now(self) -> float:
        with self._lock:
            return self.seconds

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.seconds += seconds


class RealSeconds:
    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        pass


def price(cents: int, *, ucents: bool = True, currency: str = "EUR") -> dict[str, Any]:
    told = {"currencyCode": currency, "text": f"{cents / 100:.2f} €", "value": cents / 100}
    return told | ({"priceInUcents": cents * 1_000_000} if ucents else {})


def pdf(*lines: str, xml: bytes | None = None) -> bytes:
    """A whole PDF with these lines of text; with an XML inside when given."""
    text = " ".join(f"({line}) Tj T*" for line in lines)
    stream = f"BT /F1 12 Tf 14 TL 50 800 Td {text} ET".encode("latin-1")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    if xml is not None:
        objects[0] = (
            b"<< /Type /Catalog /Pages 2 0 R "
            b"/Names << /EmbeddedFiles << /Names [(factur-x.xml) 6 0 R] >> >> >>"
        )
        objects.append(b"<< /Type /Filespec /F (factur-x.xml) /UF (factur-x.xml) /EF << /F 7 0 R >> >>")
        objects.append(b"<< /Type /EmbeddedFile /Length %d >>\nstream\n%s\nendstream" % (len(xml), xml))
    out, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return out + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (size, table, size, len(out))
    )


OTHERS = {
    "correctiveInvoice": "Corrective invoice", "downPaymentInvoice": "Down payment invoice",
    "refund": "Credit note", "reverseBill": "Reverse bill",
}  # fmt: skip
"""The routes of what is no bill, and the title of its paper."""


@dataclass
class World:
    """What one account has; lists by path, objects by key."""

    bills: dict[str, dict[str, Any]] = field(default_factory=dict)
    details: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    debts: dict[str, dict[str, Any]] = field(default_factory=dict)
    methods: dict[str, dict[str, Any]] = field(default_factory=dict)
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    sub_accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    services: dict[str, dict[str, Any]] = field(default_factory=dict)
    operations: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    papers: dict[str, bytes] = field(default_factory=dict)
    others: dict[str, dict[str, dict[str, Any]]] = field(default_factory=lambda: {one: {} for one in OTHERS})
    other_details: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    """By `route:number`, as the papers of what is no bill are."""

    def other(self, route: str, number: str, day: str, *cents: int, **members: Any) -> None:
        """Issue what is no bill: a line for each amount, VAT of 20 %, its paper. Amounts are as told."""
        net, order_id = sum(cents), 500_000 + len(self.others[route])
        tax = (net * 20 + 50) // 100
        self.others[route][number] = {
            f"{route}Id": number, "date": f"{day}T00:00:00+01:00", "orderId": order_id,
            "password": "s3cr3tw0rd", "priceWithoutTax": price(net), "tax": price(tax),
            "priceWithTax": price(net + tax), "pdfUrl": "", "url": "", **members,
        }  # fmt: skip
        self.other_details[f"{route}:{number}"] = {
            str(order_id * 100_000 + place): {
                f"{route}DetailId": str(order_id * 100_000 + place), "domain": f"server-{place}.example",
                "description": OTHERS[route], "quantity": 1 if "Invoice" in route else "1",
                "unitPrice": price(one), "totalPrice": price(one),
            }
            for place, one in enumerate(cents, start=1)
        }  # fmt: skip
        self.papers[f"{route}:{number}"] = pdf(OTHERS[route], number)

    def bill(self, bill_id: str, day: str, *cents: int, due: str | None = None, **members: Any) -> None:
        """Issue a bill with a detail for each amount, VAT of 20 %, and its debt and paper."""
        net, order_id = sum(cents), 1000 + len(self.bills)
        tax = (net * 20 + 50) // 100
        self.bills[bill_id] = {
            "billId": bill_id, "date": f"{day}T00:00:00+01:00", "orderId": order_id, "category": "purchase",
            "password": "s3cr3tw0rd", "priceWithoutTax": price(net), "tax": price(tax),
            "priceWithTax": price(net + tax), "pdfUrl": "", "url": "", **members,
        }  # fmt: skip
        self.details[bill_id] = {
            str(order_id * 100_000 + number): {
                "billDetailId": str(order_id * 100_000 + number), "domain": f"server-{number}.example",
                "description": "Server", "quantity": "1", "unitPrice": price(one, ucents=False),
                "totalPrice": price(one), "periodStart": day, "periodEnd": None,
            }
            for number, one in enumerate(cents, start=1)
        }  # fmt: skip
        if due is not None:
            self.debts[str(order_id)] = {
                "debtId": order_id, "orderId": order_id, "date": f"{day}T00:00:00+01:00",
                "status": "UNMATURED",
                "dueDate": f"{due}T00:00:00+01:00", "amount": price(net + tax), "dueAmount": price(net + tax),
                "todoAmount": price(0), "pendingAmount": price(0), "unmaturedAmount": price(net + tax),
            }  # fmt: skip
        self.papers[bill_id] = pdf("Invoice", bill_id)


Fault = Callable[[str, int], int | str | None]
"""Told the path and the number of the call; returns a status, `cut` (no answer), `half` (half an answer),
`html` (a page in place of JSON), `page` (404 of a proxy), `slow`, `wait` and `hours` (429 with
Retry-After), or nothing."""
SLOW_SECONDS = 0.02


class Provider:
    """Serves worlds by consumer key; what goes wrong says `fault`."""

    def __init__(self, *, pages: bool = True, batch: bool = True, timer: Any = None) -> None:
        self.pages, self.batch, self.batch_below = pages, batch, False
        self.timer = timer or RealSeconds()
        self.per_minute: int | None = None
        self.latency_seconds = 0.0
        self.clock_ahead_seconds = 0
        self.worlds: dict[str, World] = {}
        self.forbidden: set[str] = set()
        self.absent: set[str] = set()
        self.filters_by_date = True
        self.calls: list[str] = []
        self.fault: Fault = lambda _path, _number: None
        self.paper: Callable[[str, bytes], tuple[int, bytes, str]] = lambda _id, content: (
            200, content, "application/pdf",
        )  # fmt: skip
        self.sent: dict[str, deque[float]] = {}
        self.refused = 0
        self.printed: dict[str, list[bytes]] = {}
        self.stamps = False
        self.lock = threading.Lock()
        self.base = ""
        self.made_keys = 0

    def world(self, consumer_key: str = "consumer-key-of-main") -> World:
        return self.worlds.setdefault(consumer_key, World())

    def access(self, name: str = "main", consumer_key: str = "consumer-key-of-main") -> Access:
        self.world(consumer_key)
        return Access(name, self.base, APPLICATION, Secret(SECRET), Secret(consumer_key))

    # ------------------------------------------------------------ answers

    def answer(self, seen: "Seen") -> tuple[int, Any, dict[str, str]]:
        parts = urlsplit(seen.path)
        path = parts.path.removeprefix("/1.0")
        if path == "/auth/time":
            return 200, int(time.time()) + self.clock_ahead_seconds, {}
        with self.lock:
            self.timer.sleep(self.latency_seconds)
            self.calls.append(f"{seen.method} {path}")
            told = self.fault(path, len(self.calls))
            refusal = self._fault(told) or self._refusal(seen, path)
        if refusal is not None:
            return refusal
        status, value, headers = self._told(seen, parts.query, path)
        return status, value, headers | ({"x-half": "1"} if told == "half" else {})

    def _told(self, seen: "Seen", asked: str, path: str) -> tuple[int, Any, dict[str, str]]:
        world = self.worlds[seen.headers["X-Ovh-Consumer"]]
        if seen.method == "POST":
            self.made_keys += 1
            key = f"consumer-key-made-{self.made_keys}"
            self.worlds[key] = World()
            return 200, {"consumerKey": key}, {}
        query = {name: values[0] for name, values in parse_qs(asked).items()}
        return self._read(world, [unquote(one) for one in path.strip("/").split("/")], query, seen)

    @staticmethod
    def _fault(told: int | str | None) -> tuple[int, Any, dict[str, str]] | None:
        if told == "slow":
            time.sleep(SLOW_SECONDS)
        if isinstance(told, int):
            return told, {"message": "Internal server error"}, {}
        return {
            "cut": (0, None, {}),
            "html": (200, b"<html>Log in</html>", {}),
            "page": (404, b"<html>Not here</html>", {}),
            "hours": (429, {"message": "Too many"}, {"Retry-After": "7200"}),
            "wait": (429, {"message": "Too many"}, {"Retry-After": "3"}),
        }.get(told or "")

    def _refusal(self, seen: "Seen", path: str) -> tuple[int, Any, dict[str, str]] | None:
        key = seen.headers["X-Ovh-Consumer"]
        if self._is_too_many(key):
            self.refused += 1
            return 429, {"message": "Too many"}, {"Retry-After": "20"}
        if key not in self.worlds:
            return 403, {"errorCode": "INVALID_CREDENTIAL", "message": "This credential is not valid"}, {}
        stamp = seen.headers["X-Ovh-Timestamp"]
        if abs(int(stamp) - time.time() - self.clock_ahead_seconds) > 30:
            return 400, {"errorCode": "QUERY_TIME_OUT", "message": "Query out of time"}, {}
        origin = self.base.removesuffix("/1.0")
        text = "+".join((SECRET, key, seen.method, origin + seen.path, seen.body.decode(), stamp))
        if seen.headers["X-Ovh-Signature"] != "$1$" + hashlib.sha1(text.encode()).hexdigest():
            return 400, {"errorCode": "INVALID_SIGNATURE", "message": "Invalid signature"}, {}
        if any(path.startswith(one) for one in self.forbidden):
            return 403, {"errorCode": "NOT_GRANTED_CALL", "message": "This call has not been granted"}, {}
        if any(path.startswith(one) for one in self.absent):
            return 404, {"message": "Got an invalid (or empty) URL"}, {}
        if "date.from" in seen.path and not self.filters_by_date:
            return 400, {"message": "Received not described parameters: (date.from)"}, {}
        return None

    def _is_too_many(self, key: str) -> bool:
        if self.per_minute is None:
            return False
        now, sent = self.timer.now(), self.sent.setdefault(key, deque())
        while sent and sent[0] <= now - 60:
            sent.popleft()
        if len(sent) >= self.per_minute:
            return True
        sent.append(now)
        return False

    def _read(
        self, world: World, path: list[str], query: dict[str, str], seen: "Seen"
    ) -> tuple[int, Any, dict[str, str]]:
        none: tuple[int, Any, dict[str, str]] = 404, {"message": "The requested object does not exist"}, {}
        if path == ["me"]:
            return 200, {"nichandle": "ab12345-ovh", "ovhSubsidiary": "FR", "email": "a@b.example"}, {}
        lists: dict[tuple[str, ...], dict[str, dict[str, Any]]] = {
            ("me", "bill"): world.bills, ("me", "debtAccount", "debt"): world.debts,
            ("me", "payment", "method"): world.methods, ("me", "billing", "purchaseOrder"): world.orders,
            ("me", "subAccount"): world.sub_accounts, ("services",): world.services,
            **{("me", route): found for route, found in world.others.items()},
        }  # fmt: skip
        if tuple(path) in lists:
            found = lists[tuple(path)]
            if "debtAccount" in path and not found:
                return none
            since = query.get("date.from", "")
            return self._list(
                {key: one for key, one in found.items() if one.get("date", "~")[:10] >= since}, seen
            )
        below = {"details": world.details, "operation": world.operations}
        if path[1:2] and path[1] in OTHERS:
            start = f"{path[1]}:"
            told_of = world.other_details.items()
            below["details"] = {key.removeprefix(start): one for key, one in told_of if key.startswith(start)}
        if path[-1] in below and (told := self._below(below[path[-1]], path[-2], seen)) is not None:
            return told
        found = lists.get(tuple(path[:-1]), {})
        if len(path) > 3 and path[-2] in below:
            found = below[path[-2]].get(path[-3], {})
        if self.batch and seen.headers.get("X-Ovh-Batch"):
            keys = [key for key in path[-1].split(",") if key]
            return 200, [{"key": k, "value": self._linked(found.get(k)), "error": None} for k in keys], {}
        return (200, self._linked(found[path[-1]]), {}) if path[-1] in found else none

    def _below(
        self, found: dict[str, dict[str, dict[str, Any]]], keys: str, seen: "Seen"
    ) -> tuple[int, Any, dict[str, str]] | None:
        """Answer the list below one object; below several at once, cut to the size of a page."""
        if self.batch_below and seen.headers.get("X-Ovh-Batch"):
            size = int(seen.headers.get("X-Pagination-Size", 50_000))
            told = [
                {"key": one, "value": list(found.get(one, {}).values())[:size]} for one in keys.split(",")
            ]
            return 200, told, {}
        return self._list(found[keys], seen) if keys in found else None

    def _list(self, found: dict[str, dict[str, Any]], seen: "Seen") -> tuple[int, Any, dict[str, str]]:
        if not self.pages or "X-Pagination-Mode" not in seen.headers:
            return 200, list(found), {}
        size, number = (
            int(seen.headers.get("X-Pagination-Size", 20)),
            int(seen.headers.get("X-Pagination-Number", 1)),
        )
        page = [self._linked(one) for one in list(found.values())[(number - 1) * size : number * size]]
        return 200, page, {"x-pagination-elements": str(len(found))}

    def _linked(self, one: dict[str, Any] | None) -> dict[str, Any] | None:
        if one is None or "pdfUrl" not in one:
            return one
        origin = self.base.removesuffix("/1.0")
        named = {route: one.get(f"{route}Id") for route in ("bill", *OTHERS)}
        reference = next(one if route == "bill" else f"{route}:{one}" for route, one in named.items() if one)
        link = f"{origin}/paper?reference={reference}&passwd={one['password']}"
        return {**one, "pdfUrl": link, "url": link}

    def paper_of(self, path: str) -> tuple[int, bytes, str]:
        bill_id = parse_qs(urlsplit(path).query)["reference"][0]
        content = next(world.papers[bill_id] for world in self.worlds.values() if bill_id in world.papers)
        with self.lock:
            printed = self.printed.setdefault(bill_id, [])
            content += b"%% printing %d\n" % len(printed) if self.stamps else b""
            printed.append(content)
        return self.paper(bill_id, content)


@dataclass
class Seen:
    method: str
    path: str
    headers: Any
    body: bytes


@contextmanager
def serving(provider: Provider) -> Iterator[Provider]:
    """Serve the provider on a free port for as long as this lasts."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16

        def log_message(self, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            if self.path.startswith("/paper"):
                return self._send(*provider.paper_of(self.path))
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, value, headers = provider.answer(Seen(self.command, self.path, self.headers, body))
            if status == 0:
                self.close_connection = True
                return None
            content = json.dumps(value).encode() if not isinstance(value, bytes) else value
            kind = "application/cut" if headers.pop("x-half", "") else "application/json"
            return self._send(status, content, kind, headers)

        do_POST = do_GET  # noqa: N815 - the name that http.server calls
        do_PUT = do_GET  # noqa: N815 - the name that http.server calls

        def _send(
            self, status: int, content: bytes, kind: str, headers: dict[str, str] | None = None
        ) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            length = len(content) * 2 if kind == "application/cut" else len(content)
            self.send_header("Content-Length", str(length))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)
            if kind == "application/cut":
                self.close_connection = True

    class Server(ThreadingHTTPServer):
        def handle_error(self, *args: object) -> None:
            """A caller that was killed is no error of ours."""
            if not isinstance(sys.exc_info()[1], ConnectionError):
                super().handle_error(*args)  # type: ignore[arg-type]

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    provider.base = f"http://127.0.0.1:{server.server_port}/1.0"
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()

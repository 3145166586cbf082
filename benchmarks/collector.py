"""Calls, minutes and memory of the collector against a served Acquit, beside a client that is naive.

    python benchmarks/collector.py [--bills 2215] [--details 5] [--accounts 140] [--new 40] [--journal 100000]

Acquit answers from its own store behind a proxy on the loopback. The proxy adds 50 ms to each call and
refuses more than 60 a minute and key, both by a clock that hours pass on in an instant; waits of accounts
that are gathered side by side add up on it, so that minutes are an upper bound. `plain` is the plain
protocol: the proxy lets no call carry the batch header below an object. The naive client makes a call for
each list and for each object. Papers are left out: they are not called with a key. Bills are rows to read, no
run made them.
"""

import argparse
import hashlib
import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import psycopg
from api import SEED, context_of, site
from collector_alone import KINDS
from rig import rig, say, tell

from acquit.actions.create_application import create_application
from acquit.actions.grant_consumer_key import grant_consumer_key
from acquit.adapters.http import Limits, Server
from acquit.collector.access import Access
from acquit.collector.gathered import Wanted
from acquit.collector.journal import Journal, mark_of
from acquit.collector.paper_facts import Facts, TaxRead
from acquit.collector.papers import told_of
from acquit.collector.reading import Reading
from acquit.collector.running import Run
from acquit.collector.secret import Secret
from acquit.core.identifiers import AccountId
from acquit.store.embedded import open_cluster
from acquit.store.migrate import migrate

LATENCY_SECONDS, PER_MINUTE, THREADS = 0.05, 60, 8
LONG_BILL = 50_000

BILLS = """
INSERT INTO bill (account_id, bill_id, order_id, kind, legal_entity_id, payer_id, category, issued_on,
                  issued_at, term_days, term_method, due_on, currency, net_minor, tax_minor, total_minor,
                  payment_reference, language, seller_hash, buyer_hash)
SELECT %(account)s, 'FR' || lpad((%(first)s + n)::text, 8, '0'), 100000000 + %(first)s + n, 'bill', 'FR',
       %(account)s, 'autorenew', day, day, 30, 'net', day + 30, 'EUR', net, net / 5, net + net / 5,
       'RF' || n, 'fr_FR', '\\x00', '\\x00'
  FROM generate_series(1, %(bills)s) n,
       LATERAL (SELECT date '2026-11-20' - ((%(bills)s - n) %% 1000), 500 * %(details)s::bigint) a(day, net);
INSERT INTO bill_detail (account_id, bill_id, detail_no, service_id, kind, domain, description, quantity_e4,
                         unit_price_ucents, net_minor, vat_category, vat_rate_bp, period_start, period_end)
SELECT account_id, bill_id, d, (order_id - 100000000) * 100000 + d, 'renewal',
       'server-' || d || '.example', 'Server, one month', 10000, 500000000, 500, 'S', 2000, issued_on,
       issued_on + 30
  FROM bill, generate_series(1, %(details)s) d
 WHERE account_id = %(account)s;
"""


class VirtualTimer:
    """A clock that hours pass on in an instant; shared by all who wait on it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.seconds = 0.0

    def now(self) -> float:
        """Return the instant in seconds."""
        with self._lock:
            return self.seconds

    def sleep(self, seconds: float) -> None:
        """Let the seconds pass."""
        with self._lock:
            self.seconds += seconds


class Keys(NamedTuple):
    """What signs a call."""

    application_key: str
    application_secret: str
    consumer_key: str


class Proxy:
    """What stands between: it counts, is slow and refuses, by its own clock."""

    def __init__(self, port: int) -> None:
        self.port, self.base = port, ""
        self.timer = VirtualTimer()
        self.calls: Counter[str] = Counter()
        self.refused = 0
        self.batch_below = True
        self._sent: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def admits(self, key: str) -> bool:
        """Let the time of a call pass; return whether the key may make it now."""
        self.timer.sleep(LATENCY_SECONDS)
        with self._lock:
            now, sent = self.timer.now(), self._sent.setdefault(key, deque())
            while sent and sent[0] <= now - 60:
                sent.popleft()
            if len(sent) >= PER_MINUTE:
                self.refused += 1
                return False
            sent.append(now)
            self.calls[key] += 1
            return True

    def headers(self, told: Any, path: str) -> dict[str, str]:
        """Return what is sent on."""
        below = "/details" in path or "/operation" in path
        return {
            name: value
            for name, value in told.items()
            if self.batch_below or not below or name.lower() != "x-ovh-batch"
        }


class Passing(BaseHTTPRequestHandler):
    """Passes each GET on over a connection that is kept."""

    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16
    proxy: Proxy

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Pass the call on, or refuse it."""
        if "/auth/time" not in self.path and not self.proxy.admits(self.headers["X-Ovh-Consumer"]):
            return self._send(429, b'{"message":"Too many requests"}', [("Retry-After", "20")])
        if not hasattr(self, "_onward"):
            self._onward = http.client.HTTPConnection("127.0.0.1", self.proxy.port)
        self._onward.request("GET", self.path, headers=self.proxy.headers(self.headers, self.path))
        answer = self._onward.getresponse()
        kept = [(name, value) for name, value in answer.getheaders()
                if name.lower().startswith(("x-", "content-type"))]  # fmt: skip
        return self._send(answer.status, answer.read(), kept)

    def _send(self, status: int, content: bytes, headers: list[tuple[str, str]]) -> None:
        self.send_response(status)
        for name, value in [*headers, ("Content-Length", str(len(content)))]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def proxied(port: int) -> Iterator[Proxy]:
    """Lend a proxy before the server of that port."""
    proxy = Proxy(port)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("One", (Passing,), {"proxy": proxy}))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    proxy.base = f"http://127.0.0.1:{server.server_port}/1.0"
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()


# ---------------------------------------------------------------- what is measured


def naive(proxy: Proxy, keys: Keys) -> int:
    """Read the bills with a call for each list and each object, a refused call again; return the details."""
    connection = http.client.HTTPConnection(proxy.base.split("/")[2])

    def get(path: str) -> Any:
        while True:
            url, stamp = proxy.base + path, str(int(time.time()))
            text = "+".join((keys.application_secret, keys.consumer_key, "GET", url, "", stamp))
            connection.request("GET", "/1.0" + path, headers={
                "X-Ovh-Application": keys.application_key, "X-Ovh-Consumer": keys.consumer_key,
                "X-Ovh-Timestamp": stamp, "X-Ovh-Signature": "$1$" + hashlib.sha1(text.encode()).hexdigest(),
            })  # fmt: skip
            answer = connection.getresponse()
            content = answer.read()
            if answer.status == 200:
                return json.loads(content)
            assert answer.status == 429, content
            proxy.timer.sleep(float(answer.headers["Retry-After"]))

    details = 0
    for bill_id in get("/me/bill"):
        get(f"/me/bill/{bill_id}")
        for detail_id in get(f"/me/bill/{bill_id}/details"):
            get(f"/me/bill/{bill_id}/details/{detail_id}")
            details += 1
    return details


def access(base: str, name: str, keys: Keys) -> Access:
    """Return what the collector knows of an account."""
    return Access(
        name, base, keys.application_key, Secret(keys.application_secret), Secret(keys.consumer_key)
    )


def gathered(
    proxy: Proxy, accesses: list[Access], archive: Path, kinds: frozenset[str] = KINDS
) -> dict[str, Any]:
    """Gather, by the clock of the proxy; return calls and minutes."""
    calls, refused, seconds = proxy.calls.total(), proxy.refused, proxy.timer.seconds
    begun = time.perf_counter()
    run = Run(archive, Wanted(only=kinds), PER_MINUTE, THREADS, proxy.timer)
    told = run.gather(accesses, lambda _step: None)
    assert not any(one.faults for one in told), told
    return {
        "calls": proxy.calls.total() - calls,
        "details": sum(one.details for one in told),
        "minutes_of_the_clock": round((proxy.timer.seconds - seconds) / 60, 1),
        "seconds_of_this_machine": round(time.perf_counter() - begun, 1),
        "refused": proxy.refused - refused,
    }


def idle_calls(proxy: Proxy, accesses: list[Access], archive: Path) -> int:
    """Return the calls of a run that finds nothing new, of all kinds; papers are told to be there."""
    for one in accesses:
        with Journal(archive / "journal" / f"{one.name}.ndjson") as journal:
            for block in journal.lacking("bill", "papered"):
                for bill_id in block:
                    journal.write("papered", bill_id, journal.mark("bill", bill_id))
    gathered(proxy, accesses, archive, frozenset())
    told: int = gathered(proxy, accesses, archive, frozenset())["calls"]
    return told


def alone(name: str, archive: Path, *given: str) -> dict[str, Any]:
    """Do a piece of the work in a process of its own; return its seconds and most memory."""
    program = Path(__file__).with_name("collector_alone.py")
    done = subprocess.run(
        [sys.executable, program, name, archive, *given], stdout=subprocess.PIPE, check=True, text=True
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


PRICE = {"currencyCode": "EUR", "value": "5", "priceInUcents": 500000000, "text": "5.00 €"}


def write_journal(archive: Path, bills: int, details: int) -> None:
    """Write the journal of an account of so many bills and their debts, as a run would."""
    (archive / "journal").mkdir(parents=True)
    encode = msgspec.json.encode
    with (archive / "journal" / "large.ndjson").open("wb") as out:
        for number in range(bills):
            for kind, key, body, parent in told_of_bill(number, details):
                line = {"kind": kind, "key": key, "seen_at": "2026-11-20T06:00:00Z", "body": body}
                out.write(encode(line | ({"parent": parent} if parent else {})) + b"\n")


def told_of_bill(number: int, details: int) -> Iterator[tuple[str, str, Any, str]]:
    """Yield what a journal says of a bill: content, details, reading of the paper, debt, operation."""
    bill_id, debt_id = f"FR{number:08d}", str(number)
    day = f"{2023 + number % 4}-{1 + number % 12:02d}-{1 + number % 28:02d}"
    bill = {"billId": bill_id, "date": f"{day}T00:00:00+01:00", "orderId": number, "category": "autorenew",
            "priceWithoutTax": PRICE, "tax": PRICE, "priceWithTax": PRICE}  # fmt: skip
    debt = {"debtId": number, "orderId": number, "date": f"{day}T00:00:00+01:00", "status": "PAID",
            "dueDate": None, **dict.fromkeys(("amount", "dueAmount", "todoAmount", "pendingAmount",
                                              "unmaturedAmount"), PRICE)}  # fmt: skip
    operation = {"operationId": number, "date": f"{day}T10:00:00+01:00", "amount": PRICE, "status": "DONE",
                 "type": "ENTERPRISE_MANUAL", "depositOrderId": None}  # fmt: skip
    facts = Facts(kind="bill", means="transfer", payee="Acquit SAS", reference=f"RF{number}",
                       iban="FR7630006000011234567890189", bic="AGRIFRPPXXX",
                       taxes=(TaxRead("S", 2000, 500, 500),))  # fmt: skip
    mark = mark_of(bill)
    yield "bill", bill_id, bill, ""
    yield "details", "0", [
        {
            "billDetailId": str(number * 100 + place), "domain": f"server-{place}.example",
            "quantity": "1", "description": "Server, one month", "unitPrice": PRICE, "totalPrice": PRICE,
            "periodStart": day, "periodEnd": day,
        }
        for place in range(details)
    ], bill_id  # fmt: skip
    yield "count", bill_id, details, ""
    yield "detailed", bill_id, mark, ""
    yield "reading", bill_id, told_of(Reading("PO-2026", True, date(2026, 12, 31), facts)), ""
    yield "papered", bill_id, mark, ""
    yield "debt", debt_id, debt, ""
    yield "operation", debt_id, operation, debt_id
    yield "operated", debt_id, mark, ""


# ---------------------------------------------------------------- the run


def seed(url: str, given: argparse.Namespace) -> None:
    """Make account 1 with all bills, the sub-accounts with new ones, and one account with one long bill."""
    sizes = [(given.bills, given.details), *[(given.new, 3)] * given.accounts, (1, LONG_BILL)]
    first = 0
    with psycopg.connect(url, autocommit=True) as owner:
        for statement in SEED.format(accounts=len(sizes), bills=0, each=1).split(";\n"):
            if statement.strip():
                owner.execute(statement.encode())
        for number, (bills, details) in enumerate(sizes, start=1):
            named = {"account": name_of(number), "first": first, "bills": bills, "details": details}
            for statement in BILLS.split(";\n"):
                if statement.strip():
                    owner.execute(statement.encode(), named)
            first += bills
        owner.execute("VACUUM ANALYZE")


def name_of(number: int) -> AccountId:
    """Return the name of a seeded account."""
    return AccountId(f"bb{number:07d}-acq")


def measure(port: int, keys: list[Keys], given: argparse.Namespace, home: Path) -> dict[str, Any]:
    """Return all figures."""
    found: dict[str, Any] = {"bills": given.bills, "details_of_a_bill": given.details}
    for name, batch_below in (("plain", False), ("acquit", True)):
        say(f"One account, {name}")
        with proxied(port) as proxy:
            proxy.batch_below = batch_below
            one = [access(proxy.base, "main", keys[0])]
            found[name] = gathered(proxy, one, home / name)
            found[name]["idle_calls"] = idle_calls(proxy, one, home / name)
    say(f"{given.accounts} accounts")
    with proxied(port) as proxy:
        proxy.batch_below = False
        all_of_them = [access(proxy.base, f"sub-{number}", each) for number, each in enumerate(keys[1:-1])]
        told = gathered(proxy, all_of_them, home / "subs")
        idle = idle_calls(proxy, all_of_them, home / "subs")
        found["sub_accounts"] = {"accounts": given.accounts, "new_bills_each": given.new, **told,
                                 "idle_calls_each": round(idle / given.accounts, 2)}  # fmt: skip
    say(f"Memory, after {found}")
    found["long_bill"] = {
        "details": LONG_BILL,
        **alone("gather", home / "long", f"http://127.0.0.1:{port}/1.0", *keys[-1]),
    }
    write_journal(home / "large", given.journal, 10)
    found["journal"] = {
        "bills": given.journal, "details": 10 * given.journal,
        "megabytes": (home / "large" / "journal" / "large.ndjson").stat().st_size >> 20,
        "opened": alone("open", home / "large"), "tables": alone("tables", home / "large"),
    }  # fmt: skip
    say(f"The naive client, after {found['long_bill']}, {found['journal']}")
    with proxied(port) as proxy:
        begun = time.perf_counter()
        details = naive(proxy, keys[0])
        found["naive"] = {
            "calls": proxy.calls.total(), "details": details, "refused": proxy.refused,
            "minutes_of_the_clock": round(proxy.timer.seconds / 60, 1),
            "seconds_of_this_machine": round(time.perf_counter() - begun, 1),
        }  # fmt: skip
    return found


def run(given: argparse.Namespace) -> tuple[dict[str, Any], dict[str, Any]]:
    """Seed a store, serve it, measure."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="acquit-bench-")))
        url = stack.enter_context(open_cluster(home / "data")).url
        migrate(url)
        say("Writing bills")
        seed(url, given)
        context = context_of(url, home / "papers")
        stack.callback(context.database.close)
        made = create_application(context, name_of(1), "collector", by="system")
        keys = []
        for number in range(1, given.accounts + 3):
            granted = grant_consumer_key(
                context, made.application.application_id, name_of(number), by="system"
            )
            keys.append(Keys(made.application.application_key, made.secret, granted.consumer_key))
        server = Server(partial(site, url, home / "papers"), workers=1, limits=Limits(threads=THREADS))
        found: dict[str, Any] = {}

        def work() -> None:
            try:
                found.update(measure(server.port, keys, given, home))
            finally:
                server.stop()

        server.run(lambda: threading.Thread(target=work).start())
        return rig(url), found


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser()
    sizes = (("bills", 2215), ("details", 5), ("accounts", 140), ("new", 40), ("journal", 100_000))
    for name, default in sizes:
        parser.add_argument(f"--{name}", type=int, default=default)
    found, figures = run(parser.parse_args())
    tell("collector", {**found, "load": round(os.getloadavg()[0], 1)}, figures)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()

"""Every page of manager and office before a large store: time of the server, bytes of a first view.

The pages are asked for as a browser would, signed in, from the application in this process: a time is from
the request to the last byte, all reading and rendering, without the network. The customer is a large one
(`console_world.py`). A first view is the page with its style sheets, script and mark, each gzipped alone.
`processor_ms` is what one asking takes of processors, of this process and of PostgreSQL: other work on the
machine does not change it as it changes the times.
"""

import argparse
import gzip
import re
import statistics
import tempfile
import time
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any, Final
from wsgiref.types import WSGIApplication

import psycopg
from console_world import ACME, LONG, PASSWORD, fill
from falcon.testing import create_environ
from rig import rig, say, server_seconds, tell

from acquit.actions.context import Context
from acquit.actions.sign_in import sign_in_account, sign_in_operator
from acquit.adapters.archive import DirectoryArchive
from acquit.adapters.clock import FixedClock
from acquit.adapters.mail import NullMailer
from acquit.adapters.sealer import AesSealer
from acquit.api.entrance import Entrance
from acquit.api.explorer import Explorer
from acquit.console.app import make_app
from acquit.console.routes import ROUTES
from acquit.core.session import Door
from acquit.store.embedded import open_cluster
from acquit.store.migrate import migrate
from acquit.store.transaction import Database

ON: Final = date(2026, 11, 2)
P95_MS_MAX: Final = 60
FIRST_VIEW_MAX: Final = 60_000
FILES: Final = ("/pdf", "/ubl", "/receipt", "/file", "/csv", "/zip", "/sheet", "/advice")
"""Papers and tables that a page links; they are no pages."""

UNSENT: Final = ("/mails/{number}", "/mails/{kind}/{language}")
"""Pages of a mail: the store has none."""

NAMES: Final = """
SELECT (SELECT max(bill_id) FROM bill WHERE account_id = '{acme}') AS bill,
       (SELECT max(deposit_id) FROM deposit WHERE account_id = '{acme}') AS deposit,
       (SELECT min(request_id) FROM request WHERE account_id = '{acme}') AS own_request,
       (SELECT min(request_id) FROM request WHERE state = 'waiting') AS request,
       (SELECT max(account_id) FROM account) AS account,
       (SELECT min(entry_id) FROM bank_inbox) AS entry,
       (SELECT max(request_no) FROM run_request) AS asked,
       (SELECT account_id || '/' || dispute_id FROM dispute WHERE state = 'open' LIMIT 1) AS dispute,
       (SELECT account_id || '/terms/' || grant_id FROM terms_grant LIMIT 1) AS grant
"""


class Settings:
    """Settings that say nothing: the origin is the request's."""

    public_url = None
    second_factor_roles = ()


class Reader:
    """A signed-in person's browser, as far as the server sees it."""

    def __init__(self, app: WSGIApplication, cookie: str) -> None:
        self._app = app
        self._cookie = cookie

    def get(self, path: str) -> tuple[float, bytes]:
        """Return the milliseconds and the bytes of an answer, which is a page."""
        where, _, query = path.partition("?")
        environ = create_environ(where, query_string=query, headers={"Cookie": self._cookie})
        told: list[str] = []
        begun = time.perf_counter()
        parts: Iterable[bytes] = self._app(environ, lambda status, *_: told.append(status))  # type: ignore[arg-type, return-value]
        content = b"".join(parts)
        took = (time.perf_counter() - begun) * 1_000
        if not told[0].startswith("200"):
            print(path, told[0])
        return took, content


def pages(url: str, long_bill: str) -> dict[str, list[str]]:
    """Return the pages of each door: every route that answers with one, and lists filtered and further on."""
    with psycopg.connect(url) as connection:
        cursor = connection.execute(NAMES.format(acme=ACME).encode())
        row = cursor.fetchone()
        assert row is not None
        assert cursor.description is not None
        names = {column.name: str(value) for column, value in zip(cursor.description, row, strict=True)}
    filled = {
        "{bill_id}": names["bill"], "{deposit_id}": names["deposit"], "{bundle_id}": "500",
        "{purchase_order_id}": "1", "{service_id}": "1", "{account_id}/{number}": names["dispute"],
        "{account_id}/terms/{grant_id}": names["grant"],
        "/office/accounts/{account_id}": f"/office/accounts/{ACME}",
        "{account_id}": ACME, "/office/requests/{request_id}": f"/office/requests/{names['request']}",
        "{request_id}": names["own_request"], "{entry_id}": names["entry"], "{request_no}": names["asked"],
        "{period}": "2026-10", "{number}": "FR-DD-150",
    }  # fmt: skip
    found: dict[str, list[str]] = {"manager": [], "office": []}
    for route in ROUTES:
        if route.method != "GET" or route.door is None or not route.path.startswith(f"/{route.door.value}"):
            continue
        path = route.path
        if path.endswith((*FILES, "/why", *UNSENT)):
            continue
        for name, value in filled.items():
            path = path.replace(name, value)
        found[route.door.value].append(path)
    for path in ("/manager/requests/correction", "/manager/bill-references", "/manager/api/call"):
        found["manager"].remove(path)
    found["manager"] += [
        "/manager/bill-references", f"/manager/requests/correction?bill={names['bill']}",
        f"/manager/bills/{names['bill']}/why", f"/manager/bills/{long_bill}",
        "/manager/bills?q=nothing+fits", "/manager/bills?state=late&sort=due", "/manager/bills?page=40",
        "/manager/bills?sort=largest", "/manager/sub-accounts?period=2026&by=order",
        "/manager/api/call?method=GET&path=/me/bill/{billId}",
    ]  # fmt: skip
    found["office"] += [
        f"/office/accounts/{names['account']}", "/office/accounts?q=company+77",
        "/office/accounts?q=nothing+fits",
        f"/office/dunning/{names['dispute'].partition('/')[0]}",
        f"/office/reports/statement?account={ACME}&from=2026-10-01", "/office/bank?q=company+20",
        "/office/bank/entries?q=nothing+fits", "/office/acts?actor=ada", f"/office/acts?account={ACME}",
        "/office/deliveries?state=refused", "/office/search?q=150,00", f"/office/search?q={names['bill']}",
        "/office/search?q=company+77",
    ]  # fmt: skip
    return found


def first_view(reader: Reader, content: bytes, kept: dict[str, int]) -> int:
    """Return the compressed bytes of a page and of all that it loads."""
    total = len(gzip.compress(content))
    for link in dict.fromkeys(re.findall(rb'(?:href|src)="(/static/[^"]+)"', content)):
        name = link.decode()
        if name not in kept:
            kept[name] = len(gzip.compress(reader.get(name)[1]))
        total += kept[name]
    return total


def walk(reader: Reader, paths: list[str], rounds: int, home: Path) -> dict[str, dict[str, Any]]:
    """Return the figures of every page; the first asking of each warms what is remembered for good."""
    found: dict[str, dict[str, Any]] = {}
    kept: dict[str, int] = {}
    for path in dict.fromkeys(paths):
        _, content = reader.get(path)
        before = time.process_time() + server_seconds(home)
        took = sorted(reader.get(path)[0] for _ in range(rounds))
        used = time.process_time() + server_seconds(home) - before
        found[path] = {
            "p50_ms": round(statistics.median(took), 1),
            "p95_ms": round(took[-(-95 * rounds // 100) - 1], 1),
            "max_ms": round(took[-1], 1),
            "processor_ms": round(used / rounds * 1_000, 1),
            "page_bytes": len(content),
            "first_view_bytes": first_view(reader, content, kept),
        }
        over = found[path]["p95_ms"] > P95_MS_MAX or found[path]["first_view_bytes"] > FIRST_VIEW_MAX
        say(_line(path, found[path], "OVER" if over else ""))
    return found


def _line(path: str, told: dict[str, Any], mark: str) -> str:
    times = (
        f"{told['p50_ms']:8.1f} {told['p95_ms']:8.1f} {told['max_ms']:8.1f} ms {told['processor_ms']:7.1f} ms"
    )
    return f"{mark:4} {times} {told['first_view_bytes']:8,} B  {path}"


def run(home: Path, url: str, bills: int, rounds: int) -> dict[str, Any]:
    """Fill the store, walk the pages of both doors."""
    begun = time.perf_counter()
    say(f"Writing {bills} bills …")
    fill(url, bills)
    say(f"Written in {time.perf_counter() - begun:.0f} s.")
    return measure(home, url, bills, rounds)


def measure(home: Path, url: str, bills: int, rounds: int) -> dict[str, Any]:
    """Walk the pages of a store that is filled."""
    archive = DirectoryArchive(home / "papers")
    with Database(url) as database:
        context = Context(database, FixedClock(ON), AesSealer(bytes(32)), archive, NullMailer())
        entrance = Entrance(context)
        app: Any = make_app(context, Settings(), explorer=Explorer(context, entrance))
        figures: dict[str, Any] = {"bills": bills, "lines_of_the_long_bill": LONG}
        for door, paths in pages(url, f"FR{bills:08d}").items():
            if door == Door.MANAGER.value:
                token = sign_in_account(context, ACME, PASSWORD, address="127.0.0.1")
            else:
                token = sign_in_operator(context, "ada", PASSWORD, address="127.0.0.1")
            found = walk(Reader(app, f"acquit-{door}={token}"), paths, rounds, home)
            figures[door] = {
                "pages": len(found),
                "slowest_p95_ms": max(each["p95_ms"] for each in found.values()),
                "pages_over": sum(each["p95_ms"] > P95_MS_MAX for each in found.values()),
                "pages_over_of_processor": sum(each["processor_ms"] > P95_MS_MAX for each in found.values()),
                "median_p50_ms": round(statistics.median(each["p50_ms"] for each in found.values()), 1),
                "largest_first_view_bytes": max(each["first_view_bytes"] for each in found.values()),
                "by_page": found,
            }
        entrance.close()
        return figures


def main() -> None:
    """Measure and tell."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--bills", type=int, default=100_000)
    given.add_argument("--rounds", type=int, default=20)
    asked = given.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="acquit-bench-") as name,
        open_cluster(Path(name) / "data") as cluster,
    ):
        migrate(cluster.url)
        figures = run(Path(name), cluster.url, asked.bills, asked.rounds)
        tell("console", rig(cluster.url), figures)


if __name__ == "__main__":
    main()

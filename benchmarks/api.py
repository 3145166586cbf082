"""The wire against the bare statement: signed lists, objects, a page of 300 objects, a batch of 50.

The baseline runs on the same server, in the same worker, threads and pool, in autocommit: the route's SQL
alone, its rows encoded, no authentication, no contract, no shapes. Ratios are of one run; each figure is the
median of alternating rounds. The store holds so many bills, fifty of each account, and one account with 300.
A wrong signature is set against the right one of an object; memory is that of the worker before and after.

Bills that a process showed before are not written again, so page, batch and object are measured a second time
by a server that keeps none (`first_…`): what a caller gets who reads bills that nobody read lately.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from load import Target
from rig import rig, say, tell

from acquit.actions.context import Context
from acquit.actions.create_application import create_application
from acquit.actions.grant_consumer_key import grant_consumer_key
from acquit.adapters.archive import DirectoryArchive
from acquit.adapters.clock import SystemClock
from acquit.adapters.http import Limits, Mount, Server, Site
from acquit.adapters.mail import NullMailer
from acquit.adapters.sealer import AesSealer
from acquit.api import bills as shown_bills
from acquit.api.entrance import Entrance
from acquit.core.identifiers import AccountId, BillId
from acquit.store import bill_lists, bill_statuses
from acquit.store.embedded import open_cluster
from acquit.store.migrate import migrate
from acquit.store.transaction import Database, Transaction

BILLS_EACH = 50
PAGE = 300
BATCH = 50
SHOWN = ("object", "page", "batch")
"""What shows bills."""
LARGE = AccountId("bb9999999-acq")
"""The account with a page of bills."""
CALLERS = 64
THREADS = 8
CONNECTIONS = 16

SEED = """
INSERT INTO legal_entity (legal_entity_id, name, street, zip, city, country, currency, zone,
                          bill_series_id, credit_series_id, deposit_series_id)
VALUES ('FR', 'Bench', '1 rue', '59000', 'Lille', 'FR', 'EUR', 'Europe/Paris', 'FR', 'FRC', 'FRD');
INSERT INTO account (account_id, legal_entity_id, payer_id, currency)
SELECT name, 'FR', name, 'EUR'
  FROM generate_series(1::bigint, {accounts}) n,
       LATERAL (SELECT 'bb' || lpad(n::text, 7, '0') || '-acq') a(name)
 UNION ALL SELECT '{large}', 'FR', '{large}', 'EUR';
INSERT INTO bill (account_id, bill_id, order_id, kind, legal_entity_id, payer_id, category, issued_on,
                  issued_at, term_days, term_method, due_on, currency, net_minor, tax_minor, total_minor,
                  payment_reference, language, seller_hash, buyer_hash)
SELECT name, 'FR' || lpad(n::text, 8, '0'), 100000000 + n, 'bill', 'FR', name, 'autorenew',
       date '2022-01-01' + age, timestamptz '2022-01-01' + age * interval '1 day',
       30, 'net', date '2022-01-31' + age, 'EUR', net, net / 5, net + net / 5,
       'RF' || n, 'fr_FR', '\\x00', '\\x00'
  FROM generate_series(1::bigint, {bills} + {page}) n,
       LATERAL (SELECT CASE WHEN n > {bills} THEN '{large}'
                            ELSE 'bb' || lpad(((n - 1) / {each} + 1)::text, 7, '0') || '-acq' END,
                       ((n - 1) % {each} * 30)::int, n % 100000 + 100) a(name, age, net);
"""


def context_of(url: str, papers: Path) -> Context:
    """Return what the site works with; the sealing key is the benchmark's own."""
    return Context(
        Database(url, readers_max=THREADS),
        SystemClock(),
        AesSealer(b"benchmark benchmark benchmark 32"),
        DirectoryArchive(papers),
        NullMailer(),
    )


def bare(database: Database, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer with the rows of the route's statement."""
    _, _, account, *rest = environ["REQUEST_URI"].split("/")
    with database.read() as tx:
        if rest and "," in rest[0]:
            rows: Any = _many(tx, account, rest[0].split(","))
        elif rest and rest[0] != "page":
            rows = _many(tx, account, rest)
        else:
            selection = bill_lists.of_account(AccountId(account))
            query = selection.statement
            rows = [row[0] for row in tx.tuples(query, **selection.values)]  # type: ignore[arg-type]
            rows = _many(tx, account, rows) if rest else rows
    content = msgspec.json.encode(rows)
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(content)))])
    return [content]


def _many(tx: Transaction, account: str, bill_ids: list[str]) -> list[Any]:
    """Return the rows of these bills by the statement of the route."""
    return bill_statuses.find_rows(tx, account, bill_ids)


def site(url: str, papers: Path, keeps: bool) -> Site:
    """Mount the wire and the baseline in one process, on one pool; bills that it showed may be kept."""
    if not keeps:
        shown_bills.KEPT_MAX = 0  # type: ignore[misc]
    context = context_of(url, papers)
    entrance = Entrance(context)
    return Site(
        (
            Mount(("/1.0", "/v1"), entrance, fault=entrance.fault),
            Mount(("/bare",), partial(bare, context.database)),
        ),
        entrance.close,
    )


def seed(url: str, bills: int) -> None:
    """Fill the store with bills by statements of sets (they are rows to read, no bill run made them)."""
    accounts = (bills + BILLS_EACH - 1) // BILLS_EACH
    with psycopg.connect(url, autocommit=True) as connection:
        filled = SEED.format(accounts=accounts, bills=bills, each=BILLS_EACH, page=PAGE, large=LARGE)
        for statement in filled.split(";\n"):
            if statement.strip():
                connection.execute(statement.encode())
        connection.execute("VACUUM ANALYZE")


def keys(context: Context, accounts: int, first_large: int) -> list[dict[str, str]]:
    """Return signed callers of accounts all over the store, with what they will read; the large one last."""
    application = create_application(context, AccountId("bb0000001-acq"), "bench", by="system")
    step = max(1, accounts // CALLERS)
    named = [
        (AccountId(f"bb{number:07d}-acq"), (number - 1) * BILLS_EACH + 7)
        for number in range(1, accounts + 1, step)[:CALLERS]
    ]
    made = []
    for account, bill_no in [*named, (LARGE, first_large)]:
        granted = grant_consumer_key(context, application.application.application_id, account, by="system")
        made.append(
            {
                "application_key": application.application.application_key,
                "application_secret": application.secret,
                "consumer_key": granted.consumer_key,
                "account": account,
                "bill": BillId(f"FR{bill_no:08d}"),
            }
        )
    return made


def load(target: Target, seconds: float, per_second: int = 0) -> dict[str, Any]:
    """Run the load in a process of its own and return what it told."""
    order = {
        "target": asdict(target),
        "connections": CONNECTIONS,
        "seconds": seconds,
        "per_second": per_second,
    }
    ran = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("load.py"))],
        input=json.dumps(order), capture_output=True, text=True, check=True,
    )  # fmt: skip
    told: dict[str, Any] = json.loads(ran.stdout)
    assert not told["failures"], f"{told['failures']} of {told['answers']} answers were no 200"
    return told


def targets(port: int, own: dict[str, str], large: dict[str, str]) -> dict[str, Target]:
    """Return what is asked, each beside its baseline."""

    def signed(caller: dict[str, str], path: str, expected: int = 200, **headers: str) -> Target:
        names = ("application_key", "application_secret", "consumer_key")
        said = {name.replace("_", "-"): text for name, text in headers.items()}
        kept = {name: caller[name] for name in names}
        return Target("127.0.0.1", port, [path], **kept, headers=said, expected=expected)

    bare = partial(Target, "127.0.0.1", port)
    first = int(large["bill"].removeprefix("FR"))
    joined = ",".join(f"FR{first + number:08d}" for number in range(BATCH))
    mode = {"X_Pagination_Mode": "CachedObjectList-Pages", "X_Pagination_Size": str(PAGE)}
    wrong = own | {"application_secret": "w" * 32}
    return {
        "list": signed(own, "/1.0/me/bill"),
        "bare_list": bare([f"/bare/{own['account']}"]),
        "object": signed(own, f"/1.0/me/bill/{own['bill']}"),
        "bare_object": bare([f"/bare/{own['account']}/{own['bill']}"]),
        "page": signed(large, "/1.0/me/bill", **mode),
        "bare_page": bare([f"/bare/{large['account']}/page"]),
        "batch": signed(large, f"/1.0/me/bill/{joined}", X_Ovh_Batch=","),
        "bare_batch": bare([f"/bare/{large['account']}/{joined}"]),
        "wrong_signature": signed(wrong, f"/1.0/me/bill/{own['bill']}", 400),
    }


def measure(port: int, callers: list[dict[str, str]], seconds: float, rounds: int) -> dict[str, float]:
    """Return the figures of one store; the last caller has the large account."""
    asked = targets(port, callers[0], callers[-1])
    median = _medians(asked, seconds, rounds)
    mixed = replace(asked["list"], paths=asked["list"].paths + asked["object"].paths)
    paced = load(mixed, max(5.0, seconds), 500)
    return {
        **{f"{name}_ratio": _ratio(median, name) for name in ("list", "object", "page", "batch")},
        "wrong_signature_cost": round(median["object"] / median["wrong_signature"], 3),
        **{f"{name}_per_second": rate for name, rate in median.items()},
        "requests_per_second": round(load(mixed, seconds)["per_second"], 1),
        "p50_ms_at_500": paced["p50_ms"],
        "p99_ms_at_500": paced["p99_ms"],
    }


def measure_first(port: int, callers: list[dict[str, str]], seconds: float, rounds: int) -> dict[str, float]:
    """Return the figures of objects that nobody read before."""
    asked = targets(port, callers[0], callers[-1])
    names = [name for name in asked if name.removeprefix("bare_") in SHOWN]
    median = _medians({name: asked[name] for name in names}, seconds, rounds)
    return {f"first_{name}_ratio": _ratio(median, name) for name in SHOWN} | {
        f"first_{name}_per_second": median[name] for name in SHOWN
    }


def _medians(asked: dict[str, Target], seconds: float, rounds: int) -> dict[str, float]:
    """Ask for everything in turn, so often, and return the median rate of each."""
    rates: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(rounds):
        for name, target in asked.items():
            rates[name].append(load(target, seconds)["per_second"])
    return {name: statistics.median(found) for name, found in rates.items()}


def _ratio(median: dict[str, float], name: str) -> float:
    return round(median[name] / median[f"bare_{name}"], 3)


def memory(port: int, callers: list[dict[str, str]], requests: int) -> dict[str, int]:
    """Return the worker's memory after a tenth of so many requests, and after all of them, in KiB."""
    asked = targets(port, callers[0], callers[-1])
    every = replace(asked["list"], paths=asked["list"].paths + asked["object"].paths)
    done, begun = 0, 0
    while done < requests:
        done += load(every, 2.0)["answers"]
        begun = begun or (_resident() if done >= requests // 10 else 0)
    return {"requests": done, "kib_after_a_tenth": begun, "kib_at_the_end": _resident()}


def _resident() -> int:
    """Return the memory of the worker processes below this one, in KiB."""
    own = os.getpid()
    children = Path(f"/proc/{own}/task/{own}/children").read_text(encoding="ascii").split()
    found = [Path(f"/proc/{child}") for child in children]
    workers = [each for each in found if b"spawn_main" in (each / "cmdline").read_bytes()]
    assert workers, "the server has no worker process"
    lines = [line for each in workers for line in (each / "status").read_text(encoding="utf-8").splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def _serve(make_site: Callable[[], Site], use: Callable[[int], None]) -> None:
    """Serve a site until it was used."""
    server = Server(make_site, workers=1, limits=Limits(threads=THREADS))

    def work() -> None:
        try:
            use(server.port)
        finally:
            server.stop()

    server.run(lambda: threading.Thread(target=work).start())


def run(bills: int, seconds: float, rounds: int, requests: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Make a store of so many bills, serve it, measure it."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="acquit-bench-")))
        url = stack.enter_context(open_cluster(home / "data")).url
        migrate(url)
        say(f"Writing {bills} bills …")
        seed(url, bills)
        context = context_of(url, home / "papers")
        stack.callback(context.database.close)
        callers = keys(context, (bills + BILLS_EACH - 1) // BILLS_EACH, bills + 1)
        found: dict[str, Any] = {}

        def all_of_it(port: int) -> None:
            say("Measuring …")
            found.update(measure(port, callers, seconds, rounds))
            if requests:
                say(f"Watching the memory of {requests} requests …")
                found["memory"] = memory(port, callers, requests)

        def first_reads(port: int) -> None:
            say("Measuring bills that were not read before …")
            found.update(measure_first(port, callers, seconds, rounds))

        papers = home / "papers"
        _serve(partial(site, url, papers, True), all_of_it)
        _serve(partial(site, url, papers, False), first_reads)
        return rig(url), {"bills": bills, **found}


def main() -> None:
    """Measure and tell."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--bills", type=int, nargs="+", default=[10_000])
    given.add_argument("--seconds", type=float, default=4.0)
    given.add_argument("--rounds", type=int, default=3)
    given.add_argument("--requests", type=int, default=20_000)
    asked = given.parse_args()
    found: dict[str, Any] = {}
    figures = []
    for bills in asked.bills:
        found, told = run(bills, asked.seconds, asked.rounds, asked.requests)
        figures.append(told)
    tell(
        "api", found, figures[0] if len(figures) == 1 else {str(told.pop("bills")): told for told in figures}
    )


if __name__ == "__main__":
    main()

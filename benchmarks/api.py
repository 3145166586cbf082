"""The wire against the bare statement: signed GET /me/bill (50 ids) and GET /me/bill/{billId}.

The baseline runs on the same server, in the same worker, threads and pool, in autocommit: the route's SQL
alone, its rows encoded, no authentication, no contract, no shapes. Ratios are of one run; each figure is the
median of alternating rounds. The store holds so many bills, fifty of each account.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import asdict
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
from acquit.api.entrance import Entrance
from acquit.core.identifiers import AccountId, BillId
from acquit.store import bill_lists
from acquit.store.embedded import open_cluster
from acquit.store.migrate import migrate
from acquit.store.transaction import Database

BILLS_EACH = 50
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
       LATERAL (SELECT 'bb' || lpad(n::text, 7, '0') || '-acq') a(name);
INSERT INTO bill (account_id, bill_id, order_id, kind, legal_entity_id, payer_id, category, issued_on,
                  issued_at, term_days, term_method, due_on, currency, net_minor, tax_minor, total_minor,
                  payment_reference, language, seller_hash, buyer_hash)
SELECT name, 'FR' || lpad(n::text, 8, '0'), 100000000 + n, 'bill', 'FR', name, 'autorenew',
       date '2022-01-01' + age, timestamptz '2022-01-01' + age * interval '1 day',
       30, 'net', date '2022-01-31' + age, 'EUR', net, net / 5, net + net / 5,
       'RF' || n, 'fr_FR', '\\x00', '\\x00'
  FROM generate_series(1::bigint, {bills}) n,
       LATERAL (SELECT 'bb' || lpad(((n - 1) / {each} + 1)::text, 7, '0') || '-acq',
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
        if rest:
            rows: Any = tx.one_or_none(bill_lists.FIND, account_id=account, bill_id=rest[0])
        else:
            selection = bill_lists.of_account(AccountId(account))
            query = selection.statement
            rows = [row[0] for row in tx.all(query, **selection.values)]  # type: ignore[arg-type]
    content = msgspec.json.encode(rows)
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(content)))])
    return [content]


def site(url: str, papers: Path) -> Site:
    """Mount the wire and the baseline in one process; both use the same pool."""
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
        for statement in SEED.format(accounts=accounts, bills=bills, each=BILLS_EACH).split(";\n"):
            if statement.strip():
                connection.execute(statement.encode())
        connection.execute("VACUUM ANALYZE")


def keys(context: Context, accounts: int) -> list[dict[str, str]]:
    """Return signed callers of accounts spread over the store, with what they will read."""
    application = create_application(context, AccountId("bb0000001-acq"), "bench", by="system")
    step = max(1, accounts // CALLERS)
    made = []
    for number in range(1, accounts + 1, step)[:CALLERS]:
        account = AccountId(f"bb{number:07d}-acq")
        granted = grant_consumer_key(context, application.application.application_id, account, by="system")
        made.append(
            {
                "application_key": application.application.application_key,
                "application_secret": application.secret,
                "consumer_key": granted.consumer_key,
                "account": account,
                "bill": BillId(f"FR{(number - 1) * BILLS_EACH + 7:08d}"),
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


def measure(port: int, callers: list[dict[str, str]], seconds: float, rounds: int) -> dict[str, float]:
    """Return the figures of one store."""
    kept = {name: callers[0][name] for name in ("application_key", "application_secret", "consumer_key")}
    own = callers[0]
    targets = {
        "list": Target("127.0.0.1", port, ["/1.0/me/bill"], **kept),
        "bare_list": Target("127.0.0.1", port, [f"/bare/{own['account']}"]),
        "object": Target("127.0.0.1", port, [f"/1.0/me/bill/{own['bill']}"], **kept),
        "bare_object": Target("127.0.0.1", port, [f"/bare/{own['account']}/{own['bill']}"]),
    }
    rates: dict[str, list[float]] = {name: [] for name in targets}
    for _ in range(rounds):
        for name, target in targets.items():
            rates[name].append(load(target, seconds)["per_second"])
    median = {name: statistics.median(found) for name, found in rates.items()}
    mixed = Target("127.0.0.1", port, ["/1.0/me/bill", f"/1.0/me/bill/{own['bill']}"], **kept)
    paced = load(mixed, max(5.0, seconds), 500)
    return {
        "list_ratio": round(median["list"] / median["bare_list"], 3),
        "object_ratio": round(median["object"] / median["bare_object"], 3),
        "lists_per_second": median["list"],
        "objects_per_second": median["object"],
        "bare_lists_per_second": median["bare_list"],
        "bare_objects_per_second": median["bare_object"],
        "requests_per_second": round(load(mixed, seconds)["per_second"], 1),
        "p50_ms_at_500": paced["p50_ms"],
        "p99_ms_at_500": paced["p99_ms"],
    }


def run(bills: int, seconds: float, rounds: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Make a store of so many bills, serve it, measure it."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="acquit-bench-")))
        url = stack.enter_context(open_cluster(home / "data")).url
        migrate(url)
        say(f"Writing {bills} bills …")
        seed(url, bills)
        context = context_of(url, home / "papers")
        stack.callback(context.database.close)
        callers = keys(context, (bills + BILLS_EACH - 1) // BILLS_EACH)
        server = Server(partial(site, url, home / "papers"), workers=1, limits=Limits(threads=THREADS))
        found: dict[str, Any] = {}

        def work() -> None:
            try:
                say("Measuring …")
                found.update(measure(server.port, callers, seconds, rounds))
            finally:
                server.stop()

        server.run(lambda: threading.Thread(target=work).start())
        return rig(url), {"bills": bills, **found}


def main() -> None:
    """Measure and tell."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--bills", type=int, nargs="+", default=[10_000])
    given.add_argument("--seconds", type=float, default=4.0)
    given.add_argument("--rounds", type=int, default=3)
    asked = given.parse_args()
    found: dict[str, Any] = {}
    figures = []
    for bills in asked.bills:
        found, told = run(bills, asked.seconds, asked.rounds)
        figures.append(told)
    tell(
        "api", found, figures[0] if len(figures) == 1 else {str(told.pop("bills")): told for told in figures}
    )


if __name__ == "__main__":
    main()

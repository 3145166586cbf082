"""Runs the real server for a test: `python serving.py '{"database_url": …}'` prints `ready PORT`."""

import json
import sys
from datetime import date
from functools import partial
from pathlib import Path

from acquit.adapters.http import Limits, Mount, Server, Site, Tls


def make_site(
    database_url: str, secret: str, archive: str, public_url: str | None, as_of: str | None, pace: int
) -> Site:
    """Make the wire's entrance, and that of papers, in a worker process.

    Only there is imported what serves: the process that starts it does not need it, nor wait for it twice.
    """
    from acquit.actions.context import Context
    from acquit.adapters.archive import DirectoryArchive
    from acquit.adapters.clock import FixedClock, SystemClock
    from acquit.adapters.mail import NullMailer
    from acquit.adapters.sealer import AesSealer
    from acquit.api.entrance import Entrance
    from acquit.api.file_links import PREFIX as FILES
    from acquit.api.file_links import FileLinks
    from acquit.api.log_links import PREFIX as LOGS
    from acquit.api.log_links import LogLinks
    from acquit.api.origin import Proxies
    from acquit.api.papers import PREFIX, Papers
    from acquit.api.routing import BASES, OTHER_BRANCH
    from acquit.api.token_endpoint import PREFIXES, TokenEndpoint
    from acquit.core.kept_file import FILE_BYTES_MAX
    from acquit.store.transaction import Database

    database = Database(database_url)
    context = Context(
        database,
        SystemClock() if as_of is None else FixedClock(date.fromisoformat(as_of)),
        AesSealer(bytes.fromhex(secret)),
        DirectoryArchive(Path(archive)),
        NullMailer(),
    )
    proxies = Proxies.of(public_url=public_url)
    entrance = Entrance(context, proxies=proxies, calls_per_minute=pace)

    def close() -> None:
        entrance.close()
        database.close()

    papers = Mount((PREFIX,), Papers(context))
    tokens = Mount(PREFIXES, TokenEndpoint(context, proxies))
    files = Mount((FILES,), FileLinks(context), body_max=FILE_BYTES_MAX)
    wire = Mount((*BASES, OTHER_BRANCH), entrance, fault=entrance.fault)
    logs = Mount((LOGS,), LogLinks(context))
    return Site((wire, papers, files, logs, tokens), close)


def main() -> None:
    """Serve until told to end."""
    asked = json.loads(sys.argv[1])
    site = partial(
        make_site,
        asked["database_url"],
        asked["secret"],
        asked["archive"],
        asked.get("public_url"),
        asked.get("as_of"),
        asked.get("calls_per_minute", 0),
    )
    tls = Tls(Path(asked["tls"][0]), Path(asked["tls"][1])) if "tls" in asked else None
    limits = Limits(**asked.get("limits", {}))
    server = Server(site, workers=asked.get("workers", 1), tls=tls, limits=limits)

    def ready() -> None:
        sys.stdout.write(f"ready {server.port}\n")
        sys.stdout.flush()

    server.run(ready)


if __name__ == "__main__":
    main()

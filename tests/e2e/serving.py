"""Runs everything as `acquit serve` would: `python serving.py '{"data": …}'` prints `ready PORT`."""

import json
import sys
from datetime import date
from functools import partial
from pathlib import Path

from acquit.adapters.http import Server
from acquit.app import World, site
from acquit.settings import Settings


def main() -> None:
    """Serve until told to end."""
    asked = json.loads(sys.argv[1])
    settings = Settings(
        data=Path(asked["data"]),
        database_url=asked["database_url"],
        postgresql=None,
        public_url=asked.get("public_url"),
        trusted_proxies=("127.0.0.0/8",),
        host="127.0.0.1",
        port=0,
        workers=1,
        calls_per_minute=0,
        log="warning",
        secret_key=bytes.fromhex(asked["secret"]),
        judged_one_in=0,
        **asked.get("settings", {}),
    )
    server = Server(partial(site, World(settings, date.fromisoformat(asked["as_of"]))))

    def ready() -> None:
        sys.stdout.write(f"ready {server.port}\n")
        sys.stdout.flush()

    server.run(ready)


if __name__ == "__main__":
    main()

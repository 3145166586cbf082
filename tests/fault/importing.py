"""Imports a file of usage: `python importing.py URL DATE FILE CHUNK`, to be killed."""

import sys
from datetime import date
from functools import partial
from typing import BinaryIO

from acquit.actions import import_usage as importing
from acquit.actions import usage_file
from acquit.actions.import_usage import How, import_usage
from acquit.store.transaction import Database
from founding import context_on


def opened(file: str) -> BinaryIO:
    return open(file, "rb")


def main(url: str, on: str, file: str, chunk: str) -> None:
    importing.CHUNK, usage_file.READ = int(chunk), 4096  # type: ignore[misc]
    with Database(url) as database:
        context = context_on(database, date.fromisoformat(on))
        found = import_usage(context, partial(opened, file), file, How(), by="cli")
        sys.stdout.write(f"{found.accepted}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Databases for one test: copies of a template, dropped at the end; and templates, made once in a run."""

import fcntl
import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from acquit.store.embedded import Cluster

SHARED_CLUSTER: Final = "TEST_RUN_CLUSTER"
"""The environment's name of the directory that all workers of a run share."""
COPY: LiteralString = "CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy"
DROP: LiteralString = "DROP DATABASE IF EXISTS {} WITH (FORCE)"


@contextmanager
def copy_of(cluster: Cluster, template: str) -> Iterator[str]:
    """Lend the URL of a database that is a copy of the template."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(cluster.url, autocommit=True) as owner:
        owner.execute(sql.SQL(COPY).format(sql.Identifier(name), sql.Identifier(template)))
        try:
            yield make_conninfo(cluster.url, dbname=name)
        finally:
            owner.execute(sql.SQL(DROP).format(sql.Identifier(name)))


def made_once(cluster: Cluster, name: str, template: str, fill: Callable[[str], None]) -> str:
    """Return the name of a copy of the template that the first worker of the run that asks for it fills."""
    with (Path(os.environ[SHARED_CLUSTER]) / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with psycopg.connect(cluster.url, autocommit=True) as owner:
            if owner.execute("SELECT FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
                owner.execute(sql.SQL(COPY).format(sql.Identifier(name), sql.Identifier(template)))
                try:
                    fill(make_conninfo(cluster.url, dbname=name))
                except BaseException:
                    owner.execute(sql.SQL(DROP).format(sql.Identifier(name)))
                    raise
    return name

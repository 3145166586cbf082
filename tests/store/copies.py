"""Databases for one test: copies of a template, dropped at the end."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from acquit.store.embedded import Cluster

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

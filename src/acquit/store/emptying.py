"""Replace a database of ours by an empty one: for a demo that was not finished."""

from typing import Final, LiteralString

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from acquit.store.migrate import connect

DROP: Final[LiteralString] = "DROP DATABASE acquit WITH (FORCE)"

CREATE: Final[LiteralString] = "CREATE DATABASE acquit"


def empty(url: str) -> None:
    """The database `acquit` of an embedded cluster holds nothing at all any more."""
    assert conninfo_to_dict(url)["dbname"] == "acquit", "only a database of our own is emptied"
    with connect(make_conninfo(url, dbname="postgres")) as connection:
        connection.execute(DROP)
        connection.execute(CREATE)

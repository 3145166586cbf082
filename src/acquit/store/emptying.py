"""Replace a database of ours by an empty one: for a demo that was not finished."""

from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from acquit.store.migrate import connect
from acquit.store.server import DATABASE


def empty(url: str) -> None:
    """The database of an embedded cluster holds nothing at all any more."""
    assert conninfo_to_dict(url)["dbname"] == DATABASE, "only a database of our own is emptied"
    ours = sql.Identifier(DATABASE)
    with connect(make_conninfo(url, dbname="postgres")) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(ours))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(ours))

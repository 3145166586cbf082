"""Leave a database without a table, ready to be migrated anew: for a demo that was not finished."""

from typing import Final, LiteralString

from acquit.store.migrate import connect

DROP: Final[LiteralString] = "DROP SCHEMA public CASCADE"

CREATE: Final[LiteralString] = "CREATE SCHEMA public"


def empty(url: str) -> None:
    """The database of the URL holds nothing at all any more; its login owns it."""
    with connect(url) as connection, connection.transaction():
        connection.execute(DROP)
        connection.execute(CREATE)

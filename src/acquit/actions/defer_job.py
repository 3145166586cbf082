"""Leave work to a worker: a job is written with what asks for it, so that both are there or neither.

The library of the queue is imported with the first job: most commands and calls leave none.
"""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from acquit.store.transaction import Connection

if TYPE_CHECKING:
    from procrastinate import App
    from procrastinate.types import JSONValue


def defer_jobs(connection: Connection, task: str, queue: str, *jobs: "Mapping[str, JSONValue]") -> None:
    """Jobs of a task wait in its queue once the connection's transaction is committed, one per mapping."""
    _app().configure_task(task, queue=queue, connection=connection).batch_defer(*map(dict, jobs))


@cache
def _app() -> "App":
    from procrastinate import App, SyncPsycopgConnector

    return App(connector=SyncPsycopgConnector())

"""A PostgreSQL of Acquit's own: the first process starts it, later ones attach, the last one out stops it.

What a data directory D holds::

    D/cluster.lock       held alone by whoever starts, adopts or stops
    D/cluster.sharers    held together by every process that uses the cluster
    D/postgres/          0700, owned by the account that runs PostgreSQL: the socket, the log and
    D/postgres/cluster/  PostgreSQL's own directory

The kernel lets go of both locks when a process dies, however it dies, so nothing has to be cleaned up after
a crash: the next process finds a running cluster and adopts it, or a dead one and starts it. Whether it runs
is found out by connecting to its socket, never by a process number.

Nobody else on the machine gets in: there is no network port, and the socket lies in a directory that only the
account which runs PostgreSQL (and root) may enter; behind that door every connection is trusted.
"""

import atexit
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from psycopg import errors

from acquit.store import installation
from acquit.store.installation import RunAs, account_name
from acquit.store.refused import StoreRefused
from acquit.store.server import DATABASE, Place, listener, make, start, stop, sweep, url_of


class Cluster:
    """This process's share in a running cluster; close it and the last one out stops PostgreSQL."""

    def __init__(self, place: Place, sharers: int, chosen: Path | None) -> None:
        self.data = place.data
        self._place = place
        self._sharers: int | None = sharers
        self._chosen = chosen
        self._pid = os.getpid()
        atexit.register(self.close)

    @property
    def url(self) -> str:
        """How to connect as the owner of the database `acquit`."""
        return url_of(self._place.socket_directory(), DATABASE)

    def revive(self) -> bool:
        """Leave the cluster running; True when it was down and has been started again."""
        with _alone(self._place):
            if listener(self._place.socket_directory()) is not None:
                return False
            _bring_up(self._place, self._chosen)
            return True

    def close(self) -> None:
        """Give up this process's share; PostgreSQL stops when it was the last."""
        sharers, self._sharers = self._sharers, None
        if sharers is None:
            return
        atexit.unregister(self.close)
        try:
            if os.getpid() == self._pid:
                _leave(self._place, sharers)
        finally:
            os.close(sharers)

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def open_cluster(data: Path, chosen: Path | None = None) -> Cluster:
    """Return a share in the running cluster of the data directory, made and started if need be.

    `chosen` is the setting that names an installation of PostgreSQL (the directory above its `bin`).

    Raises:
        StoreRefused: the cluster is another user's, was made by a newer PostgreSQL, or cannot start; the text
            says how to go on.
    """
    place = Place(data.resolve())
    try:
        place.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(place):
            sharers = os.open(place.data / "cluster.sharers", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(sharers, fcntl.LOCK_SH)
                _bring_up(place, chosen)
            except BaseException:
                os.close(sharers)
                raise
    except PermissionError as error:
        raise StoreRefused(_not_ours(place, error)) from error
    return Cluster(place, sharers, chosen)


def _not_ours(place: Place, error: PermissionError) -> str:
    """Say whose the directory is, and how to go on."""
    us = os.geteuid()
    owners = (_owner(path) for path in (place.data, place.home, *place.data.parents))
    owner = account_name(next((uid for uid in owners if uid is not None and uid != us), us))
    return (
        f"{error.filename or place.data} belongs to {owner} and you are {account_name(us)}. "
        f"Run acquit as {owner}, or name a directory of your own with --data or ACQUIT_DATA."
    )


def _owner(path: Path) -> int | None:
    try:
        return path.stat().st_uid
    except OSError:
        return None


@contextmanager
def _alone(place: Place) -> Iterator[None]:
    """Hold the lock under which a cluster is started, adopted or stopped."""
    guard = os.open(place.data / "cluster.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(guard, fcntl.LOCK_EX)
        yield
    finally:
        os.close(guard)


def _leave(place: Place, sharers: int) -> None:
    """Stop the cluster if nobody else holds a share; a directory that is gone has nothing to stop."""
    with suppress(FileNotFoundError), _alone(place):
        try:
            fcntl.flock(sharers, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        stop(place)


def _bring_up(place: Place, chosen: Path | None) -> None:
    """Leave a cluster that answers and has our database; call it alone."""
    runner = _runner(place)
    if not place.cluster.exists():
        make(place, runner, installation.find(chosen, runner))
    sweep(place)
    start(place, runner, chosen)
    with psycopg.connect(url_of(place.socket_directory(), "postgres"), autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'acquit'").fetchone()
        if found is None:
            # A starter killed a moment ago may have asked for the same; its server goes on with it.
            with suppress(errors.DuplicateDatabase, errors.UniqueViolation):
                connection.execute("CREATE DATABASE acquit")


def _runner(place: Place) -> RunAs:
    """Return who runs this cluster; another user's is refused."""
    if not place.cluster.exists():
        return installation.run_as()
    owner = place.cluster.stat().st_uid
    if os.geteuid() == owner:
        return RunAs(owner, os.getegid(), drops=False)
    for candidate in installation.unprivileged() if os.geteuid() == 0 else []:
        if candidate.uid == owner:
            return candidate
    raise StoreRefused(_not_ours(place, PermissionError(1, "", str(place.cluster))))

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
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

import psycopg

from acquit.store import installation
from acquit.store.installation import Installation, RunAs, account_name
from acquit.store.refused import StoreRefused

DATABASE: Final = "acquit"
OWNER: Final = "acquit"
PORT: Final = 5432
SOCKET_PATH_MAX: Final = 100
PATIENCE_SECONDS: Final = 600.0
LOCK_FILE_SECONDS: Final = 3.0
STOP_SECONDS: Final = 120.0
PAUSE_SECONDS: Final = 0.02

ACCESS: Final = """\
# Only the directory's owner (and root) reach the socket; see docs/decisions.
local all all trust
local replication all trust
"""

CONFIGURATION: Final = """\
# Written by acquit at every start. Your own lines go into local.conf beside this file: they win.
listen_addresses = ''
port = {port}
unix_socket_permissions = 0700
max_connections = 200
shared_buffers = {shared_megabytes}MB
effective_cache_size = {cache_megabytes}MB
work_mem = 16MB
maintenance_work_mem = 128MB
random_page_cost = 1.1
jit = off
fsync = on
synchronous_commit = on
wal_compression = on
max_wal_size = 2GB
checkpoint_timeout = 15min
max_locks_per_transaction = 256
TimeZone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
log_min_messages = warning
log_line_prefix = '%m [%p] %d '
cluster_name = 'acquit'
include_if_exists = 'local.conf'
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one cluster lives."""

    data: Path

    @property
    def home(self) -> Path:
        """The directory that the account running PostgreSQL owns."""
        return self.data / "postgres"

    @property
    def cluster(self) -> Path:
        """PostgreSQL's own directory."""
        return self.home / "cluster"

    @property
    def log(self) -> Path:
        """What PostgreSQL had to say."""
        return self.home / "postgres.log"

    @property
    def recorded_socket(self) -> Path:
        """The file that names the socket's directory when the data directory's path is too long."""
        return self.data / "cluster.socket"

    def socket_directory(self) -> Path:
        """Return where the socket is, or would be if the cluster ran."""
        if len(os.fsencode(_socket_file(self.home))) <= SOCKET_PATH_MAX:
            return self.home
        with suppress(FileNotFoundError):
            return Path(self.recorded_socket.read_text(encoding="utf-8").strip())
        return self.home


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
        return _url(self._place.socket_directory(), DATABASE)

    def revive(self) -> bool:
        """Leave the cluster running; True when it was down and has been started again."""
        with _alone(self._place):
            if _listener(self._place.socket_directory()) is not None:
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
    owner = "another user"
    for path in (place.home, place.data, *place.data.parents):
        with suppress(OSError):
            owner = account_name(path.stat().st_uid)
            break
    return (
        f"{error.filename or place.data} belongs to {owner} and you are {account_name(os.geteuid())}. "
        f"Run acquit as {owner}, or name a directory of your own with --data or ACQUIT_DATA."
    )


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
        _stop(place)


def _bring_up(place: Place, chosen: Path | None) -> None:
    """Leave a cluster that answers and has our database; call it alone."""
    runner = _runner(place)
    if not place.cluster.exists():
        _make(place, runner, installation.find(chosen, runner))
    _start(place, runner, chosen)
    with psycopg.connect(_url(place.socket_directory(), "postgres"), autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'acquit'").fetchone()
        if found is None:
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


def _make(place: Place, runner: RunAs, found: Installation) -> None:
    """Leave a new cluster in the place, or none at all."""
    place.home.mkdir(mode=0o700, exist_ok=True)
    _give(place.home, runner)
    for half_made in place.home.glob("half-made-*"):
        shutil.rmtree(half_made, ignore_errors=True)
    half = Path(tempfile.mkdtemp(prefix="half-made-", dir=place.home))
    _give(half, runner)
    made = subprocess.run(
        [found.program("initdb"), "-D", _seen_from_inside(half, runner), *_initdb_options(found.major)],
        cwd=half, env=_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        **runner.arguments(),
    )  # fmt: skip
    if made.returncode != 0:
        shutil.rmtree(half, ignore_errors=True)
        raise StoreRefused(f"A PostgreSQL cluster could not be made in {place.home}: {made.stderr.strip()}")
    _write(half / "pg_hba.conf", ACCESS, runner)
    half.rename(place.cluster)


def _initdb_options(major: int) -> list[str]:
    options = ["-U", OWNER, "-A", "trust", "--data-checksums", "--encoding=UTF8", "--locale=C"]
    if major >= 17:
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return [*options, "--no-instructions"]


def _start(place: Place, runner: RunAs, chosen: Path | None) -> None:
    """Wait until the cluster answers, starting it whenever nobody listens.

    A server that listens is alive and is waited for, though it may be recovering or shutting down. One that
    exits over a lock file of a dead server is started again after the file has had time to prove itself.
    """
    server: Server | None = None
    since = time.monotonic()
    said = "it did not answer"
    while time.monotonic() < since + PATIENCE_SECONDS:
        if _listener(place.socket_directory()) is not None:
            problem = _answer(place)
            if problem is None:
                return
            said = problem
        elif server is None or server.has_ended():
            if server is not None:
                said = server.last_words()
                _mend(place, said, time.monotonic() - since)
            server = Server(place, runner, installation.find(chosen, runner, _made_by(place)))
        time.sleep(PAUSE_SECONDS)
    raise StoreRefused(f"PostgreSQL in {place.home} does not get ready: {said.strip()} See {place.log}.")


def _made_by(place: Place) -> int:
    return int((place.cluster / "PG_VERSION").read_text(encoding="ascii"))


def _answer(place: Place) -> str | None:
    """Return None when the server answers a query, else what it said."""
    try:
        with psycopg.connect(_url(place.socket_directory(), "postgres"), connect_timeout=10) as connection:
            connection.execute("SELECT 1")
        return None
    except psycopg.OperationalError as error:
        return str(error)


class Server:
    """A server that we have just started, until it answers or has said why it cannot."""

    def __init__(self, place: Place, runner: RunAs, found: Installation) -> None:
        directory = _prepare_socket(place, runner)
        _write(place.cluster / "postgresql.conf", _configuration(), runner)
        self._log = os.open(place.log, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        self._process = subprocess.Popen(
            [found.program("postgres"), "-D", _seen_from_inside(place.cluster, runner),
             "-c", f"unix_socket_directories={'..' if directory == place.home else directory}"],
            cwd=place.cluster, env=_environment(), start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, **runner.arguments(),
        )  # fmt: skip
        threading.Thread(target=self._process.wait, name="postgres", daemon=True).start()

    def has_ended(self) -> bool:
        """Tell whether the server has exited."""
        return self._process.poll() is not None

    def last_words(self) -> str:
        """Return the end of its log, and let go of it."""
        with os.fdopen(self._log, "rb") as log:
            log.seek(0)
            return log.read()[-2000:].decode("utf-8", "replace")


def _mend(place: Place, said: str, tried_seconds: float) -> None:
    """Prepare another try, or refuse with the server's own words.

    Nobody listens. A lock file that outlives its grace belongs to a dead server whose number another program
    bears now, or to one whose socket was taken away: it is told to end. Behind the lock file PostgreSQL still
    guards its files by their shared memory.
    """
    if "postmaster.pid" in said:
        if tried_seconds > LOCK_FILE_SECONDS:
            _clear_lock_file(place)
    elif "shared memory block" not in said:
        raise StoreRefused(f"PostgreSQL in {place.home} does not start:\n{said.strip()}")
    time.sleep(0.2)


def _clear_lock_file(place: Place) -> None:
    lock_file = place.cluster / "postmaster.pid"
    with suppress(FileNotFoundError, ValueError):
        pid = int(lock_file.read_text(encoding="utf-8").partition("\n")[0])
        if _works_in(pid, place.cluster):
            os.kill(pid, signal.SIGINT)
        else:
            lock_file.unlink()


def _works_in(pid: int, directory: Path) -> bool:
    """Tell whether the process is a server of this very directory (where the system can tell)."""
    try:
        return Path(f"/proc/{pid}/cwd").samefile(directory)
    except OSError:
        return False


def _stop(place: Place) -> None:
    """Stop the server that listens, and wait until it has let go of its files."""
    directory = place.socket_directory()
    pid = _listener(directory)
    if not pid:
        return
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGINT)
    until = time.monotonic() + STOP_SECONDS
    while time.monotonic() < until:
        if _listener(directory) is None and not (place.cluster / "postmaster.pid").exists():
            break
        time.sleep(PAUSE_SECONDS)
    if directory != place.home:
        shutil.rmtree(directory, ignore_errors=True)
        place.recorded_socket.unlink(missing_ok=True)


def _listener(directory: Path) -> int | None:
    """Return the number of the process that listens on the socket, 0 if the system hides it, else None."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as wire:
        try:
            wire.connect(os.fsencode(_socket_file(directory)))
        except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
            return None
        except OSError as error:
            if "too long" in str(error):
                return None
            raise
        if sys.platform == "linux":
            peer = wire.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
            return int(struct.unpack("3i", peer)[0])
        return int(struct.unpack("i", wire.getsockopt(0, 2, struct.calcsize("i")))[0])  # LOCAL_PEERPID


def _socket_file(directory: Path) -> Path:
    return directory / f".s.PGSQL.{PORT}"


def _prepare_socket(place: Place, runner: RunAs) -> Path:
    """Return the socket's directory: the data directory's, or a private short one that is recorded."""
    directory = place.socket_directory()
    if len(os.fsencode(_socket_file(directory))) <= SOCKET_PATH_MAX and _is_private(directory, runner):
        return directory
    short = Path(tempfile.mkdtemp(prefix="acquit-", dir="/tmp"))
    _give(short, runner)
    place.recorded_socket.write_text(f"{short}\n", encoding="utf-8")
    return short


def _is_private(directory: Path, runner: RunAs) -> bool:
    with suppress(FileNotFoundError):
        seen = directory.lstat()
        return seen.st_uid == runner.uid and seen.st_mode & 0o777 == 0o700
    return False


def _seen_from_inside(directory: Path, runner: RunAs) -> str:
    """Return a name of the directory that the server can use even below directories closed to it.

    Root starts the server inside the directory; there it needs no right on any directory above.
    """
    return "/proc/self/cwd" if runner.drops and Path("/proc/self/cwd").exists() else str(directory)


def _give(path: Path, runner: RunAs) -> None:
    if runner.drops:
        os.chown(path, runner.uid, runner.gid)


def _write(path: Path, text: str, runner: RunAs) -> None:
    """Replace the file in one step."""
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.chmod(0o600)
    _give(fresh, runner)
    fresh.rename(path)


def _configuration() -> str:
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    except (OSError, ValueError):
        memory = 2048
    return CONFIGURATION.format(
        port=PORT, shared_megabytes=min(512, max(64, memory // 16)), cache_megabytes=max(256, memory // 2)
    )


def _environment() -> dict[str, str]:
    """PostgreSQL gets nothing of our environment: no PG* variable, no secret."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _url(directory: Path, database: str) -> str:
    return f"postgresql://{OWNER}@/{database}?host={quote(str(directory), safe='')}&port={PORT}"

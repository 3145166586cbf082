"""PostgreSQL's own programs at work on one cluster: made, started, listened for, stopped.

Callers hold the cluster's lock (`embedded`), so two of these never work on one cluster at once.
"""

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
from typing import Any, Final
from urllib.parse import quote

import psycopg

from acquit.store import installation
from acquit.store.installation import Installation, RunAs
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


def make(place: Place, runner: RunAs, found: Installation) -> None:
    """Leave a new cluster in the place, or none at all."""
    place.home.mkdir(mode=0o700, exist_ok=True)
    _give(place.home, runner)
    half = Path(tempfile.mkdtemp(prefix="half-made-", dir=place.home))
    _give(half, runner)
    with _open_to(runner, half) as (name, kept):
        made = subprocess.run(
            [found.program("initdb"), "-D", name, *_initdb_options(found.major)],
            capture_output=True, text=True, check=False, **_bare(kept), **runner.arguments(),
        )  # fmt: skip
    if made.returncode != 0:
        shutil.rmtree(half, ignore_errors=True)
        raise StoreRefused(f"A PostgreSQL cluster could not be made in {place.home}: {made.stderr.strip()}")
    _write(half / "pg_hba.conf", ACCESS, runner)
    half.rename(place.cluster)


def sweep(place: Place) -> None:
    """Nothing is left of clusters that were being made when their maker was killed."""
    for half_made in place.home.glob("half-made-*"):
        shutil.rmtree(half_made, ignore_errors=True)


def _initdb_options(major: int) -> list[str]:
    options = ["-U", OWNER, "-A", "trust", "--data-checksums", "--encoding=UTF8", "--locale=C"]
    if major >= 17:
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return [*options, "--no-instructions"]


def start(place: Place, runner: RunAs, chosen: Path | None) -> None:
    """Wait until the cluster answers, starting it whenever nobody listens.

    A server that listens is alive and is waited for, though it may be recovering or shutting down. One that
    exits over a lock file of a dead server is started again after the file has had time to prove itself.
    """
    server: Server | None = None
    if listener(place.socket_directory()) is None and place.log.exists():
        place.log.rename(place.log.with_suffix(".previous.log"))
    since = time.monotonic()
    said = "it did not answer"
    while time.monotonic() < since + PATIENCE_SECONDS:
        if listener(place.socket_directory()) is not None:
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
        with psycopg.connect(url_of(place.socket_directory(), "postgres"), connect_timeout=10) as connection:
            connection.execute("SELECT 1")
        return None
    except psycopg.OperationalError as error:
        return str(error)


class Server:
    """A server that we have just started, until it answers or has said why it cannot."""

    def __init__(self, place: Place, runner: RunAs, found: Installation) -> None:
        directory = _prepare_socket(place, runner)
        _write(place.cluster / "postgresql.conf", _configuration(), runner)
        self._log = place.log
        with self._log.open("ab") as log, _open_to(runner, place.cluster) as (name, kept):
            self._log_start = log.tell()
            self._started = subprocess.Popen(
                [found.program("postgres"), "-D", name,
                 "-c", f"unix_socket_directories={'..' if directory == place.home else directory}"],
                start_new_session=True, stdout=log, stderr=log, **_bare(kept), **runner.arguments(),
            )  # fmt: skip
        threading.Thread(target=self._started.wait, name="postgres", daemon=True).start()

    def has_ended(self) -> bool:
        """Tell whether the server has exited."""
        return self._started.poll() is not None

    def last_words(self) -> str:
        """Return what it wrote into the log."""
        return self._log.read_bytes()[self._log_start :][-2000:].decode("utf-8", "replace")


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


def stop(place: Place) -> None:
    """Stop the server that listens, and wait until it has let go of its files."""
    directory = place.socket_directory()
    pid = listener(directory)
    if not pid:
        return
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGINT)
    until = time.monotonic() + STOP_SECONDS
    while time.monotonic() < until:
        if listener(directory) is None and not (place.cluster / "postmaster.pid").exists():
            break
        time.sleep(PAUSE_SECONDS)
    if directory != place.home:
        shutil.rmtree(directory, ignore_errors=True)
        place.recorded_socket.unlink(missing_ok=True)


def listener(directory: Path) -> int | None:
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


@contextmanager
def _open_to(runner: RunAs, directory: Path) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Lend a name of the directory, and the descriptors to hand on, that work below closed directories too.

    The account that runs PostgreSQL for root owns the directory but may be shut out of one above it; an open
    descriptor needs no right on any of them.
    """
    if not (runner.drops and Path("/proc/self/fd").is_dir()):
        yield str(directory), ()
        return
    kept = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{kept}", (kept,)
    finally:
        os.close(kept)


def _bare(kept: tuple[int, ...]) -> dict[str, Any]:
    """Start PostgreSQL's programs with nothing of ours: no PG* variable, no secret, no input."""
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
    return {"env": environment, "cwd": "/", "stdin": subprocess.DEVNULL, "pass_fds": kept}


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


def url_of(directory: Path, database: str) -> str:
    """Return how to connect, as the owner, through the socket in a directory."""
    return f"postgresql://{OWNER}@/{database}?host={quote(str(directory), safe='')}&port={PORT}"

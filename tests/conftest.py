"""What every test may ask for: a PostgreSQL shared by all workers, and a fresh database for each test.

One embedded cluster serves the whole run: every pytest worker attaches to it as several commands do in real
life. A migrated template is made once; a test's database is a copy of it (tens of milliseconds).
"""

import fcntl
import gc
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from psycopg.conninfo import make_conninfo

from acquit.store import installation
from acquit.store.embedded import Cluster, open_cluster
from acquit.store.migrate import migrate
from acquit.store.transaction import Database
from store.copies import SHARED_CLUSTER, copy_of, made_once

TEMPLATE = "tests_template"
MEMORY = Path("/dev/shm")
ROOM = 4 * 1024**3
SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"

LASTING = {room: place for place, room in enumerate(("simulation", "fault", "e2e", "collector", "contract"))}

FAST = """\
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
autovacuum = off
"""


settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")  # machines are noisy: what is made up proves laws, not speed


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden documents anew")
    parser.addoption("--soak", action="store_true", help="let simulations and fault tests run long")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        for ending in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(ending, signal.default_int_handler)  # ends as Ctrl-C does: nothing is left
        place = Path(tempfile.mkdtemp(prefix="acquit-tests-", dir=_in_memory()))
        place.chmod(0o711)
        (place / "cluster").mkdir(mode=0o700)
        os.environ[SHARED_CLUSTER] = str(place / "cluster")
        if place.is_relative_to(MEMORY):
            os.environ["TMPDIR"] = str(place)
            tempfile.tempdir = None
        if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
            _keep_bytecode(config.cache.mkdir("bytecode"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One worker more than there are processors: some tests wait for a timeout, a browser or a server."""
    return len(os.sched_getaffinity(0)) + 1


def _in_memory() -> Path | None:
    """Where files cost no disk: a fresh database is a copy of a thousand of them, four times faster there."""
    has_room = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM
    return MEMORY if has_room and "TMPDIR" not in os.environ else None


def _keep_bytecode(where: Path) -> None:
    """Compile each source once, not in each of the thousand programs that a run starts.

    An environment that wants no bytecode beside the sources gets it where pytest keeps what it knows.
    """
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix = str(where)
    sys.dont_write_bytecode = False


def pytest_collection() -> None:
    """What is collected stays: nothing in it is worth a search for garbage, 6,000 times over."""
    gc.disable()


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """Search for garbage in what tests make, not again in the million objects that were collected."""
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the rooms whose modules last long, so that short ones fill every processor at the end."""
    items.sort(key=lambda item: LASTING.get(item.path.parent.name, len(LASTING)))


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shutil.rmtree(Path(os.environ.pop(SHARED_CLUSTER)).parent, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The PostgreSQL of this run, shared by its workers; thrown away, so it need not survive a crash."""
    home = Path(os.environ[SHARED_CLUSTER])
    with (home / "starting.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        local = home / "data" / "postgres" / "cluster" / "local.conf"
        if not local.exists():
            open_cluster(home / "data").close()
            local.write_text(FAST)
            local.chmod(0o644)
        shared = open_cluster(home / "data")
        fcntl.flock(lock, fcntl.LOCK_UN)
    with shared:
        yield shared


@pytest.fixture(scope="session")
def template(cluster: Cluster) -> str:
    """The name of a migrated database that tests copy."""
    return made_once(cluster, TEMPLATE, "template1", migrate)


@pytest.fixture
def database_url(cluster: Cluster, template: str) -> Iterator[str]:
    """A fresh, migrated database of the test's own; its login is the owner (and superuser)."""
    with copy_of(cluster, template) as url:
        yield url


@pytest.fixture(scope="module")
def module_database_url(cluster: Cluster, template: str) -> Iterator[str]:
    """A migrated database that the tests of one module share."""
    with copy_of(cluster, template) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The store on a fresh database, in the application's role."""
    with Database(database_url) as opened:
        yield opened


@pytest.fixture(scope="module")
def module_database(module_database_url: str) -> Iterator[Database]:
    """The store on a database that the tests of one module share."""
    with Database(module_database_url) as opened:
        yield opened


@pytest.fixture
def empty_database_url(cluster: Cluster) -> Iterator[str]:
    """A database without a single table."""
    with copy_of(cluster, "template0") as url:
        yield url


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The directory of real input beside the checkout: a published catalogue."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the published catalogue is not beside the checkout: {SHARED_DATA.name}/ is missing")
    return SHARED_DATA


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden documents are written anew."""
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture
def soak(request: pytest.FixtureRequest) -> bool:
    """Whether long runs are wanted (`make soak`)."""
    return bool(request.config.getoption("--soak"))


@pytest.fixture(scope="session")
def second_cluster_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that is not ours: the system's oldest PostgreSQL, as an external database would be.

    The login is a superuser named `postgres`; make databases and logins of your own in it.
    """
    found = _system_installation()
    if found is None:
        pytest.skip("no PostgreSQL server is installed on the system (apt-get install postgresql)")
    runner = installation.run_as()
    home = Path(tempfile.mkdtemp(prefix="acquit-second-"))
    os.chown(home, runner.uid, runner.gid)

    def run(program: str, *arguments: object, check: bool = True) -> None:
        command = [str(part) for part in (found.program(program), "-D", home / "cluster", *arguments)]
        with (home / "log").open("a") as log:
            subprocess.run(command, stdout=log, stderr=log, cwd=home, check=check, **runner.arguments())

    try:
        run("initdb", "-U", "postgres", "-A", "trust", "-N")
        run("pg_ctl", "-w", "-o", f"-c listen_addresses='' -c unix_socket_directories={home} -F", "start")
        yield make_conninfo("", host=str(home), user="postgres", dbname="postgres")
    finally:
        run("pg_ctl", "-w", "-m", "immediate", "stop", check=False)
        shutil.rmtree(home, ignore_errors=True)


def _system_installation() -> installation.Installation | None:
    """Return the system's PostgreSQL, the oldest that acquit still speaks to."""
    found = []
    for directory in sorted(Path("/usr/lib/postgresql").glob("*")):
        major = installation.major_of(directory)
        if major is not None and major >= installation.OLDEST_MAJOR:
            found.append(installation.Installation(directory, major))
    return min(found, key=lambda each: each.major, default=None)

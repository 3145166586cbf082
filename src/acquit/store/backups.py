"""Backups: the database as PostgreSQL's own tools write it, the papers, and the key that opens the secrets.

What a backup directory holds::

    database.dump   a consistent dump (pg_dump, custom format)
    papers/         every paper that the dump records, by its SHA-256
    secret.key      the installation's secret, unless it is a setting
    backup.json     written last: what the backup is, and the SHA-256 of the dump
"""

import hashlib
import json
import os
import shutil
import subprocess
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final, LiteralString

from acquit.store import installation
from acquit.store.installation import RunAs
from acquit.store.migrate import connect, make_role
from acquit.store.refused import StoreRefused

DUMP: Final = "database.dump"
PAPERS: Final = "papers"
SECRET: Final = "secret.key"
MANIFEST: Final = "backup.json"
KEPT: Final = (SECRET, "demo.json")
CHUNK_BYTES: Final = 1 << 20

IS_EMPTY: Final[LiteralString] = """
    SELECT count(*)
      FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
"""


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup says about itself."""

    made_at: str
    version: str
    dump_sha256: str
    papers: int
    has_secret: bool


def back_up(url: str, data: Path, target: Path, now: datetime, chosen: Path | None) -> Backup:
    """The target directory, empty or absent before, holds a complete backup.

    Papers are copied after the dump, so every paper that it records is there. Raises StoreRefused.
    """
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(target.iterdir()):
        raise StoreRefused(f"{target} is not empty: name a new directory for each backup.")
    _run(chosen, "pg_dump", "--format=custom", f"--file={target / DUMP}", f"--dbname={url}")
    papers = _copy_papers(data / PAPERS, target / PAPERS)
    for name in KEPT:
        if (data / name).exists():
            _copy_private(data / name, target / name)
    made = Backup(
        made_at=now.isoformat(timespec="seconds"),
        version=version("acquit"),
        dump_sha256=_sha256(target / DUMP),
        papers=papers,
        has_secret=(target / SECRET).exists(),
    )
    (target / MANIFEST).write_text(json.dumps(asdict(made), indent=2) + "\n", encoding="utf-8")
    return made


def read_manifest(source: Path) -> Backup:
    """Return what the backup says. Raises StoreRefused when it is not whole or was changed."""
    try:
        made = Backup(**json.loads((source / MANIFEST).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        raise StoreRefused(
            f"{source} holds no whole backup: {MANIFEST} is missing or cannot be read."
        ) from None
    if not (source / DUMP).exists() or _sha256(source / DUMP) != made.dump_sha256:
        raise StoreRefused(f"{source / DUMP} is not the dump that was made: its checksum differs.")
    return made


def restore(url: str, source: Path, data: Path, chosen: Path | None) -> Backup:
    """An empty database and data directory hold what the backup held. Raises StoreRefused."""
    made = read_manifest(source)
    with connect(url) as connection:
        if connection.execute(IS_EMPTY).fetchall() != [(0,)]:
            raise StoreRefused(
                f"The database of {data} is not empty: restore into a new directory with --data, "
                "or into an empty external database."
            )
        make_role(connection)
    _run(chosen, "pg_restore", "--no-owner", "--exit-on-error", f"--dbname={url}", source / DUMP)
    _copy_papers(source / PAPERS, data / PAPERS)
    for name in KEPT:
        if (source / name).exists():
            _copy_private(source / name, data / name)
    return made


def _run(chosen: Path | None, program: str, *arguments: str | Path) -> None:
    ours = RunAs(os.geteuid(), os.getegid(), drops=False)
    found = installation.find(chosen, ours)
    ran = subprocess.run(
        [found.program(program), *arguments],
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if ran.returncode != 0:
        raise StoreRefused(f"{program} failed: {ran.stderr.strip()[-1000:]}")


def _copy_papers(source: Path, target: Path) -> int:
    """Copy what the target lacks and return how many papers there are; unfinished ones stay behind."""
    count = 0
    for path in source.glob("??/*") if source.is_dir() else ():
        if path.name.startswith("."):
            continue
        copy = target / path.parent.name / path.name
        if not copy.exists():
            copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            part = copy.with_name(f".part-{copy.name}")
            shutil.copyfile(path, part)
            part.rename(copy)
        count += 1
    return count


def _copy_private(source: Path, target: Path) -> None:
    target.touch(mode=0o600)
    target.write_bytes(source.read_bytes())


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as content:
        while chunk := content.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()

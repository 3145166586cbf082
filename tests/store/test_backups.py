"""A backup holds everything, refuses to be half of it, and comes back as it was."""

import json
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from acquit.adapters.archive import DirectoryArchive
from acquit.adapters.sealer import secret_of
from acquit.store.backups import back_up, read_manifest, restore
from acquit.store.migrate import migrate
from acquit.store.refused import StoreRefused
from acquit.store.transaction import Database
from selling import shop

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.fixture
def backup(database: Database, database_url: str, tmp_path: Path) -> Path:
    """A backup of a shop with one paper."""
    shop(database)
    data = tmp_path / "data"
    data.mkdir()
    secret_of(data / "secret.key")
    DirectoryArchive(data / "papers").put(b"a bill")
    (data / "papers" / "ab").mkdir(parents=True)
    (data / "papers" / "ab" / ".part-x").write_bytes(b"half")
    made = back_up(database_url, data, tmp_path / "backup", NOW, None)
    assert (made.papers, made.has_secret) == (1, True)
    return tmp_path / "backup"


def test_what_was_backed_up_comes_back(
    backup: Path, empty_database_url: str, database_url: str, tmp_path: Path
) -> None:
    there = tmp_path / "there"
    there.mkdir()
    made = restore(empty_database_url, backup, there, None)
    assert made.made_at == "2026-11-23T08:00:00+00:00"
    assert (there / "secret.key").read_bytes() == (tmp_path / "data" / "secret.key").read_bytes()
    assert (there / "secret.key").stat().st_mode & 0o777 == 0o600
    archive = DirectoryArchive(there / "papers")
    assert archive.get(archive.put(b"a bill")) == b"a bill"
    migrate(empty_database_url)
    with Database(empty_database_url) as restored, Database(database_url) as former:
        for query in ("SELECT account_id FROM account", "SELECT plan_code FROM plan ORDER BY 1"):
            with restored.read() as here, former.read() as before:
                assert here.all(query) == before.all(query)
        with restored.write() as tx, pytest.raises(psycopg.errors.InsufficientPrivilege):
            tx.run("UPDATE pricing SET price_ucents = 0")


def test_nothing_is_overwritten(backup: Path, database_url: str, tmp_path: Path) -> None:
    with pytest.raises(StoreRefused, match="is not empty: name a new directory"):
        back_up(database_url, tmp_path / "data", backup, NOW, None)
    with pytest.raises(StoreRefused, match="is not empty: restore into"):
        restore(database_url, backup, tmp_path / "there", None)


def test_a_backup_that_is_not_whole_is_refused(backup: Path) -> None:
    (backup / "database.dump").write_bytes(b"spoilt")
    with pytest.raises(StoreRefused, match="checksum differs"):
        read_manifest(backup)
    (backup / "backup.json").write_text(json.dumps({"made_at": "now"}))
    with pytest.raises(StoreRefused, match="no whole backup"):
        read_manifest(backup)
    (backup / "backup.json").unlink()
    with pytest.raises(StoreRefused, match="no whole backup"):
        read_manifest(backup)


def test_what_the_tools_say_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreRefused, match="pg_dump failed"):
        back_up("postgresql://nobody@127.0.0.1:1/nothing", tmp_path, tmp_path / "backup", NOW, None)
    assert not (tmp_path / "backup" / "backup.json").exists()

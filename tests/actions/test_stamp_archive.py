"""Stamps of the archive: each day once, all that is new, one after another; removal after the legal years."""

import threading
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from acquit.actions.audit_books import audit_books
from acquit.actions.remove_papers import removable_papers, remove_papers
from acquit.actions.render_document import bill_pdf
from acquit.actions.stamp_archive import stamp_archive, stamp_days
from acquit.adapters.archive import DirectoryArchive
from acquit.adapters.clock import FixedClock
from acquit.adapters.sealer import AesSealer
from acquit.core.retention import PaperRemoved
from acquit.store import stamps
from acquit.store.transaction import Database
from archiving import FIRST, ON, archiving, handed, paid
from billed import failed, rows
from founding import ACME, FR, PETIT

LONG_AGO = date(2014, 6, 2)
TOO_YOUNG: LiteralString = """
    INSERT INTO removed_paper (account_id, bill_id, form, issued_on, removed_by)
    SELECT account_id, bill_id, 'pdf', issued_on, 'cli' FROM bill
"""
CHANGE_SIGNATURE: LiteralString = "UPDATE stamp SET signature = decode(repeat('00', 64), 'hex')"


def test_a_stamp_has_what_is_new_and_nothing_new_makes_none(database: Database, tmp_path: Path) -> None:
    context = archiving(database, tmp_path / "archive")
    (first,) = stamp_archive(context, FR, "cli")
    assert (first.stamp.stamp_no, first.papers, first.stamp.leaves) == (1, 6, 9)
    assert stamp_archive(context, FR, "cli") == []
    paid(context, lambda account_id: account_id == PETIT)
    (second,) = stamp_archive(context, FR, "cli")
    assert (second.papers, second.stamp.leaves, second.stamp.prev_hash) == (0, 1, first.stamp.hash)
    assert failed(context) == {}


def test_each_day_is_stamped_once_even_when_nothing_happened(database: Database, tmp_path: Path) -> None:
    context = archiving(database, tmp_path / "archive")
    assert [stamp_days(context) for _ in range(2)] == [1, 0]
    tomorrow = replace(context, clock=FixedClock(ON.replace(day=24)))
    assert [stamp_days(tomorrow) for _ in range(2)] == [1, 0]
    with database.read() as tx:
        told = [(row.stamp_no, row.papers, row.leaves) for row in stamps.every(tx, FR)]
    assert told == [(1, 6, 9), (2, 0, 0)]
    assert failed(context) == {}


def test_what_is_more_than_a_stamp_holds_goes_into_the_next(database: Database, tmp_path: Path) -> None:
    context = archiving(database, tmp_path / "archive")
    made = stamp_archive(context, FR, "cli", leaves_max=2)
    assert [(each.papers, each.stamp.leaves) for each in made] == [(2, 4), (2, 3), (2, 2)]
    assert failed(context) == {}


def test_several_at_once_stamp_everything_once(database: Database, tmp_path: Path) -> None:
    context = archiving(database, tmp_path / "archive")
    barrier = threading.Barrier(3)
    made: list[int] = []

    def stamp() -> None:
        barrier.wait(timeout=30)
        made.append(sum(each.papers for each in stamp_archive(context, FR, "cli")))

    threads = [threading.Thread(target=stamp) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [0, 0, 6]
    assert failed(context) == {}


def test_full_audit_tells_missing_from_altered_and_a_false_signature(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    context = archiving(database, tmp_path / "archive")
    stamp_archive(context, FR, "cli")
    found = {each.name: each for each in audit_books(context, full=True)}
    assert all(each.passed for each in found.values())
    assert [found[name].compared for name in ("stamps-signed", "papers-kept", "papers")] == [1, 6, 6]

    kept = {
        row.bill_id: row.sha256
        for row in rows(context, "SELECT bill_id, sha256 FROM document WHERE form = 'pdf'")
    }
    context.archive.remove(kept["FR00000002"])
    path = next((tmp_path / "archive").rglob(kept["FR00000003"][2:]))
    path.write_bytes(path.read_bytes()[:-1] + b" ")
    with psycopg.connect(database_url) as owner:
        owner.execute(CHANGE_SIGNATURE)
    found = {each.name: each for each in audit_books(context, full=True)}
    assert found["papers-kept"].differences == ("FR00000002/pdf",)
    assert found["papers"].differences == ("FR00000003/pdf",)
    assert found["stamps-signed"].differences == ("FR/1",)


def test_a_key_that_changed_leaves_old_signatures_sound(database: Database, tmp_path: Path) -> None:
    context = archiving(database, tmp_path / "archive")
    stamp_archive(context, FR, "cli")
    other = replace(context, sealer=AesSealer(b"n" * 32))
    stamp_archive(other, FR, "cli", even_empty=True)
    (signed,) = [each for each in audit_books(other, full=True) if each.name == "stamps-signed"]
    assert (signed.passed, signed.compared) == (True, 2)


def test_only_papers_older_than_the_law_asks_go_and_none_that_is_owed(
    database: Database, tmp_path: Path
) -> None:
    context = archiving(database, tmp_path / "archive", LONG_AGO, "2014-06")
    handed(context, tmp_path / "handed")
    assert removable_papers(context, FR, 10) == []
    settled = paid(context, lambda account_id: account_id != ACME)
    assert [row.bill_id for row in removable_papers(context, FR, 10) if row.form == "pdf"] == settled
    assert remove_papers(context, FR, "cli") == 2 * len(settled)
    assert remove_papers(context, FR, "cli") == 0
    for row in rows(context, "SELECT account_id, bill_id FROM removed_paper"):
        with pytest.raises(PaperRemoved, match="was removed on"):
            bill_pdf(context, row.account_id, row.bill_id)
    found = {each.name: each for each in audit_books(context, full=True)}
    assert all(each.passed for each in found.values())
    assert (found["papers"].compared, found["removed-papers"].compared) == (
        2 * (3 - len(settled)),
        2 * len(settled),
    )


class Breaking(DirectoryArchive):
    """An archive whose disk fails when the second file is removed."""

    removed = 0

    def remove(self, sha256: str) -> None:
        self.removed += 1
        if self.removed == 2:
            raise OSError("the disk fails")
        super().remove(sha256)


def test_a_removal_that_broke_off_goes_on_when_it_is_repeated(database: Database, tmp_path: Path) -> None:
    context = archiving(database, tmp_path / "archive", LONG_AGO, "2014-06")
    paid(context, lambda _account: True)
    with pytest.raises(OSError, match="disk fails"):
        remove_papers(replace(context, archive=Breaking(tmp_path / "archive")), FR, "cli")
    assert rows(context, "SELECT bill_id FROM removed_paper") == []
    assert remove_papers(context, FR, "cli") == 6
    assert [path for path in (tmp_path / "archive").rglob("*") if path.is_file()] == []
    assert all(each.passed for each in audit_books(context, full=True))


def test_a_younger_paper_cannot_be_removed_by_any_date_or_statement(
    database: Database, tmp_path: Path
) -> None:
    context = archiving(database, tmp_path / "archive")
    paid(context, lambda account_id: account_id == PETIT)
    in_twenty_years = replace(context, clock=FixedClock(date(2046, 1, 1)))
    assert remove_papers(in_twenty_years, FR, "cli") == 0
    assert bill_pdf(context, ACME, FIRST).startswith(b"%PDF")
    with pytest.raises(psycopg.errors.CheckViolation), database.write() as tx:
        tx.run(TOO_YOUNG)

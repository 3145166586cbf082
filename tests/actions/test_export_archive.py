"""The legal archive: every paper with its receipt, always the same bytes, nothing when a paper differs."""

import csv
import hashlib
import io
import json
import shutil
import subprocess
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from acquit.actions.context import Context
from acquit.actions.export_archive import ArchiveDiffers, export_archive
from acquit.actions.paper_receipts import write_key
from acquit.actions.remove_papers import remove_papers
from acquit.actions.stamp_archive import stamp_archive, stamp_days
from acquit.actions.turn_day import turn_day
from acquit.actions.verify_paper import BadFile, verify_file
from acquit.adapters.clock import FixedClock
from acquit.adapters.sealer import AesSealer
from acquit.core.account import NoSuchAccount
from acquit.core.identifiers import AccountId, BillId
from acquit.core.period import span
from acquit.store.transaction import Database
from archiving import archiving, handed, paid
from billed import bill, rows
from founding import ACME, FR, PETIT

NOVEMBER = span("2026-11")
DAMAGE = {
    "a paper": ("papers/2026/11/FR00000002.pdf", b"%PDF forged"),
    "a receipt": ("papers/2026/11/FR00000002.pdf.receipt.json", b"{}"),
    "a table": ("bills.csv", b"bill\n"),
}


@pytest.fixture
def context(database: Database, tmp_path: Path) -> Context:
    return archiving(database, tmp_path / "archive")


def packed_again(source: Path, target: Path, changes: dict[str, bytes | None]) -> Path:
    """The archive with some files changed, left out, or added."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = changes.pop(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
        for name, content in changes.items():
            new.writestr(name, content or b"")
    return target


def test_it_holds_every_paper_with_its_receipt_and_what_explains_them(
    context: Context, tmp_path: Path
) -> None:
    turn_day(replace(context, clock=FixedClock(date(2026, 11, 24))))
    path = tmp_path / "november.zip"
    made = export_archive(context, FR, None, NOVEMBER, path, "cli")
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        bills = list(csv.DictReader(io.StringIO(archive.read("bills.csv").decode())))
        stamps = list(csv.DictReader(io.StringIO(archive.read("stamps.csv").decode())))
        heads = archive.read("chain-heads.csv").decode().splitlines()
        manifest = json.loads(archive.read("manifest.json"))
        papers = {row["file"]: archive.read(row["file"]) for row in bills}
    key = context.sealer.public_key().hex()
    assert names[0] == "README.txt"
    assert set(names) == {
        "README.txt", "bills.csv", "stamps.csv", "chain-heads.csv", "manifest.json", "manifest.sig",
        f"keys/{key}.pem",
        *(
            f"papers/2026/11/FR0000000{no}.{form}{end}"
            for no in (1, 2, 3) for form in ("pdf", "ubl.xml") for end in ("", ".receipt.json")
        ),
    }  # fmt: skip
    assert {hashlib.sha256(papers[row["file"]]).hexdigest() for row in bills} == {
        row["sha256"] for row in bills
    }
    assert [(row["total"], row["stamp"], row["removed_on"]) for row in bills] == [("12.00", "1", "")] * 6
    assert [row["public_key"] for row in stamps] == [key]
    assert {line.split(",")[0] for line in heads[1:]} == {"run", "day"}
    assert (made.files, manifest["siren"], manifest["period"]) == (len(names) - 2, "732829320", "2026-11")


def test_the_same_books_give_the_same_bytes_also_later(context: Context, tmp_path: Path) -> None:
    first = export_archive(context, FR, None, NOVEMBER, tmp_path / "1.zip", "cli")
    december = replace(context, clock=FixedClock(date(2026, 12, 1)))
    bill(december, "2026-12")
    stamp_days(december)
    second = export_archive(december, FR, None, NOVEMBER, tmp_path / "2.zip", "cli")
    assert (first.sha256, first.files) == (second.sha256, second.files)


def test_of_one_account_there_is_nothing_of_another(context: Context, tmp_path: Path) -> None:
    path = tmp_path / "petit.zip"
    export_archive(context, FR, PETIT, None, path, "cli")
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        text = b"".join(archive.read(name) for name in names if not name.endswith(".pdf")).decode()
    assert len([name for name in names if name.endswith(".pdf")]) == 1
    assert PETIT in text
    assert (ACME in text, "chain-heads.csv" in names) == (False, False)
    with pytest.raises(NoSuchAccount):
        export_archive(context, FR, AccountId("zz99999-acq"), None, path, "cli")


def test_an_e_invoice_by_itself_is_archived_and_proved_too(context: Context, tmp_path: Path) -> None:
    """The other forms of a bill are papers like the PDF."""
    path = tmp_path / "november.zip"
    export_archive(context, FR, None, NOVEMBER, path, "cli")
    assert verify_file(path, None, None).papers == 6
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "out")
    alone = tmp_path / "out" / "papers" / "2026" / "11" / "FR00000001.ubl.xml"
    made = verify_file(alone, None, None)
    told = {each.check: str(each.state) for each in made.findings}
    assert (made.verdict, told["paper"], told["e-invoice"], told["text"]) == (
        "intact", "proved", "proved", "open",
    )  # fmt: skip
    alone.write_bytes(alone.read_bytes().replace(b"12.00", b"13.00"))
    told = {each.check: str(each.state) for each in verify_file(alone, None, None).findings}
    assert (told["paper"], told["e-invoice"]) == ("differs", "differs")


def test_papers_that_were_not_made_yet_are_made(context: Context, tmp_path: Path) -> None:
    december = replace(context, clock=FixedClock(date(2026, 12, 1)))
    bill(december, "2026-12")
    export_archive(december, FR, None, span("2026-12"), tmp_path / "12.zip", "cli")
    made = verify_file(tmp_path / "12.zip", None, None)
    assert (made.verdict, made.papers) == ("intact", 6)


def test_a_paper_that_is_missing_or_altered_stops_it_and_nothing_is_left(
    context: Context, tmp_path: Path
) -> None:
    kept = {
        row.bill_id: row.sha256
        for row in rows(context, "SELECT bill_id, sha256 FROM document WHERE form = 'pdf'")
    }
    context.archive.remove(kept["FR00000001"])
    next((tmp_path / "archive").rglob(kept["FR00000003"][2:])).write_bytes(b"%PDF")
    target = tmp_path / "out"
    target.mkdir()
    with pytest.raises(ArchiveDiffers) as refusal:
        export_archive(context, FR, None, NOVEMBER, target / "november.zip", "cli")
    assert "FR00000001/pdf is missing; FR00000003/pdf was changed" in refusal.value.message
    assert list(target.iterdir()) == []


def test_a_removed_paper_keeps_its_line_and_its_receipt(database: Database, tmp_path: Path) -> None:
    context = archiving(database, tmp_path / "archive", date(2014, 6, 2), "2014-06")
    paid(context, lambda account_id: account_id == PETIT)
    stamp_archive(context, FR, "cli")
    assert remove_papers(context, FR, "cli") == 2
    path = tmp_path / "2014.zip"
    export_archive(context, FR, None, span("2014"), path, "cli")
    with zipfile.ZipFile(path) as archive:
        bills = list(csv.DictReader(io.StringIO(archive.read("bills.csv").decode())))
        removed = [row for row in bills if row["removed_on"]]
        assert [row["account"] for row in removed] == [PETIT, PETIT]
        for gone in removed:
            assert gone["file"] not in archive.namelist()
            assert gone["file"] + ".receipt.json" in archive.namelist()
    assert (verify_file(path, None, None).verdict, verify_file(path, None, None).papers) == ("intact", 4)


def test_a_whole_archive_is_verified(context: Context, tmp_path: Path) -> None:
    path = tmp_path / "november.zip"
    export_archive(context, FR, None, NOVEMBER, path, "cli")
    _, _, key = handed(context, tmp_path / "handed", BillId("FR00000001"))
    made = verify_file(path, None, key)
    assert (made.verdict, made.papers, made.findings) == ("proved", 6, ())


@pytest.mark.parametrize("what", DAMAGE)
def test_what_was_changed_in_an_archive_is_named(context: Context, tmp_path: Path, what: str) -> None:
    path = tmp_path / "november.zip"
    export_archive(context, FR, None, NOVEMBER, path, "cli")
    name, content = DAMAGE[what]
    for changes in ({name: content}, {name: None}, {"more.txt": b"more"}):
        made = verify_file(packed_again(path, tmp_path / "again.zip", dict(changes)), None, None)
        assert made.verdict == "differs"
        assert any(next(iter(changes)) in each.told for each in made.findings)


def test_who_packs_an_archive_again_is_told_by_its_signature(context: Context, tmp_path: Path) -> None:
    """A table and the manifest changed together: every SHA-256 is right, the signature is not."""
    path = tmp_path / "november.zip"
    export_archive(context, FR, None, NOVEMBER, path, "cli")
    with zipfile.ZipFile(path) as archive:
        manifest, bills = json.loads(archive.read("manifest.json")), archive.read("bills.csv")
    forged = bills.replace(b"12.00", b"13.00")
    for each in manifest["files"]:
        if each["name"] == "bills.csv":
            each["sha256"] = hashlib.sha256(forged).hexdigest()
    changes: dict[str, bytes | None] = {"bills.csv": forged, "manifest.json": json.dumps(manifest).encode()}
    again = packed_again(path, tmp_path / "again.zip", dict(changes))
    made = verify_file(again, None, None)
    assert [(made.verdict, each.check) for each in made.findings] == [("differs", "signature")]

    sealer = AesSealer(b"forger" * 6)
    manifest["public_key"] = sealer.public_key().hex()
    content = json.dumps(manifest).encode()
    changes |= {"manifest.json": content, "manifest.sig": sealer.sign(content).hex().encode()}
    again = packed_again(path, tmp_path / "again.zip", dict(changes))
    key = write_key(context, tmp_path / "key.pem").path
    made = verify_file(again, None, key)
    assert [(made.verdict, each.check) for each in made.findings] == [("differs", "key")]


def test_a_new_key_is_published_beside_the_old_one(context: Context, tmp_path: Path) -> None:
    stamp_archive(context, FR, "cli")
    later = replace(context, sealer=AesSealer(b"n" * 32))
    path = tmp_path / "november.zip"
    export_archive(later, FR, None, NOVEMBER, path, "cli")
    old, new = (write_key(each, tmp_path / f"{no}.pem").path for no, each in enumerate((context, later)))
    both = tmp_path / "both.pem"
    both.write_bytes(old.read_bytes() + new.read_bytes())
    assert [str(verify_file(path, None, key).verdict) for key in (both, old, new)] == [
        "proved", "differs", "differs",
    ]  # fmt: skip


def test_what_is_no_archive_is_refused(context: Context, tmp_path: Path) -> None:
    path = tmp_path / "november.zip"
    export_archive(context, FR, None, NOVEMBER, path, "cli")
    half = tmp_path / "half.zip"
    half.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    other = packed_again(path, tmp_path / "other.zip", {"manifest.json": b"[]"})
    unsigned = packed_again(path, tmp_path / "unsigned.zip", {"manifest.sig": None})
    for each in (half, other, unsigned):
        with pytest.raises(BadFile):
            verify_file(each, None, None)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is a system package")
def test_a_stranger_checks_a_signature_as_the_page_says(context: Context, tmp_path: Path) -> None:
    """The commands of README.txt, with nothing of ours."""
    _, receipt, key = handed(context, tmp_path / "handed")
    stamp = json.loads(receipt.read_bytes())["stamp"]
    (tmp_path / "stamp.txt").write_text(stamp["text"])
    (tmp_path / "stamp.sig").write_bytes(bytes.fromhex(stamp["signature"]))
    told = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", str(key),
            "-in", str(tmp_path / "stamp.txt"), "-sigfile", str(tmp_path / "stamp.sig")]  # fmt: skip
    assert subprocess.run(told, check=False, capture_output=True).returncode == 0
    (tmp_path / "stamp.txt").write_text(stamp["text"] + " ")
    assert subprocess.run(told, check=False, capture_output=True).returncode != 0

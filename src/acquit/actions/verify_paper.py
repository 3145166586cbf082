"""Verify papers offline: no database, no archive, no network; only files."""

import hashlib
import json
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from acquit.core.errors import Invalid
from acquit.documents.evidence import MANIFEST, SIGNATURE
from acquit.documents.legal_archive import RECEIPT
from acquit.documents.paper_proof import (
    NO_KEYS,
    Finding,
    Keys,
    State,
    Verdict,
    compared_key,
    is_signed,
    keys_of,
    prove,
    prove_receipt,
    verdict,
)
from acquit.documents.paper_receipt import BadReceipt, receipt_of

PAPER_BYTES_MAX: Final = 1 << 28
Progress = Callable[[int], None]
ZIP: Final = b"PK\x03\x04"


class BadFile(Invalid):
    """The file cannot be verified: it is not there, too large, or damaged."""

    code = "bad-file"


@dataclass(frozen=True, slots=True)
class Verified:
    """What became of one paper, or of an archive: for an archive findings name only what differs."""

    verdict: Verdict
    sha256: str
    papers: int
    findings: tuple[Finding, ...]


def verify_file(
    path: Path, receipt: Path | None, key: Path | None, progress: Progress = lambda _papers: None
) -> Verified:
    """Return what is proved of a paper, or of every paper in a legal archive.

    Without `receipt` the file beside the paper, `NAME.receipt.json`, is read if it is there. Raises BadFile,
    BadReceipt, BadKey.
    """
    keys = NO_KEYS if key is None else keys_of(_read(key))
    with _opened(path) as file:
        is_archive = file.read(len(ZIP)) == ZIP
    if is_archive:
        return _verify_archive(path, keys, progress)
    beside = path.with_name(path.name + RECEIPT)
    chosen = receipt or (beside if beside.is_file() else None)
    content = _read(path)
    told = None if chosen is None else receipt_of(_read(chosen))
    findings = prove(content, told, keys)
    return Verified(verdict(findings), hashlib.sha256(content).hexdigest(), 1, tuple(findings))


def _verify_archive(path: Path, keys: Keys, progress: Progress) -> Verified:
    """Prove every file of the archive by its manifest, and every paper by its receipt."""
    findings, verdicts, papers = list[Finding](), set[Verdict](), 0
    try:
        with zipfile.ZipFile(path) as archive:
            findings += _by_manifest(archive, keys)
            for name, found in _by_receipts(archive, keys):
                papers += 1
                progress(1)
                verdicts.add(verdict(found))
                findings += [_named(name, each) for each in found if each.state is State.DIFFERS]
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, Invalid):
            raise
        raise BadFile(f"{path.name} is damaged or no legal archive ({error}): ask for it again.") from None
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Verified(_together(findings, verdicts), digest, papers, tuple(findings))


def _together(findings: list[Finding], verdicts: set[Verdict]) -> Verdict:
    if findings:
        return Verdict.DIFFERS
    if Verdict.UNPROVED in verdicts or not verdicts:
        return Verdict.UNPROVED
    return Verdict.INTACT if Verdict.INTACT in verdicts else Verdict.PROVED


def _by_manifest(archive: zipfile.ZipFile, keys: Keys) -> Iterator[Finding]:
    """Yield what of the archive is not as its manifest lists it, and whether that is signed."""
    manifest = archive.read(MANIFEST)
    document = json.loads(manifest)
    yield from _signed(archive, manifest, bytes.fromhex(document["public_key"]), keys)
    listed = {each["name"]: each for each in document["files"]}
    there = set(archive.namelist()) - {MANIFEST, SIGNATURE}
    for name in sorted(listed.keys() ^ there):
        told = "is not in the archive" if name in listed else "is not in the manifest"
        yield Finding("manifest", State.DIFFERS, f"{name} {told}.")
    for name in sorted(listed.keys() & there):
        with archive.open(name) as file:
            digest = hashlib.sha256()
            while piece := file.read(1 << 20):
                digest.update(piece)
        if digest.hexdigest() != listed[name]["sha256"]:
            yield Finding("manifest", State.DIFFERS, f"{name} has not the SHA-256 of the manifest.")


def _signed(archive: zipfile.ZipFile, manifest: bytes, public_key: bytes, keys: Keys) -> Iterator[Finding]:
    signature = bytes.fromhex(archive.read(SIGNATURE).decode("ascii").strip())
    if not is_signed(manifest, signature, public_key):
        told = f"{MANIFEST} is not signed by the key that it names: the archive was packed again."
        yield Finding("signature", State.DIFFERS, told)
    found = compared_key(public_key, keys)
    if found.state is State.DIFFERS:
        yield _named(MANIFEST, found)


def _by_receipts(archive: zipfile.ZipFile, keys: Keys) -> Iterator[tuple[str, list[Finding]]]:
    """Yield for each paper what its receipt proves; one without a receipt is told as unproved."""
    names = set(archive.namelist())
    for name in sorted(each for each in names if each.startswith("papers/") and not each.endswith(RECEIPT)):
        if name + RECEIPT not in names:
            yield name, [Finding("paper", State.OPEN, "There is no receipt.")]
            continue
        try:
            yield name, prove_receipt(archive.read(name), receipt_of(archive.read(name + RECEIPT)), keys)
        except BadReceipt as refusal:
            yield name, [Finding("paper", State.DIFFERS, refusal.message)]


def _named(name: str, found: Finding) -> Finding:
    return Finding(found.check, found.state, f"{name}: {found.told}")


def _read(path: Path) -> bytes:
    with _opened(path) as file:
        content: bytes = file.read(PAPER_BYTES_MAX + 1)
    if len(content) > PAPER_BYTES_MAX:
        raise BadFile(f"{path} has more than {PAPER_BYTES_MAX >> 20} MB: no paper is as large.")
    return content


def _opened(path: Path) -> Any:
    try:
        return path.open("rb")
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror or error}.") from None

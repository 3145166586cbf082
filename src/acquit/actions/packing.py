"""Archives that are handed out: whole under their name, or not there."""

import hashlib
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from acquit.documents.evidence import Sign, pack


@dataclass(frozen=True, slots=True)
class Packed:
    """An archive that was written: files without the manifest, and the SHA-256 of archive and manifest."""

    path: Path
    files: int
    sha256: str
    manifest_sha256: str


def packed(
    path: Path,
    files: Iterable[tuple[str, Iterable[bytes]]],
    about: Mapping[str, object],
    sign: Sign | None = None,
) -> Packed:
    """The archive is in the file, which appears whole; what goes wrong before leaves nothing behind."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w+b") as out:
            count, manifest = pack(out, files, about, sign)
            out.flush()
            os.fsync(out.fileno())
            out.seek(0)
            digest = hashlib.file_digest(out, "sha256").hexdigest()
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Packed(path, count, digest, manifest)

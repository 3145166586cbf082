"""An archive of evidence: files in the order of their names, and a manifest with the SHA-256 of each.

The same books give the same bytes: no file bears the time at which it was packed.
"""

import hashlib
import json
import zipfile
from collections.abc import Iterable, Mapping
from typing import IO, Final

EARLIEST: Final = (1980, 1, 1, 0, 0, 0)
MANIFEST: Final = "manifest.json"
READABLE: Final = 0o600 << 16


def pack(out: IO[bytes], files: Mapping[str, Iterable[bytes]], about: Mapping[str, object]) -> str:
    """Write the archive and return the SHA-256 of its manifest, which names every other file.

    `files` are read one after the other, in pieces; `about` is what the manifest says beside them.
    """
    listed = []
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(files):
            size, digest = 0, hashlib.sha256()
            with archive.open(_member(name), "w", force_zip64=True) as packed:
                for piece in files[name]:
                    packed.write(piece)
                    size += len(piece)
                    digest.update(piece)
            listed.append({"name": name, "bytes": size, "sha256": digest.hexdigest()})
        manifest = json.dumps({**about, "files": listed}, ensure_ascii=False, indent=2).encode() + b"\n"
        archive.writestr(_member(MANIFEST), manifest)
    return hashlib.sha256(manifest).hexdigest()


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, EARLIEST)
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = READABLE
    member.create_system = 3
    return member

"""An archive of evidence: files in the order in which they come, and a manifest with the SHA-256 of each.

The manifest may be signed; the signature, in hexadecimal, stands behind it.

The same books give the same bytes: no file bears the time at which it was packed.
"""

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterable, Mapping
from typing import IO, Final

EARLIEST: Final = (1980, 1, 1, 0, 0, 0)
MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.sig"
READABLE: Final = 0o600 << 16
SMALL_ALREADY: Final = ".pdf"
"""What is compressed in itself is packed as it is."""

Sign = Callable[[bytes], bytes]


def pack(
    out: IO[bytes],
    files: Iterable[tuple[str, Iterable[bytes]]],
    about: Mapping[str, object],
    sign: Sign | None = None,
) -> tuple[int, str]:
    """Write the archive; return how many files it has and the SHA-256 of its manifest, which names them all.

    `files` are read one after the other, in pieces; `about` is what the manifest says beside them.
    """
    listed = []
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, pieces in files:
            size, digest = 0, hashlib.sha256()
            with archive.open(_member(name), "w", force_zip64=True) as packed:
                for piece in pieces:
                    packed.write(piece)
                    size += len(piece)
                    digest.update(piece)
            listed.append({"name": name, "bytes": size, "sha256": digest.hexdigest()})
        manifest = json.dumps({**about, "files": listed}, ensure_ascii=False, indent=2).encode() + b"\n"
        archive.writestr(_member(MANIFEST), manifest)
        if sign is not None:
            archive.writestr(_member(SIGNATURE), sign(manifest).hex() + "\n")
    return len(listed), hashlib.sha256(manifest).hexdigest()


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, EARLIEST)
    member.compress_type = zipfile.ZIP_STORED if name.endswith(SMALL_ALREADY) else zipfile.ZIP_DEFLATED
    member.external_attr = READABLE
    member.create_system = 3
    return member

"""The archive as a directory: content named by its SHA-256, written once, synced before it counts."""

import hashlib
import os
import tempfile
from pathlib import Path


class DirectoryArchive:
    """Keeps documents under `root/ab/cd…`; complete or absent, never half."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, content: bytes) -> str:
        """Keep the bytes durably and return their SHA-256 in lower-case hexadecimal."""
        name = hashlib.sha256(content).hexdigest()
        target = self._path(name)
        if target.exists():
            return name
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".part-", delete=False) as part:
            part.write(content)
            part.flush()
            os.fsync(part.fileno())
        Path(part.name).replace(target)
        _sync(target.parent)
        return name

    def get(self, sha256: str) -> bytes:
        """Return the bytes kept under that hash. Raises KeyError when there are none."""
        try:
            return self._path(sha256).read_bytes()
        except FileNotFoundError:
            raise KeyError(sha256) from None

    def remove(self, sha256: str) -> None:
        """Keep nothing under that hash any more; nothing happens when nothing was kept."""
        target = self._path(sha256)
        target.unlink(missing_ok=True)
        if target.parent.exists():
            _sync(target.parent)

    def _path(self, name: str) -> Path:
        assert len(name) == 64 and name.isalnum(), "a SHA-256 in hexadecimal"  # noqa: PT018
        return self._root / name[:2] / name[2:]


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

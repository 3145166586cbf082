"""Files handed over in a directory, from which somebody's own access point takes them."""

import logging
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from acquit.adapters.mail import put_off
from acquit.core.delivery import Answer, Attached, Outcome

log = logging.getLogger("acquit.peppol")

NOT_SET_UP: Final = "no directory for Peppol is set up: ACQUIT_PEPPOL_DIRECTORY"


class NullHandOver:
    """Takes nothing and warns: what is to be handed over waits until a directory is set up."""

    def hand_over(self, files: Sequence[Attached]) -> Iterator[Answer]:
        """Put every file off."""
        log.warning("peppol.waits", extra={"reason": NOT_SET_UP, "files": len(files)})
        yield from put_off(len(files), NOT_SET_UP)


class DirectoryHandOver:
    """Puts files into a directory that exists; each appears under its name when it is whole and durable."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def hand_over(self, files: Sequence[Attached]) -> Iterator[Answer]:
        """Yield what became of each file; when the directory fails us the rest is put off."""
        for number, file in enumerate(files):
            try:
                self._put(file)
            except OSError as error:
                why = f"{self._directory}: {error.strerror or error}"
                yield from put_off(len(files) - number, why)
                return
            yield Answer(Outcome.SENT, file.name)

    def _put(self, file: Attached) -> None:
        target = self._directory / file.name
        with tempfile.NamedTemporaryFile(dir=self._directory, prefix=".part-", delete=False) as part:
            part.write(file.content)
            part.flush()
            os.fsync(part.fileno())
        Path(part.name).replace(target)
        descriptor = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

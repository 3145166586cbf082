"""`acquit migrate`, `acquit backup`, `acquit restore`: care of an installation."""

from pathlib import Path

from acquit.cli.program import Given
from acquit.cli.screen import facts


def migrate(*, program: Given) -> None:
    """Bring the database to this version's schema."""
    with program.open():
        program.screen.answer({"migrated": True}, "The database has the schema of this version.")


def backup(directory: Path, /, *, program: Given) -> None:
    """Write a complete backup into a new directory, also while others work.

    Parameters
    ----------
    directory
        An empty or absent directory.
    """
    made = program.back_up(directory.absolute())
    if not made.has_secret:
        program.screen.warn("ACQUIT_SECRET_KEY is a setting here: keep it with the backup.")
    program.screen.answer(
        {"directory": str(directory.absolute()), "backup": made},
        facts(directory=directory.absolute(), made_at=made.made_at, papers=made.papers),
    )


def restore(directory: Path, /, *, program: Given) -> None:
    """Fill a new data directory (or an empty external database) from a backup.

    Parameters
    ----------
    directory
        What `acquit backup` wrote.
    """
    made = program.restore(directory.absolute())
    program.screen.answer(
        {"data": str(program.data), "backup": made},
        facts(data=program.data, made_at=made.made_at, papers=made.papers),
        "Next: acquit audit --full",
    )

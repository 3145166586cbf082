"""`acquit migrate`: the database at the schema of this version."""

from acquit.cli.program import Given


def migrate(*, program: Given) -> None:
    """Bring the database to this version's schema."""
    with program.open():
        program.screen.answer({"migrated": True}, "The database has the schema of this version.")

"""What a person is told about an error that is no mistake of ours."""

import errno
from importlib.util import find_spec


def explain(error: Exception) -> str | None:
    """Return a sentence about an error that is no mistake of ours, or None."""
    if (missing := _missing_package(error)) is not None:
        return f"This command needs the server's packages ({missing}): pip install 'acquit[server]'."
    if find_spec("psycopg") is not None and (told := _of_server(error)) is not None:
        return told
    if isinstance(error, FileNotFoundError):
        return f"There is no file {error.filename}."
    if isinstance(error, PermissionError):
        return f"You may not use {error.filename}: {error.strerror}."
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "The disk is full: make room and repeat the command. Nothing was half done."
    return None


def _missing_package(error: BaseException) -> str | None:
    """Return the package whose absence the error, or the one that led to it, tells of."""
    if isinstance(error, ModuleNotFoundError) and error.name not in (None, "acquit"):
        return error.name
    before = error.__cause__ or error.__context__
    return _missing_package(before) if isinstance(error, ImportError) and before is not None else None


def _of_server(error: Exception) -> str | None:
    """Return a sentence about an error that only the server's packages know."""
    import psycopg

    from acquit.adapters.http import PortTaken

    if isinstance(error, PortTaken):
        return (
            f"Another program listens there ({error.strerror}): choose another --port, or 0 for a free one."
        )
    if isinstance(error, psycopg.OperationalError):
        return f"The database does not answer: {str(error).strip()} What was begun is undone; try again."
    return None

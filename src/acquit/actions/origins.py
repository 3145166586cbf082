"""Under which address browsers know us.

A request names the host that it was sent to, and a stranger's may name any.
"""

from typing import Final
from urllib.parse import urlsplit

from acquit.actions.context import Context

LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


def sure_origin(context: Context, origin: str) -> str | None:
    """Return the installation's own origin, else that of the request when it is this machine's; None else."""
    if context.public_origin is not None:
        return context.public_origin.rstrip("/")
    return origin if urlsplit(origin).hostname in LOOPBACK else None

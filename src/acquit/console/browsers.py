"""What a browser says about itself, in two words: enough to tell one's own sessions apart, and no more."""

from typing import Final

PROGRAMS: Final = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
)
SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def named(header: str) -> str:
    """Return program and system of a `User-Agent`, as in `Firefox, Linux`; empty when both are unknown."""
    tables = (PROGRAMS, SYSTEMS)
    found = [next((name for sign, name in table if sign in header), "") for table in tables]
    return ", ".join(filter(None, found))

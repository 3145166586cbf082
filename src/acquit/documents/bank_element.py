"""An XML element of a bank file as texts by path, whatever its namespace and version."""

from datetime import date
from typing import Any

Flat = dict[str, list[str]]
"""Texts by path of local names (`RltdPties/Dbtr/Nm`); an attribute is `path@name`."""

SKIPPED = frozenset({"Pty"})
"""A level that versions from .06 on put around a party, and older ones do not."""


def local(element: Any) -> str:
    """Return the element's name without its namespace."""
    tag: str = element.tag
    return tag[tag.rfind("}") + 1 :]


def flat(element: Any) -> Flat:
    """Return every text below the element by its path; its own text has the empty path."""
    found: Flat = {}
    _walk(element, "", found)
    return found


def texts_of(told: Flat, *paths: str) -> list[str]:
    """Return all texts at these paths, path after path."""
    return [text for path in paths for text in told.get(path, ())]


def day_of(text: str) -> date | None:
    """Return the day of an ISO date or instant, or None."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _walk(element: Any, path: str, found: Flat) -> None:
    text = element.text
    if text is not None and (text := text.strip()):
        found.setdefault(path, []).append(text)
    if element.attrib:
        for name, value in element.items():
            found.setdefault(f"{path}@{name}", []).append(value)
    for child in element:
        tag: str = child.tag
        name = tag[tag.rfind("}") + 1 :]
        _walk(child, path if name in SKIPPED else f"{path}/{name}" if path else name, found)

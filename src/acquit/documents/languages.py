"""The texts of papers by language: the package's files, and those that an installation lays beside them.

A language is a file, as in `de.toml`. A text of an installation's own goes before the package's; what a
language does not say is said in English.
"""

import string
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from acquit.documents.glyphs import missing_glyphs

TEXTS: Final = Path(__file__).parent / "texts"
ENGLISH: Final = "en"
TOLD_MAX: Final = 5

Texts = Mapping[str, str]
"""Texts by their dotted names, as in `title.bill`."""


class _Own:
    """Where an installation's own texts lie; set once, before the first paper."""

    directory: Path | None = None


def use_texts(directory: Path | None) -> tuple[str, ...]:
    """Papers are written with the files of this directory before the package's; return what is wrong there.

    A text that cannot be used is said as the package says it, or in English: no paper fails for it.
    """
    _Own.directory = directory
    for remembered in (languages, texts_of):
        remembered.cache_clear()
    return tuple(problem for path in _own_files() for problem in _problems(path))


def own_texts() -> Path | None:
    """Return the directory of the installation's own texts, or None."""
    return _Own.directory


@cache
def languages() -> frozenset[str]:
    """Return the languages that papers can be written in."""
    return frozenset(path.stem for path in (*TEXTS.glob("*.toml"), *_own_files()))


@cache
def texts_of(language: str) -> Texts:
    """Return every text of the language, English where it has none of its own."""
    packaged = TEXTS / f"{language}.toml"
    own = [path for path in _own_files() if path.stem == language]
    found = _packaged(ENGLISH) | (_packaged(language) if packaged.exists() else {})
    for path in own:
        found |= {name: text for name, text in _read(path).items() if not _fault(name, text)}
    return found


def _own_files() -> list[Path]:
    directory = _Own.directory
    return [] if directory is None or not directory.is_dir() else sorted(directory.glob("*.toml"))


@cache
def _packaged(language: str) -> dict[str, str]:
    return dict(_flat(tomllib.loads((TEXTS / f"{language}.toml").read_text(encoding="utf-8"))))


def _flat(texts: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for name, text in texts.items():
        if isinstance(text, dict):
            yield from _flat(text, f"{before}{name}.")
        else:
            yield f"{before}{name}", str(text)


def _read(path: Path) -> dict[str, str]:
    """Return the texts of an installation's own file; none when it cannot be read."""
    try:
        return dict(_flat(tomllib.loads(path.read_text(encoding="utf-8"))))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}


def _problems(path: Path) -> Iterator[str]:
    """Tell what of a file is left out, and what it lacks."""
    try:
        tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        yield f"{path.name} cannot be read and is left out: {error}. Mend the file and start again."
        return
    own = _read(path)
    if not path.stem.isalpha():
        yield f"{path.name} is left out: it is named after no language. Name it as in de.toml."
        return
    for name, text in own.items():
        fault = _fault(name, text)
        if fault:
            yield f"{path.name}: {name} {fault}; it is left out."
    missing = [] if (TEXTS / path.name).exists() else sorted(_packaged(ENGLISH).keys() - own.keys())
    if missing:
        named = ", ".join(missing[:TOLD_MAX]) + (" and more" if len(missing) > TOLD_MAX else "")
        yield f"{path.name} lacks {len(missing)} texts, which are said in English: {named}."


def _fault(name: str, text: str) -> str:
    """Return why a text cannot be used, or nothing."""
    if name not in _packaged(ENGLISH):
        return "is no text of a paper"
    try:
        strange = _fields(text) - _fields(_packaged(ENGLISH)[name])
    except ValueError as error:
        return f"has braces that do not go together ({error})"
    if strange:
        return f"has {', '.join(f'{{{each}}}' for each in sorted(strange))} in it, which is never filled in"
    absent = missing_glyphs(text)
    return f"has {' '.join(sorted(absent))} in it, which no paper can print" if absent else ""


def _fields(text: str) -> set[str]:
    """Return what is filled in. Raises ValueError when braces do not go together."""
    found = [(name, form, turn) for _, name, form, turn in string.Formatter().parse(text) if name is not None]
    return {f"{name}{'!' + turn if turn else ''}{':' + form if form else ''}" for name, form, turn in found}

"""The console's words: written in English where they are used, in French in a few files."""

import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

from acquit.core.errors import Refusal
from acquit.core.terms import Finding

LANGUAGES: Final = ("fr", "en")
HERE: Final = Path(__file__).parent


@cache
def french() -> dict[str, str]:
    """Return the French of every English text: `fr.toml`, and `fr_….toml` for one part of the pages each."""
    files = [tomllib.loads(file.read_text(encoding="utf-8")) for file in sorted(HERE.glob("fr*.toml"))]
    tables = [table for file in files for table in file.values()]
    return {english: text for table in tables for english, text in table.items()}


def translate(text: str, language: str, **values: object) -> str:
    """Return the text in the language, its `{names}` filled; an unknown text stays English."""
    said = french().get(text, text) if language == "fr" else text
    return said.format(**values) if values else said


def said(finding: Finding, language: str) -> str:
    """Return what a rule says, in French by its code where we have a sentence for it."""
    key = f"finding:{finding.code}:{'ok' if finding.ok else 'refused'}"
    return french().get(key, finding.reason) if language == "fr" else finding.reason


def mended(where: str, language: str) -> str:
    """Return what has to be mended of a problem, in French where we have a word for it."""
    return french().get(f"mend:{where}", where) if language == "fr" else where


def refused(refusal: Refusal, language: str) -> str:
    """Return what a refusal says: the translated sentence of its code, or its own words."""
    text = translate(f"refusal:{refusal.code}", language)
    return refusal.message if text.startswith("refusal:") else text


def language_of(account_language: str) -> str:
    """Return the console's language for an account's (`fr_FR`, `en_GB` …)."""
    return "fr" if account_language.lower().startswith("fr") else "en"


def preferred(accept_language: str) -> str:
    """Return the console's language for a browser's wishes, French when it has none that we speak."""
    for wish in _wishes(accept_language):
        if wish[:2] in LANGUAGES:
            return wish[:2]
    return "en" if accept_language else "fr"


def _wishes(accept_language: str) -> Iterable[str]:
    ranked = []
    for place, part in enumerate(accept_language.lower().split(",")[:20]):
        name, _, quality = part.strip().partition(";q=")
        ranked.append((-_weight(quality), place, name))
    return [name for _, _, name in sorted(ranked)]


def _weight(quality: str) -> float:
    try:
        return float(quality) if quality else 1.0
    except ValueError:
        return 0.0

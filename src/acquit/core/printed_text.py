"""Texts that reach a bill: what may stand in them, told where they enter and not when a bill is due.

A text is on one line, within a length, of characters that XML takes and that a paper can print. Numbers of
Unicode's categories: C has controls, marks of direction, surrogates and what is no character (U+FFFE); Z has
the separators of lines and paragraphs.

Source: XML 1.0 section 2.2 (Char); EN 16931 (texts are plain).
"""

import unicodedata
from collections.abc import Callable, Iterable, Set
from typing import Final

from acquit.core.errors import Invalid

TEXT_MAX: Final = 255
REASON_MAX: Final = 1_000
SHOWN_MAX: Final = 3
MissingGlyphs = Callable[[str], Set[str]]

Given = tuple[str, str]
"""What a text is, for the message, and the text."""


class BadText(Invalid):
    """A text cannot stand on a bill; every one of them is told."""

    code = "bad-text"


def text_faults(
    texts: Iterable[Given], missing_glyphs: MissingGlyphs, length_max: int = TEXT_MAX
) -> list[str]:
    """Return, in order, why texts cannot stand on a bill; an empty text always can."""
    found = ((what, _fault(text, missing_glyphs, length_max)) for what, text in texts)
    return [f"{what} {fault}" for what, fault in found if fault]


def refuse_texts(texts: Iterable[Given], missing_glyphs: MissingGlyphs, length_max: int = TEXT_MAX) -> None:
    """Pass when all the texts can stand on a bill. Raises BadText with every fault."""
    faults = text_faults(texts, missing_glyphs, length_max)
    if faults:
        raise BadText(f"It would be printed on bills: {' '.join(faults)}")


def _fault(text: str, missing_glyphs: MissingGlyphs, length_max: int) -> str:
    if len(text) > length_max:
        return f"has {len(text)} characters, {length_max} at most are printed."
    if text.isascii() and text.isprintable():
        return ""
    hidden = [sign for sign in text if _is_hidden(sign)]
    if hidden:
        return f"has {_named(hidden)}, which no paper and no XML shows: take it out, or write a blank."
    missing = sorted(missing_glyphs(text))
    if missing:
        return f"has {_named(missing)}, which the fonts of papers do not have: write it in other letters."
    return ""


def _is_hidden(sign: str) -> bool:
    return unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def _named(signs: Iterable[str]) -> str:
    """Name characters by their numbers, never as themselves: a message must be printable too."""
    distinct = list(dict.fromkeys(signs))
    more = f" and {len(distinct) - SHOWN_MAX} more" if len(distinct) > SHOWN_MAX else ""
    return ", ".join(f"U+{ord(sign):04X}" for sign in distinct[:SHOWN_MAX]) + more

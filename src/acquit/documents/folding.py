"""Text as a paper prints it: one line, composed, breakable where a word is longer than a column."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from acquit.documents.glyphs import UNKNOWN, missing_glyphs

WORD_MAX: Final = 32
BREAK: Final = "\N{ZERO WIDTH SPACE}"
WORD: Final = re.compile(r"\S+")
PIECE: Final = re.compile(r"[^./_:@-]{1,16}[./_:@-]?|[./_:@-]")


@lru_cache(maxsize=4096)
def folded(text: str, word_max: int = WORD_MAX) -> str:
    """Return the text on one line; longer words may break, invisibly, so that they stay in their column.

    The gate refuses what has no glyph, so a square here tells of a bug.
    """
    line = " ".join(unicodedata.normalize("NFC", text).split())
    for absent in missing_glyphs(line):
        line = line.replace(absent, UNKNOWN)
    return WORD.sub(lambda word: _breakable(word.group(), word_max), line)


def _breakable(word: str, word_max: int) -> str:
    return word if len(word) <= word_max else BREAK.join(PIECE.findall(word))

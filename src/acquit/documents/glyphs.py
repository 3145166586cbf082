"""Which characters the package's fonts can print: read from the fonts themselves, so it is never stale."""

import struct
import unicodedata
from functools import cache
from pathlib import Path
from typing import Final

FONTS: Final = Path(__file__).parent / "fonts"
UNKNOWN: Final = "\N{WHITE SQUARE}"
FULL_UNICODE: Final = 12
BLANK: Final = "\t\n\r"


def missing_glyphs(text: str) -> set[str]:
    """Return the characters of `text` that cannot be printed on a paper; empty means all can."""
    return set(unicodedata.normalize("NFC", text)) - printable()


@cache
def printable() -> frozenset[str]:
    """Return every character that each font of the package has, and the blanks that papers fold."""
    fonts = [_characters(path.read_bytes()) for path in sorted(FONTS.glob("*.otf"))]
    everywhere = frozenset.intersection(*fonts)
    return frozenset(each for each in everywhere if unicodedata.category(each)[0] != "C") | set(BLANK)


def _characters(font: bytes) -> frozenset[str]:
    """Read the format 12 table of an OpenType font's character map."""
    offset = _table(font, b"cmap")
    (count,) = struct.unpack_from(">H", font, offset + 2)
    for index in range(count):
        (start,) = struct.unpack_from(">L", font, offset + 4 + 8 * index + 4)
        if struct.unpack_from(">H", font, offset + start)[0] == FULL_UNICODE:
            return _groups(font, offset + start)
    raise AssertionError("a font of the package maps the whole of Unicode")


def _table(font: bytes, tag: bytes) -> int:
    (count,) = struct.unpack_from(">H", font, 4)
    for index in range(count):
        name, _, offset, _ = struct.unpack_from(">4sLLL", font, 12 + 16 * index)
        if name == tag:
            return int(offset)
    raise AssertionError(f"a font of the package has a {tag.decode()} table")


def _groups(font: bytes, start: int) -> frozenset[str]:
    (count,) = struct.unpack_from(">L", font, start + 12)
    found = set[str]()
    for index in range(count):
        first, last, glyph = struct.unpack_from(">LLL", font, start + 16 + 12 * index)
        found.update(chr(code) for code in range(first, last + 1) if glyph + code - first)
    return frozenset(found)

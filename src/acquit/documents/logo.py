"""A seller's logo as SVG text, whatever format it came in, so that it travels with the other texts."""

import base64
import struct
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

PNG: Final = b"\x89PNG\r\n\x1a\n"
JPEG: Final = b"\xff\xd8"
JPEG_FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2})


@lru_cache(maxsize=32)
def drawing(content: bytes) -> str | None:
    """Return a PNG, JPEG or SVG logo as SVG, or None when it is none of them."""
    if b"<svg" in content[:1024]:
        return content.decode("utf-8", "replace")
    kind, size = ("png", _png(content)) if content.startswith(PNG) else ("jpeg", _jpeg(content))
    if size is None or not all(size):
        return None
    width, height = size
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        f'<image width="{width}" height="{height}" '
        f'href="data:image/{kind};base64,{base64.b64encode(content).decode()}"/></svg>'
    )


def _png(content: bytes) -> tuple[int, int] | None:
    return struct.unpack(">LL", content[16:24]) if len(content) >= 24 else None


def _jpeg(content: bytes) -> tuple[int, int] | None:
    if not content.startswith(JPEG):
        return None
    for marker, start in _segments(content):
        if marker in JPEG_FRAMES and len(content) >= start + 7:
            height, width = struct.unpack_from(">HH", content, start + 3)
            return width, height
    return None


def _segments(content: bytes) -> Iterator[tuple[int, int]]:
    start = 2
    while start + 4 <= len(content) and content[start] == 0xFF:
        yield content[start + 1], start + 2
        (length,) = struct.unpack_from(">H", content, start + 2)
        start += 2 + max(length, 2)

"""The colours of a paper: a seller's own for what stands out, dark enough to be read by everybody.

Source: WCAG 2.2, success criterion 1.4.3 (contrast of text) and its definition of relative luminance.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

ACCENT: Final = "#0b4f8a"
INK: Final = "#17212e"
WHITE: Final = "#ffffff"
CONTRAST_MIN: Final = 4.5
TINT_PER_MILLE: Final = 53
FORM: Final = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class Palette:
    """What is coloured: rules and names, the pale ground of what matters first, and what stands out on it."""

    accent: str
    tint: str
    strong: str


@lru_cache(maxsize=64)
def palette(brand_colour: str) -> Palette:
    """Return the colours of a paper of this brand; without one, or with none that can be read, our own."""
    accent = brand_colour if is_readable(brand_colour) else ACCENT
    tint = _tint(accent)
    return Palette(accent, tint, accent if contrast(accent, tint) >= CONTRAST_MIN else INK)


def is_readable(colour: str) -> bool:
    """Return whether this is a colour, as in #0b4f8a, in which text on white paper is readable."""
    return FORM.fullmatch(colour) is not None and contrast(colour, WHITE) >= CONTRAST_MIN


def shown_contrast(colour: str) -> str:
    """Return the contrast with white in one decimal, never rounded up."""
    return f"{int(contrast(colour, WHITE) * 10) / 10:.1f}"


def contrast(colour: str, ground: str) -> float:
    """Return the contrast of two colours: 1 is none, 21 is black on white."""
    darker, lighter = sorted((_luminance(colour), _luminance(ground)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(part / 255) for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return float(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)


def _tint(colour: str) -> str:
    pale = [255 - (255 - part) * TINT_PER_MILLE // 1_000 for part in _parts(colour)]
    return "#" + "".join(f"{part:02x}" for part in pale)


def _parts(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour[1:]))

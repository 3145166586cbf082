"""Text as every SEPA bank takes it: a small Latin alphabet, and no longer than its field.

Source: EPC217-08, conversion of characters for the SEPA schemes; EPC115-06 section 1.4.
"""

import re
import unicodedata
from typing import Final

SPELLED: Final = {
    "ß": "ss", "Æ": "AE", "æ": "ae", "Œ": "OE", "œ": "oe", "Ø": "O", "ø": "o", "Đ": "D", "đ": "d", "Ł": "L",
    "ł": "l", "Þ": "Th", "þ": "th", "ı": "i", "&": "+", "@": "(at)", "€": "EUR", "_": "-", "’": "'", "–": "-",
    "—": "-", "«": "'", "»": "'", '"': "'", "[": "(", "]": ")", "{": "(", "}": ")", ";": ",", "°": "o",
    "·": ".",
}  # fmt: skip
ALLOWED: Final = re.compile(r"[A-Za-z0-9/\-?:().,'+ ]")


def sepa_text(text: str, length_max: int) -> str:
    """Return the text in the SEPA alphabet, runs of blanks as one, cut at `length_max` characters."""
    spelled = "".join(SPELLED.get(sign, sign) for sign in unicodedata.normalize("NFC", text))
    plain = "".join(
        sign for sign in unicodedata.normalize("NFKD", spelled) if not unicodedata.combining(sign)
    )
    known = "".join(sign if ALLOWED.fullmatch(sign) else " " if sign.isspace() else "." for sign in plain)
    return " ".join(known.split())[:length_max].strip()


def sepa_id(text: str, length_max: int = 35) -> str:
    """Return an identification: no blanks, no `/` at an end and not two together."""
    joined = re.sub(r"/{2,}", "/", sepa_text(text, 4 * length_max).replace(" ", "-")).strip("/")
    return joined[:length_max].rstrip("/")

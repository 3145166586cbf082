"""Text in XML: what has a meaning there is escaped, what has no place there is shown as a replacement sign.

Source: XML 1.0, 2.2 (characters), 2.4 (markup), 2.11 (line ends).
"""

import re
from typing import Final

SPECIAL: Final = re.compile("[^\\t\\n -%'-;=?-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|\"")
MARKS: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;"}
REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"


def escaped(text: str) -> str:
    """Return the text as it stands in an element or between double quotes; a file with it is never broken."""
    return SPECIAL.sub(_mark, text) if SPECIAL.search(text) else text


def _mark(found: re.Match[str]) -> str:
    return MARKS.get(found[0], REPLACEMENT)

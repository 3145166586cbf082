"""A bill as PDF/A-3b, tagged for screen readers (PDF/UA-1), set by Typst from the package's fonts alone.

The texts of a bill reach the template as values, never as template source: markup in a name is printed
as it is. The same paper gives the same bytes on every machine.
"""

from dataclasses import replace
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Final

import msgspec
import typst

from acquit.documents import logo
from acquit.documents.glyphs import FONTS
from acquit.documents.paper import BillPaper
from acquit.documents.sheet import sheet
from acquit.documents.specimen import specimen

HOME: Final = Path(__file__).parent
LONG_DETAILS: Final = 200
REMEMBERED_RUNS: Final = 12
NOT_SUSPECT: Final = b"/MarkInfo<</Marked true/Suspects false>>"
"""The default, said aloud: widespread readers up to 2022 call it a syntax error, so it stays unsaid."""

ONE_AT_A_TIME: Final = Lock()
"""A compiler serves one thread; who wants more at once renders in several processes."""


def render(paper: BillPaper, attached: bytes = b"") -> bytes:
    """Return the bill as PDF; its date of creation is the instant of issue.

    `attached` is its electronic form, which the PDF then carries as factur-x.xml. A logo that cannot be drawn
    is left out: no bill lacks its paper for it.
    """
    try:
        return _set(paper, attached)
    except typst.TypstError:
        if not paper.logo:
            raise
    return _set(replace(paper, logo=b""), attached)


def can_draw(content: bytes) -> bool:
    """Return whether these bytes are a logo that papers can show."""
    try:
        _set(replace(specimen(), logo=content))
    except typst.TypstError:
        return False
    return logo.drawing(content) is not None


def _set(paper: BillPaper, attached: bytes = b"") -> bytes:
    made_at = int(paper.bill.issued_at.timestamp())
    said = _said(paper) | ({"xml": attached.decode()} if attached else {})
    return compiled("bill.typ", said, made_at, is_long=len(paper.bill.details) > LONG_DETAILS)


def compiled(template: str, said: dict[str, str], made_at: int, *, is_long: bool = False) -> bytes:
    """Return a template of this package, filled in, as PDF/A-3b and PDF/UA-1; `made_at` is in seconds."""
    with ONE_AT_A_TIME:
        made = _compiler(template).compile(
            format="pdf",
            sys_inputs=said,
            pdf_standards=["a-3b", "ua-1"],
            timestamp=made_at,
        )
        if is_long:
            _forget()
    assert isinstance(made, bytes), "a PDF is one file"
    return made.replace(NOT_SUSPECT, NOT_SUSPECT.replace(b"/Suspects false", b" " * 15), 1)


def pictures(paper: BillPaper, dots_per_inch: int = 144) -> list[bytes]:
    """Return the bill's pages as PNG pictures."""
    said = _said(paper)
    with ONE_AT_A_TIME:
        made = _compiler("bill.typ").compile(format="png", sys_inputs=said, ppi=dots_per_inch)
    assert made is not None, "pictures come as bytes"
    return made if isinstance(made, list) else [made]


def _said(paper: BillPaper) -> dict[str, str]:
    return {"sheet": msgspec.json.encode(sheet(paper)).decode()}


def _forget() -> None:
    """Have the memory of a long bill dropped (70 MB per 1,000 lines), which Typst keeps for ten runs."""
    for _ in range(REMEMBERED_RUNS):
        _compiler("blank.typ").compile(format="pdf")


@cache
def _compiler(template: str) -> typst.Compiler:
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])
    return typst.Compiler(str(HOME / template), root=str(HOME), font_paths=fonts)

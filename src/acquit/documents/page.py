"""A bill as a web page: the same words as its PDF, set from the same sheet. Nothing in it runs."""

import base64
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from acquit.documents.letterhead import Letterhead
from acquit.documents.paper import BillPaper
from acquit.documents.sheet import sheet

if TYPE_CHECKING:
    from jinja2 import Template

HOME: Final = Path(__file__).parent


def render_page(paper: BillPaper, pdf_link: str) -> bytes:
    """Return the bill as one self-contained HTML page with a link to its PDF."""
    said = sheet(paper)
    title = f"{said.title} {said.number}"
    letterhead = Letterhead(paper.seller, paper.logo)
    return filled("bill.html", letterhead, said.language, title, sheet=said, pdf_link=pdf_link)


def filled(name: str, letterhead: Letterhead, language: str, title: str, **values: object) -> bytes:
    """Return a page of this package with its values, in the look that all papers of the sender share."""
    return (
        _template(name)
        .render(
            language=language,
            title=title,
            sender=letterhead.name,
            drawing=letterhead.drawing,
            palette=letterhead.palette,
            **values,
        )
        .encode()
    )


@cache
def _template(name: str) -> "Template":
    """Return a page of this package; what is filled in is escaped, and pictures are drawn by `drawing`."""
    from jinja2 import (
        Environment,
        FileSystemLoader,
        StrictUndefined,
    )  # commands that show no page start sooner

    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=FileSystemLoader(HOME),
    )
    environment.filters["drawing"] = _address
    return environment.get_template(name)


def _address(svg: str) -> str:
    """Return an SVG as the address of a picture: scripts inside a picture never run."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()

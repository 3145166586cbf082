"""A bill as a web page: the same words as its PDF, set from the same sheet. Nothing in it runs."""

import base64
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, StrictUndefined, Template

from acquit.documents.paper import BillPaper
from acquit.documents.sheet import sheet

HOME: Final = Path(__file__).parent


def render_page(paper: BillPaper, pdf_link: str) -> bytes:
    """Return the bill as one self-contained HTML page with a link to its PDF."""
    return template("bill.html").render(sheet=sheet(paper), pdf_link=pdf_link).encode()


@cache
def template(name: str) -> Template:
    """Return a page of this package; what is filled in is escaped, and pictures are drawn by `drawing`."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["drawing"] = _address
    return environment.from_string((HOME / name).read_text(encoding="utf-8"))


def _address(svg: str) -> str:
    """Return an SVG as the address of a picture: scripts inside a picture never run."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()

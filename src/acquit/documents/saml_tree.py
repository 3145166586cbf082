"""SAML documents as trees: bounded, without document type, comments or instructions of processing.

A document type could bring entities, and a comment splits a text in two for whoever reads its first half:
neither has a place in what proves a person.
"""

import re
from datetime import UTC, datetime
from typing import Any, Final

from lxml import etree

from acquit.core.saml_reason import Why

SAML: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
PROTOCOL: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
METADATA: Final = "urn:oasis:names:tc:SAML:2.0:metadata"
SIGNATURE: Final = "http://www.w3.org/2000/09/xmldsig#"
REQUESTING: Final = "urn:oasis:names:tc:SAML:protocol:ext:req-attr"
POST_BINDING: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
REDIRECT_BINDING: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
ELEMENTS_MAX: Final = 20_000
_INSTANT: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|\+00:00)?")

Element = Any
"""An element of lxml, which has no types of its own."""


class BadTree(ValueError):
    """The bytes are no XML that we read; `why` says what is wrong."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


def tree(content: bytes, *, strict: bool = True) -> Element:
    """Return the document's root; `strict`: it bears no comment and no instruction. Raises BadTree."""
    if b"<!DOCTYPE" in content or b"\0" in content:
        raise BadTree(Why.DOCUMENT_TYPE)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=not strict,
        remove_pis=not strict,
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise BadTree(Why.NO_XML) from error
    if root.getroottree().docinfo.doctype:
        raise BadTree(Why.DOCUMENT_TYPE)
    count = 0
    for node in root.getroottree().iter():
        count += 1
        if not isinstance(node.tag, str):
            raise BadTree(Why.COMMENT)
    if root.getprevious() is not None or root.getnext() is not None or count > ELEMENTS_MAX:
        raise BadTree(Why.TOO_MUCH)
    return root


def name(space: str, local: str) -> str:
    """Return the element's name as lxml spells it."""
    return f"{{{space}}}{local}"


def text_of(element: Element) -> str:
    """Return the whole text of an element that has nothing below it, else an empty text."""
    return "" if element is None or len(element) else (element.text or "").strip()


def instant(text: str | None) -> datetime | None:
    """Return the instant, or None for what is none; SAML tells instants in UTC."""
    found = _INSTANT.fullmatch((text or "").strip())
    if found is None:
        return None
    try:
        return datetime.fromisoformat(found[1]).replace(tzinfo=UTC)
    except ValueError:
        return None


def told(at: datetime) -> str:
    """Return an instant as SAML writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

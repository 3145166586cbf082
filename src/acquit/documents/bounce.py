"""Reports of mail servers that a message did not arrive.

Source: RFC 3464 (delivery status notifications), RFC 3462 (multipart/report).
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import Message
from typing import Final

KEY_DIGITS: Final = 32


@dataclass(frozen=True, slots=True)
class Bounce:
    """A report that some recipients did not get the message with that id; `key` names the report."""

    message_id: str
    failed: tuple[tuple[str, str], ...]
    key: str


def read_bounce(content: bytes) -> Bounce | None:
    """Return what a mail reports, or None when it is no report or nothing failed for good."""
    mail = message_from_bytes(content, policy=policy.compat32)
    if mail.get_content_type() != "multipart/report":
        return None
    parts = list(mail.walk())
    failed = tuple(
        told
        for part in parts
        if part.get_content_type() == "message/delivery-status"
        for told in _failed(part)
    )
    message_id = next((found for part in parts if (found := _original(part))), "")
    if not (failed and message_id):
        return None
    return Bounce(message_id, failed, hashlib.sha256(content).hexdigest()[:KEY_DIGITS])


def _failed(part: Message) -> Iterator[tuple[str, str]]:
    """Yield address and diagnosis of each recipient that failed for good; the first block is the server's."""
    blocks = part.get_payload()
    for block in blocks if isinstance(blocks, list) else ():
        if isinstance(block, Message) and _said(block, "Action").lower() == "failed":
            address = _said(block, "Final-Recipient") or _said(block, "Original-Recipient")
            diagnosis = _said(block, "Diagnostic-Code") or _said(block, "Status")
            yield address.partition(";")[2].strip() or address, " ".join(diagnosis.split())


def _original(part: Message) -> str:
    """Return the id of the message that is returned, whole or its headers alone."""
    if part.get_content_type() == "message/rfc822":
        inner = part.get_payload()
        inside = inner[0] if isinstance(inner, list) and inner else None
        return _said(inside, "Message-ID").strip("<>") if isinstance(inside, Message) else ""
    if part.get_content_type() == "text/rfc822-headers":
        text = part.get_payload(decode=True)
        headers = message_from_bytes(text if isinstance(text, bytes) else b"")
        return _said(headers, "Message-ID").strip("<>")
    return ""


def _said(block: Message, name: str) -> str:
    return str(block.get(name, "")).strip()

"""The files of a legal archive beside its papers: names, tables, keys, and the page for a stranger."""

import base64
from datetime import date
from importlib.resources import files
from typing import Final

README: Final = "README.txt"
RECEIPT: Final = ".receipt.json"
BILLS: Final = (
    "bill", "account", "kind", "issued_on", "due_on", "net", "tax", "total", "currency", "form", "file",
    "bytes", "sha256", "stamp", "leaf", "entry", "entry_hash", "removed_on",
)  # fmt: skip
STAMPS: Final = (
    "legal_entity", "stamp", "stamped_on", "leaves", "root", "hash_before", "hash", "signature", "public_key",
)  # fmt: skip
HEADS: Final = ("scope", "name", "accounts", "head", "recorded_at")

_ED25519: Final = bytes.fromhex("302a300506032b6570032100")
"""What stands before the 32 bytes of a key in a SubjectPublicKeyInfo. Source: RFC 8410 section 4."""


def readme() -> bytes:
    """Return the page that explains the archive to who knows nothing of it, in French and English."""
    return (files("acquit.documents") / "legal_archive.txt").read_bytes()


def paper_name(bill_id: str, issued_on: date, form: str) -> str:
    """Return where a paper stands in the archive."""
    ending = "pdf" if form == "pdf" else f"{form}.xml"
    return f"papers/{issued_on:%Y}/{issued_on:%m}/{bill_id.replace('/', '_')}.{ending}"


def key_pem(public_key: bytes) -> bytes:
    """Return a public key of Ed25519 as PEM. Source: RFC 8410."""
    text = base64.b64encode(_ED25519 + public_key).decode()
    return f"-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n".encode()

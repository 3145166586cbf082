"""The receipt of a paper: a small JSON file by which anybody proves, offline, that these bytes are the bill.

It holds the bill, the hash of the paper, the entry that books the bill with the hash before it, the path to
the root of a stamp, and the stamp with its signature and the key. Hashes are in hexadecimal.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from acquit.core.errors import Invalid
from acquit.core.identifiers import AccountId, BillId
from acquit.core.money import EXPONENTS, Currency
from acquit.core.stamp import BadStamp, Stamp, StampedPaper, stamp_of

FORMAT: Final = "acquit paper receipt 1"
RECEIPT_BYTES_MAX: Final = 1 << 20


class BadReceipt(Invalid):
    """The file is no receipt of a paper."""

    code = "bad-receipt"


@dataclass(frozen=True, slots=True)
class PaperReceipt:
    """A paper, its bill and entry, and the way from it to a signed stamp."""

    paper: StampedPaper
    bill_kind: str
    issued_on: str
    currency: Currency
    total_minor: int
    entry_text: str
    entry_before: bytes
    leaf_no: int
    path: tuple[bytes, ...]
    stamp: Stamp
    signature: bytes
    public_key: bytes


def receipt_json(receipt: PaperReceipt) -> bytes:
    """Return the receipt as a file; the same receipt gives the same bytes."""
    paper, stamp = receipt.paper, receipt.stamp
    document = {
        "format": FORMAT,
        "bill": {
            "bill": paper.bill_id, "account": paper.account_id, "kind": receipt.bill_kind,
            "issued_on": receipt.issued_on, "currency": receipt.currency, "total_minor": receipt.total_minor,
        },
        "paper": {"form": paper.form, "sha256": paper.sha256, "bytes": paper.size_bytes},
        "entry": {
            "number": paper.entry_no, "text": receipt.entry_text, "hash_before": receipt.entry_before.hex(),
            "hash": paper.entry_hash.hex(),
        },
        "leaf": receipt.leaf_no,
        "path": [each.hex() for each in receipt.path],
        "stamp": {
            "text": stamp.text, "hash": stamp.hash.hex(), "signature": receipt.signature.hex(),
            "public_key": receipt.public_key.hex(),
        },
    }  # fmt: skip
    return json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"


def receipt_of(content: bytes) -> PaperReceipt:
    """Return the receipt that a file holds. Raises BadReceipt."""
    if len(content) > RECEIPT_BYTES_MAX:
        raise BadReceipt("The file is far larger than any receipt: name the receipt that came with the bill.")
    try:
        document = json.loads(content)
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise BadReceipt(
                "The file is no receipt of a paper: name the .receipt.json that came with the bill."
            )
        return _receipt(document)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, BadStamp) as error:
        told = f"{type(error).__name__}: {error}"
        raise BadReceipt(f"The receipt is damaged ({told}): ask for it again.") from None


def _receipt(document: Mapping[str, Any]) -> PaperReceipt:
    bill, paper, entry, stamp = (document[name] for name in ("bill", "paper", "entry", "stamp"))
    if bill["currency"] not in EXPONENTS:
        raise ValueError("its currency is not known")
    return PaperReceipt(
        paper=StampedPaper(
            AccountId(str(bill["account"])), BillId(str(bill["bill"])), str(paper["form"]),
            str(paper["sha256"]), int(paper["bytes"]), int(entry["number"]), bytes.fromhex(entry["hash"]),
        ),
        bill_kind=str(bill["kind"]),
        issued_on=str(bill["issued_on"]),
        currency=Currency(str(bill["currency"])),
        total_minor=int(bill["total_minor"]),
        entry_text=str(entry["text"]),
        entry_before=bytes.fromhex(entry["hash_before"]),
        leaf_no=int(document["leaf"]),
        path=tuple(bytes.fromhex(each) for each in document["path"]),
        stamp=stamp_of(str(stamp["text"])),
        signature=bytes.fromhex(stamp["signature"]),
        public_key=bytes.fromhex(stamp["public_key"]),
    )  # fmt: skip

"""The proof of one paper, offline: what its receipt shows, what its e-invoice says, what stays open.

The checks are a ladder, always in this order: paper, entry, path, signature, key, e-invoice, text.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from acquit.core.errors import Invalid
from acquit.core.money import Currency, plain
from acquit.core.stamp import climbed
from acquit.documents.paper_inside import EInvoice, Inside, look_inside
from acquit.documents.paper_receipt import PaperReceipt

KEY_HEX_DIGITS: Final = 64
PEM_END: Final = b"-----END PUBLIC KEY-----"

Keys = frozenset[bytes]
NO_KEYS: Final[Keys] = frozenset()


class BadKey(Invalid):
    """The file is no public key of Ed25519."""

    code = "bad-key"


class State(StrEnum):
    """What became of a check."""

    PROVED = "proved"
    DIFFERS = "differs"
    OPEN = "open"


class Verdict(StrEnum):
    """What the checks say together.

    `proved`: these bytes are the bill, and who signed is known. `intact`: they are what the receipt says, by
    a key that was not compared. `unproved`: there was no receipt. `differs`: something is not as it says.
    """

    PROVED = "proved"
    INTACT = "intact"
    UNPROVED = "unproved"
    DIFFERS = "differs"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check and, in a sentence, what it found."""

    check: str
    state: State
    told: str


def prove(pdf: bytes, receipt: PaperReceipt | None, keys: Keys = NO_KEYS) -> list[Finding]:
    """Return what each check found, in their order; `keys` are the seller's, as it publishes them."""
    if receipt is None:
        found = [Finding("paper", State.OPEN, _without_receipt(pdf))]
    else:
        found = prove_receipt(pdf, receipt, keys)
    return found + list(_inside(pdf, receipt))


def prove_receipt(paper: bytes, receipt: PaperReceipt, keys: Keys) -> list[Finding]:
    """Return what the receipt alone shows of the bytes of a paper, whatever their form."""
    return [
        _paper(paper, receipt),
        _entry(receipt),
        _path(receipt),
        _signature(receipt),
        compared_key(receipt.public_key, keys),
    ]


def verdict(found: list[Finding]) -> Verdict:
    """Return what the findings say together."""
    states = {each.check: each.state for each in found}
    if State.DIFFERS in states.values():
        return Verdict.DIFFERS
    if states["paper"] is not State.PROVED:
        return Verdict.UNPROVED
    return Verdict.PROVED if states["key"] is State.PROVED else Verdict.INTACT


def keys_of(content: bytes) -> Keys:
    """Return the 32 bytes of each public key in a file: PEM, one behind the other, or 64 hexadecimal digits.

    Raises BadKey.
    """
    text = content.strip()
    try:
        if len(text) == KEY_HEX_DIGITS:
            return frozenset({bytes.fromhex(text.decode("ascii"))})
        read = [load_pem_public_key(block + PEM_END) for block in text.split(PEM_END)[:-1]]
    except ValueError:
        read = []
    keys = [key.public_bytes_raw() for key in read if isinstance(key, Ed25519PublicKey)]
    if not keys or len(keys) < len(read):
        raise BadKey("The file is no public key of Ed25519, as PEM or as 64 hexadecimal digits.")
    return frozenset(keys)


def is_signed(message: bytes, signature: bytes, public_key: bytes) -> bool:
    """Whether the key signed the message. Source: RFC 8032."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _without_receipt(pdf: bytes) -> str:
    digest = hashlib.sha256(pdf).hexdigest()
    return f"Without a receipt nothing shows whose bytes these are. Their SHA-256 is {digest}."


def _paper(pdf: bytes, receipt: PaperReceipt) -> Finding:
    paper, digest = receipt.paper, hashlib.sha256(pdf).hexdigest()
    if (digest, len(pdf)) == (paper.sha256, paper.size_bytes):
        told = f"Every byte is as it was archived for bill {paper.bill_id}."
        return Finding("paper", State.PROVED, told)
    told = (
        f"This is not the paper of bill {paper.bill_id}, or it was changed: it has {len(pdf)} bytes with "
        f"SHA-256 {digest}, the archived one {paper.size_bytes} bytes with {paper.sha256}."
    )
    return Finding("paper", State.DIFFERS, told)


def _entry(receipt: PaperReceipt) -> Finding:
    paper = receipt.paper
    wrong = _wrong_entry(receipt)
    if wrong:
        return Finding("entry", State.DIFFERS, f"The entry that books the bill is not sound: {wrong}.")
    total = f"{plain(receipt.total_minor, receipt.currency)} {receipt.currency}"
    told = (
        f"The bill of {total} is booked on {receipt.issued_on} as entry {paper.entry_no} of account "
        f"{paper.account_id}, bound to the hash of the entry before."
    )
    return Finding("entry", State.PROVED, told)


def _wrong_entry(receipt: PaperReceipt) -> str:
    """Return what is wrong with the entry, or an empty text."""
    paper, text = receipt.paper, receipt.entry_text
    if hashlib.sha256(receipt.entry_before + text.encode()).digest() != paper.entry_hash:
        return "its text does not have its hash"
    named, _, sums = text.rpartition("|")
    account, _, rest = named.partition("|")
    number, _, rest = rest.partition("|")
    _kind, _, rest = rest.partition("|")
    booked_on, _, reference = rest.partition("|")
    told = (account, number, booked_on, reference)
    if told != (paper.account_id, str(paper.entry_no), receipt.issued_on, paper.bill_id):
        return "it is of another bill, account or day"
    if _total_of(sums, receipt.currency) != receipt.total_minor:
        return "it books another total"
    return ""


def _total_of(sums: str, currency: Currency) -> int | None:
    """Return what the entry moves: its debits, which equal its credits."""
    total = 0
    for posting in sums.split(";"):
        _ledger, _, rest = posting.partition(":")
        amount, _, unit = rest.partition(":")
        if unit != currency or not amount.lstrip("-").isdigit():
            return None
        total += max(0, int(amount))
    return total


def _path(receipt: PaperReceipt) -> Finding:
    stamp = receipt.stamp
    if climbed(receipt.paper.leaf, receipt.leaf_no, stamp.leaves, receipt.path) != stamp.root:
        told = "Paper and entry do not lead to the root of the stamp: the receipt was changed."
        return Finding("path", State.DIFFERS, told)
    told = (
        f"Paper and entry are leaf {receipt.leaf_no + 1} of {stamp.leaves} of stamp {stamp.stamp_no} of "
        f"seller {stamp.legal_entity_id}, dated {stamp.stamped_on}; its hash is {stamp.hash.hex()}."
    )
    return Finding("path", State.PROVED, told)


def _signature(receipt: PaperReceipt) -> Finding:
    if is_signed(receipt.stamp.text.encode(), receipt.signature, receipt.public_key):
        return Finding("signature", State.PROVED, f"The stamp is signed by key {receipt.public_key.hex()}.")
    told = "The signature is not of this stamp and key: the receipt was changed."
    return Finding("signature", State.DIFFERS, told)


def compared_key(public_key: bytes, keys: Keys) -> Finding:
    """Return whether the key that signed is one of those that are known as the seller's."""
    if not keys:
        told = (
            "The key came with the receipt. Whether it is the seller's shows when you compare it with what "
            "the seller publishes: --key FILE."
        )
        return Finding("key", State.OPEN, told)
    if public_key in keys:
        return Finding("key", State.PROVED, "It is the key that you gave as the seller's.")
    told = f"Key {public_key.hex()} signed, which is none of those that you gave as the seller's."
    return Finding("key", State.DIFFERS, told)


def _inside(pdf: bytes, receipt: PaperReceipt | None) -> Iterator[Finding]:
    inside = look_inside(pdf)
    if inside is None:
        yield Finding("e-invoice", State.DIFFERS, "The file cannot be read, as a PDF or as an e-invoice.")
        return
    yield _e_invoice(inside, receipt)
    yield _text(inside, receipt)


def _e_invoice(inside: Inside, receipt: PaperReceipt | None) -> Finding:
    found = inside.e_invoice
    if inside.fault:
        return Finding("e-invoice", State.DIFFERS, f"{inside.fault}.")
    if found is None:
        return Finding("e-invoice", State.OPEN, "There is no e-invoice inside the PDF.")
    total = f"{plain(found.total_minor, found.currency)} {found.currency}"
    told = f"{found.name} is of bill {found.bill_id} over {total}"
    if receipt is not None and _told(found) != _booked(receipt):
        return Finding("e-invoice", State.DIFFERS, f"{told}; the receipt tells another number or total.")
    if not inside.text.strip():
        state = State.OPEN if receipt is None else State.PROVED
        return Finding("e-invoice", state, f"{told}.")
    if not all(inside.has_amount(each, found.currency) for each in (found.net_minor, found.total_minor)):
        return Finding("e-invoice", State.DIFFERS, f"{told}; its net and total are not both on the page.")
    return Finding("e-invoice", State.PROVED, f"{told}; net and total are those on the page.")


def _text(inside: Inside, receipt: PaperReceipt | None) -> Finding:
    if not inside.text.strip():
        return Finding("text", State.OPEN, "There is no page with text that a program can read.")
    if receipt is not None:
        bill_id, currency, total_minor = _booked(receipt)
    elif inside.e_invoice is not None:
        bill_id, currency, total_minor = _told(inside.e_invoice)
    else:
        return Finding("text", State.OPEN, "There is nothing to compare the text of the page with.")
    total = f"{plain(total_minor, currency)} {currency}"
    if inside.has_word(bill_id) and inside.has_amount(total_minor, currency):
        return Finding("text", State.PROVED, f"The page shows number {bill_id} and the amount of {total}.")
    told = f"The page does not show number {bill_id} and the amount of {total}."
    return Finding("text", State.DIFFERS, told)


def _told(found: EInvoice) -> tuple[str, Currency, int]:
    return found.bill_id, found.currency, found.total_minor


def _booked(receipt: PaperReceipt) -> tuple[str, Currency, int]:
    return receipt.paper.bill_id, receipt.currency, receipt.total_minor

"""What files for the bank have in common: blocks, parties, accounts, agents, amounts.

Source: ISO 20022, 2019 edition (pain.001.001.09, pain.008.001.08); EPC132-08 and EPC130-08, guidelines for
customer-to-bank files.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from xml.sax.saxutils import escape

from acquit.core.money import Currency
from acquit.documents.sepa_text import sepa_text

NAME_MAX: Final = 70
TEXT_MAX: Final = 140
EURO: Final = Currency("EUR")
AMOUNT_MAX_MINOR: Final = 99_999_999_999
INDENT: Final = "  "


@dataclass(frozen=True, slots=True)
class Address:
    """A structured address: banks take no other since 15 November 2026. Town and country are needed."""

    town: str
    country: str
    street: str = ""
    building: str = ""
    postcode: str = ""


@dataclass(frozen=True, slots=True)
class BankParty:
    """Who pays or is paid, and on which account; the BIC may be empty within the EEA."""

    name: str
    iban: str
    bic: str = ""
    address: Address | None = None


def document(namespace: str, body: Sequence[str]) -> bytes:
    """Return the whole file in UTF-8."""
    lines = [f'<Document xmlns="{namespace}">', *(INDENT + line for line in body), "</Document>", ""]
    return ('<?xml version="1.0" encoding="UTF-8"?>\n' + "\n".join(lines)).encode()


def instant(at: datetime) -> str:
    """Return the instant in UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def reference(creditor_reference: str) -> list[str]:
    """Return a structured ISO 11649 reference."""
    kind = block("Tp", [*block("CdOrPrtry", texts(("Cd", "SCOR"))), *texts(("Issr", "ISO"))])
    return block("Strd", block("CdtrRefInf", [*kind, *texts(("Ref", compact(creditor_reference)))]))


def party(name: str, of: BankParty) -> list[str]:
    """Return a party with its name and, where known, its structured address."""
    told = texts(("Nm", sepa_text(of.name, NAME_MAX)))
    if of.address is not None:
        address = of.address
        parts = (
            ("StrtNm", sepa_text(address.street, NAME_MAX)), ("BldgNb", sepa_text(address.building, 16)),
            ("PstCd", sepa_text(address.postcode, 16)), ("TwnNm", sepa_text(address.town, 35)),
            ("Ctry", address.country),
        )  # fmt: skip
        told += block("PstlAdr", texts(*parts))
    return block(name, told)


def account(name: str, of: BankParty) -> list[str]:
    """Return a bank account by its IBAN."""
    return block(name, block("Id", texts(("IBAN", compact(of.iban)))))


def agent(name: str, bic: str) -> list[str]:
    """Return a bank by its BIC, or as not provided."""
    known = texts(("BICFI", compact(bic))) if bic else block("Othr", texts(("Id", "NOTPROVIDED")))
    return block(name, block("FinInstnId", known))


def block(name: str, inner: Sequence[str]) -> list[str]:
    """Return an element around these lines."""
    return [f"<{name}>", *(INDENT + line for line in inner), f"</{name}>"]


def texts(*pairs: tuple[str, str]) -> list[str]:
    """Return an element for each pair whose text is not empty."""
    return [f"<{name}>{escape(text)}</{name}>" for name, text in pairs if text]


def compact(text: str) -> str:
    """Return an identifier without blanks, in capitals."""
    return "".join(text.split()).upper()

"""VAT on what a legal entity buys of its accounts: what it deducts in a period, and what it owes itself.

VAT of a supplier is deducted when it owes it: with the bill where it opted for debits, else with the money. A
reverse charge is owed and deducted at once, so that it is told and costs nothing.

Source: CGI 271 I-2, 283-2, 269-2; Directive 2006/112/EC articles 167, 168, 196.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from acquit.core.money import Currency


class Bought(StrEnum):
    """What becomes of the VAT on a purchase."""

    DEDUCTED = "deducted"
    SELF_ASSESSED = "self-assessed"


@dataclass(frozen=True, slots=True)
class VatBought:
    """Net and tax of purchases of one rate; `basis` is the document or the money that let it be deducted."""

    kind: Bought
    rate_bp: int
    basis: str
    currency: Currency
    net_minor: int
    tax_minor: int
    documents: int


@dataclass(frozen=True, slots=True)
class BoughtProof:
    """What the journal booked of one currency: VAT that is deducted, and owed and deducted at once."""

    currency: Currency
    deducted_minor: int
    self_assessed_minor: int


def bought_ties(lines: Iterable[VatBought], proofs: Iterable[BoughtProof]) -> bool:
    """Whether what is told of purchases is what the journal booked."""
    told: dict[tuple[str, str], int] = {}
    for line in lines:
        key = (line.currency, line.kind.value)
        told[key] = told.get(key, 0) + line.tax_minor
    booked: dict[tuple[str, str], int] = {
        (proof.currency, kind.value): minor
        for proof in proofs
        for kind, minor in (
            (Bought.DEDUCTED, proof.deducted_minor), (Bought.SELF_ASSESSED, proof.self_assessed_minor),
        )
    }  # fmt: skip
    return all(told.get(key, 0) == booked.get(key, 0) for key in {*told, *booked})


def bought_document(lines: Iterable[VatBought]) -> list[dict[str, Any]]:
    """Return the lines as a flat document."""
    return [
        {
            "kind": each.kind.value, "rate_bp": each.rate_bp, "basis": each.basis, "currency": each.currency,
            "net_minor": each.net_minor, "tax_minor": each.tax_minor, "documents": each.documents,
        }
        for each in lines
    ]  # fmt: skip

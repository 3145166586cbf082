"""A contract text as PDF: its name, the day from which it holds, its paragraphs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final

import msgspec

from acquit.core.account import LegalEntity
from acquit.documents.folding import folded
from acquit.documents.letterhead import Letterhead
from acquit.documents.palette import Palette
from acquit.documents.pdf import compiled
from acquit.documents.wording import wording

LONG_PARAGRAPHS: Final = 200
HEADING: Final = "# "
"""A line that begins so is a heading."""


@dataclass(frozen=True, slots=True)
class ContractSheet:
    """What the layout sets; a paragraph is its kind, `heading` or `text`, and its lines."""

    language: str
    region: str
    title: str
    since: str
    logo: str
    palette: Palette
    seller: tuple[str, ...]
    paragraphs: tuple[tuple[str, tuple[str, ...]], ...]
    page: str


def render_contract(name: str, said: str, from_on: date, sender: Letterhead, entity: LegalEntity) -> bytes:
    """Return the text as PDF/A-3b in the seller's language; equal texts give equal bytes."""
    sheet = contract_sheet(name, said, from_on, sender, entity)
    made_at = datetime.combine(from_on, time(), UTC)
    filled = {"sheet": msgspec.json.encode(sheet).decode()}
    is_long = len(sheet.paragraphs) > LONG_PARAGRAPHS
    return compiled("contract.typ", filled, int(made_at.timestamp()), is_long=is_long)


def contract_sheet(
    name: str, said: str, from_on: date, sender: Letterhead, entity: LegalEntity
) -> ContractSheet:
    """Return what is set; blank lines part the paragraphs."""
    says = wording(entity.language, entity.currency)
    seller = sender.seller
    return ContractSheet(
        language=says.language,
        region=says.region,
        title=folded(name),
        since=says.say("contract.from", date=says.day(from_on)),
        logo=sender.drawing,
        palette=sender.palette,
        seller=tuple(
            folded(each)
            for each in (seller.name, seller.street, f"{seller.zip} {seller.city}")
            if each.strip()
        ),
        paragraphs=tuple(_paragraphs(said)),
        page=says.say("foot.page"),
    )


def _paragraphs(said: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    lines: list[str] = []
    for line in [*said.split("\n"), ""]:
        is_heading = line.startswith(HEADING)
        if lines and (is_heading or not line.strip()):
            yield "text", tuple(lines)
            lines = []
        if is_heading:
            yield "heading", (folded(line.removeprefix(HEADING)),)
        elif line.strip():
            lines.append(folded(line))

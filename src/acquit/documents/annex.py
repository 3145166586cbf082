"""The annex of a bill: what was measured, and how the amounts of its metered lines follow from it."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from acquit.core.metered_use import MeteredUse
from acquit.core.money import amount_minor
from acquit.core.rating import COMMITTED, INCLUDED, SAVINGS, Line
from acquit.core.terms import end_of_month
from acquit.documents.folding import folded
from acquit.documents.paper import BillPaper
from acquit.documents.wording import Wording


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a use at one price."""

    part: str
    used: str
    charged: str
    unit_price: str
    net: str


@dataclass(frozen=True, slots=True)
class Use:
    """What one meter measured in one month, its parts, and what they come to when they are several."""

    heading: str
    period: str
    measured: str
    shares: tuple[Share, ...]
    subtotal: str


@dataclass(frozen=True, slots=True)
class Metered:
    """The uses of one service."""

    heading: str
    uses: tuple[Use, ...]


@dataclass(frozen=True, slots=True)
class Annex:
    """A heading, a sentence about it, the names of the columns, and the services in the order of the bill."""

    title: str
    intro: str
    columns: tuple[str, ...]
    services: tuple[Metered, ...]


COLUMNS = ("annex.part", "annex.used", "annex.charged", "column.unit_price")


def annex(says: Wording, paper: BillPaper) -> Annex | None:
    """Return the annex of a bill with metered lines, or None."""
    if not paper.uses:
        return None
    net = says.say("column.net", currency=paper.bill.currency)
    return Annex(
        title=says.say("annex.title"),
        intro=says.say("annex.intro"),
        columns=(*map(says.say, COLUMNS), net),
        services=tuple(_services(says, paper)),
    )


def _services(says: Wording, paper: BillPaper) -> Iterator[Metered]:
    names = {part.owner_id: part.name for part in paper.bill.slices}
    for (owner_id, service), uses in groupby(paper.uses, lambda use: (use.owner_id, use.service)):
        whose = "" if owner_id == paper.bill.account_id else names.get(owner_id) or owner_id
        heading = " · ".join(folded(text) for text in (whose, service) if text)
        yield Metered(heading, tuple(_use(says, use) for use in uses))


def _use(says: Wording, use: MeteredUse) -> Use:
    unit = use.meter.symbol(says.language)
    nets = [amount_minor(line.quantity_e4, line.unit_price_ucents, says.currency) for line in use.lines]
    rest = "annex.over" if len(use.lines) > 1 else "annex.all"
    parts = [_part(says, line, unit) or says.say(rest) for line in use.lines]
    shares = [_share(says, *each, unit) for each in zip(parts, use.lines, nets, strict=True)]
    if use.before_minor:
        shares.append(Share(says.say("annex.before"), "", "", "", says.figure(-use.before_minor)))
    return Use(
        heading=folded(use.meter.described(says.language)),
        period=says.period(use.period, end_of_month(use.period)),
        measured=says.say("annex.measured", quantity=_measure(says, use.quantity_e4, unit)),
        shares=tuple(shares),
        subtotal=says.figure(sum(nets) - use.before_minor) if len(shares) > 1 else "",
    )


def _share(says: Wording, part: str, line: Line, net_minor: int, unit: str) -> Share:
    return Share(
        part=part,
        used=_measure(says, line.used_e4, unit),
        charged=says.quantity(line.quantity_e4),
        unit_price=says.price(line.unit_price_ucents),
        net=says.figure(net_minor),
    )


def _part(says: Wording, line: Line, unit: str) -> str:
    """Return which part of the use a line is; nothing for a line without bounds."""
    low = _measure(says, line.from_e4, "" if line.up_to_e4 else unit)
    high = "" if line.up_to_e4 is None else _measure(says, line.up_to_e4, unit)
    if line.name.startswith(SAVINGS):
        return says.say(f"annex.{COMMITTED}", high=high)
    if line.name in (INCLUDED, COMMITTED):
        return says.say(f"annex.{line.name}", high=high)
    if high:
        return says.say("annex.tier", low=low, high=high)
    return says.say("annex.tier_from", low=low) if line.from_e4 else ""


def _measure(says: Wording, quantity_e4: int, unit: str) -> str:
    return " ".join(filter(None, (says.quantity(quantity_e4), unit)))

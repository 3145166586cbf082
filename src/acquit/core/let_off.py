"""What had been let off does not come back: a charge that gives back bears the discounts on that.

Days that nobody uses, and use that was rated again, come back at the price that they were charged at. What
had been let off that price was never paid, so a line behind the charge keeps it: of days the let-off of
these days, of use its share by amount. Where a change charges the same days anew, only what is not charged
anew counts. No more is kept than comes back, nor than was let off and not kept before.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from acquit.core.charge import Charge, ChargeKey, ChargeKind
from acquit.core.discount import BACK, keeps_let_off, lowered_key
from acquit.core.identifiers import ServiceId
from acquit.core.money import E4_PER_ONE, rounded, ucents_per_minor

_DAYS_BACK: Final = "-back"
_USE: Final = "usage:"


@dataclass(frozen=True, slots=True)
class Line:
    """A line that was billed, or taken back without a bill; a credit note's amount has the other sign."""

    service_id: ServiceId
    kind: str
    part: str
    period_start: date
    period_end: date
    net_minor: int
    description: str


def gives_back(charge: Charge) -> bool:
    """Whether the charge gives back days of a service, or use that was rated again."""
    if charge.kind != ChargeKind.ADJUSTMENT or charge.quantity_e4 >= 0:
        return False
    return charge.part.endswith(_DAYS_BACK) or charge.part.startswith(_USE)


def comes_back(charge: Charge) -> bool:
    """Whether the charge gives back, whatever of, or keeps what had been let off of what comes back."""
    if charge.kind == ChargeKind.ADJUSTMENT:
        return charge.quantity_e4 < 0
    return keeps_let_off(charge.kind, charge.part)


def given_back_from(charge: Charge) -> date:
    """Return the first day of what the charge gives back: its own, or that of the month of the use."""
    return _month(charge.part) if charge.part.startswith(_USE) else charge.period_start


def with_let_off(charges: Sequence[Charge], billed: Sequence[Line]) -> list[Charge]:
    """Return the charges, each that gives back followed by what had been let off of it.

    `billed` are the discounts and the use of the services on bills and credit notes. A charge that was
    carried over with its line keeps it.
    """
    backs = sorted((each for each in charges if gives_back(each)), key=_turn)
    if not backs:
        return list(charges)
    known = {key for each in charges if (key := lowered_key(each)) is not None}
    lines = [*billed, *(_as_line(each) for each in charges)]
    found: dict[ChargeKey, Charge] = {}
    for back in backs:
        if back.key in known:
            continue
        kept, names = _of_use(back, lines) if back.part.startswith(_USE) else _of_days(back, lines)
        if kept > 0:
            found[back.key] = _kept(back, kept, names)
            lines.append(_as_line(found[back.key]))
    return list(_woven(charges, found))


def _woven(charges: Iterable[Charge], found: dict[ChargeKey, Charge]) -> Iterator[Charge]:
    for charge in charges:
        yield charge
        if charge.key in found:
            yield found[charge.key]


def _as_line(charge: Charge) -> Line:
    return Line(
        charge.service_id, charge.kind, charge.part, charge.period_start, charge.period_end,
        charge.net_minor, charge.description,
    )  # fmt: skip


def _of_days(back: Charge, lines: Sequence[Line]) -> tuple[int, list[str]]:
    """Return what was let off of the days that come back and nothing charges anew, and the names."""
    mine = [each for each in lines if each.service_id == back.service_id]
    anew_part = back.part.removesuffix(_DAYS_BACK)
    anew = sum(
        each.net_minor
        for each in mine
        if (each.kind, each.part, each.period_start) == (back.kind, anew_part, back.period_start)
    )
    lowering = [each for each in mine if each.kind == ChargeKind.DISCOUNT and _is_of_days(each.part)]
    shares = [(_share(each, back), each.description) for each in lowering]
    off = -sum(share for share, _ in shares)
    gross = -back.net_minor
    kept = rounded(min(off, gross) * max(gross - anew, 0), gross)
    return kept, [name for share, name in shares if share]


def _is_of_days(part: str) -> bool:
    """Whether a line of discounts lowers a renewal, or keeps what was let off of days."""
    return part.isdecimal() or (part.startswith(BACK) and part.endswith(_DAYS_BACK))


def _share(line: Line, back: Charge) -> int:
    """Return the line's amount for the days that come back: the first n of its days bear n days' share."""
    first, last = max(line.period_start, back.period_start), min(line.period_end, back.period_end)
    if last < first:
        return 0
    days = (line.period_end - line.period_start).days + 1
    before, upto = (first - line.period_start).days, (last - line.period_start).days + 1
    return rounded(line.net_minor * upto, days) - rounded(line.net_minor * before, days)


def _of_use(back: Charge, lines: Sequence[Line]) -> tuple[int, list[str]]:
    """Return the share of what was let off of the use of the month that comes back, and the names."""
    _, meter, _, number = back.part.split(":")
    month = _month(back.part)
    charged, off, names = 0, 0, []
    for each in lines:
        if each.service_id != back.service_id or not _is_of_use(each, meter, month, int(number)):
            continue
        if each.kind == ChargeKind.DISCOUNT:
            off -= each.net_minor
            names.append(each.description)
        else:
            charged += each.net_minor
    gross = -back.net_minor
    return rounded(min(off, charged) * gross, charged) if charged >= gross else min(off, gross), names


def _is_of_use(line: Line, meter: str, month: date, number: int) -> bool:
    """Whether the line charged for the meter's month, adjusted that before, or lowers one that did."""
    lowered, part = _lowered(line)
    if lowered == ChargeKind.USAGE:
        return line.period_start == month and part.split(":")[:2] == ["usage", meter]
    if lowered != ChargeKind.ADJUSTMENT or not part.startswith(f"usage:{meter}:{month:%Y-%m}:"):
        return False
    return int(part.rpartition(":")[2]) < number


def _lowered(line: Line) -> tuple[str, str]:
    """Return kind and part of what the line lowers, or of the line itself."""
    if line.kind != ChargeKind.DISCOUNT:
        return line.kind, line.part
    kind, _, part = line.part.partition(":")[2].partition(":")
    return kind, part


def _month(part: str) -> date:
    return date.fromisoformat(f"{part.split(':')[2]}-01")


def _turn(back: Charge) -> tuple[date, int]:
    """Return the order in which charges were agreed: by their days, changes of a day by their number."""
    number = (
        back.part.rpartition(":")[2] if back.part.startswith(_USE) else back.part.removesuffix(_DAYS_BACK)
    )
    digits = number.rpartition("-")[2]
    return given_back_from(back), int(digits) if digits.isdecimal() else 2**63


def _kept(back: Charge, kept_minor: int, names: Iterable[str]) -> Charge:
    """Return the line that keeps so much of what comes back, with the names of the discounts."""
    return replace(
        back,
        kind=ChargeKind.DISCOUNT.value,
        part=f"{BACK}:{back.kind}:{back.part}",
        description="; ".join(dict.fromkeys(names)),
        quantity_e4=E4_PER_ONE,
        unit_price_ucents=kept_minor * ucents_per_minor(back.currency),
    )

"""What had been let off of what comes back: it stays so, day by day and once, within a cent of each line."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

from simulation.auditor_calendar import DAY
from simulation.auditor_rows import Rows, net_cents

Service = tuple[str, int]
Spell = tuple[str, date, date, int]
"""Part, first and last day, and net."""


def of_let_off(rows: Rows) -> Iterator[str]:
    """Yield what came back with more or less of its discounts than were let off and had not stayed."""
    books = _sorted(rows)
    for service, found in books.returns.items():
        left = _left(books.lowering[service])
        for spell in sorted(found, key=_turn):
            part, first, last, back = spell
            kept = books.stayed.pop((service, part, first), 0)
            if part.startswith("usage:"):
                due = _due_of_use(left, books.charged[service], part, back)
                left.uses[_use(part)] -= kept
            else:
                anew = _anew(books.charged[service], part, first)
                span = [first + DAY * each for each in range((last - first).days + 1)]
                off = sum((left.days[each] for each in span), Fraction())
                due = min(off, Fraction(back)) * max(back - anew, 0) / back
                left.spread(first, last, -kept)
            is_near = abs(kept - max(due, Fraction())) <= 1 + len(books.lowering[service])
            if not 0 <= kept <= back or not (is_near or service in books.corrected):
                yield f"{service} {part} of {first}: {kept} of {-back} stays let off, {float(due):.2f} was to"
    yield from (f"{key}: {amount} stays let off of nothing" for key, amount in books.stayed.items())


@dataclass
class _Left:
    """What is let off and has not stayed so, by day and by meter and month."""

    days: dict[date, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    uses: dict[tuple[str, str], Fraction] = field(default_factory=lambda: defaultdict(Fraction))

    def spread(self, first: date, last: date, amount: int) -> None:
        """Each of the days has as much of the amount as the others."""
        count = (last - first).days + 1
        for each in range(count):
            self.days[first + DAY * each] += Fraction(amount, count)


def _left(lowering: list[Spell]) -> _Left:
    left = _Left()
    for part, first, last, net in lowering:
        _, _, lowered = part.partition(":")
        kind, _, name = lowered.partition(":")
        if kind == "usage":
            left.uses[name.split(":")[1], f"{first:%Y-%m}"] -= net
        elif not kind:
            left.spread(first, last, -net)
    return left


def _use(part: str) -> tuple[str, str]:
    _, meter, month, _ = part.split(":")
    return meter, month


def _due_of_use(left: _Left, charged: list[Spell], part: str, back: int) -> Fraction:
    meter, month = _use(part)
    whole = 0
    for other, first, _, net in charged:
        names = other.split(":")
        if names[:2] != ["usage", meter]:
            continue
        is_later = len(names) == 4 and (names[2] != month or int(names[3]) >= int(part.split(":")[3]))
        whole += 0 if is_later or (len(names) == 3 and f"{first:%Y-%m}" != month) else net
    off = min(left.uses[meter, month], Fraction(max(whole, back)))
    return off * back / whole if whole >= back else off


def _anew(charged: list[Spell], part: str, on: date) -> int:
    return sum(net for other, first, _, net in charged if first == on and f"{other}-back" == part)


def _turn(each: tuple[str, date, date, int]) -> tuple[date, int]:
    part, first = each[0], each[1]
    number = part.split(":")[3] if part.startswith("usage:") else part.removesuffix("-back")[7:]
    return first, int(number or 10**18)


@dataclass
class _Books:
    """By service what came back, what stayed, what lowers and was charged; and which were corrected."""

    returns: dict[Service, list[Spell]] = field(default_factory=lambda: defaultdict(list))
    stayed: dict[tuple[Service, str, date], int] = field(default_factory=dict)
    lowering: dict[Service, list[Spell]] = field(default_factory=lambda: defaultdict(list))
    charged: dict[Service, list[Spell]] = field(default_factory=lambda: defaultdict(list))
    corrected: set[Service] = field(default_factory=set)

    def add(self, service: Service, each: Any, net: int) -> None:
        """Put the line where it belongs."""
        line = each.part, each.period_start, each.period_end, net
        if each.kind == "discount" and each.part.startswith("back:"):
            self.stayed[service, each.part.removeprefix("back:adjustment:"), each.period_start] = net
        elif each.kind == "discount" and each.part:
            self.lowering[service].append(line)
        elif each.kind in ("usage", "adjustment"):
            self.charged[service].append(line)


def _sorted(rows: Rows) -> _Books:
    books = _Books()
    seen = set()
    for each, net in _all(rows):
        service = getattr(each, "owner", None) or each.account_id, each.service_id
        key = service, each.kind, each.part, each.period_start
        if getattr(each, "correction_no", 0) > 0:
            books.corrected.add(service)
        elif key not in seen:
            seen.add(key)
            books.add(service, each, net)
    open_now = {((each.account_id, each.service_id), each.part, each.period_start) for each in rows.charges}
    for service, lines in books.charged.items():
        for part, first, last, net in lines:
            is_back = net < 0 and (part.endswith("-back") or part.startswith("usage:"))
            place = service, part, first
            if is_back and (place not in open_now or place in books.stayed):
                books.returns[service].append((part, first, last, -net))
    return books


def _all(rows: Rows) -> Iterator[tuple[Any, int]]:
    for each in rows.details:
        yield each, each.net_minor
    for each in (*rows.credited, *rows.charges, *rows.carried):
        yield each, net_cents(each.quantity_e4, each.unit_price_ucents)

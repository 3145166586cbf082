"""What had been let off of what comes back: it stays let off, day by day and once, within a cent of each line."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from typing import Any

from simulation.auditor_calendar import DAY
from simulation.auditor_rows import Rows, net_cents

Service = tuple[str, int]


def of_let_off(rows: Rows) -> Iterator[str]:
    """Yield what came back with more or less of its discounts than were let off and had not stayed."""
    returns, stayed, lowering, charged, corrected = _sorted(rows)
    for service, found in returns.items():
        days: dict[date, Fraction] = defaultdict(Fraction)
        uses: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
        for part, first, last, amount in lowering[service]:
            _, kind, name = (*part.split(":", 2), "", "")[:3]
            if kind == "usage":
                uses[name.split(":")[1], f"{first:%Y-%m}"] -= amount
            elif not kind:
                _spread(days, first, last, Fraction(-amount))
        for part, first, last, back in sorted(found, key=_turn):
            kept = stayed.pop((service, part, first), 0)
            if part.startswith("usage:"):
                use = part.split(":")[1], part.split(":")[2]
                whole = sum(
                    amount
                    for other, start, amount in charged[service]
                    if (other.split(":")[1:3] == [*use] and int(other.split(":")[3]) < int(part.split(":")[3]))
                    or (other.split(":")[:2] == ["usage", use[0]] and len(other.split(":")) == 3
                        and f"{start:%Y-%m}" == use[1])
                )  # fmt: skip
                due = (
                    min(uses[use], whole) * back / whole if whole >= back else min(uses[use], Fraction(back))
                )
                uses[use] -= kept
            else:
                anew = sum(
                    amount
                    for other, start, amount in charged[service]
                    if start == first and f"{other}-back" == part
                )
                left = sum((days[first + DAY * each] for each in range((last - first).days + 1)), Fraction())
                due = min(left, Fraction(back)) * max(back - anew, 0) / back
                _spread(days, first, last, Fraction(-kept))
            near = abs(kept - max(due, 0)) <= 1 + len(lowering[service])
            if not near and service not in corrected:
                yield f"{service} {part} of {first}: {kept} of {-back} stays let off, {float(due):.2f} was to"
            if not 0 <= kept <= back:
                yield f"{service} {part} of {first}: {kept} of {-back} stays let off"
    yield from (f"{key}: {amount} stays let off of nothing" for key, amount in stayed.items())


def _spread(days: dict[date, Fraction], first: date, last: date, amount: Fraction) -> None:
    count = (last - first).days + 1
    for each in range(count):
        days[first + DAY * each] += amount / count


def _turn(each: tuple[str, date, date, int]) -> tuple[date, int]:
    part, first = each[0], each[1]
    number = part.split(":")[3] if part.startswith("usage:") else part.removesuffix("-back")[7:]
    return first, int(number or 10**18)


def _sorted(rows: Rows) -> Any:
    """Return by service what came back, what stayed, what lowers and was charged; and who was corrected."""
    returns: dict[Service, list[tuple[str, date, date, int]]] = defaultdict(list)
    stayed: dict[tuple[Service, str, date], int] = {}
    lowering: dict[Service, list[tuple[str, date, date, int]]] = defaultdict(list)
    charged: dict[Service, list[tuple[str, date, int]]] = defaultdict(list)
    corrected: set[Service] = set()
    seen = set()
    for each, net in _all(rows):
        service = each.account_id if not hasattr(each, "owner") else each.owner, each.service_id
        key = service, each.kind, each.part, each.period_start
        if getattr(each, "correction_no", 0) > 0:
            corrected.add(service)
            continue
        if key in seen:
            continue
        seen.add(key)
        if each.kind == "discount" and each.part.startswith("back:"):
            stayed[service, each.part.removeprefix("back:adjustment:"), each.period_start] = net
        elif each.kind == "discount" and each.part:
            lowering[service].append((each.part, each.period_start, each.period_end, net))
        elif each.kind in ("usage", "adjustment"):
            charged[service].append((each.part, each.period_start, net))
            if net < 0 and (each.part.endswith("-back") or each.part.startswith("usage:")):
                returns[service].append((each.part, each.period_start, each.period_end, -net))
    waiting = {(each.account_id, each.service_id, each.part, each.period_start) for each in rows.charges}
    for service, found in returns.items():
        found[:] = [each for each in found if (*service, each[0], each[1]) not in waiting
                    or (service, each[0], each[1]) in stayed]  # fmt: skip
    return returns, stayed, lowering, charged, corrected


def _all(rows: Rows) -> Iterator[tuple[Any, int]]:
    for each in rows.details:
        yield each, each.net_minor
    for each in (*rows.credited, *rows.charges, *rows.carried):
        yield each, net_cents(each.quantity_e4, each.unit_price_ucents)

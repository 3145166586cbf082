"""What comes back, taken back on the bills that it comes from: which lines, and how much of each.

Days that nobody uses and use that was rated again are negative charges. Where a seller gives such amounts
back by credit note, each is shared out over the lines of bills that charged for its service and its days, the
latest bill first, never more than is left of a line, nor of a bill at a rate of VAT.

Source: CGI art. 289 I-5 and annexe II art. 242 nonies A: a document that changes a bill names it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from acquit.core.bill import Bill, Detail
from acquit.core.charge import Charge
from acquit.core.credit import BadCredit, Part, left_of, taken_back
from acquit.core.identifiers import AccountId, BillId
from acquit.core.tax import TaxLine


@dataclass(frozen=True, slots=True)
class Source:
    """A bill that may be where something comes back from, with the credit notes before."""

    bill: Bill
    notes: tuple[Bill, ...]


@dataclass(frozen=True, slots=True)
class Returned:
    """So much, net, of a charge below zero is taken back on a bill."""

    account_id: AccountId
    charge: Charge
    bill_id: BillId
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What to take back of each bill, and of which charges it is."""

    parts: Mapping[BillId, tuple[Part, ...]]
    returned: tuple[Returned, ...]


_Lines = dict[BillId, dict[int, int]]
_Rate = tuple[str, int]


def planned(
    account_id: AccountId, charges: Iterable[Charge], sources: Sequence[Source], before: Plan | None = None
) -> Plan:
    """Return how the charges are taken back; one that is not, to the cent, is left out whole.

    `sources` are tried in their order. `before` is what is planned for other accounts on the same bills.
    """
    lines: _Lines = {} if before is None else {key: _amounts(parts) for key, parts in before.parts.items()}
    returned = [] if before is None else list(before.returned)
    for charge in charges:
        trial = {bill_id: dict(each) for bill_id, each in lines.items()}
        found = _shared_out(account_id, charge, sources, trial)
        if found and all(_may_be(each, trial) for each in sources):
            lines = trial
            returned += found
    return Plan({key: _parts(each) for key, each in lines.items() if each}, tuple(returned))


def _shared_out(
    account_id: AccountId, charge: Charge, sources: Sequence[Source], lines: _Lines
) -> list[Returned]:
    """Add what lines bear of the charge; return it by bill, nothing when they do not bear all of it."""
    wanted, found = -charge.net_minor, []
    for source in sources:
        taken = 0
        mine = lines.setdefault(source.bill.bill_id, {})
        left, rooms = left_of(source.bill, source.notes), _rooms(source, mine)
        for detail in source.bill.details:
            if wanted > taken and _is_of(account_id, charge, source.bill, detail):
                rate = _rate(detail)
                free = min(left[detail.detail_no] - mine.get(detail.detail_no, 0), rooms[rate])
                amount = min(max(free, 0), wanted - taken)
                if amount:
                    mine[detail.detail_no] = mine.get(detail.detail_no, 0) + amount
                    rooms[rate] -= amount
                    taken += amount
        if taken:
            found.append(Returned(account_id, charge, source.bill.bill_id, taken))
            wanted -= taken
    return found if wanted == 0 else []


def _rooms(source: Source, mine: Mapping[int, int]) -> dict[_Rate, int]:
    """Return what is left, net, of the bill at each rate of VAT: lines below zero have lowered it."""
    rooms = {_rate(each): each.net_minor for each in source.bill.taxes}
    for tax in (tax for note in source.notes for tax in note.taxes):
        rooms[_rate(tax)] -= tax.net_minor
    for detail in source.bill.details:
        rooms[_rate(detail)] -= mine.get(detail.detail_no, 0)
    return rooms


def _rate(each: Detail | TaxLine) -> _Rate:
    return each.vat_category, each.vat_rate_bp


def _is_of(account_id: AccountId, charge: Charge, bill: Bill, detail: Detail) -> bool:
    """Whether the line charged for what the charge gives back: its days, or its meter's month."""
    if (detail.owner_id or bill.account_id, detail.service_id) != (account_id, charge.service_id):
        return False
    if detail.net_minor <= 0 or bill.currency != charge.currency:
        return False
    if charge.part.startswith("usage:"):
        _, meter, month, _ = charge.part.split(":")
        is_meter = detail.part.split(":")[:2] == ["usage", meter] or detail.part.split(":")[0] == meter
        starts = date.fromisoformat(f"{month}-01")
        return detail.kind == "usage" and is_meter and detail.period_start == starts
    is_of_days = detail.kind == "renewal" or (
        detail.kind == "adjustment" and not detail.part.startswith(("usage:", "minimum:"))
    )
    return (
        is_of_days and detail.period_start <= charge.period_end and detail.period_end >= charge.period_start
    )


def _may_be(source: Source, lines: _Lines) -> bool:
    """Whether a credit note may take these parts of the bill back."""
    parts = _parts(lines.get(source.bill.bill_id, {}))
    if not parts:
        return True
    try:
        taken_back(source.bill, source.notes, parts)
    except BadCredit:
        return False
    return True


def _parts(amounts: Mapping[int, int]) -> tuple[Part, ...]:
    return tuple(Part(number, amount) for number, amount in sorted(amounts.items()))


def _amounts(parts: Iterable[Part]) -> dict[int, int]:
    return {part.detail_no: part.amount_minor or 0 for part in parts}

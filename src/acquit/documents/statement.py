"""A statement of account as PDF, in the payer's language: balance before, movements, balance, open bills."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Final

import msgspec

from acquit.core.account_statement import AccountStatement, Movement
from acquit.core.aged_balance import OpenAmount
from acquit.core.journal import EntryKind
from acquit.documents.folding import folded
from acquit.documents.letterhead import Letterhead
from acquit.documents.palette import Palette
from acquit.documents.pdf import compiled
from acquit.documents.wording import Wording, wording

LONG_ROWS = 200
ON_A_BILL: Final = frozenset({
    EntryKind.SETTLEMENT, EntryKind.REOPENED, EntryKind.RETURNED, EntryKind.WRITE_OFF,
})  # fmt: skip
"""Entries that the journal names by bill and operation; whoever reads a statement knows the bill alone."""


@dataclass(frozen=True, slots=True)
class StatementSheet:
    """What the layout sets, in reading order; rows are cells from left to right."""

    language: str
    region: str
    title: str
    period: str
    logo: str
    palette: Palette
    seller: tuple[str, ...]
    payer: tuple[str, ...]
    keys: tuple[tuple[str, str], ...]
    movements_heading: str
    movement_columns: tuple[str, ...]
    movements: tuple[tuple[str, ...], ...]
    open_heading: str
    open_columns: tuple[str, ...]
    open_bills: tuple[tuple[str, ...], ...]
    nothing_open: str
    mention: str
    page: str


def render_statement(statement: AccountStatement, sender: Letterhead, language: str) -> bytes:
    """Return the statement as PDF/A-3b, tagged for screen readers; equal statements give equal bytes."""
    sheet = statement_sheet(statement, sender, language)
    made_at = datetime.combine(statement.last_on, time(), UTC)
    said = {"sheet": msgspec.json.encode(sheet).decode()}
    rows = len(statement.movements) + len(statement.open_bills)
    return compiled("statement.typ", said, int(made_at.timestamp()), is_long=rows > LONG_ROWS)


def statement_sheet(statement: AccountStatement, sender: Letterhead, language: str) -> StatementSheet:
    """Return the statement in words."""
    says = wording(language, statement.currency)
    seller = sender.seller

    def say(name: str, **values: str) -> str:
        return says.say(f"statement.{name}", **values)

    return StatementSheet(
        language=says.language,
        region=says.region,
        title=say("title"),
        period=say("period", start=says.day(statement.first_on), end=says.day(statement.last_on)),
        logo=sender.drawing,
        palette=sender.palette,
        seller=_lines(seller.name, seller.street, f"{seller.zip} {seller.city}", seller.email),
        payer=_lines(statement.name, say("account", account=statement.payer_id)),
        keys=(
            (say("closing"), says.amount(statement.closing_minor)),
            (say("owed"), says.amount(statement.owed_minor)),
            (say("in_hand"), says.amount(statement.in_hand_minor)),
        ),
        movements_heading=say("movements", currency=statement.currency),
        movement_columns=tuple(map(say, ("date", "what", "reference", "debit", "credit", "balance"))),
        movements=tuple(_movements(says, statement)),
        open_heading=say("open_bills", currency=statement.currency),
        open_columns=tuple(map(say, ("reference", "date", "due_on", "age", "billed", "open"))),
        open_bills=tuple(_open(says, statement, each) for each in statement.open_bills),
        nothing_open=say("nothing_open"),
        mention=say("not_a_bill"),
        page=says.say("foot.page"),
    )


def _lines(*texts: str) -> tuple[str, ...]:
    return tuple(folded(each) for each in texts if each.strip())


def _movements(says: Wording, statement: AccountStatement) -> Iterator[tuple[str, ...]]:
    balance = statement.opening_minor
    opening = says.say("statement.opening_balance")
    yield (says.day(statement.first_on), opening, "", "", "", says.figure(balance))
    for each in statement.movements:
        balance += each.amount_minor
        yield _movement(says, statement, each, balance)
    closing = says.say("statement.closing_balance", date=says.day(statement.last_on))
    owed = sum(max(each.amount_minor, 0) for each in statement.movements)
    paid = sum(max(-each.amount_minor, 0) for each in statement.movements)
    sums = (says.figure(owed), says.figure(paid), says.figure(balance))
    yield (says.day(statement.last_on), closing, "", *sums)


def _movement(says: Wording, statement: AccountStatement, each: Movement, balance: int) -> tuple[str, ...]:
    what = says.find(f"statement.kind.{each.kind}") or says.say("statement.other")
    whose = "" if each.account_id == statement.payer_id else f" · {each.account_id}"
    owed, paid = max(each.amount_minor, 0), max(-each.amount_minor, 0)
    return (
        says.day(each.booked_on),
        what + whose,
        folded(each.reference.rpartition("/")[0] if each.kind in ON_A_BILL else each.reference),
        says.figure(owed) if owed else "",
        says.figure(paid) if paid else "",
        says.figure(balance),
    )


def _open(says: Wording, statement: AccountStatement, each: OpenAmount) -> tuple[str, ...]:
    late = 0 if each.due_on is None else max((statement.last_on - each.due_on).days, 0)
    return (
        each.bill_id or "",
        "" if each.issued_on is None else says.day(each.issued_on),
        "" if each.due_on is None else says.day(each.due_on),
        str(late) if late else "",
        "" if each.billed_minor is None else says.figure(each.billed_minor),
        says.figure(each.amount_minor),
    )

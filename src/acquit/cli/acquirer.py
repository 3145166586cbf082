"""`acquit acquirer`: take in what collectors of cards and wallets tell."""

import json
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from acquit.actions.register_on_page import set_registration_page
from acquit.actions.take_acquirer_events import Taken, events_of, take_event, take_payout
from acquit.actions.take_method_events import take_method_event
from acquit.cli.program import Given
from acquit.cli.receivables import Operator
from acquit.cli.screen import table
from acquit.cli.terms import actor
from acquit.core.acquirer import BadEvent, Event, Payout
from acquit.core.acquirer_file import read_event
from acquit.core.errors import Refusal
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.method_on_file import FileKind, MethodEvent
from acquit.core.money import plain

REFUSED = 1

app = App(name="acquirer", help="Cards and wallets: what acquirers tell.")


@app.command(name="import")
def take_in(
    file: Annotated[Path, Parameter(help="One JSON object per line.")],
    *,
    acquirer: Annotated[str, Parameter(help="Who tells it, as in stripe.")],
    operator: Operator = None,
    program: Given,
) -> int:
    """Take in a file of events and payouts, each once. Lines that are refused are told; the others count.

    Exits 1 when a line was refused: mend it and send the whole file again.
    """
    lines = _lines(file)
    told: list[Taken] = []
    refused: list[tuple[int, str, str]] = []
    with program.open() as context, program.screen.progress("Events", len(lines)) as advance:
        for number, line in lines:
            try:
                event = read_event(acquirer, _object(line))
                if isinstance(event, MethodEvent):
                    told.append(take_method_event(context, event, by=actor(operator)))
                elif isinstance(event, Payout):
                    told.append(take_payout(context, event, by=actor(operator)))
                else:
                    told.append(take_event(context, event, by=actor(operator)))
            except Refusal as refusal:
                refused.append((number, refusal.code, refusal.message))
            advance(1)
    for number, _, message in refused[:20]:
        program.screen.warn(f"{file.name}, line {number}: {message}")
    new = sum(each.is_new for each in told)
    document = {
        "file": str(file), "new": new, "known": len(told) - new,
        "settled_minor": sum(each.settled_minor for each in told),
        "refused": [{"line": number, "code": code, "message": said} for number, code, said in refused],
    }  # fmt: skip
    program.screen.answer(document, f"{new} new, {len(told) - new} known, {len(refused)} refused.")
    return REFUSED if refused else 0


@app.command(name="page")
def set_page(
    *,
    legal_entity: Annotated[str, Parameter(name="--legal-entity", help="The seller, as in FR.")],
    type: Annotated[Literal["card", "paypal"], Parameter(help="What is registered.")],  # noqa: A002
    url: Annotated[str, Parameter(help="Address of the page; empty: none.")],
    operator: Operator = None,
    program: Given,
) -> None:
    """Say on which page of an acquirer accounts register a card or wallet."""
    with program.open() as context:
        entity, kind = LegalEntityId(legal_entity), FileKind(type)
        set_registration_page(context, entity, kind, url or None, by=actor(operator))
    program.screen.answer({"legal_entity": legal_entity, "type": type, "url": url or None}, url or "none")


@app.command(name="events")
def list_events(account: str, *, program: Given) -> None:
    """Show what acquirers told of a payer's payments, newest first."""
    with program.open() as context:
        found = list(events_of(context, AccountId(account)))
    program.screen.answer(found, _events(found))


def _lines(file: Path) -> list[tuple[int, str]]:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadEvent(f"{file} cannot be read as UTF-8 text: {error}.") from None
    return [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]


def _object(line: str) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        raise BadEvent("The line is not JSON, or nested too deep.") from None


def _events(found: list[Event]) -> object:
    rows = [
        (
            each.occurred_on, each.acquirer, each.event_id, each.kind.value, each.payment,
            plain(each.amount_minor, each.currency), each.currency, each.reason,
        )
        for each in found
    ]  # fmt: skip
    return table("on", "acquirer", "event", "", "payment", ">amount", "", "why", rows=rows)

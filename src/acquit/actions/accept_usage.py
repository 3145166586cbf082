"""Accept events of use: each is checked, and counts once under its sender's id.

What cannot be accepted is kept as it came, with the reason; the control totals of what came together are
written in the same transaction.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Final

from acquit.actions.usage_lines import kept, raw_hash
from acquit.actions.usage_terms import Seller, Terms, month_of
from acquit.core.identifiers import LegalEntityId
from acquit.core.problem import Problem
from acquit.core.usage import (
    Consumer,
    Event,
    Fate,
    Sent,
    Using,
    day_problem,
    id_problem,
    instant,
    quantity_e4,
    using,
)
from acquit.store import usage
from acquit.store.transaction import Transaction

RAW_MAX: Final = 65_536

Where = tuple[LegalEntityId, date]
"""To which control total an event belongs."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A line as it came, and what was read of it."""

    line_no: int
    raw: bytes
    sent: Sent | Problem


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one line."""

    line_no: int
    event_id: str | None
    fate: Fate
    problem: Problem | None = None


@dataclass(slots=True)
class Prepared:
    """A chunk that was checked: rows to stage, what they count for, corrections, and what is settled."""

    arrived: Sequence[Arrived]
    lines: list[str] = field(default_factory=list)
    wheres: list[Where] = field(default_factory=list)
    owners: list[Arrived] = field(default_factory=list)
    corrections: list[Arrived] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of a chunk, line by line and in sum."""

    chunk_no: int
    accepted: int
    again: int
    rejected: int
    told: Sequence[Told]


def prepare(tx: Transaction, terms: Terms, arrived: Sequence[Arrived]) -> Prepared:
    """Check every line; nothing is written. The same id twice counts by its first line."""
    assert len(arrived) < usage.PLACES, "a chunk has fewer events than places"
    prepared = Prepared(arrived)
    terms.load(tx, {each.sent.account for each in arrived if isinstance(each.sent, Sent)})
    seen: dict[tuple[str, str], tuple[Sent, bytes]] = {}
    for each in arrived:
        sent = each.sent
        if isinstance(sent, Problem):
            _reject(prepared, each, sent)
        elif (problem := id_problem(sent)) is not None:
            _reject(prepared, each, problem)
        elif (first := seen.get((sent.source, sent.event_id))) is not None and first[0] == sent:
            prepared.told.append(Told(each.line_no, sent.event_id, Fate.AGAIN))
        elif sent.corrects:
            seen[sent.source, sent.event_id] = (sent, b"")
            prepared.corrections.append(each)
        else:
            _check(prepared, terms, each, sent, seen)
    return prepared


def _check(
    prepared: Prepared,
    terms: Terms,
    each: Arrived,
    sent: Sent,
    seen: dict[tuple[str, str], tuple[Sent, bytes]],
) -> None:
    found = checked(terms, sent)
    if isinstance(found, Problem):
        _reject(prepared, each, found)
        return
    event, where = found
    content_hash = event.content_hash
    first = seen.get((sent.source, sent.event_id))
    if first is not None:
        if first[1] == content_hash:
            prepared.told.append(Told(each.line_no, sent.event_id, Fate.AGAIN))
        else:
            _reject(prepared, each, _used(sent))
        return
    seen[sent.source, sent.event_id] = (sent, content_hash)
    _stage(prepared, each, event, where, content_hash)


def checked(terms: Terms, sent: Sent) -> tuple[Event, Where] | Problem:
    """Return the event of what was sent and what it counts for, or the first thing that is wrong with it."""
    consumer = terms.consumers.get(sent.account)
    if consumer is None:
        return Problem("no-such-account", f"There is no account {sent.account[:40]}.", "account")
    if sent.service not in consumer.by_number and sent.service not in consumer.by_name:
        return _no_service(consumer, sent)
    seller = terms.sellers[consumer.legal_entity_id]
    if sent.meter not in seller.meters:
        return Problem(
            "unknown-meter", f"{consumer.legal_entity_id} has no meter {sent.meter[:48]}.", "meter"
        )
    count_e4 = quantity_e4(sent.quantity)
    if isinstance(count_e4, Problem):
        return count_e4
    days = _days(seller, sent)
    if isinstance(days, Problem):
        return days
    at, until, used_on = days
    used = using(consumer, sent.service, used_on)
    if isinstance(used, Problem):
        return used
    period = month_of(used_on)
    known = (consumer.currency, used.plan_code, sent.meter, period)
    if known not in seller.priced:
        problem = _price_problem(seller, consumer, used, sent.meter, period)
        if problem is not None:
            return problem
        seller.priced.add(known)
    event = Event(
        sent.source, sent.event_id, consumer.account_id, used.service_id, sent.meter, count_e4, used_on, at,
        until, sent.properties,
    )  # fmt: skip
    return event, (consumer.legal_entity_id, period)


def _no_service(consumer: Consumer, sent: Sent) -> Problem:
    text = f"Account {consumer.account_id} has no service {sent.service[:80]}."
    return Problem("no-such-service", text, "service")


def _days(seller: Seller, sent: Sent) -> tuple[datetime, datetime | None, date] | Problem:
    """Return the instants in UTC and the seller's day of the first one."""
    at = instant(sent.at, "at")
    if isinstance(at, Problem):
        return at
    until = instant(sent.until, "until") if sent.until else None
    if isinstance(until, Problem):
        return until
    if until is not None and until <= at:
        return Problem("bad-interval", "The interval ends before it begins.", "until")
    try:
        used_on = at.astimezone(seller.zone).date()
    except OverflowError:
        return Problem("bad-instant", f"{sent.at[:40]} is no day of a calendar.", "at")
    return day_problem(used_on, seller.limits) or (at, until, used_on)


def _price_problem(
    seller: Seller, consumer: Consumer, used: Using, code: str, period: date
) -> Problem | None:
    if seller.meter(code, period) is None:
        return Problem("unknown-meter", f"The meter {code} is not there in {period:%Y-%m}.", "meter")
    price = seller.price(code, used.plan_code, period)
    if price is None:
        text = f"The meter {code} has no price for {used.plan_code} in {period:%Y-%m}."
        return Problem("no-price", text, "meter")
    if price.currency != consumer.currency:
        text = (
            f"{code} is priced in {price.currency}, {consumer.account_id} is billed in {consumer.currency}."
        )
        return Problem("currency-mismatch", text, "account")
    return None


def write(tx: Transaction, prepared: Prepared, by: str, import_id: int | None = None) -> Accepted:
    """Write what was prepared, what it corrects, and the control totals; what was given is not changed."""
    prepared = replace(
        prepared, lines=[*prepared.lines], wheres=[*prepared.wheres], owners=[*prepared.owners],
        told=[*prepared.told],
    )  # fmt: skip
    chunk_no = usage.next_chunk(tx)
    intake: Counter[Where] = Counter()
    first = len(prepared.owners)
    _take(tx, prepared, chunk_no, 0, intake)
    if prepared.corrections:
        _prepare_corrections(tx, prepared)
        _take(tx, prepared, chunk_no, first, intake)
    fates = Counter(each.fate for each in prepared.told)
    counts = (fates[Fate.ACCEPTED], fates[Fate.AGAIN], fates[Fate.REJECTED])
    usage.add_chunk(tx, chunk_no, import_id, by, counts, intake)
    usage.add_rejected(tx, _rejected(prepared, chunk_no))
    told = sorted(prepared.told, key=lambda each: each.line_no)
    return Accepted(chunk_no, *counts, told)


def _take(tx: Transaction, prepared: Prepared, chunk_no: int, start: int, intake: Counter[Where]) -> None:
    """Write the staged rows from a place on; what was known is told apart by its content."""
    owners = prepared.owners[start:]
    if not owners:
        return
    usage.stage(tx, "".join(prepared.lines[start:]).encode())
    known = usage.take(tx, chunk_no, len(owners))
    for place, each in enumerate(owners, start):
        assert isinstance(each.sent, Sent), "only what could be read is staged"
        if place not in known:
            intake[prepared.wheres[place]] += 1
            prepared.told.append(Told(each.line_no, each.sent.event_id, Fate.ACCEPTED))
        elif known[place]:
            prepared.told.append(Told(each.line_no, each.sent.event_id, Fate.AGAIN))
        else:
            _reject(prepared, each, _used(each.sent))


def _prepare_corrections(tx: Transaction, prepared: Prepared) -> None:
    """Stage each correction as the event that it corrects, with its own id and quantity."""
    wanted = [each.sent for each in prepared.corrections if isinstance(each.sent, Sent)]
    found = usage.originals(tx, [(sent.source, sent.corrects) for sent in wanted])
    seen: set[tuple[str, str]] = set()
    for each in prepared.corrections:
        sent = each.sent
        assert isinstance(sent, Sent), "only what could be read corrects"
        event = _correction(sent, found.get((sent.source, sent.corrects)))
        if isinstance(event, Problem):
            _reject(prepared, each, event)
        elif (sent.source, sent.event_id) in seen:
            _reject(prepared, each, _used(sent))
        else:
            seen.add((sent.source, sent.event_id))
            where = (found[sent.source, sent.corrects].legal_entity_id, event.period)
            _stage(prepared, each, event, where, event.content_hash)


def _correction(sent: Sent, original: usage.Original | None) -> Event | Problem:
    if original is None or original.event.account_id != sent.account:
        text = f"{sent.account[:40]} has no event {sent.corrects[:80]} of {sent.source} to correct."
        return Problem("nothing-to-correct", text, "corrects")
    event = original.event
    if event.corrects_no is not None:
        text = f"{sent.corrects} is a correction itself: correct the first event again."
        return Problem("corrects-a-correction", text, "corrects")
    if sent.meter and sent.meter != event.meter:
        return Problem("corrects-another-meter", f"{sent.corrects} is of {event.meter}.", "meter")
    count_e4 = quantity_e4(sent.quantity)
    if isinstance(count_e4, Problem):
        return count_e4
    return Event(
        sent.source, sent.event_id, event.account_id, event.service_id, event.meter, count_e4, event.used_on,
        event.used_at, event.until_at, sent.properties, original.usage_no,
    )  # fmt: skip


def _stage(prepared: Prepared, each: Arrived, event: Event, where: Where, content_hash: bytes) -> None:
    """Add the event as a line of COPY's text format; only properties can need an escape."""
    until = "\\N" if event.until_at is None else event.until_at.isoformat()
    properties = event.properties.replace("\\", "\\\\") if event.properties else "\\N"
    corrects = "\\N" if event.corrects_no is None else str(event.corrects_no)
    event_id = event.event_id.replace("\\", "\\\\")
    prepared.lines.append(
        f"{len(prepared.owners)}\t{event.account_id}\t{_written(where[1])}\t{event.source}\t{event_id}\t"
        f"{event.service_id}\t{event.meter}\t{event.quantity_e4}\t{_written(event.used_on)}\t"
        f"{event.used_at.isoformat()}\t{until}\t{properties}\t{corrects}\t\\\\x{content_hash.hex()}\n"
    )
    prepared.wheres.append(where)
    prepared.owners.append(each)


@lru_cache(maxsize=4_096)
def _written(on: date) -> str:
    """Return the day as text; few days are written many times."""
    return on.isoformat()


def _used(sent: Sent) -> Problem:
    text = f"The id {sent.event_id} of {sent.source} came before with another content: send a correction."
    return Problem("id-used-for-another", text, "id")


def _reject(prepared: Prepared, each: Arrived, problem: Problem) -> None:
    event_id = each.sent.event_id if isinstance(each.sent, Sent) else None
    prepared.told.append(Told(each.line_no, event_id, Fate.REJECTED, problem))


def _rejected(prepared: Prepared, chunk_no: int) -> list[tuple[object, ...]]:
    """Return the rows of what was not accepted, each as it came."""
    by_line = {each.line_no: each for each in prepared.arrived}
    rows: list[tuple[object, ...]] = []
    for told in prepared.told:
        if told.problem is None:
            continue
        each = by_line[told.line_no]
        sent = each.sent
        source = sent.source[:64] if isinstance(sent, Sent) else ""
        event_id = sent.event_id[:128] if isinstance(sent, Sent) else None
        rows.append(
            (chunk_no, told.line_no, _printable(source), event_id and _printable(event_id), told.problem.code,
             _printable(told.problem.message), kept(each.raw, sent)[:RAW_MAX], raw_hash(each.raw))
        )  # fmt: skip
    return rows


def _printable(text: str) -> str:
    """Return the text as PostgreSQL keeps it: without NUL and halves of characters."""
    return text.replace("\0", "�").encode(errors="replace").decode()

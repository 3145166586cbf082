"""Accept events of use: each is checked, and counts once under its sender's id.

What cannot be accepted is kept as it came, with the reason; the control totals of what came together are
written in the same transaction.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from operator import itemgetter
from typing import Final, NamedTuple

from acquit.actions.usage_lines import kept, raw_hash
from acquit.actions.usage_terms import MOMENTS, Month, Seller, Terms, Where, month_of
from acquit.core.problem import Problem
from acquit.core.usage import (
    EVENT_ID,
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
from acquit.store.usage_rows import (
    NOTHING_MORE,
    content_hash,
    day_part,
    microseconds,
    more_part,
    row,
    text_part,
)

RAW_MAX: Final = 65_536


class Arrived(NamedTuple):
    """A line as it came, and what was read of it."""

    line_no: int
    raw: bytes
    sent: Sent | Problem


class Told(NamedTuple):
    """What became of one line."""

    line_no: int
    event_id: str | None
    fate: Fate
    problem: Problem | None = None


@dataclass(slots=True)
class Prepared:
    """A chunk that was checked: rows to write, their months and lines, corrections, and what is settled.

    `seen` are the names of events in it: the place of the row, or NO_ROW for a correction.
    """

    arrived: Sequence[Arrived]
    terms: Terms
    rows: list[bytes] = field(default_factory=list)
    months: list[Month] = field(default_factory=list)
    owners: list[Arrived] = field(default_factory=list)
    corrections: list[Arrived] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    seen: dict[tuple[str, str], int] = field(default_factory=dict)


NO_ROW: Final = -1


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
    prepared = Prepared(arrived, terms)
    terms.load(tx, {each[2].account for each in arrived if isinstance(each[2], Sent)})
    for each in arrived:
        sent = each[2]
        if not isinstance(sent, Sent):
            _reject(prepared, each, sent)
        elif not _stage_alike(prepared, terms, each, sent):
            _check(prepared, terms, each, sent)
    return prepared


def _stage_alike(prepared: Prepared, terms: Terms, each: Arrived, sent: Sent) -> bool:
    """Stage an event whose like was accepted before; False for any other, of which nothing is said.

    Its use, hour and source were checked with that one; its id and quantity are checked here.
    """
    source, event_id, account, service, meter, quantity, at, until, properties, corrects = sent
    way = terms.ways.get((account, service, meter))
    if way is None or until or corrects:
        return False
    hour = way.hours.get(at[:13] + at[19:])
    past_us = MOMENTS.get(at[13:19])
    source_part = terms.sources.get(source)
    count_e4 = quantity_e4(quantity)
    name = (source, event_id)
    if (
        hour is None
        or past_us is None
        or source_part is None
        or isinstance(count_e4, Problem)
        or name in prepared.seen
        or EVENT_ID.fullmatch(event_id) is None
    ):
        return False
    begins_us, period, day = hour
    month = way.months.get(period)
    if month is None:
        return False
    more = more_part(None, properties, None) if properties else NOTHING_MORE
    rows = prepared.rows
    prepared.seen[name] = len(rows)
    rows.append(row(source_part, event_id, day, month.part, count_e4, begins_us + past_us, more))
    prepared.months.append(month)
    prepared.owners.append(each)
    return True


def _check(prepared: Prepared, terms: Terms, each: Arrived, sent: Sent) -> None:
    """Check an event from the beginning, and stage it or say what is wrong with it."""
    problem = id_problem(sent)
    if problem is not None:
        _reject(prepared, each, problem)
        return
    name = (sent.source, sent.event_id)
    first = prepared.seen.get(name)
    if first is not None and _first_sent(prepared, name, first) == sent:
        prepared.told.append(Told(each.line_no, sent.event_id, Fate.AGAIN))
        return
    if sent.corrects:
        prepared.seen[name] = NO_ROW
        prepared.corrections.append(each)
        return
    found = checked(terms, sent)
    if isinstance(found, Problem):
        _reject(prepared, each, found)
        return
    event, where = found
    month = terms.month((event.account_id, event.service_id, event.meter, event.period), where)
    made = _row(event, month)
    if first is None:
        terms.remember(sent, event, month)
        prepared.seen[name] = len(prepared.rows)
        _stage(prepared, each, made, month)
    elif first != NO_ROW and content_hash(prepared.rows[first]) == content_hash(made):
        prepared.told.append(Told(each.line_no, sent.event_id, Fate.AGAIN))
    else:
        _reject(prepared, each, _used(sent))


def _first_sent(prepared: Prepared, name: tuple[str, str], place: int) -> Sent | Problem | None:
    """Return what was sent first under the name."""
    if place != NO_ROW:
        return prepared.owners[place].sent
    same = (each.sent for each in reversed(prepared.corrections))
    return next((each for each in same if isinstance(each, Sent) and each[:2] == name), None)


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


def write(
    tx: Transaction, prepared: Prepared, by: str, import_id: int | None = None, *, is_new: bool = False
) -> Accepted:
    """Write what was prepared, what it corrects, and the control totals; what was given is not changed.

    With `is_new` its ids are expected to be new: that costs less when they are, more when they are not, and
    waits for others in the order of events, so that a deadlock is likelier.
    """
    prepared = replace(
        prepared, rows=[*prepared.rows], months=[*prepared.months], owners=[*prepared.owners],
        told=[*prepared.told],
    )  # fmt: skip
    chunk_no = usage.next_chunk(tx)
    first = len(prepared.owners)
    places = _take(tx, prepared, chunk_no, 0, is_new)
    if prepared.corrections:
        _prepare_corrections(tx, prepared)
        places = [*places, *_take(tx, prepared, chunk_no, first, is_new=False)]
    if places:
        newest = {prepared.months[place]: place for place in places}
        usage.add_pending(tx, chunk_no, {month.use: place for month, place in newest.items()})
    fates = Counter(map(itemgetter(2), prepared.told))
    counts = (fates[Fate.ACCEPTED], fates[Fate.AGAIN], fates[Fate.REJECTED])
    usage.add_chunk(tx, chunk_no, import_id, by, counts, _intake(prepared.months, places))
    usage.add_rejected(tx, _rejected(prepared, chunk_no))
    return Accepted(chunk_no, *counts, sorted(prepared.told, key=itemgetter(0)))


def _intake(months: Sequence[Month], places: Iterable[int]) -> Counter[Where]:
    """Return how many events each control total gets."""
    found: Counter[Where] = Counter()
    for month, count in Counter([months[place] for place in places]).items():
        found[month.where] += count
    return found


def _take(tx: Transaction, prepared: Prepared, chunk_no: int, start: int, is_new: bool) -> Sequence[int]:
    """Write the rows from a place on and return the places of those that were new.

    What was known is told apart by its content.
    """
    owners, accepted = prepared.owners[start:], Fate.ACCEPTED
    if not owners:
        return ()
    every = range(start, len(prepared.owners))
    rows = prepared.rows[start:]
    if is_new and start == 0 and usage.add_new(tx, chunk_no, rows):
        known: dict[int, bool] = {}
    else:
        known = usage.add_unknown(tx, chunk_no, start, rows)
    if not known:
        prepared.told += [Told(no, sent.event_id, accepted) for no, _, sent in owners if type(sent) is Sent]
        return every
    for place, each in zip(every, owners, strict=True):
        assert isinstance(each.sent, Sent), "only what could be read is staged"
        if place not in known:
            prepared.told.append(Told(each.line_no, each.sent.event_id, accepted))
        elif known[place]:
            prepared.told.append(Told(each.line_no, each.sent.event_id, Fate.AGAIN))
        else:
            _reject(prepared, each, _used(each.sent))
    return [place for place in every if place not in known]


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
            use = (event.account_id, event.service_id, event.meter, event.period)
            month = prepared.terms.month(use, where)
            _stage(prepared, each, _row(event, month), month)


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


def _row(event: Event, month: Month) -> bytes:
    """Return the event as a row."""
    more = more_part(event.until_at, event.properties, event.corrects_no)
    return row(
        text_part(event.source), event.event_id, day_part(event.used_on), month.part, event.quantity_e4,
        microseconds(event.used_at), more,
    )  # fmt: skip


def _stage(prepared: Prepared, each: Arrived, made: bytes, month: Month) -> None:
    """Let the row be written with the chunk."""
    prepared.rows.append(made)
    prepared.months.append(month)
    prepared.owners.append(each)


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

"""Ratings: what waits to be rated, what was measured, and what it came to.

Events are gathered to days by PostgreSQL; the core does the rest. Keys are claimed by locks on the rows that
wait, which nobody waits for at first, so that two runs share the work.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, LiteralString

from psycopg.rows import tuple_row

from acquit.core.charge import Charge
from acquit.core.identifiers import AccountId, CatalogueId, LegalEntityId, ServiceId
from acquit.core.money import Currency
from acquit.core.rating import Day
from acquit.store.transaction import Transaction

ANY_WAITING: Final[LiteralString] = """
    SELECT EXISTS (SELECT FROM usage_pending WHERE period <= %(until_on)s) AS waits
"""

_CLAIM: Final[LiteralString] = """
    SELECT p.account_id, p.service_id, p.meter, p.period
      FROM usage_pending p
      JOIN account a ON a.account_id = p.account_id
     WHERE a.legal_entity_id = %(legal_entity_id)s AND p.period <= %(until_on)s
       AND (p.account_id, p.service_id, p.meter, p.period)
           > (%(account_id)s, %(service_id)s::bigint, %(meter)s, %(period)s::date)
     ORDER BY p.account_id, p.service_id, p.meter, p.period
     LIMIT %(rows_max)s
"""

CLAIM: Final[LiteralString] = _CLAIM + " FOR UPDATE OF p SKIP LOCKED"

CLAIM_WAITING: Final[LiteralString] = _CLAIM + " FOR UPDATE OF p"

LEFT: Final[LiteralString] = "SELECT EXISTS (" + _CLAIM + ") AS is_left"

PREVIEW: Final[LiteralString] = """
    SELECT p.account_id, p.service_id, p.meter, p.period
      FROM usage_pending p
     WHERE p.account_id = ANY(string_to_array(%(account_ids)s, ' ')) AND p.period <= %(until_on)s
     ORDER BY p.account_id, p.service_id, p.meter, p.period
"""

_COMMITTED: Final[LiteralString] = """
      FROM service s
      JOIN account a ON a.account_id = s.account_id
      JOIN (SELECT DISTINCT meter, plan_code
              FROM meter_price
             WHERE legal_entity_id = %(legal_entity_id)s AND committed_e4 > 0
               AND from_on <= %(until_on)s) c ON c.plan_code = s.plan_code
     WHERE a.legal_entity_id = %(legal_entity_id)s AND s.started_on <= %(until_on)s
       AND (s.terminated_on IS NULL OR s.terminated_on > %(period)s)
       AND NOT EXISTS (SELECT FROM usage_rating r
                        WHERE r.account_id = s.account_id AND r.service_id = s.service_id
                          AND r.meter = c.meter AND r.period = %(period)s)
     ORDER BY s.account_id, s.service_id, c.meter
"""

COMMITTED: Final[LiteralString] = "SELECT s.account_id, s.service_id, c.meter, %(period)s::date" + _COMMITTED

ADD_COMMITTED: Final[LiteralString] = (
    """
    INSERT INTO usage_pending (account_id, service_id, meter, period, last_no)
    SELECT s.account_id, s.service_id, c.meter, %(period)s, 0
"""
    + _COMMITTED
    + " ON CONFLICT (account_id, service_id, meter, period) DO NOTHING"
)

ADD_WAITING: Final[LiteralString] = """
    INSERT INTO usage_pending (account_id, service_id, meter, period, last_no)
    SELECT k.account_id, k.service_id, k.meter, k.period, 0
      FROM unnest(string_to_array(%(account_ids)s, ' '), string_to_array(%(service_ids)s, ' ')::bigint[],
                  string_to_array(%(meters)s, ' '), string_to_array(%(periods)s, ' ')::date[])
           AS k(account_id, service_id, meter, period)
     ORDER BY k.account_id, k.service_id, k.meter, k.period
        ON CONFLICT (account_id, service_id, meter, period) DO NOTHING
"""

SERVICES: Final[LiteralString] = """
    SELECT s.account_id, s.service_id, s.resource_name, s.plan_code, s.catalogue_id, s.pricing_mode,
           s.started_on, s.terminated_on, s.billing_group_id, a.language, a.currency
      FROM service s
      JOIN account a ON a.account_id = s.account_id
     WHERE s.account_id = ANY(string_to_array(%(account_ids)s, ' '))
"""

SOME_SERVICES: Final[LiteralString] = """
    SELECT s.account_id, s.service_id, s.resource_name, s.plan_code, s.catalogue_id, s.pricing_mode,
           s.started_on, s.terminated_on, s.billing_group_id, a.language, a.currency
      FROM unnest(string_to_array(%(account_ids)s, ' '), string_to_array(%(service_ids)s, ' ')::bigint[])
           AS k(account_id, service_id)
      JOIN service s ON s.account_id = k.account_id AND s.service_id = k.service_id
      JOIN account a ON a.account_id = s.account_id
"""

_PAIRS: Final[LiteralString] = """
      FROM (SELECT DISTINCT *
              FROM unnest(string_to_array(%(account_ids)s, ' '), string_to_array(%(periods)s, ' ')::date[])
                   AS c(account_id, period)) k
      JOIN usage_event e ON e.account_id = k.account_id AND e.period = k.period
     WHERE e.usage_no <= %(up_to_no)s AND e.meter = ANY(string_to_array(%(meters)s, ' '))
"""

_KEYS: Final[LiteralString] = """
      FROM unnest(string_to_array(%(account_ids)s, ' '), string_to_array(%(service_ids)s, ' ')::bigint[],
                  string_to_array(%(meters)s, ' '), string_to_array(%(periods)s, ' ')::date[])
           AS k(account_id, service_id, meter, period)
      JOIN usage_event e ON e.account_id = k.account_id AND e.period = k.period
                        AND e.service_id = k.service_id AND e.meter = k.meter
     WHERE e.usage_no <= %(up_to_no)s
"""

_HOLDS: Final[LiteralString] = """
           coalesce((SELECT x.quantity_e4
                       FROM usage_event x
                      WHERE x.account_id = e.account_id AND x.corrects_no = e.usage_no
                        AND x.usage_no <= %(up_to_no)s
                      ORDER BY x.usage_no DESC
                      LIMIT 1), e.quantity_e4)
"""

_BY_DAY: Final[LiteralString] = " GROUP BY e.account_id, e.service_id, e.meter, e.period, e.used_on"

_DAY: Final[LiteralString] = """
    SELECT e.account_id, e.service_id, e.meter, e.period, e.used_on, count(*),
"""

DAYS: Final[LiteralString] = _DAY + " sum(e.quantity_e4), max(e.quantity_e4)" + _PAIRS + _BY_DAY

WHOLE: Final[LiteralString] = (
    """
    SELECT e.account_id, e.service_id, e.meter, e.period, e.period, count(*), sum(e.quantity_e4),
           max(e.quantity_e4)
"""
    + _PAIRS
    + " GROUP BY e.account_id, e.service_id, e.meter, e.period"
)

DAYS_CORRECTED: Final[LiteralString] = (
    _DAY
    + "coalesce(sum("
    + _HOLDS
    + ") FILTER (WHERE e.corrects_no IS NULL), 0), coalesce(max("
    + _HOLDS
    + ") FILTER (WHERE e.corrects_no IS NULL), 0)"
    + _KEYS
    + _BY_DAY
)

LASTS: Final[LiteralString] = (
    """
    SELECT DISTINCT ON (e.account_id, e.service_id, e.meter, e.period, e.used_on)
           e.account_id, e.service_id, e.meter, e.period, e.used_on,
"""
    + _HOLDS
    + _KEYS
    + """
       AND e.corrects_no IS NULL
     ORDER BY e.account_id, e.service_id, e.meter, e.period, e.used_on, e.used_at DESC, e.source DESC,
              e.event_id DESC
"""
)

CORRECTED: Final[LiteralString] = """
    SELECT DISTINCT account_id, service_id, meter, period
      FROM usage_event
     WHERE corrects_no IS NOT NULL AND usage_no <= %(up_to_no)s
       AND account_id = ANY(string_to_array(%(account_ids)s, ' '))
"""

RATINGS: Final[LiteralString] = """
    SELECT DISTINCT ON (account_id, service_id, meter, period)
           account_id, service_id, meter, period, rating_no, up_to_no, events, quantity_e4, currency,
           net_minor, lines, rated_at
      FROM usage_rating
     WHERE account_id = ANY(string_to_array(%(account_ids)s, ' '))
       AND period BETWEEN %(from_on)s AND %(until_on)s
       AND (service_id, meter) > (%(after_id)s::bigint, %(after_meter)s)
     ORDER BY account_id, service_id, meter, period, rating_no DESC
     LIMIT %(rows_max)s
"""

USED: Final[LiteralString] = """
    SELECT account_id, service_id, meter, period
      FROM usage_event
     WHERE account_id = %(account_id)s AND period = %(period)s
     GROUP BY account_id, service_id, meter, period
     ORDER BY account_id, service_id, meter, period
"""

DROP_PENDING: Final[LiteralString] = """
    DELETE FROM usage_pending p
     USING unnest(string_to_array(%(account_ids)s, ' '), string_to_array(%(service_ids)s, ' ')::bigint[],
                  string_to_array(%(meters)s, ' '), string_to_array(%(periods)s, ' ')::date[])
           AS c(account_id, service_id, meter, period)
     WHERE p.account_id = c.account_id AND p.service_id = c.service_id AND p.meter = c.meter
       AND p.period = c.period AND p.last_no <= %(up_to_no)s
"""

SET_PROBLEM: Final[LiteralString] = """
    UPDATE usage_pending
       SET problem = %(problem)s
     WHERE account_id = %(account_id)s AND service_id = %(service_id)s AND meter = %(meter)s
       AND period = %(period)s
"""

UNRATED: Final[LiteralString] = """
    SELECT account_id, service_id, meter, period, problem
      FROM usage_pending
     WHERE account_id = ANY(string_to_array(%(account_ids)s, ' ')) AND period <= %(until_on)s
       AND problem IS NOT NULL
     ORDER BY account_id, service_id, meter, period
"""

CHARGE: Final = {
    "account_id": "text", "service_id": "int8", "kind": "text", "part": "text", "period_start": "date",
    "period_end": "date", "description": "text", "domain": "text", "quantity_e4": "int8",
    "unit_price_ucents": "int8", "currency": "text", "category": "text", "accepted_on": "date",
}  # fmt: skip

RATING: Final = (
    "account_id", "service_id", "meter", "period", "rating_no", "up_to_no", "events", "quantity_e4",
    "currency", "net_minor", "charged_minor", "price_from_on", "lines", "charges",
)  # fmt: skip

Key = tuple[AccountId, ServiceId, str, date]
"""Account, service, meter and the first day of the month."""

BEFORE_ALL: Final[Key] = (AccountId(""), ServiceId(0), "", date.min)


@dataclass(frozen=True, slots=True)
class RatedService:
    """What a rating needs of the service and its account."""

    account_id: AccountId
    service_id: ServiceId
    resource_name: str
    plan_code: str
    catalogue_id: CatalogueId
    pricing_mode: str
    started_on: date
    terminated_on: date | None
    billing_group_id: int | None
    language: str
    currency: Currency


@dataclass(frozen=True, slots=True)
class Rating:
    """The use of a meter by a service in a month, priced; `lines` are name, quantity, price, use, bounds."""

    account_id: AccountId
    service_id: ServiceId
    meter: str
    period: date
    rating_no: int
    up_to_no: int
    events: int
    quantity_e4: int
    currency: Currency
    net_minor: int
    lines: list[list[Any]]
    rated_at: Any


def any_waiting(tx: Transaction, until_on: date) -> bool:
    """Return whether anything of a month up to that day waits to be rated."""
    return bool(tx.one(ANY_WAITING, until_on=until_on).waits)


def add_committed(tx: Transaction, legal_entity_id: LegalEntityId, period: date, until_on: date) -> int:
    """Let services wait that have to pay a commitment for the month and are not rated; return how many."""
    return tx.run(ADD_COMMITTED, legal_entity_id=legal_entity_id, period=period, until_on=until_on)


def committed(tx: Transaction, legal_entity_id: LegalEntityId, period: date, until_on: date) -> list[Key]:
    """Return the uses that have to pay a commitment for the month and are not rated."""
    return _tuples(tx, COMMITTED, legal_entity_id=legal_entity_id, period=period, until_on=until_on)


def add_waiting(tx: Transaction, keys: Sequence[Key]) -> None:
    """Let keys wait to be rated, also those without events, and those that were rated before."""
    if keys:
        tx.run(ADD_WAITING, **_packed(keys))


def claim(
    tx: Transaction,
    legal_entity_id: LegalEntityId,
    until_on: date,
    after: Key,
    rows_max: int,
    *,
    wait: bool,
) -> list[Key]:
    """Hold the next keys that wait, in their order: those that nobody holds, or with `wait` all.

    Who waited for keys that are rated by then looks for the next ones.
    """
    values = {
        "legal_entity_id": legal_entity_id, "until_on": until_on, "account_id": after[0],
        "service_id": after[1], "meter": after[2], "period": after[3], "rows_max": rows_max,
    }  # fmt: skip
    found = _tuples(tx, CLAIM_WAITING if wait else CLAIM, **values)
    while wait and not found and tx.one(LEFT, **values).is_left:
        found = _tuples(tx, CLAIM_WAITING, **values)
    return found


def preview(tx: Transaction, account_ids: Iterable[AccountId], until_on: date) -> list[Key]:
    """Return the keys of the accounts that wait, without holding them."""
    return _tuples(tx, PREVIEW, account_ids=" ".join(account_ids), until_on=until_on)


def used(tx: Transaction, account_id: AccountId, period: date) -> list[Key]:
    """Return what the account used in the month."""
    return _tuples(tx, USED, account_id=account_id, period=period)


def services(
    tx: Transaction, account_ids: Iterable[AccountId]
) -> dict[tuple[AccountId, ServiceId], RatedService]:
    """Return all services of the accounts."""
    rows = _tuples(tx, SERVICES, account_ids=" ".join(dict.fromkeys(account_ids)))
    return {(row[0], row[1]): RatedService(*row) for row in rows}


def some_services(tx: Transaction, keys: Iterable[Key]) -> dict[tuple[AccountId, ServiceId], RatedService]:
    """Return the services of the keys, each looked up by itself."""
    pairs = list(dict.fromkeys((key[0], key[1]) for key in keys))
    if not pairs:
        return {}
    rows = _tuples(
        tx, SOME_SERVICES, account_ids=" ".join([pair[0] for pair in pairs]),
        service_ids=" ".join([str(pair[1]) for pair in pairs]),
    )  # fmt: skip
    return {(row[0], row[1]): RatedService(*row) for row in rows}


def days(
    tx: Transaction, keys: Sequence[Key], lasts: Sequence[Key], up_to_no: int, wholes: Collection[Key] = ()
) -> Mapping[Key, list[Day]]:
    """Return what was measured for each key, day by day, of events up to a number.

    The last value of a day is only told for the keys in `lasts`; a key in `wholes` is told as one day. Keys
    with corrections are read apart, event by event; the others are gathered as they are.
    """
    latest = {}
    if lasts:
        latest = {row[:5]: row[5] for row in _tuples(tx, LASTS, **_packed(lasts), up_to_no=up_to_no)}
    account_ids = " ".join(dict.fromkeys([key[0] for key in keys]))
    corrected = set(_tuples(tx, CORRECTED, account_ids=account_ids, up_to_no=up_to_no))
    whole = {*wholes} - corrected
    daily = [key for key in keys if key not in whole and key not in corrected]
    found: dict[Key, list[Day]] = defaultdict(list)
    for query, wanted in ((WHOLE, whole), (DAYS, set(daily))):
        for row in _measured(tx, query, wanted, up_to_no) if wanted else ():
            key: Key = row[:4]
            if key in wanted:
                found[key].append(Day(row[4], row[5], int(row[6]), row[7], latest.get(row[:5], 0)))
    exact = sorted(corrected.intersection(keys))
    if exact:
        for row in _tuples(tx, DAYS_CORRECTED, **_packed(exact), up_to_no=up_to_no):
            found[row[:4]].append(Day(row[4], row[5], int(row[6]), row[7], latest.get(row[:5], 0)))
    return found


def _measured(
    tx: Transaction, query: LiteralString, wanted: Collection[Key], up_to_no: int
) -> list[tuple[Any, ...]]:
    pairs = sorted({(key[0], key[3]) for key in wanted})
    return _tuples(
        tx, query, account_ids=" ".join([pair[0] for pair in pairs]),
        periods=" ".join([pair[1].isoformat() for pair in pairs]),
        meters=" ".join({key[2] for key in wanted}), up_to_no=up_to_no,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a list of ratings: after a service and meter, at most so many."""

    service_id: int = 0
    meter: str = ""
    rows_max: int | None = None


WHOLE_LIST: Final = Part()


def ratings(
    tx: Transaction,
    account_ids: Iterable[AccountId],
    from_on: date,
    until_on: date,
    part: Part = WHOLE_LIST,
) -> dict[Key, Rating]:
    """Return the rating that holds for each key of the accounts whose month begins between two days.

    With `part` those after a service and meter alone, at most so many.
    """
    rows = _tuples(
        tx, RATINGS, account_ids=" ".join(dict.fromkeys(account_ids)), from_on=from_on, until_on=until_on,
        after_id=part.service_id, after_meter=part.meter, rows_max=part.rows_max,
    )  # fmt: skip
    return {row[:4]: Rating(*row) for row in rows}


def add(
    tx: Transaction,
    rows: Sequence[tuple[object, ...]],
    charges: Sequence[tuple[AccountId, Charge, date]],
) -> None:
    """Write ratings and the charges that they make, each accepted on its day.

    Lines and charges of a rating are JSON.
    """
    tx.copy(
        "charge",
        tuple(CHARGE),
        [
            (account_id, each.service_id, each.kind, each.part, each.period_start, each.period_end,
             each.description, each.domain, each.quantity_e4, each.unit_price_ucents, each.currency,
             each.category, accepted_on)
            for account_id, each, accepted_on in charges
        ],
        tuple(CHARGE.values()),
    )  # fmt: skip
    tx.copy("usage_rating", RATING, rows)


def drop_pending(tx: Transaction, keys: Sequence[Key], up_to_no: int) -> int:
    """Let keys wait no longer, unless events came after that number."""
    return tx.run(DROP_PENDING, **_packed(keys), up_to_no=up_to_no) if keys else 0


def set_problem(tx: Transaction, key: Key, problem: str) -> None:
    """Write why a key that goes on waiting cannot be rated."""
    tx.run(SET_PROBLEM, account_id=key[0], service_id=key[1], meter=key[2], period=key[3], problem=problem)


def unrated(tx: Transaction, account_ids: Iterable[AccountId], until_on: date) -> list[tuple[Key, str]]:
    """Return the keys of the accounts that could not be rated, and why."""
    rows = _tuples(tx, UNRATED, account_ids=" ".join(account_ids), until_on=until_on)
    return [(row[:4], row[4]) for row in rows]


def _packed(keys: Sequence[Key]) -> dict[str, str]:
    """Return the keys as four texts, which cost a tenth of arrays."""
    return {
        "account_ids": " ".join([key[0] for key in keys]),
        "service_ids": " ".join([str(key[1]) for key in keys]),
        "meters": " ".join([key[2] for key in keys]),
        "periods": " ".join([str(key[3]) for key in keys]),
    }


def _tuples(tx: Transaction, query: LiteralString, **values: object) -> list[tuple[Any, ...]]:
    with tx.connection.cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(query, values).fetchall()

"""What was measured behind the metered lines of bills, as rated for them; later ratings change nothing."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final, LiteralString

from acquit.core.bill import Detail
from acquit.core.charge import ChargeKind
from acquit.core.identifiers import AccountId, BillId, ServiceId
from acquit.core.meter import Aggregation, Meter, Per
from acquit.core.metered_use import MeteredUse
from acquit.core.rating import Line
from acquit.store.transaction import Transaction

USES: Final[LiteralString] = """
    SELECT k.account_id, k.service_id, k.meter, k.period, k.rating_no, r.quantity_e4, r.lines,
           coalesce(b.net_minor, 0) AS before_minor, m.from_on, m.unit, m.aggregation, m.per,
           m.description_fr, m.description_en
      FROM unnest(%(account_ids)s::text[], %(service_ids)s::bigint[], %(meters)s::text[],
                  %(periods)s::date[], %(rating_nos)s::integer[])
           AS k(account_id, service_id, meter, period, rating_no)
      JOIN usage_rating r ON r.account_id = k.account_id AND r.service_id = k.service_id
                         AND r.meter = k.meter AND r.period = k.period AND r.rating_no = k.rating_no
      LEFT JOIN usage_rating b ON b.account_id = k.account_id AND b.service_id = k.service_id
                              AND b.meter = k.meter AND b.period = k.period
                              AND b.rating_no = k.rating_no - 1
      JOIN account a ON a.account_id = k.account_id
      JOIN LATERAL (
           SELECT from_on, unit, aggregation, per, description_fr, description_en
             FROM meter
            WHERE legal_entity_id = a.legal_entity_id AND meter = k.meter
              AND from_on < k.period + interval '1 month'
            ORDER BY from_on <= k.period DESC, CASE WHEN from_on <= k.period THEN from_on END DESC, from_on
            LIMIT 1) m ON true
"""

BillKey = tuple[AccountId, BillId]

RatingKey = tuple[AccountId, ServiceId, str, date, int]
"""Account, service, meter, month and number of a rating."""

METERED: Final = frozenset({ChargeKind.USAGE.value, ChargeKind.ADJUSTMENT.value})
FIRST_RATING: Final = 1


def behind(
    tx: Transaction, details: Mapping[BillKey, Sequence[Detail]]
) -> Mapping[BillKey, tuple[MeteredUse, ...]]:
    """Return the uses behind the metered lines of these bills, in the order of the lines."""
    asked = {key: _named(key[0], lines) for key, lines in details.items()}
    found = _rated(tx, {rating for named in asked.values() for rating in named})
    return {
        key: tuple(_use(named[rating], rating, found[rating]) for rating in named if rating in found)
        for key, named in asked.items()
    }


def _named(account_id: AccountId, details: Iterable[Detail]) -> dict[RatingKey, str]:
    """Return the ratings that the lines name, each with the name of its service; a service's together."""
    by_service: dict[tuple[AccountId, str], dict[RatingKey, str]] = defaultdict(dict)
    for detail in details:
        if detail.kind in METERED and detail.part.startswith("usage:"):
            owner_id = detail.owner_id or account_id
            by_service[owner_id, detail.domain][_rating(owner_id, detail)] = detail.domain
    return {key: service for named in by_service.values() for key, service in named.items()}


def _rating(owner_id: AccountId, detail: Detail) -> RatingKey:
    """Return the rating behind the line: the first of a month, or the later one of an adjustment."""
    _, meter, *more = detail.part.split(":")
    if detail.kind == ChargeKind.USAGE:
        return owner_id, detail.service_id, meter, detail.period_start, FIRST_RATING
    month, rating_no = more
    return owner_id, detail.service_id, meter, date.fromisoformat(f"{month}-01"), int(rating_no)


def _rated(tx: Transaction, keys: Iterable[RatingKey]) -> dict[RatingKey, Any]:
    asked = sorted(keys)
    if not asked:
        return {}
    account_ids, service_ids, meters, periods, rating_nos = map(list, zip(*asked, strict=True))
    rows = tx.all(
        USES,
        account_ids=account_ids,
        service_ids=service_ids,
        meters=meters,
        periods=periods,
        rating_nos=rating_nos,
    )
    return {tuple(row[:5]): row for row in rows}


def _use(service: str, key: RatingKey, row: Any) -> MeteredUse:
    meter = Meter(
        row.meter,
        row.from_on,
        row.unit,
        Aggregation(row.aggregation),
        Per(row.per),
        row.description_fr,
        row.description_en,
    )
    lines = tuple(Line(*line) for line in row.lines)
    return MeteredUse(key[0], key[1], service, meter, key[3], row.quantity_e4, lines, row.before_minor)

"""What stands behind the lines of a bill: prices of catalogues, charges, the page of the run, the entry."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final, LiteralString

from acquit.core.explanation import PriceSource
from acquit.core.identifiers import AccountId, BillId, ServiceId
from acquit.core.journal import Entry, Posting
from acquit.store.transaction import Transaction

PRICES: Final[LiteralString] = """
    SELECT s.service_id, coalesce(c.name, '') AS catalogue, coalesce(c.from_on, s.started_on) AS version_on,
           coalesce(c.sha256, '') AS sha256, s.plan_code, coalesce(p.invoice_name, '') AS plan_name,
           s.pricing_mode AS mode, s.started_on AS sold_on, s.unit_price_ucents AS sold_ucents,
           s.renewal_months, s.anniversary_day, listed.price_ucents,
           coalesce(listed.strategy, '') AS strategy, listed.tiers
      FROM service s
      LEFT JOIN catalogue c ON c.catalogue_id = s.catalogue_id
      LEFT JOIN plan p ON p.catalogue_id = s.catalogue_id AND p.plan_code = s.plan_code
      LEFT JOIN LATERAL (
           SELECT price_ucents, strategy, tiers
             FROM pricing
            WHERE catalogue_id = s.catalogue_id AND plan_code = s.plan_code AND mode = s.pricing_mode
              AND 'renew' = ANY(capacities)
            ORDER BY (s.quantity_e4 / 10000 BETWEEN quantity_min AND coalesce(quantity_max, s.quantity_e4))
                     DESC, pricing_no
            LIMIT 1) listed ON true
     WHERE (s.account_id, s.service_id) IN (
           SELECT coalesce(owner_id, account_id), service_id
             FROM bill_detail
            WHERE account_id = %(account_id)s AND bill_id = %(bill_id)s)
     ORDER BY s.service_id
"""

ACCEPTED: Final[LiteralString] = """
    SELECT d.detail_no, c.accepted_on
      FROM bill_detail d
      JOIN charge c ON c.account_id = coalesce(d.owner_id, d.account_id) AND c.service_id = d.service_id
                   AND c.kind = d.kind AND c.part = d.part AND c.period_start = d.period_start
     WHERE d.account_id = %(account_id)s AND d.bill_id = %(bill_id)s
     ORDER BY d.detail_no
"""

DECIDED: Final[LiteralString] = """
    SELECT n.series_id, n.number, r.period
      FROM bill b
      JOIN bill_number n ON n.bill_id = b.bill_id
      LEFT JOIN bill_run r ON r.run_id = b.run_id
     WHERE b.account_id = %(account_id)s AND b.bill_id = %(bill_id)s
"""

NUMBERED: Final[LiteralString] = """
    SELECT series_id, number, NULL AS period
      FROM bill_number
     WHERE account_id = %(account_id)s AND bill_id = %(bill_id)s
"""

ENTRY: Final[LiteralString] = """
    SELECT account_id, entry_no, kind, booked_on, reference, prev_hash, hash
      FROM entry
     WHERE account_id = %(account_id)s AND reference = %(bill_id)s
       AND kind IN ('bill', 'credit-note', 'reverse-bill', 'reverse-credit-note')
     ORDER BY entry_no
     LIMIT 1
"""

POSTINGS: Final[LiteralString] = """
    SELECT ledger, amount_minor, currency
      FROM posting
     WHERE account_id = %(account_id)s AND entry_no = %(entry_no)s
     ORDER BY posting_no
"""


RATINGS: Final[LiteralString] = """
    WITH told AS (
         SELECT DISTINCT coalesce(d.owner_id, d.account_id) AS account_id, d.service_id,
                split_part(d.part, ':', 2) AS meter,
                CASE WHEN d.kind = 'usage' THEN d.period_start
                     ELSE to_date(split_part(d.part, ':', 3), 'YYYY-MM') END AS period
           FROM bill_detail d
          WHERE d.account_id = %(account_id)s AND d.bill_id = %(bill_id)s
            AND d.kind IN ('usage', 'adjustment') AND d.part LIKE 'usage:%%'
         )
    SELECT r.account_id, r.service_id, r.meter, r.period, r.rating_no, r.up_to_no, r.events, r.quantity_e4,
           r.net_minor, r.price_from_on, r.lines, m.aggregation, m.per
      FROM told t
      JOIN usage_rating r ON r.account_id = t.account_id AND r.service_id = t.service_id
                         AND r.meter = t.meter AND r.period = t.period
      JOIN account a ON a.account_id = r.account_id
      JOIN LATERAL (
           SELECT aggregation, per
             FROM meter
            WHERE legal_entity_id = a.legal_entity_id AND meter = r.meter
              AND from_on < r.period + interval '1 month'
            ORDER BY from_on <= r.period DESC, CASE WHEN from_on <= r.period THEN from_on END DESC, from_on
            LIMIT 1) m ON true
     ORDER BY r.account_id, r.service_id, r.meter, r.period, r.rating_no
"""

RatingKey = tuple[AccountId, ServiceId, str, date, int]
"""Account, service, meter, month and number of a rating."""


@dataclass(frozen=True, slots=True)
class RatedUse:
    """A rating behind a bill; `lines` are name, quantity, unit price, use and bounds of each."""

    up_to_no: int
    events: int
    quantity_e4: int
    net_minor: int
    price_from_on: date
    lines: Any
    aggregation: str
    per: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The number of a bill, and the month of the run that decided it; None outside of a run."""

    series_id: str
    number: int
    period: str | None


def prices(tx: Transaction, account_id: AccountId, bill_id: BillId) -> dict[ServiceId, PriceSource]:
    """Return where the price of each service on the bill comes from."""
    rows = tx.all(PRICES, account_id=account_id, bill_id=bill_id)
    return {row.service_id: PriceSource(*row[1:]) for row in rows}


def ratings(tx: Transaction, account_id: AccountId, bill_id: BillId) -> dict[RatingKey, RatedUse]:
    """Return every rating of the uses that have lines on the bill."""
    rows = tx.all(RATINGS, account_id=account_id, bill_id=bill_id)
    return {tuple(row[:5]): RatedUse(*row[5:]) for row in rows}


def accepted(tx: Transaction, account_id: AccountId, bill_id: BillId) -> dict[int, date]:
    """Return when each line of the bill that was a charge was accepted, by the line's number."""
    rows = tx.all(ACCEPTED, account_id=account_id, bill_id=bill_id)
    return {row.detail_no: row.accepted_on for row in rows}


def decision(tx: Transaction, account_id: AccountId, bill_id: BillId) -> Decision:
    """Return the bill's number and what it was decided by."""
    return Decision(*tx.one(DECIDED, account_id=account_id, bill_id=bill_id))


def numbered(tx: Transaction, account_id: AccountId, bill_id: BillId) -> Decision:
    """Return the number of a document of the account that no run decides."""
    return Decision(*tx.one(NUMBERED, account_id=account_id, bill_id=bill_id))


def entry(tx: Transaction, account_id: AccountId, bill_id: BillId) -> Entry | None:
    """Return the entry that booked the document, or None."""
    row = tx.one_or_none(ENTRY, account_id=account_id, bill_id=bill_id)
    if row is None:
        return None
    rows: list[Any] = tx.all(POSTINGS, account_id=account_id, entry_no=row.entry_no)
    postings = tuple(Posting(*each) for each in rows)
    return Entry(
        row.account_id,
        row.entry_no,
        row.kind,
        row.booked_on,
        row.reference,
        postings,
        row.prev_hash,
        row.hash,
    )

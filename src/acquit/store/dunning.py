"""Dunning in sets: which debts of many payers take which step, decided and written by one statement.

The rules are those of core.dunning, said once more in SQL so that a million debts take seconds; a test plays
both on the same random debts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, LiteralString

from psycopg.types.json import Jsonb

from acquit.core.dunning import QUIET_DAYS, Calendar, StepKind
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.money import Currency
from acquit.store.transaction import Transaction

PAYERS: Final[LiteralString] = """
    SELECT a.account_id
      FROM account a
     WHERE a.legal_entity_id = %(legal_entity_id)s AND a.account_id > %(after)s AND a.payer_id = a.account_id
       AND EXISTS (SELECT FROM open_debt d
                    WHERE d.payer_id = a.account_id AND d.due_on <= %(due_to_on)s)
     ORDER BY a.account_id
     LIMIT %(rows_max)s
"""

HOLD: Final[LiteralString] = """
    SELECT account_id
      FROM account
     WHERE account_id = ANY(%(payer_ids)s)
     ORDER BY account_id
       FOR NO KEY UPDATE
"""

_CHASED: Final[LiteralString] = """
    WITH ladder AS (
         SELECT account_id, code, kind, days
           FROM jsonb_to_recordset(%(ladder)s) AS l(account_id text, code text, kind text, days integer)
         ), own AS (
         SELECT DISTINCT account_id FROM ladder WHERE account_id <> ''
         ), payers AS MATERIALIZED (
         SELECT p.account_id AS payer_id, coalesce(own.account_id, '') AS ladder_id,
                nextval('dunning_step_id') AS step_id
           FROM unnest(%(payer_ids)s::text[]) AS p(account_id)
           LEFT JOIN own ON own.account_id = p.account_id
          WHERE NOT EXISTS (
                SELECT FROM dunning_step s
                 WHERE s.account_id = p.account_id
                   AND s.happened_on > %(on)s::date - %(quiet)s::integer)
         ), opened AS MATERIALIZED (
         SELECT p.payer_id, p.ladder_id, p.step_id, d.account_id, d.debt_id, d.bill_id, d.currency, d.due_on,
                %(on)s::date - d.due_on AS late_days, o.reopened_on, d.open_minor
           FROM payers p
           JOIN open_debt d ON d.payer_id = p.payer_id
           LEFT JOIN LATERAL (
                SELECT max(occurred_on) AS reopened_on
                  FROM debt_operation
                 WHERE account_id = d.account_id AND debt_id = d.debt_id
                   AND kind IN ('returned', 'reopened')) o ON true
          WHERE d.due_on <= %(due_to_on)s AND d.open_minor > 0
         ), covered AS (
         SELECT payer_id, currency, greatest(sum(amount_minor), 0) AS amount_minor
           FROM (SELECT account_id AS payer_id, currency, amount_minor
                   FROM money_waiting
                  WHERE account_id = ANY(%(payer_ids)s)
                  UNION ALL
                 SELECT m.account_id, m.currency, greatest(m.amount_minor - greatest(paid.amount_minor, 0), 0)
                   FROM promise m
                  CROSS JOIN LATERAL (
                        SELECT coalesce(-sum(o.effect_minor), 0) AS amount_minor
                          FROM debt d
                          JOIN debt_operation o ON o.account_id = d.account_id AND o.debt_id = d.debt_id
                         WHERE d.payer_id = m.account_id AND d.currency = m.currency
                           AND o.recorded_at >= m.recorded_at
                           AND o.kind IN ('payment', 'returned', 'reopened')) paid
                  WHERE m.account_id = ANY(%(payer_ids)s) AND m.due_on >= %(on)s) told
          GROUP BY payer_id, currency
         ), asked AS (
         SELECT o.*, greatest(o.open_minor - coalesce(x.disputed_minor, 0) - coalesce(n.amount_minor, 0), 0)
                  AS asked_minor
           FROM opened o
           LEFT JOIN pending_debt n ON n.account_id = o.account_id AND n.debt_id = o.debt_id
           LEFT JOIN (SELECT account_id, bill_id, sum(amount_minor) AS disputed_minor
                        FROM dispute
                       WHERE state = 'open'
                       GROUP BY account_id, bill_id) x
             ON x.account_id = o.account_id AND x.bill_id = o.bill_id
         ), uncovered AS (
         SELECT a.*, least(a.asked_minor, sum(a.asked_minor) OVER oldest_first - coalesce(c.amount_minor, 0))
                  AS chased_minor
           FROM asked a
           LEFT JOIN covered c ON c.payer_id = a.payer_id AND c.currency = a.currency
         WINDOW oldest_first AS (PARTITION BY a.payer_id, a.currency
                                     ORDER BY a.due_on, a.account_id, a.debt_id)
         ), chased AS MATERIALIZED (
         SELECT u.payer_id, u.step_id, u.account_id, u.debt_id, u.bill_id, u.currency, u.due_on, u.late_days,
                u.open_minor, u.chased_minor, n.code, n.kind, n.days,
                first_value(n.kind) OVER gravest AS letter, first_value(n.code) OVER gravest AS letter_code,
                row_number() OVER gravest AS place
           FROM uncovered u
           JOIN bill b ON b.account_id = u.account_id AND b.bill_id = u.bill_id
           LEFT JOIN LATERAL (
                SELECT max(t.days) AS days, bool_or(t.kind = 'reminder') AS is_reminded,
                       max(s.happened_on) FILTER (WHERE t.kind = 'notice') AS noticed_on
                  FROM dunning_step_debt t
                  JOIN dunning_step s ON s.account_id = t.account_id AND s.step_id = t.step_id
                 WHERE t.debt_account_id = u.account_id AND t.debt_id = u.debt_id
                   AND s.happened_on >= coalesce(u.reopened_on, '-infinity'::date)) h ON true
          CROSS JOIN LATERAL (
                SELECT l.code, l.kind, l.days
                  FROM ladder l
                 WHERE l.account_id = u.ladder_id AND l.days <= u.late_days
                   AND l.days > coalesce(h.days, -365)
                   AND CASE l.kind
                         WHEN 'courtesy' THEN u.late_days <= 0 AND b.term_grant_id IS NULL
                         WHEN 'reminder' THEN u.late_days > 0
                         WHEN 'notice' THEN u.late_days > 0 AND h.is_reminded
                         ELSE u.late_days > 0 AND b.kind <> 'claim' AND h.noticed_on + l.days - (
                              SELECT days FROM ladder WHERE account_id = u.ladder_id AND kind = 'notice'
                              ) <= %(on)s END
                 ORDER BY l.days DESC
                 LIMIT 1) n
          WHERE u.chased_minor > 0
         WINDOW gravest AS (PARTITION BY u.payer_id
                                ORDER BY array_position(ARRAY['courtesy', 'reminder', 'notice', 'suspension'],
                                                        n.kind) DESC, n.days DESC, u.debt_id
                                 ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
         )
"""

_TAKE: Final[LiteralString] = """
       , steps AS (
         INSERT INTO dunning_step (account_id, step_id, legal_entity_id, kind, code, happened_on)
         SELECT payer_id, step_id, %(legal_entity_id)s, letter, letter_code, %(on)s
           FROM chased
          WHERE place = 1
         ), debts AS (
         INSERT INTO dunning_step_debt (account_id, step_id, debt_account_id, debt_id, kind, code, days,
                late_days, open_minor, chased_minor)
         SELECT payer_id, step_id, account_id, debt_id, kind, code, days, late_days, open_minor, chased_minor
           FROM chased
         )
    SELECT letter AS kind, currency, count(*) FILTER (WHERE place = 1) AS payers, count(*) AS debts,
           sum(chased_minor)::bigint AS chased_minor
      FROM chased
     GROUP BY letter, currency
     ORDER BY letter, currency
"""

_SHOW: Final[LiteralString] = """
    SELECT payer_id, letter, account_id, debt_id, bill_id, currency, kind, code, days, late_days,
           open_minor::bigint AS open_minor, chased_minor::bigint AS chased_minor
      FROM chased
     ORDER BY payer_id, due_on, account_id, debt_id
"""

TAKE_STEPS: Final[LiteralString] = _CHASED + _TAKE

REHEARSE: Final[LiteralString] = _CHASED.replace("nextval('dunning_step_id')", "0::bigint") + _SHOW


@dataclass(frozen=True, slots=True)
class Tally:
    """Letters of one kind and their debts in one currency; a letter counts with its first currency."""

    kind: StepKind
    currency: Currency
    payers: int
    debts: int
    chased_minor: int


@dataclass(frozen=True, slots=True)
class StepDebt:
    """A debt that takes, or took, a step with a payer's letter."""

    payer_id: AccountId
    letter: StepKind
    account_id: AccountId
    debt_id: int
    bill_id: str
    currency: Currency
    kind: StepKind
    code: str
    days: int
    late_days: int
    open_minor: int
    chased_minor: int


@dataclass(frozen=True, slots=True)
class Chase:
    """Whose debts are looked at on which day, by which calendars; `own` are those of single payers."""

    legal_entity_id: LegalEntityId
    on: date
    calendar: Calendar
    own: Mapping[AccountId, Calendar]


def payers(tx: Transaction, chase: Chase, after: str, rows_max: int) -> list[AccountId]:
    """Return the next payers, in order, that have an open debt whose due date is near or past."""
    rows = tx.all(
        PAYERS, legal_entity_id=chase.legal_entity_id, after=after, due_to_on=_due_to(chase),
        rows_max=rows_max,
    )  # fmt: skip
    return [row.account_id for row in rows]


def hold(tx: Transaction, payer_ids: Sequence[AccountId]) -> None:
    """Hold the payers to the end of the transaction, in order."""
    tx.run(HOLD, payer_ids=list(payer_ids))


def take_steps(tx: Transaction, chase: Chase, payer_ids: Sequence[AccountId]) -> list[Tally]:
    """Write the steps that these payers' debts take today, and return how many; hold the payers before."""
    rows = tx.all(TAKE_STEPS, **_values(chase, payer_ids))
    return [Tally(StepKind(row.kind), Currency(row.currency), *row[2:]) for row in rows]


def rehearse(tx: Transaction, chase: Chase, payer_ids: Sequence[AccountId]) -> list[StepDebt]:
    """Return the steps that these payers' debts would take today; nothing is written."""
    return [step_debt(row) for row in tx.all(REHEARSE, **_values(chase, payer_ids))]


def step_debt(row: Any) -> StepDebt:
    """Return a row as what it is."""
    return StepDebt(**row._asdict() | {"kind": StepKind(row.kind), "letter": StepKind(row.letter)})


def _due_to(chase: Chase) -> date:
    calendars = (chase.calendar, *chase.own.values())
    earliest = min((step.days for each in calendars for step in each.steps), default=0)
    return date.fromordinal(chase.on.toordinal() - min(earliest, 0))


def _values(chase: Chase, payer_ids: Sequence[AccountId]) -> dict[str, object]:
    wanted = set(payer_ids)
    ladders = [("", chase.calendar), *((key, each) for key, each in chase.own.items() if key in wanted)]
    ladder = [
        {"account_id": account_id, "code": step.code, "kind": step.kind.value, "days": step.days}
        for account_id, calendar in ladders
        for step in calendar.steps
    ]
    return {
        "legal_entity_id": chase.legal_entity_id, "on": chase.on, "quiet": QUIET_DAYS,
        "due_to_on": _due_to(chase), "payer_ids": list(payer_ids), "ladder": Jsonb(ladder),
    }  # fmt: skip

"""Steps of dunning that were taken, with their debts, and what was done about each."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, LiteralString, NamedTuple

from acquit.core.dunning import StepKind
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.money import Currency
from acquit.store.transaction import Transaction

SOON: Final = timedelta(days=31)
"""A courtesy is at most so many days before the due date."""

WITHOUT: Final[LiteralString] = """
    SELECT s.account_id, s.step_id, s.legal_entity_id, s.kind, s.code, s.happened_on
      FROM dunning_step s
     WHERE s.legal_entity_id = %(legal_entity_id)s AND s.kind = ANY(%(kinds)s)
       AND s.happened_on > %(since_on)s
       AND NOT EXISTS (SELECT FROM dunning_effect e
                        WHERE e.account_id = s.account_id AND e.step_id = s.step_id AND e.effect = %(effect)s)
     ORDER BY s.step_id
     LIMIT %(rows_max)s
"""

SUSPENDED: Final[LiteralString] = """
    SELECT s.account_id, s.step_id, s.legal_entity_id, s.kind, s.code, s.happened_on
      FROM dunning_effect e
      JOIN dunning_step s ON s.account_id = e.account_id AND s.step_id = e.step_id
     WHERE s.legal_entity_id = %(legal_entity_id)s AND e.effect = 'suspended'
       AND NOT EXISTS (SELECT FROM dunning_effect r
                        WHERE r.account_id = e.account_id AND r.step_id = e.step_id AND r.effect = 'restored')
     ORDER BY s.step_id
"""

OF_PAYER: Final[LiteralString] = """
    SELECT account_id, step_id, legal_entity_id, kind, code, happened_on
      FROM dunning_step
     WHERE account_id = %(account_id)s
     ORDER BY happened_on DESC, step_id DESC
     LIMIT %(rows_max)s
"""

DEBTS: Final[LiteralString] = """
    SELECT t.account_id AS payer_id, t.step_id, t.debt_account_id AS account_id, t.debt_id, t.kind, t.code,
           t.open_minor, t.chased_minor, d.bill_id, d.currency, d.due_on, b.payment_reference,
           (d.amount_minor + coalesce((
             SELECT sum(effect_minor) FROM debt_operation
              WHERE account_id = d.account_id AND debt_id = d.debt_id), 0))::bigint AS still_minor,
           coalesce((
             SELECT sum(w.amount_minor) FROM debt_operation w
              WHERE w.account_id = d.account_id AND w.debt_id = d.debt_id AND w.kind = 'write-off'
                AND NOT EXISTS (SELECT FROM debt_operation u
                                 WHERE u.account_id = w.account_id AND u.debt_id = w.debt_id
                                   AND u.reverses_id = w.operation_id)), 0)::bigint AS lost_minor
      FROM unnest(%(payer_ids)s::text[], %(step_ids)s::bigint[]) AS asked(account_id, step_id)
      JOIN dunning_step_debt t ON t.account_id = asked.account_id AND t.step_id = asked.step_id
      JOIN debt d ON d.account_id = t.debt_account_id AND d.debt_id = t.debt_id
      JOIN bill b ON b.account_id = d.account_id AND b.bill_id = d.bill_id
     ORDER BY d.due_on, d.account_id, d.debt_id
"""

LATE: Final[LiteralString] = """
    SELECT d.account_id, d.debt_id, d.bill_id, d.currency, d.due_on, b.payment_reference,
           d.open_minor
      FROM open_debt d
      JOIN bill b ON b.account_id = d.account_id AND b.bill_id = d.bill_id
     WHERE d.payer_id = %(payer_id)s AND d.due_on < %(due_before_on)s AND d.open_minor > 0
     ORDER BY d.due_on, d.account_id, d.debt_id
     LIMIT %(rows_max)s
"""

EFFECTS: Final[LiteralString] = """
    SELECT step_id, effect, told, happened_on
      FROM dunning_effect
     WHERE account_id = %(account_id)s AND step_id = ANY(%(step_ids)s)
     ORDER BY recorded_at
"""

RECORD: Final[LiteralString] = """
    INSERT INTO dunning_effect (account_id, step_id, effect, told, happened_on)
    VALUES (%(account_id)s, %(step_id)s, %(effect)s, %(told)s, %(happened_on)s)
        ON CONFLICT (account_id, step_id, effect) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that a payer's letter took."""

    account_id: AccountId
    step_id: int
    legal_entity_id: LegalEntityId
    kind: StepKind
    code: str
    happened_on: date


@dataclass(frozen=True, slots=True)
class TakenDebt:
    """A debt of such a letter: what was asked for, what is still open now, and what was given up."""

    account_id: AccountId
    debt_id: int
    kind: StepKind
    code: str
    open_minor: int
    chased_minor: int
    bill_id: str
    currency: Currency
    due_on: date
    payment_reference: str
    still_minor: int
    lost_minor: int

    @property
    def is_paid(self) -> bool:
        """Whether nothing is open, and what was asked for was not simply given up."""
        return self.still_minor == 0 and self.lost_minor < self.chased_minor


@dataclass(frozen=True, slots=True)
class Effect:
    """What was done about a step."""

    step_id: int
    effect: str
    told: str
    happened_on: date


class LateDebt(NamedTuple):
    """A debt that is open and due."""

    account_id: AccountId
    debt_id: int
    bill_id: str
    currency: Currency
    due_on: date
    payment_reference: str
    open_minor: int


def without(
    tx: Transaction,
    legal_entity_id: LegalEntityId,
    effect: str,
    kinds: Sequence[StepKind],
    since_on: date,
    rows_max: int,
) -> list[Taken]:
    """Return the oldest steps of these kinds since a day that lack the effect."""
    rows = tx.all(
        WITHOUT, legal_entity_id=legal_entity_id, effect=effect, kinds=[kind.value for kind in kinds],
        since_on=since_on, rows_max=rows_max,
    )  # fmt: skip
    return [_taken(row) for row in rows]


def suspended(tx: Transaction, legal_entity_id: LegalEntityId) -> list[Taken]:
    """Return the steps whose suspensions were not lifted yet."""
    return [_taken(row) for row in tx.all(SUSPENDED, legal_entity_id=legal_entity_id)]


def of_payer(tx: Transaction, payer_id: AccountId, rows_max: int | None = None) -> list[Taken]:
    """Return the steps of a payer, newest first."""
    return [_taken(row) for row in tx.all(OF_PAYER, account_id=payer_id, rows_max=rows_max)]


def debts_of(tx: Transaction, steps: Sequence[Taken]) -> dict[int, list[TakenDebt]]:
    """Return the debts of each step, oldest first."""
    rows = tx.all(
        DEBTS,
        payer_ids=[step.account_id for step in steps],
        step_ids=[step.step_id for step in steps],
    )
    found: dict[int, list[TakenDebt]] = defaultdict(list)
    for row in rows:
        found[row.step_id].append(TakenDebt(row.account_id, row.debt_id, StepKind(row.kind), *row[5:]))
    return found


def late_of(tx: Transaction, payer_id: AccountId, on: date, rows_max: int | None = None) -> list[LateDebt]:
    """Return what of the payer's debts is open and due soon or past due, oldest first."""
    rows = tx.all(LATE, payer_id=payer_id, due_before_on=on + SOON, rows_max=rows_max)
    return [LateDebt(*row) for row in rows]


def effects_of(tx: Transaction, payer_id: AccountId, steps: Sequence[Taken]) -> list[Effect]:
    """Return what was done about these steps of the payer, in order."""
    rows = tx.all(EFFECTS, account_id=payer_id, step_ids=[step.step_id for step in steps])
    return [Effect(*row) for row in rows]


def record(tx: Transaction, step: Taken, effect: str, told: str, on: date) -> bool:
    """Write what was done about a step, once; return whether it was not written before."""
    return (
        tx.run(
            RECORD, account_id=step.account_id, step_id=step.step_id, effect=effect, told=told, happened_on=on
        )
        == 1
    )


def _taken(row: Any) -> Taken:
    return Taken(**row._asdict() | {"kind": StepKind(row.kind)})

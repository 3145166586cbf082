"""Who was chased last, page by page: letters of a seller, the latest first, with what was asked and done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, LiteralString

from acquit.core.dunning import StepKind
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.store.transaction import Transaction

LATEST: Final[LiteralString] = """
    SELECT s.account_id, s.step_id, s.kind, s.code, s.happened_on, n.name,
           coalesce((SELECT jsonb_object_agg(t.currency, t.asked)
                       FROM (SELECT d.currency, sum(c.chased_minor) AS asked
                               FROM dunning_step_debt c
                               JOIN debt d ON d.account_id = c.debt_account_id AND d.debt_id = c.debt_id
                              WHERE c.account_id = s.account_id AND c.step_id = s.step_id
                              GROUP BY d.currency) t), '{}') AS asked,
           ARRAY(SELECT e.effect FROM dunning_effect e
                  WHERE e.account_id = s.account_id AND e.step_id = s.step_id
                  ORDER BY e.recorded_at) AS effects
      FROM (SELECT account_id, step_id, kind, code, happened_on
              FROM dunning_step
             WHERE legal_entity_id = %(legal_entity_id)s
               AND (happened_on, account_id, step_id)
                   < (%(before_on)s, %(before_account)s, %(before_step)s)
               AND kind = coalesce(%(kind)s, kind)
             ORDER BY happened_on DESC, account_id DESC, step_id DESC
             LIMIT %(rows_max)s) s
      JOIN account a ON a.account_id = s.account_id
      LEFT JOIN LATERAL (SELECT p.name
                           FROM legal_party p
                          WHERE p.legal_party_id = a.legal_party_id
                          ORDER BY p.from_on DESC
                          LIMIT 1) n ON true
     ORDER BY s.happened_on DESC, s.account_id DESC, s.step_id DESC
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A row of the list, from which it goes on."""

    on: date = date.max
    account_id: str = "~"
    step_id: int = 2**62


@dataclass(frozen=True, slots=True)
class Written:
    """A letter to a payer: which step, what was asked for per currency, and what was done about it."""

    account_id: AccountId
    step_id: int
    kind: StepKind
    code: str
    happened_on: date
    name: str
    asked: dict[str, int]
    effects: tuple[str, ...]


def latest(
    tx: Transaction, legal_entity_id: LegalEntityId, kind: StepKind | None, before: Place, rows_max: int
) -> Sequence[Written]:
    """Return the latest letters of the seller, those before a row; of one kind, or of all."""
    rows = tx.all(
        LATEST,
        legal_entity_id=legal_entity_id, kind=kind, before_on=before.on, before_account=before.account_id,
        before_step=before.step_id, rows_max=rows_max,
    )  # fmt: skip
    return [
        Written(
            row.account_id, row.step_id, StepKind(row.kind), row.code, row.happened_on, row.name or "",
            row.asked, tuple(row.effects),
        )
        for row in rows
    ]  # fmt: skip

"""Uses of promotions: facts, how many units were sold at each reduced price."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final, LiteralString

from acquit.core.identifiers import AccountId, LegalEntityId, ServiceId
from acquit.store.transaction import Transaction

HOLD: Final[LiteralString] = """
    SELECT pg_advisory_xact_lock(hashtextextended(%(legal_entity_id)s || ' promotion ' || name, 0))
      FROM unnest(%(names)s::text[]) AS name
     ORDER BY name
"""

USED: Final[LiteralString] = """
    SELECT u.plan_code, u.name, sum(u.quantity)::bigint AS overall,
           coalesce(sum(u.quantity) FILTER (WHERE u.account_id = %(account_id)s), 0)::bigint AS account
      FROM promotion_use u
     WHERE u.legal_entity_id = %(legal_entity_id)s AND u.plan_code = ANY(%(plan_codes)s)
       AND u.name = ANY(%(names)s)
     GROUP BY u.plan_code, u.name
"""


IS_PROMOTED: Final[LiteralString] = """
    WITH RECURSIVE once AS (
         SELECT %(account_id)s::text COLLATE "C" AS account_id,
                unnest(%(service_ids)s::bigint[]) AS service_id
          UNION
         SELECT m.account_id, m.service_id
           FROM once o
           JOIN service_move m ON m.to_account_id = o.account_id AND m.to_service_id = o.service_id
         )
    SELECT EXISTS (SELECT
                     FROM promotion_use u
                     JOIN once o ON o.account_id = u.account_id AND o.service_id = u.service_id) AS there
"""


def hold(tx: Transaction, legal_entity_id: LegalEntityId, names: Iterable[str]) -> None:
    """Hold limited promotions until the transaction ends: two sales cannot both have the last unit."""
    tx.all(HOLD, legal_entity_id=legal_entity_id, names=sorted(set(names)))


def used(
    tx: Transaction,
    legal_entity_id: LegalEntityId,
    account_id: AccountId,
    plan_codes: Sequence[str],
    names: Iterable[str],
) -> Mapping[tuple[str, str], tuple[int, int]]:
    """Return, by plan code and promotion, how many units the account and all accounts have had."""
    rows = tx.all(
        USED,
        legal_entity_id=legal_entity_id,
        account_id=account_id,
        plan_codes=list(plan_codes),
        names=sorted(set(names)),
    )
    return {(row.plan_code, row.name): (row.account, row.overall) for row in rows}


def is_promoted(tx: Transaction, account_id: AccountId, service_ids: Sequence[ServiceId]) -> bool:
    """Whether units of the services were sold in a promotion, to the account or one that had them before."""
    return bool(tx.one(IS_PROMOTED, account_id=account_id, service_ids=list(service_ids)).there)


def add(
    tx: Transaction,
    legal_entity_id: LegalEntityId,
    account_id: AccountId,
    used_by: Mapping[tuple[ServiceId, str, str], int],
    on: date,
) -> None:
    """Write how many units of each service were sold in which promotion."""
    if used_by:
        tx.copy(
            "promotion_use",
            ("account_id", "service_id", "plan_code", "name", "legal_entity_id", "quantity", "used_on"),
            (
                (account_id, service_id, plan_code, name, legal_entity_id, quantity, on)
                for (service_id, plan_code, name), quantity in used_by.items()
            ),
        )

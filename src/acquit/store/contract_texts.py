"""Contract texts of sellers and the acceptances of accounts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, LiteralString

from acquit.core.contract_text import ContractText, Presented
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.store.transaction import Transaction

PUBLISH: Final[LiteralString] = """
    INSERT INTO contract_text (legal_entity_id, account_id, name, from_on, said, paper_sha256, published_by)
    VALUES (%(legal_entity_id)s, %(account_id)s, %(name)s, %(from_on)s, %(said)s, %(paper_sha256)s, %(by)s)
        ON CONFLICT DO NOTHING
    RETURNING contract_text_id, legal_entity_id, account_id, name, from_on, said, paper_sha256, published_at
"""

FIND: Final[LiteralString] = """
    SELECT contract_text_id, legal_entity_id, account_id, name, from_on, said, paper_sha256, published_at
      FROM contract_text
     WHERE contract_text_id = %(contract_text_id)s
"""

OF_SELLER: Final[LiteralString] = """
    SELECT t.contract_text_id, t.legal_entity_id, t.account_id, t.name, t.from_on, t.said, t.paper_sha256,
           t.published_at,
           lead(t.from_on) OVER (PARTITION BY t.account_id, t.name ORDER BY t.from_on) AS until_on,
           (SELECT count(*) FROM acceptance c WHERE c.contract_text_id = t.contract_text_id) AS accepted
      FROM contract_text t
     WHERE t.legal_entity_id = %(legal_entity_id)s
     ORDER BY t.contract_text_id
"""

HOLDING: Final[LiteralString] = """
    SELECT DISTINCT ON (name) contract_text_id, legal_entity_id, account_id, name, from_on, said,
           paper_sha256, published_at
      FROM contract_text
     WHERE legal_entity_id = %(legal_entity_id)s AND account_id IS NULL AND from_on <= %(on)s
     ORDER BY name, from_on DESC
"""

PRESENTED: Final[LiteralString] = """
    WITH version AS (
        SELECT t.contract_text_id, t.legal_entity_id, t.account_id, t.name, t.from_on, t.said,
               t.paper_sha256, t.published_at, a.opened_at,
               lead(t.from_on) OVER (PARTITION BY t.account_id, t.name ORDER BY t.from_on) AS until_on
          FROM account a
          JOIN contract_text t ON t.legal_entity_id = a.legal_entity_id
         WHERE a.account_id = %(account_id)s AND (t.account_id IS NULL OR t.account_id = a.account_id)
           AND t.from_on <= %(on)s
    )
    SELECT v.contract_text_id, v.legal_entity_id, v.account_id, v.name, v.from_on, v.said, v.paper_sha256,
           v.published_at, v.until_on, c.accepted_at, c.accepted_by
      FROM version v
      LEFT JOIN acceptance c ON c.account_id = %(account_id)s AND c.contract_text_id = v.contract_text_id
     WHERE c.accepted_at IS NOT NULL OR v.until_on IS NULL OR v.until_on > v.opened_at
     ORDER BY v.contract_text_id
"""

ACCEPT: Final[LiteralString] = """
    INSERT INTO acceptance (account_id, contract_text_id, accepted_by, accepted_at)
    VALUES (%(account_id)s, %(contract_text_id)s, %(by)s, %(at)s)
        ON CONFLICT DO NOTHING
"""

ACCEPTANCES: Final[LiteralString] = """
    SELECT account_id, accepted_by, accepted_at
      FROM acceptance
     WHERE contract_text_id = %(contract_text_id)s
     ORDER BY account_id
"""


@dataclass(frozen=True, slots=True)
class Published:
    """A version, the first day of the one after it, and how many accounts accepted it."""

    text: ContractText
    until_on: date | None
    accepted: int


@dataclass(frozen=True, slots=True)
class Acceptance:
    """An account's yes."""

    account_id: AccountId
    accepted_by: str
    accepted_at: datetime


def publish(
    tx: Transaction,
    legal_entity_id: LegalEntityId,
    account_id: AccountId | None,
    name: str,
    from_on: date,
    said: str,
    paper_sha256: str,
    by: str,
) -> ContractText | None:
    """Write a version; None when one of that name begins on that day."""
    row = tx.one_or_none(
        PUBLISH, legal_entity_id=legal_entity_id, account_id=account_id, name=name, from_on=from_on,
        said=said, paper_sha256=paper_sha256, by=by,
    )  # fmt: skip
    return None if row is None else _text(row)


def find(tx: Transaction, contract_text_id: int) -> ContractText | None:
    """Return the version, whoever it is for, or None."""
    row = tx.one_or_none(FIND, contract_text_id=contract_text_id)
    return None if row is None else _text(row)


def of_seller(tx: Transaction, legal_entity_id: LegalEntityId) -> list[Published]:
    """Return every version that the seller published, in the order of publication."""
    rows = tx.all(OF_SELLER, legal_entity_id=legal_entity_id)
    return [Published(_text(row), row.until_on, int(row.accepted)) for row in rows]


def holding(tx: Transaction, legal_entity_id: LegalEntityId, on: date) -> Sequence[ContractText]:
    """Return what holds on the day for every account of the seller, by name."""
    return [_text(row) for row in tx.all(HOLDING, legal_entity_id=legal_entity_id, on=on)]


def presented(tx: Transaction, account_id: AccountId, on: date) -> list[Presented]:
    """Return what the account is or was asked to accept, as of a day.

    What a newer version overtook before the account was opened is left out.
    """
    return [
        Presented(_text(row), row.until_on, row.accepted_at, row.accepted_by)
        for row in tx.all(PRESENTED, account_id=account_id, on=on)
    ]


def accept(tx: Transaction, account_id: AccountId, contract_text_id: int, by: str, at: datetime) -> bool:
    """Write the account's yes; False when it had said it."""
    return tx.run(ACCEPT, account_id=account_id, contract_text_id=contract_text_id, by=by, at=at) == 1


def acceptances(tx: Transaction, contract_text_id: int) -> list[Acceptance]:
    """Return who accepted the version."""
    return [
        Acceptance(AccountId(row.account_id), row.accepted_by, row.accepted_at)
        for row in tx.all(ACCEPTANCES, contract_text_id=contract_text_id)
    ]


def _text(row: Any) -> ContractText:
    return ContractText(
        int(row.contract_text_id),
        LegalEntityId(row.legal_entity_id),
        None if row.account_id is None else AccountId(row.account_id),
        row.name,
        row.from_on,
        row.said,
        row.paper_sha256,
        row.published_at,
    )

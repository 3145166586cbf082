"""Charts of accounts and VAT rates: what a legal entity starts with."""

from collections.abc import Mapping
from typing import Final, LiteralString

from acquit.core.identifiers import LegalEntityId
from acquit.core.journal import Role
from acquit.core.set_up import LedgerAccount
from acquit.core.tax import Rates
from acquit.store.transaction import Transaction

INSERT_LEDGER: Final[LiteralString] = """
    INSERT INTO ledger_account (legal_entity_id, role, number, name)
    VALUES (%(legal_entity_id)s, %(role)s, %(number)s, %(name)s)
"""

INSERT_RATE: Final[LiteralString] = """
    INSERT INTO vat_rate (country, from_on, rate_bp)
    VALUES (%(country)s, %(from_on)s, %(rate_bp)s)
        ON CONFLICT (country, from_on) DO NOTHING
"""

COPY_CHART: Final[LiteralString] = """
    INSERT INTO ledger_account (legal_entity_id, role, number, name)
    SELECT %(to_entity)s, role, number, name FROM ledger_account WHERE legal_entity_id = %(from_entity)s
"""


def insert_chart(
    tx: Transaction, legal_entity_id: LegalEntityId, chart: Mapping[Role, LedgerAccount]
) -> None:
    """Write which ledger account plays which role for a new legal entity."""
    for role, ledger in chart.items():
        tx.run(
            INSERT_LEDGER,
            legal_entity_id=legal_entity_id,
            role=role.value,
            number=ledger.number,
            name=ledger.name,
        )


def copy_chart(tx: Transaction, from_entity: LegalEntityId, to_entity: LegalEntityId) -> None:
    """Give a legal entity the chart of another."""
    tx.run(COPY_CHART, from_entity=from_entity, to_entity=to_entity)


def add_rates(tx: Transaction, rates: Rates) -> int:
    """Write the rates that are not there yet and return how many; a rate that is there stays."""
    return sum(
        tx.run(INSERT_RATE, country=country, from_on=from_on, rate_bp=rate_bp)
        for country, dated in rates.items()
        for from_on, rate_bp in dated
    )


CHART: Final[LiteralString] = """
    SELECT role, number, name
      FROM ledger_account
     WHERE legal_entity_id = %(legal_entity_id)s
     ORDER BY number, role
"""

IS_POSTED: Final[LiteralString] = """
    SELECT EXISTS (SELECT FROM account a
                     JOIN posting p ON p.account_id = a.account_id AND p.ledger = l.number
                    WHERE a.legal_entity_id = l.legal_entity_id) AS posted
      FROM ledger_account l
     WHERE l.legal_entity_id = %(legal_entity_id)s AND l.role = %(role)s
"""

SET_LEDGER: Final[LiteralString] = """
    INSERT INTO ledger_account (legal_entity_id, role, number, name)
    VALUES (%(legal_entity_id)s, %(role)s, %(number)s, %(name)s)
        ON CONFLICT (legal_entity_id, role) DO UPDATE SET number = excluded.number, name = excluded.name
"""


def chart_of(tx: Transaction, legal_entity_id: LegalEntityId) -> dict[str, LedgerAccount]:
    """Return which ledger account plays which role, in the order of their numbers."""
    rows = tx.all(CHART, legal_entity_id=legal_entity_id)
    return {row.role: LedgerAccount(row.number, row.name) for row in rows}


def is_posted(tx: Transaction, legal_entity_id: LegalEntityId, role: str) -> bool:
    """Whether anything was ever posted on the ledger account that plays the role."""
    row = tx.one_or_none(IS_POSTED, legal_entity_id=legal_entity_id, role=role)
    return row is not None and bool(row.posted)


def set_ledger(tx: Transaction, legal_entity_id: LegalEntityId, role: str, ledger: LedgerAccount) -> None:
    """Let this ledger account play the role from now on."""
    tx.run(SET_LEDGER, legal_entity_id=legal_entity_id, role=role, number=ledger.number, name=ledger.name)

"""What is set about banks and payers: own accounts, limits, known and virtual IBANs, groups of payers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, LiteralString

from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.store.transaction import Transaction

SHORT_TOLERANCE_MINOR: Final = 100
"""What may be missing for a write-off to be proposed, where nothing is set."""

ADD_ACCOUNT: Final[LiteralString] = """
    INSERT INTO bank_account (iban, legal_entity_id, name, added_by)
    VALUES (%(iban)s, %(legal_entity_id)s, %(name)s, %(added_by)s)
        ON CONFLICT (iban) DO NOTHING
"""

ACCOUNTS: Final[LiteralString] = """
    SELECT iban, name FROM bank_account WHERE legal_entity_id = %(legal_entity_id)s
     UNION
    SELECT iban, bank_name FROM legal_entity WHERE legal_entity_id = %(legal_entity_id)s AND iban <> ''
     ORDER BY iban
"""

FIND: Final[LiteralString] = """
    SELECT approval_above_minor, short_tolerance_minor
      FROM bank_setting
     WHERE legal_entity_id = %(legal_entity_id)s
"""

SET: Final[LiteralString] = """
    INSERT INTO bank_setting (legal_entity_id, approval_above_minor, short_tolerance_minor, set_by)
    VALUES (%(legal_entity_id)s, %(approval_above_minor)s, %(short_tolerance_minor)s, %(set_by)s)
        ON CONFLICT (legal_entity_id) DO UPDATE
       SET approval_above_minor = excluded.approval_above_minor,
           short_tolerance_minor = excluded.short_tolerance_minor, set_by = excluded.set_by,
           set_at = instant()
"""

SUSPENSE: Final[LiteralString] = """
    SELECT account_id FROM suspense_account WHERE legal_entity_id = %(legal_entity_id)s
"""

ADD_SUSPENSE: Final[LiteralString] = """
    INSERT INTO suspense_account (legal_entity_id, account_id) VALUES (%(legal_entity_id)s, %(account_id)s)
"""

LEARN: Final[LiteralString] = """
    INSERT INTO payer_iban (legal_entity_id, iban, account_id, match_no, learned_by)
    VALUES (%(legal_entity_id)s, %(iban)s, %(account_id)s, %(match_no)s, %(learned_by)s)
        ON CONFLICT (legal_entity_id, iban, account_id) DO NOTHING
"""

FORGET: Final[LiteralString] = """
    DELETE FROM payer_iban WHERE legal_entity_id = %(legal_entity_id)s AND match_no = %(match_no)s
"""

ADD_VIRTUAL: Final[LiteralString] = """
    INSERT INTO virtual_iban (iban, legal_entity_id, account_id, given_by)
    VALUES (%(iban)s, %(legal_entity_id)s, %(account_id)s, %(given_by)s)
        ON CONFLICT (iban) DO NOTHING
"""

JOIN_GROUP: Final[LiteralString] = """
    INSERT INTO payer_group (legal_entity_id, name, account_id, added_by)
    VALUES (%(legal_entity_id)s, %(name)s, %(account_id)s, %(added_by)s)
        ON CONFLICT (legal_entity_id, name, account_id) DO NOTHING
"""

PAYERS: Final[LiteralString] = """
    SELECT 'known' AS kind, iban AS name, account_id, learned_by AS by
      FROM payer_iban
     WHERE legal_entity_id = %(legal_entity_id)s
     UNION ALL
    SELECT 'virtual', iban, account_id, given_by FROM virtual_iban WHERE legal_entity_id = %(legal_entity_id)s
     UNION ALL
    SELECT 'group', name, account_id, added_by FROM payer_group WHERE legal_entity_id = %(legal_entity_id)s
     ORDER BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """Above which amount a second operator approves (None: never), and what may be missing."""

    approval_above_minor: int | None = None
    short_tolerance_minor: int = SHORT_TOLERANCE_MINOR


def add_account(tx: Transaction, legal_entity_id: LegalEntityId, iban: str, name: str, by: str) -> bool:
    """Write an account at a bank; return whether it was not known."""
    return tx.run(ADD_ACCOUNT, iban=iban, legal_entity_id=legal_entity_id, name=name, added_by=by) == 1


def accounts(tx: Transaction, legal_entity_id: LegalEntityId) -> Sequence[Any]:
    """Return the legal entity's accounts at banks, with their names."""
    return tx.all(ACCOUNTS, legal_entity_id=legal_entity_id)


def limits(tx: Transaction, legal_entity_id: LegalEntityId) -> Limits:
    """Return the limits of the legal entity, the defaults where none are set."""
    row = tx.one_or_none(FIND, legal_entity_id=legal_entity_id)
    return Limits() if row is None else Limits(*row)


def set_limits(tx: Transaction, legal_entity_id: LegalEntityId, limits: Limits, by: str) -> None:
    """Write the limits of the legal entity."""
    tx.run(
        SET, legal_entity_id=legal_entity_id, approval_above_minor=limits.approval_above_minor,
        short_tolerance_minor=limits.short_tolerance_minor, set_by=by,
    )  # fmt: skip


def suspense_account(tx: Transaction, legal_entity_id: LegalEntityId) -> AccountId | None:
    """Return the account in whose chain unknown money is booked, or None before there was any."""
    row = tx.one_or_none(SUSPENSE, legal_entity_id=legal_entity_id)
    return None if row is None else AccountId(row.account_id)


def add_suspense_account(tx: Transaction, legal_entity_id: LegalEntityId, account_id: AccountId) -> None:
    """Write in whose chain unknown money is booked."""
    tx.run(ADD_SUSPENSE, legal_entity_id=legal_entity_id, account_id=account_id)


def learn(
    tx: Transaction,
    legal_entity_id: LegalEntityId,
    iban: str,
    account_id: AccountId,
    by: str,
    match_no: int | None = None,
) -> bool:
    """Know that the payer pays from this IBAN; return whether that is news."""
    touched = tx.run(
        LEARN, legal_entity_id=legal_entity_id, iban=iban, account_id=account_id, match_no=match_no,
        learned_by=by,
    )  # fmt: skip
    return touched == 1


def forget(tx: Transaction, legal_entity_id: LegalEntityId, match_no: int) -> int:
    """Know no longer what a match had taught; return how many IBANs that were."""
    return tx.run(FORGET, legal_entity_id=legal_entity_id, match_no=match_no)


def add_virtual_iban(
    tx: Transaction, legal_entity_id: LegalEntityId, iban: str, account_id: AccountId, by: str
) -> bool:
    """Give a payer an account number of its own; return whether it was free."""
    touched = tx.run(
        ADD_VIRTUAL, iban=iban, legal_entity_id=legal_entity_id, account_id=account_id, given_by=by
    )
    return touched == 1


def join_group(
    tx: Transaction, legal_entity_id: LegalEntityId, name: str, account_id: AccountId, by: str
) -> None:
    """Let a payer be one of a group that pays for one another."""
    tx.run(JOIN_GROUP, legal_entity_id=legal_entity_id, name=name, account_id=account_id, added_by=by)


def payers(tx: Transaction, legal_entity_id: LegalEntityId) -> Sequence[Any]:
    """Return every known IBAN, virtual IBAN and member of a group."""
    return tx.all(PAYERS, legal_entity_id=legal_entity_id)

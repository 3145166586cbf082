"""Families: who shares a bill from when on, and what of a shared bill is of whom."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, LiteralString

from acquit.core.account import AccountState
from acquit.core.identifiers import AccountId, BillId
from acquit.core.money import Currency
from acquit.core.shared_bill import Relative
from acquit.store.transaction import Transaction

SHARING: Final[LiteralString] = """
    SELECT account_id
      FROM (SELECT DISTINCT ON (account_id) account_id, is_shared
              FROM bill_sharing
             WHERE account_id = ANY(string_to_array(%(account_ids)s, ' ')) AND from_on <= %(on)s
             ORDER BY account_id, from_on DESC, sharing_no DESC) latest
     WHERE is_shared
"""

SETTINGS: Final[LiteralString] = """
    SELECT from_on, is_shared, set_by, set_at
      FROM bill_sharing
     WHERE account_id = %(account_id)s
     ORDER BY from_on, sharing_no
"""

ADD_SETTING: Final[LiteralString] = """
    INSERT INTO bill_sharing (account_id, from_on, is_shared, set_by)
    VALUES (%(account_id)s, %(from_on)s, %(is_shared)s, %(set_by)s)
"""

RELATIVES: Final[LiteralString] = """
    SELECT a.account_id, coalesce(nullif(a.description, ''), a.account_id) AS name, a.state, a.currency,
           p.currency AS parents_currency, a.payer_id = p.account_id AS is_paid_by_parent,
           coalesce(a.legal_party_id, p.legal_party_id) IS NOT DISTINCT FROM p.legal_party_id
             AS has_parents_party
      FROM account a
      JOIN account p ON p.account_id = a.parent_id
     WHERE a.parent_id = %(parent_id)s
     ORDER BY a.sub_account_no
"""

STATEMENT: Final[LiteralString] = """
    SELECT s.account_id, s.bill_id, b.kind, b.issued_on, b.currency, s.net_minor, s.tax_minor
      FROM bill_slice s
      JOIN bill b ON b.account_id = s.account_id AND b.bill_id = s.bill_id
     WHERE s.owner_id = %(owner_id)s AND b.issued_on BETWEEN %(first_on)s AND %(last_on)s
     ORDER BY b.issued_on, s.bill_id
"""

RECENT: Final[LiteralString] = """
    SELECT s.account_id, s.bill_id, b.kind, b.issued_on, b.currency, s.net_minor, s.tax_minor
      FROM bill_slice s
      JOIN bill b ON b.account_id = s.account_id AND b.bill_id = s.bill_id
     WHERE s.owner_id = %(owner_id)s AND s.account_id <> s.owner_id
     ORDER BY b.issued_on DESC, s.bill_id DESC
     LIMIT %(rows_max)s
"""

LINES: Final[LiteralString] = """
    SELECT domain, description, period_start, period_end, quantity_e4, net_minor
      FROM bill_detail
     WHERE account_id = %(account_id)s AND bill_id = %(bill_id)s
       AND coalesce(owner_id, account_id) = %(owner_id)s
     ORDER BY detail_no
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """From a day on a parent shares its bill with its sub-accounts, or no longer."""

    from_on: date
    is_shared: bool
    set_by: str


@dataclass(frozen=True, slots=True)
class SliceLine:
    """One line of a slice."""

    domain: str
    description: str
    period_start: date
    period_end: date
    quantity_e4: int
    net_minor: int


@dataclass(frozen=True, slots=True)
class SharedPart:
    """What of one shared document is an account's; a credit note's amounts are what it takes back."""

    account_id: AccountId
    bill_id: BillId
    kind: str
    issued_on: date
    currency: Currency
    net_minor: int
    tax_minor: int
    lines: tuple[SliceLine, ...] = ()


def sharing(tx: Transaction, account_ids: Iterable[AccountId], on: date) -> set[AccountId]:
    """Return those of the accounts that share their bill on that day."""
    rows = tx.all(SHARING, account_ids=" ".join(account_ids), on=on)
    return {AccountId(row.account_id) for row in rows}


def settings(tx: Transaction, account_id: AccountId) -> list[Setting]:
    """Return when the account began to share its bill and when it ceased, oldest first."""
    rows = tx.all(SETTINGS, account_id=account_id)
    return [Setting(row.from_on, row.is_shared, row.set_by) for row in rows]


def add_setting(tx: Transaction, account_id: AccountId, from_on: date, is_shared: bool, set_by: str) -> None:
    """Write that the account shares its bill from that day on, or no longer."""
    tx.run(ADD_SETTING, account_id=account_id, from_on=from_on, is_shared=is_shared, set_by=set_by)


def relatives(tx: Transaction, parent_id: AccountId) -> list[Relative]:
    """Return the sub-accounts as the question who may share looks at them."""
    return [
        Relative(
            AccountId(row.account_id),
            row.name,
            row.is_paid_by_parent,
            row.has_parents_party,
            row.currency == row.parents_currency,
            row.state == AccountState.CLOSED,
        )
        for row in tx.all(RELATIVES, parent_id=parent_id)
    ]


def statement(tx: Transaction, owner_id: AccountId, first_on: date, last_on: date) -> list[SharedPart]:
    """Return the account's parts of shared documents of these days, both included, with their lines."""
    rows = tx.all(STATEMENT, owner_id=owner_id, first_on=first_on, last_on=last_on)
    return [
        SharedPart(**row._asdict(), lines=_lines(tx, owner_id, row.account_id, row.bill_id)) for row in rows
    ]


def recent_parts(tx: Transaction, owner_id: AccountId, rows_max: int = 12) -> list[SharedPart]:
    """Return the account's latest parts of its parent's shared documents, newest first, without lines."""
    return [SharedPart(*row) for row in tx.all(RECENT, owner_id=owner_id, rows_max=rows_max)]


def _lines(tx: Transaction, owner_id: AccountId, account_id: str, bill_id: str) -> tuple[SliceLine, ...]:
    rows: Sequence[object] = tx.all(LINES, owner_id=owner_id, account_id=account_id, bill_id=bill_id)
    return tuple(SliceLine(*row) for row in rows)  # type: ignore[misc]

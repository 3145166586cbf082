"""Accounts and their tags. Locks: a payer first, then the accounts that it pays for, in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

from psycopg.types.json import Jsonb

from acquit.core.account import Account, AccountState, SupportLevel
from acquit.core.identifiers import AccountId, LegalEntityId, LegalPartyId
from acquit.core.money import Currency
from acquit.core.purchase_order import Policy
from acquit.store.transaction import Transaction

_ACCOUNTS: Final[LiteralString] = """
    SELECT a.account_id, a.legal_entity_id, a.payer_id, a.currency, a.opened_at, a.parent_id,
           a.sub_account_no, a.legal_party_id, a.description, a.support_level, a.state, a.language,
           a.given_name, a.family_name, a.email, a.spare_email, a.phone, a.wire_members, a.order_policy,
           a.hold_days_max, a.cost_account, a.contract,
           ARRAY(SELECT t.tag FROM account_tag t
                  WHERE t.account_id = a.account_id AND t.status = 'validated'
                    AND (t.expires_at IS NULL OR t.expires_at > now())) AS tags
      FROM account a
"""

FIND: Final[LiteralString] = _ACCOUNTS + "WHERE a.account_id = %(account_id)s"

FIND_SUB_ACCOUNT: Final[LiteralString] = (
    _ACCOUNTS + "WHERE a.parent_id = %(parent_id)s AND a.sub_account_no = %(sub_account_no)s"
)

FIND_SEVERAL: Final[LiteralString] = (
    _ACCOUNTS + "WHERE a.account_id = ANY(%(account_ids)s) ORDER BY a.account_id"
)

OF_PARENT: Final[LiteralString] = _ACCOUNTS + "WHERE a.parent_id = %(parent_id)s ORDER BY a.sub_account_no"

PAGE_OF_PARENT: Final[LiteralString] = (
    _ACCOUNTS
    + """
     WHERE a.parent_id = %(parent_id)s AND a.sub_account_no > %(after_no)s
     ORDER BY a.sub_account_no
     LIMIT %(rows_max)s
"""
)

EVERY: Final[LiteralString] = (
    _ACCOUNTS
    + """
     WHERE a.account_id > %(after)s
     ORDER BY a.account_id
     LIMIT %(rows_max)s
"""
)

LOCK: Final[LiteralString] = """
    SELECT account_id
      FROM account
     WHERE account_id = ANY(%(account_ids)s)
     ORDER BY account_id
       FOR NO KEY UPDATE
"""

EXISTS: Final[LiteralString] = """
    SELECT EXISTS (SELECT FROM account WHERE account_id = %(account_id)s) AS there
"""

HAS_SUB_ACCOUNTS: Final[LiteralString] = """
    SELECT EXISTS (
           SELECT FROM account WHERE parent_id = %(account_id)s AND state <> 'closed') AS there
"""

NEXT_NUMBER: Final[LiteralString] = "SELECT nextval('account_no') AS number"
NEXT_SUB_ACCOUNT_NO: Final[LiteralString] = "SELECT nextval('sub_account_no') AS number"

INSERT: Final[LiteralString] = """
    INSERT INTO account (account_id, legal_entity_id, payer_id, currency, opened_at, parent_id,
           sub_account_no, legal_party_id, description, support_level, state, language, given_name,
           family_name, email, spare_email, phone, wire_members, order_policy, hold_days_max, cost_account,
           contract)
    VALUES (%(account_id)s, %(legal_entity_id)s, %(payer_id)s, %(currency)s, %(opened_at)s, %(parent_id)s,
           %(sub_account_no)s, %(legal_party_id)s, %(description)s, %(support_level)s, %(state)s,
           %(language)s, %(given_name)s, %(family_name)s, %(email)s, %(spare_email)s, %(phone)s,
           %(wire_members)s, %(order_policy)s, %(hold_days_max)s, %(cost_account)s, %(contract)s)
    ON CONFLICT (account_id) DO NOTHING
"""

SET_SUPPORT_LEVEL: Final[LiteralString] = """
    UPDATE account SET support_level = %(support_level)s WHERE account_id = %(account_id)s
"""

SET_STATE: Final[LiteralString] = """
    UPDATE account SET state = %(state)s WHERE account_id = %(account_id)s
"""

SET_PAYER: Final[LiteralString] = """
    UPDATE account SET payer_id = %(payer_id)s WHERE account_id = %(account_id)s
"""

SET_LEGAL_PARTY: Final[LiteralString] = """
    UPDATE account SET legal_party_id = %(legal_party_id)s WHERE account_id = %(account_id)s
"""

MOVE_LEGAL_PARTY: Final[LiteralString] = """
    UPDATE account SET legal_party_id = %(to_id)s WHERE legal_party_id = %(from_id)s
"""

SET_ORDER_POLICY: Final[LiteralString] = """
    UPDATE account
       SET order_policy = %(order_policy)s, hold_days_max = coalesce(%(hold_days_max)s, hold_days_max)
     WHERE account_id = %(account_id)s
"""

SET_BILL_REFERENCES: Final[LiteralString] = """
    UPDATE account
       SET cost_account = coalesce(%(cost_account)s, cost_account),
           contract = coalesce(%(contract)s, contract)
     WHERE account_id = %(account_id)s
"""

SET_DESCRIPTION: Final[LiteralString] = """
    UPDATE account SET description = %(description)s WHERE account_id = %(account_id)s
"""

SET_PERSON: Final[LiteralString] = """
    UPDATE account
       SET given_name = %(given_name)s, family_name = %(family_name)s, email = %(email)s,
           spare_email = %(spare_email)s, phone = %(phone)s, language = %(language)s,
           wire_members = %(wire_members)s
     WHERE account_id = %(account_id)s
"""

TAGS: Final[LiteralString] = """
    SELECT account_id, tag, added_at, updated_at, expires_at, status, added_by
      FROM account_tag
     WHERE account_id = %(account_id)s
     ORDER BY tag
"""

ADD_TAG: Final[LiteralString] = """
    INSERT INTO account_tag (account_id, tag, added_by, expires_at)
    VALUES (%(account_id)s, %(tag)s, %(added_by)s, %(expires_at)s)
    ON CONFLICT (account_id, tag)
    DO UPDATE SET updated_at = instant(), expires_at = excluded.expires_at, added_by = excluded.added_by,
           status = 'validated'
"""

ASK_TAG: Final[LiteralString] = """
    INSERT INTO account_tag (account_id, tag, added_by, status)
    VALUES (%(account_id)s, %(tag)s, %(added_by)s, 'asked')
    ON CONFLICT (account_id, tag) DO NOTHING
"""

REMOVE_TAG: Final[LiteralString] = """
    DELETE FROM account_tag WHERE account_id = %(account_id)s AND tag = %(tag)s
"""


SET_OWN_LOGIN: Final[LiteralString] = """
    INSERT INTO identity_user (account_id, login, type, group_name, email, password_hash)
    VALUES (%(account_id)s, %(account_id)s, 'ROOT', 'ADMIN', %(email)s, %(password_hash)s)
    ON CONFLICT (account_id, login)
    DO UPDATE SET password_hash = excluded.password_hash, status = 'OK', password_updated_at = instant(),
                  updated_at = instant()
"""


@dataclass(frozen=True, slots=True)
class Tag:
    """A mark on an account, by whom and until when."""

    account_id: AccountId
    tag: str
    added_at: datetime
    updated_at: datetime
    expires_at: datetime | None
    status: str
    added_by: str


def find(tx: Transaction, account_id: AccountId) -> Account | None:
    """Return the account or None."""
    row = tx.one_or_none(FIND, account_id=account_id)
    return None if row is None else _account(row)


def find_sub_account(tx: Transaction, parent_id: AccountId, sub_account_no: int) -> Account | None:
    """Return the parent's sub-account of that number, or None: another parent's does not exist here."""
    row = tx.one_or_none(FIND_SUB_ACCOUNT, parent_id=parent_id, sub_account_no=sub_account_no)
    return None if row is None else _account(row)


def find_several(tx: Transaction, account_ids: Sequence[AccountId]) -> list[Account]:
    """Return those of the accounts that exist, in the order of their ids."""
    return [_account(row) for row in tx.all(FIND_SEVERAL, account_ids=list(account_ids))]


def of_parent(tx: Transaction, parent_id: AccountId) -> list[Account]:
    """Return the sub-accounts of an account in the order of their numbers."""
    return [_account(row) for row in tx.all(OF_PARENT, parent_id=parent_id)]


def page_of_parent(tx: Transaction, parent_id: AccountId, after_no: int, rows_max: int) -> list[Account]:
    """Return sub-accounts of an account in the order of their numbers, those after one."""
    rows = tx.all(PAGE_OF_PARENT, parent_id=parent_id, after_no=after_no, rows_max=rows_max)
    return [_account(row) for row in rows]


def every(tx: Transaction, after: str = "", rows_max: int = 1000) -> list[Account]:
    """Return the accounts whose id comes after `after`, in order, at most `rows_max`."""
    return [_account(row) for row in tx.all(EVERY, after=after, rows_max=rows_max)]


def lock(tx: Transaction, *account_ids: AccountId) -> None:
    """Hold the accounts until the transaction ends; several are taken in the order of their ids."""
    tx.all(LOCK, account_ids=list(account_ids))


def exists(tx: Transaction, account_id: AccountId) -> bool:
    """Whether there is such an account."""
    return bool(tx.one(EXISTS, account_id=account_id).there)


def has_sub_accounts(tx: Transaction, account_id: AccountId) -> bool:
    """Whether the account has a sub-account that is not closed."""
    return bool(tx.one(HAS_SUB_ACCOUNTS, account_id=account_id).there)


def next_number(tx: Transaction) -> int:
    """Return a number for the name of a new account."""
    return int(tx.one(NEXT_NUMBER).number)


def next_sub_account_no(tx: Transaction) -> int:
    """Return the number of a new sub-account."""
    return int(tx.one(NEXT_SUB_ACCOUNT_NO).number)


def insert(tx: Transaction, account: Account) -> bool:
    """Write a new account without its tags; False when its name is taken."""
    return tx.run(INSERT, **_columns(account)) == 1


def set_support_level(tx: Transaction, account_id: AccountId, level: SupportLevel) -> None:
    """Write the support level."""
    tx.run(SET_SUPPORT_LEVEL, account_id=account_id, support_level=level.value)


def set_state(tx: Transaction, account_id: AccountId, state: AccountState) -> None:
    """Write the state."""
    tx.run(SET_STATE, account_id=account_id, state=state.value)


def set_payer(tx: Transaction, account_id: AccountId, payer_id: AccountId) -> None:
    """Write who pays the account's bills."""
    tx.run(SET_PAYER, account_id=account_id, payer_id=payer_id)


def set_legal_party(tx: Transaction, account_id: AccountId, legal_party_id: LegalPartyId | None) -> None:
    """Write which legal party the account refers to; None: its parent's."""
    tx.run(SET_LEGAL_PARTY, account_id=account_id, legal_party_id=legal_party_id)


def move_legal_party(tx: Transaction, from_id: LegalPartyId, to_id: LegalPartyId) -> int:
    """Let every account that refers to one legal party refer to another; return how many."""
    return tx.run(MOVE_LEGAL_PARTY, from_id=from_id, to_id=to_id)


def set_order_policy(
    tx: Transaction, account_id: AccountId, policy: Policy, hold_days_max: int | None = None
) -> None:
    """Write what becomes of bills without an order, and for how long they are held at most."""
    tx.run(SET_ORDER_POLICY, account_id=account_id, order_policy=policy.value, hold_days_max=hold_days_max)


def set_bill_references(
    tx: Transaction, account_id: AccountId, cost_account: str | None, contract: str | None
) -> None:
    """Write which cost account of the buyer and which contract bills name; None leaves one as it is."""
    tx.run(SET_BILL_REFERENCES, account_id=account_id, cost_account=cost_account, contract=contract)


def set_description(tx: Transaction, account_id: AccountId, description: str | None) -> None:
    """Write what a sub-account is for."""
    tx.run(SET_DESCRIPTION, account_id=account_id, description=description)


def set_person(tx: Transaction, account: Account) -> None:
    """Write the account's names, addresses of mail and telephone, language and kept members."""
    tx.run(
        SET_PERSON,
        account_id=account.account_id,
        given_name=account.given_name,
        family_name=account.family_name,
        email=account.email,
        spare_email=account.spare_email,
        phone=account.phone,
        language=account.language,
        wire_members=Jsonb(dict(account.wire_members)),
    )


def tags(tx: Transaction, account_id: AccountId) -> list[Tag]:
    """Return the account's tags by name, expired ones and those it only asked for included."""
    return [Tag(**row._asdict()) for row in tx.all(TAGS, account_id=account_id)]


def add_tag(
    tx: Transaction, account_id: AccountId, tag: str, added_by: str, expires_at: datetime | None = None
) -> None:
    """Put a tag on the account, or renew the one that is there."""
    tx.run(ADD_TAG, account_id=account_id, tag=tag, added_by=added_by, expires_at=expires_at)


def ask_tag(tx: Transaction, account_id: AccountId, tag: str, added_by: str) -> bool:
    """Write that the account wants a tag, which it does not bear yet; False when it has or wants it."""
    return tx.run(ASK_TAG, account_id=account_id, tag=tag, added_by=added_by) == 1


def remove_tag(tx: Transaction, account_id: AccountId, tag: str) -> bool:
    """Take a tag off the account; False when it was not there."""
    return tx.run(REMOVE_TAG, account_id=account_id, tag=tag) == 1


def set_password(tx: Transaction, account_id: AccountId, email: str | None, password_hash: str) -> None:
    """Write the password of the account's own login, which is named like the account."""
    tx.run(SET_OWN_LOGIN, account_id=account_id, email=email, password_hash=password_hash)


def _columns(account: Account) -> dict[str, object]:
    names = (
        "account_id", "legal_entity_id", "payer_id", "currency", "opened_at", "parent_id", "sub_account_no",
        "legal_party_id", "description", "language", "given_name", "family_name", "email", "spare_email",
        "phone", "hold_days_max", "cost_account", "contract",
    )  # fmt: skip
    return {name: getattr(account, name) for name in names} | {
        "support_level": account.support_level.value,
        "state": account.state.value,
        "order_policy": account.order_policy.value,
        "wire_members": Jsonb(dict(account.wire_members)),
    }


def _account(row: Any) -> Account:
    return Account(
        account_id=AccountId(row.account_id),
        legal_entity_id=LegalEntityId(row.legal_entity_id),
        payer_id=AccountId(row.payer_id),
        currency=Currency(row.currency),
        opened_at=row.opened_at,
        parent_id=row.parent_id,
        sub_account_no=row.sub_account_no,
        legal_party_id=row.legal_party_id,
        description=row.description,
        support_level=SupportLevel(row.support_level),
        state=AccountState(row.state),
        language=row.language,
        given_name=row.given_name,
        family_name=row.family_name,
        email=row.email,
        spare_email=row.spare_email,
        phone=row.phone,
        wire_members=row.wire_members,
        order_policy=Policy(row.order_policy),
        hold_days_max=row.hold_days_max,
        cost_account=row.cost_account,
        contract=row.contract,
        tags=frozenset(row.tags),
    )

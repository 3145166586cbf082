"""Logins of accounts and their groups, without an account's own login and people of its provider."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, LiteralString

from acquit.core.identifiers import AccountId
from acquit.core.identity import DEFAULT_GROUPS, Group, Login, LoginStatus, LoginType, Role, roles_of
from acquit.store.selection import Selection
from acquit.store.transaction import Transaction

NO_PASSWORD: Final = "!"
"""What is kept in place of a hash for a login that has no password."""


# ---------------------------------------------------------------- logins


def of_account(account_id: AccountId) -> Selection:
    """Select the account's logins, without its own."""
    source: LiteralString = "identity_user WHERE account_id = %(account_id)s AND type IN ('USER', 'SERVICE')"
    return Selection("login", source, {"account_id": account_id})


FIND_MANY: Final[LiteralString] = """
    SELECT u.login, u.type, u.email, u.description, u.group_name, u.status, u.password_updated_at,
           u.created_at, u.updated_at, u.password_hash <> '!' AS has_password,
           ARRAY(SELECT g.group_name
                   FROM identity_group_user g
                  WHERE g.account_id = u.account_id AND g.login = u.login) AS more_groups
      FROM identity_user u
     WHERE u.account_id = %(account_id)s AND u.login = ANY(%(logins)s) AND u.type IN ('USER', 'SERVICE')
"""


def find_many(tx: Transaction, account_id: AccountId, logins: Sequence[str]) -> list[Login]:
    """Return the account's logins of these names, in no order; the others are left out."""
    return [_login(account_id, row) for row in tx.all(FIND_MANY, account_id=account_id, logins=list(logins))]


def find(tx: Transaction, account_id: AccountId, login: str) -> Login | None:
    """Return the account's login, or None; the account's own is not found here."""
    return next(iter(find_many(tx, account_id, [login])), None)


LOCK: Final[LiteralString] = """
    SELECT login
      FROM identity_user
     WHERE account_id = %(account_id)s AND login = %(login)s AND type IN ('USER', 'SERVICE')
       FOR UPDATE
"""


def lock(tx: Transaction, account_id: AccountId, login: str) -> Login | None:
    """Return the account's login and keep others from changing it until the transaction ends."""
    tx.one_or_none(LOCK, account_id=account_id, login=login)
    return find(tx, account_id, login)


ADD: Final[LiteralString] = """
    INSERT INTO identity_user (account_id, login, type, email, description, group_name, password_hash)
    VALUES (%(account_id)s, %(login)s, %(type)s, %(email)s, %(description)s, %(group)s, %(password_hash)s)
    ON CONFLICT DO NOTHING
"""


def add(
    tx: Transaction,
    account_id: AccountId,
    login: str,
    kind: LoginType,
    email: str | None,
    description: str,
    group: str,
    password_hash: str,
) -> bool:
    """Write the login; False when its name is taken."""
    added = tx.run(
        ADD,
        account_id=account_id,
        login=login,
        type=kind,
        email=email,
        description=description,
        group=group,
        password_hash=password_hash,
    )
    return added == 1


CHANGE: Final[LiteralString] = """
    UPDATE identity_user
       SET email = %(email)s, description = %(description)s, group_name = %(group)s, status = %(status)s,
           updated_at = instant()
     WHERE account_id = %(account_id)s AND login = %(login)s AND type IN ('USER', 'SERVICE')
"""


def change(tx: Transaction, login: Login) -> None:
    """Write the login's address, description, first group and status."""
    tx.run(
        CHANGE,
        account_id=login.account_id,
        login=login.login,
        email=login.email,
        description=login.description,
        group=login.group,
        status=login.status,
    )


REMOVE: Final[LiteralString] = """
    DELETE FROM identity_user
     WHERE account_id = %(account_id)s AND login = %(login)s AND type IN ('USER', 'SERVICE')
"""


def remove(tx: Transaction, account_id: AccountId, login: str) -> bool:
    """Remove the login and its memberships; False when there was none."""
    return tx.run(REMOVE, account_id=account_id, login=login) == 1


REMOVE_CREDENTIALS: Final[LiteralString] = """
    DELETE FROM credential WHERE account_id = %(account_id)s AND login = %(login)s
"""


def remove_credentials(tx: Transaction, account_id: AccountId, login: str) -> None:
    """Remove every consumer key that the login validated, and its tokens."""
    tx.run(REMOVE_CREDENTIALS, account_id=account_id, login=login)


ROLES: Final[LiteralString] = """
    SELECT named.group_name, g.role
      FROM identity_user u
      LEFT JOIN identity_group_user m ON m.account_id = u.account_id AND m.login = u.login
     CROSS JOIN LATERAL (VALUES (u.group_name), (m.group_name)) AS named (group_name)
      LEFT JOIN identity_group g ON g.account_id = u.account_id AND g.name = named.group_name
     WHERE u.account_id = %(account_id)s AND u.login = %(login)s AND u.status <> 'DISABLED'
       AND named.group_name IS NOT NULL
"""


def roles(tx: Transaction, account_id: AccountId, login: str) -> frozenset[Role]:
    """Return the roles that the login's groups give it; none when it is disabled or gone."""
    rows = tx.all(ROLES, account_id=account_id, login=login)
    return roles_of([row.group_name for row in rows], [row.role for row in rows if row.role is not None])


IS_IN: Final[LiteralString] = """
    SELECT EXISTS (
        SELECT FROM identity_user AS u
         WHERE u.account_id = %(account_id)s AND u.login = %(login)s AND u.status <> 'DISABLED'
           AND (u.group_name = %(name)s
                OR EXISTS (SELECT FROM identity_group_user AS m
                            WHERE m.account_id = u.account_id AND m.login = u.login
                              AND m.group_name = %(name)s))) AS is_in
"""


def is_in(tx: Transaction, account_id: AccountId, login: str, name: str) -> bool:
    """Return whether the login may sign in and is in the group, as its first or besides."""
    return bool(tx.one(IS_IN, account_id=account_id, login=login, name=name).is_in)


# ---------------------------------------------------------------- groups

GROUPS: Final[LiteralString] = """
    SELECT g.name, g.role, g.description, g.created_at, g.updated_at
      FROM identity_group g
     WHERE g.account_id = %(account_id)s
     UNION ALL
    SELECT d.name, d.role, NULL, a.opened_at, a.opened_at
      FROM account a, unnest(%(names)s::text[], %(roles)s::text[]) AS d (name, role)
     WHERE a.account_id = %(account_id)s
     ORDER BY name
"""


def groups(tx: Transaction, account_id: AccountId) -> list[Group]:
    """Return the account's groups by name, those that every account has among them."""
    rows = tx.all(
        GROUPS, account_id=account_id, names=list(DEFAULT_GROUPS), roles=list(DEFAULT_GROUPS.values())
    )
    return [
        Group(account_id, row.name, Role(row.role), row.description, row.created_at, row.updated_at)
        for row in rows
    ]


def find_group(tx: Transaction, account_id: AccountId, name: str) -> Group | None:
    """Return the account's group, or None."""
    return next((group for group in groups(tx, account_id) if group.name == name), None)


ADD_GROUP: Final[LiteralString] = """
    INSERT INTO identity_group (account_id, name, role, description)
    VALUES (%(account_id)s, %(name)s, %(role)s, %(description)s)
    ON CONFLICT DO NOTHING
"""


def add_group(tx: Transaction, account_id: AccountId, name: str, role: Role, description: str | None) -> bool:
    """Write the group; False when its name is taken."""
    added = tx.run(ADD_GROUP, account_id=account_id, name=name, role=role, description=description)
    return added == 1


CHANGE_GROUP: Final[LiteralString] = """
    UPDATE identity_group
       SET role = %(role)s, description = %(description)s, updated_at = instant()
     WHERE account_id = %(account_id)s AND name = %(name)s
"""


def change_group(tx: Transaction, group: Group) -> None:
    """Write the group's role and description."""
    tx.run(
        CHANGE_GROUP,
        account_id=group.account_id,
        name=group.name,
        role=group.role,
        description=group.description,
    )


FIRST_GROUP_OF: Final[LiteralString] = """
    SELECT count(*)
      FROM identity_user
     WHERE account_id = %(account_id)s AND group_name = %(name)s AND type <> 'FEDERATED'
"""


def logins_that_begin_with(tx: Transaction, account_id: AccountId, name: str) -> int:
    """Return how many logins have the group as their first."""
    return int(tx.one(FIRST_GROUP_OF, account_id=account_id, name=name)[0])


REMOVE_GROUP: Final[LiteralString] = """
    WITH left_by AS (
        DELETE FROM identity_group_user WHERE account_id = %(account_id)s AND group_name = %(name)s
    )
    DELETE FROM identity_group WHERE account_id = %(account_id)s AND name = %(name)s
"""


def remove_group(tx: Transaction, account_id: AccountId, name: str) -> None:
    """Remove the group and the memberships in it."""
    tx.run(REMOVE_GROUP, account_id=account_id, name=name)


MEMBERS: Final[LiteralString] = """
    SELECT login
      FROM identity_user
     WHERE account_id = %(account_id)s AND type IN ('USER', 'SERVICE') AND group_name = %(name)s
     UNION
    SELECT m.login
      FROM identity_group_user AS m
      JOIN identity_user AS u ON u.account_id = m.account_id AND u.login = m.login
     WHERE m.account_id = %(account_id)s AND m.group_name = %(name)s AND u.type <> 'FEDERATED'
     ORDER BY login
"""


def members(tx: Transaction, account_id: AccountId, name: str) -> list[str]:
    """Return the logins of the group by name, whether it is their first group or not."""
    return [row.login for row in tx.all(MEMBERS, account_id=account_id, name=name)]


JOIN: Final[LiteralString] = """
    INSERT INTO identity_group_user (account_id, group_name, login)
    VALUES (%(account_id)s, %(name)s, %(login)s)
    ON CONFLICT DO NOTHING
"""


def join(tx: Transaction, account_id: AccountId, name: str, login: str) -> None:
    """Write that the login is in the group."""
    tx.run(JOIN, account_id=account_id, name=name, login=login)


LEAVE: Final[LiteralString] = """
    DELETE FROM identity_group_user
     WHERE account_id = %(account_id)s AND group_name = %(name)s AND login = %(login)s
"""


def leave(tx: Transaction, account_id: AccountId, name: str, login: str) -> bool:
    """Remove the login from the group; False when it was not in it besides its first one."""
    return tx.run(LEAVE, account_id=account_id, name=name, login=login) == 1


def _login(account_id: AccountId, row: Any) -> Login:
    password_updated_at: datetime | None = row.password_updated_at if row.has_password else None
    return Login(
        account_id=account_id,
        login=row.login,
        type=LoginType(row.type),
        email=row.email,
        description=row.description,
        group=row.group_name,
        groups=tuple(sorted({row.group_name, *row.more_groups})),
        status=LoginStatus(row.status),
        password_updated_at=password_updated_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )

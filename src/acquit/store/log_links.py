"""Who asked for a link to a log, and until when it opens something."""

from datetime import datetime
from typing import Final, LiteralString

from acquit.core.identifiers import AccountId, CredentialId
from acquit.store.transaction import Transaction

BY_KEY: Final[LiteralString] = """
    SELECT least(%(until)s, c.expires_at, p.expires_at) AS ends_at
      FROM account a
      JOIN credential c ON c.account_id = a.account_id AND c.credential_id = %(credential_id)s
      JOIN application q ON q.application_id = c.application_id AND q.status IN ('active', 'trusted')
      LEFT JOIN identity_user u ON u.account_id = c.account_id AND u.login = c.login
      LEFT JOIN access_token o ON o.credential_id = c.credential_id
      LEFT JOIN credential p ON p.credential_id = o.parent_id
     WHERE a.account_id = %(account_id)s AND a.state <> 'closed' AND c.status = 'validated'
       AND coalesce(p.status, 'validated') = 'validated' AND u.status IS DISTINCT FROM 'DISABLED'
"""

BY_LOGIN: Final[LiteralString] = """
    SELECT %(until)s::timestamptz AS ends_at
      FROM account a
      LEFT JOIN identity_user u ON u.account_id = a.account_id AND u.login = %(login)s
     WHERE a.account_id = %(account_id)s AND a.state <> 'closed'
       AND coalesce(u.status <> 'DISABLED', a.account_id = %(login)s)
"""


def end_by_key(
    tx: Transaction, account_id: AccountId, credential_id: CredentialId, until: datetime
) -> datetime | None:
    """Return when a link of the account's key ends: then, or with the key; None when the key is no more."""
    row = tx.one_or_none(BY_KEY, account_id=account_id, credential_id=credential_id, until=until)
    return None if row is None else row.ends_at


def end_by_login(tx: Transaction, account_id: AccountId, login: str, until: datetime) -> datetime | None:
    """Return when a link of the account's login ends, which is then; None when it may not sign in any more.

    The account's own login is always there, with a password or without.
    """
    row = tx.one_or_none(BY_LOGIN, account_id=account_id, login=login, until=until)
    return None if row is None else row.ends_at

"""Sessions of people and their attempts to sign in; tokens are kept as SHA-256 only."""

from datetime import datetime
from typing import Any, Final, LiteralString

from acquit.core.identifiers import AccountId, OperatorId
from acquit.core.operator import Operator, Role
from acquit.core.session import AccountSession, Means, Opening, OpenSession, OperatorSession
from acquit.store.transaction import Transaction

OPEN: Final[LiteralString] = """
    INSERT INTO session (session_hash, door, account_id, login, operator_id, expires_at, address, browser,
                         means)
    VALUES (%(session_hash)s, %(door)s, %(account_id)s, %(login)s, %(operator_id)s, %(expires_at)s,
            %(address)s, %(browser)s, %(means)s)
"""

OF_ACCOUNT: Final[LiteralString] = """
    SELECT s.account_id, s.login, s.expires_at, s.session_no, a.language
      FROM session AS s
      JOIN account AS a ON a.account_id = s.account_id
      JOIN identity_user AS u ON u.account_id = s.account_id AND u.login = s.login
     WHERE s.session_hash = %(session_hash)s AND s.door = 'manager' AND s.expires_at > now()
       AND a.state <> 'closed' AND u.status <> 'DISABLED' AND u.type <> 'SERVICE'
"""

OF_OPERATOR: Final[LiteralString] = """
    SELECT s.expires_at, s.session_no, s.means, o.operator_id, o.name, o.email, o.role,
           EXISTS (SELECT FROM operator_device AS d
                    WHERE d.operator_id = o.operator_id AND d.confirmed) AS has_device
      FROM session AS s
      JOIN operator AS o ON o.operator_id = s.operator_id
     WHERE s.session_hash = %(session_hash)s AND s.door = 'office' AND s.expires_at > now() AND o.active
"""

END: Final[LiteralString] = "DELETE FROM session WHERE session_hash = %(session_hash)s"

END_OF_ACCOUNT: Final[LiteralString] = """
    DELETE FROM session
     WHERE account_id = %(account_id)s AND login = coalesce(%(login)s::text, login)
"""

END_OF_OPERATOR: Final[LiteralString] = "DELETE FROM session WHERE operator_id = %(operator_id)s"

LIVE_OF_ACCOUNT: Final[LiteralString] = """
    SELECT session_no, login AS name, address, browser, means, created_at, expires_at
      FROM session
     WHERE account_id = %(account_id)s AND login = coalesce(%(login)s::text, login) AND expires_at > now()
     ORDER BY session_no DESC
     LIMIT 200
"""

LIVE_OF_OPERATOR: Final[LiteralString] = """
    SELECT session_no, operator_id AS name, address, browser, means, created_at, expires_at
      FROM session
     WHERE operator_id = %(operator_id)s AND expires_at > now()
     ORDER BY session_no DESC
     LIMIT 200
"""

END_ONE_OF_ACCOUNT: Final[LiteralString] = """
    DELETE FROM session
     WHERE account_id = %(account_id)s AND login = coalesce(%(login)s::text, login)
       AND session_no = %(session_no)s
"""

END_ONE_OF_OPERATOR: Final[LiteralString] = """
    DELETE FROM session WHERE operator_id = %(operator_id)s AND session_no = %(session_no)s
"""

END_OTHERS_OF_LOGIN: Final[LiteralString] = """
    DELETE FROM session
     WHERE account_id = %(account_id)s AND login = %(login)s AND session_no <> %(session_no)s
"""

END_OTHERS_OF_OPERATOR: Final[LiteralString] = """
    DELETE FROM session WHERE operator_id = %(operator_id)s AND session_no <> %(session_no)s
"""

END_EXPIRED: Final[LiteralString] = "DELETE FROM session WHERE expires_at <= now()"

SIGN_IN_HASH: Final[LiteralString] = """
    SELECT u.password_hash
      FROM identity_user AS u
      JOIN account AS a ON a.account_id = u.account_id
     WHERE u.account_id = %(account_id)s AND u.login = %(login)s
       AND u.status <> 'DISABLED' AND u.type IN ('ROOT', 'USER') AND a.state <> 'closed'
"""

LOCK_NAME: Final[LiteralString] = "SELECT pg_advisory_xact_lock(hashtextextended(%(name)s, 42)) AS locked"

NAME_FAILURES: Final[LiteralString] = """
    SELECT count(*) FILTER (WHERE address = %(address)s) AS from_here, count(*) AS from_anywhere
      FROM login_attempt
     WHERE door = %(door)s AND login = %(login)s AND NOT succeeded AND attempted_at > %(since)s
       AND attempted_at > coalesce((SELECT max(attempted_at) FROM login_attempt
                                     WHERE door = %(door)s AND login = %(login)s AND succeeded), '-infinity')
"""

ADDRESS_FAILURES: Final[LiteralString] = """
    SELECT count(*) FILTER (WHERE NOT succeeded) - count(*) FILTER (WHERE succeeded) AS failures
      FROM login_attempt
     WHERE address = %(address)s AND attempted_at > %(since)s
"""

RECORD_ATTEMPT: Final[LiteralString] = """
    INSERT INTO login_attempt (door, login, address, succeeded)
    VALUES (%(door)s, %(login)s, %(address)s, %(succeeded)s)
"""

FORGET_ATTEMPTS: Final[LiteralString] = "DELETE FROM login_attempt WHERE attempted_at < %(before)s"


def open_account(
    tx: Transaction,
    session_hash: bytes,
    account_id: AccountId,
    login: str,
    expires_at: datetime,
    opening: Opening,
) -> None:
    """Write that somebody signed in to the account."""
    _open(tx, session_hash, "manager", expires_at, opening, account_id=account_id, login=login)


def open_operator(
    tx: Transaction, session_hash: bytes, operator_id: OperatorId, expires_at: datetime, opening: Opening
) -> None:
    """Write that the operator signed in."""
    _open(tx, session_hash, "office", expires_at, opening, operator_id=operator_id)


def of_account(tx: Transaction, session_hash: bytes) -> AccountSession | None:
    """Return the live session of a person whose account and login are still in use, or None."""
    row = tx.one_or_none(OF_ACCOUNT, session_hash=session_hash)
    if row is None:
        return None
    return AccountSession(row.account_id, row.login, row.language, row.expires_at, row.session_no)


def of_operator(tx: Transaction, session_hash: bytes) -> OperatorSession | None:
    """Return the live session of an active operator, or None."""
    row = tx.one_or_none(OF_OPERATOR, session_hash=session_hash)
    if row is None:
        return None
    means = Means(row.means)
    return OperatorSession(_operator(row), row.expires_at, row.session_no, means, row.has_device)


def end(tx: Transaction, session_hash: bytes) -> bool:
    """Remove the session; False when there was none."""
    return tx.run(END, session_hash=session_hash) == 1


def end_of_account(tx: Transaction, account_id: AccountId, login: str | None = None) -> int:
    """Remove every session of the account, or of one login of it; return how many there were."""
    return tx.run(END_OF_ACCOUNT, account_id=account_id, login=login)


def end_of_operator(tx: Transaction, operator_id: OperatorId) -> int:
    """Remove every session of the operator; return how many there were."""
    return tx.run(END_OF_OPERATOR, operator_id=operator_id)


def live_of_account(tx: Transaction, account_id: AccountId, login: str | None) -> list[OpenSession]:
    """Return the live sessions of a login, or with None of every login of the account, latest first."""
    return [_live(row) for row in tx.all(LIVE_OF_ACCOUNT, account_id=account_id, login=login)]


def live_of_operator(tx: Transaction, operator_id: OperatorId) -> list[OpenSession]:
    """Return the live sessions of the operator, latest first."""
    return [_live(row) for row in tx.all(LIVE_OF_OPERATOR, operator_id=operator_id)]


def end_one_of_account(tx: Transaction, account_id: AccountId, login: str | None, session_no: int) -> bool:
    """Remove one session of the login (None: of any login of the account); False when there was none."""
    ended = tx.run(END_ONE_OF_ACCOUNT, account_id=account_id, login=login, session_no=session_no)
    return ended == 1


def end_one_of_operator(tx: Transaction, operator_id: OperatorId, session_no: int) -> bool:
    """Remove one session of the operator; False when there was none."""
    return tx.run(END_ONE_OF_OPERATOR, operator_id=operator_id, session_no=session_no) == 1


def end_others_of_login(tx: Transaction, account_id: AccountId, login: str, session_no: int) -> int:
    """Remove every session of the login but this one; return how many there were."""
    return tx.run(END_OTHERS_OF_LOGIN, account_id=account_id, login=login, session_no=session_no)


def end_others_of_operator(tx: Transaction, operator_id: OperatorId, session_no: int) -> int:
    """Remove every session of the operator but this one; return how many there were."""
    return tx.run(END_OTHERS_OF_OPERATOR, operator_id=operator_id, session_no=session_no)


def end_expired(tx: Transaction) -> int:
    """Remove the sessions that are over; return how many there were."""
    return tx.run(END_EXPIRED)


def password_hash(tx: Transaction, account_id: str, login: str) -> str | None:
    """Return the password hash of a login that may sign in, or None."""
    row = tx.one_or_none(SIGN_IN_HASH, account_id=account_id, login=login)
    return None if row is None else str(row.password_hash)


def lock_name(tx: Transaction, door: str, login: str) -> None:
    """Hold the name until the transaction ends: attempts on one name count one after the other."""
    tx.one(LOCK_NAME, name=f"{door}:{login}")


def name_failures(tx: Transaction, door: str, login: str, address: str, since: datetime) -> tuple[int, int]:
    """Return the failures on the name after its last success: from this address, and from anywhere."""
    row = tx.one(NAME_FAILURES, door=door, login=login, address=address, since=since)
    return row.from_here, row.from_anywhere


def address_failures(tx: Transaction, address: str, since: datetime) -> int:
    """Return how many more failures than successes came from the address."""
    return int(tx.one(ADDRESS_FAILURES, address=address, since=since).failures)


def record_attempt(tx: Transaction, door: str, login: str, address: str, *, succeeded: bool) -> None:
    """Write one attempt to sign in."""
    tx.run(RECORD_ATTEMPT, door=door, login=login, address=address, succeeded=succeeded)


def forget_attempts(tx: Transaction, before: datetime) -> int:
    """Remove the attempts made before that instant; return how many there were."""
    return tx.run(FORGET_ATTEMPTS, before=before)


def _open(
    tx: Transaction,
    session_hash: bytes,
    door: str,
    expires_at: datetime,
    opening: Opening,
    *,
    account_id: AccountId | None = None,
    login: str | None = None,
    operator_id: OperatorId | None = None,
) -> None:
    tx.run(
        OPEN,
        session_hash=session_hash,
        door=door,
        account_id=account_id,
        login=login,
        operator_id=operator_id,
        expires_at=expires_at,
        address=opening.address,
        browser=opening.browser,
        means=opening.means,
    )


def _operator(row: Any) -> Operator:
    return Operator(OperatorId(row.operator_id), row.name, row.email, Role(row.role))


def _live(row: Any) -> OpenSession:
    opened = Opening(row.address, row.browser, Means(row.means))
    return OpenSession(row.session_no, row.name, opened, row.created_at, row.expires_at)

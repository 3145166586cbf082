"""Devices and backup codes of logins, and sign-ins that still owe a code."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, LiteralString

from acquit.core.identifiers import AccountId
from acquit.core.second_factor import BackupCodes, CodeGenerator, State
from acquit.store.selection import Selection
from acquit.store.transaction import Transaction

# ---------------------------------------------------------------- devices


def generators_of(account_id: AccountId, login: str) -> Selection:
    """Select the login's devices."""
    source: LiteralString = "code_generator WHERE account_id = %(account_id)s AND login = %(login)s"
    return Selection("code_generator_id", source, {"account_id": account_id, "login": login})


FIND_GENERATORS: Final[LiteralString] = """
    SELECT code_generator_id, login, description, state, last_step, created_at, last_used_at
      FROM code_generator
     WHERE account_id = %(account_id)s AND login = %(login)s AND code_generator_id = ANY(%(ids)s)
"""

LOCK_GENERATORS: Final[LiteralString] = """
    SELECT code_generator_id, login, description, state, last_step, created_at, last_used_at, secret_sealed
      FROM code_generator
     WHERE account_id = %(account_id)s AND login = %(login)s
     ORDER BY code_generator_id
       FOR UPDATE
"""

WAITING_GENERATOR: Final[LiteralString] = """
    SELECT code_generator_id, login, description, state, last_step, created_at, last_used_at, secret_sealed
      FROM code_generator
     WHERE account_id = %(account_id)s AND login = %(login)s AND state = 'new'
     ORDER BY code_generator_id DESC
     LIMIT 1
"""

ADD_GENERATOR: Final[LiteralString] = """
    INSERT INTO code_generator (account_id, login, secret_sealed)
    VALUES (%(account_id)s, %(login)s, %(secret_sealed)s)
    RETURNING code_generator_id
"""

CHANGE_GENERATOR: Final[LiteralString] = """
    UPDATE code_generator
       SET description = %(description)s, state = %(state)s, last_step = %(last_step)s,
           last_used_at = %(last_used_at)s
     WHERE account_id = %(account_id)s AND code_generator_id = %(code_generator_id)s
"""

REMOVE_GENERATOR: Final[LiteralString] = """
    DELETE FROM code_generator
     WHERE account_id = %(account_id)s AND code_generator_id = %(code_generator_id)s
"""

IS_ASKED: Final[LiteralString] = """
    SELECT EXISTS (SELECT FROM code_generator
                    WHERE account_id = %(account_id)s AND login = %(login)s AND state = 'enabled') AS asked
"""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A device and its secret, sealed."""

    generator: CodeGenerator
    secret_sealed: bytes = field(repr=False)


def find_generators(
    tx: Transaction, account_id: AccountId, login: str, ids: Sequence[int]
) -> list[CodeGenerator]:
    """Return the login's devices of these ids; the others are left out."""
    rows = tx.all(FIND_GENERATORS, account_id=account_id, login=login, ids=list(ids))
    return [_generator(row) for row in rows]


def lock_generators(tx: Transaction, account_id: AccountId, login: str) -> list[Sealed]:
    """Return every device of the login with its secret, held until the transaction ends."""
    rows = tx.all(LOCK_GENERATORS, account_id=account_id, login=login)
    return [Sealed(_generator(row), bytes(row.secret_sealed)) for row in rows]


def waiting_generator(tx: Transaction, account_id: AccountId, login: str) -> Sealed | None:
    """Return the login's latest device that no code confirmed yet, with its secret, or None."""
    row = tx.one_or_none(WAITING_GENERATOR, account_id=account_id, login=login)
    return None if row is None else Sealed(_generator(row), bytes(row.secret_sealed))


def add_generator(tx: Transaction, account_id: AccountId, login: str, secret_sealed: bytes) -> int:
    """Keep a new device and return its id."""
    row = tx.one(ADD_GENERATOR, account_id=account_id, login=login, secret_sealed=secret_sealed)
    return int(row.code_generator_id)


def change_generator(tx: Transaction, account_id: AccountId, changed: CodeGenerator) -> None:
    """Write description, state and last use of a device."""
    tx.run(
        CHANGE_GENERATOR,
        account_id=account_id,
        code_generator_id=changed.code_generator_id,
        description=changed.description,
        state=changed.state,
        last_step=changed.last_step,
        last_used_at=changed.last_used_at,
    )


def remove_generator(tx: Transaction, account_id: AccountId, code_generator_id: int) -> None:
    """Remove a device."""
    tx.run(REMOVE_GENERATOR, account_id=account_id, code_generator_id=code_generator_id)


def is_asked(tx: Transaction, account_id: str, login: str) -> bool:
    """Return whether a sign-in of the login asks for a code."""
    return bool(tx.one(IS_ASKED, account_id=account_id, login=login).asked)


# ---------------------------------------------------------------- backup codes

FIND_CODES: Final[LiteralString] = """
    SELECT s.state, s.created_at, s.last_used_at,
           (SELECT count(*) FROM backup_code c
             WHERE c.account_id = s.account_id AND c.login = s.login) AS remaining
      FROM backup_codes s
     WHERE s.account_id = %(account_id)s AND s.login = %(login)s
"""

ADD_CODES: Final[LiteralString] = (
    "INSERT INTO backup_codes (account_id, login) VALUES (%(account_id)s, %(login)s)"
)

ADD_CODE: Final[LiteralString] = """
    INSERT INTO backup_code (account_id, login, code_mac)
    SELECT %(account_id)s, %(login)s, unnest(%(macs)s::text[])
"""

SPEND: Final[LiteralString] = """
    WITH spent AS (
        DELETE FROM backup_code
         WHERE account_id = %(account_id)s AND login = %(login)s AND code_mac = %(mac)s
        RETURNING login
    )
    UPDATE backup_codes s SET last_used_at = %(at)s
      FROM spent
     WHERE s.account_id = %(account_id)s AND s.login = spent.login
"""

SET_CODES: Final[LiteralString] = """
    UPDATE backup_codes SET state = %(state)s WHERE account_id = %(account_id)s AND login = %(login)s
"""

REMOVE_CODES: Final[LiteralString] = """
    DELETE FROM backup_codes WHERE account_id = %(account_id)s AND login = %(login)s
"""


def find_codes(tx: Transaction, account_id: AccountId, login: str) -> BackupCodes | None:
    """Return how the login's list stands, or None when it has none."""
    row = tx.one_or_none(FIND_CODES, account_id=account_id, login=login)
    if row is None:
        return None
    return BackupCodes(State(row.state), int(row.remaining), row.created_at, row.last_used_at)


def draw_codes(tx: Transaction, account_id: AccountId, login: str, macs: Sequence[str]) -> None:
    """Keep a new list in the place of an old one."""
    remove_codes(tx, account_id, login)
    tx.run(ADD_CODES, account_id=account_id, login=login)
    tx.run(ADD_CODE, account_id=account_id, login=login, macs=list(macs))


def spend(tx: Transaction, account_id: AccountId, login: str, mac: str, at: datetime) -> bool:
    """Spend a code; False when the list has none such."""
    return tx.run(SPEND, account_id=account_id, login=login, mac=mac, at=at) == 1


def set_codes(tx: Transaction, account_id: AccountId, login: str, state: State) -> None:
    """Write whether the list is in use."""
    tx.run(SET_CODES, account_id=account_id, login=login, state=state)


def remove_codes(tx: Transaction, account_id: AccountId, login: str) -> bool:
    """Throw the list away; False when there was none."""
    return tx.run(REMOVE_CODES, account_id=account_id, login=login) == 1


REMOVE_ALL: Final[LiteralString] = """
    WITH codes AS (
        DELETE FROM backup_codes
         WHERE account_id = %(account_id)s AND login = coalesce(%(login)s::text, login)
    ), pending AS (
        DELETE FROM pending_sign_in
         WHERE account_id = %(account_id)s AND login = coalesce(%(login)s::text, login)
    )
    DELETE FROM code_generator
     WHERE account_id = %(account_id)s AND login = coalesce(%(login)s::text, login)
"""


def remove_all(tx: Transaction, account_id: AccountId, login: str | None) -> None:
    """Remove all devices and codes of the login, or of every login of the account."""
    tx.run(REMOVE_ALL, account_id=account_id, login=login)


# ---------------------------------------------------------------- sign-ins that owe a code

OWE: Final[LiteralString] = """
    WITH over AS (DELETE FROM pending_sign_in WHERE expires_at <= now())
    INSERT INTO pending_sign_in (pending_hash, account_id, login, expires_at)
    VALUES (%(pending_hash)s, %(account_id)s, %(login)s, %(expires_at)s)
"""

WHO_OWES: Final[LiteralString] = """
    SELECT account_id, login
      FROM pending_sign_in
     WHERE pending_hash = %(pending_hash)s AND expires_at > now() AND account_id IS NOT NULL
"""

SETTLE: Final[LiteralString] = "DELETE FROM pending_sign_in WHERE pending_hash = %(pending_hash)s"


def owe(tx: Transaction, pending_hash: bytes, account_id: AccountId, login: str, until: datetime) -> None:
    """Write that somebody gave the right password and owes a code until then."""
    tx.run(OWE, pending_hash=pending_hash, account_id=account_id, login=login, expires_at=until)


def who_owes(tx: Transaction, pending_hash: bytes) -> tuple[AccountId, str] | None:
    """Return account and login of a sign-in that owes a code, or None."""
    row = tx.one_or_none(WHO_OWES, pending_hash=pending_hash)
    return None if row is None else (AccountId(row.account_id), str(row.login))


def settle(tx: Transaction, pending_hash: bytes) -> bool:
    """Forget that a code is owed; False when none was."""
    return tx.run(SETTLE, pending_hash=pending_hash) == 1


def _generator(row: Any) -> CodeGenerator:
    return CodeGenerator(
        int(row.code_generator_id),
        str(row.login),
        row.description,
        State(row.state),
        int(row.last_step),
        row.created_at,
        row.last_used_at,
    )

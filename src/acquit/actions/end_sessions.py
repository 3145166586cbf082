"""End sessions of people: one of them, or all but the one that asks."""

from acquit.actions.context import Context
from acquit.actions.loading import require_staff
from acquit.core.identifiers import AccountId, OperatorId
from acquit.core.operator import Right
from acquit.core.session import NoSuchSession
from acquit.store import acts, sessions


def end_account_session(
    context: Context, account_id: AccountId, login: str | None, session_no: int, *, by: str
) -> None:
    """One session of the login (None: of any login of the account) is over. Raises NoSuchSession."""
    with context.database.write() as tx:
        if not sessions.end_one_of_account(tx, account_id, login, session_no):
            raise NoSuchSession("This session is over already.")
        acts.record(tx, by, "end_account_session", account_id, str(session_no))


def end_other_account_sessions(
    context: Context, account_id: AccountId, login: str, keep: int, *, by: str
) -> int:
    """Every session of the login is over but the one numbered `keep`; return how many there were."""
    with context.database.write() as tx:
        ended = sessions.end_others_of_login(tx, account_id, login, keep)
        acts.record(tx, by, "end_other_account_sessions", account_id, login, sessions=ended)
    return ended


def end_operator_session(context: Context, operator_id: OperatorId, session_no: int, *, by: str) -> None:
    """One session of the operator is over. Raises NoSuchSession."""
    with context.database.write() as tx:
        if not sessions.end_one_of_operator(tx, operator_id, session_no):
            raise NoSuchSession("This session is over already.")
        acts.record(tx, by, "end_operator_session", None, operator_id, session=session_no)


def end_other_operator_sessions(context: Context, operator_id: OperatorId, keep: int, *, by: str) -> int:
    """Every session of the operator is over but the one numbered `keep`; return how many there were."""
    with context.database.write() as tx:
        ended = sessions.end_others_of_operator(tx, operator_id, keep)
        acts.record(tx, by, "end_other_operator_sessions", None, operator_id, sessions=ended)
    return ended


def end_operator_sessions(context: Context, operator_id: OperatorId, *, by: str) -> int:
    """Every session of the operator is over; return how many there were.

    Raises RoleForbids for an operator who may not manage staff.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.MANAGE_STAFF)
        ended = sessions.end_of_operator(tx, operator_id)
        acts.record(tx, by, "end_operator_sessions", None, operator_id, sessions=ended)
    return ended

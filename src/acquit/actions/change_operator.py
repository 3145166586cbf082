"""Change what an operator may do, and whether it may do anything at all."""

from acquit.actions.add_operator import NoSuchOperator
from acquit.actions.context import Context
from acquit.actions.loading import require_staff
from acquit.core.errors import Conflict
from acquit.core.identifiers import OperatorId
from acquit.core.operator import Operator, Right, Role
from acquit.store import acts, operators, sessions


class LastAdministrator(Conflict):
    """Nobody would be left who may manage the staff."""

    code = "last-administrator"


def change_operator(
    context: Context,
    operator_id: OperatorId,
    *,
    role: Role | None = None,
    active: bool | None = None,
    by: str,
) -> Operator:
    """The operator has the role and is active or not; its sessions end, and its token when it is not.

    Raises NoSuchOperator, LastAdministrator, RoleForbids for an operator who may not manage staff.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.MANAGE_STAFF)
        operators.lock_all(tx)
        found = operators.find(tx, operator_id)
        if found is None:
            raise NoSuchOperator(f"There is no operator {operator_id}.")
        changed = Operator(
            found.operator_id,
            found.name,
            found.email,
            found.role if role is None else role,
            found.active if active is None else active,
        )
        operators.change(tx, changed)
        if not any(each.may(Right.MANAGE_STAFF) for each in operators.every(tx)) and found.may(
            Right.MANAGE_STAFF
        ):
            raise LastAdministrator("This is the last administrator: make another one first.")
        ended = sessions.end_of_operator(tx, operator_id)
        details = {"role": changed.role.value, "active": changed.active, "sessions_ended": ended}
        acts.record(tx, by, "change_operator", None, operator_id, **details)
    return changed

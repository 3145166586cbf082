"""Security of staff: one's own sessions, device and codes; and, for administrators, those of the others."""

from typing import Final

from acquit.actions.change_operator import change_operator
from acquit.actions.change_operator_factor import (
    confirm_device,
    draw_operator_codes,
    enrol_device,
    remove_device,
    reset_factor,
    unconfirmed_device,
)
from acquit.actions.change_second_factor import device_picture
from acquit.actions.end_sessions import (
    end_operator_session,
    end_operator_sessions,
    end_other_operator_sessions,
)
from acquit.console import typed
from acquit.console.staff.frame import page
from acquit.console.visit import Page, Redirect, Reply, Visit
from acquit.core.identifiers import OperatorId
from acquit.core.operator import Role
from acquit.store import operator_factors, operators, sessions

DEEDS: Final = ("end", "end-others", "enrol", "confirm", "codes", "remove")
STAFF_DEEDS: Final = ("role", "deactivate", "activate", "reset", "end")


def ask_security(visit: Visit) -> Page:
    """GET /office/security: who is signed in from where, and the device that makes codes."""
    operator_id = visit.operator.operator_id
    with visit.snapshot() as tx:
        live = sessions.live_of_operator(tx, operator_id)
        device = operator_factors.find(tx, operator_id)
    waiting = unconfirmed_device(visit.context, operator_id)
    return page(
        "security.html",
        visit,
        sessions=live,
        device=device,
        waiting=waiting,
        picture=device_picture(waiting.link) if waiting else "",
    )


def change_security(visit: Visit) -> Reply:
    """POST /office/security: end sessions, set up or take away the device, draw codes."""
    wanted, context, by = typed.one_of(visit.form.text("do"), DEEDS), visit.context, visit.actor
    operator_id, code = visit.operator.operator_id, visit.form.text("code")
    keep = visit.office_session.session_no
    if wanted == "confirm":
        drawn = confirm_device(context, operator_id, code, address=visit.address, keep=keep, by=by)
        return page("backup_codes.html", visit, codes=drawn)
    if wanted == "codes":
        drawn = draw_operator_codes(context, operator_id, code, address=visit.address, by=by)
        return page("backup_codes.html", visit, codes=drawn)
    if wanted == "end":
        end_operator_session(context, operator_id, _number(visit), by=by)
    elif wanted == "end-others":
        end_other_operator_sessions(context, operator_id, keep, by=by)
    elif wanted == "enrol":
        enrol_device(context, operator_id, by=by)
    else:
        remove_device(context, operator_id, code, address=visit.address, by=by)
    return Redirect(f"/office/security?done=security-{wanted}")


def list_staff(visit: Visit) -> Page:
    """GET /office/staff: every operator, its role, its second factor and where it is signed in."""
    with visit.snapshot() as tx:
        devices = operator_factors.every(tx)
        rows = [
            (each, devices.get(each.operator_id), sessions.live_of_operator(tx, each.operator_id))
            for each in operators.every(tx)
        ]
    return page("staff.html", visit, rows=rows, roles=[role.value for role in Role])


def change_staff(visit: Visit) -> Reply:
    """POST /office/staff: another role, in or out, a factor reset, sessions ended."""
    wanted, context, by = typed.one_of(visit.form.text("do"), STAFF_DEEDS), visit.context, visit.actor
    operator_id = OperatorId(visit.form.text("operator")[:40])
    if wanted == "role":
        role = Role(typed.one_of(visit.form.text("role"), tuple(Role)))
        change_operator(context, operator_id, role=role, by=by)
    elif wanted in ("activate", "deactivate"):
        change_operator(context, operator_id, active=wanted == "activate", by=by)
    elif wanted == "reset":
        reset_factor(context, operator_id, by=by)
    else:
        end_operator_sessions(context, operator_id, by=by)
    return Redirect(f"/office/staff?done=staff-{wanted}")


def _number(visit: Visit) -> int:
    text = visit.form.text("number")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0

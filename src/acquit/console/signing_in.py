"""The doors' own pages: sign in, sign out, and the start page."""

from acquit.actions.sign_in import (
    CodeNeeded,
    sign_in_account,
    sign_in_operator,
    sign_in_with_code,
    sign_out,
)
from acquit.console import forms
from acquit.console.visit import Page, Redirect, Reply, SessionChange, Visit
from acquit.core.session import Door


def home(visit: Visit) -> Reply:
    """GET /: the doors."""
    return Page("home.html")


def manager_login(visit: Visit) -> Reply:
    """GET /manager/login."""
    return _login(visit, Door.MANAGER)


def office_login(visit: Visit) -> Reply:
    """GET /office/login."""
    return _login(visit, Door.OFFICE)


def enter_manager(visit: Visit) -> Reply:
    """POST /manager/login: open a session, then go on where the person wanted to."""
    login, password = visit.form.text("login"), visit.form.fields.get("password", "")
    try:
        token = sign_in_account(visit.context, login, password, address=visit.address)
    except CodeNeeded as needed:
        return _code_page(visit, needed.pending)
    return _welcome(visit, Door.MANAGER, token)


def ask_code(visit: Visit) -> Reply:
    """GET /manager/login/code: the code of a sign-in under way; without one, the sign-in itself."""
    pending = visit.form.text("pending")
    return _code_page(visit, pending) if pending else Redirect("/manager/login")


def enter_with_code(visit: Visit) -> Reply:
    """POST /manager/login/code: open the session, then go on where the person wanted to."""
    pending, code = visit.form.text("pending"), visit.form.text("code")
    return _welcome(
        visit, Door.MANAGER, sign_in_with_code(visit.context, pending, code, address=visit.address)
    )


def enter_office(visit: Visit) -> Reply:
    """POST /office/login: open a session, then go on where the person wanted to."""
    login, password = visit.form.text("login"), visit.form.fields.get("password", "")
    return _welcome(
        visit, Door.OFFICE, sign_in_operator(visit.context, login, password, address=visit.address)
    )


def leave_manager(visit: Visit) -> Reply:
    """POST /manager/logout: end the session."""
    return _leave(visit, Door.MANAGER)


def leave_office(visit: Visit) -> Reply:
    """POST /office/logout: end the session."""
    return _leave(visit, Door.OFFICE)


def _login(visit: Visit, door: Door) -> Page:
    wanted = visit.form.text("next") or visit.query.get("next", "")
    values = {
        "door": door.value,
        "next": forms.local_link(wanted, f"/{door.value}"),
        "kept": visit.form.text("kept"),
        "is_back": False,
    }
    return Page("login.html", values)


def _code_page(visit: Visit, pending: str) -> Page:
    values = {
        "door": Door.MANAGER.value,
        "next": forms.local_link(visit.form.text("next"), "/manager"),
        "kept": visit.form.text("kept"),
        "pending": pending,
    }
    return Page("code.html", values)


def _welcome(visit: Visit, door: Door, token: str) -> Reply:
    link = forms.local_link(visit.form.text("next"), f"/{door.value}")
    kept, change = forms.kept(visit.form.text("kept")), SessionChange(door, token)
    if kept:
        return Page("welcome_back.html", {"next": link, "kept": kept}, session=change)
    return Redirect(link, change)


def _leave(visit: Visit, door: Door) -> Reply:
    sign_out(visit.context, visit.form_secret)
    return Redirect(f"/{door.value}/login", SessionChange(door, ""))

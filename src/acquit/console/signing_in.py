"""The doors' own pages: sign in, sign out, and the start page."""

from acquit.actions.sign_in import (
    CodeNeeded,
    sign_in_account,
    sign_in_operator,
    sign_in_operator_with_code,
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
        token = sign_in_account(visit.context, login, password, address=visit.address, browser=visit.browser)
    except CodeNeeded as needed:
        return _code_page(visit, Door.MANAGER, needed.pending)
    return welcome(visit, Door.MANAGER, token)


def ask_code(visit: Visit) -> Reply:
    """GET /manager/login/code: the code of a sign-in under way; without one, the sign-in itself."""
    return _ask_code(visit, Door.MANAGER)


def ask_office_code(visit: Visit) -> Reply:
    """GET /office/login/code: the same for staff."""
    return _ask_code(visit, Door.OFFICE)


def enter_with_code(visit: Visit) -> Reply:
    """POST /manager/login/code: open the session, then go on where the person wanted to."""
    token = sign_in_with_code(
        visit.context,
        visit.form.text("pending"),
        visit.form.text("code"),
        address=visit.address,
        browser=visit.browser,
    )
    return welcome(visit, Door.MANAGER, token)


def enter_office_with_code(visit: Visit) -> Reply:
    """POST /office/login/code: the same for staff."""
    token = sign_in_operator_with_code(
        visit.context,
        visit.form.text("pending"),
        visit.form.text("code"),
        address=visit.address,
        browser=visit.browser,
    )
    return welcome(visit, Door.OFFICE, token)


def enter_office(visit: Visit) -> Reply:
    """POST /office/login: open a session, then go on where the person wanted to."""
    login, password = visit.form.text("login"), visit.form.fields.get("password", "")
    try:
        token = sign_in_operator(visit.context, login, password, address=visit.address, browser=visit.browser)
    except CodeNeeded as needed:
        return _code_page(visit, Door.OFFICE, needed.pending)
    return welcome(visit, Door.OFFICE, token)


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
        "sign_on": door in visit.context.sign_on,
        "left": "left" in visit.query,
    }
    return Page("login.html", values)


def _ask_code(visit: Visit, door: Door) -> Reply:
    pending = visit.form.text("pending")
    return _code_page(visit, door, pending) if pending else Redirect(f"/{door.value}/login")


def _code_page(visit: Visit, door: Door, pending: str) -> Page:
    values = {
        "door": door.value,
        "next": forms.local_link(visit.form.text("next"), f"/{door.value}"),
        "kept": visit.form.text("kept"),
        "pending": pending,
    }
    return Page("code.html", values)


def welcome(visit: Visit, door: Door, token: str) -> Reply:
    """Return to where the person wanted to go, signed in, with what was typed before the session ended."""
    link = forms.local_link(visit.form.text("next"), f"/{door.value}")
    kept, change = forms.kept(visit.form.text("kept")), SessionChange(door, token)
    if kept:
        return Page("welcome_back.html", {"next": link, "kept": kept}, session=change)
    return Redirect(link, change)


def welcome_at(door: Door, token: str, wanted: str) -> Reply:
    """Return to the link, which must be one of ours, signed in."""
    return Redirect(forms.local_link(wanted, f"/{door.value}"), SessionChange(door, token))


def _leave(visit: Visit, door: Door) -> Reply:
    sign_out(visit.context, visit.form_secret)
    left = "?left=1" if door in visit.context.sign_on else ""
    return Redirect(f"/{door.value}/login{left}", SessionChange(door, ""))

"""A forgotten password: ask for a link, follow it, set a new one."""

from acquit.actions.recover_password import ask_password_link, find_password_link, reset_password
from acquit.console.visit import Page, Redirect, Reply, Visit


def ask_link(visit: Visit) -> Page:
    """GET /manager/password: who forgot it."""
    return Page("password.html", {"is_sent": "sent" in visit.query})


def send_link(visit: Visit) -> Reply:
    """POST /manager/password: a letter, if anybody has the name; the page says the same either way."""
    name = visit.form.text("login")
    if name:
        ask_password_link(visit.context, name, origin=visit.origin, address=visit.address)
    return Redirect("/manager/password?sent=yes")


def ask_password(visit: Visit) -> Page:
    """GET /manager/password/new: the new password, for whoever has the link."""
    link = visit.form.text("link") or visit.query.get("link", "")
    found = find_password_link(visit.context, link)
    name = found.account_id if found.login == found.account_id else f"{found.account_id}/{found.login}"
    return Page("new_password.html", {"link": link, "name": name})


def set_password(visit: Visit) -> Reply:
    """POST /manager/password/new: it holds, and the link is over."""
    reset_password(visit.context, visit.form.text("link"), visit.form.fields.get("password", ""))
    return Redirect("/manager/login?changed=yes")

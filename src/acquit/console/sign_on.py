"""The doors by an identity provider: the way there, the way back, and out."""

from typing import Final

from acquit.actions.sign_on import begin_sign_on, finish_sign_on, leave_provider
from acquit.console import forms, saml
from acquit.console.signing_in import welcome_at
from acquit.console.visit import Page, Redirect, Reply, Visit
from acquit.core.session import Door
from acquit.core.single_sign_on import IdentityRefused, SeveralKnown

FIELD_MAX: Final = 4_000


def begin_manager(visit: Visit) -> Reply:
    """GET /manager/sso: on to the identity provider, that of `account` where it has its own."""
    account_id = saml.asked_account(visit)
    if account_id is not None and saml.host_of_provider(visit, account_id) is not None:
        return saml.begin(visit, account_id, forms.local_link(visit.query.get("next", ""), "/manager"))
    return _begin(visit, Door.MANAGER)


def begin_office(visit: Visit) -> Reply:
    """GET /office/sso: on to the identity provider."""
    return _begin(visit, Door.OFFICE)


def finish_manager(visit: Visit) -> Reply:
    """GET /manager/sso/back: the browser comes back from the identity provider."""
    try:
        return _finish(visit, Door.MANAGER)
    except SeveralKnown as several:
        return Page("several_accounts.html", {"account_ids": several.account_ids})


def finish_office(visit: Visit) -> Reply:
    """GET /office/sso/back: the browser comes back from the identity provider."""
    return _finish(visit, Door.OFFICE)


def leave_manager(visit: Visit) -> Reply:
    """GET /manager/sso/leave: the session with the identity provider ends too."""
    return _leave(visit, Door.MANAGER)


def leave_office(visit: Visit) -> Reply:
    """GET /office/sso/leave: the session with the identity provider ends too."""
    return _leave(visit, Door.OFFICE)


def _begin(visit: Visit, door: Door) -> Reply:
    wanted = forms.local_link(visit.query.get("next", ""), f"/{door.value}")
    link = begin_sign_on(
        visit.context,
        door,
        _back(visit, door),
        visit.form_secret,
        account=visit.query.get("account", ""),
        next_link=wanted,
    )
    return Redirect(link)


def _finish(visit: Visit, door: Door) -> Reply:
    if "error" in visit.query:
        raise IdentityRefused("the provider answers with an error")
    given = {name: visit.query.get(name, "")[:FIELD_MAX] for name in ("state", "code", "iss")}
    token, wanted = finish_sign_on(
        visit.context,
        door,
        _back(visit, door),
        visit.form_secret,
        state=given["state"],
        code=given["code"],
        issuer=given["iss"],
        address=visit.address,
        browser=visit.browser,
    )
    return welcome_at(door, token, wanted)


def _leave(visit: Visit, door: Door) -> Reply:
    login = f"/{door.value}/login"
    return Redirect(leave_provider(visit.context, door, visit.origin + login) or login)


def _back(visit: Visit, door: Door) -> str:
    return f"{visit.origin}/{door.value}/sso/back"

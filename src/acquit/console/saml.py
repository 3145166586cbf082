"""The door by an account's own identity provider (SAML): there, its answer, the way back; and who we are."""

import re
from typing import Final
from urllib.parse import urlsplit

from acquit.actions.sign_on_by_saml import Trial, accept_saml, begin_saml, describe_us, finish_saml
from acquit.console import forms
from acquit.console.signing_in import welcome_at
from acquit.console.visit import Download, NoSuchPage, Page, Redirect, Reply, Visit
from acquit.core.identifiers import AccountId
from acquit.core.session import Door
from acquit.store import identity_providers

ANSWER_MAX: Final = 400_000
CODE_MAX: Final = 200
ACCOUNT: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
METADATA_TYPE: Final = "application/samlmetadata+xml"


def asked_account(visit: Visit) -> AccountId | None:
    """Return the account that the address's query names, None when it names none."""
    name = visit.query.get("account", "").strip().lower().partition("/")[0]
    return AccountId(name) if ACCOUNT.fullmatch(name) else None


def host_of_provider(visit: Visit, account_id: AccountId | None) -> str | None:
    """Return where people of the account's own identity provider are sent, None when it has none."""
    if account_id is None:
        return None
    with visit.read() as tx:
        found = identity_providers.find(tx, account_id)
    return None if found is None else urlsplit(found.metadata.sign_on_url).hostname


def ask_account(visit: Visit) -> Page:
    """GET /manager/sso/account: which account; then a link on, since a form would not be let off the site."""
    account_id = asked_account(visit)
    host = host_of_provider(visit, account_id)
    is_shared = host is None and account_id is not None and Door.MANAGER in visit.context.sign_on
    values = {
        "account": visit.query.get("account", "")[:100],
        "account_id": account_id,
        "next": forms.local_link(visit.query.get("next", ""), "/manager"),
        "host": host,
        "is_shared": is_shared,
    }
    return Page("sign_on_account.html", values)


def begin(visit: Visit, account_id: AccountId, wanted: str, *, is_trial: bool = False) -> Redirect:
    """Send the browser to the account's own identity provider."""
    context, secret = visit.context, visit.form_secret
    return Redirect(
        begin_saml(context, account_id, visit.origin, secret, next_link=wanted, is_trial=is_trial)
    )


def take_answer(visit: Visit) -> Reply:
    """POST /manager/saml/{account_id}/acs: the identity provider's page sends its answer along.

    No cookie comes with it, and RelayState is not looked at: where to go on is kept here.
    """
    account_id = _account(visit)
    code = accept_saml(visit.context, account_id, visit.origin, visit.form.fields.get("SAMLResponse", ""))
    return Redirect(f"/manager/saml/{account_id}/back?code={code}")


def come_back(visit: Visit) -> Reply:
    """GET /manager/saml/{account_id}/back: the browser that was sent away is signed in, or told."""
    account_id = _account(visit)
    done = finish_saml(
        visit.context,
        account_id,
        visit.query.get("code", "")[:CODE_MAX],
        visit.form_secret,
        address=visit.address,
        browser=visit.browser,
    )
    if isinstance(done, Trial):
        return Page("sign_on_trial.html", {"trial": done})
    return welcome_at(Door.MANAGER, done.token, done.next)


def show_our_metadata(visit: Visit) -> Download:
    """GET /manager/saml/{account_id}/metadata: what an identity provider has to know of us."""
    account_id = _account(visit)
    content = describe_us(visit.context, account_id, visit.origin)
    return Download(content, METADATA_TYPE, f"{account_id}.xml", inline=True)


def _account(visit: Visit) -> AccountId:
    name = visit.path_values["account_id"]
    if not ACCOUNT.fullmatch(name):
        raise NoSuchPage("There is no page at this address.")
    return AccountId(name)

"""The account's own identity provider: what it has to know of us, its metadata, what its people may do."""

from dataclasses import replace
from typing import Final

from acquit.actions.set_identity_provider import (
    attach_identity_provider,
    change_identity_provider,
    remove_identity_provider,
    renew_metadata,
)
from acquit.actions.sign_on_by_saml import find_provider, our_side
from acquit.console import saml, typed
from acquit.console.place import own_place, page
from acquit.console.visit import Page, Redirect, Reply, Visit
from acquit.core.identity import refuse_unless_admin
from acquit.core.saml import GROUP_ATTRIBUTE, NAME_ID, NoOriginKnown, OurSide, Wishes
from acquit.store import identities, identity_providers

METADATA_MAX: Final = 500_000
SOON_DAYS: Final = 30
DEEDS: Final = ("attach", "change", "renew", "remove")


def show_provider(visit: Visit) -> Page:
    """GET /manager/identity-provider: what it is, until when it is believed, what it has to know of us."""
    with visit.snapshot() as tx:
        place = own_place(visit, tx)
        provider = identity_providers.find(tx, visit.account_id)
        groups = identities.groups(tx, visit.account_id)
    return page(
        "identity_provider.html",
        place,
        provider=provider,
        ours=_ours(visit),
        groups=groups,
        now=visit.context.clock.now(),
        soon_days=SOON_DAYS,
        usual=(NAME_ID, GROUP_ATTRIBUTE),
    )


def change_provider(visit: Visit) -> Reply:
    """POST /manager/identity-provider: bring it, change it, renew its metadata, or remove it."""
    wanted = typed.one_of(visit.form.text("do"), DEEDS)
    _must_be_admin(visit)
    context, account_id, by = visit.context, visit.account_id, visit.actor
    if wanted == "attach":
        attach_identity_provider(
            context, account_id, visit.form.text("metadata"), _wished(visit, Wishes()), by=by
        )
    elif wanted == "change":
        before = find_provider(context, account_id)
        change_identity_provider(context, account_id, _wished(visit, before.wishes), by=by)
    elif wanted == "renew":
        renew_metadata(context, account_id, visit.form.text("metadata"), by=by)
    else:
        remove_identity_provider(context, account_id, by=by)
    return Redirect(f"/manager/identity-provider?done=provider-{wanted}")


def try_provider(visit: Visit) -> Reply:
    """GET /manager/identity-provider/try: there and back; what it comes to is told, nobody is signed in."""
    return saml.begin(visit, visit.account_id, "/manager/identity-provider", is_trial=True)


def _ours(visit: Visit) -> OurSide | None:
    try:
        return our_side(visit.context, visit.account_id, visit.origin)
    except NoOriginKnown:
        return None


def _wished(visit: Visit, before: Wishes) -> Wishes:
    form = visit.form
    return replace(
        before,
        login_attribute=form.text("login_attribute"),
        group_attribute=form.text("group_attribute"),
        shuts_out_logins=form.text("shuts_out_logins") == "1",
        signs_requests=form.text("signs_requests") == "1",
    )


def _must_be_admin(visit: Visit) -> None:
    login = visit.signed_in.login
    if login != visit.account_id:
        with visit.read() as tx:
            refuse_unless_admin(identities.roles(tx, visit.account_id, login))

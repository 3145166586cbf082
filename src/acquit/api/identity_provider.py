"""/me/identity/provider: the account's own identity provider (SAML 2.0)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from acquit.actions.set_identity_provider import (
    attach_identity_provider,
    change_identity_provider,
    remove_identity_provider,
)
from acquit.actions.sign_on_by_saml import find_provider
from acquit.api import wire
from acquit.api.identity import must_be_admin
from acquit.api.request import Request
from acquit.core.saml import AccountProvider, Certificate, RequestedAttribute, Wishes


def get_provider(request: Request) -> object:
    """GET /me/identity/provider: the account's identity provider."""
    return _shown(find_provider(request.context, request.caller.account_id), request)


def attach_provider(request: Request) -> object:
    """POST /me/identity/provider: people of the provider sign in to the account from now on."""
    must_be_admin(request)
    made = attach_identity_provider(
        request.context,
        request.caller.account_id,
        request.body["metadata"],
        _wished(Wishes(), request.body),
        by=request.caller.actor,
    )
    return _shown(made, request)


def edit_provider(request: Request) -> None:
    """PUT /me/identity/provider: the members that are given; metadata stays."""
    must_be_admin(request)
    account_id = request.caller.account_id
    before = find_provider(request.context, account_id)
    wishes = _wished(before.wishes, request.body)
    change_identity_provider(request.context, account_id, wishes, by=request.caller.actor)


def delete_provider(request: Request) -> None:
    """DELETE /me/identity/provider: its people are out, identity users sign in again."""
    must_be_admin(request)
    remove_identity_provider(request.context, request.caller.account_id, by=request.caller.actor)


def _wished(before: Wishes, body: Mapping[str, Any]) -> Wishes:
    """Return the wishes with the given members; null takes back what was said."""
    after = before
    if "userAttributeName" in body:
        after = replace(after, login_attribute=body["userAttributeName"] or "")
    if "groupAttributeName" in body:
        after = replace(after, group_attribute=body["groupAttributeName"] or "")
    if "disableUsers" in body:
        after = replace(after, shuts_out_logins=bool(body["disableUsers"]))
    if "signRequests" in body:
        after = replace(after, signs_requests=bool(body["signRequests"]))
    if "extensions" in body:
        asked = (body["extensions"] or {}).get("requestedAttributes") or ()
        after = replace(after, requested=tuple(_requested(each) for each in asked))
    return after


def _requested(each: Mapping[str, Any]) -> RequestedAttribute:
    return RequestedAttribute(
        each["name"], each["isRequired"], each.get("nameFormat"), tuple(each.get("values") or ())
    )


def _shown(provider: AccountProvider, request: Request) -> dict[str, Any]:
    wishes = provider.wishes
    return {
        "creation": wire.instant(provider.created_at, request.zone),
        "disableUsers": wishes.shuts_out_logins,
        "extensions": {"requestedAttributes": [_asked(each) for each in wishes.requested]},
        "groupAttributeName": wishes.group_attribute,
        "idpSigningCertificates": [_certificate(each, request) for each in provider.metadata.certificates],
        "lastUpdate": wire.instant(provider.updated_at, request.zone),
        "signRequests": wishes.signs_requests,
        "ssoServiceUrl": provider.metadata.sign_on_url,
        "userAttributeName": wishes.login_attribute,
    }


def _asked(each: RequestedAttribute) -> dict[str, Any]:
    return {
        "isRequired": each.is_required,
        "name": each.name,
        "nameFormat": each.name_format,
        "values": list(each.values),
    }


def _certificate(each: Certificate, request: Request) -> dict[str, Any]:
    return {"expiration": wire.instant(each.ends_at, request.zone), "subject": each.subject}

"""/me/logs/audit: who signed in to the account, and who changed who may do what there."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from acquit.api import wire
from acquit.api.listing import Listing
from acquit.api.request import Request
from acquit.core.access import read_address
from acquit.core.access_event import LISTED_MAX, AccessEvent, EventType, State
from acquit.core.service_account import login_of
from acquit.store import access_events
from acquit.store.transaction import Transaction

POLICIES: Final = UUID("6f2a4a43-6d0b-4c0e-9a51-0d4c1f6f6e11")
"""The name space of policy ids: the policy of a service account is what it may do."""
FACTORS: Final = {"totp": "TOTP", "backup-code": "BACKUP_CODE", "none": "NONE"}
DETAILS: Final = (
    *(
        f"{kind}{deed}Details"
        for kind in ("group", "policy", "provider", "resourceGroup", "token", "user")
        for deed in ("Created", "Deleted", "Modified")
    ),
    "loginSuccessDetails",
    "userPasswordChangedDetails",
)


def list_events(request: Request) -> Listing[str]:
    """GET /me/logs/audit: the latest events that are kept, the latest first."""
    account_id = request.caller.account_id
    since = request.context.clock.now() - timedelta(days=request.context.access_days)

    def ids(tx: Transaction) -> Sequence[str]:
        return [str(each) for each in access_events.latest(tx, account_id, since, LISTED_MAX)]

    def events(tx: Transaction, some: Sequence[str]) -> Mapping[str, object]:
        found = access_events.find_many(tx, account_id, [int(each) for each in some], since)
        return {str(each.event_id): _event(each, request) for each in found}

    return Listing(ids, events)


def _event(event: AccessEvent, request: Request) -> dict[str, Any]:
    address = event.trace.address
    shown: dict[str, Any] = dict.fromkeys(DETAILS)
    return shown | {
        "authDetails": _who(event),
        "createdAt": wire.instant(event.at, request.zone),
        "ip": None if read_address(address) is None else address,
        "type": event.type.value,
        **_details(event, request),
    }


def _who(event: AccessEvent) -> dict[str, Any] | None:
    """Return which login did it; nobody of the account did what its provider did."""
    if event.login is None:
        return None
    kind = "ACCOUNT" if event.login == event.account_id else "USER"
    return {"userDetails": {"type": "PROVIDER" if event.is_by_provider else kind, "user": event.login}}


def _details(event: AccessEvent, request: Request) -> dict[str, Any]:
    """Return the member that tells of this type of event; the account's own password has none."""
    if event.type is EventType.SIGNED_IN:
        mfa = FACTORS.get(event.factor, "UNKNOWN")
        return {"loginSuccessDetails": {"mfaType": mfa, "userAgent": event.trace.browser}}
    if event.type is EventType.ACCOUNT_PASSWORD:
        return {}
    if event.type is EventType.LOGIN_PASSWORD:
        created = _instant(_state(event).get("created_at"), request)
        return {"userPasswordChangedDetails": {"user": event.subject, "userCreatedAt": created}}
    kind, _, deed = event.type.value.partition("_")
    told = TELLERS[kind](event, request)
    old, new = _named(kind, event.trace.before, request), _named(kind, event.trace.after, request)
    states = {"CREATED": {"new": new}, "DELETED": {"old": old}, "MODIFIED": {"old": old, "new": new}}[deed]
    return {f"{kind.lower()}{deed.capitalize()}Details": told | states}


def _login(event: AccessEvent, request: Request) -> dict[str, Any]:
    state = _state(event)
    told = {"user": event.subject, "userCreatedAt": _instant(state.get("created_at"), request)}
    is_modified = event.type is EventType.LOGIN_CHANGED
    return told if is_modified else told | {"userType": state.get("type")}


def _group(event: AccessEvent, _request: Request) -> dict[str, Any]:
    return {"group": event.subject}


def _token(event: AccessEvent, request: Request) -> dict[str, Any]:
    created = _instant(_state(event).get("created_at"), request)
    return {"tokenCreatedAt": created, "tokenName": event.name, "user": event.subject}


def _policy(event: AccessEvent, _request: Request) -> dict[str, Any]:
    """Return the policy of a service account: its resources are the rights that came or went."""
    before, after = event.trace.before or {}, event.trace.after or {}
    had, has = set(before.get("actions", ())), set(after.get("actions", ()))
    account = f"urn:v1:eu:identity:credential:{event.account_id}/{login_of(event.subject)}"  # type: ignore[arg-type]
    told: dict[str, Any] = {
        "policyId": str(uuid5(POLICIES, event.subject)), "policyName": event.name,
    }  # fmt: skip
    if event.type is not EventType.RIGHTS_REMOVED:
        is_new = event.type is EventType.RIGHTS_ADDED
        told["added"] = _changes([account] if is_new else None, has - had)
    if event.type is not EventType.RIGHTS_ADDED:
        is_gone = event.type is EventType.RIGHTS_REMOVED
        told["removed"] = _changes([account] if is_gone else None, had - has)
    return told


def _changes(identities: list[str] | None, rights: set[str]) -> dict[str, Any] | None:
    if not identities and not rights:
        return None
    return {"identities": identities, "resources": sorted(rights) or None}


def _provider(event: AccessEvent, _request: Request) -> dict[str, Any]:
    return {"ssoServiceURL": _state(event).get("sign_on_url", "")}


TELLERS: Final = {"PROVIDER": _provider, "USER": _login, "GROUP": _group, "TOKEN": _token, "POLICY": _policy}


def _named(kind: str, state: State | None, request: Request) -> dict[str, Any] | None:
    """Return a state by the names of the wire."""
    if state is None:
        return None
    if kind == "USER":
        return {
            "description": state["description"],
            "group": state["group"],
            "passwordRecoveryEmail": state["email"],
            "userType": state["type"],
        }
    if kind == "GROUP":
        return {"description": state["description"], "name": state["name"], "role": state["role"]}
    if kind == "PROVIDER":
        return {
            "groupAttributeName": state["group_attribute"],
            "requestSignatureEnabled": state["signs_requests"],
            "userAttributeName": state["login_attribute"],
            "usersDisabled": state["shuts_out_logins"],
        }
    if kind == "TOKEN":
        return {
            "description": state["description"], "expiresAt": _instant(state["expires_at"], request),
        }  # fmt: skip
    return {"description": state["description"], "name": state["name"]}


def _state(event: AccessEvent) -> State:
    return event.trace.after or event.trace.before or {}


def _instant(text: str | None, request: Request) -> str | None:
    return None if text is None else wire.instant(datetime.fromisoformat(text), request.zone)

"""/auth and /me/api: asking for a key, who is calling, ending what a program may do."""

import time
from datetime import timedelta

import pytest

from acquit.actions.context import Context
from acquit.actions.validate_credential import find_pending, refuse_credential, validate_credential
from acquit.core.access import NotPending, Rule

from .conftest import ACCOUNT, OTHER, SUB_ACCOUNT, Keys, MakeKeys, Wire

RULES = [{"method": "GET", "path": "/me*"}, {"method": "POST", "path": "/auth/logout"}]


def ask(wire: Wire, body: object, **options: object) -> tuple[str, str]:
    """Ask for a key and return it with the token of its page."""
    reply = wire.call(
        "POST",
        "/auth/credential",
        body,
        signed=False,
        headers={"X-Ovh-Application": wire.keys.application_key},
    )
    assert reply.status == 200, reply
    assert reply.body["state"] == "pendingValidation"
    url, _, token = reply.body["validationUrl"].partition("?credentialToken=")
    assert url == "http://127.0.0.1:8080/auth/"
    assert len(token) == 64
    assert len(reply.body["consumerKey"]) == 32
    return reply.body["consumerKey"], token


def with_key(keys: Keys, consumer_key: str) -> Keys:
    return Keys(keys.application_id, keys.application_key, keys.secret, consumer_key)


def test_time_is_a_bare_integer_for_anyone(wire: Wire) -> None:
    reply = wire.call("GET", "/auth/time", signed=False)
    assert reply.status == 200
    assert abs(reply.body - time.time()) < 5
    assert reply.raw.isdigit()


def test_a_key_works_only_after_a_person_validated_it(wire: Wire, context: Context) -> None:
    consumer_key, token = ask(
        wire, {"accessRules": RULES, "redirection": "https://example.com/done", "allowedIPs": None}
    )
    keys = with_key(wire.keys, consumer_key)
    before = wire.call("GET", "/auth/currentCredential", keys=keys)
    assert (before.status, before.body["errorCode"]) == (403, "INVALID_CREDENTIAL")

    pending = find_pending(context, token)
    assert pending.application.name == "tests"
    assert pending.credential.rules == (Rule("GET", "/me*"), Rule("POST", "/auth/logout"))
    validated = validate_credential(context, token, ACCOUNT, timedelta(hours=1), by=f"account:{ACCOUNT}")
    assert validated.credential.redirection == "https://example.com/done"

    after = wire.call("GET", "/me/api/credential", keys=keys)
    assert after.status == 200
    shown = wire.get(f"/me/api/credential/{after.body[-1]}")
    assert shown["rules"] == RULES
    assert shown["status"] == "validated"
    assert shown["expiration"] is not None
    assert shown["allowedIPs"] is None
    assert shown["ovhSupport"] is False
    outside = wire.call("POST", "/auth/credential/x", keys=keys)
    assert outside.status == 404
    denied = wire.call("GET", "/auth/details", keys=keys)
    assert (denied.status, denied.body["errorCode"]) == (403, "NOT_GRANTED_CALL")


def test_an_answer_is_given_once(wire: Wire, context: Context) -> None:
    consumer_key, token = ask(wire, {"accessRules": RULES})
    refuse_credential(context, token, by=f"account:{ACCOUNT}")
    with pytest.raises(NotPending):
        validate_credential(context, token, ACCOUNT, None, by=f"account:{ACCOUNT}")
    with pytest.raises(NotPending):
        find_pending(context, "no such token")
    reply = wire.call("GET", "/me/api/application", keys=with_key(wire.keys, consumer_key))
    assert reply.body["errorCode"] == "INVALID_CREDENTIAL"


def test_a_pending_key_is_too_old_after_a_day(wire: Wire, context: Context) -> None:
    _, token = ask(wire, {"accessRules": RULES})
    with context.database.write() as tx:
        tx.run(
            "UPDATE credential SET created_at = now() - interval '25 hours'"
            " WHERE status = 'pendingValidation'"
        )
    with pytest.raises(NotPending):
        find_pending(context, token)


def test_asking_may_be_signed_even_with_a_dead_key(wire: Wire) -> None:
    keys = with_key(wire.keys, "x" * 32)
    reply = wire.call("POST", "/auth/credential", {"accessRules": RULES}, keys=keys)
    assert reply.status == 200


@pytest.mark.parametrize(
    "rules",
    [
        None,
        [],
        "GET /me",
        [{"method": "GET"}],
        [{"method": "FETCH", "path": "/me"}],
        [{"method": "GET", "path": "me"}],
        [{"method": "GET", "path": "/me", "more": 1}],
        [{"method": "GET", "path": 7}],
        [{"method": "GET", "path": "/me\u0000"}],
        {"method": "GET", "path": "/me"},
    ],
)
def test_malformed_rules_are_refused(wire: Wire, rules: object) -> None:
    reply = wire.call(
        "POST",
        "/auth/credential",
        {"accessRules": rules},
        signed=False,
        headers={"X-Ovh-Application": wire.keys.application_key},
    )
    assert reply.status == 400
    if rules is not None:
        assert reply.body["message"] == "Body parameter accessRules isn't formated correctly"


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("redirection", "javascript:alert(1)"),
        ("redirection", "/relative"),
        ("redirection", "http://[broken"),
        ("allowedIPs", ["300.1.1.1"]),
        ("allowedIPs", "127.0.0.1"),
        ("surprise", 1),
    ],
)
def test_a_malformed_request_for_a_key_is_refused(wire: Wire, member: str, value: object) -> None:
    reply = wire.call(
        "POST",
        "/auth/credential",
        {"accessRules": RULES, member: value},
        signed=False,
        headers={"X-Ovh-Application": wire.keys.application_key},
    )
    assert reply.status == 400
    assert member in reply.body["message"]


def test_asking_needs_a_known_application(wire: Wire) -> None:
    for headers in ({}, {"X-Ovh-Application": "nobody"}, {"X-Ovh-Application": "no\u0000body"}):
        reply = wire.call("POST", "/auth/credential", {"accessRules": RULES}, signed=False, headers=headers)
        assert (reply.status, reply.body["errorCode"]) == (403, "INVALID_KEY")


def test_details_say_who_is_calling(wire: Wire, make_keys: MakeKeys) -> None:
    assert wire.get("/auth/details") == {
        "account": ACCOUNT,
        "allowedRoutes": None,
        "description": None,
        "identities": [f"urn:v1:eu:identity:account:{ACCOUNT}"],
        "method": "account",
        "roles": None,
        "user": None,
    }
    limited = wire.get("/auth/details", keys=make_keys(SUB_ACCOUNT, [Rule("GET", "/auth/*")], login="alice"))
    assert limited["account"] == SUB_ACCOUNT
    assert limited["user"] == f"{SUB_ACCOUNT}/alice"
    assert limited["method"] == "user"
    assert limited["identities"] == [f"urn:v1:eu:identity:user:{SUB_ACCOUNT}/alice"]
    assert limited["allowedRoutes"] == [{"method": "GET", "path": "/auth/*"}]


def test_logging_out_ends_the_key_at_once(wire: Wire, make_keys: MakeKeys) -> None:
    keys = make_keys()
    credential = wire.get("/auth/currentCredential", keys=keys)
    assert wire.call("POST", "/auth/logout", keys=keys).raw == b"null"
    until = time.monotonic() + 0.5
    while (again := wire.call("GET", "/auth/details", keys=keys)).status == 200 and time.monotonic() < until:
        time.sleep(0.01)
    assert again.body["errorCode"] == "INVALID_CREDENTIAL"
    assert wire.get(f"/me/api/credential/{credential['credentialId']}")["status"] == "expired"


def test_a_key_is_seen_and_changed_only_by_its_account(wire: Wire, make_keys: MakeKeys) -> None:
    foreign = make_keys(OTHER)
    credential_id = wire.get("/auth/currentCredential", keys=foreign)["credentialId"]
    path = f"/me/api/credential/{credential_id}"
    assert wire.call("GET", path).status == 404
    assert wire.call("PUT", path, {"allowedIPs": ["10.0.0.0/8"]}).status == 404
    assert wire.call("PUT", path, {}).status == 404
    assert wire.call("DELETE", path).status == 404
    assert wire.call("GET", f"{path}/application").status == 404
    assert wire.get("/auth/currentCredential", keys=foreign)["allowedIPs"] is None


def test_a_key_can_be_limited_to_addresses_and_set_free(wire: Wire, make_keys: MakeKeys) -> None:
    keys = make_keys()
    path = f"/me/api/credential/{wire.get('/auth/currentCredential', keys=keys)['credentialId']}"
    changed = wire.call("PUT", path, {"allowedIPs": ["10.1.2.3/8", "2001:db8::1"], "status": "expired"})
    assert changed.raw == b"null"
    assert wire.get(path)["allowedIPs"] == ["10.0.0.0/8", "2001:db8::1/128"]
    time.sleep(0.2)
    refused = wire.call("GET", "/auth/details", keys=keys)
    assert (refused.status, refused.body["errorCode"]) == (403, "FORBIDDEN")
    assert wire.call("PUT", path, {"allowedIPs": None}).status == 200
    time.sleep(0.2)
    assert wire.call("GET", "/auth/details", keys=keys).status == 200


def test_a_deleted_key_is_gone(wire: Wire, make_keys: MakeKeys) -> None:
    keys = make_keys()
    path = f"/me/api/credential/{wire.get('/auth/currentCredential', keys=keys)['credentialId']}"
    assert wire.get(f"{path}/application")["applicationKey"] == keys.application_key
    assert wire.call("DELETE", path).raw == b"null"
    time.sleep(0.2)
    assert wire.call("GET", "/auth/details", keys=keys).body["errorCode"] == "INVALID_CREDENTIAL"
    assert wire.call("GET", path).status == 404


def test_lists_of_keys_are_filtered(wire: Wire, make_keys: MakeKeys) -> None:
    ended = make_keys()
    wire.call("POST", "/auth/logout", keys=ended)
    everything = wire.get("/me/api/credential")
    valid, expired = (
        wire.get("/me/api/credential?status=validated"),
        wire.get("/me/api/credential?status=expired"),
    )
    assert sorted(valid + expired) == everything
    assert len(expired) == 1
    assert wire.get(f"/me/api/credential?applicationId={wire.keys.application_id}") == everything
    assert wire.get("/me/api/credential?applicationId=7") == []
    unknown = wire.call("GET", "/me/api/credential?status=dead")
    assert unknown.body["message"] == (
        "[status] Given data (dead) does not belong to the CredentialStateEnum enumeration"
    )


def test_a_deleted_application_takes_its_keys_along(wire: Wire, make_keys: MakeKeys) -> None:
    (application_id,) = wire.get("/me/api/application")
    shown = wire.get(f"/me/api/application/{application_id}")
    assert shown == {
        "applicationId": application_id,
        "applicationKey": wire.keys.application_key,
        "description": "of the wire",
        "name": "tests",
        "status": "active",
    }
    stranger = make_keys(OTHER)
    assert wire.call("DELETE", f"/me/api/application/{application_id}", keys=stranger).status == 404
    assert wire.call("DELETE", f"/me/api/application/{application_id}").status == 200
    time.sleep(0.2)
    for keys in (wire.keys, stranger):
        assert wire.call("GET", "/auth/details", keys=keys).body["errorCode"] == "INVALID_KEY"


def test_use_leaves_a_trace_in_time(wire: Wire, make_keys: MakeKeys) -> None:
    keys = make_keys()
    for _ in range(3):
        credential_id = wire.get("/auth/currentCredential", keys=keys)["credentialId"]
    until = time.monotonic() + 5
    while wire.get(f"/me/api/credential/{credential_id}")["lastUse"] is None:
        assert time.monotonic() < until, "no trace of use after five seconds"
        time.sleep(0.1)

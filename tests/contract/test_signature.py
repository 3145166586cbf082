"""Who is let in: keys, clocks, signatures, rules, addresses, as a client of the wire meets them."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from acquit.actions.context import Context
from acquit.actions.revoke_access import revoke_credential
from acquit.api.entrance import Entrance
from acquit.api.origin import Proxies
from acquit.core.access import Rule
from acquit.store import access

from .conftest import ACCOUNT, HOST, OTHER, SUB_ACCOUNT, Keys, MakeKeys, Wire


def refusal(wire: Wire, path: str = "/auth/details", **options: object) -> tuple[int, str, str, str]:
    """Return status, errorCode, class and message of a refused call."""
    reply = wire.call("GET", path, **options)  # type: ignore[arg-type]
    body = reply.body
    assert set(body) == {"message", "class", "errorCode", "httpCode", "details"}
    assert body["httpCode"].startswith(f"{reply.status} ")
    assert reply.headers["x-ovh-queryid"]
    assert all(isinstance(value, str) for value in body["details"].values())
    return reply.status, body["errorCode"], body["class"], body["message"]


def test_each_fault_of_a_signed_request_has_its_own_answer(wire: Wire, make_keys: MakeKeys) -> None:
    keys = wire.keys
    forbidden, bad = (403, "Client::Forbidden"), (400, "Client::BadRequest")
    unknown_program = replace(keys, application_key="0" * 16)
    assert refusal(wire, keys=unknown_program) == (
        forbidden[0], "INVALID_KEY", forbidden[1], "This application key is invalid",
    )  # fmt: skip
    assert refusal(wire, signed=False) == (403, "NOT_CREDENTIAL", "Client::Forbidden", "You must login first")
    without_key = replace(keys, consumer_key="")
    assert refusal(wire, keys=without_key)[1] == "NOT_CREDENTIAL"
    unknown_key = replace(keys, consumer_key="x" * 32)
    assert refusal(wire, keys=unknown_key) == (
        403, "INVALID_CREDENTIAL", "Client::Forbidden", "This credential is not valid",
    )  # fmt: skip
    assert refusal(wire, at=int(time.time()) - 120) == (
        *bad[:1],
        "QUERY_TIME_OUT",
        bad[1],
        "Query out of time",
    )
    assert refusal(wire, at=int(time.time()) + 120)[1] == "QUERY_TIME_OUT"
    assert refusal(wire, headers={"X-Ovh-Timestamp": "soon"})[1] == "QUERY_TIME_OUT"
    wrong = replace(keys, secret="0" * 32)
    assert refusal(wire, keys=wrong) == (400, "INVALID_SIGNATURE", "Client::BadRequest", "Invalid signature")
    assert refusal(wire, headers={"X-Ovh-Signature": ""})[1] == "INVALID_SIGNATURE"
    narrow = make_keys(ACCOUNT, [Rule("GET", "/me/bill*")])
    assert refusal(wire, keys=narrow) == (
        403, "NOT_GRANTED_CALL", "Client::Forbidden", "This call has not been granted",
    )  # fmt: skip
    fenced = make_keys(allowed_ips=["192.0.2.0/24"])
    assert refusal(wire, keys=fenced)[:3] == (403, "FORBIDDEN", "Client::Forbidden")
    assert refusal(wire, "/nothing") == (
        404,
        "NOT_FOUND",
        "Client::NotFound",
        "Got an invalid (or empty) URL",
    )
    assert refusal(wire, "/me/sla")[:3] == (501, "NOT_IMPLEMENTED", "Server::NotImplemented")


def test_a_refused_or_pending_or_expired_key_is_not_valid(
    wire: Wire, make_keys: MakeKeys, context: Context
) -> None:
    gone = make_keys(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert refusal(wire, keys=gone)[1] == "INVALID_CREDENTIAL"
    soon = make_keys(expires_at=datetime.now(UTC) + timedelta(seconds=0.7))
    assert wire.call("GET", "/auth/details", keys=soon).status == 200
    time.sleep(0.8)
    assert refusal(wire, keys=soon)[1] == "INVALID_CREDENTIAL"


def test_a_closed_account_and_a_disabled_login_are_shut_out(
    wire: Wire, make_keys: MakeKeys, context: Context
) -> None:
    stranger, person = make_keys(OTHER), make_keys(login="alice")
    with context.database.write() as tx:
        tx.run("UPDATE account SET state = 'closed' WHERE account_id = 'cd67890-acq'")
        tx.run(
            "INSERT INTO identity_user (account_id, login, status, password_hash)"
            " VALUES ('ab12345-acq', 'alice', 'DISABLED', '')"
        )
    assert refusal(wire, keys=stranger)[1] == "INVALID_CREDENTIAL"
    assert refusal(wire, keys=person)[1] == "INVALID_CREDENTIAL"


def test_a_key_works_only_with_its_own_application(wire: Wire, context: Context, make_keys: MakeKeys) -> None:
    from acquit.actions.create_application import create_application

    other = create_application(context, OTHER, "other", by="system")
    mixed = replace(wire.keys, application_key=other.application.application_key, secret=other.secret)
    assert refusal(wire, keys=mixed)[1] == "INVALID_CREDENTIAL"


def test_the_key_of_a_sub_account_speaks_for_the_sub_account(wire: Wire, make_keys: MakeKeys) -> None:
    assert wire.get("/auth/details", keys=make_keys(SUB_ACCOUNT))["account"] == SUB_ACCOUNT


@pytest.mark.parametrize(
    "path", ["/me/tag/1.2.3.0%2F24", "/me/tag/a%20b", "/me/tag/%C3%A9", "/me/tag/..", "/v1/me/tag/x"]
)
def test_the_raw_target_is_what_is_signed(wire: Wire, path: str) -> None:
    known = wire.call("GET", path).body
    assert known["errorCode"] not in ("INVALID_SIGNATURE", "NOT_GRANTED_CALL")


def test_decoded_target_is_not_what_is_signed(wire: Wire) -> None:
    headers = wire.keys.sign("GET", f"http://{HOST}/1.0/me/tag/1.2.3.0/24")
    reply = wire.send("GET", "/1.0/me/tag/1.2.3.0%2F24", {"Host": HOST, **headers})
    assert reply.body["errorCode"] in ("INVALID_SIGNATURE", "NOT_IMPLEMENTED")


def test_a_closing_slash_is_signed_and_tolerated(wire: Wire) -> None:
    assert wire.get("/me/api/application/") == wire.get("/me/api/application")


def test_a_rule_below_a_path_does_not_cover_the_path_with_a_slash(wire: Wire, make_keys: MakeKeys) -> None:
    below = make_keys(ACCOUNT, [Rule("GET", "/me/api/application/*")])
    assert refusal(wire, "/me/api/application/", keys=below)[1] == "NOT_GRANTED_CALL"
    assert refusal(wire, "/me/api/application", keys=below)[1] == "NOT_GRANTED_CALL"


@pytest.mark.parametrize(
    "path",
    [
        "/me/api/application/../../auth/details",
        "/me/api%2Fapplication",
        "/me/api/application%00",
        "//auth/details",
    ],
)
def test_path_tricks_reach_nothing_else(wire: Wire, make_keys: MakeKeys, path: str) -> None:
    keys = make_keys(ACCOUNT, [Rule("GET", "/me/api/application*")])
    assert wire.call("GET", "/1.0" + path, keys=keys).status == 404


def test_nul_in_a_parameter_is_a_bad_value(wire: Wire) -> None:
    reply = wire.call("GET", "/me/api/application/%00")
    assert (reply.status, reply.body["errorCode"]) == (400, "INVALID_ARGUMENT")


# ---------------------------------------------------------------- what each client signs


def test_a_client_may_leave_the_port_out(wire: Wire) -> None:
    for origin in (f"http://{HOST}", "http://127.0.0.1"):
        headers = wire.keys.sign("GET", f"{origin}/1.0/auth/details")
        assert wire.send("GET", "/1.0/auth/details", {"Host": HOST, **headers}).status == 200


def test_a_client_behind_a_tls_proxy_signs_the_public_address(wire: Wire) -> None:
    forwarded = {"Host": "10.0.0.5:9000", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "api.example.com"}
    headers = wire.keys.sign("GET", "https://api.example.com/1.0/auth/details")
    assert wire.send("GET", "/1.0/auth/details", {**forwarded, **headers}).status == 200
    outsider = wire.send("GET", "/1.0/auth/details", {**forwarded, **headers}, address="192.0.2.1")
    assert outsider.body["errorCode"] == "INVALID_SIGNATURE"


def test_a_configured_public_address_is_the_one_to_sign(context: Context, keys: Keys) -> None:
    entrance = Entrance(context, proxies=Proxies.of(public_url="https://api.example.com"))
    wire = Wire(entrance, keys)
    headers = keys.sign("GET", "https://api.example.com/1.0/auth/details")
    assert wire.send("GET", "/1.0/auth/details", {"Host": "internal:1", **headers}).status == 200
    asked = wire.send(
        "POST",
        "/1.0/auth/credential",
        {"Host": "internal:1", "X-Ovh-Application": keys.application_key},
        b'{"accessRules":[{"method":"GET","path":"/*"}]}',
    )
    assert asked.body["validationUrl"].startswith("https://api.example.com/auth/?credentialToken=")
    assert wire.send("GET", "/1.0/", {"Host": "x"}).body["basePath"] == "https://api.example.com/1.0"
    entrance.close()


def test_addresses_behind_a_trusted_proxy_are_the_caller_s(wire: Wire, make_keys: MakeKeys) -> None:
    fenced = make_keys(allowed_ips=["192.0.2.0/24", "2001:db8::/32"])
    for address, status in (("192.0.2.7", 200), ("2001:db8::1", 200), ("198.51.100.1", 403)):
        reply = wire.call("GET", "/auth/details", keys=fenced, headers={"X-Forwarded-For": address})
        assert reply.status == status
    assert wire.call("GET", "/auth/details", keys=fenced, address="192.0.2.7").status == 200
    spoofed = wire.call(
        "GET", "/auth/details", keys=fenced, address="198.51.100.1", headers={"X-Forwarded-For": "192.0.2.7"}
    )
    assert spoofed.status == 403


def test_a_get_may_carry_the_content_type_and_body_that_some_clients_send(wire: Wire) -> None:
    reply = wire.call("GET", "/auth/details", headers={"Content-Type": "application/json; charset=utf-8"})
    assert reply.status == 200
    assert wire.call("GET", "/auth/details", raw=b"{}").status == 200
    tampered = wire.send(
        "GET",
        "/1.0/auth/details",
        {"Host": HOST, **wire.keys.sign("GET", f"http://{HOST}/1.0/auth/details")},
        b"{}",
    )
    assert tampered.body["errorCode"] == "INVALID_SIGNATURE"


def test_the_same_signature_may_come_again_within_the_window(wire: Wire) -> None:
    headers = {
        "Host": HOST,
        **wire.keys.sign("GET", f"http://{HOST}/1.0/auth/details", at=int(time.time()) - 20),
    }
    assert [wire.send("GET", "/1.0/auth/details", headers).status for _ in range(3)] == [200, 200, 200]


# ---------------------------------------------------------------- revocation, secrets


def test_revocation_is_heard_while_the_key_is_remembered(
    wire: Wire, make_keys: MakeKeys, context: Context
) -> None:
    keys = make_keys()
    credential_id = wire.get("/auth/currentCredential", keys=keys)["credentialId"]
    time.sleep(0.3)
    assert wire.call("GET", "/auth/details", keys=keys).status == 200
    revoke_credential(context, ACCOUNT, credential_id, by="system")
    until = time.monotonic() + 0.5
    while (reply := wire.call("GET", "/auth/details", keys=keys)).status == 200:
        assert time.monotonic() < until, "a revoked key still works after half a second"
    assert reply.body["errorCode"] == "INVALID_CREDENTIAL"


def test_no_secret_is_kept_in_clear(wire: Wire, context: Context, make_keys: MakeKeys) -> None:
    keys = make_keys()
    with context.database.read() as tx:
        rows = repr(
            tx.all("SELECT a::text, c::text FROM application a JOIN credential c USING (application_id)")
        )
        rows += repr(tx.all("SELECT * FROM act"))
        signer = access.find_signer(tx, keys.application_key, b"")
    assert keys.secret not in rows
    assert keys.consumer_key not in rows
    assert signer is not None
    assert context.sealer.unseal(signer.secret_sealed) == keys.secret


def test_no_secret_is_logged(wire: Wire, caplog: pytest.LogCaptureFixture, context: Context) -> None:
    with context.database.write() as tx:
        tx.run("UPDATE application SET secret_sealed = '\\x00'")
    time.sleep(1.1)
    with caplog.at_level("DEBUG"):
        reply = wire.call("GET", "/auth/details")
    assert (reply.status, reply.body["class"]) == (500, "Server::InternalServerError")
    assert reply.body["message"] == "Internal server error"
    (record,) = [record for record in caplog.records if record.name == "acquit.api"]
    assert record.query_id == reply.headers["x-ovh-queryid"]  # type: ignore[attr-defined]
    said = repr(vars(record))
    assert wire.keys.secret not in said
    assert wire.keys.consumer_key not in said

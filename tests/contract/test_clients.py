"""The official client for Python, unmodified, and requests as the other official clients write them."""

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import ovh
import pytest
from ovh.client import ENDPOINTS

from acquit.actions.context import Context
from acquit.actions.validate_credential import validate_credential
from acquit.core.access import Rule

from .conftest import ACCOUNT, Keys, MakeKeys, Running


@pytest.fixture
def endpoint(server: Running) -> Iterator[str]:
    """Our server's name in the client's own table of endpoints."""
    ENDPOINTS["acquit"] = f"{server.origin}/1.0"
    yield "acquit"
    del ENDPOINTS["acquit"]


def client_of(endpoint: str, keys: Keys) -> Any:
    return ovh.Client(endpoint, keys.application_key, keys.secret, keys.consumer_key)


def test_the_official_client_walks_the_whole_way_to_a_key(
    endpoint: str, server: Running, keys: Keys, context: Context
) -> None:
    client = client_of(endpoint, replace(keys, consumer_key=""))
    asking = client.new_consumer_key_request()
    asking.add_recursive_rules(ovh.API_READ_ONLY, "/me/api")
    asking.add_rules(["GET"], "/auth/*")
    asked = asking.request(redirect_url="https://example.com/done")
    assert asked["state"] == "pendingValidation"
    assert asked["validationUrl"].startswith(f"{server.origin}/auth/?credentialToken=")
    with pytest.raises(ovh.InvalidCredential):
        client.get("/auth/details")
    token = asked["validationUrl"].partition("=")[2]
    validate_credential(context, token, ACCOUNT, None, by=f"account:{ACCOUNT}")
    assert client.get("/auth/details")["account"] == ACCOUNT
    assert client.get("/me/api/credential", status="validated", applicationId=keys.application_id)
    with pytest.raises(ovh.NotGrantedCall, match="This call has not been granted"):
        client.post("/auth/logout")


def test_the_official_client_meets_its_own_exceptions(endpoint: str, keys: Keys, make_keys: MakeKeys) -> None:
    client = client_of(endpoint, keys)
    with pytest.raises(ovh.ResourceNotFoundError, match="The requested object"):
        client.get("/me/api/credential/7")
    with pytest.raises(ovh.ResourceNotFoundError, match="Got an invalid"):
        client.get("/me/nothing")
    with pytest.raises(ovh.BadParametersError, match=r"\[applicationId\] Given data \(x\)"):
        client.get("/me/api/credential", applicationId="x")
    with pytest.raises(ovh.BadParametersError, match="not described parameters"):
        client.get("/me/api/credential", surprise=1)
    with pytest.raises(ovh.InvalidKey):
        client_of(endpoint, replace(keys, application_key="nobody")).get("/auth/details")
    with pytest.raises(ovh.NotCredential):
        client_of(endpoint, replace(keys, consumer_key="")).get("/auth/details", _need_auth=False)
    with pytest.raises(ovh.BadParametersError, match="Invalid signature"):
        client_of(endpoint, replace(keys, secret="wrong")).get("/auth/details")
    late = client_of(endpoint, keys)
    late._time_delta = -120
    with pytest.raises(ovh.BadParametersError, match="Query out of time") as caught:
        late.get("/auth/details")
    assert caught.value.query_id
    assert client_of(endpoint, make_keys(ACCOUNT, [Rule("GET", "*")])).get("/auth/details")


def test_the_official_client_writes_and_gets_none(endpoint: str, keys: Keys, make_keys: MakeKeys) -> None:
    client, other = client_of(endpoint, keys), client_of(endpoint, make_keys())
    credential_id = other.get("/auth/currentCredential")["credentialId"]
    path = f"/me/api/credential/{credential_id}"
    assert client.put(path, allowedIPs=["127.0.0.1/32"]) is None
    assert client.get(path)["allowedIPs"] == ["127.0.0.1/32"]
    assert client.put(path, **client.get(path)) is None, "a whole object sent back is taken"
    assert client.put(path, allowedIPs=None) is None
    assert client.delete(path) is None
    assert client.get("/v1/auth/details")["account"] == ACCOUNT


def test_the_official_client_reads_the_clock_and_the_description(endpoint: str, keys: Keys) -> None:
    client = client_of(endpoint, keys)
    assert abs(client.time_delta) <= 2
    described = client.get("/auth.json", _need_auth=False)
    assert described["resourcePath"] == "/auth"
    assert list(described) == ["apiVersion", "apis", "resourcePath", "basePath", "models"]


# ---------------------------------------------------------------- as the others write it


def send(
    server: Running, method: str, target: str, headers: dict[str, str], body: bytes | None = None
) -> object:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
        connection.request(method, target, body, headers)
        reply = connection.getresponse()
        content = json.loads(reply.read())
        assert reply.status == 200, content
        return content


def test_requests_of_php_go_and_node(server: Running, keys: Keys) -> None:
    url = f"{server.origin}/1.0/auth/details"
    php = {"Content-Type": "application/json; charset=utf-8", **keys.sign("GET", url)}
    assert send(server, "GET", "/1.0/auth/details", php)
    go = {"Accept": "application/json", "User-Agent": "github.com/ovh/go-ovh", **keys.sign("GET", url)}
    assert send(server, "GET", "/1.0/auth/details", go)
    without_port = "http://127.0.0.1/1.0/auth/details"
    node = {"Content-Type": "application/json", **keys.sign("GET", without_port)}
    assert send(server, "GET", "/1.0/auth/details", node)


def test_unsigned_calls_of_php_and_go(server: Running, keys: Keys) -> None:
    rules = b'{"accessRules":[{"method":"GET","path":"\\/me"}],"redirection":"https:\\/\\/example.com"}'
    json_type = {"Content-Type": "application/json;charset=utf-8"}
    php = {"X-Ovh-Application": keys.application_key, "X-Ovh-Timestamp": str(int(time.time()))}
    assert send(server, "POST", "/1.0/auth/credential", json_type | php, rules)
    empty = replace(keys, consumer_key="")
    go = empty.sign("POST", f"{server.origin}/1.0/auth/credential", rules)
    assert go["X-Ovh-Consumer"] == ""
    assert send(server, "POST", "/1.0/auth/credential", json_type | go, rules)
    assert isinstance(send(server, "GET", "/1.0/auth/time", {"X-Ovh-Application": ""}), int)


def test_a_post_without_parameters_may_have_no_body(server: Running, make_keys: MakeKeys) -> None:
    keys = make_keys()
    target = "/1.0/auth/logout"
    assert send(server, "POST", target, keys.sign("POST", server.origin + target)) is None


def test_a_delete_with_an_empty_object_as_php_sends_it(
    server: Running, keys: Keys, make_keys: MakeKeys
) -> None:
    victim = make_keys()
    current = "/1.0/auth/currentCredential"
    shown = send(server, "GET", current, victim.sign("GET", server.origin + current))
    assert isinstance(shown, dict)
    target = f"/1.0/me/api/credential/{shown['credentialId']}"
    assert send(server, "DELETE", target, keys.sign("DELETE", server.origin + target, b"{}"), b"{}") is None

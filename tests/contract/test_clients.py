"""The official client for Python, unmodified: the way to a key, its exceptions, writes, the description."""

from collections.abc import Iterator
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

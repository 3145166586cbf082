"""Every public method of the official client for Python, unmodified, against the real server.

The table names each method; one that a later client brings fails the first test until it is called here.
"""

import inspect
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import ovh
import pytest
from ovh.client import ENDPOINTS
from ovh.consumer_key import ConsumerKeyRequest

from acquit.actions.context import Context
from acquit.actions.validate_credential import validate_credential
from acquit.api.contract import contract
from acquit.api.routes import ROUTES
from acquit.store.transaction import Database

from .conftest import ACCOUNT, Keys, MakeKeys, Running, Serve, context_on, serving

NOT_SERVED = next(
    route.path
    for route in contract().routes
    if route.method == "GET" and route.key not in ROUTES and not route.path_parameters
)
Way = Callable[[ovh.Client, "Place"], None]


class Place:
    """Where a client works: the server behind it, and what a person would do."""

    def __init__(self, server: Running, context: Context, keys: Keys) -> None:
        self.server, self.context, self.keys = server, context, keys

    def accept(self, asked: Mapping[str, Any]) -> None:
        """A person opens the link and accepts."""
        token = asked["validationUrl"].partition("=")[2]
        validate_credential(self.context, token, ACCOUNT, None, by=f"account:{ACCOUNT}")


@pytest.fixture(scope="module")
def context(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Context:
    return context_on(module_database, tmp_path_factory.mktemp("archive"))


@pytest.fixture(scope="module")
def serve(
    context: Context, module_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Serve]:
    with serving(module_database_url, tmp_path_factory.mktemp("archive")) as start:
        yield start


@pytest.fixture(scope="module")
def server(serve: Serve) -> Iterator[Running]:
    running = serve()
    ENDPOINTS["acquit-methods"] = f"{running.origin}/1.0"
    yield running
    del ENDPOINTS["acquit-methods"]


@pytest.fixture
def place(server: Running, context: Context, make_keys: MakeKeys) -> Place:
    return Place(server, context, make_keys())


def client_of(keys: Keys, **more: Any) -> ovh.Client:
    return ovh.Client("acquit-methods", keys.application_key, keys.secret, keys.consumer_key, **more)


# ---------------------------------------------------------------- what each method does


def get(client: ovh.Client, place: Place) -> None:
    assert client.get("/me")["nichandle"] == ACCOUNT
    assert client.get("/me/api/credential?status=validated", applicationId=None)
    assert client.get("/me/api/credential", status="validated", applicationId=place.keys.application_id)
    assert client.get("/me/payment/method", default=True) == []
    assert client.get("/v1/me/")["nichandle"] == ACCOUNT
    assert isinstance(client.get("/auth/time", _need_auth=False), int)


def post(client: ovh.Client, place: Place) -> None:
    made = client.post("/me/subAccount", description="Café « Été »")
    assert client.get(f"/me/subAccount/{made}")["description"] == "Café « Été »"
    assert set(client.post(f"/me/subAccount/{made}/createConsumerKey")) == {"consumerKey"}
    cart = client.post("/order/cart", _need_auth=False, ovhSubsidiary="FR")
    assert client.get(f"/order/cart/{cart['cartId']}", _need_auth=False)["cartId"] == cart["cartId"]


def put(client: ovh.Client, place: Place) -> None:
    assert client.put("/me", city="Nantes", zip="44000") is None
    assert client.put("/me", **client.get("/me")) is None, "a whole object sent back is taken"
    assert client.put("/me") is None, "nothing given, nothing changed"


def delete(client: ovh.Client, place: Place) -> None:
    client.post("/me/identity/group", name="short", role="REGULAR")
    assert client.delete("/me/identity/group/short") is None
    with pytest.raises(ovh.ResourceNotFoundError):
        client.delete("/me/identity/group/short")
    with pytest.raises(ovh.BadParametersError, match="not described parameters"):
        client.delete("/me/identity/group/short", _from=1)


def call(client: ovh.Client, place: Place) -> None:
    assert client.call("GET", "/me")["nichandle"] == ACCOUNT
    assert client.call("PUT", "/me", {"city": "Nantes"}) is None
    with pytest.raises(ovh.APIError, match="Got an invalid"):
        client.call("PATCH", "/me", {})


def raw_call(client: ovh.Client, place: Place) -> None:
    reply = client.raw_call(
        "GET", "/me/api/credential", headers={"X-Pagination-Mode": "CachedObjectList-Pages"}
    )
    assert (reply.status_code, int(reply.headers["x-pagination-elements"])) == (200, len(reply.json()))
    credential = client.get("/auth/currentCredential")["credentialId"]
    batch = client.raw_call("GET", f"/me/api/credential/{credential},", headers={"X-Ovh-Batch": ","})
    assert [entry["key"] for entry in batch.json()] == [str(credential)]
    refused = client.raw_call("GET", "/me", need_auth=False)
    assert (refused.status_code, refused.json()["errorCode"]) == (403, "NOT_CREDENTIAL")


def time_delta(client: ovh.Client, place: Place) -> None:
    assert abs(client.time_delta) <= 2
    client._time_delta = None
    assert client.get("/me")


def new_consumer_key_request(client: ovh.Client, place: Place) -> None:
    assert isinstance(client.new_consumer_key_request(), ConsumerKeyRequest)


def request_consumerkey(client: ovh.Client, place: Place) -> None:
    rules = [{"method": "GET", "path": "/me"}]
    asked = client.request_consumerkey(rules, redirect_url="https://example.com", allowedIPs=["127.0.0.1/32"])
    with pytest.raises(ovh.InvalidCredential):
        client.get("/me")
    place.accept(asked)
    assert client.get("/me")["nichandle"] == ACCOUNT
    with pytest.raises(ovh.NotGrantedCall):
        client.get("/me/bill")


def add_rule(client: ovh.Client, place: Place) -> None:
    asking = client.new_consumer_key_request()
    asking.add_rule("GET", "/me")
    place.accept(asking.request())
    assert client.get("/me")


def add_rules(client: ovh.Client, place: Place) -> None:
    asking = client.new_consumer_key_request()
    asking.add_rules(ovh.API_READ_WRITE_SAFE, "/me")
    place.accept(asking.request())
    assert client.put("/me", city="Nantes") is None
    with pytest.raises(ovh.NotGrantedCall):
        client.get("/me/bill")


def add_recursive_rules(client: ovh.Client, place: Place) -> None:
    asking = client.new_consumer_key_request()
    asking.add_recursive_rules(ovh.API_READ_ONLY, "/me/bill")
    asking.add_recursive_rules(ovh.API_READ_WRITE, "/me/identity")
    place.accept(asking.request())
    assert client.get("/me/bill") == []
    with pytest.raises(ovh.ResourceNotFoundError):
        client.get("/me/bill/FR1")
    with pytest.raises(ovh.NotGrantedCall):
        client.get("/me")


def request(client: ovh.Client, place: Place) -> None:
    asking = client.new_consumer_key_request()
    asking.add_rules(ovh.API_READ_ONLY, "/me")
    asked = asking.request("https://example.com/done", ["127.0.0.1/32"])
    assert set(asked) == {"consumerKey", "state", "validationUrl"}
    place.accept(asked)
    assert client.get("/me")


WAYS: Mapping[str, Way] = {
    way.__name__: way
    for way in (
        get, post, put, delete, call, raw_call, time_delta, new_consumer_key_request, request_consumerkey,
        add_rule, add_rules, add_recursive_rules, request,
    )
}  # fmt: skip


def test_no_public_method_is_left_out() -> None:
    public = {
        name
        for kind in (ovh.Client, ConsumerKeyRequest)
        for name, member in inspect.getmembers(kind)
        if not name.startswith("_") and (callable(member) or isinstance(member, property))
    }
    assert public == set(WAYS)


@pytest.mark.parametrize("name", WAYS)
def test_a_method_of_the_official_client(name: str, place: Place) -> None:
    WAYS[name](client_of(place.keys), place)


def test_a_client_made_from_a_file(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ENDPOINT", "APPLICATION_KEY", "APPLICATION_SECRET", "CONSUMER_KEY"):
        monkeypatch.delenv(f"OVH_{name}", raising=False)
    keys = place.keys
    (tmp_path / "ovh.conf").write_text(
        f"[default]\nendpoint=acquit-methods\n[acquit-methods]\napplication_key={keys.application_key}\n"
        f"application_secret={keys.secret}\nconsumer_key={keys.consumer_key}\n"
    )
    assert ovh.Client(config_file=str(tmp_path / "ovh.conf")).get("/me")["nichandle"] == ACCOUNT
    assert client_of(keys, timeout=(5, 20)).get("/me")["nichandle"] == ACCOUNT


def test_every_error_of_the_official_client_that_the_wire_can_give(place: Place) -> None:
    client, keys = client_of(place.keys), place.keys
    plain = {
        "endpoint": "acquit-methods",
        "application_secret": keys.secret,
        "consumer_key": keys.consumer_key,
    }
    with pytest.raises(ovh.InvalidKey):
        ovh.Client(application_key="nobody", **plain).get("/me")
    with pytest.raises(ovh.InvalidCredential):
        ovh.Client(application_key=keys.application_key, **plain | {"consumer_key": "x" * 32}).get("/me")
    with pytest.raises(ovh.NotCredential):
        client.get("/me", _need_auth=False)
    with pytest.raises(ovh.Forbidden):
        client.delete("/me/identity/group/ADMIN")
    with pytest.raises(ovh.ResourceNotFoundError):
        client.get("/me/bill/FR1")
    with pytest.raises(ovh.BadParametersError):
        client.get("/me/api/credential/x")
    with pytest.raises(ovh.ResourceConflictError):
        client.post(f"/order/cart/{client.post('/order/cart', ovhSubsidiary='FR')['cartId']}/checkout")
    with pytest.raises(ovh.APIError, match="not served here") as caught:
        client.get(NOT_SERVED)
    assert caught.value.query_id
    late = client_of(keys)
    late._time_delta = -(int(time.time()) - 1)
    with pytest.raises(ovh.BadParametersError, match="Query out of time"):
        late.get("/me")

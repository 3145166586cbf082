"""The API described by itself: for what is really served, and understood by those who read it."""

from typing import Any

import pytest

from acquit.api.contract import contract
from acquit.api.routes import ROUTES

from .conftest import Wire

SECTIONS = ["auth", "me", "order", "service", "services"]


def described(wire: Wire, path: str) -> Any:
    reply = wire.call("GET", path, signed=False)
    assert reply.status == 200, reply
    return reply.body


@pytest.mark.parametrize("base", ["/1.0", "/v1"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_the_index_names_the_sections_that_are_served(wire: Wire, base: str, slash: str) -> None:
    index = described(wire, base + slash)
    assert index["basePath"] == f"http://127.0.0.1:8080{base}"
    assert [entry["path"] for entry in index["apis"]] == [f"/{name}" for name in SECTIONS if _served(name)]
    assert {entry["schema"] for entry in index["apis"]} == {"{path}.{format}"}


def _served(section: str) -> bool:
    return any(path.split("/")[1] == section for _, path in ROUTES)


def test_a_section_describes_exactly_what_is_served(wire: Wire) -> None:
    for name in filter(_served, SECTIONS):
        section = described(wire, f"/1.0/{name}.json")
        assert list(section) == ["apiVersion", "apis", "resourcePath", "basePath", "models"]
        assert (section["apiVersion"], section["resourcePath"]) == ("1.0", f"/{name}")
        found = {(o["httpMethod"], api["path"]) for api in section["apis"] for o in api["operations"]}
        assert found == {key for key in ROUTES if key[1].split("/")[1] == name}


def test_a_section_has_every_model_it_speaks_of(wire: Wire) -> None:
    section = described(wire, "/1.0/me.json")
    models = section["models"]
    for name, model in models.items():
        assert f"{model['namespace']}.{model['id']}" == name
        for member in model.get("properties", {}).values():
            kind = member["fullType"].removesuffix("[]")
            assert kind in models or kind not in contract().models, f"{name} speaks of {kind}"
    for api in section["apis"]:
        for operation in api["operations"]:
            kind = operation["responseType"].removesuffix("[]")
            assert kind in models or kind not in contract().models
    assert models["billing.CategoryEnum"]["enumType"] == "string"
    assert models["billing.Bill"]["properties"]["billId"]["type"] == "string"


def test_an_operation_says_what_clients_read(wire: Wire) -> None:
    section = described(wire, "/v1/me.json")
    assert section["basePath"].endswith("/v1")
    operations = {(o["httpMethod"], api["path"]): o for api in section["apis"] for o in api["operations"]}
    get = operations["GET", "/me/api/credential"]
    assert get["noAuthentication"] is False
    assert get["apiStatus"] == {"value": "PRODUCTION", "description": "Stable production version"}
    assert {p["name"]: p["paramType"] for p in get["parameters"]} == {
        "applicationId": "query",
        "status": "query",
    }
    put = operations["PUT", "/me/api/credential/{credentialId}"]
    assert [p.get("name") for p in put["parameters"]] == ["credentialId", None]
    assert put["parameters"][1]["dataType"] == "auth.ApiCredential"
    clock = described(wire, "/1.0/auth.json")["apis"]
    assert [
        o["noAuthentication"] for api in clock for o in api["operations"] if api["path"] == "/auth/time"
    ] == [True]


@pytest.mark.parametrize("path", ["/1.0/nothing.json", "/1.0/.json", "/1.0/me/bill.json.json"])
def test_an_unknown_section_is_no_route(wire: Wire, path: str) -> None:
    assert wire.call("GET", path, signed=False).status in (403, 404, 501)

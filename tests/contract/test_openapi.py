"""The OpenAPI document: valid, of exactly what is served, in agreement with the sections, its links real."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis

from acquit.api import openapi
from acquit.api.contract import contract
from acquit.api.routes import ROUTES

from .conftest import Wire

METHODS = ("get", "post", "put", "delete")


@pytest.fixture
def document(wire: Wire) -> dict[str, Any]:
    reply = wire.call("GET", "/1.0/openapi.json", signed=False)
    assert reply.status == 200
    assert isinstance(reply.body, dict)
    return reply.body


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield method.upper(), path, item[method]


def test_it_is_a_valid_document_of_exactly_what_is_served(wire: Wire, document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    assert document["servers"] == [{"url": "http://127.0.0.1:8080/1.0"}]
    schemathesis.openapi.from_dict(document).validate()
    assert {(method, path) for method, path, _ in operations(document)} == set(ROUTES)
    other = wire.call("GET", "/v1/openapi.json", signed=False).body
    assert other["servers"] == [{"url": "http://127.0.0.1:8080/v1"}]
    assert wire.call("POST", "/1.0/openapi.json", {}, signed=False).status == 404


def test_a_damaged_document_is_told(document: dict[str, Any]) -> None:
    document["paths"]["/me"]["get"]["parameters"] = [{"name": 7}]
    with pytest.raises(Exception, match="7"):
        schemathesis.openapi.from_dict(document).validate()


def test_every_reference_leads_somewhere_and_every_schema_is_used(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    text = json.dumps(document)
    for name in schemas:
        assert f'"#/components/schemas/{name}"' in text, f"nothing speaks of {name}"
    for part in text.split('"#/components/schemas/')[1:]:
        assert part.partition('"')[0] in schemas


def test_it_says_what_the_sections_say(wire: Wire, document: dict[str, Any]) -> None:
    told = {(method, path): said for method, path, said in operations(document)}
    for section in {path.split("/")[1] for _, path in ROUTES if not path.startswith("/{")}:
        for api in wire.call("GET", f"/1.0/{section}.json", signed=False).body["apis"]:
            for operation in api["operations"]:
                said = told[operation["httpMethod"], api["path"]]
                declared = {
                    (each["name"], each["paramType"], each["required"])
                    for each in operation["parameters"]
                    if each["paramType"] != "body"
                }
                shown = {(each["name"], each["in"], each["required"]) for each in said["parameters"]}
                assert {each for each in shown if each[1] != "header"} == declared
                has_body = any(each["paramType"] == "body" for each in operation["parameters"])
                assert ("requestBody" in said) == has_body
                assert (said["security"] == []) <= operation["noAuthentication"]


def test_links_name_operations_and_their_parameters(document: dict[str, Any]) -> None:
    by_id = {said["operationId"]: said for _, _, said in operations(document)}
    assert len(by_id) == len(ROUTES), "two operations have one id"
    count = 0
    for _, _, said in operations(document):
        for link in said["responses"]["200"].get("links", {}).values():
            names = {p["name"] for p in by_id[link["operationId"]]["parameters"] if p["in"] == "path"}
            assert set(link["parameters"]) == names
            count += 1
    assert count > 100


def test_a_model_is_strict_in_answers_and_lenient_in_bodies() -> None:
    routes = [route for route in contract().routes if route.key == ("PUT", "/me/identity/user/{user}")]
    routes += [route for route in contract().routes if route.key == ("GET", "/me/identity/user/{user}")]
    schemas = openapi.document(routes, "https://x.example/1.0")["components"]["schemas"]
    answered, sent = schemas["auth.User"], schemas["auth.User-sent"]
    assert answered["required"] == sorted(answered["properties"])
    assert "required" not in sent or len(sent["required"]) < len(answered["required"])
    assert answered["additionalProperties"] is sent["additionalProperties"] is False

"""Requests as the other official SDKs write them, replayed byte for byte: what they sign, and what not.

How they do it is in docs/reference/clients.md, which names each test.
"""

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from acquit.actions.context import Context
from acquit.store.transaction import Database

from .conftest import ACCOUNT, Keys, MakeKeys, Running, Serve, context_on, serving

PHP = {"Content-Type": "application/json; charset=utf-8"}
NODE = {"Content-Type": "application/json"}
GO = {"Accept": "application/json", "User-Agent": "github.com/ovh/go-ovh"}
PROXY = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "api.example.com:8443"}
RULES = b'{"accessRules":[{"method":"GET","path":"\\/me"}],"redirection":"https:\\/\\/example.com"}'


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
def server(serve: Serve) -> Running:
    return serve()


def send(
    server: Running, method: str, target: str, headers: dict[str, str], body: bytes | None = None
) -> tuple[int, Any]:
    """Send exactly this and return status and body."""
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
        connection.request(method, target, body, headers)
        reply = connection.getresponse()
        return reply.status, json.loads(reply.read())


def code(answer: tuple[int, Any]) -> tuple[int, str]:
    return answer[0], answer[1]["errorCode"]


def test_php_says_json_on_get_and_signs_as_sent(server: Running, keys: Keys) -> None:
    target = "/1.0/me/api/credential?status=validated"
    signed = keys.sign("GET", server.origin + target)
    assert send(server, "GET", target, PHP | signed)[0] == 200


def test_php_signs_the_request_for_a_key_with_the_one_it_has(server: Running, keys: Keys) -> None:
    """Living, dead, of another's making, or none: a new key is asked for with the application key alone."""
    target = "/1.0/auth/credential"
    for consumer_key in (keys.consumer_key, "x" * 32):
        signed = replace(keys, consumer_key=consumer_key).sign("POST", server.origin + target, RULES)
        status, asked = send(server, "POST", target, PHP | signed, RULES)
        assert (status, asked["state"]) == (200, "pendingValidation")
    bare = {"X-Ovh-Application": keys.application_key, "X-Ovh-Timestamp": str(int(time.time()))}
    assert send(server, "POST", target, PHP | bare, RULES)[0] == 200


def test_php_signs_a_delete_with_a_body(server: Running, keys: Keys, make_keys: MakeKeys) -> None:
    victim = make_keys()
    current = "/1.0/auth/currentCredential"
    _, shown = send(server, "GET", current, victim.sign("GET", server.origin + current))
    target = f"/1.0/me/api/credential/{shown['credentialId']}"
    signed = keys.sign("DELETE", server.origin + target, b"{}")
    assert send(server, "DELETE", target, PHP | signed, b"{}") == (200, None)


def test_php_reads_a_section_and_the_clock_unsigned(server: Running) -> None:
    for target in ("/1.0/me.json", "/1.0/auth/time"):
        assert send(server, "GET", target, PHP | {"X-Ovh-Application": ""})[0] == 200


def test_go_signs_with_an_empty_key(server: Running, keys: Keys) -> None:
    empty = replace(keys, consumer_key="")
    target = "/1.0/auth/credential"
    signed = GO | {"Content-Type": "application/json;charset=utf-8"}
    signed |= empty.sign("POST", server.origin + target, RULES)
    assert signed["X-Ovh-Consumer"] == ""
    assert send(server, "POST", target, signed, RULES)[0] == 200
    answer = send(server, "GET", "/1.0/me", GO | empty.sign("GET", f"{server.origin}/1.0/me"))
    assert code(answer) == (403, "NOT_CREDENTIAL")


def test_go_calls_the_other_name_of_the_branch(server: Running, keys: Keys) -> None:
    signed = keys.sign("GET", f"{server.origin}/v1/me")
    status, me = send(server, "GET", "/v1/me", GO | signed)
    assert (status, me["nichandle"]) == (200, ACCOUNT)
    signed = keys.sign("GET", f"{server.origin}/v2/iam/policy")
    assert send(server, "GET", "/v2/iam/policy", GO | signed)[0] == 404


def test_node_signs_without_the_port(server: Running, keys: Keys) -> None:
    signed = keys.sign("GET", "http://127.0.0.1/1.0/me")
    assert send(server, "GET", "/1.0/me", NODE | signed)[0] == 200


def test_node_speaks_https_behind_a_proxy(server: Running, keys: Keys) -> None:
    for origin in ("https://api.example.com", "https://api.example.com:8443"):
        signed = keys.sign("GET", f"{origin}/1.0/me")
        assert send(server, "GET", "/1.0/me", NODE | PROXY | signed)[0] == 200
    signed = keys.sign("GET", "https://elsewhere.example.com/1.0/me")
    assert code(send(server, "GET", "/1.0/me", NODE | PROXY | signed)) == (400, "INVALID_SIGNATURE")


def test_node_escapes_what_is_not_ascii(server: Running, keys: Keys) -> None:
    target, body = "/1.0/me/subAccount", b'{"description":"\\u00c9t\\u00e9"}'
    signed = keys.sign("POST", f"http://127.0.0.1{target}", body)
    status, made = send(server, "POST", target, NODE | signed, body)
    assert status == 200
    shown = f"{target}/{made}"
    _, sub_account = send(server, "GET", shown, keys.sign("GET", server.origin + shown))
    assert sub_account["description"] == "Été"


def test_node_never_signs_a_path_with_auth(server: Running, keys: Keys) -> None:
    unsigned = NODE | {"X-Ovh-Application": keys.application_key}
    assert send(server, "GET", "/1.0/auth/time", unsigned)[0] == 200
    assert send(server, "POST", "/1.0/auth/credential", unsigned, RULES)[0] == 200
    for target in ("/1.0/auth/currentCredential", "/1.0/auth/details"):
        assert code(send(server, "GET", target, unsigned)) == (403, "NOT_CREDENTIAL")


def test_node_fetches_the_sections_that_it_warns_by(server: Running) -> None:
    for section in ("auth", "me"):
        _, described = send(server, "GET", f"/1.0/{section}.json", {})
        operations = [each for api in described["apis"] for each in api["operations"]]
        assert operations
        for each in operations:
            assert {"httpMethod", "apiStatus", "noAuthentication"} <= set(each)
            if each["apiStatus"]["value"] == "DEPRECATED":
                assert {"deprecatedDate", "deletionDate"} <= set(each["apiStatus"])


def test_names_of_headers_in_any_case(server: Running, keys: Keys) -> None:
    signed = keys.sign("GET", f"{server.origin}/1.0/me")
    for spell in (str.upper, str.lower, str.title):
        assert send(server, "GET", "/1.0/me", {spell(name): said for name, said in signed.items()})[0] == 200


def test_a_write_without_parameters_has_no_body_and_no_type(server: Running, make_keys: MakeKeys) -> None:
    keys, target = make_keys(), "/1.0/auth/logout"
    assert send(server, "POST", target, keys.sign("POST", server.origin + target)) == (200, None)

"""/me/logs/audit and the links to logs: who signed in, who changed whose access, with old and new."""

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, LiteralString
from urllib.parse import urlsplit

import pytest
import requests

from acquit.actions import read_log
from acquit.actions.change_identity_user import remove_identity_user
from acquit.actions.context import Context
from acquit.actions.read_log import forget_events, log_link
from acquit.actions.set_password import set_password
from acquit.actions.sign_in import sign_in_account
from acquit.adapters.clock import SystemClock
from acquit.api.log_links import LogLinks
from acquit.core.access_event import LISTED_MAX, TYPES, Trace
from acquit.core.api_call import ApiCall
from acquit.core.log_stream import FIELDS, LINKED_MAX, LogKind
from acquit.store import access_events, api_calls

from .families import Customer, Families
from .peopling import PASSWORD, new_stream, provider_metadata
from .test_family_logs import shown
from .world import ACME, LAB, PETIT, SHOP

Make = Callable[..., Customer]
AUDIT: Final = "/me/logs/audit"
FAMILIES: Final = (("/me/api/log", "api"), ("/me/logs/audit/log", "audit"))
AGE: LiteralString = """
    UPDATE act_trace SET at = now() - interval '366 days'
     WHERE account_id = 'ab12345-acq' AND act_id = %(id)s
"""


def latest(caller: Customer, type_: str) -> dict[str, Any]:
    """The latest event of a type, without the members that say nothing."""
    found = next(each for each in caller.get(AUDIT) if each["type"] == type_)
    return {name: value for name, value in found.items() if value is not None}


def test_a_login_is_told_with_old_and_new(acme: Customer) -> None:
    acme.post(
        "/me/identity/user", login="zoe", password=PASSWORD, email="zoe@example.com", description="books"
    )
    made = latest(acme, "USER_CREATED")
    assert made["userCreatedDetails"]["new"] == {
        "description": "books", "group": "DEFAULT", "passwordRecoveryEmail": "zoe@example.com",
        "userType": "USER",
    }  # fmt: skip
    assert (made["userCreatedDetails"]["user"], made["userCreatedDetails"]["userType"]) == ("zoe", "USER")
    assert made["authDetails"]["userDetails"] == {"type": "ACCOUNT", "user": ACME}
    assert made["ip"] == "127.0.0.1"
    acme.put("/me/identity/user/zoe", group="ADMIN", description="all", email="zoe@example.com")
    changed = latest(acme, "USER_MODIFIED")["userModifiedDetails"]
    assert (changed["old"]["group"], changed["new"]["group"]) == ("DEFAULT", "ADMIN")
    assert (changed["old"]["description"], changed["new"]["description"]) == ("books", "all")
    assert changed["userCreatedAt"] == made["userCreatedDetails"]["userCreatedAt"]
    acme.post("/me/identity/user/zoe/disable")
    assert latest(acme, "USER_MODIFIED")["userModifiedDetails"]["user"] == "zoe"
    acme.post("/me/identity/group", name="readers", role="UNPRIVILEGED", description="who read")
    assert latest(acme, "GROUP_CREATED")["groupCreatedDetails"] == {
        "group": "readers", "new": {"description": "who read", "name": "readers", "role": "UNPRIVILEGED"},
    }  # fmt: skip
    acme.put("/me/identity/group/readers", role="REGULAR")
    changed = latest(acme, "GROUP_MODIFIED")["groupModifiedDetails"]
    assert (changed["old"]["role"], changed["new"]["role"]) == ("UNPRIVILEGED", "REGULAR")
    acme.delete("/me/identity/group/readers")
    assert latest(acme, "GROUP_DELETED")["groupDeletedDetails"]["old"]["role"] == "REGULAR"
    acme.delete("/me/identity/user/zoe")
    gone = latest(acme, "USER_DELETED")["userDeletedDetails"]
    assert (gone["user"], gone["old"]["group"], "new" in gone) == ("zoe", "ADMIN", False)


def test_a_token_is_told_and_its_text_never(acme: Customer) -> None:
    acme.post("/me/identity/user", login="robot", type="SERVICE")
    token = acme.post("/me/identity/user/robot/token", name="t1", description="first", expiresIn=3600)
    made = latest(acme, "TOKEN_CREATED")["tokenCreatedDetails"]
    assert (made["user"], made["tokenName"], made["new"]["description"]) == ("robot", "t1", "first")
    assert (made["new"]["expiresAt"], made["tokenCreatedAt"]) == (token["expiresAt"], token["creation"])
    acme.put("/me/identity/user/robot/token/t1", description="second")
    changed = latest(acme, "TOKEN_MODIFIED")["tokenModifiedDetails"]
    assert (changed["old"]["description"], changed["new"]["description"]) == ("first", "second")
    acme.delete("/me/identity/user/robot/token/t1")
    assert latest(acme, "TOKEN_DELETED")["tokenDeletedDetails"]["old"]["description"] == "second"
    assert token["token"] not in json.dumps(acme.get(AUDIT))


def test_a_service_account_is_a_policy_and_its_rights_are_what_it_holds(
    acme: Customer, families: Families
) -> None:
    from acquit.actions.change_service_account import give_rights, take_rights

    made = acme.post("/me/api/oauth2/client", name="robot", description="reads", flow="CLIENT_CREDENTIALS")
    urn = f"urn:v1:eu:identity:credential:{ACME}/oauth2-{made['clientId']}"
    told = latest(acme, "POLICY_CREATED")["policyCreatedDetails"]
    assert (told["policyName"], told["new"]) == ("robot", {"description": "reads", "name": "robot"})
    assert told["added"] == {"identities": [urn], "resources": None}
    context = families.world.context
    give_rights(context, ACME, made["clientId"], ["account:apiovh:me/bill/get", "*"], by="cli")
    changed = latest(acme, "POLICY_MODIFIED")
    assert changed["policyModifiedDetails"]["added"]["resources"] == ["*", "account:apiovh:me/bill/get"]
    assert "authDetails" not in changed, "the provider did it"
    take_rights(context, ACME, made["clientId"], ["*"], by="cli")
    changed = latest(acme, "POLICY_MODIFIED")["policyModifiedDetails"]
    assert (changed["removed"]["resources"], changed["added"]) == (["*"], None)
    assert changed["policyId"] == told["policyId"]
    acme.delete(f"/me/api/oauth2/client/{made['clientId']}")
    gone = latest(acme, "POLICY_DELETED")["policyDeletedDetails"]
    assert gone["removed"] == {"identities": [urn], "resources": ["account:apiovh:me/bill/get"]}
    assert made["clientSecret"] not in json.dumps(acme.get(AUDIT))


def test_an_identity_provider_is_told_with_old_and_new(families: Families) -> None:
    shop = families.customer(SHOP)
    shop.post("/me/identity/provider", metadata=provider_metadata(77), groupAttributeName="groups-a")
    made = latest(shop, "PROVIDER_CREATED")["providerCreatedDetails"]
    assert made["ssoServiceURL"].startswith("https://")
    assert (made["new"]["groupAttributeName"], made["new"]["usersDisabled"]) == ("groups-a", False)
    shop.put("/me/identity/provider", groupAttributeName="groups-b")
    changed = latest(shop, "PROVIDER_MODIFIED")["providerModifiedDetails"]
    assert (changed["old"]["groupAttributeName"], changed["new"]["groupAttributeName"]) == (
        "groups-a", "groups-b",
    )  # fmt: skip
    shop.delete("/me/identity/provider")
    gone = latest(shop, "PROVIDER_DELETED")["providerDeletedDetails"]
    assert (gone["old"]["groupAttributeName"], gone["ssoServiceURL"]) == ("groups-b", made["ssoServiceURL"])


def test_passwords_and_sign_ins_are_told(acme: Customer, families: Families) -> None:
    context = families.world.context
    set_password(context, SHOP, "a password of the shop", by="cli")
    shop = families.customer(SHOP)
    changed = latest(shop, "ACCOUNT_PASSWORD_CHANGED")
    assert not [name for name in changed if name.endswith("Details")]
    sign_in_account(context, SHOP, "a password of the shop", address="192.0.2.77", browser="Firefox, Linux")
    entered = latest(shop, "LOGIN_SUCCESS")
    assert entered["loginSuccessDetails"] == {"mfaType": "NONE", "userAgent": "Firefox, Linux"}
    assert (entered["ip"], entered["authDetails"]["userDetails"]["user"]) == ("192.0.2.77", SHOP)
    assert "a password of the shop" not in json.dumps(shop.get(AUDIT))


def test_the_latest_come_first_and_the_list_is_bounded(acme: Customer, families: Families) -> None:
    found = acme.get(AUDIT)
    instants = [datetime.fromisoformat(each["createdAt"]) for each in found]
    assert instants == sorted(instants, reverse=True)
    assert acme.page(AUDIT, Size="5000") == found
    assert acme.page(AUDIT, Size="2", Number="2") == found[2:4]
    made = [each for each in found if each["type"] == "USER_CREATED"]
    assert acme.page(AUDIT, Filter="type:eq=USER_CREATED", Size="5000") == made
    lab = families.customer(LAB)
    with families.world.context.database.write() as tx:
        for number in range(LISTED_MAX + 5):
            access_events.record(tx, "cli", "set_password", LAB, str(number), trace=Trace())
    assert len(lab.get(AUDIT)) == LISTED_MAX


def test_every_type_of_event_is_a_type_of_the_contract() -> None:
    from acquit.api.contract import contract

    known = set(contract().models["audit.LogTypeEnum"].values)
    assert {each.value for each in TYPES.values()} < known


def test_what_is_too_old_is_told_no_longer_and_forgotten(acme: Customer, families: Families) -> None:
    context = families.world.context
    acme.post("/me/identity/group", name="old", role="REGULAR")
    with context.database.read() as tx:
        newest = access_events.latest(tx, ACME, datetime.now(UTC) - timedelta(days=1), 1)[0]
    assert latest(acme, "GROUP_CREATED")["groupCreatedDetails"]["group"] == "old"
    with context.database.write() as tx:
        tx.run(AGE, id=newest)
    assert all((each["groupCreatedDetails"] or {}).get("group") != "old" for each in acme.get(AUDIT))
    assert forget_events(context) >= 1
    assert forget_events(context) == 0
    with context.database.read() as tx:
        assert tx.one("SELECT verb FROM act WHERE act_id = %(id)s", id=newest).verb == "add_identity_group"


def test_another_account_sees_its_own_alone(acme: Customer, families: Families) -> None:
    acme.post("/me/identity/user", login="hidden-login", password=PASSWORD)
    for account_id in (PETIT, LAB, SHOP):
        assert "hidden-login" not in json.dumps(families.customer(account_id).get(AUDIT))
    remove_identity_user(families.world.context, ACME, "hidden-login", by="cli")


# ---------------------------------------------------------------- kinds and forwarding


@pytest.mark.parametrize(("base", "kind"), FAMILIES)
def test_each_family_has_one_kind(base: str, kind: str, acme: Customer, customer: Make) -> None:
    assert acme.get(f"{base}/kind") == [kind]
    told = acme.get(f"{base}/kind/{kind}")
    assert told["additionalReturnedFields"] == list(FIELDS[LogKind(kind)])
    assert customer(PETIT).get(f"{base}/kind/{kind}")["kindId"] == told["kindId"]
    other = {"api": "audit", "audit": "api"}[kind]
    for wrong in (other, "nothing", kind.upper()):
        assert acme.refusal("GET", f"{base}/kind/{wrong}")[0] == 404
        assert acme.refusal("POST", f"{base}/url", {"kind": wrong})[0] == 404


@pytest.mark.parametrize(("base", "kind"), FAMILIES)
def test_a_log_is_forwarded_once_per_stream_and_stopped(
    base: str, kind: str, acme: Customer, customer: Make, families: Families
) -> None:
    stream = new_stream(families, ACME)
    answer = acme.post(f"{base}/subscription", kind=kind, streamId=stream)
    assert (len(answer["operationId"]), answer["serviceName"]) == (36, ACME)
    made = next(each for each in acme.page(f"{base}/subscription") if each["streamId"] == stream)
    assert (made["kind"], made["resource"]) == (kind, {"name": ACME, "type": "account"})
    assert acme.get(f"{base}/subscription/{made['subscriptionId']}") == made
    assert made["subscriptionId"] in acme.get(f"{base}/subscription", kind=kind)
    assert acme.get(f"{base}/subscription", kind="other") == []
    assert acme.refusal("POST", f"{base}/subscription", {"kind": kind, "streamId": stream})[0] == 409
    other = next(each for each, _ in FAMILIES if each != base)
    assert acme.refusal("GET", f"{other}/subscription/{made['subscriptionId']}")[0] == 404
    assert acme.refusal("DELETE", f"{other}/subscription/{made['subscriptionId']}")[0] == 404
    stranger = customer(PETIT)
    assert stranger.refusal("POST", f"{base}/subscription", {"kind": kind, "streamId": stream})[0] == 404
    for method in ("GET", "DELETE"):
        assert stranger.refusal(method, f"{base}/subscription/{made['subscriptionId']}")[0] == 404
    gone = acme.delete(f"{base}/subscription/{made['subscriptionId']}")
    assert gone["operationId"] != answer["operationId"]
    assert acme.refusal("DELETE", f"{base}/subscription/{made['subscriptionId']}")[0] == 404


# ---------------------------------------------------------------- links


def lines(url: str) -> list[dict[str, Any]]:
    answer = requests.get(url, timeout=30)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    return [json.loads(each) for each in answer.content.decode().split("\n")[:-1]]


def test_a_link_tells_the_latest_of_its_log(acme: Customer, families: Families) -> None:
    acme.get("/me/bill")
    call = shown(acme, "/me/api/logs/self", "/me/bill")
    made = acme.post("/me/api/log/url", kind="api")
    found = lines(made["url"])
    assert [each["number"] for each in found] == sorted((each["number"] for each in found), reverse=True)
    told = next(each for each in found if each["number"] == call["logId"])
    assert (told["route"], told["account"], told["ip"]) == ("/me/bill", ACME, call["ip"])
    assert {each["account"] for each in found} == {ACME}
    acme.post("/me/identity/user", login="linked", password=PASSWORD)
    (newest, *_) = lines(acme.post("/me/logs/audit/log/url", kind="audit")["url"])
    assert (newest["type"], newest["name"], newest["after"]["group"]) == ("USER_CREATED", "linked", "DEFAULT")
    end = datetime.fromisoformat(made["expirationDate"])
    assert timedelta(minutes=59) < end - datetime.now(UTC) <= timedelta(hours=1)
    empty = families.customer(LAB).post("/me/api/log/url", kind="api")["url"]
    assert requests.head(empty, timeout=30).status_code == 200


def test_a_link_is_good_for_one_log_of_one_account(acme: Customer) -> None:
    url = acme.post("/me/api/log/url", kind="api")["url"]
    wrong = [
        url.replace(ACME, PETIT), url.replace("kind=api", "kind=audit"), url[:-1], url + "A",
        url.replace("until=", "until=1"), url.replace("until=", "until=-"), url.split("?")[0],
        url.replace("/cgi-bin/log?", "/cgi-bin/log/x?"), url.replace("kind=api", "kind=x"), url + "&a=1" * 20,
        url.replace("passwd=", "passwd=%FF"), url.replace("until=", "until=%D9%A1"),
        url.replace("by=", "by=1"), url.replace("by=", "by=x"), url.replace("by=", "bye="),
    ]  # fmt: skip
    for link in wrong:
        answer = requests.get(link, timeout=30)
        assert (answer.status_code, answer.text) == (
            404,
            "This link is wrong or over: ask for another one.\n",
        )
    for method in ("POST", "PUT", "DELETE"):
        assert requests.request(method, url, timeout=30).status_code == 405
    headers = requests.get(url, timeout=30).headers
    assert (headers["Cache-Control"], headers["Referrer-Policy"]) == ("private, no-cache", "no-referrer")
    assert headers["Content-Disposition"].startswith("attachment")


def served(context: Context, url: str) -> tuple[str, bytes]:
    """What a link answers in this process."""
    said: list[str] = []
    parts = urlsplit(url)
    environ = {"REQUEST_METHOD": "GET", "REQUEST_URI": f"{parts.path}?{parts.query}"}
    body = b"".join(LogLinks(context)(environ, lambda status, _headers: said.append(status)))
    return said[0], body


def link_of(context: Context, kind: LogKind, *, shift: int = 0) -> str:
    until, password = log_link(context, ACME, kind, f"/{ACME}")
    named = f"account={ACME}&kind={kind.value}&by=/{ACME}"
    return f"/cgi-bin/log?{named}&until={until + shift}&passwd={password}"


class Later(SystemClock):
    """The clock an hour later, when a link of now is over."""

    def now(self) -> datetime:
        return super().now() + timedelta(hours=1)


def test_a_link_is_over_after_its_hour_and_nothing_of_it_is_logged(
    families: Families, caplog: pytest.LogCaptureFixture
) -> None:
    context = families.world.context
    url = link_of(context, LogKind.CALLS)
    with caplog.at_level(logging.DEBUG):
        assert served(context, url)[0] == "200 OK"
        assert served(context, link_of(context, LogKind.CALLS, shift=60))[0] == "404 Not Found"
        assert served(replace(context, clock=Later()), url)[0] == "404 Not Found"
    assert url.rpartition("=")[2] not in caplog.text


def test_a_link_ends_with_who_asked_for_it(acme: Customer, families: Families) -> None:
    """A key that is revoked, a token that is over, a login that is disabled or gone: their links as well."""
    context = families.world.context
    lost = families.customer(ACME)
    link = lost.post("/me/api/log/url", kind="api")["url"]
    other = acme.post("/me/api/log/url", kind="api")["url"]
    assert requests.get(link, timeout=30).status_code == 200
    acme.delete(f"/me/api/credential/{lost.get('/auth/currentCredential')['credentialId']}")
    assert requests.get(link, timeout=30).status_code == 404
    assert requests.get(other, timeout=30).status_code == 200
    acme.post("/me/identity/user", login="reader", password=PASSWORD)
    until, password = log_link(context, ACME, LogKind.ACCESS, "/reader")
    link = f"/cgi-bin/log?account={ACME}&kind=audit&by=/reader&until={until}&passwd={password}"
    assert served(context, link)[0] == "200 OK"
    acme.post("/me/identity/user/reader/disable")
    assert served(context, link)[0] == "404 Not Found"
    acme.post("/me/identity/user/reader/enable")
    assert served(context, link)[0] == "200 OK"
    acme.delete("/me/identity/user/reader")
    assert served(context, link)[0] == "404 Not Found"
    acme.post("/me/identity/user", login="brief", type="SERVICE")
    token = acme.post("/me/identity/user/brief/token", name="t", description="t", expiresIn=60)["token"]
    made = requests.post(
        f"{families.origin}/1.0/me/api/log/url", json={"kind": "api"},
        headers={"Authorization": f"Bearer {token}"}, timeout=30,
    ).json()  # fmt: skip
    left = datetime.fromisoformat(made["expirationDate"]) - datetime.now(UTC)
    assert timedelta(seconds=30) < left <= timedelta(seconds=60), "no longer than its token"
    acme.delete("/me/identity/user/brief")
    assert requests.get(made["url"], timeout=30).status_code == 404


def test_a_link_tells_a_bounded_number(families: Families, monkeypatch: pytest.MonkeyPatch) -> None:
    context, at = families.world.context, datetime.now(UTC)
    with context.database.write() as tx:
        api_calls.add(
            tx, [ApiCall(ACME, at, "GET", "/many", f"/many/{n}", "") for n in range(LINKED_MAX + 7)]
        )
    _, body = served(context, link_of(context, LogKind.CALLS))
    told = body.decode().split("\n")[:-1]
    assert len(told) == LINKED_MAX
    paths = [json.loads(each)["path"] for each in told]
    many = [int(each.rpartition("/")[2]) for each in paths if each.startswith("/many/")]
    assert many == list(range(LINKED_MAX + 6, LINKED_MAX + 6 - len(many), -1)), "calls of others may be newer"
    assert len(many) > LINKED_MAX - 100
    monkeypatch.setattr(read_log, "SECONDS_MAX", -1.0)
    assert len(served(context, link_of(context, LogKind.CALLS))[1].split(b"\n")) == read_log.AT_ONCE + 1
    with context.database.write() as tx:
        tx.run("DELETE FROM api_call WHERE route = '/many'")


def test_slow_readers_hold_no_thread(families: Families, acme: Customer) -> None:
    """Three times as many readers as threads stop reading in the middle: others are answered at once."""
    context, at = families.world.context, datetime.now(UTC)
    with context.database.write() as tx:
        many = [ApiCall(ACME, at, "GET", "/slow", f"/slow/{n}" + "x" * 500, "") for n in range(LINKED_MAX)]
        api_calls.add(tx, many)
    url = acme.post("/me/api/log/url", kind="api")["url"]
    held = [requests.get(url, stream=True, timeout=30) for _ in range(24)]
    try:
        assert all(each.status_code == 200 for each in held)
        begun = time.monotonic()
        for _ in range(5):
            acme.get("/me")
        assert time.monotonic() - begun < 5
        last = held.pop()
        assert last.content.count(b"\n") == LINKED_MAX
    finally:
        for each in held:
            each.close()
        with context.database.write() as tx:
            tx.run("DELETE FROM api_call WHERE route = '/slow'")


def test_changes_at_one_moment_are_all_told(acme: Customer, families: Families) -> None:
    def name(number: int) -> None:
        families.customer().post("/me/identity/group", name=f"at-once-{number}", role="REGULAR")

    threads = [threading.Thread(target=name, args=(number,)) for number in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    told: list[Mapping[str, Any]] = [
        each["groupCreatedDetails"] for each in acme.get(AUDIT) if each["type"] == "GROUP_CREATED"
    ]
    assert {f"at-once-{number}" for number in range(8)} <= {each["group"] for each in told}

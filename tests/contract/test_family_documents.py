"""/me/document, and the links by which the bytes of files come and go."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, LiteralString
from uuid import uuid4

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from acquit.actions import keep_file
from acquit.actions.change_service_account import give_rights
from acquit.actions.issue_access_token import issue_access_token
from acquit.actions.turn_day import turn_day
from acquit.api.file_links import FileLinks
from acquit.core.access import Rule
from acquit.core.identifiers import AccountId
from acquit.core.kept_file import (
    ACCOUNT_BYTES_MAX,
    FILE_BYTES_MAX,
    FILES_MAX,
    BadOrigin,
    Deed,
    FilesTooLarge,
    NoSuchFile,
    checked_origin,
    link_end,
    link_purpose,
    refuse_too_large,
)
from acquit.store import kept_files

from .families import Customer, Families
from .peopling import PASSWORD
from .world import ACME, PETIT

Make = Callable[..., Customer]
PATH = "/me/document"
SITE = "https://files.example.com"
PDF = b"%PDF-1.7\n<script>alert(1)</script>\x00\xff"
AGE: LiteralString = """
    UPDATE kept_file SET expires_at = now() - interval '1 second'
     WHERE account_id = 'ab12345-acq' AND file_id = %(id)s
"""


def new(caller: Customer, name: str = "contract.pdf", **more: Any) -> dict[str, Any]:
    return dict(caller.post(PATH, name=name, **more))


def test_a_file_is_sent_and_fetched_by_link(acme: Customer) -> None:
    made = new(acme, tags=[{"key": "kind", "value": "contract"}, {"key": "é", "value": ""}])
    assert (made["size"], made["validationDate"], made["expirationDate"]) == (0, None, None)
    assert made["tags"] == [{"key": "kind", "value": "contract"}, {"key": "é", "value": ""}]
    assert requests.get(made["getUrl"], timeout=30).status_code == 404
    sent = requests.put(made["putUrl"], data=PDF, timeout=30)
    assert (sent.status_code, sent.content) == (200, b"")
    read = acme.get(f"{PATH}/{made['id']}")
    assert (read["size"], read["name"], read["validationDate"] is None) == (len(PDF), "contract.pdf", False)
    got = requests.get(made["getUrl"], timeout=30)
    assert (got.status_code, got.content) == (200, PDF)
    assert requests.head(made["getUrl"], timeout=30).headers["Content-Length"] == str(len(PDF))
    assert requests.put(made["putUrl"], data=b"newer", timeout=30).status_code == 200
    assert requests.get(made["getUrl"], timeout=30).content == b"newer"
    assert acme.get(f"{PATH}/{made['id']}")["size"] == 5


def test_no_browser_shows_what_was_sent(acme: Customer) -> None:
    made = new(acme, name='a"b; é\u2028.html'.replace("\u2028", ""))
    requests.put(made["putUrl"], data=PDF, headers={"Content-Type": "text/html"}, timeout=30)
    headers = requests.get(made["getUrl"], timeout=30).headers
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"] == (
        "attachment; filename=\"a_b; _.html\"; filename*=UTF-8''a%22b%3B%20%C3%A9.html"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]
    assert (headers["Referrer-Policy"], headers["Cache-Control"]) == ("no-referrer", "private, no-cache")


def test_a_link_is_good_for_one_file_and_one_deed(acme: Customer, customer: Make) -> None:
    made, other, strange = new(acme), new(acme), new(customer(PETIT))
    requests.put(made["putUrl"], data=b"x", timeout=30)
    assert requests.put(made["getUrl"], data=b"y", timeout=30).status_code == 404
    assert requests.get(made["putUrl"], timeout=30).status_code == 404
    wrong = [
        made["getUrl"].replace(made["id"], other["id"]),
        made["getUrl"].replace(made["id"], strange["id"]),
        made["getUrl"].replace(ACME, PETIT),
        made["getUrl"][:-1],
        made["getUrl"].replace("until=", "until=1"),
        made["getUrl"].replace("until=", "until=-"),
        made["getUrl"].split("?")[0],
        made["getUrl"].replace(made["id"], "nothing"),
        made["getUrl"] + "&a=1" * 20,
    ]
    for link in wrong:
        for method in ("GET", "PUT", "HEAD"):
            assert requests.request(method, link, data=b"z", timeout=30).status_code == 404, link
    assert requests.get(made["getUrl"], timeout=30).content == b"x"
    for method in ("POST", "DELETE"):
        assert requests.request(method, made["putUrl"], timeout=30).status_code == 405


def test_who_may_only_read_is_given_no_link_that_writes(
    acme: Customer, customer: Make, families: Families
) -> None:
    made, context = new(acme), families.world.context
    path = f"{PATH}/{made['id']}"
    assert requests.put(made["putUrl"], data=b"first", timeout=30).status_code == 200
    acme.post("/me/identity/user", login="looks", password=PASSWORD, group="UNPRIVILEGED")
    robot = acme.post("/me/api/oauth2/client", name="reads", description="", flow="CLIENT_CREDENTIALS")
    give_rights(context, ACME, robot["clientId"], ["account:apiovh:me/document/get"], by="cli")
    token = issue_access_token(context, robot["clientId"], robot["clientSecret"]).text
    bearer = {"Authorization": f"Bearer {token}"}
    readers = customer(rules=[Rule("GET", "/*")]), customer(login="looks")
    shown = [reader.get(path) for reader in readers]
    shown += [each for each in readers[0].page(PATH) if each["id"] == made["id"]]
    shown.append(requests.get(f"{families.origin}/1.0{path}", headers=bearer, timeout=30).json())
    for each in shown:
        assert requests.put(each["putUrl"], data=b"second", timeout=30).status_code == 404
        assert requests.get(each["getUrl"], timeout=30).content == b"first"
    assert len(shown) == 4
    changer = customer(rules=[Rule("GET", f"{PATH}/*"), Rule("PUT", f"{PATH}/*")])
    maker = customer(rules=[Rule("POST", PATH)])
    for link in (changer.get(path)["putUrl"], new(maker)["putUrl"]):
        assert requests.put(link, data=b"third", timeout=30).status_code == 200


def test_another_account_finds_nothing(acme: Customer, customer: Make, families: Families) -> None:
    made, stranger = new(acme), customer(PETIT)
    assert made["id"] not in stranger.get(PATH)
    for method, body in (("GET", None), ("PUT", {"expirationDate": None}), ("PUT", {}), ("DELETE", None)):
        assert stranger.refusal(method, f"{PATH}/{made['id']}", body)[0] == 404
    with pytest.raises(NoSuchFile):
        keep_file.send_file(families.world.context, PETIT, made["id"], b"x", by="system")
    assert acme.get(f"{PATH}/{made['id']}")["id"] == made["id"]


def test_a_file_is_deleted(acme: Customer) -> None:
    made = new(acme)
    requests.put(made["putUrl"], data=PDF, timeout=30)
    assert acme.delete(f"{PATH}/{made['id']}") is None
    assert made["id"] not in acme.get(PATH)
    assert acme.refusal("GET", f"{PATH}/{made['id']}")[0] == 404
    assert requests.get(made["getUrl"], timeout=30).status_code == 404
    assert requests.put(made["putUrl"], data=PDF, timeout=30).status_code == 404


def test_a_file_goes_when_its_day_has_come(acme: Customer, families: Families) -> None:
    made, stays = new(acme), new(acme)
    path, context = f"{PATH}/{made['id']}", families.world.context
    requests.put(made["putUrl"], data=PDF, timeout=30)
    assert acme.put(path, expirationDate="2040-01-01T00:00:00Z") is None
    assert acme.get(path)["expirationDate"].startswith("2040-01-01T01:00:00")
    assert acme.put(path, name="another", size=7) is None
    assert (acme.get(path)["name"], acme.get(path)["size"]) == ("contract.pdf", len(PDF))
    for wrong in ("2020-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        assert acme.refusal("PUT", path, {"expirationDate": wrong})[0] == 400
    with context.database.write() as tx:
        tx.run(AGE, id=made["id"])
    assert made["id"] not in acme.get(PATH)
    assert acme.refusal("GET", path)[0] == 404
    assert acme.refusal("PUT", path, {"expirationDate": None})[0] == 404
    assert requests.get(made["getUrl"], timeout=30).status_code == 404
    assert requests.put(made["putUrl"], data=PDF, timeout=30).status_code == 404
    before = _count(families)
    turn_day(context)
    assert _count(families) == before - 1
    assert acme.get(f"{PATH}/{stays['id']}")["expirationDate"] is None


def test_a_day_may_be_taken_back(acme: Customer) -> None:
    path = f"{PATH}/{new(acme)['id']}"
    acme.put(path, expirationDate="2040-01-01T00:00:00Z")
    assert acme.client.put(path, expirationDate=None) is None
    assert acme.get(path)["expirationDate"] is None


def _count(families: Families) -> int:
    with families.world.context.database.read() as tx:
        return int(tx.one("SELECT count(*) AS files FROM kept_file").files)


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""}, {"name": "a/b"}, {"name": "a\\b"}, {"name": "a\nb"}, {"name": "x" * 201},
        {"name": None},
        {"tags": [{"key": "", "value": "x"}]}, {"tags": [{"key": "a", "value": "x"}] * 2},
        {"tags": [{"key": "a"}]}, {"tags": [{"value": "a"}]}, {"tags": [{"key": 1, "value": "x"}]},
        {"tags": [{"key": str(number), "value": ""} for number in range(21)]}, {"tags": {"a": "b"}},
        {"tags": [{"key": "a", "value": "x" * 257}]}, {"expirationDate": "2040-01-01"},
    ],
)  # fmt: skip
def test_a_file_that_cannot_be(acme: Customer, change: dict[str, object]) -> None:
    assert acme.refusal("POST", PATH, {"name": "a"} | change)[0] == 400


# ---------------------------------------------------------------- how much


def test_a_file_that_is_too_large_is_not_taken(acme: Customer) -> None:
    made = new(acme)
    assert requests.put(made["putUrl"], data=b"x" * (FILE_BYTES_MAX + 1), timeout=60).status_code == 413
    assert acme.get(f"{PATH}/{made['id']}")["validationDate"] is None
    assert requests.put(made["putUrl"], data=b"x" * FILE_BYTES_MAX, timeout=60).status_code == 200
    acme.delete(f"{PATH}/{made['id']}")


@given(size=st.integers(0, 2 * FILE_BYTES_MAX), others=st.integers(0, ACCOUNT_BYTES_MAX))
def test_what_is_kept_never_passes_its_bounds(size: int, others: int) -> None:
    try:
        refuse_too_large(size, others)
    except FilesTooLarge:
        assert size > FILE_BYTES_MAX or size + others > ACCOUNT_BYTES_MAX
    else:
        assert size <= FILE_BYTES_MAX
        assert size + others <= ACCOUNT_BYTES_MAX


def test_an_account_keeps_so_much_and_no_more(customer: Make) -> None:
    petit = customer(PETIT)
    whole = b"x" * FILE_BYTES_MAX
    files = [new(petit) for _ in range(ACCOUNT_BYTES_MAX // FILE_BYTES_MAX)]
    for made in files:
        assert requests.put(made["putUrl"], data=whole, timeout=60).status_code == 200
    more = new(petit)
    refused = requests.put(more["putUrl"], data=b"x", timeout=60)
    assert (refused.status_code, "delete some first" in refused.text) == (413, True)
    assert requests.put(files[0]["putUrl"], data=whole[1:], timeout=60).status_code == 200
    assert requests.put(more["putUrl"], data=b"x", timeout=60).status_code == 200
    for file_id in petit.get(PATH):
        petit.delete(f"{PATH}/{file_id}")


def test_an_account_has_so_many_files(customer: Make, families: Families) -> None:
    context, lab = families.world.context, AccountId("ab20001-acq")
    for number in range(FILES_MAX):
        keep_file.add_file(context, lab, str(number), {}, by="system")
    assert customer(lab).refusal("POST", PATH, {"name": "more"})[0] == 409


# ---------------------------------------------------------------- links


@given(second=st.integers(0, 4_000_000_000))
def test_a_link_lives_an_hour_or_two(second: int) -> None:
    left = link_end(datetime.fromtimestamp(second, UTC)) - second
    assert 3_600 < left <= 7_200


@given(st.data())
def test_no_two_links_have_one_purpose(data: st.DataObject) -> None:
    drawn = st.tuples(st.text(), st.uuids().map(str), st.sampled_from(list(Deed)), st.integers(0, 10**12 - 1))
    one, other = data.draw(drawn), data.draw(drawn)
    assert (link_purpose(*one) == link_purpose(*other)) is (one == other)


def test_a_link_is_over_and_never_logged(families: Families, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    context, shift = families.world.context, timedelta()

    class Later:
        def now(self) -> datetime:
            return datetime.now(UTC) + shift

        def today(self, zone: str) -> date:
            return context.clock.today(zone)

    later = replace(context, clock=Later())
    made = keep_file.add_file(context, ACME, "a", {}, by="system")
    keep_file.send_file(context, ACME, made.file_id, PDF, by="system")
    until, secret = keep_file.file_link(context, ACME, made.file_id, Deed.FETCH)
    target = f"/cgi-bin/document/{made.file_id}?account={ACME}&until={until}&passwd={secret}"
    assert _status(FileLinks(later), target) == 200
    shift = timedelta(seconds=until) - timedelta(seconds=datetime.now(UTC).timestamp())
    assert _status(FileLinks(later), target) == 404
    broken = replace(context, database=None)  # type: ignore[arg-type]
    assert _status(FileLinks(broken), target) == 500
    said = "\n".join(str(vars(record)) for record in caplog.records)
    assert "file.crash" in said
    assert secret not in said


def _status(links: FileLinks, target: str) -> int:
    seen: list[int] = []

    def start_response(status: str, headers: list[tuple[str, str]]) -> None:
        seen.append(int(status[:3]))

    b"".join(links({"REQUEST_METHOD": "GET", "REQUEST_URI": target}, start_response))
    return seen[0]


# ---------------------------------------------------------------- web sites


def test_a_web_site_that_is_allowed_may_send(acme: Customer, customer: Make) -> None:
    made = new(acme)
    asked = {"Origin": SITE, "Access-Control-Request-Method": "PUT"}
    assert requests.options(made["putUrl"], headers=asked, timeout=30).status_code == 403
    assert acme.post(f"{PATH}/cors", origin=f"{SITE}/") is None
    assert acme.post(f"{PATH}/cors", origin=SITE) is None
    told = requests.options(made["putUrl"], headers=asked, timeout=30)
    assert (told.status_code, told.headers["Access-Control-Allow-Origin"]) == (200, SITE)
    assert "PUT" in told.headers["Access-Control-Allow-Methods"]
    sent = requests.put(made["putUrl"], data=b"x", headers={"Origin": SITE}, timeout=30)
    assert (sent.status_code, sent.headers["Access-Control-Allow-Origin"]) == (200, SITE)
    assert sent.headers["Vary"] == "Origin"
    for headers in ({"Origin": "https://other.example.com"}, {}):
        got = requests.get(made["getUrl"], headers=headers, timeout=30)
        assert "Access-Control-Allow-Origin" not in got.headers
    wrong = made["putUrl"][:-1]
    assert requests.options(wrong, headers=asked, timeout=30).status_code == 404
    assert requests.options(made["putUrl"], headers={"Origin": SITE}, timeout=30).status_code == 405
    theirs = new(customer(PETIT))
    assert requests.options(theirs["putUrl"], headers=asked, timeout=30).status_code == 403


@pytest.mark.parametrize(
    "origin",
    ["*", "null", "", "files.example.com", "https://", "ftp://a.example", "https://a.example/b",
     "https://a@b.example", "https://a.example:123456", "https://a.example\r\nX: y", "https://-a.example"],
)  # fmt: skip
def test_what_is_no_web_site(acme: Customer, origin: str) -> None:
    with pytest.raises(BadOrigin):
        checked_origin(origin)
    assert acme.refusal("POST", f"{PATH}/cors", {"origin": origin})[0] == 400


def test_so_many_web_sites(acme: Customer, families: Families) -> None:
    statuses = [
        acme.reply("POST", f"{PATH}/cors", {"origin": f"https://s{number}.example.com"}).status_code
        for number in range(21)
    ]
    assert (statuses[:18], statuses[-1]) == ([200] * 18, 409)
    with families.world.context.database.read() as tx:
        assert len(kept_files.origins(tx, ACME)) == 20


def test_ids_that_nothing_has(acme: Customer) -> None:
    assert acme.refusal("GET", f"{PATH}/{uuid4()}")[0] == 404
    assert acme.refusal("GET", f"{PATH}/7")[0] == 400
    assert acme.refusal("DELETE", f"{PATH}/{uuid4()}")[0] == 404

"""Lists as identifiers, as pages and with cursors; several objects in one request."""

from collections.abc import Callable

import pytest

from acquit.actions.context import Context
from acquit.core.access import Rule
from acquit.core.identifiers import AccountId

from .conftest import ACCOUNT, OTHER, MakeKeys, Reply, Wire

PAGES = {"X-Pagination-Mode": "CachedObjectList-Pages"}
CURSOR = {"X-Pagination-Mode": "CachedObjectList-Cursor"}
LIST = "/me/api/credential"


@pytest.fixture
def page(wire: Wire, make_keys: MakeKeys) -> Callable[..., Reply]:
    """Asks for a page of nine credentials, the second of which is limited to GET."""
    for number in range(8):
        make_keys(ACCOUNT, [Rule("GET", f"/me/{number}*")], by_staff=number % 2 == 0)
    make_keys(OTHER)

    def ask(mode: dict[str, str] = PAGES, path: str = LIST, **headers: str) -> Reply:
        said = {"X-Pagination-" + name.replace("_", "-").title(): value for name, value in headers.items()}
        return wire.call("GET", path, headers=mode | said)

    return ask


def ids(reply: Reply) -> list[int]:
    assert reply.status == 200, reply
    return [shown["credentialId"] for shown in reply.body]


def test_without_a_mode_a_list_is_all_identifiers(wire: Wire, page: Callable[..., Reply]) -> None:
    bare = wire.call("GET", LIST)
    assert len(bare.body) == 9
    assert bare.body == sorted(bare.body)
    assert not [name for name in bare.headers if name.startswith("x-pagination")]
    assert wire.call("GET", LIST, headers={"X-Pagination-Mode": "Surprise"}).body == bare.body


def test_pages_hold_objects_and_an_empty_page_ends_them(wire: Wire, page: Callable[..., Reply]) -> None:
    every = wire.get(LIST)
    first = page(size="4")
    assert ids(first) == every[:4]
    assert first.headers["x-pagination-elements"] == "9"
    assert first.headers["x-pagination-number"] == "1"
    assert first.headers["x-pagination-size"] == "4"
    assert first.body[0] == wire.get(f"{LIST}/{every[0]}")
    assert ids(page(size="4", number="3")) == every[8:]
    beyond = page(size="4", number="4")
    assert (beyond.body, beyond.headers["x-pagination-elements"]) == ([], "9")
    assert len(page().body) == 9


@pytest.mark.parametrize("sort", ["credentialId", "creation", "status", "lastUse", "rules", "nothing"])
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
def test_pages_are_sorted_and_lose_nothing(
    wire: Wire, page: Callable[..., Reply], sort: str, direction: str
) -> None:
    every = wire.get(LIST)
    found = [
        credential_id
        for number in range(1, 6)
        for credential_id in ids(page(size="2", number=str(number), sort=sort, sort_order=direction))
    ]
    assert sorted(found) == every
    if sort == "credentialId":
        assert found == (every if direction == "ASC" else every[::-1])
    said = page(sort=sort, sort_order=direction).headers
    assert said.get("x-pagination-sort") == (None if sort in ("nothing", "rules") else sort)


def test_a_walk_neither_repeats_nor_loses(
    wire: Wire, page: Callable[..., Reply], make_keys: MakeKeys, context: Context
) -> None:
    every = wire.get(LIST)
    assert ids(page(size="3")) == every[:3]
    with context.database.write() as tx:
        tx.run("DELETE FROM credential WHERE credential_id = %(gone)s", gone=every[1])
    make_keys(ACCOUNT)
    second = page(size="3", number="2")
    assert ids(second) == every[3:6], "the next page follows what was read, whatever went before it"
    assert second.headers["x-pagination-elements"] == "9", "a walk keeps the number that it began with"
    fresh = page(PAGES | {"Pragma": "no-cache"}, size="3", number="2")
    now = wire.get(LIST)
    assert (ids(fresh), fresh.headers["x-pagination-elements"]) == (now[3:6], str(len(now)))
    with context.database.write() as tx:
        tx.run("DELETE FROM credential WHERE credential_id = %(gone)s", gone=now[5])
    assert ids(page(size="3", number="3")) == wire.get(LIST)[6:9], "the end of the page before is gone"


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize("sort", ["", "creation", "lastUse", "ovhSupport"])
def test_cursors_reach_every_object_once(
    wire: Wire, page: Callable[..., Reply], sort: str, direction: str
) -> None:
    found: list[int] = []
    reply = page(CURSOR, size="2", sort=sort, sort_order=direction)
    while cursor := reply.headers.get("x-pagination-cursor-next"):
        found += ids(reply)
        reply = page(CURSOR, size="2", cursor=cursor)
    found += ids(reply)
    assert sorted(found) == wire.get(LIST)
    assert len(found) == 9
    assert reply.headers["x-pagination-elements"] == "9"


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ("ovhSupport:eq=true", 4),
        ("ovhSupport:ne=true", 5),
        ("ovhSupport:nq=true", 5),
        ("ovhSupport:eq=true&credentialId:gt={second}", 3),
        ("credentialId:ge={second}", 8),
        ("credentialId:lt={second}", 1),
        ("credentialId:le={second}", 2),
        ("credentialId:in={second},{third},7", 2),
        ("status:like=valid%25", 9),
        ("status:like=%2525ALID%2525", 9),
        ("status:like=*x*", 0),
        ("status:like=v_lidated", 0),
        ("creation:gt=2020-01-01", 9),
        ("creation:lt=2020-01-01T00:00:00%2B01:00", 0),
        ("expiration:eq=2020-01-01", 0),
        ("expiration:ne=2020-01-01", 9),
        ("expiration:lt=2020-01-01", 0),
        ("lastUse:in=2020-01-01", 0),
        ("expiration:like=%", 0),
    ],
)
def test_filters_choose(wire: Wire, page: Callable[..., Reply], wanted: str, count: int) -> None:
    every = wire.get(LIST)
    reply = page(filter=wanted.format(second=every[1], third=every[2]))
    assert len(ids(reply)) == count
    assert reply.headers["x-pagination-elements"] == str(count)
    in_memory = page(filter=wanted.format(second=every[1], third=every[2]), sort="lastUse")
    assert sorted(ids(in_memory)) == sorted(ids(reply))


@pytest.mark.parametrize(
    ("headers", "named"),
    [
        ({"size": "0"}, "X-Pagination-Size"),
        ({"size": "-1"}, "X-Pagination-Size"),
        ({"number": "one"}, "X-Pagination-Number"),
        ({"sort_order": "UP"}, "X-Pagination-Sort-Order"),
        ({"filter": "nothing:eq=1"}, "X-Pagination-Filter"),
        ({"filter": "credentialId"}, "X-Pagination-Filter"),
        ({"filter": "credentialId:is=1"}, "X-Pagination-Filter"),
        ({"filter": "credentialId:eq=x"}, "credentialId"),
    ],
)
def test_a_header_that_says_nothing_is_refused(
    page: Callable[..., Reply], headers: dict[str, str], named: str
) -> None:
    reply = page(**headers)
    assert reply.status == 400
    assert reply.body["message"].startswith(f"[{named}]")


@pytest.mark.parametrize("cursor", ["x", "!!", "W10", "WzEsMl0", "bnVsbA"])
def test_a_cursor_of_nobody_s_is_refused(page: Callable[..., Reply], cursor: str) -> None:
    assert page(CURSOR, cursor=cursor).status == 400


def test_query_filters_act_before_the_headers(wire: Wire, page: Callable[..., Reply]) -> None:
    reply = page(path=f"{LIST}?applicationId=7")
    assert (reply.body, reply.headers["x-pagination-elements"]) == ([], "0")


# ---------------------------------------------------------------- batches


def batch(wire: Wire, path: str, separator: str = ",") -> Reply:
    return wire.call("GET", path, headers={"X-Ovh-Batch": separator})


def test_a_batch_answers_in_the_order_of_the_ids(wire: Wire, page: Callable[..., Reply]) -> None:
    every = wire.get(LIST)
    asked = [every[3], 7, every[0], every[3]]
    reply = batch(wire, f"{LIST}/{','.join(map(str, asked))}")
    assert [element["key"] for element in reply.body] == [str(key) for key in asked]
    assert reply.body[0]["value"] == wire.get(f"{LIST}/{every[3]}") | {
        "lastUse": reply.body[0]["value"]["lastUse"]
    }
    assert reply.body[0]["error"] is None
    assert reply.body[1]["value"] is None
    assert reply.body[1]["error"]["message"] == "The requested object (7) does not exist"
    assert reply.body[1]["error"]["class"] == "Client::NotFound"


def test_a_batch_of_one_is_an_array_too(wire: Wire, page: Callable[..., Reply]) -> None:
    (first, *_) = wire.get(LIST)
    for path in (f"{LIST}/{first},", f"{LIST}/{first}"):
        assert [element["key"] for element in batch(wire, path).body] == [str(first)]


@pytest.mark.parametrize(
    ("separator", "written"),
    [
        (";", ";"),
        ("--", "--"),
        (",", "%2C"),
        ("/", "%2F"),
        ("é", "%C3%A9"),
        ("—".encode().decode("latin-1"), "%E2%80%94"),
        ("é".encode().decode("latin-1"), "%C3%A9"),
    ],
)
def test_any_separator_will_do(wire: Wire, page: Callable[..., Reply], separator: str, written: str) -> None:
    every = wire.get(LIST)
    reply = batch(wire, f"{LIST}/{written.join(map(str, every))}", separator)
    assert [element["key"] for element in reply.body] == [str(key) for key in every]


def test_an_id_of_a_wrong_type_fails_alone(wire: Wire, page: Callable[..., Reply]) -> None:
    (first, *_) = wire.get(LIST)
    good, bad = batch(wire, f"{LIST}/{first},abc").body
    assert good["error"] is None
    assert bad["error"]["message"] == "[credentialId] Given data (abc) is not valid for type long"


def test_another_account_s_ids_are_not_found(wire: Wire, make_keys: MakeKeys) -> None:
    foreign = wire.get("/auth/currentCredential", keys=make_keys(AccountId("cd67890-acq")))["credentialId"]
    (element,) = batch(wire, f"{LIST}/{foreign}").body
    assert element["error"]["errorCode"] == "NOT_FOUND"


def test_below_an_object_a_batch_asks_for_several_parents(wire: Wire, page: Callable[..., Reply]) -> None:
    every = wire.get(LIST)
    reply = wire.call("GET", f"{LIST}/{every[0]},7/application", headers={"X-Ovh-Batch": ","})
    assert reply.status == 400, "the application of a credential is no list: no batch there"


def test_ten_thousand_ids_are_refused(wire: Wire) -> None:
    reply = batch(wire, f"{LIST}/{','.join(str(number) for number in range(10_000))}")
    assert (reply.status, reply.body["errorCode"]) == (400, "INVALID_ARGUMENT")
    assert "10000" in reply.body["message"]
    assert batch(wire, f"{LIST}/{','.join(str(number) for number in range(1_000))}").status == 200


def test_the_header_means_nothing_elsewhere(wire: Wire) -> None:
    assert wire.call("GET", LIST, headers={"X-Ovh-Batch": ","}).body == wire.get(LIST)
    assert wire.call("GET", "/auth/time", headers={"X-Ovh-Batch": ","}).status == 200

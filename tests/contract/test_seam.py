"""What the plumbing does with what handlers return and raise, on routes of the test's own."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg
import pytest

from acquit.actions.context import Context
from acquit.api import refusals
from acquit.api.entrance import Entrance
from acquit.api.listing import Listing
from acquit.api.refusals import NoSuchObject
from acquit.api.request import Answer, Batched, Request
from acquit.core.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, Unlawful

from .conftest import Keys, Wire

DETAILS = {"FR1": ["10", "11", "12"], "FR2": ["20"]}
PAGES = {"X-Pagination-Mode": "CachedObjectList-Pages"}
CURSOR = {"X-Pagination-Mode": "CachedObjectList-Cursor", "X-Pagination-Size": "2"}
asked: list[object] = []


def list_details(request: Request) -> Listing[str]:
    bill_id = request.path["billId"]

    def every(tx: object) -> list[str]:
        if bill_id not in DETAILS:
            raise NoSuchObject(bill_id)
        return DETAILS[bill_id]

    def shown(tx: object, keys: Sequence[str]) -> dict[str, object]:
        return {key: {"billDetailId": key, "quantity": key[::-1], "totalPrice": None} for key in keys}

    return Listing(every, shown)


def get_detail(request: Request) -> object:
    asked.append(request.path)
    if request.path["billDetailId"] == "missing":
        raise NoSuchObject("missing")
    return {"one": request.path["billDetailId"], "of": request.path["billId"]}


def get_details(request: Request, keys: Sequence[str]) -> Mapping[str, object]:
    asked.append(list(keys))
    return {key: {"many": key, "of": request.path["billId"]} for key in keys if key != "missing"}


class Gone(NotFound):
    code = "test-gone"


class Strange(Refusal):
    code = "test-strange"


RAISED: dict[str, Exception] = {
    "1": Gone("is gone", bill="FR1"),
    "2": Forbidden("may not"),
    "3": Conflict("clashes"),
    "4": Invalid("is wrong"),
    "5": Unlawful("is unlawful", source="L441-10"),
    "6": Strange("strange"),
    "7": RuntimeError("password=hunter2"),
    "8": psycopg.OperationalError("password=hunter2"),
    "9": RuntimeError("cannot be encoded"),
}


def fail(request: Request) -> object:
    if request.path["debtId"] == 9:
        return object()
    raise RAISED[str(request.path["debtId"])]


def answer(request: Request) -> Answer:
    return Answer({"a": 1}, 200, (("X-More", "yes"),))


ROUTES: dict[tuple[str, str], Any] = {
    ("GET", "/me/bill/{billId}/details"): list_details,
    ("GET", "/me/bill/{billId}/details/{billDetailId}"): Batched(get_detail, get_details),
    ("GET", "/me/debtAccount/debt/{debtId}"): fail,
    ("GET", "/me/debtAccount"): answer,
}


@pytest.fixture
def wire(context: Context, keys: Keys) -> Iterator[Wire]:
    entrance = Entrance(context, routes=ROUTES)
    yield Wire(entrance, keys)
    entrance.close()


def test_a_list_below_an_object_is_bare_or_in_pages(wire: Wire) -> None:
    path = "/me/bill/FR1/details"
    assert wire.get(path) == ["10", "11", "12"]
    second = wire.call("GET", path, headers=PAGES | {"X-Pagination-Size": "2", "X-Pagination-Number": "2"})
    assert second.body == [{"billDetailId": "12", "quantity": "21", "totalPrice": None}]
    assert second.headers["x-pagination-elements"] == "3"
    assert second.headers["access-control-expose-headers"]
    turned = wire.get(path, headers=PAGES | {"X-Pagination-Sort-Order": "DESC"})
    assert [shown["billDetailId"] for shown in turned] == ["12", "11", "10"]
    by_text = wire.get(path, headers=PAGES | {"X-Pagination-Sort": "quantity"})
    assert [shown["quantity"] for shown in by_text] == ["01", "11", "21"]
    by_nothing = wire.get(path, headers=PAGES | {"X-Pagination-Sort": "totalPrice.value"})
    assert len(by_nothing) == 3
    chosen = wire.get(path, headers=PAGES | {"X-Pagination-Filter": "quantity:like=2%"})
    assert [shown["quantity"] for shown in chosen] == ["21"]
    assert wire.get(path, headers=PAGES | {"X-Pagination-Filter": "totalPrice.value:gt=1"}) == []
    assert len(wire.get(path, headers=PAGES | {"X-Pagination-Filter": "totalPrice.value:ne=1.50"})) == 3


def test_a_short_list_has_cursors_too(wire: Wire) -> None:
    first = wire.call("GET", "/me/bill/FR1/details", headers=CURSOR)
    cursor = first.headers["x-pagination-cursor-next"]
    rest = wire.call("GET", "/me/bill/FR1/details", headers=CURSOR | {"X-Pagination-Cursor": cursor})
    assert [shown["billDetailId"] for shown in first.body + rest.body] == ["10", "11", "12"]
    assert "x-pagination-cursor-next" not in rest.headers
    foreign = wire.call("GET", "/me/bill/FR2/details", headers=CURSOR | {"X-Pagination-Cursor": cursor})
    assert foreign.status == 400


def test_lists_of_several_objects_come_in_one_batch(wire: Wire) -> None:
    reply = wire.call("GET", "/me/bill/FR1,nope,FR2/details", headers={"X-Ovh-Batch": ","})
    assert [(element["key"], element["value"]) for element in reply.body] == [
        ("FR1", ["10", "11", "12"]),
        ("nope", None),
        ("FR2", ["20"]),
    ]
    assert reply.body[1]["error"]["message"] == "The requested object (nope) does not exist"


def test_a_batch_asks_once_for_all_and_alone_for_what_is_missing(wire: Wire) -> None:
    asked.clear()
    reply = wire.call("GET", "/me/bill/FR1/details/10;missing;10;11", headers={"X-Ovh-Batch": ";"})
    assert [element["value"] for element in reply.body] == [
        {"many": "10", "of": "FR1"},
        None,
        {"many": "10", "of": "FR1"},
        {"many": "11", "of": "FR1"},
    ]
    assert asked == [["10", "missing", "11"], {"billId": "FR1", "billDetailId": "missing"}]
    assert wire.get("/me/bill/FR1/details/10") == {"one": "10", "of": "FR1"}
    assert wire.get("/me/bill/FR1/details/,", headers={"X-Ovh-Batch": ","}) == []


@pytest.mark.parametrize(
    ("debt_id", "status", "code", "kind", "details"),
    [
        ("1", 404, "NOT_FOUND", "Client::NotFound", {"bill": "FR1"}),
        ("2", 403, "FORBIDDEN", "Client::Forbidden", {}),
        ("3", 409, "CONFLICT", "Client::Conflict", {}),
        ("4", 400, "INVALID_ARGUMENT", "Client::BadRequest", {}),
        ("5", 403, "FORBIDDEN", "Client::Forbidden", {"source": "L441-10"}),
        ("6", 403, "FORBIDDEN", "Client::Forbidden", {}),
        ("7", 500, "INTERNAL_ERROR", "Server::InternalServerError", {}),
        ("9", 500, "INTERNAL_ERROR", "Server::InternalServerError", {}),
        ("8", 503, "SERVICE_UNAVAILABLE", "Server::ServiceUnavailable", {}),
    ],
)
def test_a_refusal_keeps_its_words_and_a_crash_says_nothing(
    wire: Wire,
    debt_id: str,
    status: int,
    code: str,
    kind: str,
    details: object,
    caplog: pytest.LogCaptureFixture,
) -> None:
    reply = wire.call("GET", f"/me/debtAccount/debt/{debt_id}")
    assert (reply.status, reply.body["errorCode"], reply.body["class"]) == (status, code, kind)
    assert reply.body["details"] == details
    assert reply.body["httpCode"].split()[0] == str(status)
    if status < 500:
        assert reply.body["message"] == str(RAISED[debt_id])
    else:
        assert b"hunter2" not in reply.raw
        assert "hunter2" not in repr([vars(record) for record in caplog.records])
        assert [record.query_id for record in caplog.records] == [reply.headers["x-ovh-queryid"]]  # type: ignore[attr-defined]


def test_an_answer_may_set_headers(wire: Wire) -> None:
    reply = wire.call("GET", "/me/debtAccount")
    assert (reply.body, reply.headers["x-more"]) == ({"a": 1}, "yes")


def test_a_route_that_is_not_in_the_contract_is_our_bug(context: Context) -> None:
    with pytest.raises(AssertionError, match="not in the contract"):
        Entrance(context, routes={("GET", "/made/up"): answer})


def test_every_kind_of_refusal_has_a_meaning() -> None:
    for kind in refusals.TABLE:
        assert issubclass(kind, Refusal)
    for refusal in (RAISED[key] for key in "123456"):
        assert isinstance(refusal, Refusal)
        assert refusals.describe(refusal)["message"] == refusal.message

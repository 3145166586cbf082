"""/me/api/logs: what programs called for the account."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from acquit.core.api_call import ApiCall
from acquit.store import api_calls

from .families import Customer, Families
from .world import ACME, PETIT

Make = Callable[..., Customer]
LOGS = "/me/api/logs/self"


def shown(caller: Customer, path: str, route: str) -> dict[str, object]:
    """The latest call of a route, as soon as it was written: a beat later at most."""
    for _ in range(400):
        found = [each for each in caller.page(path, Size="5000") if each["route"] == route]
        if found:
            return found[-1]
        time.sleep(0.02)
    raise AssertionError(f"{route} was not written")


def test_a_call_is_written_with_where_it_came_from(acme: Customer) -> None:
    bill_id = acme.get("/me/bill")[0]
    acme.reply("GET", f"/me/bill/{bill_id}", None, {"X-Forwarded-For": "192.0.2.9"})
    call = shown(acme, LOGS, "/me/bill/{billId}")
    assert (call["account"], call["method"], call["ip"]) == (ACME, "GET", "192.0.2.9")
    assert call["path"] == f"/me/bill/{bill_id}"
    assert acme.get(f"{LOGS}/{call['logId']}") == call
    assert acme.batch(f"{LOGS}/{call['logId']}")[0]["value"] == call


def test_calls_on_services_are_a_part_of_them(acme: Customer) -> None:
    service = acme.get("/services")[0]
    acme.get(f"/services/{service}")
    call = shown(acme, "/me/api/logs/services", "/services/{serviceId}")
    assert acme.get(f"/me/api/logs/services/{call['logId']}") == call
    own = shown(acme, LOGS, "/services")
    assert acme.refusal("GET", f"/me/api/logs/services/{shown(acme, LOGS, LOGS)['logId']}")[0] == 404
    assert own["method"] == "GET"


def test_who_is_refused_leaves_no_trace_and_strangers_see_none(acme: Customer, customer: Make) -> None:
    acme.get("/me/deposit")
    call = shown(acme, LOGS, "/me/deposit")
    stranger = customer(PETIT)
    assert stranger.refusal("GET", f"{LOGS}/{call['logId']}")[0] == 404
    assert all(each["account"] == PETIT for each in stranger.page(LOGS, Size="5000"))


def test_only_the_latest_are_kept(families: Families) -> None:
    database, at = families.world.context.database, datetime.now(UTC)
    with database.write() as tx:
        api_calls.add(tx, [ApiCall(PETIT, at, "GET", "/old", f"/old/{n}", "") for n in range(20)])
        api_calls.forget(tx, [PETIT], 5)
    with database.read() as tx:
        rows = tx.all("SELECT path FROM api_call WHERE account_id = 'cd67890-acq' ORDER BY call_id")
    assert [row.path for row in rows] == [f"/old/{n}" for n in range(15, 20)]

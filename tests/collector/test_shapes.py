"""Shapes of other regions (US, CA) and of servers that know less, and what their refusals mean."""

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from acquit.collector.files import alone
from acquit.collector.gather import OPERATIONS_SINGLY
from acquit.collector.gathered import Wanted
from acquit.collector.running import Run
from collector.gathering import fill, messages, rows, run
from collector.provider import Provider, VirtualTimer, price, serving

SEVERAL = [
    "/me/debtAccount",
    "/me/payment/method",
    "/me/billing/purchaseOrder",
    "/me/subAccount",
    "/services",
]


@pytest.mark.parametrize("path", SEVERAL)
def test_a_route_that_a_region_lacks_is_an_empty_list(provider: Provider, tmp_path: Path, path: str) -> None:
    fill(provider, 2)
    provider.absent = {path}
    assert messages(run(provider, tmp_path)) == []
    assert rows(tmp_path, "SELECT count(*), count(paper) FROM bill") == [(2, 2)]


def test_a_page_of_a_proxy_in_place_of_a_list_pays_no_debt(provider: Provider, tmp_path: Path) -> None:
    """404 with JSON says that nothing is owed; 404 of anything in between says nothing."""
    provider.world().bill("FR1", "2026-11-02", 1000, due="2026-12-17")
    run(provider, tmp_path)
    provider.fault = lambda path, _number: "page" if "debtAccount" in path else None
    assert messages(run(provider, tmp_path, only=["debt"])) == ["GET /me/debtAccount/debt was answered 404."]
    assert rows(tmp_path, "SELECT status, due_minor FROM debt") == [("UNMATURED", 1200)]


def test_a_list_that_moves_while_it_is_read_hides_nothing(
    provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A debt that leaves the list between two pages pulls another one over the edge of the page."""
    monkeypatch.setattr("acquit.collector.lists.PAGE", 2)
    world = provider.world()
    for number in range(1, 6):
        world.bill(f"FR{number}", "2026-11-02", 1000, due="2026-12-17")
    run(provider, tmp_path)
    pages = []

    def move(path: str, _number: int) -> None:
        if "debtAccount" in path and "operation" not in path:
            pages.append(path)
            if len(pages) == 2:
                world.debts.pop("1000", None)

    provider.fault = move
    run(provider, tmp_path, only=["debt"])
    told = rows(tmp_path, "SELECT debt_id, status FROM debt ORDER BY 1")
    assert told == [(1000, "UNMATURED"), *[(1000 + n, "UNMATURED") for n in range(1, 5)]]
    run(provider, tmp_path, only=["debt"])
    assert rows(tmp_path, "SELECT debt_id FROM debt WHERE status = 'PAID'") == [(1000,)]


def test_a_list_without_a_filter_by_date_is_read_whole(provider: Provider, tmp_path: Path) -> None:
    fill(provider, 3)
    run(provider, tmp_path)
    provider.filters_by_date = False
    provider.world().bill("FR00000099", "2026-11-23", 500)
    gathered = run(provider, tmp_path)
    assert (messages(gathered), gathered[0].new_bills) == ([], 1)


def test_the_shapes_of_the_united_states(provider: Provider, tmp_path: Path) -> None:
    """Invoice with htmlUrl and no category; balance.* in place of debt.*; prices without priceInUcents."""
    world = provider.world()
    world.bill("US1", "2026-11-02", 1000, due="2026-12-17")
    world.bills["US1"] |= {"htmlUrl": "https://example/secret?passwd=1"}
    del world.bills["US1"]["category"]
    world.debts["1000"] = {
        "balanceId": 7, "debtId": 1000, "orderId": 1000, "date": "2026-11-02T00:00:00-05:00",
        "amount": price(1200, ucents=False), "dueAmount": price(700, ucents=False),
    }  # fmt: skip
    assert messages(run(provider, tmp_path)) == []
    assert rows(tmp_path, "SELECT category, total_minor FROM bill") == [(None, 1200)]
    assert rows(tmp_path, "SELECT status, amount_minor, due_minor, todo_minor, due_on FROM debt") == [
        ("TO_BE_PAID", 1200, 700, None, None)
    ]
    assert b"passwd" not in (tmp_path / "journal" / "main.ndjson").read_bytes()


# ---------------------------------------------------------------- what changes afterwards

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def run_at(provider: Provider, archive: Path, instant: datetime) -> list[object]:
    plan = Run(archive, Wanted(), 600, timer=VirtualTimer(), clock=lambda: instant)
    return list(plan.gather([provider.access()], lambda _step: None))


@pytest.mark.parametrize(
    ("batch", "after", "versions"),
    [(True, timedelta(days=1), 2), (True, timedelta(hours=3), 1), (False, timedelta(days=1), 1),
     (False, timedelta(days=8), 2)],
    ids=["batch: a day", "batch: not every hour", "single calls: not every day", "single calls: a week"],
)  # fmt: skip
def test_a_bill_that_changed_is_seen_without_pages(
    tmp_path: Path, batch: bool, after: timedelta, versions: int
) -> None:
    with serving(Provider(pages=False, batch=batch)) as provider:
        world = provider.world()
        world.bill("FR1", "2026-11-20", 1000)
        world.bill("FR2", "2026-11-20", 1000)
        run_at(provider, tmp_path, NOON)
        world.bill("FR1", "2026-11-20", 1500)
        world.bills["FR1"]["orderId"] = 1000
        run_at(provider, tmp_path, NOON + after)
    assert rows(tmp_path, "SELECT bill_id, versions_count FROM bill ORDER BY 1") == [
        ("FR1", versions),
        ("FR2", 1),
    ]


def test_a_bill_that_was_dated_long_before_is_found_within_a_week(provider: Provider, tmp_path: Path) -> None:
    provider.world().bill("FR2", "2026-11-20", 1000)
    run_at(provider, tmp_path, NOON)
    provider.world().bill("FR1", "2026-01-20", 1000)
    run_at(provider, tmp_path, NOON + timedelta(days=8))
    assert rows(tmp_path, "SELECT bill_id FROM bill ORDER BY 1") == [("FR1",), ("FR2",)]


@pytest.mark.parametrize("batch", [True, False])
def test_an_idle_refresh_without_pages_takes_under_two_calls_on_average(tmp_path: Path, batch: bool) -> None:
    with serving(Provider(pages=False, batch=batch)) as provider:
        fill(provider, 40)
        run_at(provider, tmp_path, NOON)
        before = len(provider.calls)
        for hours in (1, 8, 16, 23):
            run_at(provider, tmp_path, NOON + timedelta(hours=hours))
        assert len(provider.calls) - before < 2 * 4


# ---------------------------------------------------------------- operations and services


def operation(number: int) -> dict[str, object]:
    return {
        "operationId": number, "date": "2026-11-20T00:00:00+01:00", "type": "ENTERPRISE_MANUAL",
        "status": "DONE", "amount": price(1200), "depositOrderId": 5,
    }  # fmt: skip


def test_operations_and_services_come_by_themselves_where_calls_are_few(
    provider: Provider, tmp_path: Path
) -> None:
    provider.batch_below = True
    world = provider.world()
    for number in (1, 2):
        world.bill(f"FR{number}", "2026-11-02", 1000, due="2026-12-17")
        debt = 999 + number
        world.operations[str(debt)] = {str(number): operation(number)}
    world.services["9"] = {"serviceId": 9, "resource": {"name": "server-1.example"}}
    assert messages(run(provider, tmp_path)) == []
    assert rows(tmp_path, "SELECT debt_id, operation_id, amount_minor FROM debt_operation ORDER BY 1") == [
        (1000, 1, 1200), (1001, 2, 1200),
    ]  # fmt: skip
    assert rows(tmp_path, "SELECT service_id, name FROM service") == [(9, "server-1.example")]
    provider.calls.clear()
    run(provider, tmp_path)
    assert provider.calls == ["GET /me/bill"], "nothing moved: nothing is asked"


@pytest.mark.parametrize("below", [True, False])
def test_an_account_with_one_bill_at_a_time_has_its_operations(
    provider: Provider, tmp_path: Path, below: bool
) -> None:
    """Two bills are never missing at once, so the try is made where operations are read."""
    provider.batch_below = below
    world = provider.world()
    for number in range(1, 4):
        world.bill(f"FR{number}", f"2026-11-0{number}", 1000, due="2026-12-17")
        world.operations[str(999 + number)] = {str(number): operation(number)}
        assert messages(run(provider, tmp_path)) == []
    told = rows(tmp_path, "SELECT debt_id, operation_id FROM debt_operation ORDER BY 1")
    assert told == [(1000, 1), (1001, 2), (1002, 3)]


def test_many_operations_are_not_asked_one_by_one(provider: Provider, tmp_path: Path) -> None:
    world, many = provider.world(), OPERATIONS_SINGLY + 1
    for number in range(many):
        world.bill(f"FR{number:02}", "2026-11-02", 1000, due="2026-12-17")
        world.operations[str(1000 + number)] = {}

    def asked() -> list[str]:
        return [call for call in provider.calls if "operation" in call]

    run(provider, tmp_path)
    assert asked() == []
    run(provider, tmp_path, only=["operation"])
    assert asked() == [f"GET /me/debtAccount/debt/{1000 + number}/operation" for number in range(many)]
    world.debts["1001"] |= {"status": "PAID"}
    provider.calls.clear()
    run(provider, tmp_path, only=["debt"])
    run(provider, tmp_path)
    assert asked() == ["GET /me/debtAccount/debt/1001/operation"], "few that moved are asked"


def test_a_try_that_failed_is_not_made_again_within_a_week(provider: Provider, tmp_path: Path) -> None:
    def tries() -> list[str]:
        return [call for call in provider.calls if "," in call and "details" in call]

    for number, after in enumerate((0, 1, 8)):
        fill(provider, 2, first=1 + 2 * number)
        run_at(provider, tmp_path, NOON + timedelta(days=after))
        assert len(tries()) == (1, 1, 2)[number]


def test_a_list_that_knows_no_dates_costs_one_call_from_the_first_idle_run_on(
    provider: Provider, tmp_path: Path
) -> None:
    provider.filters_by_date = False
    fill(provider, 3)
    run(provider, tmp_path)
    provider.calls.clear()
    run(provider, tmp_path)
    assert provider.calls == ["GET /me/bill"]


def test_a_key_that_may_not_read_services_is_whole_without(provider: Provider, tmp_path: Path) -> None:
    fill(provider, 2)
    provider.forbidden = {"/services"}
    assert messages(run(provider, tmp_path)) == []
    assert messages(run(provider, tmp_path, only=["service"])) == [
        "The key may not call GET /services; make one that has this right."
    ]


# ---------------------------------------------------------------- hostile answers


def test_a_provider_that_asks_to_wait_for_hours_is_left_alone(provider: Provider, tmp_path: Path) -> None:
    fill(provider, 2)
    timer = VirtualTimer()
    provider.fault = lambda path, _number: "hours" if "details" in path else None
    told = messages(run(provider, tmp_path, timer=timer))
    assert told == ["The provider asks to wait 120 minutes; run again then."]
    assert timer.seconds < 600
    provider.fault = lambda _path, _number: None
    assert messages(run(provider, tmp_path)) == []


def test_no_link_and_no_key_reaches_a_log(
    provider: Provider, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fill(provider, 2)
    provider.paper = lambda _id, _content: (503, b"", "text/plain")
    with caplog.at_level(logging.DEBUG), alone(tmp_path / "other"):
        run(provider, tmp_path / "archive")
    assert not [one for one in ("passwd", "s3cr3tw0rd", "consumer-key-of-main") if one in caplog.text]

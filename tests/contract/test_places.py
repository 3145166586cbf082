"""What is remembered of walks through lists: for a minute, and never more than a bounded number."""

import pytest

from acquit.api.places import ENDS_MAX, KEPT_SECONDS, WALKS_MAX, Places


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1_000.0]
    monkeypatch.setattr("acquit.api.places.time.monotonic", lambda: now[0])
    return now


def test_the_nearest_page_before_is_known(clock: list[float]) -> None:
    walks = Places()
    walks.reach("a", 1, "x")
    assert walks.before("a", 2) is None, "nothing is kept of a walk that never began"
    walks.begin("a", 90)
    for number, key in ((1, "k1"), (2, "k2"), (5, "k5")):
        walks.reach("a", number, key)
    found = [walks.before("a", number) for number in (1, 2, 4, 5, 9)]
    assert found == [None, (1, "k1"), (2, "k2"), (2, "k2"), (5, "k5")]
    assert (walks.total("a"), walks.total("b")) == (90, None)
    walks.begin("a", 91)
    assert (walks.total("a"), walks.before("a", 9)) == (91, None)
    walks.forget("a")
    assert walks.total("a") is None


def test_a_walk_that_rests_is_forgotten(clock: list[float]) -> None:
    walks = Places()
    walks.begin("a", 90)
    for number in range(1, 4):
        clock[0] += KEPT_SECONDS - 1
        walks.reach("a", number, number)
    assert walks.before("a", 4) == (3, 3)
    clock[0] += KEPT_SECONDS + 1
    assert (walks.total("a"), walks.before("a", 4)) == (None, None)


def test_no_more_is_kept_than_is_allowed(clock: list[float]) -> None:
    walks = Places()
    for number in range(WALKS_MAX + 10):
        walks.begin(str(number), number)
    assert (walks.total("9"), walks.total("10")) == (None, 10)
    for number in range(1, ENDS_MAX + 3):
        walks.reach("20", number, number)
    assert walks.before("20", 3) is None
    assert walks.before("20", 4) == (3, 3)

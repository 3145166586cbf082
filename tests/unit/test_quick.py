"""Frozen values that are made fast: as frozen, equal and copied as those that are not."""

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from inspect import signature

import pytest

from acquit.core.quick import quick


@quick
@dataclass(frozen=True, slots=True)
class Fast:
    """Made fast."""

    name: str
    amount_minor: int = 5
    parts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Slow:
    """Made by dataclasses alone."""

    name: str
    amount_minor: int = 5
    parts: dict[str, int] = field(default_factory=dict)


def test_a_quick_value_is_what_a_frozen_dataclass_is() -> None:
    fast, slow = Fast("a", parts={"b": 1}), Slow("a", parts={"b": 1})
    assert repr(fast) == repr(slow).replace("Slow", "Fast")
    assert signature(Fast) == signature(Slow)
    assert [each.name for each in fields(fast)] == ["name", "amount_minor", "parts"]
    assert type(fast) is Fast
    assert fast == Fast("a", 5, {"b": 1}) != Fast("a", 6, {"b": 1})
    assert replace(fast, amount_minor=7) == Fast("a", 7, {"b": 1})
    assert copy.deepcopy(fast) == pickle.loads(pickle.dumps(fast)) == fast


def test_a_quick_value_stays_frozen() -> None:
    fast = Fast("a")
    with pytest.raises(FrozenInstanceError):
        fast.name = "b"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del fast.name
    assert not hasattr(fast, "__dict__")


def test_each_value_has_defaults_of_its_own() -> None:
    assert Fast("a").parts is not Fast("b").parts


def test_what_is_missing_is_told() -> None:
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'name'"):
        Fast()  # type: ignore[call-arg]

"""A call that must succeed, and how one is made in the world."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .families import Customer, Families


class Call(NamedTuple):
    """A call that must succeed."""

    caller: Customer
    target: str
    body: Mapping[str, Any] | None = None


Example = Callable[[Families], Call]

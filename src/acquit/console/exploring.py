"""What the pages need of the API's explorer; the composition root gives it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from acquit.core.exploration import Heard, Keys, Operation, Person, Written


class Explorer(Protocol):
    """Shows every call of the API and makes it, in process."""

    def operations(self) -> Sequence[Operation]:
        """Return every call by path and method, without what is given and what comes back."""
        ...

    def operation(self, method: str, path: str) -> Operation:
        """Return one call with all there is to know about it. Raises NoSuchOperation."""
        ...

    def write(self, operation: Operation, typed: Mapping[str, str]) -> Written:
        """Return the call with what was typed. Raises BadValue."""
        ...

    def call_as(
        self, person: Person, operation: Operation, written: Written, *, origin: str, address: str
    ) -> Heard:
        """Return what the call answers to a session. Raises NeedsKey, CallNotGranted."""
        ...

    def call_with(self, keys: Keys, written: Written, *, origin: str, address: str) -> Heard:
        """Return what the call answers to a program with these keys."""
        ...

"""A secret that does not show itself: not in a log, not in a traceback, not in a report."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Secret:
    """A text that only `reveal` gives away."""

    _text: str = field(repr=False)

    def reveal(self) -> str:
        """Return the text; call it at the point of use alone."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return "***"

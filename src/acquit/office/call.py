"""What a handler of the office's JSON is given: the operator, the address's values, the body."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from acquit.actions.context import Context
from acquit.core.errors import Invalid
from acquit.core.operator import Operator, Right
from acquit.office import shapes

DIGITS_MAX: Final = 18


class MalformedBody(Invalid):
    """The body is not the JSON object that this call takes."""

    code = "malformed-body"


class NotANumber(Invalid):
    """The address's query says something else where a number is asked for."""

    code = "not-a-number"


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an operator's program."""

    context: Context
    operator: Operator
    path_values: Mapping[str, str]
    body: bytes
    content_type: str = ""
    query: Mapping[str, str] = field(default_factory=dict)

    def number_in(self, name: str, otherwise: int) -> int:
        """Return the number that the address's query gives by that name. Raises NotANumber."""
        text = self.query.get(name)
        if text is None:
            return otherwise
        if not (text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX):
            raise NotANumber(f"{name} takes a number.")
        return int(text)

    @property
    def actor(self) -> str:
        """How the register of acts names the operator."""
        return f"operator:{self.operator.operator_id}"

    def read(self, shape: type[shapes.Read]) -> shapes.Read:
        """Return the body as the shape. Raises MalformedBody, naming the wrong member."""
        try:
            return msgspec.json.decode(self.body or b"{}", type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise MalformedBody(f"The body cannot be read: {error}") from None


Handler = Callable[[Call], object]


@dataclass(frozen=True, slots=True)
class Door:
    """One method of one address, and the right that it needs."""

    method: str
    path: str
    handler: Handler
    right: Right | None = None
    body_max: int = 100_000

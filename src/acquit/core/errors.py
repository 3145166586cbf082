"""Refusals: the rules say no.

Refusal
├── NotFound          what was named does not exist for this account
├── Forbidden         it exists, but this account or operator may not
├── Conflict          it contradicts what is already there
├── Invalid           what was given cannot be true
└── Unlawful          a law or a contract forbids it; `source` names the article

A refusal carries a stable `code` (kebab-case, part of the interface), a sentence that says what
happened, why, and what to do next, and `details`, a flat map of texts for machines.
"""

from typing import ClassVar


class Refusal(Exception):
    """The rules say no; nothing was written."""

    code: ClassVar[str] = "refused"

    def __init__(self, message: str, **details: str) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class NotFound(Refusal):
    """What was named does not exist here; another account's things do not exist either."""

    code = "not-found"


class Forbidden(Refusal):
    """The account or the operator has no right to do this."""

    code = "forbidden"


class Conflict(Refusal):
    """It contradicts something that is already there."""

    code = "conflict"


class Invalid(Refusal):
    """A value that was given cannot be accepted."""

    code = "invalid"


class Unlawful(Refusal):
    """A law or contract forbids it; `details['source']` names the article."""

    code = "unlawful"

"""What went wrong outside us: a kind for machines, a sentence for people that says what to do.

No secret and no document link ever enters the sentence.
"""

from typing import Final

from acquit.core.errors import Refusal

KINDS: Final = frozenset(
    {
        "endpoint",
        "credentials",
        "right",
        "absent",
        "clock",
        "network",
        "limit",
        "provider",
        "answer",
        "paper",
        "archive",
        "disk",
        "busy",
        "configuration",
        "question",
    }
)


class Fault(Refusal):
    """Something outside us went wrong; `kind` says what sort, the message what to do."""

    code = "collector"

    def __init__(self, kind: str, message: str, **details: str) -> None:
        assert kind in KINDS, kind
        super().__init__(message, **details, kind=kind)
        self.kind = kind

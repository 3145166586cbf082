"""A form that is sent twice is carried out once.

The first sending claims the form's key in a transaction of its own; when it has succeeded, where
it led to is written too, and every later sending of the same form is led there.
"""

import hashlib
import json
import time
from collections.abc import Mapping
from typing import Final

from acquit.actions.context import Context
from acquit.core.errors import Conflict
from acquit.store import idempotency
from acquit.store.transaction import Transaction

WAIT_SECONDS: Final = 5.0
STEP_SECONDS: Final = 0.05


class SubmittedBefore(Conflict):
    """The form was sent before, and it is not known (yet) where that led to."""

    code = "submitted-before"


class KeyUsedForAnother(Conflict):
    """The form's key came before with other input."""

    code = "key-used-for-another"


def claim(
    context: Context, scope: str, key: str, fields: Mapping[str, str], content: bytes = b""
) -> str | None:
    """Return None to the first sending of a form, and to every later one where the first led to.

    Waits some seconds for a first sending that is still under way. Raises SubmittedBefore when
    it ended without success or takes longer, KeyUsedForAnother when its input was another.
    """
    digest = _digest(fields, content)
    with context.database.write() as tx:
        if idempotency.add(tx, f"{scope} claimed", key, digest, {}):
            return None
        _check_same(tx, f"{scope} claimed", key, digest)
    return _outcome(context, scope, key)


def finish(context: Context, scope: str, key: str, location: str) -> None:
    """Write where the form that was claimed has led to; an empty text: to what is shown only once."""
    with context.database.write() as tx:
        idempotency.add(tx, f"{scope} done", key, b"", {"location": location})


def _check_same(tx: Transaction, scope: str, key: str, digest: bytes) -> None:
    if idempotency.input_hash(tx, scope, key) != digest:
        raise KeyUsedForAnother("This form was sent before with other words: open it again, then send it.")


def _outcome(context: Context, scope: str, key: str) -> str:
    for _ in range(int(WAIT_SECONDS / STEP_SECONDS)):
        with context.database.read() as tx:
            answer = idempotency.answer(tx, f"{scope} done", key)
        if answer is not None and answer["location"]:
            return str(answer["location"])
        if answer is not None:
            break
        time.sleep(STEP_SECONDS)
    raise SubmittedBefore("This form was sent before: look whether it has worked before you send another.")


def _digest(fields: Mapping[str, str], content: bytes) -> bytes:
    text = json.dumps(sorted(fields.items()), ensure_ascii=False)
    return hashlib.sha256(text.encode() + b"\0" + content).digest()

"""Usage of the office: batches of events, what was rejected, what an account has used."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from acquit.actions.accept_usage import Accepted, Told
from acquit.actions.loading import account_in, today_of
from acquit.actions.receive_usage import EVENTS_MAX, receive_usage
from acquit.actions.retry_usage import retry_usage
from acquit.actions.show_usage import Use, current_uses
from acquit.core.errors import Invalid
from acquit.core.identifiers import AccountId
from acquit.core.operator import Right
from acquit.core.usage import Fate
from acquit.office.call import Call, Door, MalformedBody
from acquit.store import usage

BODY_MAX: Final = 8 * 1024 * 1024
NDJSON: Final = ("application/x-ndjson", "application/ndjson", "application/jsonl")
ROWS_MAX: Final = 1_000


class Batch(msgspec.Struct, forbid_unknown_fields=True):
    """Events of one sender, each as it came."""

    events: list[msgspec.Raw]
    source: str | None = None


class TooManyEvents(Invalid):
    """A batch is longer than what is taken at once."""

    code = "too-many-events"


def send_usage(call: Call) -> object:
    """POST /usage: a JSON array of events, an object with `source` and `events`, or NDJSON."""
    source, lines = _lines(call)
    if len(lines) > EVENTS_MAX:
        raise TooManyEvents(f"A batch has at most {EVENTS_MAX} events, this one has {len(lines)}.")
    accepted = receive_usage(
        call.context, lines, source=source or call.operator.operator_id, by=call.actor
    )  # fmt: skip
    return _accepted(accepted)


def list_rejected(call: Call) -> object:
    """GET /usage/rejected: the oldest events that were not accepted, and how many wait by reason."""
    with call.context.database.read() as tx:
        found = usage.waiting(tx, ROWS_MAX)
        reasons = usage.reasons(tx)
    return {
        "reasons": reasons,
        "rejected": [
            {
                "no": each.rejected_no, "batch": each.chunk_no, "line": each.line_no, "source": each.source,
                "id": each.event_id, "code": each.code, "message": each.message,
                "raw": each.raw.decode(errors="replace"),
            }
            for each in found
        ],
    }  # fmt: skip


def retry_rejected(call: Call) -> object:
    """POST /usage/retry: every rejected event is tried again."""
    return _counts(retry_usage(call.context, by=call.actor))


def show_usage(call: Call) -> object:
    """GET /accounts/{account_id}/usage: what the account has used this month, and what it costs so far."""
    with call.context.database.read() as tx:
        account = account_in(tx, AccountId(call.path_values["account_id"]))
        found = current_uses(call.context, tx, account, today_of(call.context, tx, account))
    return [_use(use) for use in found]


DOORS: Final = (
    Door("POST", "/usage", send_usage, Right.SEND_USAGE, BODY_MAX),
    Door("GET", "/usage/rejected", list_rejected),
    Door("POST", "/usage/retry", retry_rejected, Right.SEND_USAGE),
    Door("GET", "/accounts/{account_id}/usage", show_usage),
)


def _lines(call: Call) -> tuple[str | None, Sequence[bytes]]:
    """Return the batch's source, if it names one, and its events as they came."""
    if call.content_type in NDJSON:
        return None, [line for line in call.body.split(b"\n") if line.strip()]
    try:
        if call.body.lstrip()[:1] == b"[":
            return None, [bytes(raw) for raw in msgspec.json.decode(call.body, type=list[msgspec.Raw])]
        batch = msgspec.json.decode(call.body, type=Batch)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedBody(
            f"The body cannot be read: {error}. Send a list of events, an object with source and events, or "
            "application/x-ndjson."
        ) from None
    return batch.source, [bytes(raw) for raw in batch.events]


def _accepted(accepted: Accepted) -> dict[str, Any]:
    return {
        "batch": accepted.chunk_no,
        "received": len(accepted.told),
        "accepted": accepted.accepted,
        "again": accepted.again,
        "rejected": accepted.rejected,
        "events": list(_told(accepted.told)),
    }


def _told(told: Sequence[Told]) -> Iterator[dict[str, Any]]:
    for each in told:
        said: dict[str, Any] = {"line": each.line_no, "id": each.event_id, "status": each.fate.value}
        if each.problem is not None:
            said |= {"code": each.problem.code, "message": each.problem.message}
        yield said


def _counts(fates: Counter[Fate]) -> dict[str, int]:
    return {fate.value: fates[fate] for fate in Fate}


def _use(use: Use) -> dict[str, Any]:
    return {
        "service": use.service_id, "resource": use.service, "meter": use.meter, "period": use.period,
        "quantity_e4": use.quantity_e4, "net_minor": use.net_minor, "currency": use.currency,
        "lines": use.lines,
    }  # fmt: skip

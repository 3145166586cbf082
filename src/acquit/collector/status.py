"""What the last run did, for whoever watches over it: `status.json` in the archive."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from acquit.collector.families import OTHERS
from acquit.collector.fault import Fault
from acquit.collector.files import replace_bytes
from acquit.collector.gathered import Gathered

STATUS: Final = "status.json"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: `message` says what kept it from doing anything, `next_run_at` when another comes."""

    exit_code: int
    accounts: Sequence[Gathered]
    message: str | None = None
    next_run_at: datetime | None = None


def keep_status(archive: Path, outcome: Outcome) -> None:
    """Leave the outcome in the archive; a disk that is full keeps the former one."""
    document = {
        "ended_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "exit_code": outcome.exit_code,
        "complete": outcome.exit_code == 0,
        "message": outcome.message,
        "next_run_at": outcome.next_run_at.isoformat(timespec="seconds") if outcome.next_run_at else None,
        "accounts": [told_of(one) for one in outcome.accounts],
    }
    with suppress(Fault):
        replace_bytes(archive / STATUS, msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n")


def told_of(one: Gathered) -> dict[str, Any]:
    """Return what a run did for one account, as `run --json` and `status.json` say it."""
    return {
        "account": one.account,
        "new_bills": one.new_bills,
        "changed_bills": one.changed_bills,
        "new_others": {family.kind: one.new_others[family.kind] for family in OTHERS},
        "details": one.details,
        "papers": one.papers,
        "calls": one.calls,
        "notes": one.notes,
        "faults": [{"kind": fault.kind, "message": fault.message} for fault in one.faults],
    }

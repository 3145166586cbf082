"""Logs as JSON lines on standard error: the event first, then ids; never a payload, never a secret."""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Final

ERROR_MAX: Final = 300
STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """One JSON object per record, with what the caller gave as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        said: dict[str, object] = {
            "event": record.getMessage(),
            "level": record.levelname.lower(),
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "logger": record.name,
            "pid": record.process,
        }
        said |= {name: value for name, value in vars(record).items() if name not in STANDARD}
        if record.exc_info and record.exc_info[1] is not None:
            said |= self._told(record.name, record.exc_info[1])
        return json.dumps(said, default=str, ensure_ascii=False)

    def _told(self, logger: str, error: BaseException) -> dict[str, object]:
        """Return where an error of ours came from; of a third party's only what it is."""
        if logger.startswith("acquit"):
            return {"trace": "".join(traceback.format_exception(error))}
        return {"error": f"{type(error).__name__}: {' '.join(str(error).split())[:ERROR_MAX]}"}


def log_to_stderr(level: str) -> None:
    """Every record of that level or above is a line on standard error; third parties' from warning on."""
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[lines], force=True)
    logging.getLogger("acquit").setLevel(level.upper())

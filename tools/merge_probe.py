"""Bring probes into docs/reference/apiv6-choices.md: `python tools/merge_probe.py [REPORT.json …]`.

Writes the last table anew: a question that a report answers gets its outcome and its region, others keep
what they have. Without a report the rows follow the questions.
"""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from acquit.collector.probe_questions import QUESTIONS, Question

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "apiv6-choices.md"
HEADING = "## What a probe says\n"
OPENING = """
`acquit collect probe` asks a real endpoint, by reading only; `python tools/merge_probe.py REPORT.json` brings
the report in here. `not yet`: no report has come from a real endpoint. What no read shows says why.

| id | section | Acquit chose | asked by | at a real endpoint |
|---|---|---|---|---|
"""


def main(paths: list[str]) -> None:
    """Write the table."""
    before, _, table = PAGE.read_text(encoding="utf-8").partition(HEADING)
    told = dict(re.findall(r"^\| ([a-z-]+) \|.*\| ([^|]+) \|$", table, re.MULTILINE))
    for path in paths:
        told |= said(json.loads(Path(path).read_text(encoding="utf-8")), told)
    rows = "".join(
        f"| {one.id} | {one.section} | {one.chosen} | {one.asked} | {told.get(one.id) or unsaid(one)} |\n"
        for one in QUESTIONS
    )
    PAGE.write_text(f"{before}{HEADING}{OPENING}{rows}", encoding="utf-8")


def unsaid(question: Question) -> str:
    """Return what stands where no report has said anything."""
    return "not yet" if question.judge else "cannot be read"


def said(report: Mapping[str, Any], before: Mapping[str, str]) -> dict[str, str]:
    """Return the cells that a report changes; one of a private endpoint is no evidence."""
    if report["endpoint"] == "private":
        raise SystemExit("That report is of a private endpoint, not of a real one; nothing was changed.")
    found = {}
    for one in report["questions"]:
        if one["outcome"] in ("confirms", "differs"):
            others = [
                cell
                for cell in before.get(one["id"], "").split("; ")
                if cell.startswith(("confirms", "differs"))
            ]
            mine = f"{one['outcome']} ({report['endpoint']}{', ' + one['remark'] if one['remark'] else ''})"
            kept = [cell for cell in others if f"({report['endpoint']}" not in cell]
            found[one["id"]] = "; ".join([*kept, mine])
    return found


if __name__ == "__main__":
    main(sys.argv[1:])

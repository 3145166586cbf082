"""Writes the generated parts of `docs/reference/archive.md` and `docs/reference/focus.md`."""

from acquit.collector.columns import TABLES
from acquit.collector.focus_columns import BILL_LINES, COST_AND_USAGE, OURS, Column

BEGIN = "<!-- tables: written from acquit.collector.columns -->\n"


def tables_page() -> str:
    """Return every table as Markdown."""
    parts = []
    for name, columns in TABLES.items():
        rows = "".join(f"| `{one.name}` | {one.kind} | {one.meaning} |\n" for one in columns)
        parts.append(f"### {name}\n\n| column | type | says |\n|---|---|---|\n{rows}")
    return BEGIN + "\n" + "\n".join(parts)


FOCUS_BEGIN = "<!-- columns: written from acquit.collector.focus_columns -->\n"


def focus_page() -> str:
    """Return every column of the FOCUS exports as Markdown."""
    parts = [
        f"### {title}\n\n| column | version | says |\n|---|---|---|\n{''.join(map(_focus_row, columns))}"
        for title, columns in (
            ("Cost and Usage", COST_AND_USAGE),
            ("Invoice Detail", BILL_LINES),
            ("Ours, in both", OURS),
        )
    ]
    return FOCUS_BEGIN + "\n" + "\n".join(parts)


def _focus_row(column: Column) -> str:
    until = f", gone in {column.gone}" if column.gone else ""
    return f"| `{column.name}` | {column.since}{until} | {column.meaning} |\n"

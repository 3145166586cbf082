"""Writes the tables' part of `docs/reference/archive.md`."""

from acquit.collector.columns import TABLES

BEGIN = "<!-- tables: written from acquit.collector.columns -->\n"


def tables_page() -> str:
    """Return every table as Markdown."""
    parts = []
    for name, columns in TABLES.items():
        rows = "".join(f"| `{one.name}` | {one.kind} | {one.meaning} |\n" for one in columns)
        parts.append(f"### {name}\n\n| column | type | says |\n|---|---|---|\n{rows}")
    return BEGIN + "\n" + "\n".join(parts)

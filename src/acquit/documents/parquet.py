"""A table as Parquet: the same rows as its CSV, typed."""

from collections.abc import Mapping
from pathlib import Path


def write_parquet(table: Path, target: Path, types: Mapping[str, str]) -> None:
    """The rows of a CSV file with a line of names are in a Parquet file; an empty cell is null."""
    import duckdb  # large, and rarely wanted

    columns = ", ".join(f"{_quoted(name)}: {_quoted(kind)}" for name, kind in types.items())
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'UTC'")
        db.execute(
            f"COPY (SELECT * FROM read_csv({_quoted(str(table))}, header = true, columns = {{{columns}}})) "  # noqa: S608 - quoted
            f"TO {_quoted(str(target))} (FORMAT parquet, COMPRESSION zstd)"
        )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

"""Write the generated pages of docs/reference; a test tells when one is stale."""

from pathlib import Path

from acquit.settings import ALL

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"

SETTINGS = """\
# Settings

Each is an environment variable, read once at the start; an empty one counts as not set. Every fault is listed
before anything runs, and an unknown `ACQUIT_*` stops the start. This page is written by `make docs`.

| variable | without it | what it does |
|---|---|---|
"""


def settings_page() -> str:
    """Return the page of settings."""
    return SETTINGS + "".join(
        f"| `{each.variable}` | {each.default_said} | {each.meaning} |\n" for each in ALL
    )


def main() -> None:
    """Write every generated page."""
    (REFERENCE / "settings.md").write_text(settings_page(), encoding="utf-8")


if __name__ == "__main__":
    main()

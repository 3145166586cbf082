"""Write the generated pages of docs/reference; a test tells when one is stale."""

import re
import types
from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import date, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Final, Union, get_args, get_origin

from cyclopts import App, Parameter

from acquit.actions.run_bills import RunReport
from acquit.cli.commands import COMMANDS
from acquit.cli.frame import command_tree
from acquit.settings import ALL
from apiv6_page import page as apiv6_page

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"

SETTINGS = """\
# Settings

Each is an environment variable, read once at the start; an empty one counts as not set. Every fault is listed
before anything runs, and an unknown `ACQUIT_*` stops the start. This page is written by `make docs`.

| variable | without it | what it does |
|---|---|---|
"""

OPENING: Final = """\
# Commands

Every command takes these options, wherever they stand on the line:

| option | what it says |
|---|---|
| `--json` | answer with one JSON document on standard output, nothing else there |
| `--as-of DATE` | the business date, where one matters |
| `--data PATH` | the data directory |

Messages and progress go to standard error. Exit codes: 0 done, 1 refused or something does not add up, 2
wrong usage. With `--json` a refusal is `{"error": {"code", "message", "details"}}`. A command that destroys
asks first; `--yes` answers for it. Amounts in JSON count the smallest unit (`_minor`), unit prices 1e-8 of a
unit (`_ucents`). This page is written by `make docs`.
"""

SHAPES: Final = """\

## What `--json` says

What scripts rely on; other members may come.

`acquit audit`, where `differences` holds the ids that differ:

```json
{"passed": true, "checks": [{"name": "…", "passed": true, "compared": 0, "differences": []}]}
```

`acquit bills run`, a list of these when several currencies or legal entities ran:

| member | is |
|---|---|
"""

WORDS: Final = {str: "TEXT", int: "N", Path: "FILE", date: "DATE", datetime: "DATE", timedelta: "DURATION"}
TYPED: Final = {"int": "an integer", "str": "a text", "float": "a number", "None": "null"}


def settings_page() -> str:
    """Return the page of settings."""
    return SETTINGS + "".join(
        f"| `{each.variable}` | {each.default_said} | {each.meaning} |\n" for each in ALL
    )


def commands_page() -> str:
    """Return the page of commands: each with its options, what they are without, and what they say."""
    root = command_tree()
    parts = [OPENING]
    for task, listed in COMMANDS.items():
        parts.append(f"\n## {task}\n")
        for each in listed:
            parts += [_section(words, app) for words, app in _leaves((each.name,), root[each.name])]
    return "".join(parts) + SHAPES + "".join(map(_member, fields(RunReport)))


def _leaves(words: tuple[str, ...], app: App) -> Iterator[tuple[tuple[str, ...], App]]:
    """Yield what can be called: the command itself, else its sub-commands in alphabetical order."""
    if app.default_command is not None:
        yield words, app
    for name in sorted(each for each in app if not each.startswith("-")):
        yield from _leaves((*words, name), app[name])


def _section(words: Sequence[str], app: App) -> str:
    said = re.split(r"\n\s*Parameters\s*\n", app.default_command.__doc__ or "")[0]
    text = f"\n### `acquit {' '.join(words)}`\n\n{' '.join(said.split())}\n"
    rows = [row for each in _arguments(app) if each.show for row in _row(each)]
    if not rows:
        return text
    return text + "\n| option | without it | what it says |\n|---|---|---|\n" + "".join(rows)


def _arguments(app: App) -> Any:
    return app.assemble_argument_collection(default_parameter=Parameter(negative=()), parse_docstring=True)


def _row(argument: Any) -> Iterator[str]:
    kind, many = _kind(argument.hint)
    choices = "\\|".join(argument.get_choices(force=True) or ())
    value = "" if kind is bool else f" {choices or WORDS.get(kind, 'TEXT')}{' …' * many}"
    names = dict.fromkeys([*argument.names, *argument.negatives])
    shown = [f"`{name}{value if name.startswith('-') else ''}`" for name in names]
    if argument.field_info.kind is argument.field_info.POSITIONAL_OR_KEYWORD:
        shown.insert(0, f"`{argument.name.strip('-').upper()}`")
    said = " ".join((argument.parameter.help or "").split()).replace("|", "\\|")
    if choices and not argument.names[0].startswith("-"):
        said = f"{said} One of {choices}.".strip()
    yield f"| {' or '.join(shown)} | {_without(argument)} | {said} |\n"


def _kind(hint: Any) -> tuple[Any, bool]:
    """Return the type without None, and whether several are taken."""
    if get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(each for each in get_args(hint) if each is not type(None))
    if get_origin(hint) in (list, tuple):
        return get_args(hint)[0], True
    return hint, False


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Enum)


def _without(argument: Any) -> str:
    if argument.required:
        return "has to be given"
    default = argument.field_info.default
    if default is None or default is False or default in ("", argument.field_info.empty):
        return ""
    if isinstance(default, Enum):
        default = default.name.lower().replace("_", "-")
    return "yes" if default is True else f"`{default}`"


def _member(field: Any) -> str:
    """Return a row that says what a member of the report is."""
    named = getattr(field.type, "__supertype__", field.type)
    if _is_enum(named):
        return f"| `{field.name}` | one of {', '.join(f'`{each.value}`' for each in named)} |\n"
    kinds = get_args(named) or (named,)
    plain = [getattr(kind, "__supertype__", kind) for kind in kinds]
    said = " or ".join(TYPED[getattr(kind, "__name__", "").replace("NoneType", "None")] for kind in plain)
    return f"| `{field.name}` | {said} |\n"


def main() -> None:
    """Write every generated page."""
    (REFERENCE / "settings.md").write_text(settings_page(), encoding="utf-8")
    (REFERENCE / "commands.md").write_text(commands_page(), encoding="utf-8")
    (REFERENCE / "apiv6.md").write_text(apiv6_page(), encoding="utf-8")


if __name__ == "__main__":
    main()

"""Commands carried out without a subprocess, on a world that a test made."""

import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from acquit.actions.context import Context
from acquit.adapters.vat_register import FormOnly
from acquit.cli import frame
from acquit.cli.program import Options, Program
from acquit.cli.screen import Screen
from founding import context_on

Run = Callable[..., Any]


def unused(*_: object) -> Any:
    """What these commands never call."""
    raise AssertionError("these commands only open the world")


def commander(context: Context, output: pytest.CaptureFixture[bytes], directory: Path) -> Run:
    """Return a function that carries out a command with --json.

    It returns the document, or `(exit code, code of the refusal)`; with `as_json=False` the exit code and
    what a person reads on both streams.
    """

    def make(options: Options, screen: Screen) -> Program:
        world = context if options.as_of is None else context_on(context.database, options.as_of)
        members: dict[str, Any] = {field.name: unused for field in fields(Program)}
        members |= {
            "options": options,
            "screen": screen,
            "data": directory,
            "open": lambda: nullcontext(world),
            "vat_register": lambda _name: FormOnly(),
        }
        return Program(**members)

    def carry_out(*tokens: object, as_json: bool = True) -> Any:
        line = [str(token) for token in tokens] + ["--json"] * as_json
        code = frame.run(line, make, lambda _: None)
        seen = output.readouterr()
        if not as_json:
            return code, (seen.out + seen.err).decode()
        document = json.loads(seen.out) if seen.out else None
        return document if code == 0 else (code, document and document["error"]["code"])

    return carry_out

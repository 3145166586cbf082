"""The frame around every command: common options, exit codes, and no stack trace for a person.

Exit codes: 0 done, 1 refused or something does not add up, 2 wrong usage, 130 stopped by Ctrl-C.
"""

import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any, Final

from cyclopts import App, CycloptsError, Group, Parameter

from acquit.cli.commands import COMMANDS
from acquit.cli.program import Options, Program, WrongUsage
from acquit.cli.screen import Screen
from acquit.core.errors import Refusal

DONE: Final = 0
REFUSED: Final = 1
WRONG_USAGE: Final = 2
STOPPED: Final = 130
MISTYPED: Final = frozenset({"bad-period"})
"""Refusals of the rules that are about how a word is written: the rules' callers pass on what was typed."""

Make = Callable[[Options, Screen], Program]
Explain = Callable[[Exception], str | None]


def run(tokens: Sequence[str], make: Make, explain: Explain) -> int:
    """Carry out one command line and return its exit code.

    `make` builds what commands work with, once one is really called; `explain` turns an error of an
    adapter into a sentence for a person, or None.
    """
    screen = Screen(json="--json" in tokens)
    try:
        return _carry_out(list(tokens), make, screen)
    except CycloptsError as error:
        hint = "acquit " + " ".join([*(error.command_chain or ()), "--help"])
        return _fail(screen, WRONG_USAGE, "usage", f"{error} See: {hint}")
    except WrongUsage as refusal:
        return _fail(screen, WRONG_USAGE, refusal.code, refusal.message, refusal.details)
    except Refusal as refusal:
        code = WRONG_USAGE if refusal.code in MISTYPED else REFUSED
        return _fail(screen, code, refusal.code, refusal.message, refusal.details)
    except UnicodeEncodeError as error:
        if all(map(_is_text, tokens)):
            return _fail(screen, REFUSED, "mistake", _mistake(error))
        return _fail(screen, WRONG_USAGE, "usage", "A word of the command is not UTF-8 text.")
    except KeyboardInterrupt:
        screen.say("Stopped.")
        return STOPPED
    except BrokenPipeError:
        _close_output()
        return DONE
    except Exception as error:
        known = explain(error)
        return _fail(screen, REFUSED, "mistake" if known is None else "cannot", known or _mistake(error))


def _carry_out(tokens: list[str], make: Make, screen: Screen) -> int:
    root = command_tree()

    def launch(
        *rest: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
        json: Annotated[
            bool, Parameter(negative="", show_default=False, help="Answer with one JSON document.")
        ] = False,
        as_of: Annotated[date | None, Parameter(help="Business date, YYYY-MM-DD.")] = None,
        data: Annotated[Path | None, Parameter(help="Data directory.")] = None,
    ) -> object:
        command, bound, given = root.parse_args(list(rest), exit_on_error=False, print_error=False)
        programs = {name: make(Options(json, as_of, data), screen) for name in given}
        return command(*bound.args, **bound.kwargs, **programs)

    root.meta.suppress_keyboard_interrupt = False
    root.meta.group_parameters = Group("Every command", sort_key=99)
    root.meta.default(launch)
    result = root.meta(tokens, exit_on_error=False, print_error=False, result_action="return_value")
    return result if type(result) is int else DONE


def command_tree() -> App:
    """Return every command, each imported only when it is looked into."""
    root = App(
        name="acquit",
        help="Enterprise billing that explains itself.",
        group_commands=Group("Commands", sort_key=50),
        version=lambda: metadata.version("acquit"),
        default_parameter=Parameter(negative=()),
        help_format="plaintext",
    )
    for order, (task, listed) in enumerate(COMMANDS.items()):
        group = Group(task, sort_key=order)
        for position, (name, where, line) in enumerate(listed):
            path = where if where.startswith("acquit.") else f"acquit.cli.{where}"
            root.command(path, name=name, group=group, help=line, sort_key=position)
    return root


def _fail(
    screen: Screen, code: int, name: str, message: str, details: Mapping[str, str] | None = None
) -> int:
    screen.fail(message)
    if screen.json:
        with suppress(BrokenPipeError):
            screen.answer({"error": {"code": name, "message": message, "details": dict(details or {})}})
    return code


def _mistake(error: Exception) -> str:
    """Write the trace to a file that only its owner reads, and say where it is."""
    descriptor, name = tempfile.mkstemp(prefix="acquit-mistake-", suffix=".txt")
    with os.fdopen(descriptor, "w") as out:
        out.write("".join(traceback.format_exception(error)))
    return (
        f"Acquit made a mistake ({type(error).__name__}); what was begun is undone. "
        f"What happened is written in {name}: please send it with your report."
    )


def _is_text(token: str) -> bool:
    """Whether the bytes that were typed are UTF-8."""
    return not any("\ud800" <= sign <= "\udfff" for sign in token)


def _close_output() -> None:
    """Leave nothing to flush into the closed pipe."""
    nowhere: Any = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())

"""The frame of the command line: exit codes, common options, messages without a stack trace."""

import io
import json
import sys
import types
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cyclopts import App
from rich.console import Console

from acquit.cli import commands, frame
from acquit.cli.program import Given, Options, Program, Yes
from acquit.cli.screen import Screen, encode, facts, table
from acquit.core.errors import Conflict, Refusal

toy = App(name="toy", help="Toys for tests.")


@toy.command
def show(name: str, /, *, days: int = 3, program: Given) -> None:
    """Show a toy.

    Parameters
    ----------
    name
        What it is called.
    """
    program.screen.say("looking")
    program.screen.answer(
        {"name": name, "days": days, "as_of": program.options.as_of, "data": program.options.data},
        f"[{name}]",
        table("name", ">days", rows=[(name, days)]),
        facts(name=name, long_name=None),
    )


@toy.command
def differ(*, program: Given) -> int:
    """Do not add up."""
    program.screen.warn("one cent is missing")
    return 1


@toy.command
def fail(how: str, /, *, program: Given) -> None:
    """Fail in some way."""
    raise {
        "refusal": Conflict("There is one already: choose another name.", name="x"),
        "known": OSError("disk full"),
        "unknown": ValueError("our bug"),
        "stop": KeyboardInterrupt(),
        "pipe": BrokenPipeError(),
    }[how]


@toy.command
def drop(*, yes: Yes = False, program: Given) -> None:
    """Destroy something."""
    program.screen.confirm("Drop everything?", yes)
    program.screen.answer("dropped", "dropped")


@toy.command
def plain() -> None:
    """Need no program."""


@pytest.fixture(autouse=True)
def toy_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    module: Any = types.ModuleType("acquit.cli.toy")
    module.toy = toy
    monkeypatch.setitem(sys.modules, "acquit.cli.toy", module)
    listed = {"Play": (commands.Listed("toy", "toy:toy", "Play with toys."),)}
    monkeypatch.setattr(frame, "COMMANDS", listed)


def make(options: Options, screen: Screen) -> Program:
    nothing: Any = None
    return Program(options, screen, Path("/nowhere"), 0, *[nothing] * 10)


def explain(error: Exception) -> str | None:
    return "The disk is full: make room." if isinstance(error, OSError) else None


def run(*tokens: str) -> int:
    return frame.run(tokens, make, explain)


@pytest.mark.parametrize("tokens", [["--help"], [], ["-h"], ["--json", "--help"]])
def test_help_lists_the_commands_by_task(tokens: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*tokens) == 0
    out = capsys.readouterr().out
    assert "Play with toys." in out and "─ Play" in out and "--as-of DATE" in out  # noqa: PT018


def test_help_fits_sixty_columns(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert run("toy", "show", "--help") == 0
    out = capsys.readouterr().out
    assert "What it is called." in out
    assert max(map(len, out.splitlines())) <= 60


def test_the_version_needs_no_settings(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out.count(".") == 2


def test_options_of_every_command_may_stand_anywhere(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--data", "/x", "toy", "show", "bear", "--json", "--days", "4", "--as-of", "2026-11-23") == 0
    seen = capsys.readouterr()
    assert json.loads(seen.out) == {"name": "bear", "days": 4, "as_of": "2026-11-23", "data": "/x"}
    assert seen.err == "looking\n"


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        (60, ["name  days  until", "bear     3  2026-11-23"]),
        (20, ["name   bear", "days   3", "until  2026-11-23"]),
    ],
)
def test_rows_stand_below_each_other_rather_than_broken(columns: int, shown: list[str]) -> None:
    told = io.StringIO()
    rows = table("name", ">days", "until", rows=[("bear", 3, date(2026, 11, 23))])
    Console(file=told, width=columns).print(rows)
    assert [line.rstrip() for line in told.getvalue().splitlines()] == shown


def test_a_person_sees_texts_and_tables(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("toy", "show", "bear") == 0
    out = capsys.readouterr().out
    assert "[bear]" in out and "name  days" in out and "long name" in out  # noqa: PT018


def test_what_does_not_add_up_exits_with_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("toy", "differ") == 1
    assert "one cent is missing" in capsys.readouterr().err


def test_a_command_without_program_runs_without_settings() -> None:
    def refuse(options: Options, screen: Screen) -> Program:
        raise AssertionError(f"{options} were read")

    assert frame.run(["toy", "plain"], refuse, explain) == 0


@pytest.mark.parametrize(
    ("how", "code", "name", "said"),
    [
        ("refusal", 1, "conflict", "There is one already: choose another name."),
        ("known", 1, "cannot", "The disk is full: make room."),
        ("unknown", 1, "mistake", "Acquit made a mistake (ValueError)"),
    ],
)
def test_failures_teach_and_show_no_trace(
    how: str, code: int, name: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("toy", "fail", how, "--json") == code
    seen = capsys.readouterr()
    error = json.loads(seen.out)["error"]
    assert error["code"] == name
    assert error["message"].startswith(said)
    assert "Traceback" not in seen.err + seen.out
    if how == "unknown":
        written = Path(error["message"].split("written in ")[1].split(": please")[0])
        assert "our bug" in written.read_text()
        assert written.stat().st_mode & 0o777 == 0o600
        written.unlink()


def test_ctrl_c_is_clean(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("toy", "fail", "stop") == 130
    assert capsys.readouterr().err == "Stopped.\n"


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        (["nothing"], 'Unknown command "nothing"'),
        (["toy", "show"], "requires an argument"),
        (["toy", "show", "bear", "--days", "many"], 'unable to convert "many" into int'),
        (["toy", "show", "bear", "--colour", "red"], "Unknown option: --colour"),
        (["toy", "show", "bear", "--as-of", "2026-02-31"], 'unable to convert "2026-02-31" into date'),
    ],
)
def test_wrong_usage_exits_with_two(tokens: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*tokens) == 2
    err = " ".join(capsys.readouterr().err.split())
    assert said in err and "See: acquit" in err  # noqa: PT018


def test_destruction_asks_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("toy", "drop") == 1
    assert "--yes" in capsys.readouterr().err
    assert run("toy", "drop", "--yes") == 0


@pytest.mark.parametrize(("typed", "code"), [("yes", 0), ("", 1)])
def test_a_person_is_asked(typed: str, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Screen, "is_attended", property(lambda self: True))
    monkeypatch.setattr("builtins.input", lambda: typed)
    assert run("toy", "drop") == code


def test_json_knows_our_values() -> None:
    assert json.loads(encode({"on": date(2026, 1, 31), "hash": b"\x01", "path": Path("/a")})) == {
        "on": "2026-01-31",
        "hash": "AQ==",
        "path": "/a",
    }


def test_every_listed_command_has_a_short_line() -> None:
    names = [listed.name for task in commands.COMMANDS.values() for listed in task]
    assert len(names) == len(set(names))
    for task in commands.COMMANDS.values():
        for listed in task:
            assert len(listed.line) <= 38, f"{listed.name}: the line has {len(listed.line)} characters"


def test_refusals_are_exceptions_of_ours() -> None:
    assert issubclass(Conflict, Refusal)

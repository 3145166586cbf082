"""What `make check` runs, so that `make test` alone keeps the house in order."""

import subprocess
import sys
from pathlib import Path

import pytest

from tidy.tree import HOME

TOOLS = [("ruff", "format", "--check", "."), ("ruff", "check", "."), ("mypy",)]


@pytest.mark.parametrize("command", TOOLS, ids=" ".join)
def test_it_has_nothing_to_say(command: tuple[str, ...]) -> None:
    program = Path(sys.executable).with_name(command[0])
    ran = subprocess.run([program, *command[1:]], cwd=HOME, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[-8000:]

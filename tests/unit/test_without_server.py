"""`pip install acquit` without the server's extra: the collector works, the rest says what to install."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ABSENT = '''
import sys
from importlib.machinery import PathFinder
away = set("""
    argon2 babel cryptography falcon granian holidays jinja2 pikepdf procrastinate psycopg psycopg_pool
    schwifty segno stdnum typst zxcvbn""".split())
there = PathFinder.find_spec
PathFinder.find_spec = classmethod(
    lambda cls, name, path=None, target=None:
        None if name.partition(".")[0] in away else there(name, path, target))
from acquit.app import main
sys.exit(main(sys.argv[1:]))
'''


def acquit(*words: str) -> tuple[int, str, str]:
    ran = subprocess.run(
        [sys.executable, "-c", ABSENT, *words], capture_output=True, text=True, check=False, timeout=120,
        env={**os.environ, "COLUMNS": "200"},
    )  # fmt: skip
    return ran.returncode, ran.stdout, ran.stderr


@pytest.mark.parametrize("words", ["account list", "bills run --period 2026-11", "demo"])
def test_a_command_of_the_server_says_in_one_line_what_to_install(words: str) -> None:
    code, _, err = acquit(*words.split())
    assert code == 1
    assert err.strip().endswith("pip install 'acquit[server]'.")
    assert len(err.strip().splitlines()) == 1


def test_help_and_the_collector_need_nothing_more(tmp_path: Path) -> None:
    assert acquit("--help")[0] == 0
    code, out, err = acquit("collect", "accounts", "--json", "--config", str(tmp_path))
    assert (code, out.strip(), err) == (0, "[]", "")

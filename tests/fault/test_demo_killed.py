"""A demo that is killed: while it is made, while it serves, and its database under it."""

import json
import os
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from running_demo import acquit, begun, running

AS_OF = ("--as-of", "2026-11-23", "--months", "1")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo that was begun, killed, and made after all."""
    directory = tmp_path_factory.mktemp("killed") / "demo"
    process = begun(directory, *AS_OF)
    time.sleep(0.5)
    process.kill()
    process.wait()
    assert json.loads((directory / "demo.json").read_text())["state"] == "building"
    return directory


def passes_audit(data: Path) -> bool:
    ran = acquit("audit", "--full", "--data", data, "--json")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return bool(json.loads(ran.stdout)["passed"])


def test_a_demo_that_was_not_finished_is_made_anew(data: Path) -> None:
    with running(data, *AS_OF) as demo:
        assert len(demo.keys["sub_accounts"]) == 3
        assert passes_audit(data)
    assert "made anew" in data.with_name("demo.log").read_text()


def test_a_killed_server_is_started_again_with_the_same_keys(data: Path) -> None:
    with running(data) as demo:
        demo.kill()
    with running(data) as again:
        assert again.keys["account"] == demo.keys["account"]
        assert urlopen(f"{again.keys['base']}/auth/time").status == 200
        assert passes_audit(data)


def test_a_killed_database_is_started_again_under_the_server(data: Path) -> None:
    with running(data) as demo:
        postmaster = int((data / "postgres/cluster/postmaster.pid").read_text().partition("\n")[0])
        os.kill(postmaster, signal.SIGKILL)
        until = time.monotonic() + 60
        while not _answers(f"{demo.keys['base']}/me"):
            assert time.monotonic() < until, "the database does not come back"
            time.sleep(0.1)
        assert passes_audit(data)


def test_killed_workers_are_started_again(data: Path) -> None:
    with running(data) as demo:
        before = _children(demo.process.pid)
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        until = time.monotonic() + 60
        while len(_children(demo.process.pid) - before) < len(before) or not _answers(
            f"{demo.keys['base']}/me"
        ):
            assert time.monotonic() < until, "the workers do not come back"
            time.sleep(0.1)
        assert passes_audit(data)


def test_being_told_to_end_while_it_is_made_stops_the_database(tmp_path: Path) -> None:
    process = begun(tmp_path / "demo", *AS_OF)
    process.terminate()
    assert process.wait(60) == 130
    assert not (tmp_path / "demo/postgres/cluster/postmaster.pid").exists()


def test_a_taken_port_is_told_before_anything_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        ran = acquit("demo", "--data", tmp_path / "demo", "--port", str(port))
    assert ran.returncode == 1
    assert "--port" in ran.stderr
    assert not (tmp_path / "demo").exists()


def test_ctrl_c_ends_it_with_zero_and_leaves_nothing_running(data: Path) -> None:
    with running(data) as demo:
        assert demo.stop() == 0
    assert not (data / "postgres/cluster/postmaster.pid").exists()


def test_a_directory_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("mine")
    ran = acquit("demo", "--data", tmp_path, "--once")
    assert ran.returncode == 1
    assert "holds letters.txt and no demo" in ran.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"letters.txt", "demo.lock"}


def test_wrong_usage_makes_nothing(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text('{"plans": [')
    for arguments, code in (
        (("--months", "0"), 1),
        (("--accounts", "-1"), 2),
        (("--months", "many"), 2),
        (("--catalog", str(tmp_path / "absent.json")), 1),
        (("--catalog", str(broken)), 1),
    ):
        ran = acquit("demo", "--data", tmp_path / "demo", "--once", *arguments)
        assert ran.returncode == code, ran.stderr
        assert "Traceback" not in ran.stderr
        assert not (tmp_path / "demo" / "demo.json").exists()


def _children(pid: int) -> set[int]:
    """The processes that the server started to serve and to work, not its database."""
    found = set()
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == pid and b"spawn_main" in (path / "cmdline").read_bytes():
                found.add(int(path.name))
    return found


def _answers(url: str) -> bool:
    """Whether the wire answers from its database: an unsigned call is refused, not failed."""
    try:
        urlopen(url)
    except HTTPError as error:
        return error.code == 403
    except OSError:
        return False
    return False

"""A collector that goes on by itself, and what it leaves for whoever watches over it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from acquit.collector.access import Accounts
from collector.gathering import fill
from collector.provider import Provider

SECONDS_MAX = 60


@pytest.fixture
def config(provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    Accounts(tmp_path / "config").keep(provider.access())
    return tmp_path / "config"


def collect(home: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "acquit", "collect", "run", "--config", "config", "--archive", "archive"]
    environment = {**os.environ, "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    environment |= {"HOME": str(home)}
    return subprocess.Popen(
        [*command, *words], cwd=home, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def status(home: Path) -> Any:
    path = home / "archive" / "status.json"
    return json.loads(path.read_text()) if path.exists() else None


def wait_until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS_MAX
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def stop(running: subprocess.Popen[str]) -> tuple[int, str]:
    running.send_signal(signal.SIGTERM)
    began = time.monotonic()
    _, err = running.communicate(timeout=SECONDS_MAX)
    assert time.monotonic() - began < 20, "it ends soon"
    return running.returncode, err


@pytest.mark.usefixtures("config")
def test_a_watch_goes_on_after_a_run_that_failed(provider: Provider, tmp_path: Path) -> None:
    fill(provider, 3)
    hidden = tmp_path / "config" / "accounts.toml"
    kept = hidden.read_text()
    hidden.write_text("[accounts\n")
    running = collect(tmp_path, "--watch", "1")
    wait_until(lambda: status(tmp_path) is not None)
    told = status(tmp_path)
    assert (told["exit_code"], told["complete"], told["accounts"]) == (1, False, [])
    assert "is not TOML" in told["message"]
    assert told["next_run_at"] > told["ended_at"]
    hidden.write_text(kept)
    assert running.poll() is None, "one run's fault is not the end"
    code, err = stop(running)
    assert code == 0, "to be stopped is how a watch ends"
    assert "Stopped" in err
    assert "Traceback" not in err


@pytest.mark.usefixtures("config")
def test_the_outcome_of_the_last_run_is_in_the_archive(provider: Provider, tmp_path: Path) -> None:
    fill(provider, 3)
    provider.forbidden = {"/me/debtAccount"}
    running = collect(tmp_path)
    running.communicate(timeout=SECONDS_MAX)
    told = status(tmp_path)
    assert running.returncode == told["exit_code"] == 3
    [main] = told["accounts"]
    assert (main["account"], main["new_bills"], main["faults"][0]["kind"]) == ("main", 3, "right")
    provider.forbidden = set()
    collect(tmp_path).communicate(timeout=SECONDS_MAX)
    assert (status(tmp_path)["exit_code"], status(tmp_path)["complete"]) == (0, True)


@pytest.mark.usefixtures("config")
def test_a_run_that_waits_for_the_provider_stops_at_once(provider: Provider, tmp_path: Path) -> None:
    provider.fault = lambda _path, _number: 429
    running = collect(tmp_path, "--per-minute", "6")
    wait_until(lambda: len(provider.calls) >= 1)
    code, err = stop(running)
    assert code == 130
    assert "Traceback" not in err

"""What bad answers, papers and machines get: a clear line each; the rest goes on; the next run repairs."""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from acquit.collector.access import Access, Accounts
from acquit.collector.fault import Fault
from acquit.collector.files import alone
from acquit.collector.journal import Journal
from acquit.collector.secret import Secret
from collector.gathering import fill, messages, rows, run
from collector.provider import APPLICATION, SECRET, Provider

ENDPOINT_SECRETS = (SECRET, "consumer-key-of-main", "s3cr3tw0rd", "passwd")


def complete(archive: Path, bills: int) -> None:
    assert rows(archive, "SELECT count(*), count(paper), count(details_count) FROM bill") == [
        (bills, bills, bills)
    ]
    assert rows(archive, "SELECT count(*) FROM bill_detail") == [(bills,)]


def test_a_wrong_key_is_told(provider: Provider, tmp_path: Path) -> None:
    provider.access()
    wrong = Access("main", provider.base, APPLICATION, Secret(SECRET), Secret("consumer-key-that-expired"))
    told = messages(run(provider, tmp_path, accesses=[wrong]))
    assert told == ["The consumer key is not valid, or no longer; make one with `acquit collect init`."]


def test_a_wrong_secret_is_told(provider: Provider, tmp_path: Path) -> None:
    provider.access()
    wrong = Access("main", provider.base, APPLICATION, Secret("other"), Secret("consumer-key-of-main"))
    assert messages(run(provider, tmp_path, accesses=[wrong])) == [
        "The signature is refused: the application secret is not right."
    ]


def test_a_missing_right_leaves_the_rest(provider: Provider, tmp_path: Path) -> None:
    fill(provider, 3)
    provider.forbidden = {"/me/debtAccount"}
    told = messages(run(provider, tmp_path))
    assert told == ["The key may not call GET /me/debtAccount/debt; make one that has this right."]
    complete(tmp_path, 3)


@pytest.mark.parametrize("ahead", [3600, -3600])
def test_a_clock_off_by_an_hour_does_not_matter(provider: Provider, tmp_path: Path, ahead: int) -> None:
    fill(provider, 3)
    provider.clock_ahead_seconds = ahead
    assert messages(run(provider, tmp_path)) == []


def test_a_clock_that_is_set_in_the_middle_is_looked_at_again(provider: Provider, tmp_path: Path) -> None:
    fill(provider, 5)

    def jump(_path: str, number: int) -> None:
        provider.clock_ahead_seconds = 3600 if number >= 4 else 0

    provider.fault = jump
    assert messages(run(provider, tmp_path)) == []
    complete(tmp_path, 5)


@pytest.mark.parametrize("fault", [429, 500, 503, "cut"])
def test_passing_faults_pass(provider: Provider, tmp_path: Path, fault: int | str) -> None:
    fill(provider, 20)
    provider.fault = lambda _path, number: fault if number % 3 == 0 else None
    assert messages(run(provider, tmp_path)) == []
    complete(tmp_path, 20)


def test_a_fault_that_stays_is_told_and_repaired(provider: Provider, tmp_path: Path) -> None:
    fill(provider, 5)
    provider.fault = lambda path, _number: 500 if path.endswith("FR00000003/details") else None
    assert messages(run(provider, tmp_path)) == ["The provider fails (500) again and again; try later."]
    provider.fault = lambda _path, _number: None
    provider.calls.clear()
    assert messages(run(provider, tmp_path)) == []
    assert [call for call in provider.calls if "FR00000001" in call or "FR00000002" in call] == [
        call for call in provider.calls if "," in call and "FR00000001" in call
    ]
    complete(tmp_path, 5)


def test_no_provider_at_all(tmp_path: Path) -> None:
    access = Access("main", "http://127.0.0.1:9/1.0", "a", Secret("b"), Secret("c"))
    told = messages(run(Provider(), tmp_path, accesses=[access]))
    assert told == ["The connection to 127.0.0.1 failed (ConnectError)."]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((200, b"<html>log in</html>", "text/html"), "a page of HTML in place of the paper of FR00000002"),
        ((200, b"%PDF-1.7 begun", "application/pdf"), "The paper of FR00000002 is cut short"),
        ((200, b"%PDF-1.7 begun", "application/cut"), "The paper of FR00000002 did not arrive whole"),
        ((200, b"", "application/pdf"), "something else in place of the paper of FR00000002"),
        ((404, b"", "text/plain"), "The paper of FR00000002 was answered 404"),
    ],
    ids=["html", "truncated", "cut", "empty", "gone"],
)
def test_a_bad_paper_is_told_and_fetched_again(
    provider: Provider, tmp_path: Path, answer: tuple[int, bytes, str], told: str
) -> None:
    fill(provider, 3)
    good = provider.paper
    provider.paper = lambda bill, content: answer if bill == "FR00000002" else good(bill, content)
    said = messages(run(provider, tmp_path))
    assert len(said) == 1
    assert told in said[0]
    assert not any(secret in said[0] for secret in ENDPOINT_SECRETS)
    assert rows(tmp_path, "SELECT count(paper) FROM bill") == [(2,)]
    provider.paper = good
    assert messages(run(provider, tmp_path)) == []
    complete(tmp_path, 3)


def test_two_collectors_do_not_share_an_archive(provider: Provider, tmp_path: Path) -> None:
    with alone(tmp_path), pytest.raises(Fault, match="Another collector works on"):
        run(provider, tmp_path)


def test_a_torn_line_is_cut_and_a_damaged_one_is_told(tmp_path: Path) -> None:
    path = tmp_path / "main.ndjson"
    with Journal(path) as journal:
        journal.write("bill", "FR1", {"date": "2026-11-02"})
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"kind":"bill","key":"FR2"')
    with Journal(path) as journal:
        assert list(journal.keys("bill")) == ["FR1"]
    assert path.read_bytes() == whole
    path.write_bytes(b"{broken\n" + whole)
    with pytest.raises(Fault, match="line 1, is damaged"):
        Journal(path)


def test_secrets_do_not_show_themselves(provider: Provider, tmp_path: Path) -> None:
    access = provider.access()
    for shown in (repr(access), str(access), f"{access.consumer_key}", repr(access.keys)):
        assert SECRET not in shown
        assert "consumer-key-of-main" not in shown
    Accounts(tmp_path).keep(access)
    kept = tmp_path / "secrets.toml"
    assert not kept.exists() or kept.stat().st_mode & 0o777 == 0o600
    assert "consumer-key-of-main" not in (tmp_path / "accounts.toml").read_text()
    assert Accounts(tmp_path).all() == [access]


# ---------------------------------------------------------------- real processes


def collect(
    config: Path, archive: Path, *words: str, file_bytes_max: int | None = None
) -> subprocess.Popen[str]:
    def limit() -> None:
        if file_bytes_max is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes_max, file_bytes_max))

    command = [
        sys.executable,
        "-m",
        "acquit",
        "collect",
        "run",
        "--json",
        "--config",
        str(config),
        "--archive",
        str(archive),
    ]
    environment = {**os.environ, "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    return subprocess.Popen(
        [*command, "--per-minute", "6000", *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=limit, env=environment,
    )  # fmt: skip


@pytest.fixture
def config(provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    directory = tmp_path / "config"
    Accounts(directory).keep(provider.access())
    return directory


def test_the_exit_code_and_the_document_tell(provider: Provider, tmp_path: Path, config: Path) -> None:
    fill(provider, 3)
    provider.forbidden = {"/me/debtAccount"}
    running = collect(config, tmp_path / "archive")
    out, err = running.communicate(timeout=60)
    assert running.returncode == 3
    assert json.loads(out)["complete"] is False
    assert "GET /me/debtAccount/debt" in err
    assert not any(secret in out + err for secret in ENDPOINT_SECRETS)
    provider.forbidden = set()
    running = collect(config, tmp_path / "archive")
    running.communicate(timeout=60)
    assert running.returncode == 0


def test_a_full_disk_is_told_and_the_next_run_goes_on(
    provider: Provider, tmp_path: Path, config: Path
) -> None:
    fill(provider, 60)
    running = collect(config, tmp_path / "archive", file_bytes_max=20_000)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 1
    assert "make room" in out + err
    assert "Traceback" not in err
    running = collect(config, tmp_path / "archive")
    running.communicate(timeout=60)
    assert running.returncode == 0
    complete(tmp_path / "archive", 60)


KILLS = 2
"""A few with real processes; `test_simulation.py` kills many more that were forked."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", range(100 if metafunc.config.getoption("--soak") else KILLS))


def test_kill_9_at_any_call_leaves_nothing_missing_or_doubled(
    provider: Provider, tmp_path: Path, config: Path, seed: int
) -> None:
    chance = random.Random(seed)
    fill(provider, 30)
    kinds: list[int | str | None] = [*[None] * 40, 500, "cut", 429]
    provider.fault = lambda _path, _number: chance.choice(kinds)
    for _ in range(2):
        running = collect(config, tmp_path / "archive")
        stop_at = len(provider.calls) + chance.randrange(1, 40)
        while running.poll() is None and len(provider.calls) < stop_at:
            time.sleep(0.002)
        running.kill()
        running.communicate()
    provider.fault = lambda _path, _number: None
    running = collect(config, tmp_path / "archive")
    out, err = running.communicate(timeout=90)
    assert running.returncode == 0, out + err
    complete(tmp_path / "archive", 30)
    assert rows(tmp_path / "archive", "SELECT count(*) FROM bill WHERE versions_count > 1") == [(0,)]

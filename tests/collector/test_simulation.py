"""Seeded lives of a provider with random kills and faults: nothing is missing, nothing is there twice.

Each seed lets weeks pass. In each of them the collector runs before a provider that refuses, cuts, lies and
is slow, with a disk that is full or a process that is killed; then an auditor that shares no code with the
collector compares the archive with the provider. A seed that fails stands in the name of its test:
`-k seed17-` runs it again.
"""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from acquit.collector.access import Access
from acquit.collector.verify import verify
from collector.auditor import Auditor
from collector.life import Life
from collector.ordeal import Arena, Ordeal, arena
from collector.provider import Provider, serving

SEEDS, SEEDS_OF_A_SOAK = 16, 500
ROUNDS = 2
TABLES_ARE_MADE = 0.3
FAULTS: tuple[int | str, ...] = (429, "wait", 500, 503, "cut", "half", "html", "slow")


@pytest.fixture(scope="module")
def place() -> Iterator[Arena]:
    with arena() as lent:
        yield lent


class Weather:
    """What goes wrong between the collector and the provider, drawn from the seed."""

    def __init__(self, chance: Random, provider: Provider) -> None:
        self._chance, self._provider = chance, provider
        self._rate = 0.0
        self._killed_at = 0
        self.pid: int | None = None
        provider.fault = self._fault
        provider.paper = self._paper

    def storm(self) -> None:
        """Let some of the following calls go wrong; one of them may be the run's last."""
        self._rate = self._chance.choice((0.0, 0.02, 0.1, 0.3))
        far = self._chance.choice((0, 0, self._chance.randrange(1, 60)))
        self._killed_at = len(self._provider.calls) + far if far else 0
        self._provider.clock_ahead_seconds = self._chance.choice((0, 0, 3600, -3600))

    def calm(self) -> None:
        """Let nothing go wrong any more."""
        self._rate, self._killed_at = 0.0, 0

    def _fault(self, _path: str, number: int) -> int | str | None:
        if number == self._killed_at and self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)
        return self._chance.choice(FAULTS) if self._chance.random() < self._rate else None

    def _paper(self, _bill_id: str, content: bytes) -> tuple[int, bytes, str]:
        good = (200, content, "application/pdf")
        if self._chance.random() >= self._rate:
            return good
        return self._chance.choice((
            (200, content[: len(content) // 2], "application/pdf"), (200, content, "application/cut"),
            (200, b"<html>Log in</html>", "text/html"), (404, b"", "text/plain"), (503, b"", "text/plain"),
        ))  # fmt: skip


class Trial:
    """One seed: a provider, its life, an archive."""

    def __init__(self, seed: int, provider: Provider, home: Path, place: Arena) -> None:
        self._place = place
        self.chance = Random(seed)
        provider.pages, provider.batch = self.chance.random() < 0.7, self.chance.random() < 0.7
        provider.batch_below = provider.pages and provider.batch and self.chance.random() < 0.5
        provider.stamps, provider.filters_by_date = self.chance.random() < 0.5, self.chance.random() < 0.9
        self.provider, self.archive = provider, home / "archive"
        self.life, self.weather = Life(self.chance, provider), Weather(self.chance, provider)
        self.life.begin(self.chance.choice((1, 1, 2)))

    @property
    def accesses(self) -> list[Access]:
        return [self.provider.access(f"account-{n}", key) for n, key in enumerate(self.life.keys)]

    def play(self) -> None:
        """Let weeks pass with runs in bad weather, then run until quiet."""
        for _ in range(ROUNDS):
            self.life.pass_days(self.chance.randrange(1, 12))
            for _ in range(self.chance.randrange(1, 3)):
                self.weather.storm()
                self.run(self._ordeal())
        self.weather.calm()
        self.life.pass_days(8)
        told = self.run(Ordeal())
        assert told == [[access.name, []] for access in self.accesses], "a calm run leaves nothing"

    def _ordeal(self) -> Ordeal:
        """Return what a run meets; only some make tables, which costs more than all the rest."""
        ordeal = self.chance.choice((
            Ordeal(), Ordeal(), Ordeal(killed_at_step=self.chance.randrange(1, 60)),
            Ordeal(file_bytes_max=self.chance.choice((300, 3_000, 30_000))),
        ))  # fmt: skip
        return replace(ordeal, tables=self.chance.random() < TABLES_ARE_MADE)

    def run(self, ordeal: Ordeal) -> list[list[object]] | None:
        told = self._place.endure(
            self.archive, self.accesses, self.life.day, ordeal, lambda pid: setattr(self.weather, "pid", pid)
        )
        for access, key in zip(self.accesses, self.life.keys, strict=True):
            if told is not None and [access.name, []] in told:
                self._forms_in_force_are_kept(access.name, key)
        return told

    def _forms_in_force_are_kept(self, name: str, key: str) -> None:
        """A run that left nothing has every bill in the form that it had then.

        Without pages that is so after days (test_shapes.py); the last run of all is that much later.
        """
        if not self.provider.pages:
            return
        seen = Auditor(self.archive, self.life).seen_bills(name)
        lost = [
            one for one in self.provider.world(key).bills if not Auditor.has(seen, self.life.forms[one][-1])
        ]
        assert not lost, f"{name}: a complete run did not keep the forms in force of {lost}"


class Lives:
    """Every so many a seed: classes of tests are shared out between processes, one has all of its own."""

    def test_nothing_is_missing_and_nothing_is_doubled(self, seed: int, tmp_path: Path, place: Arena) -> None:
        with serving(Provider()) as provider:
            trial = Trial(seed, provider, tmp_path, place)
            trial.play()
            found = Auditor(trial.archive, trial.life).audit(extras=provider.batch_below)
            assert not found, f"seed {seed}:\n" + "\n".join(found)
            checks = verify(trial.archive, [], lambda _access: None)  # type: ignore[arg-type, return-value]
            assert [(one.name, one.differences) for one in checks if not one.passed] == [], f"seed {seed}"
            calls = len(provider.calls)
            trial.run(Ordeal())
            again = provider.calls[calls:]
            assert len(again) == len(trial.accesses), f"nothing new: a call an account, not {again}"


class TestFirstLives(Lives):
    pass


class TestSecondLives(Lives):
    pass


class TestThirdLives(Lives):
    pass


PARTS: list[type | None] = [TestFirstLives, TestSecondLives, TestThirdLives]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    count = SEEDS_OF_A_SOAK if metafunc.config.getoption("--soak") else SEEDS
    part = PARTS.index(metafunc.cls)
    metafunc.parametrize("seed", range(part, count, len(PARTS)), ids=lambda seed: f"seed{seed}-")

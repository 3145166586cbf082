"""The guide to the first company, command by command as it is written."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from acquit.store.embedded import open_cluster
from tidy.tree import HOME

GUIDE = HOME / "docs" / "guides" / "first-company.md"


def commands() -> str:
    """Return what a reader types, in order."""
    return "\n".join(re.findall(r"^```sh\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.M | re.S))


@pytest.fixture
def walked(tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """The guide, walked in a directory of its own beside the checkout's programs."""
    (tmp_path / ".venv").symlink_to(Path(sys.prefix), target_is_directory=True)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ACQUIT_")}
    with open_cluster(tmp_path / "first-company"):
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands()],
            cwd=tmp_path, env=clean | {"HOME": str(tmp_path), "TZ": "Europe/Paris"},
            input="plum-Quartz-7-lantern\n", capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_the_guide_ends_with_a_bill(walked: subprocess.CompletedProcess[str]) -> None:
    assert walked.returncode == 0, walked.stderr + walked.stdout
    for said in (
        "FR00000001",
        "PaymentEnterprisewith45daysdelays",
        "PO-2026-0815",
        "180.00 EUR",
        "45 days, net",
        "4850.00 EUR",
        "The books are right.",
        "consumer key",
    ):
        assert said in walked.stdout, said

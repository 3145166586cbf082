"""Lighthouse looks at some pages of both doors (`make soak`): performance, accessibility, best practices.

It is brought by npm, once, into `.lighthouse`; where there is no npm the test says so.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from acquit.actions.context import Context
from acquit.actions.sign_in import sign_in_account, sign_in_operator
from e2e.conftest import CHROMIUM
from e2e.world import ACME, PASSWORD, World

HOME: Final = Path(__file__).parents[2] / ".lighthouse"
VERSION: Final = "12.8.2"
LEAST: Final = 95
ASKED: Final = ("performance", "accessibility", "best-practices")
PAGES: Final = (
    "/manager/login",
    "/manager",
    "/manager/bills",
    "/manager/bills/FR00000026",
    "/manager/purchase-orders",
    "/office",
    "/office/accounts",
    f"/office/accounts/{ACME}",
)


@pytest.fixture(scope="module")
def lighthouse() -> Path:
    """The program, installed when it is not there yet."""
    program = HOME / "node_modules" / "lighthouse" / "cli" / "index.js"
    npm = shutil.which("npm")
    if not program.exists():
        if npm is None:
            pytest.skip("npm is not installed (apt-get install npm)")
        command = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(HOME)]
        subprocess.run([*command, f"lighthouse@{VERSION}"], check=True, capture_output=True)
    return program


@pytest.fixture(scope="module")
def cookies(context: Context, world: World) -> Mapping[str, str]:
    """A session at each door."""
    customer = sign_in_account(context, ACME, PASSWORD, address="127.0.0.1")
    staff = sign_in_operator(context, "sam", PASSWORD, address="127.0.0.1")
    return {"manager": f"acquit-manager={customer}", "office": f"acquit-office={staff}"}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_scores(
    lighthouse: Path, cookies: Mapping[str, str], base: str, path: str, tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    door = path.split("/")[1]
    headers = {} if path.endswith("/login") else {"Cookie": cookies[door]}
    ran = subprocess.run(
        [
            "node", str(lighthouse), base + path, "--quiet", "--output=json", f"--output-path={report}",
            f"--only-categories={','.join(ASKED)}", f"--extra-headers={json.dumps(headers)}",
            "--chrome-flags=--headless=new --no-sandbox --disable-gpu", "--preset=desktop",
        ],
        env={**os.environ, "CHROME_PATH": CHROMIUM}, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-2_000:]
    told = json.loads(report.read_text(encoding="utf-8"))
    scores = {name: round(100 * (told["categories"][name]["score"] or 0)) for name in ASKED}
    audits = told["audits"].values()
    poor = [each["title"] for each in audits if each["score"] is not None and each["score"] < 0.9]
    assert min(scores.values()) >= LEAST, (scores, poor)

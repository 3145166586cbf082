"""The whole site behind its real server, and a real Chromium that looks at it."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from falcon.testing import TestClient
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from acquit.actions.context import Context
from acquit.actions.sign_in import sign_in_account, sign_in_operator
from acquit.adapters.archive import DirectoryArchive
from acquit.adapters.clock import FixedClock
from acquit.adapters.mail import NullMailer
from acquit.adapters.sealer import AesSealer
from acquit.console.app import make_app
from acquit.store.embedded import Cluster
from acquit.store.transaction import Database
from e2e.visitor import STAFF, Visitor
from e2e.world import ACME, PASSWORD, TODAY, World, make_world
from store.copies import copy_of, made_once

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SECRET = bytes(range(32))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Lighthouse is for `make soak`."""
    return True if collection_path.name == "test_lighthouse.py" and not config.getoption("--soak") else None


class NoSettings:
    """Settings that say nothing: the origin is the request's."""

    public_url = None
    second_factor_roles = ()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


def context_on(database: Database, papers: Path) -> Context:
    """What the actions work with on the day of this world."""
    return Context(database, FixedClock(TODAY), AesSealer(SECRET), DirectoryArchive(papers), NullMailer())


@pytest.fixture(scope="session")
def world_template(cluster: Cluster, template: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a database with the world in it: each of its passwords costs a hash."""

    def fill(url: str) -> None:
        with Database(url) as database:
            make_world(context_on(database, tmp_path_factory.mktemp("none")))

    return made_once(cluster, "tests_world", template, fill)


@pytest.fixture
def world_database(cluster: Cluster, world_template: str) -> Iterator[Database]:
    """A world of the test's own."""
    with copy_of(cluster, world_template) as url, Database(url) as opened:
        yield opened


@pytest.fixture(scope="module")
def context(cluster: Cluster, world_template: str, data: Path) -> Iterator[Context]:
    with copy_of(cluster, world_template) as url, Database(url) as opened:
        yield context_on(opened, data / "papers")


@pytest.fixture(scope="module")
def world(context: Context) -> World:
    return World()


@pytest.fixture(scope="module")
def client(context: Context, world: World) -> TestClient:
    """The pages without a server or a browser, for what needs neither."""
    return TestClient(make_app(context, NoSettings()))


@pytest.fixture(scope="module")
def base(world: World, context: Context, data: Path) -> Iterator[str]:
    """The origin of the whole site, served by processes of their own."""
    asked = {
        "data": str(data),
        "database_url": context.database.url,
        "secret": SECRET.hex(),
        "as_of": TODAY.isoformat(),
    }
    command = [sys.executable, str(Path(__file__).with_name("serving.py")), json.dumps(asked)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "TZ": "UTC"})
    try:
        assert server.stdout is not None
        word, _, port = server.stdout.readline().partition(" ")
        assert word == "ready", "the server did not start"
        yield f"http://127.0.0.1:{port.strip()}"
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser of the module: it runs an event loop, beside which others of the process cannot start."""
    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield opened
        opened.close()


@pytest.fixture
def visitor(browser: Browser, base: str) -> Iterator[Callable[..., Page]]:
    """Make pages of browsers that know nothing of one another; none may complain in its console."""
    opened: list[BrowserContext] = []
    complaints: list[str] = []

    def visit(language: str = "en-GB", **options: object) -> Page:
        context = browser.new_context(base_url=base, locale=language, **options)  # type: ignore[arg-type]
        context.set_default_timeout(15_000)
        opened.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if _is_bad(message) else None)
        return page

    yield visit
    for context in opened:
        context.close()
    assert complaints == []


@pytest.fixture
def page(visitor: Callable[..., Page]) -> Page:
    return visitor()


def _is_bad(message: ConsoleMessage) -> bool:
    """Whether a line is a complaint; that a page answers 4xx is judged by the test itself."""
    return message.type in ("error", "warning") and "Failed to load resource" not in message.text


@pytest.fixture
def customer(client: TestClient, context: Context) -> Visitor:
    token = sign_in_account(context, ACME, PASSWORD, address="192.0.2.1")
    return Visitor(client, {"acquit-manager": token})


@pytest.fixture
def staff(client: TestClient, context: Context) -> Callable[[str], Visitor]:
    def enter(role: str) -> Visitor:
        token = sign_in_operator(context, STAFF[role], PASSWORD, address="192.0.2.1")
        return Visitor(client, {"acquit-office": token})

    return enter

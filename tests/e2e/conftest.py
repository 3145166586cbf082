"""A console that answers real HTTP and a real Chromium that looks at it."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from acquit.actions.context import Context
from acquit.adapters.archive import DirectoryArchive
from acquit.adapters.clock import FixedClock
from acquit.adapters.mail import NullMailer
from acquit.adapters.sealer import AesSealer
from acquit.console.app import make_app
from acquit.store.transaction import Database
from e2e.world import TODAY, World, make_world

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


@dataclass(frozen=True)
class NoSettings:
    """Settings that say nothing: the origin is the request's."""

    public_url: str | None = None


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@pytest.fixture(scope="module")
def context(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Context:
    archive = DirectoryArchive(tmp_path_factory.mktemp("archive"))
    return Context(module_database, FixedClock(TODAY), AesSealer(os.urandom(32)), archive, NullMailer())


@pytest.fixture(scope="module")
def world(context: Context) -> World:
    return make_world(context)


@pytest.fixture(scope="module")
def base(context: Context, world: World) -> Iterator[str]:
    """The origin of a console that serves the world."""
    server = make_server(
        "127.0.0.1", 0, make_app(context, NoSettings()), server_class=_Server, handler_class=_Quiet
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield opened
        opened.close()


@pytest.fixture
def visitors(browser: Browser, base: str) -> Iterator[Callable[..., Page]]:
    """Make pages of browsers that know nothing of one another; none may complain in its console."""
    opened: list[BrowserContext] = []
    complaints: list[str] = []

    def visitor(language: str = "en-GB", **options: object) -> Page:
        context = browser.new_context(base_url=base, locale=language, **options)  # type: ignore[arg-type]
        context.set_default_timeout(15_000)
        opened.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if _is_bad(message) else None)
        return page

    yield visitor
    for context in opened:
        context.close()
    assert complaints == []


def _is_bad(message: object) -> bool:
    """Whether a browser's line is a complaint; a page that answers 4xx is one only to the test itself."""
    kind, text = getattr(message, "type", ""), getattr(message, "text", "")
    return kind in ("error", "warning") and "Failed to load resource" not in text


@pytest.fixture
def page(visitors: Callable[..., Page]) -> Page:
    return visitors()

"""The composition root: the only file that knows everyone.

It reads the settings, stands adapters behind the ports, and hands the command line a `Program` of callables.
What a command does not need is not imported, so that `acquit --help` stays quick.
"""

import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from acquit.adapters.explaining import explain
from acquit.cli import frame
from acquit.cli.program import AlsoTls, Options, Program, Ready, Serving
from acquit.cli.screen import Screen
from acquit.settings import Settings, read_settings

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess
    from multiprocessing.synchronize import Event

    from acquit.actions.context import Context
    from acquit.actions.share_run import Assignment
    from acquit.adapters.crew import Processes
    from acquit.adapters.http import Site, Tls
    from acquit.adapters.mail import Security
    from acquit.api.origin import Proxies
    from acquit.core.session import Door
    from acquit.ports import Clock, EInvoicingPlatform, SignOn, VatRegister, Ways
    from acquit.store.backups import Backup
    from acquit.store.embedded import Cluster
    from acquit.store.transaction import Database

log = logging.getLogger("acquit.app")
TEXTS = "texts"
"""The directory of the data that holds an installation's own texts of papers."""

WATCH_SECONDS: Final = 0.5
STOP_SECONDS: Final = 20
PAGE_BODY_MAX: Final = 12 * 1024 * 1024
OFFICE_BODY_MAX: Final = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class World:
    """What a process needs to open the world: it can be sent to another process."""

    settings: Settings
    as_of: date | None = None


def main(tokens: Sequence[str]) -> int:
    """Carry out one command line and return its exit code."""
    return frame.run(tokens, make_program, explain)


def make_program(options: Options, screen: Screen) -> Program:
    """Return what commands work with. Raises SettingsRefused."""
    settings = read_settings()
    if options.data is not None:
        settings = replace(settings, data=options.data.expanduser().absolute())
    return _program(World(settings, options.as_of), options, screen)


def _program(world: World, options: Options, screen: Screen) -> Program:
    def at(data: Path) -> Program:
        log = os.environ.get("ACQUIT_LOG") or "warning"
        there = replace(world.settings, data=data.expanduser().absolute(), database_url=None, log=log)
        return _program(World(there), replace(options, data=data, as_of=None), screen)

    return Program(
        options=options,
        screen=screen,
        data=world.settings.data,
        port=world.settings.port,
        open=lambda: opened(world),
        serve=lambda serving, ready: _serve(world, serving, ready),
        work=lambda: work(world),
        empty=lambda: _empty(world.settings),
        back_up=lambda target: _back_up(world.settings, target),
        restore=lambda source: _restore(world.settings, source),
        refuse_port=lambda port: _refuse_port(world.settings, port),
        at=at,
        crew=lambda size: crew_of(world, size),
        vat_register=_vat_register,
    )


def _vat_register(name: str) -> "VatRegister":
    from acquit.adapters.vat_register import FormOnly, Vies

    return Vies() if name == "vies" else FormOnly()


# ---------------------------------------------------------------- the world


@contextmanager
def opened(world: World) -> Iterator["Context"]:
    """Lend the migrated world; an embedded cluster that nobody else uses stops afterwards."""
    from acquit.adapters.official_rules import OfficialRules
    from acquit.store.transaction import Database

    rules = OfficialRules(world.settings.judged_one_in)
    with _migrated(world.settings) as (url, _), Database(url) as database, closing(rules) as judge:
        yield replace(_context(world, database), judge=judge)


def _empty(settings: Settings) -> None:
    from acquit.store.embedded import open_cluster
    from acquit.store.emptying import empty

    assert settings.database_url is None, "only a database of our own is emptied"
    with open_cluster(settings.data, settings.postgresql) as cluster:
        empty(cluster.url)


def _back_up(settings: Settings, target: Path) -> "Backup":
    from acquit.adapters.clock import SystemClock
    from acquit.store.backups import back_up

    with _migrated(settings) as (url, _):
        return back_up(url, settings.data, target, SystemClock().now(), settings.postgresql)


def _restore(settings: Settings, source: Path) -> "Backup":
    from acquit.store.backups import read_manifest, restore
    from acquit.store.migrate import migrate

    read_manifest(source)
    with _opened_database(settings) as (url, _):
        made = restore(url, source, settings.data, settings.postgresql)
        migrate(url)
    return made


@contextmanager
def _migrated(settings: Settings) -> Iterator[tuple[str, "Cluster | None"]]:
    """Lend the URL of a migrated database, and the cluster when it is our own."""
    from acquit.store.migrate import migrate

    with _opened_database(settings) as (url, cluster):
        migrate(url)
        yield url, cluster


@contextmanager
def _opened_database(settings: Settings) -> Iterator[tuple[str, "Cluster | None"]]:
    """Lend the URL of the database as it is, and the cluster when it is our own."""
    from acquit.store.embedded import open_cluster

    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    if settings.database_url is not None:
        yield settings.database_url, None
        return
    with open_cluster(settings.data, settings.postgresql) as cluster:
        yield cluster.url, cluster


def _secret(settings: Settings) -> bytes:
    from acquit.adapters.sealer import secret_of

    return settings.secret_key or secret_of(settings.data / "secret.key")


def _context(world: World, database: "Database") -> "Context":
    from acquit.actions.context import Context
    from acquit.actions.post_letter import Outbox
    from acquit.adapters.archive import DirectoryArchive
    from acquit.adapters.log_carrier import Tls
    from acquit.adapters.mail import NullMailer
    from acquit.adapters.sealer import AesSealer
    from acquit.documents.languages import use_texts

    settings = world.settings
    sealer = AesSealer(_secret(settings))
    use_texts(settings.data / TEXTS)
    return Context(
        database=database,
        clock=_clock(world, database),
        sealer=sealer,
        archive=DirectoryArchive(settings.data / "papers"),
        mailer=NullMailer() if settings.smtp_host is None else Outbox(database, sealer),
        ways=_ways(settings),
        sign_on=_sign_on(settings),
        public_origin=settings.public_url,
        carrier=Tls(settings.log_networks),
        access_days=settings.access_log_days,
    )


def _ways(settings: Settings) -> "Ways":
    """Return what stands behind the channels; what is not set up is a Null adapter that warns."""
    from acquit.adapters.hand_over import DirectoryHandOver, NullHandOver
    from acquit.adapters.mail import NullMailServer, SmtpServer
    from acquit.ports import Ways

    directory = settings.peppol_directory
    return Ways(
        mail_server=NullMailServer()
        if settings.smtp_host is None
        else SmtpServer(
            settings.smtp_host,
            settings.smtp_port,
            cast("Security", settings.smtp_security),
            settings.smtp_from or "",
            settings.smtp_login or "",
            settings.smtp_password or "",
            settings.smtp_authorities,
        ),
        platform=_platform(settings),
        peppol=NullHandOver() if directory is None else DirectoryHandOver(directory),
    )


def _platform(settings: Settings) -> "EInvoicingPlatform":
    """Return the platform that e-invoices go to; an HTTP client is a third of a command's start."""
    if settings.platform_url is None:
        from acquit.adapters.null_platform import NullPlatform

        return NullPlatform()
    from acquit.adapters.platform import FlowService

    told = (settings.platform_token_url, settings.platform_login, settings.platform_secret)
    return FlowService(settings.platform_url, *(each or "" for each in told))


def _sign_on(settings: Settings) -> "dict[Door, SignOn]":
    """Return the identity provider of each door that has one."""
    if settings.staff_sso_issuer is None and settings.account_sso_issuer is None:
        return {}
    from acquit.adapters.identity_provider import OpenIdProvider
    from acquit.core.session import Door
    from acquit.core.single_sign_on import SignOnRules
    from acquit.ports import SignOn

    doors: dict[Door, SignOn] = {}
    if settings.staff_sso_issuer is not None:
        name, secret = settings.staff_sso_name or "", settings.staff_sso_secret or ""
        staff = OpenIdProvider(settings.staff_sso_issuer, name, secret, settings.staff_sso_claim)
        doors[Door.OFFICE] = SignOn(staff, SignOnRules(settings.staff_sso_domains, settings.staff_sso_roles))
    if settings.account_sso_issuer is not None:
        name, secret = settings.account_sso_name or "", settings.account_sso_secret or ""
        people = OpenIdProvider(settings.account_sso_issuer, name, secret)
        doors[Door.MANAGER] = SignOn(people, SignOnRules(settings.account_sso_domains))
    return doors


def _clock(world: World, database: "Database") -> "Clock":
    from acquit.adapters.clock import FixedClock, SystemClock
    from acquit.store.deployment import business_days_ahead

    if world.as_of is not None:
        return FixedClock(world.as_of)
    with database.read() as tx:
        return SystemClock(business_days_ahead(tx))


# ---------------------------------------------------------------- a bill run's crew


def crew_of(world: World, size: int) -> "AbstractContextManager[Processes]":
    """Lend so many processes of this program that bill beside it; none is left behind."""
    from acquit.adapters.crew import lent

    return lent(size, bill_beside, world)


def bill_beside(world: World, assignment: "Assignment", pipe: "Connection", stopped: "Event") -> None:
    """Bill an assignment in this process until it is done, we are told to stop, or our parent is gone.

    What goes wrong here ends this process alone: the parent does what is left and tells what is wrong.
    """
    from acquit.actions.share_run import bill_assigned

    stop = threading.Event()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _stop_with_parent(stop)
    try:
        with opened(world) as context:
            bill_assigned(context, assignment, pipe.send, lambda: stop.is_set() or stopped.is_set())
    except Exception as error:
        log.warning("crew.ended", extra={"reason": str(error)})


# ---------------------------------------------------------------- the server


def _serve(world: World, serving: Serving, ready: Ready) -> None:
    """Serve until a signal; the database is started again whenever it goes down."""
    from acquit.adapters.http import Server, Tls
    from acquit.adapters.logs import log_to_stderr

    settings = world.settings
    log_to_stderr(settings.log)
    tls = None
    if serving.tls_cert is not None and serving.tls_key is not None:
        tls = Tls(serving.tls_cert, serving.tls_key)
    with _migrated(settings) as (_, cluster), ExitStack() as stack:
        _secret(settings)
        server = Server(
            partial(site, world),
            host=serving.host or settings.host,
            port=settings.port if serving.port is None else serving.port,
            workers=serving.workers or settings.workers,
            tls=tls,
        )
        if cluster is not None:
            stack.enter_context(_kept_alive(cluster))
        if serving.with_worker:
            stack.enter_context(_beside(work, world))
        tls_origin = _also_tls(world, server.host, serving.also_tls, stack) if serving.also_tls else None
        origin = f"{'https' if tls else 'http'}://{_named(server.host)}:{server.port}"
        server.run(lambda: ready(origin, tls_origin))


def _also_tls(world: World, host: str, also: AlsoTls, stack: ExitStack) -> str:
    """Serve https from a process of its own and return its origin once it answers."""
    from acquit.adapters.http import Tls, free_port

    port = free_port(host, also.port)
    answers = multiprocessing.get_context("spawn").Event()
    tls = Tls(also.certificate, also.key)
    stack.enter_context(_beside(serve_tls, world, host, port, tls, answers))
    answers.wait()
    return f"https://{_named(host)}:{port}"


def serve_tls(world: World, host: str, port: int, tls: "Tls", answers: "Event") -> None:
    """Serve https in this process until a signal, or until who started us is gone; tell when it answers."""
    from acquit.adapters.http import Server

    stop = threading.Event()
    _stop_with_parent(stop)
    server = Server(partial(site, world), host=host, port=port, workers=1, tls=tls)
    server.run(answers.set)


def _refuse_port(settings: Settings, port: int | None) -> None:
    from acquit.adapters.http import free_port

    free_port(settings.host, settings.port if port is None else port)


def _named(host: str) -> str:
    """Return the host as it is written in a URL; a server that listens everywhere is reached here."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not listened on
    return f"[{host}]" if ":" in host else host


@contextmanager
def _kept_alive(cluster: "Cluster") -> Iterator[None]:
    """Start the database again, a moment after it goes down, for as long as this lasts."""
    stopped = threading.Event()

    def watch() -> None:
        while not stopped.wait(WATCH_SECONDS):
            try:
                if cluster.revive():
                    log.warning("database.revived")
            except Exception as error:
                log.error("database.down", extra={"reason": str(error)})

    watcher = threading.Thread(target=watch, name="watch-database", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stopped.set()
        watcher.join()


@contextmanager
def _beside(target: Callable[..., None], *arguments: object) -> Iterator[None]:
    """Run a function in a process of its own for as long as this lasts; one that dies is started again."""
    stopped = threading.Event()
    running = [_started(target, arguments)]

    def watch() -> None:
        while not stopped.wait(WATCH_SECONDS):
            if not running[0].is_alive():
                log.warning("process.started_again", extra={"part": target.__name__})
                running[0] = _started(target, arguments)

    watcher = threading.Thread(target=watch, name=f"watch-{target.__name__}", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stopped.set()
        watcher.join()
        running[0].terminate()
        running[0].join()


def _started(target: Callable[..., None], arguments: Sequence[object]) -> "SpawnProcess":
    child = multiprocessing.get_context("spawn").Process(target=target, args=arguments)
    child.start()
    return child


def work(world: World) -> None:
    """Carry out what is due and what waits in the queue until a signal, or until who started us is gone."""
    from acquit.adapters.logs import log_to_stderr
    from acquit.documents.languages import use_texts
    from acquit.store.transaction import Database
    from acquit.worker.outbox import work as attend

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    _stop_with_parent(stop)
    log_to_stderr(world.settings.log)
    for problem in use_texts(world.settings.data / TEXTS):
        log.warning("texts.problem", extra={"problem": problem})
    with _migrated(world.settings) as (url, _), Database(url) as database:
        attend(_context(world, database), url, stop)


def _stop_with_parent(stop: threading.Event) -> None:
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        stop.set()
        time.sleep(STOP_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, name="stop-with-parent", daemon=True).start()


def site(world: World) -> "Site":
    """Return all that one worker process serves."""
    from acquit.adapters.http import Mount, Site
    from acquit.adapters.logs import log_to_stderr
    from acquit.api.entrance import Entrance
    from acquit.api.explorer import Explorer
    from acquit.api.file_links import PREFIX as FILES
    from acquit.api.file_links import FileLinks
    from acquit.api.log_links import PREFIX as LOGS
    from acquit.api.log_links import LogLinks
    from acquit.api.origin import Proxies
    from acquit.api.papers import PREFIX, Papers
    from acquit.api.routing import BASES, OTHER_BRANCH
    from acquit.api.token_endpoint import PREFIXES as TOKENS
    from acquit.api.token_endpoint import TokenEndpoint
    from acquit.console.app import make_app
    from acquit.core.kept_file import FILE_BYTES_MAX
    from acquit.office.app import PREFIX as OFFICE
    from acquit.office.app import make_app as make_office

    settings = world.settings
    log_to_stderr(settings.log)
    stack = ExitStack()
    context = stack.enter_context(opened(world))
    proxies = Proxies.of(settings.trusted_proxies, settings.public_url)
    entrance = Entrance(
        context,
        proxies=proxies,
        calls_per_minute=settings.calls_per_minute,
        pace_file=settings.data / "calls.pace",
    )
    stack.callback(entrance.close)
    pages = make_app(context, settings, partial(_located, proxies), Explorer(context, entrance))
    return Site(
        (
            Mount((*BASES, OTHER_BRANCH), entrance, fault=entrance.fault),
            Mount((PREFIX,), Papers(context)),
            Mount((FILES,), FileLinks(context), body_max=FILE_BYTES_MAX),
            Mount((LOGS,), LogLinks(context)),
            Mount(TOKENS, TokenEndpoint(context, proxies)),
            Mount((OFFICE,), make_office(context), body_max=OFFICE_BODY_MAX),
            Mount(("",), pages, body_max=PAGE_BODY_MAX),
        ),
        stack.close,
    )


def _located(proxies: "Proxies", environ: Mapping[str, Any]) -> tuple[str, str]:
    """Return the origin that the browser knows us by, and the caller's address."""
    headers = {
        name[5:].lower().replace("_", "-"): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    scheme, peer = environ["wsgi.url_scheme"], environ.get("REMOTE_ADDR", "")
    origin = proxies.origin(scheme, headers.get("host", ""), peer, headers)
    return origin.public, origin.address

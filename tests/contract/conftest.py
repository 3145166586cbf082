"""What tests of the wire may ask for: a seller, two accounts, signed callers, and a real server.

`wire` calls the entrance in this process; `server` is the real thing in processes of its own.
"""

import hashlib
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, LiteralString

import pytest

from acquit.actions.context import Context
from acquit.actions.create_application import create_application
from acquit.actions.grant_consumer_key import EVERYTHING, grant_consumer_key
from acquit.adapters.archive import DirectoryArchive
from acquit.adapters.clock import SystemClock
from acquit.adapters.mail import NullMailer
from acquit.adapters.sealer import AesSealer
from acquit.api.entrance import Entrance
from acquit.api.origin import Proxies
from acquit.core.access import Rule
from acquit.core.identifiers import AccountId, ApplicationId
from acquit.store.transaction import Database

SECRET = bytes(range(32))
ACCOUNT = AccountId("ab12345-acq")
SUB_ACCOUNT = AccountId("ab20001-acq")
OTHER = AccountId("cd67890-acq")
HOST = "127.0.0.1:8080"
ORIGIN = f"http://{HOST}"

SELLER: LiteralString = """
    INSERT INTO legal_entity (legal_entity_id, name, siren, vat_id, street, zip, city, country, currency,
                              zone, bill_series_id, credit_series_id, deposit_series_id)
    VALUES ('FR', 'Nuage du Nord SAS', '732829320', 'FR44732829320', '1 rue du Quai', '59000', 'Lille', 'FR',
            'EUR', 'Europe/Paris', 'FR', 'AV', 'RC')
"""
SERIES: LiteralString = """
    INSERT INTO series (series_id, legal_entity_id, document, prefix, reference_code)
    VALUES ('FR', 'FR', 'bill', 'FR', '1'), ('AV', 'FR', 'credit-note', 'AV', '2'),
           ('RC', 'FR', 'deposit', 'RC', '3')
"""
PARTIES: LiteralString = """
    INSERT INTO legal_party (legal_party_id, from_on, name, siren, country, street, zip, city)
    VALUES (1, '2020-01-01', 'Acme Études SARL', '552081317', 'FR', '2 avenue du Port', '44000', 'Nantes'),
           (2, '2020-01-01', 'Petit SAS', '552081317', 'FR', '3 rue Basse', '69001', 'Lyon')
"""
ACCOUNTS: LiteralString = """
    INSERT INTO account (account_id, legal_entity_id, parent_id, sub_account_no, payer_id, legal_party_id,
                         support_level, currency, language, given_name, family_name, email)
    VALUES ('ab12345-acq', 'FR', NULL, NULL, 'ab12345-acq', 1, 'business', 'EUR', 'fr_FR', 'Alice', 'Martin',
            'alice@example.com'),
           ('ab20001-acq', 'FR', 'ab12345-acq', nextval('sub_account_no'), 'ab12345-acq', NULL, 'standard',
            'EUR', 'fr_FR', '', '', ''),
           ('cd67890-acq', 'FR', NULL, NULL, 'cd67890-acq', 2, 'standard', 'EUR', 'fr_FR', 'Bob', 'Petit',
            'bob@example.com')
"""
TAG: LiteralString = (
    "INSERT INTO account_tag (account_id, tag, added_by) VALUES ('ab12345-acq', 'reseller', 'system')"
)


def context_on(database: Database, archive: Path) -> Context:
    """Fill an empty database with the world and return what actions work with."""
    with database.write() as tx:
        for statement in (SELLER, SERIES, PARTIES, ACCOUNTS, TAG):
            tx.run(statement)
    return Context(database, SystemClock(), AesSealer(SECRET), DirectoryArchive(archive), NullMailer())


@pytest.fixture
def context(database: Database, tmp_path: Path) -> Context:
    """A world of one seller, an account with a sub-account, and a stranger; real adapters."""
    return context_on(database, tmp_path / "archive")


@dataclass(frozen=True)
class Keys:
    """A program and a consumer key that it signs with."""

    application_id: ApplicationId
    application_key: str
    secret: str
    consumer_key: str = ""

    def sign(self, method: str, url: str, body: bytes = b"", at: int | None = None) -> dict[str, str]:
        """Return the headers of a signed request, made as the published algorithm says."""
        stamp = str(int(time.time()) if at is None else at)
        parts = (self.secret, self.consumer_key, method, url)
        joined = b"+".join((*(part.encode() for part in parts), body, stamp.encode()))
        return {
            "X-Ovh-Application": self.application_key,
            "X-Ovh-Consumer": self.consumer_key,
            "X-Ovh-Timestamp": stamp,
            "X-Ovh-Signature": "$1$" + hashlib.sha1(joined).hexdigest(),
        }


MakeKeys = Callable[..., Keys]


@pytest.fixture
def make_keys(context: Context) -> MakeKeys:
    """Makes a consumer key: `make_keys(account, rules, allowed_ips=…)`; one application serves all."""
    application = create_application(context, ACCOUNT, "tests", "of the wire", by="system")

    def make(account: AccountId = ACCOUNT, rules: Sequence[Rule] = EVERYTHING, **options: Any) -> Keys:
        application_id = application.application.application_id
        granted = grant_consumer_key(context, application_id, account, rules, by="system", **options)
        return Keys(
            application_id, application.application.application_key, application.secret, granted.consumer_key
        )

    return make


@pytest.fixture
def keys(make_keys: MakeKeys) -> Keys:
    """A consumer key of the account that may do everything."""
    return make_keys()


@dataclass(frozen=True)
class Reply:
    """An answer of the wire."""

    status: int
    headers: dict[str, str]
    body: Any
    raw: bytes = field(repr=False)


@dataclass(frozen=True)
class Wire:
    """Calls the entrance as a client on loopback would."""

    entrance: Entrance
    keys: Keys

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        keys: Keys | None = None,
        signed: bool = True,
        headers: dict[str, str] | None = None,
        raw: bytes | None = None,
        at: int | None = None,
        address: str = "127.0.0.1",
    ) -> Reply:
        """Send `path` (raw, `/1.0/me` or just `/me`); a `body` that is not None goes as JSON."""
        target = path if path.startswith(("/1.0", "/v1")) else f"/1.0{path}"
        content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        said = (keys or self.keys).sign(method, ORIGIN + target, content, at) if signed else {}
        said = {"Host": HOST, **said, **(headers or {})}
        return self.send(method, target, said, content, address)

    def send(
        self,
        method: str,
        target: str,
        headers: dict[str, str],
        content: bytes = b"",
        address: str = "127.0.0.1",
    ) -> Reply:
        """Send exactly this."""
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "REQUEST_URI": target,
            "wsgi.input": io.BytesIO(content),
            "wsgi.url_scheme": "http",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8080",
            "REMOTE_ADDR": address,
        }
        environ |= {"HTTP_" + name.upper().replace("-", "_"): value for name, value in headers.items()}
        said: list[Any] = []
        raw = b"".join(self.entrance(environ, lambda status, replied: said.extend((status, replied))))
        names = {name.lower(): value for name, value in said[1]}
        return Reply(int(said[0][:3]), names, json.loads(raw), raw)

    def get(self, path: str, **options: Any) -> Any:
        """Return the body of a GET that must succeed."""
        reply = self.call("GET", path, **options)
        assert reply.status == 200, reply
        return reply.body


@pytest.fixture
def wire(context: Context, keys: Keys) -> Iterator[Wire]:
    """The entrance in this process, with a key that may do everything."""
    entrance = Entrance(context, proxies=Proxies.of())
    yield Wire(entrance, keys)
    entrance.close()


@dataclass(frozen=True)
class Running:
    """A server in processes of its own."""

    port: int
    process: "subprocess.Popen[str]"

    @property
    def origin(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"


Serve = Callable[..., Running]


@contextmanager
def serving(database_url: str, archive: Path) -> Iterator[Serve]:
    """Lend a function that starts real servers; all of them end at the end."""
    started: list[subprocess.Popen[str]] = []

    def start(**options: Any) -> Running:
        described = {"database_url": database_url, "secret": SECRET.hex(), "archive": str(archive)}
        script = Path(__file__).with_name("serving.py")
        process = subprocess.Popen(
            [sys.executable, str(script), json.dumps(described | options)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        started.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("ready "), f"the server did not start: {line!r}"
        return Running(int(line.split()[1]), process)

    try:
        yield start
    finally:
        for process in started:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.fixture
def serve(context: Context, database_url: str, tmp_path: Path) -> Iterator[Serve]:
    """Starts the real server on the test's database: `serve(workers=2, tls=[cert, key], public_url=…)`."""
    with serving(database_url, tmp_path / "archive") as start:
        yield start


@pytest.fixture
def server(serve: Serve) -> Running:
    """One worker process."""
    return serve()


from .families import acme, customer, families  # noqa: E402, F401 - fixtures that need the constants above

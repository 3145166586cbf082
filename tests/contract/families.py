"""The world of `world.py` behind the real server, called by the official client.

Every answer is compared with the contract as it comes in.
"""

import hashlib
import json
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import ovh
import pytest
import requests
from ovh.client import ENDPOINTS

from acquit.actions.context import Context
from acquit.actions.create_application import NewApplication, create_application
from acquit.actions.grant_consumer_key import EVERYTHING, grant_consumer_key
from acquit.adapters.archive import DirectoryArchive
from acquit.adapters.clock import SystemClock
from acquit.adapters.mail import NullMailer
from acquit.adapters.sealer import AesSealer
from acquit.api.refusals import NoSuchRoute
from acquit.core.identifiers import AccountId
from acquit.store.transaction import Database

from .conforming import faults, route_of
from .conftest import ACCOUNTS, PARTIES, SECRET, SELLER, SERIES, TAG
from .world import ACME, TODAY, World, make_world


@dataclass
class Customer:
    """An account that calls with the official client, unmodified."""

    client: ovh.Client

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(path, **query)

    def post(self, path: str, **body: Any) -> Any:
        return self.client.post(path, **body)

    def put(self, path: str, **body: Any) -> Any:
        return self.client.put(path, **body)

    def delete(self, path: str, **query: Any) -> Any:
        return self.client.delete(path, **query)

    def reply(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> requests.Response:
        """Return the whole answer, whatever it says."""
        reply: requests.Response = self.client.raw_call(method, path, body, True, dict(headers or {}))
        return reply

    def refusal(self, method: str, path: str, body: object = None) -> tuple[int, str]:
        """Return status and message of a call that must be refused."""
        reply = self.reply(method, path, body)
        assert reply.status_code >= 400, reply.text
        return reply.status_code, reply.json()["message"]

    def page(self, path: str, **headers: str) -> list[dict[str, Any]]:
        """Return the list as objects: `Sort="date"` is the header X-Pagination-Sort."""
        said = {f"X-Pagination-{name.replace('_', '-')}": text for name, text in headers.items()}
        reply = self.reply("GET", path, None, {"X-Pagination-Mode": "CachedObjectList-Pages", **said})
        assert reply.status_code == 200, reply.text
        return list(reply.json())

    def batch(self, path: str) -> list[dict[str, Any]]:
        """Return the entries of a batch; the ids in the path are joined by commas."""
        reply = self.reply("GET", path, None, {"X-Ovh-Batch": ","})
        assert reply.status_code == 200, reply.text
        return list(reply.json())


def _compare(reply: requests.Response, *args: Any, **options: Any) -> None:
    """Compare the answer with the contract; what is no route of it is refused in its words too."""
    assert reply.headers["X-Ovh-Queryid"]
    assert reply.headers["Content-Type"] == "application/json; charset=utf-8"
    parts = urlsplit(str(reply.request.url))
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    try:
        route = route_of(str(reply.request.method), target)
    except NoSuchRoute:
        assert reply.status_code == 404
        return
    sent = {name: str(text) for name, text in reply.request.headers.items()}
    found = faults(route, sent, reply.status_code, reply.json())
    assert not found, f"{reply.request.method} {target}: {found}"


@dataclass(frozen=True)
class Families:
    """The world, and customers of it."""

    world: World
    origin: str
    application: NewApplication
    endpoint: str

    def customer(self, account_id: AccountId = ACME, **options: Any) -> Customer:
        """Return a caller with a consumer key of the account that may do everything, or `rules=`."""
        rules = options.pop("rules", EVERYTHING)
        key = grant_consumer_key(
            self.world.context,
            self.application.application.application_id,
            account_id,
            rules,
            by="system",
            **options,
        )
        return self.with_key(key.consumer_key)

    @cached_property
    def _sender(self) -> Customer:
        return self.customer()

    def send_raw(self, method: str, path: str, raw: bytes) -> tuple[int, str]:
        """Send exactly these bytes as the body, signed for Acme; return status and message."""
        key = self._sender.client
        url, stamp = f"{self.origin}/1.0{path}", str(int(time.time()))
        joined = b"+".join(
            [key._application_secret.encode(), key._consumer_key.encode(), method.encode(), url.encode(), raw,
             stamp.encode()]
        )  # fmt: skip
        headers = {
            "X-Ovh-Application": key._application_key, "X-Ovh-Consumer": key._consumer_key,
            "X-Ovh-Timestamp": stamp, "X-Ovh-Signature": "$1$" + hashlib.sha1(joined).hexdigest(),
            "Content-Type": "application/json",
        }  # fmt: skip
        reply = requests.request(method, url, data=raw, headers=headers, timeout=60)
        return reply.status_code, str(reply.json().get("message"))

    def with_key(self, consumer_key: str) -> Customer:
        """Return a caller with this consumer key of the tests' application."""
        client = ovh.Client(
            endpoint=self.endpoint,
            application_key=self.application.application.application_key,
            application_secret=self.application.secret,
            consumer_key=consumer_key,
        )
        client._time_delta = 0  # what it would ask for: the server goes by the clock of this machine
        client._session.trust_env = False
        client._session.hooks["response"].append(_compare)
        return Customer(client)


@pytest.fixture(scope="module")
def families(
    module_database: Database, module_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Families]:
    """The world, served by a real server in processes of its own for the tests of one module."""
    archive = tmp_path_factory.mktemp("archive")
    with module_database.write() as tx:
        for statement in (SELLER, SERIES, PARTIES, ACCOUNTS, TAG):
            tx.run(statement)
    context = Context(
        module_database, SystemClock(), AesSealer(SECRET), DirectoryArchive(archive), NullMailer()
    )
    world = make_world(context)
    application = create_application(context, ACME, "families", "of the wire", by="system")
    described = {
        "database_url": module_database_url,
        "secret": SECRET.hex(),
        "archive": str(archive),
        "as_of": TODAY.isoformat(),
    }
    script = Path(__file__).with_name("serving.py")
    with subprocess.Popen(
        [sys.executable, str(script), json.dumps(described)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("ready "), f"the server did not start: {line!r}"
        origin = f"http://127.0.0.1:{line.split()[1]}"
        endpoint = f"acquit-{uuid.uuid4().hex}"
        ENDPOINTS[endpoint] = f"{origin}/1.0"
        yield Families(world, origin, application, endpoint)
        process.terminate()
    del ENDPOINTS[endpoint]


@pytest.fixture(scope="module")
def customer(families: Families) -> Callable[..., Customer]:
    """Makes callers: `customer(LAB)`."""
    return families.customer


@pytest.fixture(scope="module")
def acme(families: Families) -> Customer:
    """Acme with a key that may do everything."""
    return families.customer(ACME)

"""A mail server and an e-invoicing platform on this machine, and a seller whose bills leave by them."""

import json
import socketserver
import ssl
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, LiteralString
from urllib.parse import parse_qs

from acquit.actions.context import Context
from acquit.actions.render_document import render_missing
from acquit.actions.set_delivery import set_channel
from acquit.adapters.archive import DirectoryArchive
from acquit.adapters.hand_over import DirectoryHandOver, NullHandOver
from acquit.adapters.mail import NullMailServer, SmtpServer
from acquit.adapters.null_platform import NullPlatform
from acquit.adapters.platform import FlowService
from acquit.core.delivery import Channel, ChannelSetting
from acquit.demo.certificate import Certificate
from acquit.ports import Ways
from acquit.store.transaction import Database
from billed import ON, rows
from founding import FR
from owing import owing

IBAN: Final = "FR7630006000011234567890189"
EMAILS: Final[LiteralString] = "UPDATE account SET email = account_id || '@example.com'"
NOW_DUE: Final[LiteralString] = "UPDATE delivery_waiting SET next_at = instant()"
ATTEMPTS: Final[LiteralString] = """
    SELECT d.bill_id, d.event, a.outcome, a.reference, a.told, a.accepted
      FROM delivery_attempt a
      JOIN delivery d ON d.account_id = a.account_id AND d.delivery_id = a.delivery_id
     ORDER BY d.delivery_id, a.attempt_no
"""


# ---------------------------------------------------------------- the mail server


@dataclass
class Mailbox:
    """What a mail server was given, and how it answers: a code per address, or for all contents."""

    certificate: Certificate | None = None
    login: tuple[str, str] | None = None
    refused: dict[str, int] = field(default_factory=dict)
    data_code: int = 250
    hangs_up_after: int | None = None
    raw: list[tuple[str, tuple[str, ...], bytes]] = field(default_factory=list)
    connections: int = 0
    encrypted: int = 0
    port: int = 0

    @property
    def mails(self) -> list[EmailMessage]:
        """Every mail as it was understood."""
        found = [message_from_bytes(each[2], policy=policy.default) for each in self.raw]
        assert all(isinstance(each, EmailMessage) for each in found)
        return found


class SmtpHandler(socketserver.StreamRequestHandler):
    """Speaks as much of RFC 5321, 3207 and 4954 as a client needs."""

    def handle(self) -> None:
        box = self.server.box  # type: ignore[attr-defined]
        box.connections += 1
        box.encrypted += isinstance(self.request, ssl.SSLSocket)
        self.known, self.sender, self.to = box.login is None, "", []  # type: ignore[var-annotated]
        self.say("220 ready")
        while line := self.rfile.readline():
            if not self.obey(box, line.decode().strip()):
                return

    def say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

    def obey(self, box: Mailbox, line: str) -> bool:
        verb, _, rest = line.partition(" ")
        match verb.upper():
            case "EHLO":
                offers = ["250-here", "250-AUTH PLAIN"]
                offers += ["250-STARTTLS"] if box.certificate and not self.is_encrypted() else []
                self.say(*offers, "250 8BITMIME")
            case "STARTTLS":
                self.say("220 go on")
                assert box.certificate is not None
                self.request = tls_of(box.certificate).wrap_socket(self.request, server_side=True)
                self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", 0)
                box.encrypted += 1
            case "AUTH":
                given = b64decode(rest.partition(" ")[2]).decode().split("\0")[1:]
                self.known = tuple(given) == box.login
                self.say("235 welcome" if self.known else "535 wrong password")
            case "MAIL":
                self.sender, self.to = rest.partition("<")[2].partition(">")[0], []
                self.say("250 ok" if self.known else "530 log in first")
            case "RCPT":
                address = rest.partition("<")[2].partition(">")[0]
                code = box.refused.get(address, 250)
                self.to += [address] if code == 250 else []
                self.say(f"{code} {'ok' if code == 250 else 'no'}")
            case "DATA":
                return self.take(box)
            case "QUIT":
                self.say("221 bye")
                return False
            case _:
                self.say("250 ok")
        return True

    def take(self, box: Mailbox) -> bool:
        if box.hangs_up_after is not None and len(box.raw) >= box.hangs_up_after:
            return False
        self.say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        if box.data_code == 250:
            box.raw.append((self.sender, tuple(self.to), b"".join(lines)))
        self.say(f"{box.data_code} said")
        return True

    def is_encrypted(self) -> bool:
        return isinstance(self.request, ssl.SSLSocket)


def tls_of(certificate: Certificate) -> ssl.SSLContext:
    """What a server of ours shows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    return context


class Listening(socketserver.ThreadingTCPServer):
    """Takes several connections; with `wrapped` each is encrypted from the start."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, box: Mailbox, *, wrapped: bool) -> None:
        self.box, self.wrapped = box, wrapped
        super().__init__(("127.0.0.1", 0), SmtpHandler)

    def get_request(self) -> Any:
        """Return the next connection."""
        connection, address = super().get_request()
        if self.wrapped:
            assert self.box.certificate is not None
            connection = tls_of(self.box.certificate).wrap_socket(connection, server_side=True)
        return connection, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not trust us is no error of ours."""


@contextmanager
def mail_server(box: Mailbox, *, wrapped: bool = False) -> Iterator[Mailbox]:
    """Listen until the end of the block."""
    with Listening(box, wrapped=wrapped) as server:
        box.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield box
        server.shutdown()


# ---------------------------------------------------------------- the platform


@dataclass
class Flows:
    """What a platform of the shape of XP Z12-013 was given, what it tells, and how it fails."""

    secret: str = "open sesame"
    posted: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    incoming: list[dict[str, Any]] = field(default_factory=list)
    acknowledged: dict[str, dict[str, Any]] = field(default_factory=dict)
    tokens: int = 0
    searches: list[dict[str, Any]] = field(default_factory=list)
    post_code: int = 202
    loses_answers: bool = False
    bad_tokens: set[str] = field(default_factory=set)
    url: str = ""

    def told(self) -> list[dict[str, Any]]:
        """Every flow, ours and what came in, as a search tells it."""
        ours = [
            {
                "flowId": each["flowId"], "trackingId": each["trackingId"], "flowDirection": "Out",
                "flowType": "CustomerInvoiceLC" if each["flowSyntax"] == "CDAR" else "CustomerInvoice",
                "updatedAt": each["submittedAt"],
                "acknowledgement": self.acknowledged.get(each["flowId"], {"status": "Pending"}),
            }
            for each in self.posted
        ]  # fmt: skip
        return ours + self.incoming


class FlowHandler(BaseHTTPRequestHandler):
    """The four calls that are used."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        flows: Flows = self.server.flows  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/token":
            return self.give_token(flows, body)
        if not self.is_known(flows):
            return self.answer(401, {"errorCode": "MISSING_TOKEN"})
        if self.path == "/v1/flows/search":
            return self.search(flows, json.loads(body))
        assert self.path == "/v1/flows"
        return self.take(flows, body)

    def do_GET(self) -> None:
        flows: Flows = self.server.flows  # type: ignore[attr-defined]
        flow_id = self.path.removeprefix("/v1/flows/").removesuffix("?docType=Original")
        if not self.is_known(flows) or flow_id not in flows.files:
            return self.answer(404, {"errorCode": "MISSING_RESOURCE"})
        return self.send(200, flows.files[flow_id])

    def give_token(self, flows: Flows, body: bytes) -> None:
        login = b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode()
        assert parse_qs(body.decode()) == {"grant_type": ["client_credentials"]}
        if login != f"acquit:{flows.secret}":
            return self.answer(401, {"error": "invalid_client"})
        flows.tokens += 1
        return self.answer(200, {"access_token": f"token-{flows.tokens}", "expires_in": 3600})

    def is_known(self, flows: Flows) -> bool:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        return token.startswith("token-") and token not in flows.bad_tokens

    def search(self, flows: Flows, asked: dict[str, Any]) -> None:
        flows.searches.append(asked["where"])
        where = asked["where"]
        found = [
            each
            for each in flows.told()
            if where.get("trackingId") in (None, each.get("trackingId"))
            and instant(each["updatedAt"]) > instant(where.get("updatedAfter", "2000-01-01T00:00:00Z"))
        ]
        self.answer(200, {"results": sorted(found, key=lambda each: each["updatedAt"])[: asked["limit"]]})

    def take(self, flows: Flows, body: bytes) -> None:
        if flows.post_code != 202:
            return self.answer(flows.post_code, {"errorCode": "E1", "errorMessage": "not this one"})
        whole = b"Content-Type: " + self.headers["Content-Type"].encode() + b"\r\n\r\n" + body
        parts = {
            str(part.get_param("name", header="content-disposition")): part
            for part in message_from_bytes(whole).walk()
            if not part.is_multipart()
        }
        about = json.loads(str(parts["flowInfo"].get_payload(decode=False)))
        assert parts["flowInfo"].get_content_type() == "application/json"
        assert len(about["trackingId"]) <= 36
        content = parts["file"].get_payload(decode=True)
        assert isinstance(content, bytes)
        flow_id = f"flow-{len(flows.posted) + 1}"
        at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        kept = about | {"flowId": flow_id, "submittedAt": at, "type": parts["file"].get_content_type()}
        flows.posted.append(kept)
        flows.files[flow_id] = content
        if flows.loses_answers:
            return self.answer(503, {"errorCode": "RESOURCE_ERROR"})
        return self.answer(202, kept)

    def answer(self, code: int, document: dict[str, Any]) -> None:
        self.send(code, json.dumps(document).encode())

    def send(self, code: int, content: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def instant(text: str) -> datetime:
    """Return an instant of the wire."""
    return datetime.fromisoformat(text)


@contextmanager
def platform() -> Iterator[Flows]:
    """Listen until the end of the block."""
    flows = Flows()
    with ThreadingHTTPServer(("127.0.0.1", 0), FlowHandler) as server:
        server.flows = flows  # type: ignore[attr-defined]
        server.daemon_threads = True
        flows.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield flows
        server.shutdown()


def flow_service(flows: Flows, secret: str = "") -> FlowService:
    """Our side of the platform."""
    return FlowService(flows.url, f"{flows.url}/token", "acquit", secret or flows.secret)


# ---------------------------------------------------------------- a seller


def delivering(database: Database, directory: Path, **settings: Any) -> Context:
    """Four bills of 12.00 have no paper yet; everybody has an address; nothing is behind the channels."""
    context = owing(database, iban=IBAN, email="billing@nuage.example", **settings)
    with database.write() as tx:
        tx.run(EMAILS)
    ways = Ways(NullMailServer(), NullPlatform(), NullHandOver())
    return replace(context, archive=DirectoryArchive(directory), ways=ways)


def by_mail(context: Context, box: Mailbox) -> Context:
    """The same world with a mail server."""
    assert context.ways is not None
    server = SmtpServer("127.0.0.1", box.port, "none", "Nuage <billing@nuage.example>")
    return replace(context, ways=replace(context.ways, mail_server=server))


def by_platform(context: Context, flows: Flows) -> Context:
    """The same world with a platform."""
    assert context.ways is not None
    return replace(context, ways=replace(context.ways, platform=flow_service(flows)))


def by_peppol(context: Context, directory: Path) -> Context:
    """The same world with a directory for Peppol."""
    assert context.ways is not None
    return replace(context, ways=replace(context.ways, peppol=DirectoryHandOver(directory)))


def leave_by(context: Context, channel: Channel, form: str = "pdf", **given: Any) -> int:
    """The seller's bills leave by a channel from today on, in this form."""
    setting = ChannelSetting(FR, channel, given.pop("from_on", ON), given.pop("is_on", True), form, **given)
    return set_channel(context, setting, by="cli")


def render(context: Context) -> None:
    """Every bill has its paper."""
    render_missing(context)


def later_due(context: Context) -> None:
    """Let the time pass that what was put off waits for."""
    with context.database.write() as tx:
        tx.run(NOW_DUE)


def attempts(context: Context) -> list[tuple[str, str, str]]:
    """Every try in its order: bill, event, outcome."""
    return [(row.bill_id, row.event, row.outcome) for row in rows(context, ATTEMPTS)]


def soon() -> str:
    """An instant a moment ahead, as the wire writes it."""
    return (datetime.now(UTC) + timedelta(seconds=1)).isoformat().replace("+00:00", "Z")

"""Registers of VAT ids: the form alone; and VIES, as far as a server of its shape can show it."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from acquit.adapters.vat_register import FormOnly, Vies
from acquit.core.vat_check import Outcome

OWN = "FR44732829320"


class Register(BaseHTTPRequestHandler):
    """Answers what the test put there and remembers what it was asked."""

    answers: bytes = b""
    asked: dict[str, Any] = {}  # noqa: RUF012 - set anew by each test

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).asked = {"path": self.path, **json.loads(body)}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.answers)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def origin() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Register) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("vat_id", "outcome"),
    [("DE136695976", "valid"), ("de 136 695 976", "valid"), ("DE136695977", "invalid"), ("XX1", "invalid")],
)
def test_the_form_of_an_id_is_its_length_and_check_digits(vat_id: str, outcome: str) -> None:
    answer = FormOnly().check(vat_id, OWN)
    assert (answer.register, answer.outcome, answer.reference) == ("format", outcome, "")


def test_a_consultation_number_is_kept_as_proof(origin: str) -> None:
    Register.answers = json.dumps({
        "countryCode": "DE", "vatNumber": "136695976", "requestDate": "2026-11-29T10:00:00Z", "valid": True,
        "requestIdentifier": "WAPIAAAAY0123456", "name": "Wolke GmbH", "address": "---",
    }).encode()  # fmt: skip
    answer = Vies(origin).check("DE 136695976", OWN)
    assert (answer.outcome, answer.reference) == (Outcome.VALID, "WAPIAAAAY0123456")
    assert answer.told == "Wolke GmbH, 2026-11-29T10:00:00Z"
    assert Register.asked == {
        "path": "/check-vat-number", "countryCode": "DE", "vatNumber": "136695976",
        "requesterMemberStateCode": "FR", "requesterNumber": "44732829320",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("document", "outcome", "told"),
    [
        ({"valid": False}, "invalid", ""),
        (
            {"actionSucceed": False, "errorWrappers": [{"error": "MS_UNAVAILABLE"}]},
            "unknown",
            "MS_UNAVAILABLE",
        ),
        ({"valid": False, "userError": "MS_UNAVAILABLE"}, "unknown", "MS_UNAVAILABLE"),
        ({}, "unknown", "no answer"),
        ([], "unknown", "no answer"),
    ],
)
def test_no_answer_is_never_an_outcome(origin: str, document: Any, outcome: str, told: str) -> None:
    Register.answers = json.dumps(document).encode()
    answer = Vies(origin).check("DE136695976", OWN)
    assert (answer.outcome, answer.told) == (outcome, told)


def test_a_register_that_is_away_is_unknown(origin: str) -> None:
    Register.answers = b"<html>"
    assert Vies(origin).check("DE136695976", OWN).outcome is Outcome.UNKNOWN
    assert Vies("http://127.0.0.1:9").check("DE136695976", OWN).outcome is Outcome.UNKNOWN

"""One signed conversation with an APIv6: paced, repeated where that helps, and told in values.

A call ends in an `Answer` (any status that the provider meant) or in a `Fault` (nothing useful came
although we tried). Neither ever holds a secret. Redirections are not followed: a signature is for one URL.
"""

import hashlib
import logging
import random
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlencode

import httpx
import msgspec

from acquit.collector.fault import Fault
from acquit.collector.pace import Pace, RealTimer, Timer
from acquit.collector.secret import Secret

TRIES_MAX: Final = 8
TIMEOUT: Final = httpx.Timeout(60.0, connect=15.0)
PAUSE_MAX_SECONDS: Final = 60.0
RETRY_AFTER_MAX_SECONDS: Final = 86_400.0
PATIENCE_SECONDS: Final = 600.0
"""Asked to wait longer, a call is given up: the next run goes on from there."""
AGENT: Final = "acquit-collector/1"
PASSING: Final = frozenset({429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
WORTH_REPEATING: Final = frozenset({"network", "limit", "provider", "answer"})

EXACT: Final = msgspec.json.Decoder(float_hook=str)

for _chatty in ("httpx", "httpcore", "pypdf"):
    # These write URLs and headers into the log; a document link or a key must not be there.
    logging.getLogger(_chatty).setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True, slots=True)
class Keys:
    """What signs the calls of one account."""

    application_key: str
    application_secret: Secret
    consumer_key: Secret


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider said.

    `value` is the decoded JSON, in which a number with a fraction is exact text.
    """

    status: int
    value: Any
    headers: Mapping[str, str] = field(repr=False)

    @property
    def ok(self) -> bool:
        """Whether the call succeeded."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def code(self) -> str:
        """The errorCode or class of a refusal, empty when there is none."""
        if not isinstance(self.value, dict):
            return ""
        return str(self.value.get("errorCode") or self.value.get("class") or "")

    @property
    def message(self) -> str:
        """The provider's own sentence, empty when there is none."""
        return str(self.value.get("message") or "") if isinstance(self.value, dict) else ""


@cache
def trusted() -> ssl.SSLContext:
    """Return whom we trust, read once: a hundred accounts would each read the certificates again."""
    return httpx.create_ssl_context()


class Drift:
    """Seconds between a provider's clock and ours, asked once for all accounts of a base URL."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.seconds: int | None = None


class Wire:
    """Calls of one account to one base URL, one after the other; close it."""

    def __init__(
        self,
        base: str,
        keys: Keys,
        pace: Pace,
        *,
        drift: Drift | None = None,
        timer: Timer | None = None,
        tries: int = TRIES_MAX,
    ) -> None:
        self.base = base
        self.pace = pace
        self.calls = 0
        self._keys = keys
        self._timer = timer or RealTimer()
        self._drift = drift or Drift()
        self._tries = tries
        self._http = httpx.Client(
            timeout=TIMEOUT, follow_redirects=False, headers={"User-Agent": AGENT}, verify=trusted()
        )

    def get(
        self, path: str, query: Mapping[str, object] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Return what the provider answers to a signed GET."""
        return self._call(
            "GET", f"{self.base}{path}" + (f"?{_query(query)}" if query else ""), b"", headers or {}
        )

    def post(self, path: str, body: Mapping[str, object] | None = None) -> Answer:
        """Return what the provider answers to a signed POST.

        It is repeated only when it was refused as too many.
        """
        return self._call(
            "POST", f"{self.base}{path}", b"" if body is None else msgspec.json.encode(body), {}
        )

    def put(self, path: str, body: Mapping[str, object]) -> Answer:
        """Return what the provider answers to a signed PUT."""
        return self._call("PUT", f"{self.base}{path}", msgspec.json.encode(body), {})

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # ------------------------------------------------------------ one call

    def _call(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        problem = Fault("network", "No try was made.")
        for attempt in range(self._tries):
            if attempt:
                self._timer.sleep(_pause(attempt))
            try:
                return self._once(method, url, body, headers)
            except Fault as fault:
                problem = fault
            if problem.kind == "limit" and (closed := self.pace.closed_seconds()) > PATIENCE_SECONDS:
                raise Fault("limit", f"The provider asks to wait {closed / 60:.0f} minutes; run again then.")
            if problem.kind not in WORTH_REPEATING or (method == "POST" and problem.kind != "limit"):
                break
        raise problem

    def _once(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Return the answer, or raise what kept it from coming.

        A clock that went wrong is looked at once more.
        """
        answer = self._signed_call(method, url, body, headers)
        if answer.code == "QUERY_TIME_OUT":
            self._drift.seconds = None
            answer = self._signed_call(method, url, body, headers)
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            self.pace.refused(_retry_after(answer.headers.get("retry-after")))
        _refuse_passing(answer)
        self.pace.accepted()
        return answer

    def _signed_call(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        drift = self._seconds_of_drift()
        self.pace.wait()
        self.calls += 1
        kind = {"Content-Type": "application/json; charset=utf-8"} if body else {}
        return self._send(method, url, body, {**headers, **kind, **self._signed(method, url, body, drift)})

    def _send(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        try:
            response = self._http.request(method, url, content=body, headers=dict(headers))
        except httpx.TimeoutException:
            raise Fault("network", "The provider did not answer in time.") from None
        except httpx.HTTPError as error:
            host = httpx.URL(url).host
            raise Fault("network", f"The connection to {host} failed ({type(error).__name__}).") from None
        return Answer(response.status_code, _value(response), response.headers)

    def _signed(self, method: str, url: str, body: bytes, drift: int) -> dict[str, str]:
        stamp = str(int(datetime.now(UTC).timestamp()) + drift)
        consumer = self._keys.consumer_key.reveal()
        secret = self._keys.application_secret.reveal()
        text = b"+".join(
            (secret.encode(), consumer.encode(), method.encode(), url.encode(), body, stamp.encode())
        )
        return {
            "X-Ovh-Application": self._keys.application_key,
            "X-Ovh-Consumer": consumer,
            "X-Ovh-Timestamp": stamp,
            "X-Ovh-Signature": "$1$" + hashlib.sha1(text, usedforsecurity=False).hexdigest(),
        }

    def _seconds_of_drift(self) -> int:
        with self._drift.lock:
            if self._drift.seconds is None:
                answer = self._send("GET", f"{self.base}/auth/time", b"", {})
                _refuse_passing(answer)
                if type(answer.value) is not int:
                    raise Fault(
                        "endpoint",
                        f"{self.base}/auth/time does not tell the time: is this an APIv6 base URL?",
                    )
                self._drift.seconds = answer.value - int(datetime.now(UTC).timestamp())
            return self._drift.seconds


def segment(*texts: str) -> str:
    """Return the texts as one segment of a path, separated by commas."""
    return ",".join(quote(text, safe="") for text in texts)


def _refuse_passing(answer: Answer) -> None:
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        raise Fault(
            "limit", "The provider goes on refusing calls as too many; try later, or with fewer --per-minute."
        )
    if answer.status in PASSING:
        raise Fault("provider", f"The provider fails ({answer.status}) again and again; try later.")


def _query(query: Mapping[str, object]) -> str:
    shown = {
        name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in query.items()
    }
    return urlencode(shown, quote_via=quote)


def _value(response: httpx.Response) -> Any:
    """The decoded body; numbers with a fraction stay exact.

    A body that is no JSON is a Fault, unless an error's.
    """
    if not response.content:
        return None
    try:
        return EXACT.decode(response.content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            return None
        raise Fault(
            "answer", f"The provider answered {response.status_code} with something that is no JSON."
        ) from None


def _pause(attempt: int) -> float:
    """Seconds before the next try: doubling, half of it by chance, so that many do not come back together."""
    whole = min(PAUSE_MAX_SECONDS, 2.0 ** (attempt - 1))
    return whole / 2 + random.random() * whole / 2  # noqa: S311


def _retry_after(text: str | None) -> float | None:
    if not text:
        return None
    if text.strip().isdigit():
        return min(float(text), RETRY_AFTER_MAX_SECONDS)
    try:
        seconds = (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return None
    return max(0.0, min(seconds, RETRY_AFTER_MAX_SECONDS))

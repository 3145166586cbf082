"""E-invoicing platforms by their common interface: the flow service of AFNOR XP Z12-013, version 1.1.

A flow is posted with our key as its tracking id. After a try that may have arrived the platform is asked for
the key first, so that nothing is posted twice.
"""

import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx

from acquit.adapters.mail import put_off
from acquit.core.delivery import Answer, Flow, FlowTold, Outcome
from acquit.ports import Unreachable

TIMEOUT_SECONDS: Final = 30.0
PAGE: Final = 100
PAGES_MAX: Final = 1_000
EARLY_SECONDS: Final = 30.0
OVERLAP: Final = timedelta(milliseconds=1)
NEVER: Final = frozenset({400, 413, 415, 422})
"""Answers by which a flow is refused for good; any other that is no success may pass."""


class FlowService:
    """A platform at `url` (what stands before `/v1/flows`); its tokens come from `token_url` (OAuth 2.0)."""

    def __init__(self, url: str, token_url: str, login: str, secret: str) -> None:
        self._url, self._token_url = url.rstrip("/"), token_url
        self._login, self._secret = login, secret
        self._token, self._until = "", 0.0

    def __repr__(self) -> str:
        return f"FlowService({self._url})"

    def submit(self, flows: Sequence[Flow]) -> Iterator[Answer]:
        """Yield what became of each flow; when the platform gives no usable answer the rest is put off."""
        with self._wire() as wire:
            for number, flow in enumerate(flows):
                try:
                    answer = self._submit(wire, flow)
                except Unreachable as error:
                    yield from put_off(len(flows) - number, str(error))
                    return
                yield answer

    def told_since(self, since: datetime) -> list[FlowTold]:
        """Return every flow that changed after an instant, oldest change first. Raises Unreachable."""
        found: dict[str, FlowTold] = {}
        with self._wire() as wire:
            for _ in range(PAGES_MAX):
                page = self._search(wire, {"updatedAfter": _iso(since)})
                fresh = [each for each in page if found.get(each.flow_id) != each]
                found |= {each.flow_id: each for each in page}
                if len(page) < PAGE or not fresh:
                    break
                since = max(each.updated_at for each in page) - OVERLAP
        return sorted(found.values(), key=lambda each: each.updated_at)

    def fetch(self, flow_id: str) -> bytes:
        """Return the file of a flow as it was sent. Raises Unreachable."""
        with self._wire() as wire:
            got = self._call(wire, "GET", f"/v1/flows/{flow_id}", params={"docType": "Original"})
        if got.status_code != httpx.codes.OK:
            raise Unreachable(_said(got))
        return got.content

    def _submit(self, wire: httpx.Client, flow: Flow) -> Answer:
        if flow.is_again:
            known = self._search(wire, {"trackingId": flow.key})
            if known:
                return Answer(Outcome.SENT, known[0].flow_id, "arrived at an earlier try")
        about = {
            "trackingId": flow.key,
            "name": flow.file.name,
            "flowSyntax": flow.syntax,
            "processingRule": "B2B",
            "sha256": hashlib.sha256(flow.file.content).hexdigest(),
        }
        if flow.syntax != "CDAR":
            about["flowProfile"] = "CIUS"
        parts = {
            "flowInfo": (None, json.dumps(about), "application/json"),
            "file": (flow.file.name, flow.file.content, flow.file.media_type),
        }
        got = self._call(wire, "POST", "/v1/flows", files=parts)
        if got.is_success:
            return Answer(Outcome.SENT, _text(_document(got), "flowId"))
        if got.status_code in NEVER:
            return Answer(Outcome.REFUSED, told=_said(got))
        raise Unreachable(_said(got))

    def _search(self, wire: httpx.Client, where: dict[str, str]) -> list[FlowTold]:
        asked = {"limit": PAGE, "where": where}
        got = self._call(wire, "POST", "/v1/flows/search", json=asked)
        if not got.is_success:
            raise Unreachable(_said(got))
        results = _document(got).get("results")
        found = [_told(each) for each in results or () if isinstance(each, dict)]
        return [each for each in found if each is not None]

    def _call(self, wire: httpx.Client, method: str, path: str, **given: Any) -> httpx.Response:
        """Return the platform's answer; a token that it does not take is asked for anew, once."""
        try:
            got = wire.request(method, self._url + path, headers=self._bearer(wire), **given)
            if got.status_code == httpx.codes.UNAUTHORIZED:
                self._until = 0.0
                got = wire.request(method, self._url + path, headers=self._bearer(wire), **given)
        except httpx.HTTPError as error:
            raise Unreachable(f"{type(error).__name__}: {error}") from None
        return got

    def _bearer(self, wire: httpx.Client) -> dict[str, str]:
        if time.monotonic() >= self._until:
            asked = {"grant_type": "client_credentials"}
            got = wire.post(self._token_url, data=asked, auth=(self._login, self._secret))
            document = _document(got)
            self._token = _text(document, "access_token")
            if not got.is_success or not self._token:
                raise Unreachable(f"the platform gives us no token: {got.status_code}")
            lasts = document.get("expires_in")
            seconds = float(lasts) if isinstance(lasts, int | float) else 60.0
            self._until = time.monotonic() + max(seconds - EARLY_SECONDS, 0.0)
        return {"Authorization": f"Bearer {self._token}"}

    def _wire(self) -> httpx.Client:
        return httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False)


def _told(flow: dict[str, Any]) -> FlowTold | None:
    """Return what a platform tells of a flow; None when it names no flow."""
    flow_id = _text(flow, "flowId")
    if not flow_id:
        return None
    updated_at = _instant(_text(flow, "updatedAt") or _text(flow, "submittedAt"))
    acknowledged = flow.get("acknowledgement")
    said = acknowledged if isinstance(acknowledged, dict) else {}
    details = said.get("details")
    told = "; ".join(
        " ".join(filter(None, (_text(each, "reasonCode"), _text(each, "item"), _text(each, "reasonMessage"))))
        for each in (details if isinstance(details, list) else ())
        if isinstance(each, dict)
    )
    is_ours = _text(flow, "flowDirection") != "In"
    return FlowTold(flow_id, _text(flow, "flowType"), is_ours, _text(said, "status"), told, updated_at)


def _document(got: httpx.Response) -> dict[str, Any]:
    try:
        document = got.json()
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _text(document: dict[str, Any], name: str) -> str:
    value = document.get(name)
    return value if isinstance(value, str) else ""


def _said(got: httpx.Response) -> str:
    document = _document(got)
    said = (str(got.status_code), _text(document, "errorCode"), _text(document, "errorMessage"))
    return " ".join(filter(None, said))


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _instant(text: str) -> datetime:
    """Return the instant, that of 1970 when the platform tells none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)

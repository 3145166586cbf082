"""Who is calling: the headers of a signed request against the store, by the ladder of `core.access`.

What a process knows of a consumer key is remembered for a second at most, and only while it hears of
changes: a revocation in any process makes every other forget at once (NOTIFY).
"""

import threading
import time
from collections import OrderedDict, deque
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from acquit.actions.consumer_keys import key_hash
from acquit.actions.context import Context
from acquit.actions.record_usage import forget_calls, record_usage
from acquit.api.incoming import Incoming
from acquit.api.pace import Pace
from acquit.api.request import Caller
from acquit.api.routing import Target
from acquit.core import access as law
from acquit.core.access import Application, Call, Credential
from acquit.core.address_rule import UNRESTRICTED, AddressRules
from acquit.core.api_call import ApiCall
from acquit.core.identifiers import AccountId, CredentialId
from acquit.store import access
from acquit.store.transaction import Unavailable

BEARER: Final = "bearer"
REMEMBERED_SECONDS: Final = 1.0
REMEMBERED_MAX: Final = 20_000
BEAT_SECONDS: Final = 2.0
CALLS_WAITING_MAX: Final = 20_000
FORGET_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Known:
    """What admits one consumer key of one application; the secret is in clear and is never shown."""

    application: Application
    secret: str = field(repr=False)
    credential: Credential | None
    caller: Caller | None
    address_rules: AddressRules = UNRESTRICTED


class Memory:
    """What a process remembers of access: for a second, and not across a change that it heard of."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], tuple[float, Known]] = OrderedDict()
        self._lock = threading.Lock()
        self._age = 0
        self._hears = False

    @property
    def age(self) -> int:
        """Grows with every change; what was read before a change is not remembered after it."""
        return self._age

    def get(self, key: tuple[str, str]) -> Known | None:
        """Return what is remembered, no older than a second."""
        with self._lock:
            kept = self._known.get(key)
        if kept is None or time.monotonic() - kept[0] > REMEMBERED_SECONDS:
            return None
        return kept[1]

    def put(self, key: tuple[str, str], known: Known, age: int, read_at: float) -> None:
        """Remember what was read at that time, unless something changed since `age`."""
        with self._lock:
            if self._hears and age == self._age:
                self._known[key] = (read_at, known)
                self._known.move_to_end(key)
                if len(self._known) > REMEMBERED_MAX:
                    self._known.popitem(last=False)

    def forget(self, *, hears: bool) -> None:
        """Forget everything; `hears` tells whether changes will be heard from now on."""
        with self._lock:
            self._known.clear()
            self._age += 1
            self._hears = hears


class Gate:
    """Admits signed requests, keeps count of them, and hears of revocations."""

    def __init__(self, context: Context, pace: Pace | None = None) -> None:
        self._context = context
        self._pace = pace
        self._memory = Memory()
        self._uses: dict[CredentialId, tuple[datetime, int]] = {}
        self._calls: deque[ApiCall] = deque(maxlen=CALLS_WAITING_MAX)
        self._called: set[AccountId] = set()
        self._forgot_at = time.monotonic()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._writer = threading.Thread(target=self._write_uses, name="access-uses", daemon=True)
        self._writer.start()
        threading.Thread(target=self._hear, name="access-changes", daemon=True).start()

    def admit(self, incoming: Incoming, target: Target) -> Caller:
        """Return the caller, or raise the first refusal of the ladder in `core.access`."""
        headers = incoming.headers
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind.lower() == BEARER and "x-ovh-application" not in headers:
            return self._admit_bearer(incoming, target, token.strip())
        application_key, consumer_key = (
            headers.get("x-ovh-application", ""),
            headers.get("x-ovh-consumer", ""),
        )
        known = self._known(application_key, consumer_key) if application_key else None
        now = self._context.clock.now()
        credential = law.admit(
            _call(incoming, target),
            known.application if known else None,
            known.secret if known else "",
            consumer_key,
            known.credential if known else None,
            incoming.origin.signed,
            now,
        )
        return self._counted(known, credential.credential_id, now, incoming.origin.address)

    def _admit_bearer(self, incoming: Incoming, target: Target, token: str) -> Caller:
        known = self._known("", token)
        now = self._context.clock.now()
        credential = law.admit_bearer(
            _call(incoming, target),
            known.application if known else None,
            known.credential if known else None,
            now,
        )
        return self._counted(known, credential.credential_id, now, incoming.origin.address)

    def _counted(
        self, known: Known | None, credential_id: CredentialId, now: datetime, address: str
    ) -> Caller:
        """Count a call from an address that the account accepts. Raises AddressNotAllowed, TooManyCalls."""
        assert known is not None
        assert known.caller is not None
        if not known.address_rules.decide(address).accepts:
            raise law.AddressNotAllowed
        if self._pace is not None:
            self._pace.take(credential_id)
        self._count(credential_id, now)
        return known.caller

    def _known(self, application_key: str, consumer_key: str) -> Known | None:
        """Look up a consumer key of an application, or, without one, a bearer token."""
        key = (application_key, consumer_key)
        remembered = self._memory.get(key)
        if remembered is not None:
            return remembered
        age, started = self._memory.age, time.monotonic()
        found = self._look_up(application_key, key_hash(consumer_key))
        if found is not None and found.caller is not None:
            self._memory.put(key, found, age, started)
        return found

    def _look_up(self, application_key: str, hashed: bytes) -> Known | None:
        with self._context.database.read() as tx:
            bearer = not application_key
            signer = (
                access.find_bearer(tx, hashed) if bearer else access.find_signer(tx, application_key, hashed)
            )
        if signer is None:
            return None
        secret = self._context.sealer.unseal(signer.secret_sealed)
        return Known(signer.application, secret, signer.credential, _caller(signer), signer.address_rules)

    # ------------------------------------------------------------ what runs beside

    def _count(self, credential_id: CredentialId, now: datetime) -> None:
        with self._lock:
            _, calls = self._uses.get(credential_id, (now, 0))
            self._uses[credential_id] = (now, calls + 1)

    def note(self, call: ApiCall) -> None:
        """Keep a call until the next beat; when the database is away for long the oldest are lost."""
        self._calls.append(call)

    def _write_uses(self) -> None:
        while not self._stopping.wait(BEAT_SECONDS):
            self.flush()
            if time.monotonic() - self._forgot_at > FORGET_SECONDS:
                self._forget()

    def _forget(self) -> None:
        self._forgot_at = time.monotonic()
        called, self._called = self._called, set()
        with suppress(Unavailable):
            forget_calls(self._context, sorted(called))

    def flush(self) -> None:
        """Write the traces of use that wait; when the database is away they wait on."""
        with self._lock:
            uses, self._uses = self._uses, {}
        calls = [self._calls.popleft() for _ in range(len(self._calls))]
        self._called.update(call.account_id for call in calls)
        try:
            record_usage(self._context, uses, calls)
        except Unavailable:
            self._calls.extendleft(reversed(calls))
            with self._lock:
                for credential_id, (at, made) in uses.items():
                    last, more = self._uses.get(credential_id, (at, 0))
                    self._uses[credential_id] = (max(last, at), made + more)

    def _hear(self) -> None:
        while not self._stopping.is_set():
            try:
                for changed in access.hear_changes(self._context.database.url, BEAT_SECONDS):
                    if changed:
                        self._memory.forget(hears=True)
                    if self._stopping.is_set():
                        return
            except Unavailable:
                self._memory.forget(hears=False)
                self._stopping.wait(1)

    def close(self) -> None:
        """Write the traces that wait, and end; the listener ends at its next beat."""
        self._stopping.set()
        self._writer.join()
        self.flush()
        if self._pace is not None:
            self._pace.close()


def _call(incoming: Incoming, target: Target) -> Call:
    return Call(
        method=incoming.method,
        target=incoming.target,
        rule_path=target.rule_path,
        body=incoming.body,
        timestamp=incoming.headers.get("x-ovh-timestamp", ""),
        signature=incoming.headers.get("x-ovh-signature", ""),
        address=incoming.origin.address,
    )


def _caller(signer: access.Signer) -> Caller | None:
    credential = signer.credential
    if credential is None or credential.account_id is None or signer.legal_entity_id is None:
        return None
    return Caller(
        account_id=credential.account_id,
        application_id=credential.application_id,
        credential_id=credential.credential_id,
        login=credential.login,
        rules=credential.rules,
        legal_entity_id=signer.legal_entity_id,
        currency=signer.currency,
        zone=ZoneInfo(signer.zone),
        test_on=signer.test_on,
        service_account_id=signer.service_account_id,
        actions=signer.actions,
    )

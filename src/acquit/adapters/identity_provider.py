"""OpenID Connect: discovery, the authorization code with PKCE, and the proof of an id token.

Source: OpenID Connect Core 1.0, sections 3.1.2 and 3.1.3.7; Discovery 1.0; RFC 7636 (PKCE, S256);
RFC 9700 (best practice): the algorithms are ours to choose, never the token's.
"""

import base64
import hashlib
import hmac
import json
import logging
import threading
import time
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from acquit.core.single_sign_on import IdentityRefused, Proven
from acquit.ports import Unreachable

log = logging.getLogger("acquit.identity")

ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA")
SCOPES: Final = "openid email profile"
TIMEOUT_SECONDS: Final = 10.0
KEPT_SECONDS: Final = 3600.0
ANEW_SECONDS: Final = 30.0
LEEWAY_SECONDS: Final = 60
BODY_MAX: Final = 1_000_000
SUBJECT_MAX: Final = 255
LOCAL: Final = ("127.0.0.1", "localhost", "::1")


class OpenIdProvider:
    """The provider that signs as `issuer`; what it says about itself and its keys are kept for an hour."""

    def __init__(self, issuer: str, registered_as: str, secret: str, groups_claim: str = "groups") -> None:
        self._issuer, self._registered_as, self._secret = issuer, registered_as, secret
        self._groups_claim = groups_claim
        self._about: dict[str, Any] = {}
        self._keys: KeySet | None = None
        self._about_until = self._keys_until = self._keys_at = 0.0
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"OpenIdProvider({self._issuer})"

    @property
    def issuer(self) -> str:
        """The provider's name, as it signs."""
        return self._issuer

    def link(self, back: str, state: str, nonce: str, verifier: str) -> str:
        """Return where the browser is sent. Raises Unreachable."""
        digest = hashlib.sha256(verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self._registered_as,
            "redirect_uri": back,
            "scope": SCOPES,
            "state": state,
            "nonce": nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return _with(self._endpoint("authorization_endpoint"), asked)

    def leave_link(self, back: str) -> str:
        """Return where the browser ends its session there, empty when the provider has no such page."""
        if not self._discovered().get("end_session_endpoint"):
            return ""
        asked = {"client_id": self._registered_as, "post_logout_redirect_uri": back}
        return _with(self._endpoint("end_session_endpoint"), asked)

    def prove(self, back: str, code: str, nonce: str, verifier: str) -> Proven:
        """Return who came back with the code. Raises IdentityRefused, Unreachable."""
        given = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "code_verifier": verifier,
        }
        names = quote(self._registered_as, safe=""), quote(self._secret, safe="")
        answer = _call("POST", self._endpoint("token_endpoint"), data=given, auth=names)
        if answer.status_code in (400, 401, 403):
            raise self._refused(f"the token endpoint says {answer.status_code} {_error(answer)}")
        token = _document(answer).get("id_token")
        if not isinstance(token, str):
            raise self._refused("no id token")
        return self._proven(self._claims(token, nonce))

    def _claims(self, token: str, nonce: str) -> dict[str, Any]:
        """Return the claims of an id token that is signed by the provider, for us, now, for this browser."""
        try:
            try:
                read = jwt.decode(token, self._key_set(), list(ALGORITHMS))
            except (JoseError, ValueError):
                read = jwt.decode(token, self._key_set(anew=True), list(ALGORITHMS))
            registry = jwt.JWTClaimsRegistry(
                leeway=LEEWAY_SECONDS,
                iss={"essential": True, "value": self._issuer},
                sub={"essential": True},
                aud={"essential": True, "value": self._registered_as},
                exp={"essential": True},
                iat={"essential": True},
                nonce={"essential": True},
            )
            registry.validate(read.claims)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise self._refused(f"{type(error).__name__}: {error}") from error
        claims = dict(read.claims)
        if not hmac.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
            raise self._refused("the nonce is of another sign-in")
        audience = claims["aud"]
        is_shared = isinstance(audience, list) and len(audience) > 1
        if (is_shared or "azp" in claims) and claims.get("azp") != self._registered_as:
            raise self._refused("the token is for another program")
        return claims

    def _proven(self, claims: dict[str, Any]) -> Proven:
        subject, email = claims["sub"], claims.get("email")
        if not isinstance(subject, str) or not 0 < len(subject) <= SUBJECT_MAX or not subject.isprintable():
            raise self._refused("the subject is none")
        is_verified = claims.get("email_verified") is True and isinstance(email, str)
        groups = claims.get(self._groups_claim, ())
        listed = [groups] if isinstance(groups, str) else groups
        named = tuple(str(each) for each in listed) if isinstance(listed, list | tuple) else ()
        return Proven(self._issuer, subject, str(email) if is_verified else "", named)

    def _refused(self, reason: str) -> IdentityRefused:
        log.warning("identity.refused", extra={"issuer": self._issuer, "reason": reason[:300]})
        return IdentityRefused(reason)

    # ------------------------------------------------------------ what the provider says about itself

    def _discovered(self) -> dict[str, Any]:
        with self._lock:
            if time.monotonic() < self._about_until:
                return self._about
            url = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
            about = _document(_call("GET", url))
            if about.get("issuer") != self._issuer:
                raise Unreachable(f"{url} tells of another issuer")
            self._about, self._about_until = about, time.monotonic() + KEPT_SECONDS
            return about

    def _endpoint(self, name: str) -> str:
        return _safe(str(self._discovered().get(name, "")), name)

    def _key_set(self, *, anew: bool = False) -> KeySet:
        """Return the provider's keys; a token of an unknown key has them fetched anew, not too often."""
        url = self._endpoint("jwks_uri")
        with self._lock:
            now = time.monotonic()
            is_due = now >= self._keys_until or (anew and now >= self._keys_at + ANEW_SECONDS)
            if self._keys is None or is_due:
                document: Any = _document(_call("GET", url))
                self._keys = KeySet.import_key_set(document)
                self._keys_at, self._keys_until = now, now + KEPT_SECONDS
            return self._keys


def _call(method: str, url: str, **options: Any) -> httpx.Response:
    try:
        with httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False, trust_env=False) as wire:
            answer = wire.request(method, url, headers={"Accept": "application/json"}, **options)
    except httpx.HTTPError as error:
        raise Unreachable(f"{urlsplit(url).hostname}: {type(error).__name__}") from error
    if len(answer.content) > BODY_MAX:
        raise Unreachable(f"{urlsplit(url).hostname} answers more than {BODY_MAX} bytes")
    return answer


def _document(answer: httpx.Response) -> dict[str, Any]:
    try:
        document = json.loads(answer.content) if answer.status_code == httpx.codes.OK else None
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise Unreachable(f"{answer.request.url.host} answers {answer.status_code} and nothing usable")
    return document


def _error(answer: httpx.Response) -> str:
    """Return the error code of RFC 6749, never the description, which may quote what was sent."""
    try:
        return str(json.loads(answer.content).get("error", ""))[:60]
    except (ValueError, AttributeError):
        return ""


def _safe(url: str, name: str) -> str:
    parts = urlsplit(url)
    if not parts.hostname or not (parts.scheme == "https" or parts.hostname in LOCAL):
        raise Unreachable(f"the provider's {name} is no https address")
    return url


def _with(url: str, asked: dict[str, str]) -> str:
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(asked)}"

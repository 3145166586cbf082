"""An identity provider on the loopback: discovery, keys, codes with PKCE, id tokens signed with RSA."""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

CLIENT, SECRET = "acquit", "a secret: with/odd +signs"


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def number(value: int) -> str:
    return encoded(value.to_bytes((value.bit_length() + 7) // 8, "big"))


class Key:
    """A key pair with its id."""

    def __init__(self, kid: str) -> None:
        self.kid = kid
        self.private = rsa.generate_private_key(65537, 2048)

    @property
    def published(self) -> dict[str, str]:
        numbers = self.private.public_key().public_numbers()
        return {"kty": "RSA", "use": "sig", "kid": self.kid, "n": number(numbers.n), "e": number(numbers.e)}

    def sign(self, claims: dict[str, Any], **header: object) -> str:
        parts = {"alg": "RS256", "kid": self.kid, "typ": "JWT"} | header
        signed = ".".join(encoded(json.dumps(each).encode()) for each in (parts, claims))
        if parts["alg"] == "none":
            return f"{signed}."
        if parts["alg"] == "HS256":
            shared = json.dumps(self.published).encode()
            return f"{signed}.{encoded(hmac.digest(shared, signed.encode(), 'sha256'))}"
        return f"{signed}.{encoded(self.private.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


class Provider:
    """What the provider knows and does; tests bend `claims`, `header`, `key` and `about`."""

    def __init__(self) -> None:
        self.key = Key("first")
        self.published = [self.key.published]
        self.person: dict[str, Any] = {"sub": "s-1", "email": "tess@example.com", "email_verified": True}
        self.claims: dict[str, Any] = {}
        self.header: dict[str, Any] = {}
        self.about: dict[str, Any] = {}
        self.missing: tuple[str, ...] = ()
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        self.issuer = ""

    def discovery(self) -> dict[str, Any]:
        names = {"authorization": "authorize", "token": "token", "end_session": "leave"}
        ends = {f"{name}_endpoint": f"{self.issuer}/{path}" for name, path in names.items()}
        return {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys"} | ends | self.about

    def authorize(self, link: str) -> str:
        """Let the person in who is at the browser; return where the browser is sent back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
        assert asked["client_id"] == CLIENT
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        answer = {"code": code, "state": asked["state"], "iss": self.issuer}
        return f"{asked['redirect_uri']}?{urlencode(answer)}"

    def token(self, given: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        name, _, secret = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        if (unquote(name), unquote(secret)) != (CLIENT, SECRET):
            return 401, {"error": "invalid_client"}
        asked = self.codes.pop(given.get("code", ""), None)
        proof = encoded(hashlib.sha256(given.get("code_verifier", "").encode()).digest())
        if (
            asked is None
            or given["redirect_uri"] != asked["redirect_uri"]
            or proof != asked["code_challenge"]
            or given["grant_type"] != "authorization_code"
        ):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        claims |= self.person | self.claims
        signed = self.key.sign(
            {name: value for name, value in claims.items() if name not in self.missing}, **self.header
        )
        return 200, {"access_token": "opaque", "token_type": "Bearer", "id_token": signed}


@contextmanager
def served() -> Iterator[Provider]:
    """Serve a provider on a free port of the loopback."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            provider.asked.append(path)
            if path == "/.well-known/openid-configuration":
                self._say(200, provider.discovery())
            elif path == "/keys":
                self._say(200, {"keys": provider.published})
            elif path == "/authorize":
                self.send_response(302)
                self.send_header("Location", provider.authorize(self.path))
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                self._say(404, {})

        def do_POST(self) -> None:
            provider.asked.append(self.path)
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            given = {name: values[0] for name, values in parse_qs(text).items()}
            self._say(*provider.token(given, self.headers.get("Authorization", "")))

        def log_message(self, *_: object) -> None:
            pass

        def _say(self, status: int, document: dict[str, Any]) -> None:
            content = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""Secrets at rest: AES-256-GCM under a key of the data directory; tokens, signatures by others."""

import base64
import hashlib
import hmac
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12


class AesSealer:
    """Seals with a key derived from the installation's secret; tokens and signatures with others."""

    def __init__(self, secret: bytes) -> None:
        assert len(secret) >= 32, "the secret key has at least 32 bytes"
        self._cipher = AESGCM(_derive(secret, b"seal"))
        self._token = hmac.new(_derive(secret, b"token"), digestmod=hashlib.sha256)
        self._signing_key = Ed25519PrivateKey.from_private_bytes(_derive(secret, b"sign"))

    def seal(self, secret: str) -> bytes:
        """Return the secret encrypted and authenticated, its nonce in front."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret.encode(), None)

    def unseal(self, sealed: bytes) -> str:
        """Return the secret that was sealed. Raises ValueError when it was tampered with."""
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None).decode()
        except InvalidTag:
            raise ValueError("a sealed secret does not open with this key") from None

    def token(self, purpose: str) -> str:
        """Return the 24 characters (144 bits) of base64url that belong to `purpose`."""
        keyed = self._token.copy()
        keyed.update(purpose.encode())
        return base64.urlsafe_b64encode(keyed.digest()[:18]).decode()

    def sign(self, message: bytes) -> bytes:
        """Return the installation's Ed25519 signature (64 bytes, RFC 8032) of the message."""
        return self._signing_key.sign(message)

    def public_key(self) -> bytes:
        """Return the 32 bytes by which anybody checks a signature."""
        return self._signing_key.public_key().public_bytes_raw()


def _derive(secret: bytes, label: bytes) -> bytes:
    return hmac.new(secret, b"acquit " + label, hashlib.sha256).digest()


def secret_of(path: Path) -> bytes:
    """Return the installation's secret, made on first use in a file that only its owner reads.

    Two processes that start together agree on one: the file appears whole, and only once.
    """
    if not path.exists():
        descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=".secret-")
        with os.fdopen(descriptor, "w") as out:
            out.write(os.urandom(32).hex() + "\n")
            out.flush()
            os.fsync(out.fileno())
        with suppress(FileExistsError):
            os.link(part, path)
        Path(part).unlink()
    return bytes.fromhex(path.read_text().strip())

"""A certificate for this machine alone, so that clients that speak only https can be tried."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFE_DAYS: Final = 820
NAMES: Final = (
    x509.DNSName("localhost"),
    x509.IPAddress(ip_address("127.0.0.1")),
    x509.IPAddress(ip_address("::1")),
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """Files of PEM: what clients have to trust, and what the server shows."""

    authority: Path
    certificate: Path
    key: Path


def certificate_in(directory: Path) -> Certificate:
    """Return the certificate of the directory, made on first use or when it has ended."""
    found = Certificate(directory / "authority.pem", directory / "server.pem", directory / "server.key")
    if not _is_good(found):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make(found)
    return found


def _is_good(found: Certificate) -> bool:
    try:
        read = x509.load_pem_x509_certificate(found.certificate.read_bytes())
    except (OSError, ValueError):
        return False
    ends_at = read.not_valid_after_utc
    return found.key.exists() and found.authority.exists() and ends_at > datetime.now(UTC) + timedelta(days=1)


def _make(found: Certificate) -> None:
    authority_key, server_key = (
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP256R1()),
    )
    authority_name, server_name = _name("Acquit demo authority"), _name("localhost")
    own = _builder(authority_name, authority_name, authority_key.public_key())
    own = own.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    shown = _builder(server_name, authority_name, server_key.public_key())
    shown = shown.add_extension(x509.SubjectAlternativeName(NAMES), critical=False)
    shown = shown.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    signed = [each.sign(authority_key, hashes.SHA256()) for each in (own, shown)]
    authority, server = (each.public_bytes(serialization.Encoding.PEM) for each in signed)
    found.key.touch(mode=0o600)
    found.key.write_bytes(
        server_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    found.authority.write_bytes(authority)
    found.certificate.write_bytes(server + authority)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=LIFE_DAYS))
    )

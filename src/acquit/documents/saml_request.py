"""The question to an identity provider (AuthnRequest), in the address that a browser is sent to; our key.

Source: SAML 2.0 core, section 3.4.1; bindings, section 3.4 (HTTP-Redirect, DEFLATE); Protocol Extension for
Requesting Attributes 1.0 (OASIS, 2017).
"""

import base64
import zlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from lxml import etree

from acquit.core.saml import AccountProvider, OurSide
from acquit.documents.saml_tree import METADATA, POST_BINDING, PROTOCOL, REQUESTING, SAML, name, told

SIGNED_BY: Final = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
KEY_BITS: Final = 3_072
CERTIFICATE_LIFE: Final = timedelta(days=20 * 365)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The key by which requests are signed: PEM without a password, and its certificate in DER."""

    pem: str = field(repr=False)
    certificate: bytes


def new_signing_key(now: datetime) -> SigningKey:
    """Return a fresh key with a certificate that it signs itself: only the key in it counts."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=KEY_BITS)
    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Acquit single sign-on")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(own)
        .issuer_name(own)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + CERTIFICATE_LIFE)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return SigningKey(pem.decode(), certificate.public_bytes(serialization.Encoding.DER))


def request_link(
    provider: AccountProvider, ours: OurSide, request_id: str, now: datetime, key: SigningKey | None
) -> str:
    """Return where the browser is sent with the request; with a key it is signed (RSA, SHA-256)."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = packer.compress(_request(provider, ours, request_id, now)) + packer.flush()
    query = urlencode({"SAMLRequest": base64.b64encode(packed).decode()})
    if key is not None:
        query += f"&SigAlg={quote(SIGNED_BY, safe='')}"
        private = serialization.load_pem_private_key(key.pem.encode(), None)
        assert isinstance(private, rsa.RSAPrivateKey), "our own key is RSA"
        signature = private.sign(query.encode(), padding.PKCS1v15(), hashes.SHA256())
        query += f"&Signature={quote(base64.b64encode(signature).decode(), safe='')}"
    url = provider.metadata.sign_on_url
    return f"{url}{'&' if urlsplit(url).query else '?'}{query}"


def _request(provider: AccountProvider, ours: OurSide, request_id: str, now: datetime) -> bytes:
    root = etree.Element(
        name(PROTOCOL, "AuthnRequest"),
        nsmap={"samlp": PROTOCOL, "saml": SAML},
        ID=request_id,
        Version="2.0",
        IssueInstant=told(now),
        Destination=provider.metadata.sign_on_url,
        ProtocolBinding=POST_BINDING,
        AssertionConsumerServiceURL=ours.answers_url,
    )
    etree.SubElement(root, name(SAML, "Issuer")).text = ours.entity_id
    if provider.wishes.requested:
        extensions = etree.SubElement(root, name(PROTOCOL, "Extensions"))
        asked = etree.SubElement(
            extensions, name(REQUESTING, "RequestedAttributes"), nsmap={"req-attr": REQUESTING}
        )
        for each in provider.wishes.requested:
            wanted = etree.SubElement(
                asked, name(METADATA, "RequestedAttribute"), nsmap={"md": METADATA}, Name=each.name
            )
            if each.name_format:
                wanted.set("NameFormat", each.name_format)
            wanted.set("isRequired", "true" if each.is_required else "false")
            for value in each.values:
                etree.SubElement(wanted, name(SAML, "AttributeValue")).text = value
    etree.SubElement(root, name(PROTOCOL, "NameIDPolicy"), AllowCreate="true")
    return bytes(etree.tostring(root))

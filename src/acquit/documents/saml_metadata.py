"""Metadata of SAML: read from an identity provider, written for ourselves.

Source: SAML 2.0 metadata (OASIS, 2005), sections 2.3.2, 2.4.1.1, 2.4.3 and 2.4.4.
"""

import base64
import binascii
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree

from acquit.core.saml import BadMetadata, Certificate, Metadata, OurSide
from acquit.core.saml_reason import Why
from acquit.documents.saml_tree import (
    METADATA,
    POST_BINDING,
    PROTOCOL,
    REDIRECT_BINDING,
    SIGNATURE,
    BadTree,
    Element,
    instant,
    name,
    text_of,
    tree,
)

BYTES_MAX: Final = 500_000
NAME_MAX: Final = 1_024
CERTIFICATES_MAX: Final = 10
RSA_BITS_MIN: Final = 2_048
EC_BITS_MIN: Final = 256
LOCAL: Final = ("127.0.0.1", "localhost", "::1")


def read_metadata(text: str, now: datetime) -> Metadata:
    """Return what the identity provider says of itself. Raises BadMetadata."""
    content = text.strip().encode()
    if not 0 < len(content) <= BYTES_MAX:
        raise BadMetadata(Why.EMPTY)
    try:
        root = tree(content, strict=False)
    except BadTree as error:
        raise BadMetadata(error.why) from error
    entity, role = _described(root)
    for said in filter(None, (each.get("validUntil") for each in (root, entity, role))):
        until = instant(said)
        if until is None:
            raise BadMetadata(Why.NO_TIMES)
        if until <= now:
            raise BadMetadata(Why.VALID_NO_MORE)
    entity_id = entity.get("entityID", "")
    if not 0 < len(entity_id) <= NAME_MAX or not entity_id.isprintable():
        raise BadMetadata(Why.NO_ENTITY_ID)
    certificates = _certificates(role)
    if not certificates:
        raise BadMetadata(Why.NO_CERTIFICATE)
    if all(each.is_over(now) for each in certificates):
        raise BadMetadata(Why.CERTIFICATES_OVER)
    return Metadata(entity_id, _sign_on_url(role), certificates)


def _described(root: Element) -> tuple[Element, Element]:
    """Return the one entity that is an identity provider, and its role as one."""
    entities = [root] if root.tag == name(METADATA, "EntityDescriptor") else []
    if root.tag == name(METADATA, "EntitiesDescriptor"):
        entities = list(root.iter(name(METADATA, "EntityDescriptor")))
    found = [
        (entity, role)
        for entity in entities
        for role in entity.findall(name(METADATA, "IDPSSODescriptor"))
        if PROTOCOL in role.get("protocolSupportEnumeration", "").split()
    ]
    if len(found) != 1:
        raise BadMetadata(Why.NO_PROVIDER)
    return found[0]


def _sign_on_url(role: Element) -> str:
    places = role.findall(name(METADATA, "SingleSignOnService"))
    links: list[str] = [
        each.get("Location", "") for each in places if each.get("Binding") == REDIRECT_BINDING
    ]
    if not links:
        raise BadMetadata(Why.NO_REDIRECT)
    if not _is_safe(links[0]):
        raise BadMetadata(Why.NO_HTTPS)
    return links[0]


def _is_safe(link: str) -> bool:
    try:
        parts = urlsplit(link)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    plain = len(link) <= NAME_MAX and link.isascii() and link.isprintable() and " " not in link
    secure = parts.scheme == "https" or (parts.scheme == "http" and host in LOCAL)
    return plain and secure and bool(host) and parts.username is None and not parts.fragment


def _certificates(role: Element) -> tuple[Certificate, ...]:
    """Return the certificates for signing, each once."""
    keys = [each for each in role.findall(name(METADATA, "KeyDescriptor")) if each.get("use") != "encryption"]
    texts = [text_of(each) for key in keys for each in key.iter(name(SIGNATURE, "X509Certificate"))]
    if len(texts) > CERTIFICATES_MAX:
        raise BadMetadata(Why.TOO_MANY_CERTIFICATES)
    found = [_certificate("".join(text.split())) for text in texts]
    return tuple({each.der: each for each in found}.values())


def _certificate(text: str) -> Certificate:
    try:
        der = base64.b64decode(text, validate=True)
        read = x509.load_der_x509_certificate(der)
        key = read.public_key()
        subject = read.subject.rfc4514_string()
    except (binascii.Error, ValueError, UnsupportedAlgorithm) as error:
        raise BadMetadata(Why.BROKEN_CERTIFICATE) from error
    is_strong = (isinstance(key, rsa.RSAPublicKey) and key.key_size >= RSA_BITS_MIN) or (
        isinstance(key, ec.EllipticCurvePublicKey) and key.key_size >= EC_BITS_MIN
    )
    if not is_strong:
        raise BadMetadata(Why.WEAK_KEY)
    return Certificate(subject[:500], read.not_valid_after_utc, der)


def our_metadata(ours: OurSide, certificate: bytes) -> bytes:
    """Return what an identity provider has to know of us; the certificate (DER) signs our requests."""
    spaces = {"md": METADATA, "ds": SIGNATURE}
    root = etree.Element(name(METADATA, "EntityDescriptor"), nsmap=spaces, entityID=ours.entity_id)
    role = etree.SubElement(
        root,
        name(METADATA, "SPSSODescriptor"),
        WantAssertionsSigned="true",
        protocolSupportEnumeration=PROTOCOL,
    )
    key = etree.SubElement(role, name(METADATA, "KeyDescriptor"), use="signing")
    listed = etree.SubElement(etree.SubElement(key, name(SIGNATURE, "KeyInfo")), name(SIGNATURE, "X509Data"))
    etree.SubElement(listed, name(SIGNATURE, "X509Certificate")).text = base64.b64encode(certificate).decode()
    etree.SubElement(
        role,
        name(METADATA, "AssertionConsumerService"),
        Binding=POST_BINDING,
        Location=ours.answers_url,
        index="0",
        isDefault="true",
    )
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))

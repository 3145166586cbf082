"""An identity provider that speaks SAML 2.0: it signs by xmlsec, which shares no code with our verifier.

Tests bend what it says before it signs (`Idp.bend`) and what was signed afterwards.
"""

import base64
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID
from lxml import etree

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
DS = "http://www.w3.org/2000/09/xmldsig#"
SPACES = {"saml": SAML, "samlp": PROTOCOL, "ds": DS}
GROUPS = "http://schemas.xmlsoap.org/claims/Group"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"


class Key:
    """A key with a certificate that it signs itself."""

    def __init__(self, *, days: int = 365, bits: int = 2048, is_curve: bool = False) -> None:
        self.private = (
            ec.generate_private_key(ec.SECP256R1()) if is_curve else rsa.generate_private_key(65537, bits)
        )
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp.example.com")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.private.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=800))
            .not_valid_after(now + timedelta(days=days))
            .sign(self.private, hashes.SHA256())
        )
        self.der = certificate.public_bytes(serialization.Encoding.DER)
        self.pem = self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    @property
    def text(self) -> str:
        return base64.b64encode(self.der).decode()


@dataclass
class Asked:
    """A request of ours as the provider reads it."""

    id: str
    issuer: str
    answers_url: str
    destination: str
    xml: Any
    signed: bool = False


@dataclass
class Idp:
    """What the provider knows of the person at the browser, and how it answers."""

    key: Key = field(default_factory=Key)
    entity_id: str = "https://idp.example.com/saml"
    url: str = "https://idp.example.com/sso"
    name: str = "alice@example.com"
    name_format: str = PERSISTENT
    groups: Iterable[str] = ("ADMIN",)
    attributes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    signs: str = "assertion"
    signature: Any = None
    digest: Any = None
    transform: Any = None
    prefixes: str = ""
    bend: Callable[[Any], None] = lambda response: None
    now: datetime | None = None

    def metadata(self, *keys: Key, url: str = "", extra: str = "") -> str:
        listed = "".join(
            f'<KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{each.text}'
            "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>"
            for each in keys or (self.key,)
        )
        return (
            '<?xml version="1.0" encoding="UTF-8"?>'
            f'<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="{DS}" '
            f'entityID="{self.entity_id}"{extra}><IDPSSODescriptor protocolSupportEnumeration="{PROTOCOL}">'
            f"{listed}<SingleSignOnService "
            'Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://idp.example.com/post"/>'
            '<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" '
            f'Location="{url or self.url}"/></IDPSSODescriptor></EntityDescriptor>'
        )

    def read(self, link: str, certificate: bytes | None = None) -> Asked:
        """Read a request out of the link; with our certificate (DER) its signature must be good."""
        query = urlsplit(link).query
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        xml = etree.fromstring(zlib.decompress(base64.b64decode(asked["SAMLRequest"]), -15))
        if certificate is not None:
            signed, _, signature = query.rpartition("&Signature=")
            signed = signed[signed.index("SAMLRequest=") :]
            key = x509.load_der_x509_certificate(certificate).public_key()
            assert isinstance(key, rsa.RSAPublicKey)
            key.verify(
                base64.b64decode(parse_qs(f"s={signature}")["s"][0]),
                signed.encode(),
                padding.PKCS1v15(),
                hashes.SHA256(),
            )
            assert quote(asked["SigAlg"], safe="") in signed
        return Asked(
            xml.get("ID"),
            xml.findtext(f"{{{SAML}}}Issuer"),
            xml.get("AssertionConsumerServiceURL"),
            xml.get("Destination"),
            xml,
            "Signature" in asked,
        )

    def answer(self, asked: Asked) -> str:
        """Return the field SAMLResponse that answers a request."""
        return packed(self.signed(asked))

    def signed(self, asked: Asked) -> Any:
        response = self.unsigned(asked)
        self.bend(response)
        response = etree.fromstring(etree.tostring(response))
        if self.signs in ("assertion", "both"):
            self.sign(response.find("saml:Assertion", SPACES))
        if self.signs in ("response", "both"):
            self.sign(response)
        return etree.fromstring(etree.tostring(response))

    def sign(self, element: Any, key: Key | None = None) -> None:
        """Sign an element of SAML by an enveloped signature behind its issuer."""
        template = xmlsec.template.create(
            element,
            xmlsec.constants.TransformExclC14N,
            self.signature or xmlsec.constants.TransformRsaSha256,
            ns="ds",
        )
        element.insert(1, template)
        reference = xmlsec.template.add_reference(
            template, self.digest or xmlsec.constants.TransformSha256, uri=f"#{element.get('ID')}"
        )
        xmlsec.template.add_transform(reference, xmlsec.constants.TransformEnveloped)
        canonical = xmlsec.template.add_transform(
            reference, self.transform or xmlsec.constants.TransformExclC14N
        )
        if self.prefixes:
            etree.SubElement(
                canonical,
                "{http://www.w3.org/2001/10/xml-exc-c14n#}InclusiveNamespaces",
                PrefixList=self.prefixes,
            )
        about = xmlsec.template.ensure_key_info(template)
        xmlsec.template.add_x509_data(about)
        signing = key or self.key
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(signing.pem, xmlsec.constants.KeyDataFormatPem)
        context.key.load_cert_from_memory(signing.der, xmlsec.constants.KeyDataFormatCertDer)
        xmlsec.tree.add_ids(element.getroottree().getroot(), ["ID"])
        context.sign(template)

    def unsigned(self, asked: Asked) -> Any:
        now = self.now or datetime.now(UTC)
        at, soon, before = (
            f"{each:%Y-%m-%dT%H:%M:%SZ}"
            for each in (now, now + timedelta(minutes=5), now - timedelta(seconds=30))
        )
        told = "".join(
            f'<saml:Attribute Name="{name}">'
            + "".join(
                f'<saml:AttributeValue xsi:type="xs:string">{value}</saml:AttributeValue>' for value in values
            )
            + "</saml:Attribute>"
            for name, values in {GROUPS: tuple(self.groups), **self.attributes}.items()
        )
        return etree.fromstring(
            f'<samlp:Response xmlns:samlp="{PROTOCOL}" xmlns:saml="{SAML}" '
            'xmlns:xs="http://www.w3.org/2001/XMLSchema" '
            'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
            f'ID="_r{asked.id[1:]}" Version="2.0" IssueInstant="{at}" InResponseTo="{asked.id}" '
            f'Destination="{asked.answers_url}"><saml:Issuer>{self.entity_id}</saml:Issuer>'
            '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/>'
            "</samlp:Status>"
            f'<saml:Assertion ID="_a{asked.id[1:]}" Version="2.0" IssueInstant="{at}">'
            f"<saml:Issuer>{self.entity_id}</saml:Issuer>"
            f'<saml:Subject><saml:NameID Format="{self.name_format}">{self.name}</saml:NameID>'
            f'<saml:SubjectConfirmation Method="{BEARER}"><saml:SubjectConfirmationData '
            f'InResponseTo="{asked.id}" Recipient="{asked.answers_url}" NotOnOrAfter="{soon}"/>'
            "</saml:SubjectConfirmation></saml:Subject>"
            f'<saml:Conditions NotBefore="{before}" NotOnOrAfter="{soon}"><saml:AudienceRestriction>'
            f"<saml:Audience>{asked.issuer}</saml:Audience></saml:AudienceRestriction></saml:Conditions>"
            f'<saml:AuthnStatement AuthnInstant="{at}" SessionIndex="s1"><saml:AuthnContext>'
            "<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password"
            "</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>"
            f"<saml:AttributeStatement>{told}</saml:AttributeStatement></saml:Assertion></samlp:Response>"
        )


def packed(response: Any) -> str:
    content = response if isinstance(response, bytes) else etree.tostring(response)
    return base64.b64encode(content).decode()


def at(response: Any, path: str) -> Any:
    """Return the element at a path of prefixed names."""
    found = response.find(path, SPACES)
    assert found is not None, path
    return found

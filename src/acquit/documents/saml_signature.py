"""Signatures of SAML: an element that says what it said when it was signed, by a certificate that we know.

What is read afterwards is what comes back from here, made anew from the very bytes that were signed: nothing
beside them is looked at. An element is verified as a document of its own, so that a reference to its id can
find no other; which algorithms and transforms there may be is our list, never the signature's.

Source: XML Signature 1.1 (W3C), sections 4 and 6; SAML 2.0 core, section 5.4; exclusive canonical XML 1.0.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from acquit.core.saml import AssertionRefused, Certificate
from acquit.core.saml_reason import Why
from acquit.documents.saml_tree import SIGNATURE, BadTree, Element, name, tree

METHODS: Final = frozenset(
    {
        SignatureMethod.RSA_SHA256,
        SignatureMethod.RSA_SHA384,
        SignatureMethod.RSA_SHA512,
        SignatureMethod.SHA256_RSA_MGF1,
        SignatureMethod.SHA384_RSA_MGF1,
        SignatureMethod.SHA512_RSA_MGF1,
        SignatureMethod.ECDSA_SHA256,
        SignatureMethod.ECDSA_SHA384,
        SignatureMethod.ECDSA_SHA512,
    }
)
DIGESTS: Final = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})
ENVELOPED: Final = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
CANONICAL: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
_SIGNED: Final = name(SIGNATURE, "Signature")
_FAILURES: Final = (
    SignXMLException,
    etree.LxmlError,
    UnsupportedAlgorithm,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
)


def verified(element: Element, certificates: Sequence[Certificate], now: datetime) -> Element:
    """Return the element as one of the certificates signed it. Raises AssertionRefused."""
    alone = _alone(element)
    _refuse_strange(alone)
    live = [each for each in certificates if not each.is_over(now)]
    if not live:
        raise AssertionRefused(Why.KEYS_OVER)
    for certificate in live:
        signed = _signed(alone, certificate, now)
        if signed is not None:
            return _same(element, signed)
    raise AssertionRefused(Why.BAD_SIGNATURE)


def _alone(element: Element) -> Element:
    """Return the element as a document of its own, without the key that its signature brings along."""
    try:
        alone = tree(etree.tostring(element, with_tail=False))
    except BadTree as error:
        raise AssertionRefused(error.why) from error
    for signature in alone.findall(_SIGNED):
        for brought in signature.findall(name(SIGNATURE, "KeyInfo")):
            signature.remove(brought)
    return alone


def _refuse_strange(alone: Element) -> None:
    """Pass when one signature signs just this element, in the way of SAML. Raises AssertionRefused."""
    signatures = alone.findall(_SIGNED)
    if len(signatures) != 1:
        raise AssertionRefused(Why.NOT_SIGNED)
    head = signatures[0].findall(name(SIGNATURE, "SignedInfo"))
    references = [each for one in head for each in one.findall(name(SIGNATURE, "Reference"))]
    if len(head) != 1 or len(references) != 1 or signatures[0].findall(name(SIGNATURE, "Object")):
        raise AssertionRefused(Why.SIGNED_MORE)
    if not alone.get("ID") or references[0].get("URI") != f"#{alone.get('ID')}":
        raise AssertionRefused(Why.SIGNED_ELSE)
    steps = [each.get("Algorithm") for each in references[0].iter(name(SIGNATURE, "Transform"))]
    ways = [each.get("Algorithm") for each in head[0].findall(name(SIGNATURE, "CanonicalizationMethod"))]
    if steps != [ENVELOPED, CANONICAL] or ways != [CANONICAL]:
        raise AssertionRefused(Why.SIGNED_ODDLY)
    methods = {each.get("Algorithm") for each in head[0].findall(name(SIGNATURE, "SignatureMethod"))}
    digests = {each.get("Algorithm") for each in references[0].findall(name(SIGNATURE, "DigestMethod"))}
    if not methods <= {each.value for each in METHODS} or not digests <= {each.value for each in DIGESTS}:
        raise AssertionRefused(Why.WEAK_SIGNATURE)


def _signed(alone: Element, certificate: Certificate, now: datetime) -> Element | None:
    """Return what the certificate signed, or None when it did not."""
    asked = SignatureConfiguration(
        location="./",
        expect_references=1,
        signature_methods=METHODS,
        digest_algorithms=DIGESTS,
        verification_time=now,
    )
    try:
        read = x509.load_der_x509_certificate(certificate.der)
        result = XMLVerifier().verify(alone, x509_cert=read, id_attribute="ID", expect_config=asked)
    except _FAILURES:
        return None
    return None if isinstance(result, list) else result.signed_xml


def _same(element: Element, signed: Element) -> Element:
    """Return what was signed, which must be the element that was asked about. Raises AssertionRefused."""
    if signed.tag != element.tag or signed.get("ID") != element.get("ID"):
        raise AssertionRefused(Why.SIGNED_ELSE)
    return signed

"""Answers that somebody forged: signatures, wrapping, documents with more than they seem to have."""

import base64
import copy
from collections.abc import Callable
from typing import Any

import pytest
import xmlsec
from lxml import etree

from acquit.core.saml import (
    AssertionRefused,
)
from acquit.core.saml_reason import Why
from saml_answers import (
    ASKED,
    AUDIENCE,
    BOMB,
    KEY,
    SECRET_FILE,
    STRANGER,
    read,
    why,
)
from saml_idp import DS, PROTOCOL, SAML, SPACES, Idp, at, packed

# ---------------------------------------------------------------- signatures that do not count


def test_what_is_not_signed_is_refused() -> None:
    assert why(Idp(KEY, signs="nothing").answer(ASKED)) is Why.NOT_SIGNED


@pytest.mark.parametrize("path", ["saml:Assertion/saml:Subject/saml:NameID", AUDIENCE])
@pytest.mark.parametrize("signs", ["assertion", "response", "both"])
def test_what_was_changed_after_it_was_signed_is_refused(signs: str, path: str) -> None:
    response = Idp(KEY, signs=signs).signed(ASKED)
    at(response, path).text = "root@example.com"
    assert why(packed(response)) is Why.BAD_SIGNATURE


def test_a_good_signature_does_not_excuse_a_bad_one() -> None:
    response = Idp(KEY, signs="both").signed(ASKED)
    at(response, "samlp:Status/samlp:StatusCode").set("Extra", "x")
    assert why(packed(response)) is Why.BAD_SIGNATURE


def test_the_key_that_a_signature_brings_is_not_believed() -> None:
    assert why(Idp(STRANGER).answer(ASKED), KEY) is Why.BAD_SIGNATURE
    response = Idp(KEY).signed(ASKED)
    at(response, "saml:Assertion/ds:Signature/ds:KeyInfo").clear()
    assert read(packed(response)).name, "nor is it needed"


@pytest.mark.parametrize(
    ("bent", "expected"),
    [
        ({"signature": xmlsec.constants.TransformRsaSha1}, Why.WEAK_SIGNATURE),
        ({"digest": xmlsec.constants.TransformSha1}, Why.WEAK_SIGNATURE),
        ({"transform": xmlsec.constants.TransformExclC14NWithComments}, Why.SIGNED_ODDLY),
        ({"transform": xmlsec.constants.TransformInclC14N}, Why.SIGNED_ODDLY),
    ],
    ids=["rsa-sha1", "digest of sha1", "with comments", "inclusive"],
)
def test_weak_and_odd_signatures_are_refused(bent: dict[str, Any], expected: Why) -> None:
    assert why(Idp(KEY, **bent).answer(ASKED)) is expected


def test_an_hmac_by_the_public_key_is_refused() -> None:
    response = Idp(KEY).signed(ASKED)
    method = at(response, "saml:Assertion/ds:Signature/ds:SignedInfo/ds:SignatureMethod")
    method.set("Algorithm", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")
    assert why(packed(response)) is Why.WEAK_SIGNATURE


def test_references_elsewhere_or_to_more_are_refused() -> None:
    for uri, expected in (
        ("", Why.SIGNED_ELSE),
        ("#_r" + "5" * 48, Why.SIGNED_ELSE),
        ("https://evil.example", Why.SIGNED_ELSE),
    ):
        response = Idp(KEY).signed(ASKED)
        at(response, "saml:Assertion/ds:Signature/ds:SignedInfo/ds:Reference").set("URI", uri)
        assert why(packed(response)) is expected
    response = Idp(KEY).signed(ASKED)
    reference = at(response, "saml:Assertion/ds:Signature/ds:SignedInfo/ds:Reference")
    reference.addnext(copy.deepcopy(reference))
    assert why(packed(response)) is Why.SIGNED_MORE
    response = Idp(KEY).signed(ASKED)
    signature = at(response, "saml:Assertion/ds:Signature")
    signature.addnext(copy.deepcopy(signature))
    assert why(packed(response)) is Why.NOT_SIGNED
    response = Idp(KEY).signed(ASKED)
    steps = at(response, "saml:Assertion/ds:Signature/ds:SignedInfo/ds:Reference/ds:Transforms")
    etree.SubElement(steps, f"{{{DS}}}Transform", Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116")
    assert why(packed(response)) is Why.SIGNED_ODDLY


# ---------------------------------------------------------------- wrapping


def evil(assertion: Any, *, keeps_id: bool = False) -> Any:
    """A copy of the assertion about somebody else, without a signature."""
    copied = copy.deepcopy(assertion)
    for signature in copied.findall("ds:Signature", SPACES):
        copied.remove(signature)
    copied.find("saml:Subject/saml:NameID", SPACES).text = "root@example.com"
    if not keeps_id:
        copied.set("ID", "_evil")
    return copied


def wrap_1(response: Any) -> Any:
    """The signed answer stands within the signature of a forged one."""
    forged = copy.deepcopy(response)
    forged.set("ID", "_forged")
    forged.find("saml:Assertion/saml:Subject/saml:NameID", SPACES).text = "root@example.com"
    inside = copy.deepcopy(response)
    inside.remove(inside.find("ds:Signature", SPACES))
    forged.find("ds:Signature", SPACES).append(inside)
    return forged


def wrap_2(response: Any) -> Any:
    """The signed answer stands beside its signature in a forged one."""
    forged = wrap_1(response)
    signature = forged.find("ds:Signature", SPACES)
    inside = signature.find("samlp:Response", SPACES)
    signature.remove(inside)
    signature.addprevious(inside)
    return forged


def wrap_3(response: Any) -> Any:
    """A forged assertion before the signed one."""
    signed = response.find("saml:Assertion", SPACES)
    signed.addprevious(evil(signed))
    return response


def wrap_4(response: Any) -> Any:
    """The signed assertion within a forged one."""
    signed = response.find("saml:Assertion", SPACES)
    forged = evil(signed)
    response.replace(signed, forged)
    forged.append(signed)
    return response


def wrap_5(response: Any) -> Any:
    """A forged assertion that bears the signature; the signed one behind it."""
    signed = response.find("saml:Assertion", SPACES)
    signature = signed.find("ds:Signature", SPACES)
    forged = evil(signed)
    forged.insert(1, signature)
    signed.addprevious(forged)
    return response


def wrap_6(response: Any) -> Any:
    """A forged assertion that bears the signature, within which stands the signed one."""
    forged = wrap_5(response)
    first, second = forged.findall("saml:Assertion", SPACES)
    first.find("ds:Signature", SPACES).append(second)
    return forged


def wrap_7(response: Any) -> Any:
    """A forged assertion within extensions."""
    signed = response.find("saml:Assertion", SPACES)
    extensions = etree.Element(f"{{{PROTOCOL}}}Extensions")
    extensions.append(evil(signed, keeps_id=True))
    response.insert(1, extensions)
    return response


def wrap_8(response: Any) -> Any:
    """A forged assertion bears the signature; the signed one stands in an object of it."""
    forged = wrap_5(response)
    first, second = forged.findall("saml:Assertion", SPACES)
    thing = etree.SubElement(first.find("ds:Signature", SPACES), f"{{{DS}}}Object")
    thing.append(second)
    return forged


def same_id(response: Any) -> Any:
    """A forged subject by the id of the signed assertion, in another part."""
    response.find("samlp:Status", SPACES).set("ID", response.find("saml:Assertion", SPACES).get("ID"))
    return response


def moved(response: Any) -> Any:
    """The signature of the assertion moved up to the answer."""
    response.insert(1, response.find("saml:Assertion/ds:Signature", SPACES))
    return response


WRAPS = {
    "response": (wrap_1, wrap_2, wrap_3),
    "assertion": (wrap_3, wrap_4, wrap_5, wrap_6, wrap_7, wrap_8, same_id, moved),
    "both": (wrap_1, wrap_2, wrap_3, wrap_4, wrap_5, wrap_6, wrap_7, wrap_8, same_id),
}


@pytest.mark.parametrize(
    ("signs", "wrap"), [(signs, each) for signs, wraps in WRAPS.items() for each in wraps],
    ids=lambda each: getattr(each, "__name__", each),
)  # fmt: skip
def test_a_wrapped_answer_is_refused(signs: str, wrap: Callable[[Any], Any]) -> None:
    response = Idp(KEY, signs=signs).signed(ASKED)
    assert read(packed(response)).name == "alice@example.com"
    forged = wrap(copy.deepcopy(response))
    with pytest.raises(AssertionRefused):
        read(packed(forged))


# ---------------------------------------------------------------- form


@pytest.mark.parametrize("head", [BOMB, SECRET_FILE, "<!DOCTYPE x SYSTEM 'http://127.0.0.1:9/x.dtd'>"])
def test_a_document_type_is_refused(head: str) -> None:
    response = etree.tostring(Idp(KEY).signed(ASKED)).decode()
    assert why(packed((head + response.replace("alice", "&a;")).encode())) is Why.DOCUMENT_TYPE
    utf16 = f'<?xml version="1.0" encoding="UTF-16"?>{head}{response}'.encode("utf-16")
    assert why(packed(utf16)) is Why.DOCUMENT_TYPE
    utf7 = head.replace("!", "+ACE-").replace("<", "+ADw-")
    odd = f'<?xml version="1.0" encoding="UTF-7"?>{utf7}{response}'.encode()
    assert why(packed(odd)) in (Why.NO_XML, Why.DOCUMENT_TYPE, Why.BAD_SIGNATURE)


def test_comments_in_a_name_are_refused() -> None:
    """`root<!-- -->@evil.example` signed by a provider must not be read as `root`."""
    response = Idp(KEY, name="root@example.com.evil.example").answer(ASKED)
    forged = base64.b64decode(response).replace(b"root@example.com.evil", b"root@example.com<!-- -->.evil")
    assert why(packed(forged)) is Why.COMMENT
    forged = base64.b64decode(response).replace(b"root@example.com.evil", b"root@example.com<?x y?>.evil")
    assert why(packed(forged)) is Why.COMMENT


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Why.NO_XML),
        ("%%%", Why.NO_ANSWER),
        ("é", Why.NO_ANSWER),
        (base64.b64encode(b"no xml").decode(), Why.NO_XML),
        (base64.b64encode(b"<a/>").decode(), Why.NO_ANSWER),
        ("A" * 300_004, Why.TOO_LARGE),
        (base64.b64encode(b"<a>" * 5_000).decode(), Why.NO_XML),
        (packed(b"<a>" + b"<b/>" * 21_000 + b"</a>"), Why.TOO_MUCH),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused(text: str, expected: Why) -> None:
    assert why(text) is expected


def test_encrypted_assertions_are_told() -> None:
    response = Idp(KEY, signs="response", bend=lambda r: r.append(
        etree.Element(f"{{{SAML}}}EncryptedAssertion"))).answer(ASKED)  # fmt: skip
    assert why(response) is Why.ENCRYPTED

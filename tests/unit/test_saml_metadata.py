"""Metadata of SAML, read and written, and our requests."""

import base64

import pytest
from lxml import etree

from acquit.core.saml import (
    BadMetadata,
    RequestedAttribute,
    Wishes,
)
from acquit.core.saml_reason import Why
from acquit.documents.saml_metadata import our_metadata, read_metadata
from acquit.documents.saml_request import request_link
from saml_answers import (
    BOMB,
    KEY,
    NOW,
    OUR_KEY,
    OURS,
    OVER,
    YESTERDAY,
    provider,
)
from saml_idp import PROTOCOL, Idp, Key

# ---------------------------------------------------------------- metadata


def test_metadata_is_read() -> None:
    idp = Idp(KEY)
    found = read_metadata(idp.metadata(KEY, OVER), NOW)
    assert (found.entity_id, found.sign_on_url) == (idp.entity_id, idp.url)
    assert [each.is_over(NOW) for each in found.certificates] == [False, True]
    assert found.certificates[0].subject == "CN=idp.example.com"
    several = idp.metadata().partition("?>")[2]
    head = '<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"><!-- one -->'
    spaced = f"{head}{several}</EntitiesDescriptor>"
    assert read_metadata(spaced, NOW) == read_metadata(several, NOW)


WEAK = Key(bits=1024)
PLAIN = Idp(KEY).metadata()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Why.EMPTY),
        ("x" * 500_001, Why.EMPTY),
        ("no xml", Why.NO_XML),
        ("<a/>", Why.NO_PROVIDER),
        (BOMB + PLAIN.partition("?>")[2], Why.DOCUMENT_TYPE),
        (our_metadata(OURS, OUR_KEY.certificate).decode(), Why.NO_PROVIDER),
        (PLAIN.replace(PROTOCOL, "urn:oasis:names:tc:SAML:1.1:protocol"), Why.NO_PROVIDER),
        (Idp(KEY).metadata(extra=f' validUntil="{YESTERDAY}"'), Why.VALID_NO_MORE),
        (Idp(KEY).metadata(extra=' validUntil="2020-01-01T00:00:00+01:00"'), Why.NO_TIMES),
        (Idp(KEY, entity_id="").metadata(), Why.NO_ENTITY_ID),
        (Idp(KEY, entity_id="x" * 1025).metadata(), Why.NO_ENTITY_ID),
        (PLAIN.replace('use="signing"', 'use="encryption"'), Why.NO_CERTIFICATE),
        (Idp(OVER).metadata(), Why.CERTIFICATES_OVER),
        (Idp(KEY).metadata(*[KEY] * 11), Why.TOO_MANY_CERTIFICATES),
        (PLAIN.replace(KEY.text, "AAAA"), Why.BROKEN_CERTIFICATE),
        (PLAIN.replace(KEY.text, "%"), Why.BROKEN_CERTIFICATE),
        (Idp(WEAK).metadata(), Why.WEAK_KEY),
        (PLAIN.replace("HTTP-Redirect", "HTTP-Artifact"), Why.NO_REDIRECT),
        (Idp(KEY).metadata(url="http://idp.example.com/sso"), Why.NO_HTTPS),
        (Idp(KEY).metadata(url="javascript:alert(1)"), Why.NO_HTTPS),
        (Idp(KEY).metadata(url="https://user:word@idp.example.com/"), Why.NO_HTTPS),
        (Idp(KEY).metadata(url="https://idp.example.com:port/"), Why.NO_HTTPS),
        (Idp(KEY).metadata(url="https://idp.example.com/&#10;X: y"), Why.NO_HTTPS),
    ],
)
def test_metadata_that_describes_no_provider_is_refused(text: str, expected: Why) -> None:
    with pytest.raises(BadMetadata) as refused:
        read_metadata(text, NOW)
    assert refused.value.details["reason"] is expected


def test_our_metadata_and_requests_say_where_answers_come() -> None:
    ours = etree.fromstring(our_metadata(OURS, OUR_KEY.certificate))
    place = ours.find(".//{*}AssertionConsumerService")
    assert (ours.get("entityID"), place.get("Location")) == (OURS.entity_id, OURS.answers_url)
    assert base64.b64decode(ours.findtext(".//{*}X509Certificate")) == OUR_KEY.certificate
    asking = Wishes(requested=(RequestedAttribute("mail", True, "urn:x", ("a", "b")),))
    idp = Idp(KEY, url="https://idp.example.com/sso?tenant=7")
    link = request_link(provider(idp, wishes=asking), OURS, "_x", NOW, None)
    asked = idp.read(link)
    assert link.startswith("https://idp.example.com/sso?tenant=7&SAMLRequest=")
    assert not asked.signed
    assert asked.destination == idp.url
    wanted = asked.xml.find(".//{*}RequestedAttribute")
    assert (wanted.get("Name"), wanted.get("isRequired"), wanted.get("NameFormat")) == (
        "mail",
        "true",
        "urn:x",
    )
    assert [each.text for each in wanted] == ["a", "b"]

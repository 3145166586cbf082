"""Answers of identity providers: taken when signed for us and now, else refused, each with its reason.

Signed by xmlsec, verified by signxml: two implementations that share only libxml2.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import xmlsec
from lxml import etree

from acquit.core.saml import (
    GROUP_ATTRIBUTE,
    NAME_ID,
    Asserted,
    AssertionRefused,
    BadAttribute,
    RequestedAttribute,
    Wishes,
    checked_wishes,
    groups_of,
    known_groups,
    login_of,
)
from acquit.core.saml_reason import Why
from acquit.core.single_sign_on import NobodyKnown
from acquit.documents.saml_request import request_link
from saml_answers import (
    ASKED,
    AUDIENCE,
    CONDITIONS,
    CONFIRMED,
    CURVE,
    KEY,
    NOW,
    OTHERS,
    OUR_KEY,
    OURS,
    OVER,
    STATED,
    STRANGER,
    TOMORROW,
    YESTERDAY,
    provider,
    read,
    why,
)
from saml_idp import GROUPS, SAML, Idp, Key, at

# ---------------------------------------------------------------- what is taken


@pytest.mark.parametrize("signs", ["assertion", "response", "both"])
@pytest.mark.parametrize("prefixes", ["", "xs", "xs xsi"])
def test_a_signed_answer_is_taken(signs: str, prefixes: str) -> None:
    idp = Idp(
        KEY, signs=signs, prefixes=prefixes, groups=("ADMIN", "readers"), attributes={"mail": ("a@b.c",)}
    )
    link = request_link(provider(idp), OURS, ASKED.id, NOW, OUR_KEY)
    asked = idp.read(link, OUR_KEY.certificate)
    asserted = read(idp.answer(asked))
    assert (asserted.name, asserted.answers) == ("alice@example.com", ASKED.id)
    assert asserted.attributes == {GROUPS: ("ADMIN", "readers"), "mail": ("a@b.c",)}
    assert timedelta(minutes=4) < asserted.ends_at - datetime.now(UTC) < timedelta(minutes=6)


@pytest.mark.parametrize(
    ("key", "signature", "digest"),
    [
        (KEY, xmlsec.constants.TransformRsaSha384, xmlsec.constants.TransformSha384),
        (KEY, xmlsec.constants.TransformRsaSha512, xmlsec.constants.TransformSha512),
        (CURVE, xmlsec.constants.TransformEcdsaSha256, xmlsec.constants.TransformSha256),
    ],
    ids=["rsa-sha384", "rsa-sha512", "ecdsa-sha256"],
)
def test_other_strong_algorithms_are_taken(key: Key, signature: Any, digest: Any) -> None:
    idp = Idp(key, signature=signature, digest=digest)
    assert read(idp.answer(ASKED), key).name == "alice@example.com"


def test_any_live_certificate_of_the_metadata_counts() -> None:
    answer = Idp(KEY).answer(ASKED)
    assert read(answer, STRANGER, KEY).name == "alice@example.com"
    assert why(answer, STRANGER) is Why.BAD_SIGNATURE
    assert why(Idp(OVER).answer(ASKED), KEY, OVER) is Why.BAD_SIGNATURE, (
        "a certificate that is over counts no more"
    )
    later = NOW + timedelta(days=400)
    assert why(Idp(KEY, now=later).answer(ASKED), KEY, now=later) is Why.KEYS_OVER


def test_clocks_may_differ_by_a_minute() -> None:
    answer = Idp(KEY).answer(ASKED)
    now = datetime.now(UTC)
    assert read(answer, now=now + timedelta(minutes=5, seconds=50)).name
    assert why(answer, now=now + timedelta(minutes=6, seconds=5)) is Why.OVER
    assert read(answer, now=now - timedelta(seconds=80)).name
    assert why(answer, now=now - timedelta(seconds=100)) is Why.NOT_YET


# ---------------------------------------------------------------- what the provider itself says wrongly


def setting(path: str, name: str, value: str | None) -> Callable[[Any], None]:
    def bend(response: Any) -> None:
        element = at(response, path) if path else response
        if value is None:
            element.attrib.pop(name)
        else:
            element.set(name, value)

    return bend


def saying(path: str, text: str) -> Callable[[Any], None]:
    def bend(response: Any) -> None:
        at(response, path).text = text

    return bend


def without(path: str) -> Callable[[Any], None]:
    def bend(response: Any) -> None:
        element = at(response, path)
        element.getparent().remove(element)

    return bend


def doubled(path: str) -> Callable[[Any], None]:
    def bend(response: Any) -> None:
        element = at(response, path)
        element.addnext(copy.deepcopy(element))

    return bend


@dataclass(frozen=True)
class Wrong:
    name: str
    bend: Callable[[Any], None]
    why: Why


WRONG = [
    Wrong("audience of another account", saying(AUDIENCE, OTHERS.entity_id), Why.ANOTHER_AUDIENCE),
    Wrong("audience that begins like ours", saying(AUDIENCE, OURS.entity_id + "x"), Why.ANOTHER_AUDIENCE),
    Wrong("no audience", without(f"{CONDITIONS}/saml:AudienceRestriction"), Why.ANOTHER_AUDIENCE),
    Wrong("no conditions", without(CONDITIONS), Why.NOT_FOR_US),
    Wrong("two sets of conditions", doubled(CONDITIONS), Why.NOT_FOR_US),
    Wrong("conditions that are over", setting(CONDITIONS, "NotOnOrAfter", YESTERDAY), Why.OVER),
    Wrong("conditions to come", setting(CONDITIONS, "NotBefore", TOMORROW), Why.NOT_YET),
    Wrong("a time that is none", setting(CONDITIONS, "NotOnOrAfter", "soon"), Why.NO_TIMES),
    Wrong("a month that is none", setting(CONDITIONS, "NotBefore", "2026-13-01T00:00:00Z"), Why.NO_TIMES),
    Wrong("recipient of another account", setting(CONFIRMED, "Recipient", OTHERS.answers_url),
          Why.ANOTHER_RECIPIENT),
    Wrong("no recipient", setting(CONFIRMED, "Recipient", None), Why.ANOTHER_RECIPIENT),
    Wrong("no bearer", setting("saml:Assertion/saml:Subject/saml:SubjectConfirmation", "Method", "urn:x"),
          Why.ANOTHER_RECIPIENT),
    Wrong("a confirmation that is over", setting(CONFIRMED, "NotOnOrAfter", YESTERDAY), Why.OVER),
    Wrong("a confirmation without an end", setting(CONFIRMED, "NotOnOrAfter", None), Why.OVER),
    Wrong("a confirmation with a beginning", setting(CONFIRMED, "NotBefore", YESTERDAY), Why.NOT_YET),
    Wrong("sent elsewhere", setting("", "Destination", OTHERS.answers_url), Why.SENT_ELSEWHERE),
    Wrong("unasked", setting(CONFIRMED, "InResponseTo", None), Why.UNASKED),
    Wrong("two requests answered", setting("", "InResponseTo", "_another"), Why.UNASKED),
    Wrong("another issuer", saying("saml:Assertion/saml:Issuer", "https://evil.example"), Why.ANOTHER_ISSUER),
    Wrong("another issuer of the answer", saying("saml:Issuer", "https://evil.example"), Why.ANOTHER_ISSUER),
    Wrong("no issuer", without("saml:Assertion/saml:Issuer"), Why.ANOTHER_ISSUER),
    Wrong("nobody signed in", without("saml:Assertion/saml:AuthnStatement"), Why.NOBODY_SIGNED_IN),
    Wrong("a session that is over", setting(STATED, "SessionNotOnOrAfter", YESTERDAY),
          Why.SESSION_OVER),
    Wrong("no subject", without("saml:Assertion/saml:Subject"), Why.NOT_ONE_SUBJECT),
    Wrong("two subjects", doubled("saml:Assertion/saml:Subject"), Why.NOT_ONE_SUBJECT),
    Wrong("a condition of its own", lambda response: at(response, CONDITIONS).append(
        etree.Element(f"{{{SAML}}}Condition")), Why.ODD_CONDITION),
    Wrong("refused there", setting("samlp:Status/samlp:StatusCode", "Value",
                                   "urn:oasis:names:tc:SAML:2.0:status:Responder"), Why.NOBODY_LET_IN),
    Wrong("SAML 1.1", setting("", "Version", "1.1"), Why.NO_ANSWER),
    Wrong("an assertion of SAML 1.1", setting("saml:Assertion", "Version", "1.1"), Why.NO_ASSERTION),
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.name)
def test_what_is_signed_and_wrong_is_refused(wrong: Wrong) -> None:
    assert why(Idp(KEY, bend=wrong.bend).answer(ASKED)) is wrong.why


def test_a_destination_is_needed_where_the_answer_is_signed() -> None:
    gone = setting("", "Destination", None)
    assert why(Idp(KEY, signs="response", bend=gone).answer(ASKED)) is Why.SENT_ELSEWHERE
    assert read(Idp(KEY, signs="assertion", bend=gone).answer(ASKED)).name


# ---------------------------------------------------------------- whom we take it for

ALICE = Asserted(
    "_a", "_r", NOW, "alice", "", {"uid": ("al",), "two": ("a", "b"), "g": (" x ", "ADMIN", "x", "")}
)


def test_a_login_is_the_name_id_or_an_attribute() -> None:
    assert login_of(Wishes(), ALICE) == "sso:alice"
    assert login_of(Wishes("uid"), ALICE) == "sso:al"
    assert login_of(Wishes(), replace(ALICE, name="DOMAIN\\Zoé")) == "sso:DOMAIN\\Zoé"
    for name in ("", " ", "a b", "a\nb", "x" * 129, "a\u202eb"):
        with pytest.raises(AssertionRefused):
            login_of(Wishes(), replace(ALICE, name=name))
    for attribute in ("two", "missing"):
        with pytest.raises(AssertionRefused):
            login_of(Wishes(attribute), ALICE)
    transient = replace(ALICE, name_format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient")
    with pytest.raises(AssertionRefused):
        login_of(Wishes(), transient)
    assert login_of(Wishes("uid"), transient) == "sso:al"


def test_groups_are_those_that_the_account_has() -> None:
    told = groups_of(Wishes(group_attribute="g"), ALICE)
    assert told == ("x", "ADMIN")
    assert known_groups(told, {"ADMIN", "DEFAULT"}) == ["ADMIN"]
    with pytest.raises(NobodyKnown):
        known_groups(told, {"admin"})
    with pytest.raises(NobodyKnown):
        known_groups((), {"ADMIN"})


def test_wishes_have_usual_names_and_bounds() -> None:
    assert checked_wishes(Wishes(" ", "")) == Wishes(NAME_ID, GROUP_ATTRIBUTE)
    for wrong in (
        Wishes("x" * 501),
        Wishes(group_attribute="a\x07"),
        Wishes(requested=(RequestedAttribute(" ", False),)),
        Wishes(requested=tuple(RequestedAttribute("a", False) for _ in range(51))),
        Wishes(requested=(RequestedAttribute("a", False, values=("v",) * 51),)),
    ):
        with pytest.raises(BadAttribute):
            checked_wishes(wrong)

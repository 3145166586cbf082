"""The answer of an identity provider: taken whole and signed, or refused with the reason.

Ladder: form → one assertion → whose → signatures → for us → when. What is believed is read from what was
signed. Source: SAML 2.0 profiles, section 4.1.4; core, sections 2 and 3.2; bindings, section 3.5.
"""

import base64
import binascii
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from acquit.core.saml import SKEW, AccountProvider, Asserted, AssertionRefused, OurSide
from acquit.core.saml_reason import Why
from acquit.documents.saml_signature import verified
from acquit.documents.saml_tree import (
    PROTOCOL,
    SAML,
    SIGNATURE,
    BadTree,
    Element,
    instant,
    name,
    text_of,
    tree,
)

TEXT_MAX: Final = 300_000
ID_MAX: Final = 256
VALUES_MAX: Final = 2_000
BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
SUCCESS: Final = "urn:oasis:names:tc:SAML:2.0:status:Success"
ENTITY: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
KNOWN_CONDITIONS: Final = {
    name(SAML, each) for each in ("AudienceRestriction", "OneTimeUse", "ProxyRestriction")
}
_RESPONSE: Final = name(PROTOCOL, "Response")
_ASSERTION: Final = name(SAML, "Assertion")
_SIGNATURE: Final = name(SIGNATURE, "Signature")


def read_response(text: str, provider: AccountProvider, ours: OurSide, now: datetime) -> Asserted:
    """Return what the provider asserts of who answers one of our requests. Raises AssertionRefused."""
    response = _response(text)
    assertion = _assertion(response)
    entity_id = provider.metadata.entity_id
    for each in (response, assertion):
        _refuse_strange_issuer(each, entity_id, needed=each is assertion)
    signed = _signed(response, assertion, provider, now)
    _refuse_elsewhere(response, ours)
    _refuse_conditions(signed, ours, now)
    confirmation = _confirmation(signed, ours, now)
    answers = confirmation.get("InResponseTo", "")
    if not answers or response.get("InResponseTo", answers) != answers:
        raise AssertionRefused(Why.UNASKED)
    session_ends_at = _session_end(signed, now)
    ends_at = instant(confirmation.get("NotOnOrAfter"))
    assert ends_at is not None, "a confirmation without an end was refused"
    subject = signed.find(f"{name(SAML, 'Subject')}/{name(SAML, 'NameID')}")
    return Asserted(
        assertion_id=signed.get("ID"),
        answers=answers,
        ends_at=ends_at,
        name=text_of(subject),
        name_format="" if subject is None else subject.get("Format", ""),
        attributes=_attributes(signed),
        session_ends_at=session_ends_at,
    )


def _response(text: str) -> Element:
    if len(text) > TEXT_MAX:
        raise AssertionRefused(Why.TOO_LARGE)
    try:
        root = tree(base64.b64decode("".join(text.split()).encode("ascii"), validate=True))
    except (binascii.Error, UnicodeEncodeError, BadTree) as error:
        raise AssertionRefused(error.why if isinstance(error, BadTree) else Why.NO_ANSWER) from error
    if root.tag != _RESPONSE or root.get("Version") != "2.0":
        raise AssertionRefused(Why.NO_ANSWER)
    codes = [each.get("Value", "") for each in root.iter(name(PROTOCOL, "StatusCode"))]
    if codes[:1] != [SUCCESS]:
        raise AssertionRefused(Why.NOBODY_LET_IN)
    return root


def _assertion(response: Element) -> Element:
    """Return the one assertion; a second one, or one elsewhere, is how signatures are wrapped."""
    if next(response.iter(name(SAML, "EncryptedAssertion"), name(SAML, "EncryptedID")), None) is not None:
        raise AssertionRefused(Why.ENCRYPTED)
    everywhere = list(response.iter(_ASSERTION))
    if len(everywhere) != 1 or everywhere[0].getparent() is not response:
        raise AssertionRefused(Why.NOT_ONE_ASSERTION)
    if sum(1 for _ in response.iter(_RESPONSE)) != 1:
        raise AssertionRefused(Why.ANSWER_WITHIN)
    ids = [each.get("ID") for each in response.iter() if each.get("ID") is not None]
    aliases = [each for each in response.iter() if any(key in each.attrib for key in ("Id", "id"))]
    if len(set(ids)) != len(ids) or any(each.tag.startswith(f"{{{SAML}}}") for each in aliases):
        raise AssertionRefused(Why.SAME_ID)
    if everywhere[0].get("Version") != "2.0" or not 0 < len(everywhere[0].get("ID", "")) <= ID_MAX:
        raise AssertionRefused(Why.NO_ASSERTION)
    return everywhere[0]


def _refuse_strange_issuer(element: Element, entity_id: str, *, needed: bool) -> None:
    issuers = element.findall(name(SAML, "Issuer"))
    said = [text_of(each) for each in issuers if each.get("Format", ENTITY) == ENTITY]
    if (issuers or needed) and said != [entity_id]:
        raise AssertionRefused(Why.ANOTHER_ISSUER)


def _signed(response: Element, assertion: Element, provider: AccountProvider, now: datetime) -> Element:
    """Return the assertion as it was signed, by itself or within the answer; every signature must be good."""
    places = (response, assertion)
    if any(each.getparent() not in places for each in response.iter(_SIGNATURE)):
        raise AssertionRefused(Why.STRAY_SIGNATURE)
    certificates = provider.metadata.certificates
    found = None
    if response.find(_SIGNATURE) is not None:
        whole = verified(response, certificates, now)
        inside = whole.findall(_ASSERTION)
        if len(inside) != 1:
            raise AssertionRefused(Why.NOT_ONE_ASSERTION)
        found = inside[0]
    if assertion.find(_SIGNATURE) is not None:
        found = verified(assertion, certificates, now)
    if found is None:
        raise AssertionRefused(Why.NOT_SIGNED)
    return found


def _refuse_elsewhere(response: Element, ours: OurSide) -> None:
    said = response.get("Destination")
    if said is None and response.find(_SIGNATURE) is None:
        return
    if said != ours.answers_url:
        raise AssertionRefused(Why.SENT_ELSEWHERE)


def _refuse_conditions(signed: Element, ours: OurSide, now: datetime) -> None:
    found = signed.findall(name(SAML, "Conditions"))
    if len(found) != 1:
        raise AssertionRefused(Why.NOT_FOR_US)
    if any(each.tag not in KNOWN_CONDITIONS for each in found[0]):
        raise AssertionRefused(Why.ODD_CONDITION)
    _refuse_time(found[0], now, needs_end=False)
    restrictions = found[0].findall(name(SAML, "AudienceRestriction"))
    audiences = [[text_of(each) for each in one.findall(name(SAML, "Audience"))] for one in restrictions]
    if not audiences or any(ours.entity_id not in each for each in audiences):
        raise AssertionRefused(Why.ANOTHER_AUDIENCE)


def _confirmation(signed: Element, ours: OurSide, now: datetime) -> Element:
    """Return what confirms the subject to us, now. Raises AssertionRefused."""
    subjects = signed.findall(name(SAML, "Subject"))
    if len(subjects) != 1:
        raise AssertionRefused(Why.NOT_ONE_SUBJECT)
    for each in subjects[0].findall(name(SAML, "SubjectConfirmation")):
        said = each.find(name(SAML, "SubjectConfirmationData"))
        if each.get("Method") == BEARER and said is not None and said.get("Recipient") == ours.answers_url:
            if said.get("NotBefore") is not None:
                raise AssertionRefused(Why.NOT_YET)
            _refuse_time(said, now, needs_end=True)
            return said
    raise AssertionRefused(Why.ANOTHER_RECIPIENT)


def _refuse_time(element: Element, now: datetime, *, needs_end: bool) -> None:
    start, end = element.get("NotBefore"), element.get("NotOnOrAfter")
    begins_at, ends_at = instant(start), instant(end)
    if (start is not None and begins_at is None) or (end is not None and ends_at is None):
        raise AssertionRefused(Why.NO_TIMES)
    if begins_at is not None and now + SKEW < begins_at:
        raise AssertionRefused(Why.NOT_YET)
    if (ends_at is not None and ends_at <= now - SKEW) or (ends_at is None and needs_end):
        raise AssertionRefused(Why.OVER)


def _session_end(signed: Element, now: datetime) -> datetime | None:
    """Return when the session at the provider is over, if that is said. Raises AssertionRefused."""
    statements = signed.findall(name(SAML, "AuthnStatement"))
    if not statements:
        raise AssertionRefused(Why.NOBODY_SIGNED_IN)
    ends = [each.get("SessionNotOnOrAfter") for each in statements]
    read = [instant(each) for each in ends if each is not None]
    known = [each for each in read if each is not None and each > now - SKEW]
    if len(known) != len(read):
        raise AssertionRefused(Why.SESSION_OVER)
    return min(known, default=None)


def _attributes(signed: Element) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    count = 0
    for statement in signed.findall(name(SAML, "AttributeStatement")):
        for each in statement.findall(name(SAML, "Attribute")):
            values = [text_of(value) for value in each.findall(name(SAML, "AttributeValue"))]
            count += len(values)
            if count > VALUES_MAX:
                raise AssertionRefused(Why.MANY_ATTRIBUTES)
            key = each.get("Name", "")
            found[key] = (*found.get(key, ()), *_told(values))
    return found


def _told(values: Iterable[str]) -> list[str]:
    return [each for each in values if each]

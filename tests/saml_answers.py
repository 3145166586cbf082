"""Answers of an identity provider to one request of ours, and how they are judged; used by tests of SAML."""

from datetime import UTC, datetime, timedelta

import pytest

from acquit.core.identifiers import AccountId
from acquit.core.saml import AccountProvider, Asserted, AssertionRefused, OurSide, Wishes
from acquit.core.saml_reason import Why
from acquit.documents.saml_metadata import read_metadata
from acquit.documents.saml_request import SigningKey, new_signing_key
from acquit.documents.saml_response import read_response
from saml_idp import Asked, Idp, Key

ACCOUNT = AccountId("ab12345-acq")
OURS = OurSide.of("https://billing.example.com", ACCOUNT)
OTHERS = OurSide.of("https://billing.example.com", "cd67890-acq")
KEY, STRANGER, OVER, CURVE = Key(), Key(), Key(days=-1), Key(is_curve=True)
NOW = datetime.now(UTC)
OUR_KEY: SigningKey = new_signing_key(NOW)
ASKED = Asked("_" + "5" * 48, OURS.entity_id, OURS.answers_url, "", None)


USUAL = Wishes()


def provider(idp: Idp, *keys: Key, wishes: Wishes = USUAL) -> AccountProvider:
    return AccountProvider(ACCOUNT, read_metadata(idp.metadata(*keys), NOW), wishes, NOW, NOW)


def read(text: str, *keys: Key, ours: OurSide = OURS, now: datetime | None = None) -> Asserted:
    idp = Idp(keys[0] if keys else KEY)
    return read_response(text, provider(idp, *keys or (KEY,)), ours, now or datetime.now(UTC))


def why(text: str, *keys: Key, ours: OurSide = OURS, now: datetime | None = None) -> Why:
    with pytest.raises(AssertionRefused) as refused:
        read(text, *keys, ours=ours, now=now)
    assert refused.value.details == {"reason": refused.value.reason}
    return Why(refused.value.reason)


CONFIRMED = "saml:Assertion/saml:Subject/saml:SubjectConfirmation/saml:SubjectConfirmationData"
CONDITIONS = "saml:Assertion/saml:Conditions"
STATED = "saml:Assertion/saml:AuthnStatement"
AUDIENCE = f"{CONDITIONS}/saml:AudienceRestriction/saml:Audience"
YESTERDAY = f"{NOW - timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
TOMORROW = f"{NOW + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
BOMB = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)
SECRET_FILE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'

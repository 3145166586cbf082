"""An account's own identity provider (SAML 2.0): what it is, what it proves, whom we take its people for.

People of the provider are logins named `sso:` and the provider's name for them: no identity user can be
called so, and none is taken over. What they may do is what the provider's groups say each time that they
sign in.
Source: SAML 2.0 core, bindings and profiles (OASIS, 2005), sections 4.1 of profiles and 3.4 of bindings.
"""

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from acquit.core.errors import Conflict, Forbidden, Invalid, NotFound
from acquit.core.identifiers import AccountId
from acquit.core.identity import FEDERATED_PREFIX
from acquit.core.saml_reason import Why
from acquit.core.single_sign_on import IdentityRefused, NobodyKnown

NAME_ID: Final = "NameID"
"""The login's attribute that stands for the name of the subject itself."""
GROUP_ATTRIBUTE: Final = "http://schemas.xmlsoap.org/claims/Group"
TRANSIENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
SKEW: Final = timedelta(seconds=60)
NAME_MAX: Final = 128
TEXT_MAX: Final = 500
REQUESTED_MAX: Final = 50
GROUPS_MAX: Final = 1_000


class NoIdentityProvider(NotFound):
    """The account has no identity provider of its own."""

    code = "no-identity-provider"

    def __init__(self) -> None:
        super().__init__("This account has no identity provider: bring its metadata first")


class IdentityProviderTaken(Conflict):
    """The account has an identity provider already."""

    code = "identity-provider-taken"

    def __init__(self) -> None:
        super().__init__("This account has an identity provider already: remove it first")


class AnotherProvider(Conflict):
    """The metadata is of another identity provider than the account's."""

    code = "another-provider"

    def __init__(self, entity_id: str) -> None:
        super().__init__(
            f"This metadata is not of {entity_id}: remove that identity provider first, its people with it."
        )


class BadMetadata(Invalid):
    """The metadata describes no identity provider that people can be sent to."""

    code = "bad-metadata"

    def __init__(self, reason: Why) -> None:
        super().__init__(f"[metadata] Given data is no metadata of an identity provider: {reason}")
        self.details = {"reason": reason}


class BadAttribute(Invalid):
    """An attribute's name is too long, or has characters that none has."""

    code = "bad-attribute"


class PasswordsOff(Forbidden):
    """The password is right; people of this account sign in by its identity provider alone."""

    code = "passwords-off"

    def __init__(self) -> None:
        super().__init__(
            "People of this account sign in by its identity provider: choose that on the page before."
        )


class NoOriginKnown(Conflict):
    """The installation does not say under which address browsers and identity providers know it."""

    code = "no-origin-known"

    def __init__(self) -> None:
        super().__init__(
            "Single sign-on needs the public address of this site: the provider has to set ACQUIT_PUBLIC_URL."
        )


class AssertionRefused(IdentityRefused):
    """What the account's identity provider sent does not prove who somebody is; `reason` says why."""

    code = "assertion-refused"

    def __init__(self, reason: Why) -> None:
        super().__init__(reason)
        self.message = f"The identity provider's answer is refused: {reason}."
        self.details = {"reason": reason}


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate by which the provider signs: whose it is, until when, and its bytes (DER)."""

    subject: str
    ends_at: datetime
    der: bytes = field(repr=False)

    def is_over(self, now: datetime) -> bool:
        """Return whether it counts no more."""
        return self.ends_at <= now


@dataclass(frozen=True, slots=True)
class Metadata:
    """What an identity provider says of itself: its name, where people are sent, how it signs."""

    entity_id: str
    sign_on_url: str
    certificates: tuple[Certificate, ...]


@dataclass(frozen=True, slots=True)
class RequestedAttribute:
    """An attribute that the provider is asked for with each sign-in."""

    name: str
    is_required: bool
    name_format: str | None = None
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wishes:
    """What an account says of its identity provider beside the metadata.

    `login_attribute` names a person, NameID is the subject's own name; `shuts_out_logins`: identity users
    do not sign in any more, the account's own login does.
    """

    login_attribute: str = NAME_ID
    group_attribute: str = GROUP_ATTRIBUTE
    shuts_out_logins: bool = False
    signs_requests: bool = False
    requested: tuple[RequestedAttribute, ...] = ()


@dataclass(frozen=True, slots=True)
class AccountProvider:
    """The identity provider of one account."""

    account_id: AccountId
    metadata: Metadata
    wishes: Wishes
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class OurSide:
    """How an account's identity provider knows us: our name, and where its answers come."""

    entity_id: str
    answers_url: str

    @classmethod
    def of(cls, origin: str, account_id: str) -> "OurSide":
        """Return our side at an origin; each account has its own, so no answer fits another's."""
        base = f"{origin}/manager/saml/{account_id}"
        return cls(f"{base}/metadata", f"{base}/acs")

    @property
    def metadata_url(self) -> str:
        """Return where our metadata is, which is our name too."""
        return self.entity_id


@dataclass(frozen=True, slots=True)
class Asserted:
    """What a signed assertion says of its subject; `ends_at`: from then on it proves nothing.

    `session_ends_at`: when the session at the provider is over; None where it does not say.
    """

    assertion_id: str
    answers: str
    ends_at: datetime
    name: str
    name_format: str
    attributes: Mapping[str, tuple[str, ...]]
    session_ends_at: datetime | None = None


def checked_wishes(wishes: Wishes) -> Wishes:
    """Return the wishes, names that are empty being the usual ones. Raises BadAttribute."""
    login, group = wishes.login_attribute.strip(), wishes.group_attribute.strip()
    named = [login, group, *(each.name for each in wishes.requested)]
    formats = [each.name_format or "" for each in wishes.requested]
    values = [value for each in wishes.requested for value in each.values]
    if len(wishes.requested) > REQUESTED_MAX or len(values) > REQUESTED_MAX:
        raise BadAttribute(f"At most {REQUESTED_MAX} attributes are asked for, with so many values")
    if not all(each.name.strip() for each in wishes.requested):
        raise BadAttribute("[extensions.requestedAttributes] An attribute has a name")
    for text in (*named, *formats, *values):
        if len(text) > TEXT_MAX or not text.isprintable():
            raise BadAttribute(f"An attribute's name or value has at most {TEXT_MAX} characters that print")
    return Wishes(
        login or NAME_ID,
        group or GROUP_ATTRIBUTE,
        wishes.shuts_out_logins,
        wishes.signs_requests,
        wishes.requested,
    )


def login_of(wishes: Wishes, asserted: Asserted) -> str:
    """Return the login of the person, `sso:` before the provider's name. Raises AssertionRefused."""
    if wishes.login_attribute == NAME_ID:
        if asserted.name_format == TRANSIENT:
            raise AssertionRefused(Why.TRANSIENT_NAME)
        name = asserted.name
    else:
        said = asserted.attributes.get(wishes.login_attribute, ())
        if len(said) != 1:
            raise AssertionRefused(Why.NO_NAME)
        name = said[0]
    name = unicodedata.normalize("NFC", name.strip())
    if not 0 < len(name) <= NAME_MAX or not name.isprintable() or any(sign.isspace() for sign in name):
        raise AssertionRefused(Why.ODD_NAME)
    return FEDERATED_PREFIX + name


def groups_of(wishes: Wishes, asserted: Asserted) -> tuple[str, ...]:
    """Return the groups that the provider tells, each once, in its order."""
    told = (each.strip() for each in asserted.attributes.get(wishes.group_attribute, ()))
    return tuple(dict.fromkeys(each for each in told if each))[:GROUPS_MAX]


def known_groups(told: Collection[str], names: Collection[str]) -> list[str]:
    """Return those of the told groups that the account has. Raises NobodyKnown when there is none."""
    known = [each for each in told if each in names]
    if not known:
        raise NobodyKnown(
            "You are proven, but none of your groups is a group of this account: ask an administrator."
        )
    return known

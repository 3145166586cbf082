"""Single sign-on: what an identity provider proved of a person, and whom we take it for."""

from collections.abc import Sequence
from dataclasses import dataclass

from acquit.core.errors import Conflict, Forbidden
from acquit.core.identifiers import AccountId
from acquit.core.operator import Role


class IdentityRefused(Forbidden):
    """What the identity provider sent does not prove who somebody is; the log says why."""

    code = "identity-refused"

    def __init__(self, reason: str) -> None:
        super().__init__(
            "The identity provider's answer does not prove who you are: sign in again from the start."
        )
        self.reason = reason


class NobodyKnown(Forbidden):
    """The person is proven, and nobody here is this person."""

    code = "nobody-known"


class SeveralKnown(Conflict):
    """The person is proven and has logins in several accounts: one has to be chosen."""

    code = "several-known"

    def __init__(self, account_ids: Sequence[AccountId]) -> None:
        super().__init__("Several accounts know your address: choose one.")
        self.account_ids = tuple(account_ids)


@dataclass(frozen=True, slots=True)
class Proven:
    """A person as an identity provider proved it; `email` is empty unless the provider verified it."""

    issuer: str
    subject: str
    email: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SignOnRules:
    """Whom we take: domains of addresses (none: all), and which group gives an operator which role."""

    domains: tuple[str, ...] = ()
    roles: tuple[tuple[str, Role], ...] = ()

    def refuse_strange(self, proven: Proven) -> None:
        """Pass when the person's address is of a domain that is taken. Raises NobodyKnown."""
        domain = proven.email.rpartition("@")[2].lower()
        if self.domains and domain not in self.domains:
            raise NobodyKnown("Your address is not of a domain that is taken here: ask the provider.")

    def role_of(self, proven: Proven) -> Role | None:
        """Return the role of the first of the rules that fits, None without rules. Raises NobodyKnown."""
        if not self.roles:
            return None
        for group, role in self.roles:
            if group in proven.groups:
                return role
        raise NobodyKnown("None of your groups gives a role here: ask an administrator.")

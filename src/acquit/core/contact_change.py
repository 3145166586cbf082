"""Changes of contacts: another account is to have a service, or to be named for it, when both agree.

A service has one owner, which is its contact for administration and for billing: both go to one account, and
with the second of them the service does. The technical contact is a name beside the service and sees nothing
of it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from acquit.core.errors import Conflict, Forbidden, Invalid, NotFound
from acquit.core.identifiers import AccountId, ServiceId

LIFE: Final = timedelta(days=7)
"""How long both sides may agree."""

WAITING_MAX: Final = 20
"""So many changes of an account wait at most: each of them writes letters to somebody."""

LETTERS_APART: Final = timedelta(minutes=1)


class NoSuchContactChange(NotFound):
    """No change of that number concerns the account."""

    code = "no-such-contact-change"

    def __init__(self, number: object) -> None:
        super().__init__(f"The requested object ({number}) does not exist")


class ContactChangeOver(Conflict):
    """The change is done, was refused, made way for another one, or waited too long."""

    code = "contact-change-over"

    def __init__(self, state: str) -> None:
        super().__init__(f"This change of contact is {state}: nothing about it can be decided any more.")


class AgreedAlready(Conflict):
    """This side has agreed; the change waits for the other side, or for the other contact."""

    code = "agreed-already"


class LetterJustSent(Forbidden):
    """A letter went out less than a minute ago."""

    code = "letter-just-sent"


class NoTaker(Invalid):
    """No account of that name can be a contact of the service."""

    code = "no-taker"

    def __init__(self, member: str, account_id: str) -> None:
        super().__init__(
            f"[{member}] There is no account {account_id[:40]} that could be a contact of this service: an "
            "account of the same seller and currency that letters reach",
            parameter=member,
        )


class NoOtherContact(Invalid):
    """What is asked for is so already."""

    code = "no-other-contact"


class TwoOwners(Invalid):
    """Administration and billing of a service are one account's."""

    code = "two-owners"


class TooManyChanges(Conflict):
    """So many changes wait that another one would be a nuisance."""

    code = "too-many-contact-changes"


class NotTakenNow(Conflict):
    """Something about the other account, which only it is told, forbids it to take the service."""

    code = "not-taken-now"


class Contact(StrEnum):
    """What an account is to a service."""

    ADMIN = "admin"
    BILLING = "billing"
    TECHNICAL = "technical"


OWNING: Final = frozenset({Contact.ADMIN, Contact.BILLING})


class ChangeState(StrEnum):
    """Where a change is; what waits too long is over without being rewritten."""

    WAITING = "waiting"
    AGREED = "agreed"
    DONE = "done"
    REFUSED = "refused"
    ABORTED = "aborted"
    EXPIRED = "expired"


class Side(StrEnum):
    """Who is asked: the account that has the service, or the one that is to be its contact."""

    GIVER = "giver"
    TAKER = "taker"


@dataclass(frozen=True, slots=True)
class ContactChange:
    """An account (`account_id`) asks that another be a contact of its service; `given_at` and `taken_at` tell
    when either side agreed, `told_at` when a letter was last written, `asked_by` whose act it was."""

    account_id: AccountId
    contact_change_id: int
    service_id: ServiceId
    service_name: str
    contact: Contact
    from_account_id: AccountId
    to_account_id: AccountId
    state: ChangeState
    asked_at: datetime
    given_at: datetime | None
    taken_at: datetime | None
    told_at: datetime
    done_at: datetime | None
    asked_by: str = ""

    def state_at(self, now: datetime) -> ChangeState:
        """Return the state at that instant."""
        is_open = self.state in (ChangeState.WAITING, ChangeState.AGREED)
        return ChangeState.EXPIRED if is_open and self.asked_at + LIFE <= now else self.state

    def side_of(self, account_id: AccountId) -> Side:
        """Return which side the account is."""
        return Side.GIVER if account_id == self.account_id else Side.TAKER

    def has_agreed(self, side: Side) -> bool:
        """Whether that side has agreed."""
        return (self.given_at if side is Side.GIVER else self.taken_at) is not None

    @property
    def is_agreed(self) -> bool:
        """Whether both sides have."""
        return self.given_at is not None and self.taken_at is not None


def refuse_over(change: ContactChange, now: datetime) -> None:
    """Pass while something about the change can be decided. Raises ContactChangeOver."""
    state = change.state_at(now)
    if state not in (ChangeState.WAITING, ChangeState.AGREED):
        raise ContactChangeOver(state.value)


def refuse_agreed(change: ContactChange, side: Side) -> None:
    """Pass unless that side has agreed. Raises AgreedAlready."""
    if change.has_agreed(side):
        other = "the other contact of the two" if change.is_agreed else "the other account"
        raise AgreedAlready(f"You have agreed already: {other} is waited for.")


def wanted_of(
    wanted: Mapping[Contact, AccountId], now: Mapping[Contact, AccountId]
) -> dict[Contact, AccountId]:
    """Return the contacts that would be other accounts. Raises NoOtherContact, TwoOwners."""
    changed = {contact: to for contact, to in wanted.items() if now[contact] != to}
    if not changed:
        raise NoOtherContact("Nothing would change: name another account as a contact.")
    owners = {to for contact, to in changed.items() if contact in OWNING}
    if len(owners) > 1:
        raise TwoOwners(
            "[contactBilling] One account has administration and billing of a service: name the same twice",
            parameter="contactBilling",
        )
    return changed


def partner_of(change: ContactChange, others: Iterable[ContactChange], now: datetime) -> ContactChange | None:
    """Return the change of the other owning contact to the same account, if it is open."""
    for each in others:
        is_pair = {change.contact, each.contact} == OWNING and each.to_account_id == change.to_account_id
        if is_pair and each.state_at(now) in (ChangeState.WAITING, ChangeState.AGREED):
            return each
    return None

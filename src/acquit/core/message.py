"""Messages: what an account is told by mail about its affairs, each thing once.

A message is written with what causes it; its text is made when it leaves, in the account's language of then.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from acquit.core.delivery import ADDRESS
from acquit.core.dunning import Calendar, StepKind
from acquit.core.errors import Invalid, NotFound
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.money import Currency

EVENT: Final = "message/"
"""The event of a delivery that carries a message begins so; its number follows."""

TOO_LATE: Final = timedelta(days=7)
"""What could not leave for so long is told no more: it would only confuse."""

SOON_DAYS: Final = 7
ORDER_DAYS: Final = 30
SERVICE_DAYS: Final = 14
LATE_DAYS: Final = 14
"""What is late for longer was told before messages began, or is dunning's."""

SUBJECT_MAX: Final = 200
INTRO_MAX: Final = 2_000
SENDER_MAX: Final = 100


class MessageKind(StrEnum):
    """What a message is about."""

    BILL_AVAILABLE = "bill-available"
    DUE_SOON = "due-soon"
    OVERDUE = "overdue"
    ORDER_NEARLY_SPENT = "order-nearly-spent"
    ORDER_EXPIRING = "order-expiring"
    TERM_GRANTED = "term-granted"
    TERM_ENDED = "term-ended"
    PRICE_CHANGE = "price-change"
    SERVICE_ENDING = "service-ending"


class BadMessage(Invalid):
    """A sender, a text or a kind of message cannot be used; the message says why."""

    code = "bad-message"


class NoSuchMail(NotFound):
    """No such mail was sent to the account."""

    code = "no-such-mail"

    def __init__(self, mail_id: object) -> None:
        super().__init__(f"The requested object ({mail_id}) does not exist")


@dataclass(frozen=True, slots=True)
class Telling:
    """One message to be: `about` keeps it from being told twice, `said` is what its text fills in.

    Members that end in `_on` are dates in ISO format; amounts are in the smallest unit of the member
    `currency`, under a name that ends in `_minor`; `lines` is a list of such mappings.
    """

    account_id: AccountId
    kind: MessageKind
    about: str
    said: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class MessageSetting:
    """Whether a legal entity tells its accounts what happens, from which day's bills on, and as whom."""

    legal_entity_id: LegalEntityId
    from_on: date
    is_on: bool
    sender: str = ""
    reply_to: str = ""


@dataclass(frozen=True, slots=True)
class OpenDebt:
    """So much of a bill that its payer is to pay itself; `on_terms` when a granted term set the day."""

    payer_id: AccountId
    bill_id: str
    due_on: date
    currency: Currency
    open_minor: int
    reference: str
    on_terms: bool
    is_chased: bool


def kind_of(text: str) -> MessageKind:
    """Return the kind of that name. Raises BadMessage."""
    try:
        return MessageKind(text)
    except ValueError:
        raise BadMessage(
            f"There is no kind of message {text!r}: {', '.join(kind.value for kind in MessageKind)}."
        ) from None


def refuse_setting(setting: MessageSetting) -> None:
    """Pass when mails can be sent under that name, with that address for answers. Raises BadMessage."""
    if len(setting.sender) > SENDER_MAX or not setting.sender.isprintable():
        raise BadMessage(f"A sender's name is one line of at most {SENDER_MAX} characters.")
    if setting.reply_to and not ADDRESS.fullmatch(setting.reply_to):
        raise BadMessage(
            f"{setting.reply_to!r} is no e-mail address: write it as billing@example.com, or nothing."
        )


def is_dunnings(debt: OpenDebt, today: date, calendars: Mapping[AccountId | None, Calendar]) -> bool:
    """Whether dunning tells the payer of the debt: it did already, or a calendar that was set will.

    A courtesy before the day is not for terms that were granted, so those are told by a message.
    """
    if debt.is_chased:
        return True
    calendar = calendars.get(debt.payer_id, calendars.get(None))
    if calendar is None:
        return False
    kinds = {step.kind for step in calendar.steps}
    if debt.due_on >= today:
        return StepKind.COURTESY in kinds and not debt.on_terms
    return bool(kinds - {StepKind.COURTESY})


def due_tellings(
    debts: list[OpenDebt], today: date, calendars: Mapping[AccountId | None, Calendar]
) -> list[Telling]:
    """Return what payers are told of debts that fall due or are late: one message per day and currency."""
    groups: dict[tuple[AccountId, date, Currency], list[OpenDebt]] = {}
    for debt in debts:
        if not is_dunnings(debt, today, calendars):
            groups.setdefault((debt.payer_id, debt.due_on, debt.currency), []).append(debt)
    return [
        Telling(
            payer_id,
            MessageKind.DUE_SOON if due_on >= today else MessageKind.OVERDUE,
            f"{due_on}/{currency}",
            {
                "due_on": due_on.isoformat(),
                "currency": currency,
                "total_minor": sum(each.open_minor for each in found),
                "lines": [
                    {"bill": each.bill_id, "open_minor": each.open_minor, "reference": each.reference}
                    for each in found
                ],
            },
        )
        for (payer_id, due_on, currency), found in groups.items()
    ]

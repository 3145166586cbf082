"""Deliveries: how a bill, a status or a letter leaves, by which channels, and what becomes of each try.

A delivery is queued with the facts that it tells and tried until it is sent, refused or ended by a person. It
may arrive twice, after a crash between sending and recording; its key, the same on every try, lets the
receiver see that it is the same.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from acquit.core.bill import SELF_BILLED, BillKind
from acquit.core.errors import Invalid, NotFound
from acquit.core.identifiers import AccountId, BillId, LegalEntityId
from acquit.core.snapshot import Buyer, Seller
from acquit.core.tax import OWN_RATES

BILL: Final = "bill"
"""The event of a delivery that carries the document itself."""

LETTER: Final = "letter"
"""The event of a delivery that carries a letter and is about no one bill."""

WAIT_MAX: Final = timedelta(hours=6)
KEY_DIGITS: Final = 32
E_ADDRESS_SCHEME: Final = re.compile(r"([0-9]{4}):([A-Za-z0-9+._/-]{1,60})")
"""An e-address with its scheme before it, as Peppol writes it. Source: Peppol policy for identifiers 1."""

DIRECTORY_FR: Final = "0225"
"""Scheme of French e-addresses: the SIREN, perhaps with a suffix. Source: AFNOR XP Z12-012, BR-FR-12."""

AT_HOME: Final = frozenset({"FR"}) | OWN_RATES["FR"]
"""Where businesses have a SIREN and are billed through the platforms. Source: CGI 289 bis, 294."""

ADDRESS: Final = re.compile(r"[^@\s,;<>\"]{1,64}@[^@\s,;<>\"]{1,250}")


class BadChannel(Invalid):
    """A channel cannot carry that form, or cannot be set as asked."""

    code = "bad-channel"


class BadContact(Invalid):
    """The text is no e-mail address."""

    code = "bad-contact"


class NoSuchDelivery(NotFound):
    """There is no such delivery."""

    code = "no-such-delivery"


class Channel(StrEnum):
    """A way by which bills leave."""

    EMAIL = "email"
    PLATFORM = "platform"
    PEPPOL = "peppol"


class Outcome(StrEnum):
    """What became of a try."""

    SENT = "sent"
    DELAYED = "delayed"
    REFUSED = "refused"
    BOUNCED = "bounced"
    RETRIED = "retried"
    ENDED = "ended"


FORMS: Final = {
    Channel.EMAIL: ("pdf", "pdf+ubl", "link"),
    Channel.PLATFORM: ("pdf", "cii", "ubl"),
    Channel.PEPPOL: ("ubl",),
}
"""What each channel can carry; the first is what it carries when nothing else is said."""


@dataclass(frozen=True, slots=True)
class ChannelSetting:
    """From a day on the bills of a legal entity leave by a channel in a form, or no longer.

    `origin` is what a link to a paper begins with.
    """

    legal_entity_id: LegalEntityId
    channel: Channel
    from_on: date
    is_on: bool
    form: str
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that goes with a mail or is handed over."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """One message; `key` is the same whenever the same message is sent again.

    `sender` is the name that it comes from (empty: the mail server's own), `html` the text as a page.
    """

    to: tuple[str, ...]
    subject: str
    text: str
    key: str
    reply_to: str = ""
    files: tuple[Attached, ...] = ()
    sender: str = ""
    html: str = ""


@dataclass(frozen=True, slots=True)
class Flow:
    """One file for an e-invoicing platform: its syntax is CII, UBL, Factur-X or CDAR.

    `is_again` when it may have arrived before: then the platform is asked first.
    """

    key: str
    syntax: str
    file: Attached
    is_again: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one try; `reference` is what the receiver calls it, `accepted` who took a mail.

    `is_silent` when the channel gives no usable answer at all; `is_tried` is false for what was not tried
    because of that.
    """

    outcome: Outcome
    reference: str = ""
    told: str = ""
    accepted: tuple[str, ...] = ()
    is_tried: bool = True
    is_silent: bool = False


@dataclass(frozen=True, slots=True)
class FlowTold:
    """What a platform tells of one of its flows: ours (`is_ours`), or a life cycle that came in."""

    flow_id: str
    flow_type: str
    is_ours: bool
    acknowledged: str
    told: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Addressed:
    """What of an issued bill decides where it goes."""

    account_id: AccountId
    bill_id: BillId
    legal_entity_id: LegalEntityId
    kind: BillKind
    issued_on: date
    seller: Seller
    buyer: Buyer


@dataclass(frozen=True, slots=True)
class Queued:
    """One delivery to be: what leaves, by which channel, in which form."""

    account_id: AccountId
    legal_entity_id: LegalEntityId
    channel: Channel
    bill_id: str
    event: str
    form: str


def deliveries_of(bill: Addressed, settings: Iterable[ChannelSetting]) -> list[Queued]:
    """Return the deliveries of a bill by the channels that its seller had on its day."""
    held: dict[Channel, ChannelSetting] = {}
    for each in settings:
        if each.legal_entity_id == bill.legal_entity_id and each.from_on <= bill.issued_on:
            held[each.channel] = each
    return [
        Queued(bill.account_id, bill.legal_entity_id, channel, bill.bill_id, BILL, setting.form)
        for channel, setting in sorted(held.items())
        if setting.is_on and takes(channel, bill)
    ]


def takes(channel: Channel, bill: Addressed) -> bool:
    """Whether a channel is for such a bill: a platform for business within France, Peppol for the rest.

    Claims of late interest are outside the scope of VAT and no e-invoice; one that is self-billed goes to
    its seller. Source: CGI 289 bis, 290.
    """
    if channel is Channel.EMAIL:
        return True
    if bill.kind is BillKind.CLAIM or bill.buyer.tax_profile == "person":
        return False
    scheme, _ = e_address_of(bill.seller if bill.kind in SELF_BILLED else bill.buyer)
    if channel is Channel.PLATFORM:
        return {bill.seller.country, bill.buyer.country} <= AT_HOME and scheme == DIRECTORY_FR
    return scheme not in ("", DIRECTORY_FR)


def e_address_of(party: Buyer | Seller) -> tuple[str, str]:
    """Return scheme and value of where a party receives e-invoices; two empty texts when nowhere."""
    written = E_ADDRESS_SCHEME.fullmatch(party.e_address)
    if written is not None:
        return written[1], written[2]
    if party.country in AT_HOME and "@" not in party.e_address and (party.e_address or party.siren):
        return DIRECTORY_FR, party.e_address or party.siren
    return "", ""


def next_try(now: datetime, tries: int) -> datetime:
    """Return when to try again after so many tries: 1, 2, 4 … minutes later, at most six hours, for ever."""
    return now + min(timedelta(minutes=2 ** min(tries, 20)), WAIT_MAX)


def key_of(bill_id: str, channel: str, event: str) -> str:
    """Return the key by which a receiver knows a delivery again: 32 hexadecimal digits."""
    return hashlib.sha256(f"{bill_id}|{channel}|{event}".encode()).hexdigest()[:KEY_DIGITS]


def letter_key(delivery_id: int) -> str:
    """Return the key of a letter."""
    return key_of("", Channel.EMAIL, f"{LETTER}/{delivery_id}")


def refuse_channel(setting: ChannelSetting, today: date, *, is_sandbox: bool = False) -> None:
    """Pass when the channel can carry the form from that day on. Raises BadChannel.

    A channel never begins in the past: bills that people have already would leave again. What a sandbox makes
    is no bill, and goes to nobody but by mail.
    """
    if is_sandbox and setting.channel is not Channel.EMAIL:
        raise BadChannel(
            f"{setting.legal_entity_id} is a sandbox: its bills are trials and go to no platform."
        )
    if setting.form not in FORMS[setting.channel]:
        raise BadChannel(
            f"The channel {setting.channel} carries {', '.join(FORMS[setting.channel])}, not {setting.form}."
        )
    if setting.from_on < today:
        raise BadChannel(
            f"A channel begins today ({today}) or later: bills from before {setting.from_on} would leave "
            "again. Send a single one with `acquit delivery send-again`."
        )
    if setting.is_on and setting.form == "link" and not setting.origin.startswith(("https://", "http://")):
        raise BadChannel("A link needs the origin that it begins with: --origin https://billing.example.net.")


def checked_contacts(addresses: Sequence[str]) -> tuple[str, ...]:
    """Return the addresses, each once, in their order. Raises BadContact."""
    for address in addresses:
        if not ADDRESS.fullmatch(address):
            raise BadContact(f"{address!r} is no e-mail address: write it as billing@example.com.")
    return tuple(dict.fromkeys(addresses))

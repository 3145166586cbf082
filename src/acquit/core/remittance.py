"""Remittances: files of direct debits or refunds on their way to the bank, approved by a second person."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from acquit.core.errors import Conflict, NotFound
from acquit.core.identifiers import LegalEntityId
from acquit.core.money import Currency
from acquit.core.terms import NobodyNamed, SamePersonApproves


class NoSuchRemittance(NotFound):
    """The legal entity has no such remittance."""

    code = "no-such-remittance"


class RemittanceNotThere(Conflict):
    """The remittance is not in a state from which this follows."""

    code = "remittance-not-there"


class NothingToSend(Conflict):
    """No debt and no refund is ready to go to the bank."""

    code = "nothing-to-send"


class RemittanceStale(Conflict):
    """What the file says is no longer so: it is cancelled and made anew."""

    code = "remittance-stale"


class FileLost(Conflict):
    """The file in the archive is not the one that was recorded."""

    code = "file-lost"


class RemittanceKind(StrEnum):
    """What a remittance moves: money of payers to the seller, or back to them."""

    DIRECT_DEBIT = "direct-debit"
    REFUND = "refund"

    @property
    def mark(self) -> str:
        """The letters that its files are numbered with."""
        return "SDD" if self is RemittanceKind.DIRECT_DEBIT else "SCT"


class RemittanceState(StrEnum):
    """Where a remittance is; `settled` when every line of it has ended."""

    DRAFT = "draft"
    APPROVED = "approved"
    DOWNLOADED = "downloaded"
    SENT = "sent"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    COLLECTED = "collected"
    PAID = "paid"
    CANCELLED = "cancelled"


_AT_THE_BANK: Final = frozenset({RemittanceState.DOWNLOADED, RemittanceState.SENT, RemittanceState.ACCEPTED})

FOLLOWS: Final[Mapping[RemittanceState, frozenset[RemittanceState]]] = {
    RemittanceState.APPROVED: frozenset({RemittanceState.DRAFT}),
    RemittanceState.DOWNLOADED: frozenset({RemittanceState.APPROVED}),
    RemittanceState.SENT: frozenset({RemittanceState.DOWNLOADED}),
    RemittanceState.ACCEPTED: frozenset({RemittanceState.DOWNLOADED, RemittanceState.SENT}),
    RemittanceState.REJECTED: _AT_THE_BANK,
    RemittanceState.COLLECTED: _AT_THE_BANK,
    RemittanceState.PAID: _AT_THE_BANK,
    RemittanceState.CANCELLED: frozenset({
        RemittanceState.DRAFT, RemittanceState.APPROVED, RemittanceState.DOWNLOADED,
    }),
}  # fmt: skip
"""From which states each state follows; a file that was sent is called back at the bank, not here."""

ENDED: Final = frozenset({
    RemittanceState.REJECTED, RemittanceState.COLLECTED, RemittanceState.PAID, RemittanceState.CANCELLED,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class RemittanceEvent:
    """One step of a remittance."""

    event_no: int
    state: RemittanceState
    happened_on: date
    told: str
    recorded_by: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Remittance:
    """A numbered file: its lines, their sum, and the SHA-256 of its bytes in the archive."""

    legal_entity_id: LegalEntityId
    remittance_id: int
    kind: RemittanceKind
    message_id: str
    currency: Currency
    lines: int
    amount_minor: int
    sha256: str
    size_bytes: int
    made_on: date
    made_by: str
    made_at: datetime
    state: RemittanceState = RemittanceState.DRAFT
    approved_by: str | None = None

    @property
    def file_name(self) -> str:
        """What the file is called when it is handed over."""
        return f"{self.message_id}.xml"

    @property
    def is_at_bank(self) -> bool:
        """Whether the bank may have the file."""
        return self.state in _AT_THE_BANK


def message_id(legal_entity_id: LegalEntityId, kind: RemittanceKind, remittance_id: int) -> str:
    """Return the number of a file, unique for the seller's banks: `FR-SDD-00000012`."""
    return f"{legal_entity_id}-{kind.mark}-{remittance_id:08d}"


def refuse_step(remittance: Remittance, to: RemittanceState) -> None:
    """Pass when the remittance may become so. Raises RemittanceNotThere."""
    if remittance.state not in FOLLOWS[to]:
        raise RemittanceNotThere(
            f"Remittance {remittance.message_id} is {remittance.state.value}: it cannot be {to.value}.",
            remittance=remittance.message_id,
        )


def refuse_approval(remittance: Remittance, by: str) -> None:
    """Pass when `by` may approve the file. Raises RemittanceNotThere, NobodyNamed, SamePersonApproves."""
    refuse_step(remittance, RemittanceState.APPROVED)
    if not by.startswith("operator:"):
        raise NobodyNamed(
            f"Remittance {remittance.message_id} is approved by a second person, who has a name: say which "
            "operator."
        )
    if remittance.made_by == by:
        raise SamePersonApproves(
            f"Remittance {remittance.message_id} was made by {by}; a second person has to approve it.",
            made_by=by,
        )


def refuse_download(remittance: Remittance) -> None:
    """Pass when the file may be handed over: approved and not cancelled. Raises RemittanceNotThere."""
    if remittance.state in (RemittanceState.DRAFT, RemittanceState.CANCELLED):
        raise RemittanceNotThere(
            f"Remittance {remittance.message_id} is {remittance.state.value}: its file is handed over once a "
            "second person has approved it.",
            remittance=remittance.message_id,
        )


def state_of(events: Iterable[RemittanceEvent]) -> RemittanceState:
    """Return the state after these steps: a draft when there is none."""
    last = max(events, key=lambda event: event.event_no, default=None)
    return RemittanceState.DRAFT if last is None else last.state

"""Requests to sales: an account asks for a payment term, a purchase order or the correction of a bill.

A person decides once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from acquit.core.errors import Conflict, Invalid, NotFound
from acquit.core.identifiers import AccountId, BillId, RequestId
from acquit.core.order_change import OrderTerms
from acquit.core.terms import Term, UsageChoice

FILE_BYTES_MAX: Final = 5_000_000
MESSAGE_CHARS_MAX: Final = 4_000
FILE_TYPES: Final = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "txt": "text/plain",
    "csv": "text/csv",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
}
"""What may be attached, by the ending of the file's name."""


class NoSuchRequest(NotFound):
    """There is no such request."""

    code = "no-such-request"

    def __init__(self, request_id: int | str) -> None:
        super().__init__(f"There is no request {request_id}.", request=str(request_id))


class AlreadyDecided(Conflict):
    """The request was approved or refused before."""

    code = "already-decided"


class ReasonMissing(Invalid):
    """A refusal tells the account why."""

    code = "reason-missing"


class BadAttachment(Invalid):
    """The file is empty, too large or of a kind that is not taken."""

    code = "bad-attachment"


class MessageTooLong(Invalid):
    """The message has more characters than are kept."""

    code = "message-too-long"


class NothingAsked(Invalid):
    """A request for a correction says what is wrong."""

    code = "nothing-asked"


class RequestKind(StrEnum):
    """What is asked."""

    TERM = "term"
    PURCHASE_ORDER = "purchase-order"
    CORRECTION = "correction"


class RequestState(StrEnum):
    """Whether a person has decided, and how."""

    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class AskedTerm:
    """The account asks for a payment term."""

    term: Term
    credit_limit_minor: int | None = None
    from_on: date | None = None
    usage_choice: UsageChoice | None = None
    override_reason: str = ""


@dataclass(frozen=True, slots=True)
class AskedOrder:
    """The account asks for a purchase order on its bills."""

    terms: OrderTerms


@dataclass(frozen=True, slots=True)
class AskedCorrection:
    """The account asks that a bill with a wrong buyer or purchase order is taken back and billed again.

    `members` are members of the buyer as they should be; an `order_reference` of None leaves the order as it
    is, an empty one asks for none.
    """

    bill_id: BillId
    members: Mapping[str, str] = field(default_factory=dict)
    order_reference: str | None = None


Asked = AskedTerm | AskedOrder | AskedCorrection
"""Everything that may be asked."""

BUYER_MEMBERS: Final = (
    "name", "siren", "vat_id", "street", "street_2", "zip", "city", "buyer_reference",
)  # fmt: skip
"""What of the buyer an account may ask to correct."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a request."""

    name: str
    type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class SalesRequest:
    """What an account asked of sales, and what became of it; the file's content is read apart."""

    account_id: AccountId
    request_id: RequestId
    asked: Asked
    asked_by: str
    asked_at: datetime
    message: str = ""
    file_name: str | None = None
    file_type: str | None = None
    state: RequestState = RequestState.WAITING
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str = ""
    result_id: int | None = None
    result_bill: BillId | None = None

    @property
    def kind(self) -> RequestKind:
        """What is asked."""
        return KINDS[type(self.asked)]


KINDS: Final[Mapping[type, RequestKind]] = {
    AskedTerm: RequestKind.TERM,
    AskedOrder: RequestKind.PURCHASE_ORDER,
    AskedCorrection: RequestKind.CORRECTION,
}


def refuse_empty_correction(asked: AskedCorrection) -> None:
    """Pass when something of the bill is to be otherwise. Raises NothingAsked."""
    if not any(value.strip() for value in asked.members.values()) and asked.order_reference is None:
        raise NothingAsked("Say what of the bill should be otherwise: the buyer, or the purchase order.")


def checked_message(message: str) -> str:
    """Return the message. Raises MessageTooLong."""
    if len(message) > MESSAGE_CHARS_MAX:
        raise MessageTooLong(f"A message has at most {MESSAGE_CHARS_MAX} characters.")
    return message


def attachment(name: str, content: bytes) -> Attachment:
    """Return the file with the type that its ending says and a name without a path.

    Raises BadAttachment when it is empty, too large, or of a kind that is not taken.
    """
    bare = name.replace("\\", "/").rsplit("/", 1)[-1][-120:]
    ending = bare.rsplit(".", 1)[-1].lower() if "." in bare else ""
    if ending not in FILE_TYPES or not bare.isprintable():
        raise BadAttachment(
            f"Attach one of: {', '.join(sorted(FILE_TYPES))}.", file=bare if bare.isprintable() else ""
        )
    if not content:
        raise BadAttachment(f"The file {bare} is empty.", file=bare)
    if len(content) > FILE_BYTES_MAX:
        raise BadAttachment(f"The file {bare} is larger than {FILE_BYTES_MAX // 1_000_000} MB.", file=bare)
    return Attachment(bare, FILE_TYPES[ending], content)


def refuse_decided(request: SalesRequest) -> None:
    """Pass when the request still waits. Raises AlreadyDecided."""
    if request.state is not RequestState.WAITING:
        raise AlreadyDecided(
            f"Request {request.request_id} was {request.state.value} by {request.decided_by} before.",
            request=str(request.request_id),
        )


def checked_reason(reason: str) -> str:
    """Return the reason of a refusal without blanks around it. Raises ReasonMissing when there is none."""
    if not reason.strip():
        raise ReasonMissing("Say why the request is refused; the account reads it.")
    return reason.strip()

"""The one table that turns a refusal into the wire's status, class and errorCode.

A refusal rises untouched from core or an action to `answer`; a family adds a row to `TABLE` when
its refusal must not look like its parent's. Both generations of error bodies go out in one:
`message`, `class`, `errorCode`, `httpCode`, and `details`, a map of text to text.
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final, NamedTuple

from acquit.actions.attempts import TooManyAttempts
from acquit.actions.request_credential import TooManyPending
from acquit.api.pace import TooManyCalls
from acquit.core import savings_plan
from acquit.core.access import (
    AddressNotAllowed,
    CallNotGranted,
    InvalidApplicationKey,
    InvalidCredential,
    InvalidSignature,
    NotSignedIn,
    OutOfTime,
)
from acquit.core.contact_change import LetterJustSent
from acquit.core.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, Unlawful
from acquit.core.service_account import TooManyTokens


class Meaning(NamedTuple):
    """What a refusal is called on the wire."""

    status: int
    kind: str
    code: str


class NoSuchRoute(NotFound):
    """The contract has no such method and path."""

    code = "no-such-route"

    def __init__(self) -> None:
        super().__init__("Got an invalid (or empty) URL")


class NotServed(Refusal):
    """The contract has this route; this server does not serve it."""

    code = "not-served"

    def __init__(self, method: str, path: str) -> None:
        super().__init__(
            f"{method} {path} is part of the API but is not served here", route=f"{method} {path}"
        )


class NoSuchObject(NotFound):
    """The route exists, the object does not (or belongs to another account)."""

    code = "no-such-object"

    def __init__(self, key: object) -> None:
        super().__init__(f"The requested object ({key}) does not exist")


class BadParameter(Invalid):
    """A parameter does not have the type that the contract declares."""

    code = "bad-parameter"


class MissingParameter(Invalid):
    """A parameter that the contract requires was not given."""

    code = "missing-parameter"

    def __init__(self, name: str) -> None:
        super().__init__(f"The input provided isn't valid: '{name}' is a required property", parameter=name)


class UnknownParameters(Invalid):
    """The request names parameters that the contract does not declare."""

    code = "unknown-parameters"


class BrokenJson(Invalid):
    """The body is not JSON, or not a JSON object."""

    code = "broken-json"

    def __init__(self) -> None:
        super().__init__("Invalid JSON received")


class BeyondRights(Forbidden):
    """No right of the service account covers an action of the route."""

    code = "beyond-rights"

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(
            "User not granted for this request",
            unauthorizedActionsByAuthentication="",
            unauthorizedActionsByIAM=",".join(missing),
        )


class TooMany(Invalid):
    """More was asked for at once than one request may."""

    code = "too-many"


TABLE: Final[dict[type[Refusal], Meaning]] = {
    # who is calling
    InvalidApplicationKey: Meaning(403, "Client::Forbidden", "INVALID_KEY"),
    NotSignedIn: Meaning(403, "Client::Forbidden", "NOT_CREDENTIAL"),
    InvalidCredential: Meaning(403, "Client::Forbidden", "INVALID_CREDENTIAL"),
    OutOfTime: Meaning(400, "Client::BadRequest", "QUERY_TIME_OUT"),
    InvalidSignature: Meaning(400, "Client::BadRequest", "INVALID_SIGNATURE"),
    AddressNotAllowed: Meaning(403, "Client::Forbidden", "FORBIDDEN"),
    CallNotGranted: Meaning(403, "Client::Forbidden", "NOT_GRANTED_CALL"),
    BeyondRights: Meaning(403, "Client::Forbidden", "NOT_GRANTED_CALL"),
    TooManyTokens: Meaning(429, "Client::TooManyRequests", "TOO_MANY_REQUESTS"),
    TooManyCalls: Meaning(429, "Client::TooManyRequests", "TOO_MANY_REQUESTS"),
    TooManyAttempts: Meaning(429, "Client::TooManyRequests", "TOO_MANY_REQUESTS"),
    LetterJustSent: Meaning(429, "Client::TooManyRequests", "TOO_MANY_REQUESTS"),
    TooManyPending: Meaning(429, "Client::TooManyRequests", "TOO_MANY_REQUESTS"),
    # what is asked
    NoSuchRoute: Meaning(404, "Client::NotFound", "NOT_FOUND"),
    NotServed: Meaning(501, "Server::NotImplemented", "NOT_IMPLEMENTED"),
    # savings plans
    savings_plan.NoSuchSavingsPlan: Meaning(404, "Client::NotFound::ErrSavingsPlanNotFound", "NOT_FOUND"),
    savings_plan.NoSuchOffer: Meaning(404, "Client::NotFound::ErrSavingsPlanOfferNotFound", "NOT_FOUND"),
    savings_plan.OfferNotForService: Meaning(
        400, "Client::BadRequest::ErrOfferNotAvailableForProject", "INVALID_ARGUMENT"
    ),
    savings_plan.BadSize: Meaning(400, "Client::BadRequest::ErrNegativeSize", "INVALID_ARGUMENT"),
    savings_plan.SizeStays: Meaning(400, "Client::BadRequest::ErrSameSize", "INVALID_ARGUMENT"),
    savings_plan.SizeShrinks: Meaning(400, "Client::BadRequest::ErrDecreaseSize", "INVALID_ARGUMENT"),
    savings_plan.StartsInThePast: Meaning(400, "Client::BadRequest::ErrStartDatePassed", "INVALID_ARGUMENT"),
    savings_plan.StartsTooLate: Meaning(400, "Client::BadRequest::ErrStartDateToLate", "INVALID_ARGUMENT"),
    savings_plan.BadPlanName: Meaning(400, "Client::BadRequest::ErrInvalidDisplayName", "INVALID_ARGUMENT"),
    savings_plan.SavingsPlanEnded: Meaning(
        400, "Client::BadRequest::ErrSavingsPlanTerminated", "INVALID_ARGUMENT"
    ),
    savings_plan.SavingsPlanRuns: Meaning(
        400, "Client::BadRequest::ErrSavingsPlanNotPending", "INVALID_ARGUMENT"
    ),
    # what the rules say
    NotFound: Meaning(404, "Client::NotFound", "NOT_FOUND"),
    Forbidden: Meaning(403, "Client::Forbidden", "FORBIDDEN"),
    Conflict: Meaning(409, "Client::Conflict", "CONFLICT"),
    Invalid: Meaning(400, "Client::BadRequest", "INVALID_ARGUMENT"),
    Unlawful: Meaning(403, "Client::Forbidden", "FORBIDDEN"),
    Refusal: Meaning(403, "Client::Forbidden", "FORBIDDEN"),
}

CRASH: Final = Meaning(500, "Server::InternalServerError", "INTERNAL_ERROR")
UNAVAILABLE: Final = Meaning(503, "Server::ServiceUnavailable", "SERVICE_UNAVAILABLE")


class Fault(NamedTuple):
    """What is said of a request that could not even be taken in."""

    meaning: Meaning
    message: str


FAULTS: Final = {
    500: Fault(CRASH, "Internal server error"),
    400: Fault(
        Meaning(400, "Client::BadRequest", "BROKEN_BODY"),
        "The body came to no end: send as many bytes as announced, or well-formed chunks",
    ),
    408: Fault(
        Meaning(408, "Client::RequestTimeout", "REQUEST_TIMEOUT"), "The request did not arrive in time"
    ),
    413: Fault(
        Meaning(413, "Client::BadRequest", "BODY_TOO_LARGE"), "The body is larger than this server takes"
    ),
    503: Fault(UNAVAILABLE, "The service is unavailable, try again in a moment"),
}


def meaning(refusal: Refusal) -> Meaning:
    """Return the row of the refusal's own class, else that of its nearest ancestor."""
    return next(TABLE[kind] for kind in type(refusal).__mro__ if kind in TABLE)


def body(said: Meaning, message: str, details: dict[str, str]) -> dict[str, object]:
    """Return the error body that clients of both generations read."""
    return {
        "message": message,
        "class": said.kind,
        "errorCode": said.code,
        "httpCode": f"{said.status} {HTTPStatus(said.status).phrase}",
        "details": {name: str(value) for name, value in details.items()},
    }


def describe(refusal: Refusal) -> dict[str, object]:
    """Return the refusal's error body."""
    return body(meaning(refusal), refusal.message, refusal.details)

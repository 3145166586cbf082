"""Ask for a consumer key that stays unusable until a person validates it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final

from acquit.actions.consumer_keys import check_redirection, key_hash, random_key
from acquit.actions.context import Context
from acquit.core.access import PENDING_FOR, check_application, read_blocks, read_rules
from acquit.core.errors import Refusal
from acquit.store import access

KEY_LENGTH: Final = 32
TOKEN_LENGTH: Final = 64
PENDING_MAX: Final = 1_000


class TooManyPending(Refusal):
    """The application asked for more keys than anybody will answer."""

    code: ClassVar[str] = "too-many-pending"

    def __init__(self) -> None:
        super().__init__("Too many consumer keys of this application wait for validation, try again later")


@dataclass(frozen=True, slots=True)
class RequestedCredential:
    """A consumer key that waits, and the token of the page where a person answers."""

    consumer_key: str = field(repr=False)
    token: str = field(repr=False)


def request_credential(
    context: Context,
    application_key: str,
    rules: object,
    allowed_ips: Sequence[str] | None = None,
    redirection: str | None = None,
) -> RequestedCredential:
    """Make a consumer key for the application that waits for validation, a day at most.

    Raises InvalidApplicationKey, MalformedRules, MalformedBlock, BadRedirection, TooManyPending.
    """
    with context.database.read() as tx:
        application = check_application(access.find_application_by_key(tx, application_key))
    asked, blocks, back = read_rules(rules), read_blocks(allowed_ips or None), check_redirection(redirection)
    made = RequestedCredential(random_key(KEY_LENGTH), random_key(TOKEN_LENGTH))
    with context.database.write() as tx:
        access.purge_pending(tx, application.application_id, context.clock.now() - PENDING_FOR)
        if access.count_pending(tx, application.application_id) >= PENDING_MAX:
            raise TooManyPending
        access.add_credential(
            tx,
            application.application_id,
            key_hash(made.consumer_key),
            asked,
            blocks,
            status="pendingValidation",
            token_hash=key_hash(made.token),
            redirection=back,
        )
    return made

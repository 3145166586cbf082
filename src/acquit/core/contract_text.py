"""Contract texts: what a seller asks its accounts to accept, version by version, and who accepted which."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from acquit.core.errors import Conflict, Invalid, NotFound
from acquit.core.identifiers import AccountId, LegalEntityId

NAME_MAX: Final = 100
SAID_MAX: Final = 500_000


class NoSuchContractText(NotFound):
    """The account is asked to accept no such text."""

    code = "no-such-contract-text"

    def __init__(self, contract_text_id: object) -> None:
        super().__init__(f"The requested object ({contract_text_id}) does not exist")


class BadContractText(Invalid):
    """A contract text has a name, words, and perhaps a PDF."""

    code = "bad-contract-text"


class ContractTextTaken(Conflict):
    """A version of that name begins on that day already; what was published is never changed."""

    code = "contract-text-taken"


class ContractTextObsolete(Conflict):
    """A newer version holds: that one can be accepted."""

    code = "contract-text-obsolete"


class AcceptanceState(StrEnum):
    """Where an account stands with a version: asked for, accepted, or overtaken by a newer one."""

    ASKED = "todo"
    OK = "ok"
    OBSOLETE = "obsolete"


@dataclass(frozen=True, slots=True)
class ContractText:
    """A version of a text; without an account it is for every account of the seller."""

    contract_text_id: int
    legal_entity_id: LegalEntityId
    account_id: AccountId | None
    name: str
    from_on: date
    said: str
    paper_sha256: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Presented:
    """A version as one account sees it; `until_on` is the first day of the version after it."""

    text: ContractText
    until_on: date | None
    accepted_at: datetime | None
    accepted_by: str | None

    @property
    def holds(self) -> bool:
        """Whether no newer version does."""
        return self.until_on is None

    @property
    def state(self) -> AcceptanceState:
        """Where the account stands with it."""
        if not self.holds:
            return AcceptanceState.OBSOLETE
        return AcceptanceState.ASKED if self.accepted_at is None else AcceptanceState.OK


def checked_text(name: str, said: str) -> tuple[str, str]:
    """Return name and words without blanks around them. Raises BadContractText."""
    name, said = name.strip(), said.replace("\r\n", "\n").replace("\t", " ").strip()
    if not 1 <= len(name) <= NAME_MAX or not name.isprintable():
        raise BadContractText(f"A contract text has a name of 1 to {NAME_MAX} printable characters.")
    if not 1 <= len(said) <= SAID_MAX or any(sign < " " and sign != "\n" for sign in said):
        raise BadContractText(f"A contract text has 1 to {SAID_MAX} characters of plain text.")
    return name, said

"""The keys of the demo's doors: kept in its directory, and written where the caller wants them."""

import json
import os
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from acquit.core.errors import Conflict


class MadeOtherwise(Conflict):
    """The keys in the directory are those of a demo that another version made."""

    code = "demo-of-another-version"


@dataclass(frozen=True, slots=True)
class Login:
    """Who may sign in, and as what."""

    login: str
    password: str = field(repr=False)
    role: str


@dataclass(frozen=True, slots=True)
class SubAccountKey:
    """A sub-account: its number on the wire, its account and a consumer key that acts as it."""

    number: int
    account_id: str
    consumer_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Keys:
    """Everything that opens a door; where the doors are is said when the server runs."""

    application_key: str
    application_secret: str = field(repr=False)
    account_id: str
    consumer_key: str = field(repr=False)
    read_only_bills_key: str = field(repr=False)
    sub_accounts: tuple[SubAccountKey, ...]
    staff: tuple[Login, ...]
    office_token: str = field(repr=False)
    sign_in: Login

    def document(self, origin: str) -> dict[str, Any]:
        """Return the keys file of a server that answers at the origin."""
        office = self.staff[0]
        return {
            "base": f"{origin}/1.0",
            "application_key": self.application_key,
            "application_secret": self.application_secret,
            "account": {
                "account": self.account_id,
                "consumer_key": self.consumer_key,
                "read_only_bills_key": self.read_only_bills_key,
            },
            "sub_accounts": [
                {"id": each.number, "account": each.account_id, "consumer_key": each.consumer_key}
                for each in self.sub_accounts
            ],
            "office": {
                "url": f"{origin}/office",
                "token": self.office_token,
                "login": office.login,
                "password": office.password,
            },
            "manager": {
                "url": f"{origin}/manager",
                "login": self.sign_in.login,
                "password": self.sign_in.password,
            },
            "operators": [asdict(each) for each in self.staff],
        }

    def members(self) -> dict[str, Any]:
        """Return the keys as they are kept in the demo's directory."""
        return asdict(self)


def of_members(members: dict[str, Any]) -> Keys:
    """Return the keys that were kept. Raises MadeOtherwise when they are not as this version keeps them."""
    try:
        return Keys(
            **members
            | {
                "sub_accounts": tuple(SubAccountKey(**each) for each in members["sub_accounts"]),
                "staff": tuple(Login(**each) for each in members["staff"]),
                "sign_in": Login(**members["sign_in"]),
            }
        )
    except (KeyError, TypeError) as error:
        raise MadeOtherwise(
            "This demo was made by another version of Acquit: remove its directory, "
            "or name another with --data."
        ) from error


def write(path: Path, document: dict[str, Any]) -> None:
    """The file holds the document, whole, and only its owner reads it."""
    path = path.absolute()
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            json.dump(document, out, indent=2, ensure_ascii=False)
            out.write("\n")
            out.flush()
            os.fsync(out.fileno())
        Path(part).replace(path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise

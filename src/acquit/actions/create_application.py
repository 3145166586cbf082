"""Register a program that may call the API for accounts that let it."""

from dataclasses import dataclass, field
from typing import Final

from acquit.actions.consumer_keys import random_key
from acquit.actions.context import Context
from acquit.actions.developer_mode import require_developer_mode
from acquit.core.access import Application
from acquit.core.errors import Invalid
from acquit.core.identifiers import AccountId
from acquit.store import access, acts

KEY_LENGTH: Final = 16
SECRET_LENGTH: Final = 32
NAME_MAX: Final = 100
DESCRIPTION_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class NewApplication:
    """An application and its secret, which is shown here and never again."""

    application: Application
    secret: str = field(repr=False)


def create_application(
    context: Context, account_id: AccountId, name: str, description: str = "", *, by: str
) -> NewApplication:
    """Register a program of the account; its secret is kept sealed.

    Raises Invalid for an empty or long name, DeveloperModeOff.
    """
    name, description = name.strip(), description.strip()
    if not 1 <= len(name) <= NAME_MAX or not name.isprintable() or len(description) > DESCRIPTION_MAX:
        raise Invalid(
            f"An application has a name of 1 to {NAME_MAX} printable characters and a description of at most "
            f"{DESCRIPTION_MAX}."
        )
    secret = random_key(SECRET_LENGTH)
    sealed = context.sealer.seal(secret)
    with context.database.write() as tx:
        require_developer_mode(tx, account_id)
        made = access.add_application(tx, account_id, random_key(KEY_LENGTH), sealed, name, description)
        acts.record(tx, by, "create_application", account_id, str(made.application_id), name=name)
    return NewApplication(made, secret)

"""What the store says when it cannot be opened: always with a way to go on."""

from acquit.core.errors import Refusal


class StoreRefused(Refusal):
    """The database cannot be used as it is; the message is for a person and names the next step."""

    code = "store-refused"

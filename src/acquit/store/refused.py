"""What the store says when it cannot be opened: always with a way to go on."""


class StoreRefused(Exception):
    """The database cannot be used as it is; the text is for a person and names the next step."""

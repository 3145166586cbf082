"""Keep, change and drop public keys and preferences of an account."""

import base64
import binascii

from acquit.actions.context import Context
from acquit.core.identifiers import AccountId
from acquit.core.kept_text import (
    KEPT_MAX,
    NoSuchText,
    TextTaken,
    checked_key_name,
    checked_preference,
    key_words,
    no_key,
)
from acquit.store import acts, kept_texts


def keep_key(context: Context, account_id: AccountId, name: str, key: str, *, by: str) -> None:
    """The account keeps the public key under the name. Raises BadText, TextTaken."""
    name, key = checked_key_name(name), _checked_key(key)
    with context.database.write() as tx:
        if not kept_texts.add_key(tx, account_id, name, key, KEPT_MAX):
            raise TextTaken(f"There is a key {name} already, or there are {KEPT_MAX}: remove one first")
        acts.record(tx, by, "keep_key", account_id, name)


def drop_key(context: Context, account_id: AccountId, name: str, *, by: str) -> None:
    """The account keeps the public key no longer. Raises NoSuchText."""
    with context.database.write() as tx:
        if not kept_texts.remove_key(tx, account_id, name):
            raise NoSuchText(name)
        acts.record(tx, by, "drop_key", account_id, name)


def keep_preference(context: Context, account_id: AccountId, name: str, value: str) -> None:
    """The account keeps the value under a new name. Raises BadText, TextTaken."""
    name, value = checked_preference(name, value)
    with context.database.write() as tx:
        if not kept_texts.add_preference(tx, account_id, name, value, KEPT_MAX):
            raise TextTaken(f"There is {name} already, or there are {KEPT_MAX}: change or remove one")


def change_preference(context: Context, account_id: AccountId, name: str, value: str) -> None:
    """The account keeps another value under the name. Raises BadText, NoSuchText."""
    with context.database.write() as tx:
        if not kept_texts.change_preference(tx, account_id, name, checked_preference("x", value)[1]):
            raise NoSuchText(name)


def drop_preference(context: Context, account_id: AccountId, name: str) -> None:
    """The account keeps nothing under the name. Raises NoSuchText."""
    with context.database.write() as tx:
        if not kept_texts.remove_preference(tx, account_id, name):
            raise NoSuchText(name)


def _checked_key(text: str) -> str:
    """Return the public key; its encoding begins with its kind. Source: RFC 4253, section 6.6."""
    kind, encoded = (word.encode() for word in key_words(text))
    try:
        is_kind = base64.b64decode(encoded, validate=True).startswith(len(kind).to_bytes(4, "big") + kind)
    except binascii.Error:
        raise no_key() from None
    if not is_kind:
        raise no_key()
    return text.strip()

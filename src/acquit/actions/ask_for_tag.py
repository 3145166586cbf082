"""An account asks the provider for a tag, or gives one up."""

from typing import Final

from acquit.actions.context import Context
from acquit.actions.loading import entity_of, locked_account_in
from acquit.actions.set_support_level import NoSuchTag, after_loss
from acquit.core.account import RESELLER_TAG, Account
from acquit.core.errors import Conflict, Forbidden, Invalid
from acquit.core.identifiers import AccountId
from acquit.store import accounts, acts
from acquit.store.accounts import Tag
from acquit.store.transaction import Transaction

AVAILABLE: Final = (RESELLER_TAG,)
"""The tags that an account may ask for."""

REASON_MAX: Final = 1_000


class TagNotAvailable(Invalid):
    """This tag cannot be asked for."""

    code = "tag-not-available"


class HasTag(Conflict):
    """The account bears the tag, or has asked for it."""

    code = "has-tag"


class TagsOfPayer(Forbidden):
    """The tags that count are those of the account that pays."""

    code = "tags-of-payer"


def ask_for_tag(context: Context, account_id: AccountId, tag: str, reason: str = "", *, by: str) -> Tag:
    """Write that the account asks for the tag and tell the legal entity, which alone gives it.

    Raises TagNotAvailable, HasTag, TagsOfPayer, Invalid for a reason that is too long.
    """
    if tag not in AVAILABLE:
        raise TagNotAvailable(f"[tagName] There is no tag {tag!r} to ask for: {', '.join(AVAILABLE)}")
    if len(reason) > REASON_MAX:
        raise Invalid(f"[reason] A reason has at most {REASON_MAX} characters")
    with context.database.write() as tx:
        account = _paying_account(tx, account_id)
        if not accounts.ask_tag(tx, account_id, tag, by):
            raise HasTag(f"The account has the tag {tag}, or has asked for it already")
        acts.record(tx, by, "ask_for_tag", account_id, tag, reason=reason)
        email = entity_of(tx, account).email
        asked = _tag(tx, account_id, tag)
    if email:
        context.mailer.send(
            email,
            f"{account_id} asks for the tag {tag}",
            f"Account {account_id} asks for the tag {tag}.\n\n{reason}\n\n"
            f"To give it: acquit account add-tag {account_id} {tag}\n",
        )
    return asked


def give_up_tag(context: Context, account_id: AccountId, tag: str, *, by: str) -> Tag:
    """Take the tag, or the wish for it, off the account and return it as it was.

    Raises NoSuchTag, TagsOfPayer.
    """
    with context.database.write() as tx:
        _paying_account(tx, account_id)
        former = _tag(tx, account_id, tag)
        accounts.remove_tag(tx, account_id, tag)
        acts.record(tx, by, "give_up_tag", account_id, tag)
        after_loss(context, tx, account_id, by)
        return former


def _paying_account(tx: Transaction, account_id: AccountId) -> Account:
    account = locked_account_in(tx, account_id)
    if not account.pays_itself:
        raise TagsOfPayer("The tags of this account are those of the account that pays for it")
    return account


def _tag(tx: Transaction, account_id: AccountId, tag: str) -> Tag:
    found = next((each for each in accounts.tags(tx, account_id) if each.tag == tag), None)
    if found is None:
        raise NoSuchTag(f"The requested object ({tag}) does not exist")
    return found

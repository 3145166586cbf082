"""An account takes another address in two steps: a letter goes to the new one, its token comes back."""

import hmac
from dataclasses import replace

from acquit.actions.ask_for_termination import WrongToken
from acquit.actions.context import Context
from acquit.actions.loading import locked_account_in
from acquit.core.identifiers import AccountId
from acquit.core.identity import BadIdentity, checked_email
from acquit.core.kept_text import ChangeOver, EmailChange, NoSuchText
from acquit.store import accounts, acts, kept_texts
from acquit.store.transaction import Transaction


def ask_email_change(context: Context, account_id: AccountId, new_email: str, *, by: str) -> EmailChange:
    """The new address has a letter with a token, the present one a warning; nothing is changed yet.

    Raises BadIdentity.
    """
    checked = checked_email(new_email)
    if checked is None or not checked.isprintable():
        raise BadIdentity("[newEmail] Given data is not an e-mail address", parameter="newEmail")
    with context.database.write() as tx:
        account = locked_account_in(tx, account_id)
        asked = kept_texts.ask_change(tx, account_id, checked)
        acts.record(tx, by, "ask_email_change", account_id, str(asked.email_change_id))
    is_french = account.language.startswith("fr")
    context.mailer.send(checked, *_letter(account_id, asked, token_of(context, account_id, asked), is_french))
    if account.email:
        context.mailer.send(account.email, *_warning(account_id, checked, is_french))
    return asked


def accept_email_change(
    context: Context, account_id: AccountId, email_change_id: int, token: str, *, by: str
) -> None:
    """The account has the new address. Raises NoSuchText, ChangeOver, WrongToken."""
    with context.database.write() as tx:
        account = locked_account_in(tx, account_id)
        asked = _end(context, tx, account_id, email_change_id, token, "done")
        accounts.set_person(tx, replace(account, email=asked.new_email))
        acts.record(tx, by, "accept_email_change", account_id, str(email_change_id))


def refuse_email_change(
    context: Context, account_id: AccountId, email_change_id: int, token: str, *, by: str
) -> None:
    """The account keeps its address. Raises NoSuchText, ChangeOver, WrongToken."""
    with context.database.write() as tx:
        locked_account_in(tx, account_id)
        _end(context, tx, account_id, email_change_id, token, "refused")
        acts.record(tx, by, "refuse_email_change", account_id, str(email_change_id))


def token_of(context: Context, account_id: AccountId, asked: EmailChange) -> str:
    """Return the token of the letter; every change has its own."""
    return context.sealer.token(f"email-change:{account_id}:{asked.email_change_id}:{asked.new_email}")


def _end(
    context: Context, tx: Transaction, account_id: AccountId, email_change_id: int, token: str, state: str
) -> EmailChange:
    found = kept_texts.find_changes(tx, account_id, [email_change_id])
    if not found:
        raise NoSuchText(email_change_id)
    asked, now = found[0], context.clock.now()
    if asked.state_at(now) != "todo":
        raise ChangeOver
    if not hmac.compare_digest(token.encode(), token_of(context, account_id, asked).encode()):
        raise WrongToken("[token] Given data is not the token of the letter", parameter="token")
    kept_texts.end_change(tx, account_id, email_change_id, state, now)
    return asked


def _letter(account_id: AccountId, asked: EmailChange, token: str, is_french: bool) -> tuple[str, str]:
    if is_french:
        return (
            f"Nouvelle adresse du compte {account_id}",
            f"Le compte {account_id} demande cette adresse.\n\nChangement : {asked.email_change_id}\n"
            f"Jeton : {token}\n\n"
            "Rien ne change tant que le jeton n'est pas renvoyé. Si ce n'est pas vous, ne faites rien.\n",
        )
    return (
        f"New address of account {account_id}",
        f"Account {account_id} asks for this address.\n\nChange: {asked.email_change_id}\n"
        f"Token: {token}\n\n"
        "Nothing changes unless the token is sent back. If you did not ask for this, do nothing.\n",
    )


def _warning(account_id: AccountId, new_email: str, is_french: bool) -> tuple[str, str]:
    if is_french:
        return (
            f"Changement d'adresse du compte {account_id}",
            f"Le compte {account_id} demande une autre adresse : {new_email}.\n\n"
            "Si ce n'est pas vous, retirez ses clés et changez son mot de passe.\n",
        )
    return (
        f"Change of address of account {account_id}",
        f"Account {account_id} asks for another address: {new_email}.\n\n"
        "If this was not you, revoke its keys and change its password.\n",
    )

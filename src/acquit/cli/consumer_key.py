"""`acquit consumer-key`: what a program may do for an account."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from cyclopts import App, Parameter

from acquit.actions.context import Context
from acquit.actions.grant_consumer_key import grant_consumer_key
from acquit.actions.loading import account_in, entity_of
from acquit.actions.revoke_access import NoSuchAccess, revoke_credential
from acquit.cli.application import application_of
from acquit.cli.program import Given, Yes
from acquit.cli.screen import facts, table
from acquit.cli.terms import ChooseOne
from acquit.core.access import METHODS, Credential, MalformedBlock, Rule, read_block, read_rules
from acquit.core.account import Account, AccountState
from acquit.core.errors import Invalid
from acquit.core.identifiers import AccountId, ApplicationId, CredentialId
from acquit.core.terms import AccountNotOpen
from acquit.store import access
from acquit.store.selection import keys
from acquit.store.transaction import Transaction

KEEP: Final = "Keep the key now: it is not shown again."
VALIDITY_MAX: Final = timedelta(days=36_525)

app = App(name="consumer-key", help="What a program may do for an account: grant, list, revoke.")

ForAccount = Annotated[str, Parameter(name="--account", help="The account, as in ab12345-acq.")]


class MalformedRule(Invalid):
    """A rule is a method and a path."""

    code = "malformed-rule"


class MalformedAddress(Invalid):
    """A text is not an address or a block of addresses."""

    code = "malformed-block"


class BadEnd(Invalid):
    """The key would end before it begins."""

    code = "bad-end"


@app.command
def grant(
    *,
    application: Annotated[str, Parameter(help="The program, by its key or its number.")],
    account: ForAccount,
    rule: Annotated[list[str], Parameter(help="Method and path, as in 'GET /me/*'; may be repeated.")],
    validity: Annotated[
        timedelta | None, Parameter(help="How long it holds, as in 30d or 12h; for ever if not given.")
    ] = None,
    expires: Annotated[
        datetime | None, Parameter(help="When it ends instead, as in 2027-01-31 (its first moment).")
    ] = None,
    allowed_ip: Annotated[
        list[str] | None, Parameter(help="Only from this address or block; may be repeated.")
    ] = None,
    program: Given,
) -> None:
    """Let a program act for an account at once, and show the consumer key."""
    account_id, rules, blocks = AccountId(account), _rules(rule), _blocks(allowed_ip)
    with program.open() as context:
        with context.database.read() as tx:
            found = application_of(tx, application)
            opened = _open_account(tx, account_id)
            ends = _ends(context, tx, opened, validity, expires)
        made = grant_consumer_key(
            context, found.application_id, account_id, rules,
            by="cli", allowed_ips=blocks, expires_at=ends, by_staff=True,
        )  # fmt: skip
        with context.database.read() as tx:
            credential = access.find_credential(tx, account_id, made.credential_id)
            assert credential is not None, "what was granted is there"
        document = _document(context, credential)
    shown = document | {"application_key": found.application_key, "consumer_key": made.consumer_key}
    program.screen.answer(shown, facts(**_readable(shown)))
    program.screen.say(KEEP)


@app.command(name="list")
def list_(
    *,
    account: ForAccount,
    application: Annotated[str | None, Parameter(help="Only this program's, by key or number.")] = None,
    program: Given,
) -> None:
    """List what acts for an account, without the keys themselves."""
    account_id = AccountId(account)
    with program.open() as context:
        with context.database.read() as tx:
            account_in(tx, account_id)
            only = None if application is None else application_of(tx, application).application_id
            found = _credentials(tx, account_id, only)
        document = [_document(context, each) for each in found]
    rows = [
        (each["credential"], each["application"], each["status"], "\n".join(each["rules"]),
         _day(each["expires"]), _day(each["last_use"]))
        for each in document
    ]  # fmt: skip
    shown = table(">key", ">program", "status", "rules", "ends", "used", rows=rows)
    program.screen.answer(document, shown if rows else "No consumer key.")


@app.command
def revoke(credential: int, /, *, account: ForAccount, yes: Yes = False, program: Given) -> None:
    """Withdraw a consumer key; it stops working at once.

    Parameters
    ----------
    credential
        The number that `consumer-key list` shows.
    yes
        Do not ask.
    """
    account_id, credential_id = AccountId(account), CredentialId(credential)
    with program.open() as context:
        with context.database.read() as tx:
            account_in(tx, account_id)
            if not 0 < credential < 2**63 or access.find_credential(tx, account_id, credential_id) is None:
                raise NoSuchAccess(credential)
        program.screen.confirm(f"Withdraw consumer key {credential} of {account}?", yes)
        revoke_credential(context, account_id, credential_id, by="cli")
    program.screen.answer(
        {"credential": credential, "account": account, "status": "deleted"},
        f"Consumer key {credential} of {account} is withdrawn.",
    )


def _rules(texts: Sequence[str]) -> tuple[Rule, ...]:
    """Return the rules. Raises MalformedRule for one that is no method and path."""
    given = []
    for text in texts:
        method, _, path = text.strip().partition(" ")
        method, path = method.upper(), path.strip()
        if method not in METHODS or not path.startswith(("/", "*")) or " " in path:
            raise MalformedRule(
                f"{text!r} is no rule: write one of {', '.join(METHODS)} and a path, as in 'GET /me/*'.",
                rule=text,
            )
        given.append({"method": method, "path": path})
    return read_rules(given)


def _blocks(texts: list[str] | None) -> list[str] | None:
    """Return the blocks. Raises Invalid for one that is no address."""
    for text in texts or ():
        try:
            read_block(text)
        except MalformedBlock:
            raise MalformedAddress(
                f"{text!r} is no address: write one as in 192.0.2.7, or a block as in 192.0.2.0/24.",
                given=text,
            ) from None
    return texts or None


def _open_account(tx: Transaction, account_id: AccountId) -> Account:
    account = account_in(tx, account_id)
    if account.state is AccountState.CLOSED:
        raise AccountNotOpen(f"Account {account_id} is closed: nobody acts for it.", account=account_id)
    return account


def _ends(
    context: Context, tx: Transaction, account: Account, validity: timedelta | None, expires: datetime | None
) -> datetime | None:
    """Return when the key ends, in UTC; a date without a time is the seller's midnight."""
    if validity is not None and expires is not None:
        raise ChooseOne("Choose one of --validity and --expires.")
    now = context.clock.now()
    if validity is not None:
        if not timedelta(0) < validity <= VALIDITY_MAX:
            raise BadEnd("A validity is longer than nothing and shorter than a hundred years, as in 30d.")
        return now + validity
    if expires is None:
        return None
    ends = expires if expires.tzinfo else expires.replace(tzinfo=ZoneInfo(entity_of(tx, account).zone))
    if ends <= now:
        raise BadEnd(f"{expires} is over: a key ends in the future.")
    return ends.astimezone(UTC)


def _credentials(
    tx: Transaction, account_id: AccountId, application_id: ApplicationId | None
) -> list[Credential]:
    numbers = keys(tx, access.credentials_of(account_id, application_id))
    return access.find_credentials(tx, account_id, numbers)


def _document(context: Context, credential: Credential) -> dict[str, Any]:
    return {
        "credential": credential.credential_id,
        "application": credential.application_id,
        "account": credential.account_id,
        "login": credential.login,
        "status": credential.status_at(context.clock.now()),
        "rules": [f"{rule.method} {rule.path}" for rule in credential.rules],
        "allowed_ips": None if credential.blocks is None else [str(block) for block in credential.blocks],
        "expires": credential.expires_at,
        "last_use": credential.last_use_at,
    }


def _readable(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document for a person: lists as text, no empty lines."""
    shown = document | {
        "rules": "\n".join(document["rules"]),
        "allowed_ips": ", ".join(document["allowed_ips"] or ()),
    }
    return {key: value for key, value in shown.items() if value not in (None, "")}


def _day(at: datetime | None) -> object:
    return None if at is None else at.date()

"""`acquit account`: open accounts and sub-accounts, look at them, set their conditions."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Annotated, Any

from cyclopts import App, Parameter

from acquit.actions.context import Context
from acquit.actions.list_notices import list_notices, notices_of
from acquit.actions.loading import account_in, date_of, entity_in, today_of
from acquit.actions.open_account import Opening, open_account
from acquit.actions.open_sub_account import open_sub_account
from acquit.actions.restrict_addresses import lift_restrictions
from acquit.actions.set_bill_references import set_bill_references
from acquit.actions.set_legal_party import NEW, set_legal_party, share_legal_party
from acquit.actions.set_password import set_password
from acquit.actions.set_payer import set_payer
from acquit.actions.set_support_level import add_tag, remove_tag, set_support_level
from acquit.cli import account_files, account_standing, log_stream
from acquit.cli.program import Given, Yes
from acquit.cli.screen import facts, table
from acquit.cli.terms import Operator, actor
from acquit.core.account import (
    Account,
    LegalParty,
    NoSuchLegalEntity,
    PayerChoice,
    SupportLevel,
    TaxProfile,
)
from acquit.core.errors import Invalid
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.store import accounts, legal_entities, legal_parties
from acquit.store.transaction import Transaction

app = App(name="account", help="Accounts and sub-accounts: open, show, change.")
app.command(account_standing.set_vip, name="set-vip")
app.command(account_standing.set_partner, name="set-partner")
app.command(account_files.list_documents, name="documents")
app.command(account_standing.set_mode, name="set-developer-mode")
app.command(log_stream.app)


class LegalEntityNeeded(Invalid):
    """There are several legal entities, so the command has to say which."""

    code = "legal-entity-needed"


class SandboxOfParent(Invalid):
    """A sandbox is decided when an account is opened that is no sub-account."""

    code = "sandbox-misplaced"


class ReferencesNeeded(Invalid):
    """Nothing is said that bills should name."""

    code = "references-needed"


class PartyNeeded(Invalid):
    """The legal party is not said, or said twice."""

    code = "legal-party-needed"


@dataclass(frozen=True, slots=True)
class Person:
    """Who runs the account."""

    given_name: str = ""
    family_name: str = ""
    email: str = ""
    phone: str | None = None
    language: Annotated[str | None, Parameter(help="Of its bills: fr_FR or en_GB.")] = None


@dataclass(frozen=True, slots=True)
class Buyer:
    """The buyer in law; the country is the seller's unless another is given."""

    name: Annotated[str | None, Parameter(help="Name of the buyer in law.")] = None
    siren: str | None = None
    vat_id: str | None = None
    e_address: str | None = None
    street: str | None = None
    street_2: str | None = None
    zip: str | None = None
    city: str | None = None
    country: str | None = None
    tax_profile: TaxProfile | None = None
    exemption_reason: str | None = None
    buyer_reference: str | None = None


Persons = Annotated[Person | None, Parameter(name="*", group="Person")]
Buyers = Annotated[Buyer | None, Parameter(name="*", group="Legal party")]


@app.command(name="open")
def open_(
    *,
    account: Annotated[str | None, Parameter(help="Its name, as in ab12345-acq; made if not given.")] = None,
    parent: Annotated[str | None, Parameter(help="Open a sub-account of this account.")] = None,
    payer: Annotated[PayerChoice, Parameter(help="Who pays a sub-account's bills.")] = PayerChoice.PARENT,
    description: Annotated[str | None, Parameter(help="What it is for.")] = None,
    legal_entity: Annotated[str | None, Parameter(help="The seller, if there are several.")] = None,
    support_level: SupportLevel = SupportLevel.STANDARD,
    tag: Annotated[list[str] | None, Parameter(help="A tag; reseller allows sub-accounts.")] = None,
    sandbox: Annotated[
        bool, Parameter(negative="", help="For trials: a clock, numbers and books of its own.")
    ] = False,
    clock: Annotated[date | None, Parameter(help="Where a sandbox begins, today if not given.")] = None,
    person: Persons = None,
    buyer: Buyers = None,
    program: Given,
) -> None:
    """Open an account, or with --parent a sub-account."""
    name = None if account is None else AccountId(account)
    if parent is not None and sandbox:
        raise SandboxOfParent("A sub-account is in the sandbox of its parent, or in none.")
    if clock is not None and not sandbox:
        raise SandboxOfParent("Only a sandbox has a clock: add --sandbox.")
    with program.open() as context:
        if parent is not None:
            opened = open_sub_account(
                context, AccountId(parent), description, by="cli", payer=payer, account_id=name
            )
            party = _party(context, opened.legal_entity_id, buyer)
            if party is not None:
                set_legal_party(context, opened.account_id, party, by="cli")
        else:
            entity_id = only_legal_entity(context, legal_entity)
            opening = Opening(
                entity_id, _party(context, entity_id, buyer), name, support_level, frozenset(tag or ()),
                description=description, is_sandbox=sandbox, test_on=clock, **asdict(person or Person()),
            )  # fmt: skip
            opened = open_account(context, opening, by="cli")
        document = _found(context, opened.account_id)
    program.screen.answer(document, _facts(document))


@app.command
def show(account: str, /, *, program: Given) -> None:
    """Show one account with its legal party, tags and sub-accounts.

    Parameters
    ----------
    account
        Its name, as in ab12345-acq.
    """
    with program.open() as context, context.database.read() as tx:
        found = account_in(tx, AccountId(account))
        document = _document(context, tx, found) | {
            "sub_accounts": [_summary(child) for child in accounts.of_parent(tx, found.account_id)],
        }
    children = document["sub_accounts"]
    parts = [_facts(document)] + ([_table(children, "Sub-accounts")] if children else [])
    program.screen.answer(document, *parts)


@app.command(name="list")
def list_(
    *,
    parent: Annotated[str | None, Parameter(help="Only the sub-accounts of this account.")] = None,
    program: Given,
) -> None:
    """List accounts."""
    with program.open() as context, context.database.read() as tx:
        if parent is not None:
            found = accounts.of_parent(tx, account_in(tx, AccountId(parent)).account_id)
        else:
            found = _every(tx)
    document = [_summary(account) for account in found]
    program.screen.answer(document, _table(document))


@app.command(name="set-support-level")
def set_support_level_(account: str, level: SupportLevel, /, *, program: Given) -> None:
    """Set what support an account bought."""
    with program.open() as context:
        changed = set_support_level(context, AccountId(account), level, by="cli")
        for notice in notices_of(context, changed.account_id):
            program.screen.warn(notice.text)
    document = _summary(changed)
    program.screen.answer(document, f"{account} has the support level {level.value}.")


@app.command(name="add-tag")
def add_tag_(account: str, tag: str, /, *, program: Given) -> None:
    """Put a tag on an account."""
    with program.open() as context:
        changed = add_tag(context, AccountId(account), tag, by="cli")
    program.screen.answer(_summary(changed), f"{account} has the tags {', '.join(sorted(changed.tags))}.")


@app.command(name="remove-tag")
def remove_tag_(account: str, tag: str, /, *, program: Given) -> None:
    """Take a tag off an account."""
    with program.open() as context:
        changed = remove_tag(context, AccountId(account), tag, by="cli")
        for notice in notices_of(context, changed.account_id):
            program.screen.warn(notice.text)
    program.screen.answer(_summary(changed), f"{account} has the tag {tag} no more.")


@app.command(name="set-payer")
def set_payer_(account: str, payer: PayerChoice, /, *, program: Given) -> None:
    """Say who pays a sub-account's bills: itself or its parent."""
    with program.open() as context:
        changed = set_payer(context, AccountId(account), payer, by="cli")
    program.screen.answer(_summary(changed), f"{changed.payer_id} pays the bills of {account}.")


@app.command(name="set-legal-party")
def set_legal_party_(
    account: str,
    /,
    *,
    buyer: Buyers = None,
    same_as: Annotated[str | None, Parameter(help="Share the legal party of this account.")] = None,
    from_: Annotated[date | None, Parameter(name="--from", help="First day, today if not given.")] = None,
    program: Given,
) -> None:
    """Say who the buyer in law is, from a day on."""
    account_id = AccountId(account)
    with program.open() as context:
        with context.database.read() as tx:
            found = account_in(tx, account_id)
        party = _party(context, found.legal_entity_id, buyer)
        if same_as is not None and party is None:
            share_legal_party(context, account_id, AccountId(same_as), by="cli")
        elif same_as is None and party is not None:
            set_legal_party(context, account_id, party, by="cli", from_on=from_)
        else:
            raise PartyNeeded("Say who the buyer is with --name …, or with --same-as another account.")
        document = _found(context, account_id)
    program.screen.answer(document, _facts(document))


@app.command(name="set-references")
def set_references_(
    account: str,
    /,
    *,
    cost_account: Annotated[
        str | None, Parameter(help="Where the buyer books its bills; '' for none.")
    ] = None,
    contract: Annotated[str | None, Parameter(help="The contract that its bills name; '' for none.")] = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """Say which cost account of the buyer and which contract its bills name.

    A purchase order's cost account goes before the account's.
    """
    if cost_account is None and contract is None:
        raise ReferencesNeeded("Say what bills name: --cost-account …, --contract …, or both.")
    with program.open() as context:
        changed = set_bill_references(
            context, AccountId(account), cost_account=cost_account, contract=contract, by=actor(operator)
        )
    document = _summary(changed) | {"cost_account": changed.cost_account, "contract": changed.contract}
    said = f"cost account {changed.cost_account or 'none'}, contract {changed.contract or 'none'}"
    program.screen.answer(document, f"Bills of {account} name: {said}.")


@app.command(name="set-password")
def set_password_(account: str, /, *, program: Given) -> None:
    """Set the password of the account's own login; it is asked for, or read from a pipe."""
    password = program.screen.ask_secret(f"Password of {account}")
    with program.open() as context:
        set_password(context, AccountId(account), password, by="cli")
    program.screen.answer({"account": account}, f"{account} signs in with its new password.")


@app.command(name="lift-restrictions")
def lift_restrictions_(
    account: str,
    /,
    *,
    login: Annotated[str | None, Parameter(help="Only the codes of this login; addresses stay.")] = None,
    yes: Yes = False,
    program: Given,
) -> None:
    """Let an account in again that shut itself out: no rule for addresses, no code asked.

    Parameters
    ----------
    yes
        Do not ask.
    """
    account_id = AccountId(account)
    what = f"the codes of {login}" if login else "rules for addresses and every code"
    program.screen.confirm(f"Drop {what} of {account}?", yes)
    with program.open() as context:
        lift_restrictions(context, account_id, login, by="cli")
    program.screen.answer({"account": account, "login": login}, f"{account} is let in without {what}.")


@app.command
def notices(*, program: Given) -> None:
    """List what sales should look at: lost conditions, limits, orders running out, what waits for long."""
    with program.open() as context:
        found = list_notices(context)
    rows = [(notice.account_id, notice.code, notice.text) for notice in found]
    program.screen.answer(
        found, table("account", "what", "says", rows=rows) if rows else "Nothing to look at."
    )


def only_legal_entity(context: Context, wanted: str | None) -> LegalEntityId:
    """Return the wanted legal entity, or the only one. Raises LegalEntityNeeded, NoSuchLegalEntity."""
    with context.database.read() as tx:
        known = [entity.legal_entity_id for entity in legal_entities.every(tx)]
    if wanted is not None and wanted not in known:
        raise NoSuchLegalEntity(wanted)
    if wanted is not None:
        return LegalEntityId(wanted)
    if not known:
        raise LegalEntityNeeded("There is no legal entity yet; `acquit init` makes one.")
    if len(known) > 1:
        raise LegalEntityNeeded(f"Say which seller with --legal-entity: {', '.join(known)}.")
    return known[0]


def _party(context: Context, entity_id: LegalEntityId, buyer: Buyer | None) -> LegalParty | None:
    """Return the legal party that the options say, in the seller's country unless they say another."""
    given: dict[str, Any] = {
        member: value for member, value in asdict(buyer or Buyer()).items() if value is not None
    }
    if "name" not in given:
        if given:
            raise PartyNeeded("A legal party needs its --name.")
        return None
    with context.database.read() as tx:
        entity = entity_in(tx, entity_id)
    today = date_of(context, entity)
    country = given.pop("country", entity.country)
    return LegalParty(legal_party_id=NEW, from_on=today, country=country, **given)


def _found(context: Context, account_id: AccountId) -> dict[str, Any]:
    with context.database.read() as tx:
        return _document(context, tx, account_in(tx, account_id))


def _every(tx: Transaction) -> list[Account]:
    found = accounts.every(tx)
    while page := accounts.every(tx, after=found[-1].account_id if found else ""):
        found += page
    return found


def _summary(account: Account) -> dict[str, Any]:
    return {
        "account": account.account_id,
        "sub_account_id": account.sub_account_no,
        "parent": account.parent_id,
        "payer": account.payer_id,
        "legal_entity": account.legal_entity_id,
        "support_level": account.support_level.value,
        "tags": sorted(account.tags),
        "state": account.state.value,
        "description": account.description,
    }


def _document(context: Context, tx: Transaction, account: Account) -> dict[str, Any]:
    party = legal_parties.of_account(tx, account.account_id, today_of(context, tx, account))
    return _summary(account) | {
        "currency": account.currency,
        "language": account.language,
        "given_name": account.given_name,
        "family_name": account.family_name,
        "email": account.email,
        "order_policy": account.order_policy.value,
        "cost_account": account.cost_account,
        "contract": account.contract,
        "legal_party": party and {
            "name": party.name, "siren": party.siren, "vat_id": party.vat_id, "street": party.street,
            "zip": party.zip, "city": party.city, "country": party.country, "from": party.from_on,
            "inherited": account.legal_party_id is None,
        },
        "opened_at": account.opened_at,
    }  # fmt: skip


def _facts(document: dict[str, Any]) -> object:
    """Return the document for a person: words in place of lists, no empty lines, sub-accounts apart."""
    shown = {name: value for name, value in document.items() if value and name != "sub_accounts"}
    shown["tags"] = ", ".join(document["tags"]) or None
    party = document["legal_party"]
    if party is not None:
        members = (
            party["name"],
            party["siren"],
            party["vat_id"],
            party["street"],
            party["zip"],
            party["city"],
        )
        shown["legal_party"] = ", ".join([*filter(None, members), party["country"]])
        shown["legal_party"] += " (its parent's)" if party["inherited"] else ""
    return facts(**{name: value for name, value in shown.items() if value})


def _table(rows: list[dict[str, Any]], title: str | None = None) -> object:
    columns = ("account", "parent", "payer", "support_level", "tags", "description")
    return table(
        "account", "parent", "payer", "support level", "tags", "description",
        rows=[[", ".join(row[name]) if name == "tags" else row[name] for name in columns] for row in rows],
        title=title,
    )  # fmt: skip

"""`acquit campaign`: what accounts are asked consent for, and who may be told what."""

from typing import Annotated

from cyclopts import App, Parameter

from acquit.actions.ask_consent import campaign_of, open_campaign
from acquit.cli.account import only_legal_entity
from acquit.cli.program import Given
from acquit.cli.screen import table
from acquit.cli.terms import Operator, actor
from acquit.core.consent import CampaignKind, Channel, Topic
from acquit.store import consents

app = App(name="campaign", help="Consent: ask, list, see who may be told what.")

Seller = Annotated[str | None, Parameter(name="--legal-entity", help="The seller, if there are several.")]


@app.command(name="open")
def open_(
    name: str,
    description: str,
    /,
    *,
    kind: Annotated[CampaignKind, Parameter(help="What silence means: no, or yes.")] = CampaignKind.OPT_IN,
    legal_entity: Seller = None,
    operator: Operator = None,
    program: Given,
) -> None:
    """Ask the seller's accounts for a consent; the question is never reworded."""
    with program.open() as context:
        seller = only_legal_entity(context, legal_entity)
        made = open_campaign(context, seller, name, kind, description, by=actor(operator))
    program.screen.answer(made, f"Accounts are asked: {made.description} Silence means {_silence(kind)}.")


@app.command(name="list")
def list_(*, legal_entity: Seller = None, program: Given) -> None:
    """List what accounts are asked consent for, with how many consent."""
    with program.open() as context:
        seller = only_legal_entity(context, legal_entity)
        with context.database.read() as tx:
            found = [(each, len(consents.consenting(tx, each))) for each in consents.campaigns(tx, seller)]
    document = [
        {"name": each.name, "kind": each.kind.value, "description": each.description, "consenting": count}
        for each, count in found
    ]
    rows = [list(each.values()) for each in document]
    program.screen.answer(document, table("name", "kind", "asks", ">consent", rows=rows))


@app.command
def audience(name: str, /, *, legal_entity: Seller = None, program: Given) -> None:
    """List the accounts that consent to a campaign."""
    with program.open() as context:
        seller = only_legal_entity(context, legal_entity)
        with context.database.read() as tx:
            found = consents.consenting(tx, campaign_of(consents.campaigns(tx, seller), name))
    program.screen.answer(found, table("account", rows=[[each] for each in found]))


@app.command
def reachable(channel: Channel, topic: Topic, /, *, legal_entity: Seller = None, program: Given) -> None:
    """List the accounts that want to hear about a topic by a channel today."""
    with program.open() as context:
        seller = only_legal_entity(context, legal_entity)
        with context.database.read() as tx:
            found = consents.wanting(tx, seller, channel, topic, context.clock.now())
    program.screen.answer(found, table("account", rows=[[each] for each in found]))


def _silence(kind: CampaignKind) -> str:
    return "yes" if kind is CampaignKind.OPT_OUT else "no"

"""A family with services that were billed, and who signs in for it: what pages show of real bills."""

from dataclasses import replace
from pathlib import Path

from falcon.testing import TestClient

from acquit.actions.context import Context
from acquit.actions.set_password import set_password
from acquit.actions.sign_in import sign_in_account
from acquit.adapters.archive import DirectoryArchive
from acquit.console.app import make_app
from acquit.store.transaction import Database
from billed import bill, family, seller, subscribe
from e2e.conftest import NoSettings
from e2e.visitor import Visitor
from e2e.world import PASSWORD
from founding import ACME, LAB, PETIT, SHOP

FAMILY = (ACME, LAB, SHOP, PETIT)


def trading(database: Database, archive: Path) -> Context:
    """Return a context in which each of the family was billed one service for November."""
    context = replace(seller(database), archive=DirectoryArchive(archive))
    family(context)
    for account_id in FAMILY:
        subscribe(context, account_id, f"server-of-{account_id}")
        set_password(context, account_id, PASSWORD, by="cli")
    with context.database.write() as tx:
        tx.run("UPDATE account SET language = 'en_GB'")
    bill(context)
    return context


def visitor_of(context: Context, account_id: str) -> Visitor:
    """Return somebody who is signed in to the account."""
    client = TestClient(make_app(context, NoSettings()))
    token = sign_in_account(context, account_id, PASSWORD, address="192.0.2.1")
    return Visitor(client, {"acquit-manager": token})


def bill_of(context: Context, account_id: str) -> str:
    """Return the number of the account's only bill."""
    with context.database.read() as tx:
        return str(tx.one("SELECT bill_id FROM bill WHERE account_id = %(id)s", id=account_id).bill_id)

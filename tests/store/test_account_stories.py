"""The story of an account: everything once, the latest first, by pages that lose and repeat nothing."""

from pathlib import Path

import pytest

from acquit.actions.context import Context
from acquit.actions.deliver import deliver_due
from acquit.actions.open_dispute import open_dispute
from acquit.core.delivery import Channel
from acquit.core.story import VERBS, Chapter
from acquit.store import account_stories, acts
from acquit.store.account_stories import LATEST, Happened
from acquit.store.transaction import Database
from delivering import Mailbox, by_mail, delivering, leave_by, mail_server, render
from founding import ACME, PETIT, SHOP
from owing import debt_of, pay


@pytest.fixture(scope="module")
def world(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Context:
    """Petit has a bill, paid in part and disputed, a mail, and acts of every kind."""
    context = delivering(module_database, Path(tmp_path_factory.mktemp("papers")))
    leave_by(context, Channel.EMAIL)
    render(context)
    with mail_server(Mailbox()) as box:
        deliver_due(by_mail(context, box))
    pay(context, PETIT, 500, 500)
    open_dispute(context, PETIT, debt_of(context, PETIT).bill_id, 100, "late", by="cli")
    with context.database.write() as tx:
        for verbs in VERBS.values():
            for verb in sorted(verbs):
                acts.record(tx, "cli", verb, PETIT)
    return context


def all_pages(context: Context, size: int, *chapters: Chapter) -> list[Happened]:
    found: list[Happened] = []
    place = LATEST
    with context.database.read() as tx:
        while rows := account_stories.page(tx, PETIT, chapters or list(Chapter), place, size):
            found += rows
            place = rows[-1].place
    return found


def test_every_source_is_told_once_and_the_latest_first(world: Context) -> None:
    found = all_pages(world, 1_000)
    assert {each.source for each in found} == {"act", "bill", "deposit", "operation", "mail"}
    keys = [(each.at, each.source, each.ref) for each in found]
    assert keys == sorted(set(keys), reverse=True)
    (bill,) = [each for each in found if each.source == "bill"]
    assert (bill.about, bill.amount_minor) == (debt_of(world, PETIT).bill_id, 1200)
    with world.database.read() as tx:
        count = tx.one("SELECT count(*) AS n FROM act WHERE account_id = %(id)s", id=PETIT).n
    assert len([each for each in found if each.source == "act"]) == count


@pytest.mark.parametrize("size", [1, 3, 7])
def test_pages_lose_and_repeat_nothing(world: Context, size: int) -> None:
    assert all_pages(world, size) == all_pages(world, 1_000)


def test_a_group_is_what_belongs_to_it_and_groups_are_everything(world: Context) -> None:
    (mail,) = all_pages(world, 9, Chapter.MAILS)
    assert mail.details["to"] == f"{PETIT}@example.com"
    assert {each.what for each in all_pages(world, 99, Chapter.DISPUTES)} == VERBS[Chapter.DISPUTES]
    parts = [each for chapter in Chapter for each in all_pages(world, 50, chapter)]
    assert sorted(parts, key=lambda each: (each.at, each.source, each.ref), reverse=True) == all_pages(
        world, 50
    )


def test_nothing_of_another_account_is_told(world: Context) -> None:
    with world.database.read() as tx:
        theirs = account_stories.page(tx, SHOP, list(Chapter), LATEST, 100)
        ours = account_stories.page(tx, ACME, list(Chapter), LATEST, 100)
    assert {each.about for each in theirs if each.source == "bill"} == {debt_of(world, SHOP).bill_id}
    assert not {each.ref for each in theirs if each.source == "mail"} & {
        each.ref for each in ours if each.source == "mail"
    }

"""Each check of deliveries finds the one row that was tampered with, and names it."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final, LiteralString

import psycopg
import pytest
from psycopg.rows import namedtuple_row

from acquit.actions.audit_books import audit_books
from acquit.actions.change_prices import change_price
from acquit.actions.context import Context
from acquit.actions.deliver import deliver_due
from acquit.actions.set_delivery import list_deliveries
from acquit.actions.set_messages import set_messages
from acquit.actions.tell_statuses import tell_statuses
from acquit.core.delivery import Channel
from acquit.store import audit_deliveries
from acquit.store.audit import audit
from acquit.store.transaction import Database, Transaction
from delivering import by_platform, delivering, leave_by, platform, render
from founding import FR, PETIT
from owing import debt_of, operations_of, pay

SERVICE: Final[LiteralString] = "SELECT service_id FROM service WHERE account_id = 'cd67890-acq'"
PETITS = "WHERE account_id = 'cd67890-acq' AND event = 'bill'"
TAMPERINGS = [
    ("deliveries", "{bill}/platform", f"DELETE FROM delivery {PETITS} AND channel = 'platform'"),
    ("deliveries", "{bill}/email", f"DELETE FROM delivery {PETITS} AND channel = 'email'"),
    ("deliveries-wait", "{sent}", "DELETE FROM delivery_attempt WHERE delivery_id = {sent}"),
    ("deliveries-wait", "{sent}", "INSERT INTO delivery_waiting (account_id, delivery_id, channel) "
                                  "VALUES ('cd67890-acq', {sent}, 'platform')"),
    ("deliveries-wait", "{mail}", "DELETE FROM delivery_waiting WHERE delivery_id = {mail}"),
    ("deliveries-wait", "{mail}", "UPDATE delivery SET bill_id = 'X' WHERE delivery_id = {mail}"),
    ("collected-told", "{bill}/{operation}", "UPDATE bill_status_amount SET amount_minor = 499"),
    ("collected-told", "{bill}/{operation}", "DELETE FROM bill_status_amount"),
    ("collected-told", "{bill}/{operation}", "DELETE FROM bill_status"),
    ("collected-told", "{bill}/{operation}", "UPDATE debt_operation SET means = 'loss'"),
    ("collected-told", "{bill}/7", "UPDATE bill_status SET reference = '7'"),
    ("messages-leave", "cd67890-acq/message/{message}", "DELETE FROM message WHERE message_id = {message}"),
    ("messages-leave", "cd67890-acq/message/{message}",
     "DELETE FROM delivery WHERE event = 'message/{message}'"),
    ("mails-kept", "cd67890-acq/7", "INSERT INTO sent_mail (account_id, mail_id, delivery_id, to_addresses, "
                                    "subject, sealed) VALUES ('cd67890-acq', 7, {mail}, '{{}}', '', '')"),
]  # fmt: skip


@pytest.fixture(scope="module")
def world(module_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Context:
    """Bills went to a platform, which was told of a payment; the mails wait."""
    context = delivering(module_database, Path(tmp_path_factory.mktemp("papers")))
    leave_by(context, Channel.PLATFORM)
    leave_by(context, Channel.EMAIL)
    render(context)
    _tell(context)
    pay(context, PETIT, 500, 500)
    with platform() as flows:
        deliver_due(by_platform(context, flows))
        tell_statuses(context)
    return context


def _tell(context: Context) -> None:
    """Petit is told of another price."""
    set_messages(context, FR, is_on=True, sender="", reply_to="", by="cli")
    with context.database.read() as tx:
        service_id = tx.one(SERVICE).service_id
    change_price(context, PETIT, service_id, 20_00000000, date(2027, 3, 1), by="cli")


@pytest.fixture(scope="module")
def names(world: Context) -> dict[str, str]:
    """What the tamperings fill in."""
    ours = [each for each in list_deliveries(world) if each.account_id == PETIT and each.event == "bill"]
    return {
        "bill": debt_of(world, PETIT).bill_id,
        "operation": str(operations_of(world, PETIT)[0].operation_id),
        "sent": str(next(each.delivery_id for each in ours if each.channel == "platform")),
        "message": next(
            each.event.removeprefix("message/") for each in list_deliveries(world) if "message/" in each.event
        ),
        "mail": str(next(each.delivery_id for each in ours if each.channel == "email")),
    }


@pytest.fixture
def tamperer(world: Context) -> Iterator[Transaction]:
    """A superuser whose tampering is undone."""
    with psycopg.connect(world.database.url, row_factory=namedtuple_row) as connection:
        connection.execute("SET session_replication_role = replica")
        yield Transaction(connection)
        connection.rollback()


def test_untampered_nothing_differs_and_everything_was_compared(world: Context) -> None:
    found = {each.name: each for each in audit_books(world)}
    assert [name for name, each in found.items() if not each.passed] == []
    counts = {check.name: found[check.name].compared for check in audit_deliveries.CHECKS}
    assert counts == {
        "deliveries": 8, "deliveries-wait": 10, "collected-told": 1, "messages-leave": 1, "mails-kept": 0,
    }  # fmt: skip


@pytest.mark.parametrize(("check", "named", "statement"), TAMPERINGS)
def test_the_tampered_row_is_named(
    tamperer: Transaction, names: dict[str, str], check: str, named: str, statement: str
) -> None:
    tamperer.connection.execute(statement.format(**names).encode())
    found = {each.name: each for each in audit(tamperer)}
    assert named.format(**names) in found[check].differences


def test_every_check_is_tampered_with() -> None:
    assert {each[0] for each in TAMPERINGS} == {check.name for check in audit_deliveries.CHECKS}

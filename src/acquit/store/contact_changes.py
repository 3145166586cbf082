"""Changes of contacts that accounts asked for, and the technical contacts that came of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

from acquit.core.contact_change import LIFE, ChangeState, Contact, ContactChange, Side
from acquit.core.identifiers import AccountId, LegalEntityId, ServiceId
from acquit.store.selection import Selection
from acquit.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Answer:
    """Who agreed to a change, refused it, or had the letter again, for which account."""

    at: datetime
    actor: str
    verb: str
    account_id: AccountId


# ---------------------------------------------------------------- what was asked for

_SELECTED: Final[LiteralString] = """
    SELECT account_id, contact_change_id, service_id, service_name, contact, from_account_id, to_account_id,
           state, asked_at, given_at, taken_at, told_at, done_at, asked_by
      FROM contact_change
"""

FIND: Final[LiteralString] = (
    _SELECTED
    + """
     WHERE (account_id = %(account_id)s OR to_account_id = %(account_id)s)
       AND contact_change_id = ANY(%(numbers)s)
     ORDER BY contact_change_id
"""
)

LATEST: Final[LiteralString] = (
    _SELECTED
    + """
     WHERE (account_id = %(account_id)s OR to_account_id = %(account_id)s)
       AND (%(before)s::bigint IS NULL OR contact_change_id < %(before)s)
     ORDER BY contact_change_id DESC
     LIMIT %(rows_max)s
"""
)

LATEST_OF_ENTITY: Final[LiteralString] = """
    SELECT c.account_id, c.contact_change_id, c.service_id, c.service_name, c.contact, c.from_account_id,
           c.to_account_id, c.state, c.asked_at, c.given_at, c.taken_at, c.told_at, c.done_at, c.asked_by
      FROM contact_change c
      JOIN account a ON a.account_id = c.account_id
     WHERE a.legal_entity_id = %(legal_entity_id)s
       AND (%(before)s::bigint IS NULL OR c.contact_change_id < %(before)s)
     ORDER BY c.contact_change_id DESC
     LIMIT %(rows_max)s
"""

ANSWERS: Final[LiteralString] = """
    SELECT at, actor, verb, account_id
      FROM act
     WHERE account_id IN (%(giver_id)s, %(taker_id)s) AND subject = %(number)s
       AND verb IN ('agree_to_contact_change', 'refuse_contact_change', 'resend_contact_letter')
     ORDER BY act_id
"""

OPEN_OF_SERVICE: Final[LiteralString] = (
    _SELECTED
    + """
     WHERE account_id = %(account_id)s AND service_id = %(service_id)s AND state IN ('waiting', 'agreed')
     ORDER BY contact_change_id
"""
)

ASKED_WITH: Final[LiteralString] = (
    _SELECTED
    + """
     WHERE account_id = %(account_id)s AND service_id = %(service_id)s AND to_account_id = %(to_account_id)s
       AND asked_at = %(asked_at)s AND contact_change_id <> %(number)s
     ORDER BY contact_change_id
"""
)

DONE_OF_SERVICE: Final[LiteralString] = (
    _SELECTED
    + """
     WHERE account_id = %(account_id)s AND service_id = %(service_id)s AND state = 'done'
       AND contact <> 'technical'
     ORDER BY contact_change_id
"""
)

COUNT_OPEN: Final[LiteralString] = """
    SELECT count(*) AS open
      FROM contact_change
     WHERE account_id = %(account_id)s AND state IN ('waiting', 'agreed') AND asked_at > %(since)s
"""

ADD: Final[LiteralString] = """
    INSERT INTO contact_change (account_id, service_id, service_name, contact, from_account_id, to_account_id,
                                asked_by, taken_at)
    VALUES (%(account_id)s, %(service_id)s, %(service_name)s, %(contact)s, %(from_account_id)s,
            %(to_account_id)s, %(asked_by)s, CASE WHEN %(is_taken)s THEN instant() END)
    RETURNING account_id, contact_change_id, service_id, service_name, contact, from_account_id,
              to_account_id, state, asked_at, given_at, taken_at, told_at, done_at, asked_by
"""

AGREE: Final[LiteralString] = """
    UPDATE contact_change
       SET given_at = CASE WHEN %(side)s = 'giver' THEN %(at)s ELSE given_at END,
           taken_at = CASE WHEN %(side)s = 'taker' THEN %(at)s ELSE taken_at END,
           state = CASE WHEN CASE WHEN %(side)s = 'giver' THEN taken_at ELSE given_at END IS NULL
                        THEN 'waiting' ELSE 'agreed' END
     WHERE account_id = %(account_id)s AND contact_change_id = %(number)s
       AND state IN ('waiting', 'agreed')
"""

END: Final[LiteralString] = """
    UPDATE contact_change
       SET state = %(state)s, done_at = %(at)s
     WHERE account_id = %(account_id)s AND contact_change_id = ANY(%(numbers)s)
       AND state IN ('waiting', 'agreed')
"""

TELL: Final[LiteralString] = """
    UPDATE contact_change
       SET told_at = %(at)s
     WHERE account_id = %(account_id)s AND contact_change_id = %(number)s
"""


def of_account(
    account_id: AccountId,
    now: datetime,
    *,
    states: Sequence[str] = (),
    asking_id: str | None = None,
    to_id: str | None = None,
) -> Selection:
    """Select the changes that the account asked for or is asked about, in these states if any are given."""
    source: LiteralString = (
        "contact_change WHERE (account_id = %(account_id)s OR to_account_id = %(account_id)s)"
    )
    if states:
        source += (
            " AND (CASE WHEN state IN ('waiting', 'agreed') AND asked_at <= %(before)s THEN 'expired'"
            " ELSE state END) = ANY(%(states)s)"
        )
    if asking_id is not None:
        source += " AND account_id = %(asking_id)s"
    if to_id is not None:
        source += " AND to_account_id = %(to_id)s"
    values = {
        "account_id": account_id, "states": list(states), "asking_id": asking_id, "to_id": to_id,
        "before": now - LIFE,
    }  # fmt: skip
    return Selection("contact_change_id", source, values)


def find(tx: Transaction, account_id: AccountId, numbers: Sequence[int]) -> list[ContactChange]:
    """Return those of the changes that concern the account, whichever side it is."""
    return [_change(row) for row in tx.all(FIND, account_id=account_id, numbers=list(numbers))]


def latest(tx: Transaction, account_id: AccountId, before: int | None, rows_max: int) -> list[ContactChange]:
    """Return the newest changes that concern the account, those before one."""
    rows = tx.all(LATEST, account_id=account_id, before=before, rows_max=rows_max)
    return [_change(row) for row in rows]


def latest_of_entity(
    tx: Transaction, legal_entity_id: LegalEntityId, before: int | None, rows_max: int
) -> list[ContactChange]:
    """Return the newest changes that accounts of the seller asked for, those before one."""
    rows = tx.all(LATEST_OF_ENTITY, legal_entity_id=legal_entity_id, before=before, rows_max=rows_max)
    return [_change(row) for row in rows]


def answers(tx: Transaction, change: ContactChange) -> list[Answer]:
    """Return who said what to the change, in order."""
    rows = tx.all(
        ANSWERS, giver_id=change.account_id, taker_id=change.to_account_id,
        number=str(change.contact_change_id),
    )  # fmt: skip
    return [Answer(*row) for row in rows]


def open_of_service(tx: Transaction, account_id: AccountId, service_id: ServiceId) -> list[ContactChange]:
    """Return the changes of a service that nobody has ended, also those that waited too long."""
    return [_change(row) for row in tx.all(OPEN_OF_SERVICE, account_id=account_id, service_id=service_id)]


def asked_with(tx: Transaction, change: ContactChange) -> list[ContactChange]:
    """Return the other changes of the service that were asked of the same account at the same moment."""
    rows = tx.all(
        ASKED_WITH, account_id=change.account_id, service_id=change.service_id,
        to_account_id=change.to_account_id, asked_at=change.asked_at, number=change.contact_change_id,
    )  # fmt: skip
    return [_change(row) for row in rows]


def done_of_service(tx: Transaction, account_id: AccountId, service_id: ServiceId) -> list[ContactChange]:
    """Return the owning contacts of a service that both accounts agreed to change."""
    return [_change(row) for row in tx.all(DONE_OF_SERVICE, account_id=account_id, service_id=service_id)]


def count_open(tx: Transaction, account_id: AccountId, now: datetime) -> int:
    """Return how many changes that the account asked for wait."""
    return int(tx.one(COUNT_OPEN, account_id=account_id, since=now - LIFE).open)


def add(tx: Transaction, asked: ContactChange, *, is_taken: bool, by: str) -> ContactChange:
    """Write a change and return it with its number and instant; `is_taken`: the other side agrees already."""
    return _change(
        tx.one(
            ADD,
            account_id=asked.account_id,
            service_id=asked.service_id,
            service_name=asked.service_name,
            contact=asked.contact.value,
            from_account_id=asked.from_account_id,
            to_account_id=asked.to_account_id,
            is_taken=is_taken,
            asked_by=by,
        )
    )


def agree(tx: Transaction, change: ContactChange, side: Side, at: datetime) -> None:
    """Write that one side agrees."""
    values = {"account_id": change.account_id, "number": change.contact_change_id}
    tx.run(AGREE, **values, side=side.value, at=at)


def end(
    tx: Transaction, account_id: AccountId, numbers: Iterable[int], state: ChangeState, at: datetime
) -> None:
    """Write how changes ended, of those that have not."""
    tx.run(END, account_id=account_id, numbers=list(numbers), state=state.value, at=at)


def tell(tx: Transaction, change: ContactChange, at: datetime) -> None:
    """Write that a letter goes out again."""
    tx.run(TELL, account_id=change.account_id, number=change.contact_change_id, at=at)


def _change(row: Any) -> ContactChange:
    return ContactChange(
        AccountId(row.account_id),
        row.contact_change_id,
        ServiceId(row.service_id),
        row.service_name,
        Contact(row.contact),
        AccountId(row.from_account_id),
        AccountId(row.to_account_id),
        ChangeState(row.state),
        row.asked_at,
        row.given_at,
        row.taken_at,
        row.told_at,
        row.done_at,
        row.asked_by,
    )


# ---------------------------------------------------------------- technical contacts

TECHNICAL: Final[LiteralString] = """
    SELECT service_id, technical_id
      FROM service_contact
     WHERE account_id = %(account_id)s AND service_id = ANY(%(service_ids)s)
"""

NAME: Final[LiteralString] = """
    INSERT INTO service_contact (account_id, service_id, technical_id, set_by)
    VALUES (%(account_id)s, %(service_id)s, %(technical_id)s, %(by)s)
        ON CONFLICT (account_id, service_id)
        DO UPDATE SET technical_id = excluded.technical_id, set_by = excluded.set_by, set_at = instant()
"""


def technical(tx: Transaction, account_id: AccountId, service_ids: Iterable[int]) -> Mapping[int, AccountId]:
    """Return, by service, the technical contacts that are another account than the owner was."""
    rows = tx.all(TECHNICAL, account_id=account_id, service_ids=list(service_ids))
    return {row.service_id: AccountId(row.technical_id) for row in rows}


def name_technical(
    tx: Transaction, account_id: AccountId, service_id: ServiceId, technical_id: AccountId, by: str
) -> None:
    """Write who is the technical contact of the service."""
    tx.run(NAME, account_id=account_id, service_id=service_id, technical_id=technical_id, by=by)

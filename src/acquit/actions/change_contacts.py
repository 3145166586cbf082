"""Another account is to be a contact of a service: both are asked by letter, and each agrees or not.

Who has agreed to both owning contacts has the service; a technical contact is named. An account that opened
the other one speaks for both.
"""

import hmac
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from acquit.actions.ask_for_termination import NoAddress, WrongToken, address_of
from acquit.actions.context import Context
from acquit.actions.loading import account_in
from acquit.actions.move_service import (
    TakerRefused,
    follow_contacts_in,
    hold_both_in,
    move_in,
    refuse_given_in,
)
from acquit.actions.serving import hold_service_in
from acquit.core.account import Account, AccountState
from acquit.core.contact_change import (
    LETTERS_APART,
    OWNING,
    WAITING_MAX,
    ChangeState,
    Contact,
    ContactChange,
    LetterJustSent,
    NoSuchContactChange,
    NoTaker,
    NotTakenNow,
    Side,
    TooManyChanges,
    partner_of,
    refuse_agreed,
    refuse_over,
    wanted_of,
)
from acquit.core.errors import Refusal
from acquit.core.identifiers import AccountId, ServiceId
from acquit.core.service import Service, refuse_ended
from acquit.core.service_change import refuse_option
from acquit.store import accounts, acts, contact_changes, services
from acquit.store.transaction import Transaction

MEMBERS: Final[Mapping[Contact, str]] = {
    Contact.ADMIN: "contactAdmin",
    Contact.BILLING: "contactBilling",
    Contact.TECHNICAL: "contactTech",
}
"""How the caller names each contact."""


@dataclass(frozen=True, slots=True)
class _Letter:
    """To whom, in which language, about which changes, and as which side."""

    email: str
    language: str
    side: Side
    changes: tuple[ContactChange, ...]


class _Tried(Exception):
    """Undoes the transaction of what was only tried."""


def ask_contact_change(
    context: Context,
    account_id: AccountId,
    service_id: ServiceId,
    wanted: Mapping[Contact, AccountId],
    *,
    by: str,
) -> list[ContactChange]:
    """Both sides have a letter with a token for each contact that changes; what was asked before is aborted.

    Raises:
        NoSuchService, NotAService, ServiceEnded, and what keeps a service from being given away.
        NoOtherContact, TwoOwners, NoTaker: it cannot be asked for like that.
        NoAddress, TooManyChanges: letters cannot be written.
    """
    with context.database.write() as tx:
        account, head, today = hold_service_in(context, tx, account_id, service_id)
        changed = wanted_of(wanted, _contacts_now(tx, account, head))
        refuse_option(head)
        refuse_ended(head)
        if OWNING & changed.keys():
            refuse_given_in(tx, head, today)
        _refuse_too_many(context, tx, account, len(changed))
        letters = [_Letter(address_of(tx, account), account.language, Side.GIVER, ())]
        takers = {to: _taker(tx, account, to, MEMBERS[contact]) for contact, to in changed.items()}
        made = [_ask(context, tx, head, contact, takers[to][0], by) for contact, to in changed.items()]
        letters[0] = replace(letters[0], changes=tuple(made))
        for taker, email in takers.values():
            asked = tuple(each for each in made if each.to_account_id == taker.account_id)
            if not _holds_both(account, taker):
                letters.append(_Letter(email, taker.language, Side.TAKER, asked))
        acts.record(
            tx, by, "ask_contact_change", account_id, f"service:{service_id}",
            contacts={contact.value: to for contact, to in changed.items()},
        )  # fmt: skip
    for letter in letters:
        _send(context, letter)
    return made


def agree_to_contact_change(
    context: Context, account_id: AccountId, number: int, token: str, *, by: str
) -> ContactChange:
    """The account agrees with the token of its letter; with the last agreement what was asked is done.

    Raises NoSuchContactChange, ContactChangeOver, AgreedAlready, WrongToken; what `move_service` raises, and
    RenewalIsPermanent; NotTakenNow to the giver, of what concerns the taker alone.
    """
    with suppress(_Tried), context.database.write() as tx:
        change = _answerable(context, tx, account_id, number, token)
        if change.contact in OWNING and change.side_of(account_id) is Side.TAKER:
            _try(context, tx, change, by)
    with context.database.write() as tx:
        change = _answerable(context, tx, account_id, number, token)
        side = change.side_of(account_id)
        contact_changes.agree(tx, change, side, context.clock.now())
        acts.record(tx, by, "agree_to_contact_change", account_id, str(number))
        agreed = _found(tx, account_id, number)
        if agreed.is_agreed:
            _fulfil(context, tx, agreed, side, by)
        return _found(tx, account_id, number)


def refuse_contact_change(
    context: Context, account_id: AccountId, number: int, token: str, *, by: str
) -> ContactChange:
    """Nothing changes; the other owning contact, if it was asked for too, is aborted.

    Raises NoSuchContactChange, ContactChangeOver, WrongToken.
    """
    with context.database.write() as tx:
        change = _held(tx, account_id, number)
        now = context.clock.now()
        refuse_over(change, now)
        _refuse_token(context, change, change.side_of(account_id), token)
        _end(tx, change, [change], ChangeState.REFUSED, context)
        others = contact_changes.open_of_service(tx, change.account_id, change.service_id)
        partner = partner_of(change, others, now)
        _end(tx, change, [] if partner is None else [partner], ChangeState.ABORTED, context)
        acts.record(tx, by, "refuse_contact_change", account_id, str(number))
        return _found(tx, account_id, number)


def resend_contact_letter(context: Context, account_id: AccountId, number: int, *, by: str) -> None:
    """The account's letter goes out again, once a minute at most.

    Raises NoSuchContactChange, ContactChangeOver, AgreedAlready, NoAddress, LetterJustSent.
    """
    with context.database.write() as tx:
        change = _held(tx, account_id, number)
        side, now = change.side_of(account_id), context.clock.now()
        refuse_over(change, now)
        refuse_agreed(change, side)
        if now < change.told_at + LETTERS_APART:
            raise LetterJustSent("A letter went out just now: wait a minute.", retry_seconds="60")
        account = account_in(tx, account_id)
        letter = _Letter(address_of(tx, account), account.language, side, (change,))
        contact_changes.tell(tx, change, now)
        acts.record(tx, by, "resend_contact_letter", account_id, str(number))
    _send(context, letter)


def token_of(context: Context, change: ContactChange, side: Side) -> str:
    """Return the token of one side's letter; every change and side has its own."""
    said = f"{side}:{change.contact_change_id}:{change.contact}:{change.service_id}:{change.to_account_id}"
    return context.sealer.token(f"contact-change:{said}")


# ---------------------------------------------------------------- asking


def _contacts_now(tx: Transaction, account: Account, head: Service) -> dict[Contact, AccountId]:
    named = contact_changes.technical(tx, account.account_id, [head.service_id])
    technical = named.get(head.service_id, account.account_id)
    return {
        Contact.ADMIN: account.account_id,
        Contact.BILLING: account.account_id,
        Contact.TECHNICAL: technical,
    }


def _refuse_too_many(context: Context, tx: Transaction, account: Account, more: int) -> None:
    waiting = contact_changes.count_open(tx, account.account_id, context.clock.now())
    if waiting + more > WAITING_MAX:
        raise TooManyChanges(
            f"{waiting} changes of contacts wait already, {WAITING_MAX} may: let them be answered first.",
            waiting=str(waiting),
        )


def _taker(tx: Transaction, account: Account, to: AccountId, member: str) -> tuple[Account, str]:
    """Return the account with its address. Raises NoTaker, the same words whatever is wrong with it."""
    found = accounts.find(tx, to)
    if found is None or found.state in (AccountState.SUSPENDED, AccountState.CLOSED):
        raise NoTaker(member, to)
    if (found.legal_entity_id, found.currency) != (account.legal_entity_id, account.currency):
        raise NoTaker(member, to)
    try:
        return found, address_of(tx, found)
    except NoAddress:
        raise NoTaker(member, to) from None


def _holds_both(account: Account, taker: Account) -> bool:
    """Whether the account that asks opened the other one, or is it."""
    return account.account_id in (taker.account_id, taker.parent_id)


def _ask(
    context: Context, tx: Transaction, head: Service, contact: Contact, taker: Account, by: str
) -> ContactChange:
    giver = account_in(tx, head.account_id)
    now = context.clock.now()
    earlier = [
        each
        for each in contact_changes.open_of_service(tx, head.account_id, head.service_id)
        if each.contact is contact
    ]
    numbers = [each.contact_change_id for each in earlier]
    contact_changes.end(tx, head.account_id, numbers, ChangeState.ABORTED, now)
    asked = ContactChange(
        account_id=head.account_id,
        contact_change_id=0,
        service_id=head.service_id,
        service_name=head.resource_name,
        contact=contact,
        from_account_id=_contacts_now(tx, giver, head)[contact],
        to_account_id=taker.account_id,
        state=ChangeState.WAITING,
        asked_at=now,
        given_at=None,
        taken_at=None,
        told_at=now,
        done_at=None,
        asked_by=by,
    )
    return contact_changes.add(tx, asked, is_taken=_holds_both(giver, taker), by=by)


# ---------------------------------------------------------------- answering


def _held(tx: Transaction, account_id: AccountId, number: int) -> ContactChange:
    """Return the change with both accounts held. Raises NoSuchContactChange."""
    change = _found(tx, account_id, number)
    hold_both_in(tx, change.account_id, change.to_account_id)
    return _found(tx, account_id, number)


def _found(tx: Transaction, account_id: AccountId, number: int) -> ContactChange:
    found = contact_changes.find(tx, account_id, [number])
    if not found:
        raise NoSuchContactChange(number)
    return found[0]


def _answerable(
    context: Context, tx: Transaction, account_id: AccountId, number: int, token: str
) -> ContactChange:
    """Return the change, held, when its side may agree with that token; raises the same."""
    change = _held(tx, account_id, number)
    side = change.side_of(account_id)
    refuse_over(change, context.clock.now())
    refuse_agreed(change, side)
    _refuse_token(context, change, side, token)
    return change


def _try(context: Context, tx: Transaction, change: ContactChange, by: str) -> None:
    """Undo a move that was only tried; the taker is told what about itself forbids it."""
    giver, taker = account_in(tx, change.account_id), account_in(tx, change.to_account_id)
    try:
        move_in(context, tx, giver, taker, change.service_id, by, may_escape=False)
    except TakerRefused as refused:
        raise refused.why from None
    except Refusal:
        pass
    raise _Tried


def _refuse_token(context: Context, change: ContactChange, side: Side, token: str) -> None:
    if not hmac.compare_digest(token.encode(), token_of(context, change, side).encode()):
        raise WrongToken("[token] Given data is not the token of the letter", parameter="token")


def _fulfil(context: Context, tx: Transaction, change: ContactChange, side: Side, by: str) -> None:
    """Name the technical contact, or give the service away when the other owning contact is agreed too."""
    giver_id, service_id = change.account_id, change.service_id
    if change.contact is Contact.TECHNICAL:
        service = services.find(tx, giver_id, service_id)
        assert service is not None, "a service that was asked about exists"
        refuse_ended(service)
        contact_changes.name_technical(tx, giver_id, service_id, change.to_account_id, by)
        _end(tx, change, [change], ChangeState.DONE, context)
        return
    others = contact_changes.open_of_service(tx, giver_id, service_id)
    partner = partner_of(change, others, context.clock.now())
    if partner is None or not partner.is_agreed:
        return
    giver, taker = account_in(tx, giver_id), account_in(tx, change.to_account_id)
    try:
        moved = move_in(context, tx, giver, taker, service_id, by, may_escape=False)
    except TakerRefused as refused:
        if side is Side.TAKER:
            raise refused.why from None
        raise NotTakenNow(
            f"Account {taker.account_id} cannot take {change.service_name} now, for a reason of its own: let "
            "it see to that, then agree again.",
            account=taker.account_id,
        ) from None
    _end(tx, change, [change, partner], ChangeState.DONE, context)
    follow_contacts_in(tx, moved, context.clock.now(), by)


def _end(
    tx: Transaction,
    change: ContactChange,
    ending: Sequence[ContactChange],
    state: ChangeState,
    context: Context,
) -> None:
    numbers = [each.contact_change_id for each in ending]
    contact_changes.end(tx, change.account_id, numbers, state, context.clock.now())


# ---------------------------------------------------------------- letters


def _send(context: Context, letter: _Letter) -> None:
    is_french = letter.language.startswith("fr")
    first = letter.changes[0]
    subject = (
        f"Contacts du service {first.service_name}" if is_french else f"Contacts of {first.service_name}"
    )
    told = [_asked(context, each, letter.side, is_french) for each in letter.changes]
    context.mailer.send(letter.email, subject, "\n".join([*told, _closing(letter, is_french)]))


CONTACTS: Final[Mapping[Contact, tuple[str, str]]] = {
    Contact.ADMIN: ("administration", "administration"),
    Contact.BILLING: ("facturation", "billing"),
    Contact.TECHNICAL: ("contact technique", "technical contact"),
}
"""In French and in English."""


def _asked(context: Context, change: ContactChange, side: Side, is_french: bool) -> str:
    french, english = CONTACTS[change.contact]
    token = token_of(context, change, side)
    if is_french:
        return (
            f"Le compte {change.account_id} demande pour {change.service_name} : {french} par le compte "
            f"{change.to_account_id}.\nDemande : {change.contact_change_id}\nJeton : {token}\n"
        )
    return (
        f"Account {change.account_id} asks for {change.service_name}: {english} by account "
        f"{change.to_account_id}.\nTask: {change.contact_change_id}\nToken: {token}\n"
    )


def _closing(letter: _Letter, is_french: bool) -> str:
    moves = any(each.contact in OWNING for each in letter.changes)
    if is_french:
        effect = (
            "Quand l'administration et la facturation sont acceptées des deux côtés, le service change de "
            "compte ce jour-là, avec ses prix et son engagement. Les jours déjà renouvelés sont remboursés à "
            "l'un et facturés à l'autre.\n"
            if moves
            else "Un contact technique est nommé à côté du service et n'en voit rien.\n"
        )
        return f"{effect}Rien ne change sans les deux accords, dans les sept jours. Sinon, ne faites rien.\n"
    effect = (
        "When both sides have agreed to administration and billing, the service changes hands on that day, "
        "with its prices and its engagement. Days renewed before come back to one account and are charged to "
        "the other.\n"
        if moves
        else "A technical contact is named beside the service and sees nothing of it.\n"
    )
    return f"{effect}Nothing changes unless both agree within seven days. Otherwise do nothing.\n"

"""Try what is due to leave: each delivery until it is sent, refused or ended by a person.

A delivery is claimed for a while before it is tried, and its outcome is written as soon as it is known. Who
dies in between leaves it to be tried again under the same key. A channel that does not answer puts off what
waits for it, and nothing else.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Final, TypeVar
from urllib.parse import quote

from acquit.actions.context import Context
from acquit.actions.render_document import (
    NoElectronicForm,
    PaperLost,
    bill_cii,
    bill_pdf,
    bill_ubl,
)
from acquit.core.bill import SELF_BILLED
from acquit.core.delivery import (
    BILL,
    LETTER,
    Answer,
    Attached,
    Channel,
    Flow,
    Mail,
    Outcome,
    e_address_of,
    key_of,
    letter_key,
    next_try,
)
from acquit.core.life_cycle import PAID
from acquit.core.message import EVENT, TOO_LATE
from acquit.core.money import Currency
from acquit.documents.bill_mail import Announced, write_mail
from acquit.documents.life_cycle import Collected, Party, write_collected
from acquit.documents.message_mail import Announcer, language_of, write_message
from acquit.documents.peppol import NoUbl, enveloped
from acquit.ports import Ways
from acquit.store import bill_statuses, deliveries, delivery_settings, messages
from acquit.store.deliveries import Head, Parcel
from acquit.store.messages import Message, Words
from acquit.store.transaction import Transaction

log = logging.getLogger("acquit.delivery")

Thing = TypeVar("Thing")

AT_ONCE: Final = 50
LEASE: Final = timedelta(minutes=30)
TYPES: Final = {"pdf": "application/pdf", "cii": "application/xml", "ubl": "application/xml"}
SYNTAXES: Final = {"pdf": "Factur-X", "cii": "CII", "ubl": "UBL"}
SUFFIXES: Final = {"pdf": "pdf", "cii": "xml", "ubl": "xml"}
READ: Final = {"pdf": bill_pdf, "cii": bill_cii, "ubl": bill_ubl}
DOCUMENT_TYPES: Final = {
    "bill": "380", "corrective": "384", "credit-note": "381", "self-billed": "389",
    "self-billed-credit": "261",
}  # fmt: skip


@dataclass(slots=True)
class Delivered:
    """What became of what was due."""

    sent: int = 0
    delayed: int = 0
    refused: int = 0


class NotNow(Exception):
    """Something that is to leave is not there yet; the text says what."""


class NotEver(Exception):
    """Something can never leave as it is; the text says why and what to do."""


def deliver_due(context: Context, go_on: Callable[[], bool] = lambda: True) -> Delivered:
    """Everything that was due was tried, while `go_on` says so; return what became of it."""
    done = Delivered()
    if context.ways is None:
        return done
    while go_on():
        with context.database.write() as tx:
            claimed = deliveries.claim(tx, context.clock.now(), LEASE, AT_ONCE)
        if not claimed:
            return done
        for channel, parcels in groupby(claimed, key=lambda each: each.channel):
            _carry(context, context.ways, channel, list(parcels), done)
    return done


def _carry(
    context: Context, ways: Ways, channel: Channel, parcels: Sequence[Parcel], done: Delivered
) -> None:
    """Try the parcels of a channel; write each outcome as soon as it is known."""
    if channel is Channel.EMAIL:
        _try(context, parcels, _mail_of(context, parcels), ways.mail_server.post, done)
    elif channel is Channel.PLATFORM:
        _try(context, parcels, lambda each: _flow(context, each), ways.platform.submit, done)
    else:
        _try(context, parcels, lambda each: _envelope(context, each), ways.peppol.hand_over, done)


def _try(
    context: Context,
    parcels: Sequence[Parcel],
    made: Callable[[Parcel], Thing],
    carry: Callable[[Sequence[Thing]], Iterator[Answer]],
    done: Delivered,
) -> None:
    ready: list[tuple[Parcel, Thing]] = []
    for parcel in parcels:
        try:
            ready.append((parcel, made(parcel)))
        except NotNow as why:
            _record(context, parcel, Answer(Outcome.DELAYED, told=str(why)), done)
        except NotEver as why:
            _record(context, parcel, Answer(Outcome.REFUSED, told=str(why)), done)
    answers = carry([thing for _, thing in ready])
    for (parcel, thing), answer in zip(ready, answers, strict=True):
        _record(context, parcel, answer, done, thing)
        if answer.is_silent and answer.is_tried:
            _put_off_rest(context, parcel)


def _record(
    context: Context, parcel: Parcel, answer: Answer, done: Delivered, carried: object = None
) -> None:
    next_at = next_try(context.clock.now(), parcel.tries - 1)
    with context.database.write() as tx:
        if deliveries.hold(tx, parcel.account_id, parcel.delivery_id):
            deliveries.record(tx, parcel.account_id, parcel.delivery_id, answer, next_at)
            _keep(context, tx, parcel, answer, carried)
    done.sent += answer.outcome is Outcome.SENT
    done.delayed += answer.outcome is Outcome.DELAYED
    done.refused += answer.outcome is Outcome.REFUSED
    if answer.outcome is not Outcome.SENT and answer.is_tried:
        log.warning(
            "delivery.not_sent",
            extra={
                "outcome": answer.outcome.value,
                "delivery": parcel.delivery_id,
                "channel": parcel.channel.value,
                "bill": parcel.bill_id,
            },
        )


def _keep(context: Context, tx: Transaction, parcel: Parcel, answer: Answer, carried: object) -> None:
    """Keep a mail that somebody took, where it is an account's."""
    taken = answer.outcome is Outcome.SENT or answer.accepted
    if isinstance(carried, Mail) and parcel.account_id and taken:
        sealed = context.sealer.seal(carried.text)
        to = answer.accepted or carried.to
        messages.keep_mail(tx, parcel.account_id, parcel.delivery_id, to, carried.subject, sealed)


def _put_off_rest(context: Context, silent: Parcel) -> None:
    """Put off all that is due by a channel that does not answer: each try would wait for it again."""
    now = context.clock.now()
    with context.database.write() as tx:
        deliveries.put_off_channel(tx, silent.channel, now, next_try(now, silent.tries - 1))


# ---------------------------------------------------------------- mail


def _mail_of(context: Context, parcels: Iterable[Parcel]) -> Callable[[Parcel], Mail]:
    account_ids = sorted({each.account_id for each in parcels if each.event != LETTER})
    keys = [(each.account_id, _number(each)) for each in parcels if each.event.startswith(EVENT)]
    with context.database.read() as tx:
        recipients = delivery_settings.recipients(tx, account_ids)
        found = messages.find(tx, keys)
        words = messages.own_words(tx, sorted({each.legal_entity_id for each in found.values()}))

    def made(parcel: Parcel) -> Mail:
        if parcel.event == LETTER:
            return _letter(context, parcel)
        to = _still(parcel, recipients.get(parcel.account_id, ()))
        if parcel.event.startswith(EVENT):
            return _message_mail(context, parcel, found[_number(parcel)], words, to)
        return _bill_mail(context, parcel, to)

    return made


def _letter(context: Context, parcel: Parcel) -> Mail:
    assert parcel.sealed is not None, "a letter that waits has its text"
    text = context.sealer.unseal(parcel.sealed)
    return Mail((parcel.to_address,), parcel.subject, text, letter_key(parcel.delivery_id))


def _number(parcel: Parcel) -> int:
    return int(parcel.event.removeprefix(EVENT))


def _message_mail(
    context: Context, parcel: Parcel, message: Message, words: Words, to: tuple[str, ...]
) -> Mail:
    """Return the mail of a message, in the words that hold now. Raises NotEver when it is too late."""
    if context.clock.now() - message.told_at > TOO_LATE:
        raise NotEver(f"The message is of {message.told_at.date()}: it is too late to tell it.")
    own = words.get((message.legal_entity_id, message.kind, language_of(message.language)))
    written = write_message(
        message.kind, message.language, message.said, Announcer(message.seller, message.iban),
        ("", "") if own is None else (own.subject, own.intro),
    )  # fmt: skip
    return Mail(
        to, written.subject, written.text, key_of("", parcel.channel, parcel.event),
        message.reply_to or message.seller_email, (), message.sender, written.html,
    )  # fmt: skip


def _still(parcel: Parcel, recipients: Sequence[str]) -> tuple[str, ...]:
    """Return who is still to get the mail. Raises NotEver when nobody is."""
    to = tuple(each for each in recipients if each not in parcel.accepted)
    if not recipients:
        raise NotEver(
            f"No e-mail address is known for account {parcel.account_id}: name one with `acquit delivery "
            f"contacts --account {parcel.account_id} --to …`, then `acquit delivery retry`."
        )
    if not to:
        raise NotEver("Everybody who gets this account's mails has it already.")
    return to


def _bill_mail(context: Context, parcel: Parcel, to: tuple[str, ...]) -> Mail:
    head = _head(parcel)
    link = ""
    if parcel.form == "link":
        password = context.sealer.token(f"bill:{parcel.bill_id}")
        link = (
            f"{head.origin.rstrip('/')}/cgi-bin/order/bill.pdf?reference={quote(parcel.bill_id)}"
            f"&passwd={quote(password)}"
        )
    files = () if link else tuple(_papers(context, parcel))
    subject, text = write_mail(
        Announced(
            head.kind, parcel.bill_id, head.seller.name, head.seller.iban, head.language, head.issued_on,
            head.due_on, Currency(head.currency), head.total_minor, head.total_minor - head.prepaid_minor,
            head.payment_reference, head.purchase_order, link, head.collected_on, head.buyer.name,
        )
    )  # fmt: skip
    key = key_of(parcel.bill_id, parcel.channel, parcel.event)
    return Mail(to, subject, text, key, head.seller.email, files)


def _papers(context: Context, parcel: Parcel) -> Iterator[Attached]:
    """Yield what is attached: the paper, then the electronic form if it is asked for and there is one."""
    paper, *electronic = parcel.form.split("+")
    yield _paper(context, parcel, paper)
    for form in electronic:
        with suppress(NotEver):
            yield _paper(context, parcel, form)


# ---------------------------------------------------------------- e-invoicing


def _flow(context: Context, parcel: Parcel) -> Flow:
    key = key_of(parcel.bill_id, parcel.channel, parcel.event)
    if parcel.event == BILL:
        paper = _paper(context, parcel, parcel.form)
        return Flow(key, SYNTAXES[parcel.form], paper, parcel.tries > 1)
    content = write_collected(_collected(context, parcel, key))
    name = f"{_bare(parcel.bill_id)}-{_bare(parcel.event)}.xml"
    return Flow(key, "CDAR", Attached(name, "application/xml", content), parcel.tries > 1)


def _collected(context: Context, parcel: Parcel, key: str) -> Collected:
    head = _head(parcel)
    with context.database.read() as tx:
        told = bill_statuses.of_bill(tx, parcel.account_id, parcel.bill_id)
        left = deliveries.bill_left_at(tx, parcel.account_id, parcel.bill_id, Channel.PLATFORM)
    if left.is_ended:
        raise NotEver("The bill itself never reached the platform, so it is not told of its payment.")
    if left.at is None:
        raise NotNow("The bill itself is not with the platform yet.")
    status = next(each for each in told if f"{PAID}/{each.reference}" == parcel.event and each.code == PAID)
    return Collected(
        key, parcel.bill_id, DOCUMENT_TYPES[head.kind], head.issued_on, left.at, status.happened_at,
        Currency(head.currency), Party(head.seller.name, head.seller.siren, e_address_of(head.seller)[1]),
        Party(head.buyer.name, head.buyer.siren, e_address_of(head.buyer)[1]), status.collected,
    )  # fmt: skip


def _envelope(context: Context, parcel: Parcel) -> Attached:
    head = _head(parcel)
    ubl = _paper(context, parcel, parcel.form)
    key = key_of(parcel.bill_id, parcel.channel, parcel.event)
    parties = (head.seller, head.buyer)
    ours, theirs = reversed(parties) if head.kind in SELF_BILLED else parties
    sender, receiver = e_address_of(ours), e_address_of(theirs)
    if not sender[0]:
        raise NotEver(f"The seller of bill {parcel.bill_id} has no e-address: `acquit legal-entity set`.")
    try:
        content = enveloped(ubl.content, sender, receiver, key, parcel.queued_at, ours.country)
    except NoUbl as why:
        raise NotEver(str(why)) from None
    return Attached(f"{_bare(parcel.bill_id)}-{key[:8]}.xml", ubl.media_type, content)


def _paper(context: Context, parcel: Parcel, form: str) -> Attached:
    """Return the bill in that form, as archived. Raises NotNow when the archive lost it, NotEver for none."""
    try:
        content = READ[form](context, parcel.account_id, parcel.bill_id)
    except PaperLost as why:
        raise NotNow(str(why)) from None
    except NoElectronicForm as why:
        raise NotEver(why.message) from None
    return Attached(f"{_bare(parcel.bill_id)}.{SUFFIXES[form]}", TYPES[form], content)


def _head(parcel: Parcel) -> Head:
    assert parcel.head is not None, "a delivery of a bill has its bill"
    return parcel.head


def _bare(text: str) -> str:
    """Return a number as part of a file's name: some series write a slash."""
    return text.replace("/", "_")

"""Mails in the office: who tells accounts what happens, every kind as it will look, a seller's own words."""

from collections.abc import Mapping
from typing import Final

from acquit.actions.preview_mail import mail_kinds, preview_mail
from acquit.actions.set_messages import set_message_words, set_messages
from acquit.console import typed
from acquit.console.manager.preferences import KINDS
from acquit.console.staff.seller import seller_page, sellers_in
from acquit.console.visit import Page, Redirect, Reply, Visit
from acquit.core.message import MessageKind, kind_of
from acquit.store import messages

OTHERS: Final[Mapping[str, str]] = {
    "bill": "A bill",
    "credit-note": "A credit note",
    "corrective": "A corrective bill",
    "claim": "A claim of late interest",
    "courtesy": "A reminder before the day",
    "reminder": "A reminder",
    "notice": "A formal notice",
    "suspension": "A suspension",
    "debit-notice": "A direct debit to come",
    "debit-returned": "A direct debit that came back",
}
"""What the kinds of mail are called that are no messages."""


def list_mails(visit: Visit) -> Page:
    """GET /office/mails: whether the seller tells, as whom, and every kind in every language."""
    with visit.read() as tx:
        sellers = sellers_in(visit, tx)
        key = sellers.entity.legal_entity_id
        setting = messages.settings(tx).get(key)
        own = {(kind, language) for _, kind, language in messages.own_words(tx, [key])}
    languages = mail_kinds()
    told = [(kind.value, said, languages[kind.value]) for kind, said in KINDS.items()]
    others = [(kind, said, languages[kind]) for kind, said in OTHERS.items()]
    return seller_page("mails.html", visit, sellers, setting=setting, own=own, told=told, others=others)


def change_setting(visit: Visit) -> Reply:
    """POST /office/mails: the seller tells its accounts what happens, or no longer."""
    with visit.read() as tx:
        key = sellers_in(visit, tx).entity.legal_entity_id
    form = visit.form
    is_on = typed.one_of(form.text("is_on"), ["yes", "no"]) == "yes"
    set_messages(
        visit.context, key, is_on=is_on, sender=form.text("sender"), reply_to=form.text("reply_to"),
        by=visit.actor,
    )  # fmt: skip
    return Redirect(f"/office/mails?seller={key}&done=saved")


def show_mail(visit: Visit) -> Page:
    """GET /office/mails/{kind}/{language}: a mail as it will look, with the words that are given or hold."""
    kind, language = visit.path_values["kind"], visit.path_values["language"]
    with visit.read() as tx:
        sellers = sellers_in(visit, tx)
    given = (visit.query.get("subject", "").strip(), visit.query.get("intro", "").strip())
    is_trial = "subject" in visit.query or "intro" in visit.query
    seen = preview_mail(
        visit.context, sellers.entity.legal_entity_id, kind, language, given if is_trial else None
    )
    is_message = kind in set(MessageKind)
    return seller_page(
        "mail_words.html", visit, sellers,
        kind=kind, in_language=language, called=KINDS[MessageKind(kind)] if is_message else OTHERS[kind],
        is_message=is_message, is_trial=is_trial and not seen.fault, seen=seen,
    )  # fmt: skip


def save_words(visit: Visit) -> Reply:
    """POST /office/mails/{kind}/{language}: the seller's own words hold from now on; empty: the program's."""
    kind, language = visit.path_values["kind"], visit.path_values["language"]
    with visit.read() as tx:
        key = sellers_in(visit, tx).entity.legal_entity_id
    words = (visit.form.text("subject"), visit.form.text("intro"))
    set_message_words(visit.context, key, kind_of(kind), language, words, by=visit.actor)
    return Redirect(f"{visit.path}?seller={key}&done=saved")

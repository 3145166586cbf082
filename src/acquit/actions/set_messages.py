"""Say whether a seller tells its accounts what happens, in which words, and what an account wants."""

from collections.abc import Collection, Mapping

from acquit.actions.context import Context
from acquit.actions.loading import account_in, date_of, entity_in, require_if_staff, require_staff
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.message import BadMessage, MessageKind, MessageSetting, refuse_setting
from acquit.core.operator import Right
from acquit.documents.message_mail import languages, refuse_words
from acquit.store import acts, messages


def set_messages(
    context: Context, legal_entity_id: LegalEntityId, *, is_on: bool, sender: str, reply_to: str, by: str
) -> MessageSetting:
    """From now on the legal entity tells its accounts what happens, as that sender, or no longer.

    What happened before is not told. Raises NoSuchLegalEntity, BadMessage, StaffOnly, RoleForbids.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.CHANGE_SETTINGS)
        today = date_of(context, entity_in(tx, legal_entity_id))
        held = messages.settings(tx).get(legal_entity_id)
        from_on = held.from_on if held is not None and held.is_on else today
        setting = MessageSetting(legal_entity_id, from_on, is_on, sender.strip(), reply_to.strip())
        refuse_setting(setting)
        messages.set_setting(tx, setting, by)
        acts.record(tx, by, "set_messages", None, legal_entity_id, is_on=is_on, sender=setting.sender)
    return setting


def set_message_words(
    context: Context,
    legal_entity_id: LegalEntityId,
    kind: MessageKind,
    language: str,
    words: tuple[str, str],
    *,
    by: str,
) -> int:
    """The legal entity's messages of a kind have its own subject and first words; return their version.

    Empty ones are the program's again. Raises NoSuchLegalEntity, BadMessage, StaffOnly, RoleForbids.
    """
    subject, intro = (each.replace("\r\n", "\n").strip() for each in words)
    refuse_words(kind, subject, intro)
    if language not in languages():
        raise BadMessage(f"Messages are written in {', '.join(sorted(languages()))}, not {language!r}.")
    with context.database.write() as tx:
        require_staff(tx, by, Right.CHANGE_SETTINGS)
        entity_in(tx, legal_entity_id)
        number = messages.set_words(tx, legal_entity_id, kind, language, (subject, intro), by)
        acts.record(
            tx, by, "set_message_words", None, legal_entity_id, kind=kind.value, language=language,
            version=number,
        )  # fmt: skip
    return number


def set_wishes(context: Context, account_id: AccountId, wanted: Collection[MessageKind], *, by: str) -> None:
    """The account is told these kinds of message and no others. Raises NoSuchAccount, RoleForbids."""
    with context.database.write() as tx:
        require_if_staff(tx, by, Right.CORRECT_BILLS)
        account_in(tx, account_id)
        before = messages.unwanted(tx, account_id)
        changed = [kind for kind in MessageKind if (kind in wanted) == (kind in before)]
        for kind in changed:
            messages.set_wanted(tx, account_id, kind, kind in wanted, by)
        if changed:
            acts.record(tx, by, "set_message_wishes", account_id, kinds=[kind.value for kind in changed])


def set_wish(context: Context, account_id: AccountId, kind: MessageKind, is_wanted: bool, *, by: str) -> None:
    """The account is told this kind of message, or not; the others stay. Raises NoSuchAccount."""
    with context.database.read() as tx:
        wanted = set(MessageKind) - messages.unwanted(tx, account_id)
    set_wishes(context, account_id, wanted | {kind} if is_wanted else wanted - {kind}, by=by)


def show_messages(context: Context) -> Mapping[LegalEntityId, MessageSetting]:
    """Return the setting of each legal entity that made one."""
    with context.database.read() as tx:
        return messages.settings(tx)

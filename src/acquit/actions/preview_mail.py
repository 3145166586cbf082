"""Look at a mail as a seller's accounts would get it, with a specimen, before or after its words hold."""

from dataclasses import dataclass

from acquit.actions.context import Context
from acquit.actions.loading import entity_in
from acquit.core.dunning import StepKind
from acquit.core.errors import NotFound
from acquit.core.identifiers import LegalEntityId
from acquit.core.message import BadMessage, MessageKind
from acquit.documents import mail_previews
from acquit.documents.mail_previews import BILL_KINDS, DEBIT_KINDS, LETTER_KINDS, MESSAGE_KINDS, preview
from acquit.documents.message_mail import Announcer, names_of, program_words, refuse_words
from acquit.store import dunning_settings, messages
from acquit.store.messages import OwnWords


class NoSuchMailKind(NotFound):
    """There is no mail of that kind in that language."""

    code = "no-such-mail-kind"


@dataclass(frozen=True, slots=True)
class Previewed:
    """A mail filled in: subject, text, the same as a page where it has one.

    `fault` says why words that were tried cannot be used, and then the mail has the program's;
    `words` are those that were tried or hold, `program` its own, `names` what words may fill in.
    """

    subject: str
    text: str
    html: str
    fault: str
    words: tuple[str, str]
    held: OwnWords | None
    program: tuple[str, str]
    names: tuple[str, ...]


def mail_kinds() -> dict[str, tuple[str, ...]]:
    """Return every kind of mail with the languages that it is written in."""
    kinds = (*MESSAGE_KINDS, *BILL_KINDS, *LETTER_KINDS, *DEBIT_KINDS)
    return {kind: mail_previews.languages_of(kind) for kind in kinds}


def preview_mail(
    context: Context,
    legal_entity_id: LegalEntityId,
    kind: str,
    language: str,
    trial: tuple[str, str] | None = None,
) -> Previewed:
    """Return a mail of the seller with a specimen, in the words that hold or that are tried.

    Raises NoSuchMailKind, NoSuchLegalEntity.
    """
    if language not in mail_previews.languages_of(kind):
        raise NoSuchMailKind(f"There is no mail {kind} in {language}.")
    with context.database.read() as tx:
        entity = entity_in(tx, legal_entity_id)
        held = messages.own_words(tx, [legal_entity_id]).get((legal_entity_id, kind, language))
        is_letter = kind in LETTER_KINDS
        letter = dunning_settings.text(tx, legal_entity_id, language, StepKind(kind)) if is_letter else None
    words = ("", "") if held is None else (held.subject, held.intro)
    if letter is not None:
        words = (letter[1], letter[2])
    announcer = Announcer(entity.name, entity.iban)
    if kind not in MESSAGE_KINDS:
        return Previewed(*preview(kind, language, announcer, words), "", words, None, ("", ""), ())
    message, words = MessageKind(kind), trial or words
    fault = _fault(message, words)
    filled = preview(kind, language, announcer, ("", "") if fault else words)
    names = tuple(sorted(names_of(message)))
    return Previewed(*filled, fault, words, held, program_words(message, language), names)


def _fault(kind: MessageKind, words: tuple[str, str]) -> str:
    try:
        refuse_words(kind, *words)
    except BadMessage as refusal:
        return refusal.message
    return ""

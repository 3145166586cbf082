"""Mail: by SMTP with verified TLS; the Null adapters say loudly that nobody is told."""

import logging
import smtplib
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formataddr, formatdate, parseaddr
from pathlib import Path
from typing import Final, Literal

from acquit.core.delivery import Answer, Mail, Outcome

log = logging.getLogger("acquit.mail")

TIMEOUT_SECONDS: Final = 30
FOR_GOOD: Final = 500
NOT_SET_UP: Final = "no mail server is set up: ACQUIT_SMTP_HOST"

Security = Literal["starttls", "tls", "none"]


class NullMailer:
    """Sends nothing and warns: no mail server is set up."""

    def send(self, to: str, subject: str, text: str, account_id: str = "") -> None:
        """Warn that the message stays unsent; the text is not logged."""
        log.warning("mail.not_sent", extra={"reason": "no mail server is set up", "subject": subject})


class NullMailServer:
    """Takes nothing and warns: what is to leave by mail waits until a mail server is set up."""

    def post(self, mails: Sequence[Mail]) -> Iterator[Answer]:
        """Put every mail off."""
        log.warning("mail.waits", extra={"reason": NOT_SET_UP, "mails": len(mails)})
        yield from put_off(len(mails), NOT_SET_UP)


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """A mail server and how we log in to it; `sender` is the address that mails come from.

    The server's certificate is verified, with `none` nothing is encrypted. Source: RFC 5321, 3207, 8314.
    """

    host: str
    port: int
    security: Security
    sender: str
    login: str = ""
    password: str = ""
    authorities: Path | None = None

    def __repr__(self) -> str:
        return f"SmtpServer({self.host}:{self.port})"

    def post(self, mails: Sequence[Mail]) -> Iterator[Answer]:
        """Yield what became of each mail; when the server is gone the rest is put off untried."""
        if not mails:
            return
        try:
            connection = self._connected()
        except (OSError, smtplib.SMTPException, ValueError) as error:
            yield from put_off(len(mails), _why(error))
            return
        done = 0
        try:
            for mail in mails:
                yield self._post(connection, mail)
                done += 1
        except (OSError, smtplib.SMTPServerDisconnected) as error:
            yield from put_off(len(mails) - done, _why(error))
        finally:
            with suppress(OSError, smtplib.SMTPException):
                connection.quit()

    def _connected(self) -> smtplib.SMTP:
        trusted = ssl.create_default_context(cafile=None if self.authorities is None else self.authorities)
        if self.security == "tls":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=TIMEOUT_SECONDS, context=trusted
            )
        else:
            connection = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_SECONDS)
        try:
            if self.security == "starttls":
                connection.starttls(context=trusted)
            if self.login:
                connection.login(self.login, self.password)
        except BaseException:
            connection.close()
            raise
        return connection

    def _post(self, connection: smtplib.SMTP, mail: Mail) -> Answer:
        """Return what became of a mail. Raises OSError, SMTPServerDisconnected when the server is gone."""
        try:
            message = self._message(mail)
            refused = connection.send_message(message, parseaddr(self.sender)[1], list(mail.to))
        except smtplib.SMTPServerDisconnected:
            raise
        except smtplib.SMTPRecipientsRefused as error:
            return _answer(mail, error.recipients, "")
        except smtplib.SMTPDataError as error:
            outcome = Outcome.REFUSED if error.smtp_code >= FOR_GOOD else Outcome.DELAYED
            return Answer(outcome, told=_why(error))
        except smtplib.SMTPSenderRefused as error:
            return Answer(Outcome.DELAYED, told=_why(error))
        except (smtplib.SMTPNotSupportedError, ValueError, UnicodeError) as error:
            return Answer(Outcome.REFUSED, told=_why(error))
        except smtplib.SMTPException as error:
            return Answer(Outcome.DELAYED, told=_why(error))
        return _answer(mail, refused, str(message["Message-ID"]).strip("<>"))

    def _message(self, mail: Mail) -> EmailMessage:
        name, address = parseaddr(self.sender)
        message = EmailMessage()
        message["From"] = formataddr((mail.sender or name, address))
        message["To"] = ", ".join(mail.to)
        message["Subject"] = " ".join(mail.subject.split())
        message["Date"] = formatdate(usegmt=True)
        message["Message-ID"] = f"<{mail.key}@{address.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        if mail.reply_to:
            message["Reply-To"] = mail.reply_to
        message.set_content(mail.text)
        if mail.html:
            message.add_alternative(mail.html, subtype="html")
        for file in mail.files:
            kind, _, subtype = file.media_type.partition("/")
            message.add_attachment(file.content, maintype=kind, subtype=subtype, filename=file.name)
        return message


def put_off(count: int, why: str) -> Iterator[Answer]:
    """Yield so many answers of a channel that does not answer: the first is a try, the rest is not."""
    for number in range(count):
        yield Answer(Outcome.DELAYED, told=why, is_tried=number == 0, is_silent=True)


def _answer(mail: Mail, refused: Mapping[str, tuple[int, bytes | str]], message_id: str) -> Answer:
    """Return what became of a mail of which some recipients, perhaps all, were refused.

    It is delayed while one of them may be accepted later; who accepted is not written to again.
    """
    accepted = tuple(address for address in mail.to if address not in refused)
    told = "; ".join(f"{address}: {code} {_text(said)}" for address, (code, said) in refused.items())
    if any(code < FOR_GOOD for code, _ in refused.values()):
        return Answer(Outcome.DELAYED, told=told, accepted=accepted)
    if not accepted:
        return Answer(Outcome.REFUSED, told=told)
    return Answer(Outcome.SENT, message_id, told, accepted)


def _why(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"the mail server does not accept our login: {error.smtp_code}"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    return f"{type(error).__name__}: {error}"


def _text(said: bytes | str) -> str:
    return " ".join((said.decode("utf-8", "replace") if isinstance(said, bytes) else said).split())

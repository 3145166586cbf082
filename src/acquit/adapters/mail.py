"""Mail: the Null adapter says loudly, once per message, that nobody was told."""

import logging

log = logging.getLogger("acquit.mail")


class NullMailer:
    """Sends nothing and warns: no mail server is set up."""

    def send(self, to: str, subject: str, text: str) -> None:
        """Warn that the message stays unsent; the text is not logged."""
        log.warning("mail.not_sent", extra={"reason": "no mail server is set up", "subject": subject})

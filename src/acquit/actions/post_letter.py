"""Letters wait in the outbox, sealed, until a mail server has them: a dead server loses none."""

from dataclasses import dataclass

from acquit.actions.queue_deliveries import defer_deliveries
from acquit.ports import Sealer
from acquit.store import deliveries
from acquit.store.transaction import Database


@dataclass(frozen=True, slots=True)
class Outbox:
    """The mailer of an installation that has a mail server."""

    database: Database
    sealer: Sealer

    def send(self, to: str, subject: str, text: str) -> None:
        """Keep the letter until a mail server has it; its text is encrypted, and forgotten then."""
        with self.database.write() as tx:
            deliveries.queue_letter(tx, to, " ".join(subject.split()), self.sealer.seal(text))
            defer_deliveries(tx.connection, 1)

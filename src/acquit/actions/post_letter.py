"""Letters wait in the outbox, sealed, until a mail server has them: a dead server loses none."""

from dataclasses import dataclass

from acquit.actions.queue_deliveries import defer_deliveries
from acquit.core.identifiers import AccountId
from acquit.ports import Sealer
from acquit.store import deliveries
from acquit.store.transaction import Database


@dataclass(frozen=True, slots=True)
class Outbox:
    """The mailer of an installation that has a mail server."""

    database: Database
    sealer: Sealer

    def send(self, to: str, subject: str, text: str, account_id: str = "") -> None:
        """Keep the letter, encrypted, until a mail server has it; without an account it is forgotten then."""
        line = " ".join(subject.split())
        with self.database.write() as tx:
            deliveries.queue_letter(tx, AccountId(account_id), to, line, self.sealer.seal(text))
            defer_deliveries(tx.connection, 1)

"""What every action works with: the memory and the ports, made once by the composition root."""

from dataclasses import dataclass

from acquit.ports import Archive, Clock, Mailer, Sealer, Ways
from acquit.store.transaction import Database


@dataclass(frozen=True, slots=True)
class Context:
    """The database and the ports that stand behind the actions; without `ways` nothing leaves from here."""

    database: Database
    clock: Clock
    sealer: Sealer
    archive: Archive
    mailer: Mailer
    ways: Ways | None = None

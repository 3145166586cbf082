"""What every action works with: the memory and the ports, made once by the composition root."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from acquit.core.access_event import KEPT_DAYS
from acquit.core.session import Door
from acquit.ports import Archive, Clock, Judge, LogCarrier, Mailer, Sealer, SignOn, Ways
from acquit.store.transaction import Database


@dataclass(frozen=True, slots=True)
class Context:
    """The database and the ports that stand behind the actions; without `ways` nothing leaves from here.

    Without a `judge` the official rules of electronic bills are not run; the gate over values always is.
    A door without a `sign_on` is opened by passwords alone.
    `public_origin` is where everybody reaches us, if the installation says so: what a request says of it may
    be made up. Without a `carrier` no log is forwarded. `caller_address` is where the call came from that is
    carried out, if it came from the net; `access_days` is for how long that is kept.
    """

    database: Database
    clock: Clock
    sealer: Sealer
    archive: Archive
    mailer: Mailer
    ways: Ways | None = None
    judge: Judge | None = None
    sign_on: Mapping[Door, SignOn] = field(default_factory=dict)
    public_origin: str | None = None
    carrier: LogCarrier | None = None
    caller_address: str = ""
    access_days: int = KEPT_DAYS

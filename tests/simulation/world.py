"""A seeded world: accounts, a seller, a day that goes on, and an auditor that is told of what succeeds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from random import Random
from typing import Final

import psycopg

from acquit.actions.context import Context
from acquit.actions.import_catalogue import import_catalogue
from acquit.actions.import_meters import import_meters
from acquit.actions.open_account import Opening, open_account
from acquit.actions.open_sub_account import open_sub_account
from acquit.actions.turn_day import turn_day
from acquit.core.account import BelowZero, LegalParty, PayerChoice, SupportLevel
from acquit.core.contact_change import ContactChange
from acquit.core.errors import Refusal
from acquit.core.identifiers import AccountId, OperatorId
from acquit.core.money import Currency
from acquit.core.operator import Operator, Role
from acquit.store import operators
from acquit.store.transaction import Database
from billed import ADDRESSED, seller
from founding import FR, context_on
from simulation.auditor import Auditor
from simulation.auditor_of_bills import Buyers
from simulation.auditor_prices import Version
from simulation.auditor_rows import close
from simulation.auditor_sales import Sales
from simulation.world_catalogue import METERS, catalogue

EUR: Final = Currency("EUR")
BEGINS: Final = date(2026, 1, 5)
PARENT: Final = AccountId("ab10001-acq")
SUBS: Final = tuple(AccountId(f"ab2000{number}-acq") for number in range(1, 4))
SELF_PAYING: Final = SUBS[2]


class WorldClock:
    """The day of the world; each instant that is asked for is a second later, as no two rows are of one."""

    def __init__(self, on: date) -> None:
        self.on = on
        self._ticks = count()

    def now(self) -> datetime:
        """Return an instant of the day, UTC, never the same twice."""
        return datetime.combine(self.on, time(7), UTC) + timedelta(milliseconds=next(self._ticks))

    def today(self, zone: str) -> date:
        """Return the day, whatever the zone."""
        return self.on


@dataclass
class World:
    """The seller's world on a day; `told` is the story so far, for a failure to print."""

    seed: int
    rng: Random
    context: Context
    clock: WorldClock
    auditor: Auditor
    url: str
    told: list[str] = field(default_factory=list)
    accounts: list[AccountId] = field(default_factory=list)
    serial: int = 0
    shared: bool = False
    announced: list[tuple[tuple[str, int], int, int]] = field(default_factory=list)
    """Prices that wait: the service, its number in the books, its number for the auditor."""
    sent: list[str] = field(default_factory=list)
    offers: list[ContactChange] = field(default_factory=list)
    """Contacts of services that were asked for, whatever became of it."""

    @property
    def today(self) -> date:
        """The day that it is."""
        return self.clock.on

    def next_serial(self) -> int:
        """Return a number that was not used before."""
        self.serial += 1
        return self.serial

    def attempt(self, act: Callable[["World"], str | None]) -> None:
        """Do something that a business does; a refusal is an answer like any other."""
        name = act.__name__
        try:
            said = act(self)
        except Refusal as refusal:
            self.told.append(f"{self.today} {name}: refused, {refusal.code}")
            return
        if said is not None:
            self.told.append(f"{self.today} {name}: {said}")

    def move(self, on: date) -> None:
        """It is that day now."""
        self.clock.on = on
        turn_day(self.context)


@contextmanager
def founded(database: Database, url: str, seed: int) -> Iterator[World]:
    """A seller with a catalogue and meters, a family and some accounts; its rules depend on the seed."""
    rng = Random(seed)
    settings = {"refunds_unused": rng.random() < 0.5, "bills_suspended": rng.random() < 0.5}
    below_zero = tuple(BelowZero)[seed % len(BelowZero)]
    seller(database, BEGINS, below_zero=below_zero, approval_above_minor=20_000, **settings)
    treasurers(database)
    clock = WorldClock(BEGINS)
    database.clock = clock.now
    sales = Sales(settings["refunds_unused"], settings["bills_suspended"])
    auditor = Auditor(url, sales, Buyers({}, sales.payers, {}), below_zero.value)
    world = World(seed, rng, replace(context_on(database, BEGINS), clock=clock), clock, auditor, url)
    publish(world, 100, date(2025, 1, 1))
    import_meters(world.context, METERS, by="cli", legal_entity_id=FR)
    _people(world)
    try:
        yield world
    finally:
        database.clock = None
        close(url)


def treasurers(database: Database) -> None:
    """Tess and Tom decide about money that leaves: what one asked for the other approves."""
    with database.write() as tx:
        for name in ("tess", "tom"):
            operators.add(
                tx, Operator(OperatorId(name), name.title(), f"{name}@example.com", Role.TREASURY), "x"
            )


def publish(world: World, percent: int, from_on: date) -> None:
    """The catalogue is sold at other prices from a day on."""
    content = catalogue(percent)
    import_catalogue(world.context, content, by="cli", legal_entity_id=FR, from_on=from_on)
    world.auditor.sales.versions.append(Version(content, from_on))


def _people(world: World) -> None:
    opening = Opening(
        FR, ADDRESSED, PARENT, SupportLevel.BUSINESS, frozenset({"reseller"}), "Alice", "Martin",
        "alice@example.com",
    )  # fmt: skip
    open_account(world.context, opening, by="cli")
    known(world, PARENT, PARENT, "FR")
    for sub in SUBS:
        payer = PayerChoice.ITSELF if sub == SELF_PAYING else PayerChoice.PARENT
        open_sub_account(world.context, PARENT, f"Site {sub[6]}", by="cli", account_id=sub, payer=payer)
        known(world, sub, sub if sub == SELF_PAYING else PARENT, "FR")
    for number, country in enumerate(("FR", "DE", "US", "FR"), 1):
        open_one(world, AccountId(f"cd3000{number}-acq"), country)


def party_of(country: str) -> LegalParty:
    """Return a business of a country."""
    vat_id = {"FR": ADDRESSED.vat_id, "DE": "DE136695976", "US": ""}[country]
    siren, e_address = (ADDRESSED.siren, ADDRESSED.e_address) if country == "FR" else ("", "")
    return replace(
        ADDRESSED, name=f"Works {country}", country=country, vat_id=vat_id, siren=siren, e_address=e_address
    )


def open_one(world: World, account_id: AccountId, country: str, *, broken: bool = False) -> None:
    """There is one more account; a broken one has no street, so that it is parked."""
    party = party_of(country)
    level = SupportLevel.BUSINESS if country != "US" else SupportLevel.STANDARD
    party = replace(party, street="") if broken else party
    opening = Opening(FR, party, account_id, level, email=f"{account_id}@example.com")
    open_account(world.context, opening, by="cli")
    known(world, account_id, account_id, country)
    if broken:
        world.auditor.broken.add(account_id)


def known(world: World, account_id: AccountId, payer: AccountId, country: str) -> None:
    """The auditor knows the account too."""
    world.accounts.append(account_id)
    world.auditor.sales.payers[account_id] = payer
    world.auditor.buyers.countries[account_id] = country


def run_sql(url: str, statement: str) -> None:
    """Change the database as nobody should: for crashes, and to see that the auditor notices."""
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute(statement.encode())


def days_later(on: date, days: int) -> date:
    """Return a day so many days on."""
    return on + timedelta(days=days)

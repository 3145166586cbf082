"""Builds the demo's world: months of business, played day by day through the actions of real life.

Nothing is written past the actions: bills come from bill runs, payments from settling, terms from grants.
The same date, months and catalogue give the same world; only secrets differ.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from importlib.resources import files
from typing import Final

from acquit.actions.context import Context
from acquit.actions.enrol_accounts import enrol_accounts
from acquit.actions.import_catalogue import unpacked
from acquit.actions.press import press
from acquit.actions.render_document import render_missing
from acquit.core.errors import Invalid
from acquit.core.published_catalogue import read
from acquit.demo.cast import SELLER
from acquit.demo.clock import StageClock
from acquit.demo.crowd import crowd
from acquit.demo.founding import found_accounts, found_seller, make_keys
from acquit.demo.keys import Keys
from acquit.demo.shelf import Shelf
from acquit.demo.stage import Calendar, Stage
from acquit.demo.story import Story
from acquit.store import catalogues, deployment

MONTHS_MAX: Final = 120
PAPERS_AT_ONCE: Final = 200
PRESSES: Final = 2


class BadMonths(Invalid):
    """The play has 1 to 120 months."""

    code = "bad-months"


@dataclass(frozen=True, slots=True)
class Script:
    """What the world is to be like; without `catalogue` the demo's own is sold."""

    as_of: date
    months: int
    catalogue: bytes | None = None

    def check(self) -> None:
        """Pass when it can be played. Raises BadMonths, CatalogueRefused, NothingToSell."""
        if not 1 <= self.months <= MONTHS_MAX:
            raise BadMonths(f"The demo has 1 to {MONTHS_MAX} months, not {self.months}.")
        if self.catalogue is not None:
            Shelf({plan.plan_code: plan for plan in read(unpacked(self.catalogue)).plans})


def own_catalogue() -> bytes:
    """Return the demo's own small catalogue, in the published format."""
    return files("acquit.demo").joinpath("catalogue.json").read_bytes()


def business_today(context: Context) -> date:
    """Return the seller's date before any demo has moved it."""
    return context.clock.today(SELLER.zone)


def build(context: Context, script: Script, happened: Callable[[], None]) -> Keys:
    """Play the months in an empty database and return the keys; `happened` is called after each day of it."""
    ahead = script.as_of - business_today(context)
    calendar = Calendar(script.as_of, script.months)
    clock = StageClock(calendar.opening)
    stage = Stage(replace(context, clock=clock), clock, calendar)
    context.database.clock = clock.now
    try:
        keys = _play(stage, script, happened)
    finally:
        context.database.clock = None
    with context.database.write() as tx:
        deployment.put(tx, deployment.BUSINESS_DAYS_AHEAD, str(ahead.days))
        deployment.put(tx, deployment.DEMO, script.as_of.isoformat())
    return keys


def _play(stage: Stage, script: Script, happened: Callable[[], None]) -> Keys:
    name = "demo" if script.catalogue is None else "published"
    catalogue_id, staff = found_seller(stage, script.catalogue or own_catalogue(), name)
    with stage.context.database.read() as tx:
        shelf = Shelf(catalogues.plans(tx, catalogue_id))
    found_accounts(stage)
    keys = make_keys(stage.context, staff)
    Story(stage, shelf).begin()
    stage.play(happened)
    stage.clock.move(script.as_of)
    return keys


def add_crowd(context: Context, count: int, as_of: date, happened: Callable[[int], None]) -> int:
    """So many more accounts with services of the demo's catalogue are there; return how many."""
    with context.database.read() as tx:
        catalogue_id = catalogues.every(tx)[-1].catalogue_id
        plans = catalogues.plans(tx, catalogue_id)
    return enrol_accounts(context, crowd(count, as_of, catalogue_id, plans), by="cli", happened=happened)


def print_papers(context: Context, happened: Callable[[int], None]) -> int:
    """Every bill has its paper; return how many were rendered now."""
    made = 0
    with press(PRESSES) as pressing:
        while rendered := render_missing(context, PAPERS_AT_ONCE, pressing):
            made += rendered
            happened(rendered)
    return made

"""Chase what is late: by pages of payers, each in one transaction; then suspend, restore, claim and write.

Run twice on a day, nothing more happens; stopped anywhere, the next run goes on. Letters are handed over at
most once: a payer rather misses one than gets it twice.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from acquit.actions.chase_effects import claim_after_notice, hand_over_letters, restore_paid, suspend_unpaid
from acquit.actions.context import Context
from acquit.actions.loading import date_of, entity_in, require_staff
from acquit.core.account import LegalEntity
from acquit.core.dunning import DEFAULT
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.late_interest import is_stale
from acquit.core.operator import Right
from acquit.store import acts, dunning, dunning_settings, late_rates, legal_entities
from acquit.store.dunning import Chase, StepDebt, Tally
from acquit.store.transaction import Transaction

PAYERS_PER_PAGE: Final = 2_000


@dataclass(frozen=True, slots=True)
class DunningReport:
    """What a run did, or, rehearsed, would do: letters by kind, debts and amounts, and what followed."""

    legal_entity: LegalEntityId
    on: date
    status: str
    payers: int
    debts: int
    letters: dict[str, int]
    asked_minor: dict[str, int]
    suspended_services: int
    restored_services: int
    claims: int
    sent: int
    seconds: float
    warnings: tuple[str, ...] = ()
    steps: tuple[StepDebt, ...] = field(default=(), repr=False)


Progress = Callable[[int], None]


def run_dunning(
    context: Context,
    legal_entity_id: LegalEntityId | None = None,
    *,
    rehearse: bool = False,
    by: str,
    progress: Progress = lambda _payers: None,
) -> list[DunningReport]:
    """Each legal entity's late debts are chased as of its date; `rehearse` writes and sends nothing.

    Raises NoSuchLegalEntity, StaffOnly, RoleForbids.
    """
    with context.database.read() as tx:
        require_staff(tx, by, Right.CHASE)
        entities = legal_entities.every(tx) if legal_entity_id is None else [entity_in(tx, legal_entity_id)]
    run = _rehearsed if rehearse else _run
    return [run(context, entity, by, progress) for entity in entities]


def chase_all(context: Context) -> int:
    """Carry out the day's dunning of the sellers that set a calendar; return how many payers were written to.

    Nobody is chased by a schedule that nobody chose: others run dunning by hand.
    """
    with context.database.read() as tx:
        chosen = [
            entity.legal_entity_id
            for entity in legal_entities.every(tx)
            if None in dunning_settings.calendars(tx, entity.legal_entity_id)
        ]
    return sum(report.payers for each in chosen for report in run_dunning(context, each, by="system"))


def restore_all(context: Context) -> int:
    """Restore the services of whoever has paid, of every seller; return how many."""
    with context.database.read() as tx:
        entities = legal_entities.every(tx)
    return sum(restore_paid(context, entity.legal_entity_id) for entity in entities)


def _run(context: Context, entity: LegalEntity, by: str, progress: Progress) -> DunningReport:
    began = time.monotonic()
    restored = restore_paid(context, entity.legal_entity_id)
    with context.database.read() as tx:
        chase = chase_of(tx, entity, date_of(context, entity))
        warnings = _warnings(tx, entity, chase.on)
    tallies: list[Tally] = []
    for page in _pages(context, chase):
        with context.database.write() as tx:
            dunning.hold(tx, page)
            tallies += dunning.take_steps(tx, chase, page)
        progress(len(page))
    suspended = suspend_unpaid(context, chase)
    claims = claim_after_notice(context, chase)
    sent = hand_over_letters(context, chase)
    letters, asked = _sums(tallies)
    payers, debts = sum(letters.values()), sum(each.debts for each in tallies)
    if payers or suspended or restored:
        with context.database.write() as tx:
            acts.record(
                tx, by, "run_dunning", None, f"legal_entity:{entity.legal_entity_id}", on=str(chase.on),
                payers=payers, debts=debts, suspended=suspended, restored=restored,
            )  # fmt: skip
    return DunningReport(
        entity.legal_entity_id, chase.on, "done", payers, debts, letters, asked, suspended, restored, claims,
        sent, round(time.monotonic() - began, 3), warnings,
    )  # fmt: skip


def _rehearsed(context: Context, entity: LegalEntity, by: str, progress: Progress) -> DunningReport:
    began = time.monotonic()
    with context.database.read() as tx:
        chase = chase_of(tx, entity, date_of(context, entity))
        warnings = _warnings(tx, entity, chase.on)
    steps: list[StepDebt] = []
    for page in _pages(context, chase):
        with context.database.snapshot() as tx:
            steps += dunning.rehearse(tx, chase, page)
        progress(len(page))
    letters: dict[str, set[str]] = defaultdict(set)
    asked: dict[str, int] = defaultdict(int)
    for step in steps:
        letters[step.letter.value].add(step.payer_id)
        asked[step.currency] += step.chased_minor
    counted = {kind: len(payers) for kind, payers in sorted(letters.items())}
    return DunningReport(
        entity.legal_entity_id, chase.on, "rehearsed", sum(counted.values()), len(steps), counted,
        dict(asked), 0, 0, 0, 0, round(time.monotonic() - began, 3), warnings, tuple(steps),
    )  # fmt: skip


def chase_of(tx: Transaction, entity: LegalEntity, on: date) -> Chase:
    """Return whose debts are looked at on a day, and by which calendars."""
    calendars = dunning_settings.calendars(tx, entity.legal_entity_id)
    own = {key: calendar for key, calendar in calendars.items() if key is not None}
    return Chase(entity.legal_entity_id, on, calendars.get(None, DEFAULT), own)


def _pages(context: Context, chase: Chase) -> Iterator[list[AccountId]]:
    after = ""
    while True:
        with context.database.read() as tx:
            page = dunning.payers(tx, chase, after, PAYERS_PER_PAGE)
        if not page:
            return
        yield page
        after = page[-1]


def _sums(tallies: Sequence[Tally]) -> tuple[dict[str, int], dict[str, int]]:
    letters: dict[str, int] = defaultdict(int)
    asked: dict[str, int] = defaultdict(int)
    for each in tallies:
        letters[each.kind.value] += each.payers
        asked[each.currency] += each.chased_minor
    return dict(sorted(letters.items())), dict(sorted(asked.items()))


def _warnings(tx: Transaction, entity: LegalEntity, on: date) -> tuple[str, ...]:
    rates = late_rates.of_country(tx, entity.country)
    if entity.country != "FR" or not is_stale(rates, on):
        return ()
    return (
        f"The rate of late interest of the half-year of {on} is not in the table: the one before goes on. "
        "Add it with `acquit dunning rate add`.",
    )

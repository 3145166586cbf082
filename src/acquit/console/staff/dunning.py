"""The dunning board: who was written to, what today's run would do, and one payer's case."""

from collections import defaultdict
from datetime import date
from typing import Final

from acquit.actions.arrange_dunning import (
    history_of,
    preview_letter,
    promise_to_pay,
    promises_of,
    show_calendar,
)
from acquit.actions.ask_dunning import ask_dunning, some_steps
from acquit.actions.loading import date_of
from acquit.console import typed
from acquit.console.listing import ROWS, is_number, link_with
from acquit.console.place import place_of
from acquit.console.staff.frame import page
from acquit.console.staff.seller import seller_page, sellers_in
from acquit.console.visit import Page, Redirect, Reply, Visit
from acquit.core.dunning import StepKind
from acquit.core.identifiers import AccountId
from acquit.store import dunning_lists, dunning_steps
from acquit.store.dunning import StepDebt
from acquit.store.dunning_lists import Place

KINDS: Final = tuple(kind.value for kind in StepKind)
PROMISES_MAX: Final = 5


def show_board(visit: Visit) -> Page:
    """GET /office/dunning: the latest letters with what was asked for and what was done."""
    wanted = visit.query.get("kind", "")
    kind = StepKind(wanted) if wanted in KINDS else None
    with visit.snapshot() as tx:
        sellers = sellers_in(visit, tx)
        entity = sellers.entity
        rows = dunning_lists.latest(tx, entity.legal_entity_id, kind, _place(visit), ROWS + 1)
    shown = rows[:ROWS]
    last = shown[-1] if len(rows) > ROWS else None
    return seller_page(
        "dunning.html", visit, sellers,
        rows=shown, kinds=KINDS, kind=wanted, is_first="before" not in visit.query,
        more=link_with(visit, before=f"{last.happened_on}/{last.account_id}/{last.step_id}") if last else "",
        calendar=show_calendar(visit.context, entity.legal_entity_id),
    )  # fmt: skip


def chase(visit: Visit) -> Reply:
    """POST /office/dunning: what is late is chased as soon as a worker is free."""
    with visit.read() as tx:
        entity_id = sellers_in(visit, tx).entity.legal_entity_id
    ask_dunning(visit.context, entity_id, by=visit.actor)
    return Redirect(f"/office/dunning?seller={entity_id}&done=chasing")


def show_rehearsal(visit: Visit) -> Page:
    """GET /office/dunning/rehearsal: the letters that today's run would write, payer by payer; none is."""
    with visit.read() as tx:
        sellers = sellers_in(visit, tx)
    steps, last = some_steps(visit.context, sellers.entity.legal_entity_id, visit.query.get("after", ""))
    by_payer: dict[AccountId, list[StepDebt]] = defaultdict(list)
    for step in steps:
        by_payer[step.payer_id].append(step)
    return seller_page(
        "dunning_rehearsal.html", visit, sellers,
        today=date_of(visit.context, sellers.entity), payers=list(by_payer.items()),
        more=link_with(visit, after=last) if last else "", is_first="after" not in visit.query,
    )  # fmt: skip


def show_case(visit: Visit) -> Page:
    """GET /office/dunning/{account_id}: what is late, the letter of today, promises and what was done."""
    account_id = AccountId(visit.path_values["account_id"])
    with visit.snapshot() as tx:
        place = place_of(visit, tx, account_id)
        late = dunning_steps.late_of(tx, account_id, place.today, ROWS + 1)
    return page(
        "dunning_case.html", visit, place=place, zone=place.entity.zone, late=late[:ROWS],
        has_more=len(late) > ROWS, letter=preview_letter(visit.context, account_id),
        promises=promises_of(visit.context, account_id, PROMISES_MAX),
        history=history_of(visit.context, account_id, ROWS),
    )  # fmt: skip


def promise(visit: Visit) -> Reply:
    """POST /office/dunning/{account_id}: until the day of a promise so much is not chased."""
    account_id = AccountId(visit.path_values["account_id"])
    with visit.read() as tx:
        currency = place_of(visit, tx, account_id).account.currency
    amount = typed.amount(visit.form.text("amount"), currency)
    due_on = typed.day(visit.form.text("due_on"))
    if amount is None:
        raise typed.NotAnAmount("Say how much was promised: write it as 1234.50.")
    if due_on is None:
        raise typed.NotADate("Say by when: write it as 2026-11-23.")
    promise_to_pay(visit.context, account_id, amount, due_on, visit.form.text("words"), by=visit.actor)
    return Redirect(f"/office/dunning/{account_id}?done=promised")


def _place(visit: Visit) -> Place:
    """Return from where the list goes on; the beginning when the address does not say."""
    on, _, rest = visit.query.get("before", "").partition("/")
    account_id, _, step = rest.partition("/")
    day = typed.found_day(on)
    return Place(day, account_id, int(step)) if day is not None and is_number(step) else Place(date.max)

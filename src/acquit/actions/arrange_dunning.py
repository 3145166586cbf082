"""What people arrange about dunning: calendars, texts, promises, rates; a preview; and what was done."""

from dataclasses import dataclass
from datetime import date

from acquit.actions.chase_effects import words_in
from acquit.actions.context import Context
from acquit.actions.loading import account_in, date_of, entity_in, require_staff, today_of
from acquit.actions.run_dunning import chase_of
from acquit.actions.settling import hold_in
from acquit.core.dunning import DEFAULT, Calendar, Promise, StepKind, refuse_calendar, refuse_promise
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.late_interest import LateRate, refuse_rate
from acquit.core.money import Currency
from acquit.core.operator import Right
from acquit.core.terms import NotThePayer
from acquit.documents.letter import (
    AskedDebt,
    Asking,
    Letter,
    Words,
    language_of,
    refuse_words,
    write_letter,
)
from acquit.store import acts, dunning, dunning_settings, dunning_steps, late_rates, legal_parties, promises
from acquit.store.dunning import StepDebt
from acquit.store.dunning_steps import Effect, Taken, TakenDebt


@dataclass(frozen=True, slots=True)
class Telling:
    """A letter as it would be written today, and the debts that it asks for."""

    letter: Letter
    steps: tuple[StepDebt, ...]


@dataclass(frozen=True, slots=True)
class History:
    """What was done about a payer's late debts."""

    step: Taken
    debts: tuple[TakenDebt, ...]
    effects: tuple[Effect, ...]


def set_calendar(
    context: Context,
    legal_entity_id: LegalEntityId,
    calendar: Calendar | None,
    account_id: AccountId | None = None,
    *,
    by: str,
) -> Calendar:
    """The legal entity, or one payer of it, is chased by the calendar; None gives back the one above.

    Raises BadCalendar, NoSuchLegalEntity, NoSuchAccount, NotThePayer, StaffOnly, RoleForbids.
    """
    if calendar is not None:
        refuse_calendar(calendar)
    with context.database.write() as tx:
        require_staff(tx, by, Right.CHASE)
        entity_in(tx, legal_entity_id)
        if account_id is not None and not account_in(tx, account_id).pays_itself:
            raise NotThePayer(f"Another account pays for {account_id}: set the calendar of its payer.")
        dunning_settings.set_calendar(tx, legal_entity_id, account_id, calendar, by)
        acts.record(tx, by, "set_dunning_calendar", account_id, f"legal_entity:{legal_entity_id}")
    return show_calendar(context, legal_entity_id, account_id)


def show_calendar(
    context: Context, legal_entity_id: LegalEntityId, account_id: AccountId | None = None
) -> Calendar:
    """Return the calendar that holds for the legal entity, or for one payer of it."""
    with context.database.read() as tx:
        entity_in(tx, legal_entity_id)
        found = dunning_settings.calendars(tx, legal_entity_id)
    return found.get(account_id, found.get(None, DEFAULT))


def set_text(
    context: Context,
    legal_entity_id: LegalEntityId,
    language: str,
    kind: StepKind,
    words: tuple[str, str],
    *,
    by: str,
) -> Words:
    """Letters of this step are written in the seller's own words from now on. Raises BadText."""
    refuse_words(*words)
    with context.database.write() as tx:
        require_staff(tx, by, Right.CHASE)
        entity_in(tx, legal_entity_id)
        number = dunning_settings.set_text(tx, legal_entity_id, language_of(language), kind, words, by)
        acts.record(tx, by, "set_dunning_text", None, f"{language}/{kind.value}/own-{number}")
    return Words(language_of(language), f"own-{number}", *words)


def show_text(context: Context, legal_entity_id: LegalEntityId, language: str, kind: StepKind) -> Words:
    """Return the words of a step that hold in a language. Raises NoSuchLegalEntity."""
    with context.database.read() as tx:
        return words_in(tx, entity_in(tx, legal_entity_id), language_of(language), kind)


def preview_letter(
    context: Context, payer_id: AccountId, kind: StepKind | None = None, language: str | None = None
) -> Telling | None:
    """Return the letter that the payer would get today, or as a step and language would put it; None: none.

    With a `kind` it is written about everything that is late, whether or not its day has come.
    """
    with context.database.snapshot() as tx:
        account = account_in(tx, payer_id)
        entity = entity_in(tx, account.legal_entity_id)
        on = date_of(context, entity)
        steps = dunning.rehearse(tx, chase_of(tx, entity, on), [payer_id])
        late = dunning_steps.late_of(tx, payer_id, on)
        asked = {(each.account_id, each.debt_id): each.chased_minor for each in steps}
        shown = [
            each
            for each in late
            if (each.account_id, each.debt_id) in asked or (kind is not None and each.due_on < on)
        ]
        if not shown:
            return None
        locale = account.language if language is None else language
        words = words_in(tx, entity, language_of(locale), kind or steps[0].letter)
        party = legal_parties.of_account(tx, payer_id, on)
        rates = late_rates.of_country(tx, entity.country)
        rate_bp = rates[-1].rate_bp if rates else entity.late_rate_bp
        debts = tuple(
            AskedDebt(each.account_id, each.bill_id, each.due_on, each.currency, each.open_minor,
                      asked.get((each.account_id, each.debt_id), each.open_minor), each.payment_reference)
            for each in shown
        )  # fmt: skip
        asking = Asking(
            entity.name, entity.iban, payer_id if party is None else party.name, payer_id, locale, on, debts,
            rate_bp, entity.late_fee_minor, entity.currency,
        )  # fmt: skip
    return Telling(write_letter(words, asking), tuple(steps))


def promise_to_pay(
    context: Context,
    payer_id: AccountId,
    amount_minor: int,
    due_on: date,
    words: str = "",
    currency: Currency | None = None,
    *,
    by: str,
) -> Promise:
    """The payer promised so much by a day; through it so much of its oldest debts is not chased.

    Raises NoSuchAccount, NotThePayer, BadPromise, StaffOnly, RoleForbids.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.CHASE)
        account = account_in(tx, payer_id)
        if not account.pays_itself:
            raise NotThePayer(
                f"{account.payer_id} pays for {payer_id}: it is {account.payer_id} that promises."
            )
        today = today_of(context, tx, account)
        counted = currency or account.currency
        refuse_promise(amount_minor, counted, due_on, today)
        hold_in(tx, payer_id, [])
        promise_id = promises.add(tx, payer_id, counted, amount_minor, today, due_on, words.strip(), by)
        acts.record(
            tx, by, "promise_to_pay", payer_id, f"promise:{promise_id}", amount_minor=amount_minor,
            due_on=str(due_on),
        )  # fmt: skip
        return next(each for each in promises.of_payer(tx, payer_id) if each.promise_id == promise_id)


def promises_of(context: Context, payer_id: AccountId, rows_max: int | None = None) -> list[Promise]:
    """Return the payer's promises, newest first. Raises NoSuchAccount."""
    with context.database.read() as tx:
        account_in(tx, payer_id)
        return promises.of_payer(tx, payer_id, rows_max)


def history_of(context: Context, payer_id: AccountId, rows_max: int | None = None) -> list[History]:
    """Return the payer's steps, newest first, with debts and what was done. Raises NoSuchAccount."""
    with context.database.snapshot() as tx:
        account_in(tx, payer_id)
        steps = dunning_steps.of_payer(tx, payer_id, rows_max)
        debts = dunning_steps.debts_of(tx, steps)
        effects = dunning_steps.effects_of(tx, payer_id, steps)
    return [
        History(
            step,
            tuple(debts.get(step.step_id, ())),
            tuple(each for each in effects if each.step_id == step.step_id),
        )
        for step in steps
    ]


def add_late_rate(context: Context, country: str, rate: LateRate, *, by: str) -> tuple[LateRate, ...]:
    """The country's table has the rate; one that is there stays. Return the table. Raises BadLateRate."""
    refuse_rate(rate)
    with context.database.write() as tx:
        require_staff(tx, by, Right.CHASE)
        if late_rates.add(tx, {country: [rate]}):
            acts.record(
                tx, by, "add_late_rate", None, f"{country}/{rate.from_on}", rate_bp=rate.rate_bp,
                floor_bp=rate.floor_bp,
            )  # fmt: skip
        return late_rates.of_country(tx, country)


def late_rates_of(context: Context, country: str) -> tuple[LateRate, ...]:
    """Return the rates of late interest of a country, oldest first."""
    with context.database.read() as tx:
        return late_rates.of_country(tx, country)

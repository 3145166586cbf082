"""Carry out what steps of dunning said: letters, suspensions, claims; and restore who has paid.

Each is found by what it lacks and recorded when done, so that a run that was stopped is taken up by the next.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from acquit.actions.ask_for_termination import NoAddress, address_of
from acquit.actions.claim_late_charges import claim_late_charges
from acquit.actions.context import Context
from acquit.actions.loading import account_in, date_of, entity_in
from acquit.actions.suspend_service import restore_service, suspend_service
from acquit.core.account import Account, LegalEntity
from acquit.core.dunning import QUIET_DAYS, StepKind
from acquit.core.errors import Refusal
from acquit.core.identifiers import AccountId, LegalEntityId
from acquit.core.late_interest import LateRate, NoLateRate, rate_of
from acquit.core.service import Service, State
from acquit.documents.letter import AskedDebt, Asking, Letter, Words, language_of, words_of, write_letter
from acquit.store import (
    agreements,
    dunning_settings,
    dunning_steps,
    late_rates,
    legal_parties,
    services,
)
from acquit.store.dunning import Chase
from acquit.store.dunning_steps import Taken, TakenDebt
from acquit.store.transaction import Transaction

AT_ONCE: Final = 500
WRITTEN_AT_ONCE: Final = 50
"""So many letters are written before the first of them is handed over."""

EVERY_KIND: Final = tuple(StepKind)


def hand_over_letters(context: Context, chase: Chase) -> int:
    """Every letter of the last week is with the mailer, each once; return how many went now.

    What was settled meanwhile is left out; a letter that asks for nothing any more is not sent.
    """
    sent = 0
    since_on = chase.on - timedelta(days=QUIET_DAYS)
    while True:
        with context.database.read() as tx:
            steps = dunning_steps.without(
                tx, chase.legal_entity_id, "sent", EVERY_KIND, since_on, AT_ONCE
            )  # fmt: skip
            debts = dunning_steps.debts_of(tx, steps)
        if not steps:
            return sent
        for first in range(0, len(steps), WRITTEN_AT_ONCE):
            sent += _hand_over(context, chase, steps[first : first + WRITTEN_AT_ONCE], debts)


def suspend_unpaid(context: Context, chase: Chase) -> int:
    """Services of the accounts whose debts reached the last step, and are still open, are suspended.

    Return how many were suspended now.
    """
    since_on = chase.on - timedelta(days=QUIET_DAYS)
    with context.database.read() as tx:
        steps = dunning_steps.without(
            tx, chase.legal_entity_id, "suspended", (StepKind.SUSPENSION,), since_on, AT_ONCE
        )  # fmt: skip
        debts = dunning_steps.debts_of(tx, steps)
    count = 0
    for step in steps:
        late = [debt for debt in debts[step.step_id] if debt.kind is StepKind.SUSPENSION and debt.still_minor]
        for account_id in sorted({debt.account_id for debt in late}):
            count += _suspend(context, account_id, reason_of(step))
        _record(context, step, "suspended", chase)
    return count


def restore_paid(context: Context, legal_entity_id: LegalEntityId) -> int:
    """Services that dunning suspended are active again where everything that led to it is paid.

    What was given up as a loss is not paid: such services stay suspended until a person restores them.
    Return how many were restored now.
    """
    with context.database.read() as tx:
        entity = entity_in(tx, legal_entity_id)
        steps = dunning_steps.suspended(tx, legal_entity_id)
        debts = dunning_steps.debts_of(tx, steps)
    chase_on = date_of(context, entity)
    count = 0
    for step in steps:
        late = [debt for debt in debts[step.step_id] if debt.kind is StepKind.SUSPENSION]
        if not all(debt.is_paid for debt in late):
            continue
        for account_id in sorted({debt.account_id for debt in late}):
            count += _restore(context, account_id, reason_of(step))
        with context.database.write() as tx:
            dunning_steps.record(tx, step, "restored", "", chase_on)
    return count


def claim_after_notice(context: Context, chase: Chase) -> int:
    """Where the calendar says so, a formal notice claims late interest and fees; return how many claims."""
    asks = {key for key, calendar in chase.own.items() if calendar.claims}
    spared = set(chase.own) - asks
    if not asks and not chase.calendar.claims:
        return 0
    since_on = chase.on - timedelta(days=QUIET_DAYS)
    with context.database.read() as tx:
        steps = dunning_steps.without(
            tx, chase.legal_entity_id, "claimed", (StepKind.NOTICE,), since_on, AT_ONCE
        )  # fmt: skip
    made = 0
    for step in steps:
        if step.account_id in asks or (chase.calendar.claims and step.account_id not in spared):
            claims = claim_late_charges(context, step.account_id, by="system")
            made += len(claims)
            with context.database.write() as tx:
                told = " ".join(claim.bill_id for claim in claims)
                dunning_steps.record(tx, step, "claimed", told, chase.on)
    return made


def reason_of(step: Taken) -> str:
    """Return the reason by which a suspension of dunning is known."""
    return f"dunning step {step.step_id}"


@dataclass(slots=True)
class Desk:
    """What all letters of a seller have in common, read once: the seller, its rates, words by language."""

    entity: LegalEntity
    rates: Sequence[LateRate]
    words: dict[tuple[str, StepKind], Words] = field(default_factory=dict)


def desk_in(tx: Transaction, legal_entity_id: LegalEntityId) -> Desk:
    """Return the desk of a seller, for the letters of one transaction. Raises NoSuchLegalEntity."""
    entity = entity_in(tx, legal_entity_id)
    return Desk(entity, late_rates.of_country(tx, entity.country))


def _hand_over(
    context: Context, chase: Chase, steps: Sequence[Taken], debts: Mapping[int, Sequence[TakenDebt]]
) -> int:
    """Write the letters of the steps, then record each as handed over and hand it over; return how many.

    Each is recorded by itself: a mailer that fails loses the letter that it was given, and no other.
    """
    with context.database.read() as tx:
        desk = desk_in(tx, chase.legal_entity_id)
        written = [_written(context, tx, desk, step, debts.get(step.step_id, ())) for step in steps]
    sent = 0
    for step, (letter, address, told) in zip(steps, written, strict=True):
        with context.database.write() as tx:
            fresh = dunning_steps.record(tx, step, "sent", told, step.happened_on)
        if fresh and letter is not None and address is not None:
            context.mailer.send(address, letter.subject, letter.body, step.account_id)
            sent += 1
    return sent


def _written(
    context: Context, tx: Transaction, desk: Desk, step: Taken, debts: Sequence[TakenDebt]
) -> tuple[Letter | None, str | None, str]:
    """Return the letter that a step still needs, where it goes to, and what is recorded of it."""
    still = [debt for debt in debts if debt.still_minor > 0]
    if not still:
        return None, None, "nothing is asked for any more"
    letter, address = letter_in(tx, desk, step, still)
    told = f"{letter.version} {context.archive.put(_text(letter).encode())}"
    return letter, address, told if address else f"{told} not sent: no e-mail address is known"


def _text(letter: Letter) -> str:
    return f"{letter.subject}\n\n{letter.body}"


def letter_in(
    tx: Transaction, desk: Desk, step: Taken, debts: Sequence[TakenDebt]
) -> tuple[Letter, str | None]:
    """Return the letter of a step about these debts, and the address that it goes to, if one is known."""
    account = account_in(tx, step.account_id)
    entity, asked = desk.entity, (language_of(account.language), step.kind)
    words = desk.words.get(asked) or desk.words.setdefault(asked, words_in(tx, entity, *asked))
    party = legal_parties.of_account(tx, account.account_id, step.happened_on)
    asking = Asking(
        seller=entity.name,
        iban=entity.iban,
        payer=party.name if party is not None else account.account_id,
        account_id=account.account_id,
        language=account.language,
        on=step.happened_on,
        debts=tuple(_asked(debt) for debt in debts),
        rate_bp=_rate(desk, step),
        fee_minor=entity.late_fee_minor,
        fee_currency=entity.currency,
    )
    return write_letter(words, asking), _address(tx, account)


def _address(tx: Transaction, account: Account) -> str | None:
    try:
        return address_of(tx, account)
    except NoAddress:
        return None


def words_in(tx: Transaction, entity: LegalEntity, language: str, kind: StepKind) -> Words:
    """Return the seller's own words of a step in a language, else the program's."""
    own = dunning_settings.text(tx, entity.legal_entity_id, language, kind)
    if own is None:
        return words_of(language, kind)
    number, subject, body = own
    return Words(language, f"own-{number}", subject, body)


def _asked(debt: TakenDebt) -> AskedDebt:
    return AskedDebt(
        debt.account_id, debt.bill_id, debt.due_on, debt.currency, debt.still_minor,
        min(debt.chased_minor, debt.still_minor), debt.payment_reference,
    )  # fmt: skip


def _rate(desk: Desk, step: Taken) -> int:
    """Return the rate that a letter names: the law's of the day, where it is known, else the printed one."""
    try:
        return rate_of(desk.rates, step.happened_on)
    except NoLateRate:
        return desk.entity.late_rate_bp


def _suspend(context: Context, account_id: AccountId, reason: str) -> int:
    with context.database.read() as tx:
        active = [each for each in services.of_account(tx, account_id) if _is_head(each, State.ACTIVE)]
    return sum(_tried(suspend_service, context, account_id, each, reason) for each in active)


def _restore(context: Context, account_id: AccountId, reason: str) -> int:
    """Restore what this step suspended; what somebody suspended for another reason stays so."""
    with context.database.read() as tx:
        found = [each for each in services.of_account(tx, account_id) if _is_head(each, State.SUSPENDED)]
        ours = [
            each
            for each in found
            if agreements.suspensions(tx, account_id, each.service_id)[-1].reason == reason
        ]
    return sum(_tried(restore_service, context, account_id, each) for each in ours)


def _is_head(service: Service, state: State) -> bool:
    return service.parent_service_id is None and service.state is state


def _tried(
    action: Callable[..., Service], context: Context, account_id: AccountId, service: Service, *reason: str
) -> int:
    """Return 1, or 0 where the service ended or changed meanwhile: then there is nothing to do."""
    try:
        action(context, account_id, service.service_id, *reason, by="system")
    except Refusal:
        return 0
    return 1


def _record(context: Context, step: Taken, effect: str, chase: Chase) -> None:
    with context.database.write() as tx:
        dunning_steps.record(tx, step, effect, "", chase.on)

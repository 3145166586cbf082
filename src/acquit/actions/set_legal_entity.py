"""Change settings of a seller after it was set up, now or from a day on; what was issued keeps its own."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, get_type_hints

import msgspec

from acquit.actions.context import Context
from acquit.actions.loading import date_of, entity_in, require_staff
from acquit.actions.set_up_company import Company, CompanyRefused, company_problems
from acquit.core.account import LegalEntity, NoSuchLegalEntity
from acquit.core.errors import Conflict, Invalid
from acquit.core.identifiers import LegalEntityId
from acquit.core.operator import Right
from acquit.store import acts, legal_entities
from acquit.store.legal_entities import Setting

FIXED: Final = frozenset({
    "legal_entity_id", "country", "currency", "zone", "bill_series_id", "credit_series_id",
    "deposit_series_id", "sandbox_of", "test_on",
})  # fmt: skip
"""What numbers, books and dates are built on: another of these is another legal entity."""

CHANGEABLE: Final = {
    name: kind for name, kind in get_type_hints(LegalEntity).items() if name not in FIXED
}  # fmt: skip


class UnknownSetting(Invalid):
    """A seller has no such setting, or none that changes."""

    code = "unknown-setting"


class BadSetting(Invalid):
    """The setting does not take such a value."""

    code = "bad-setting"


class NothingToSet(Conflict):
    """The settings are so already."""

    code = "nothing-to-set"


class SettingInThePast(Invalid):
    """A setting holds from today on at the earliest."""

    code = "setting-in-the-past"


@dataclass(frozen=True, slots=True)
class Shown:
    """A seller's settings as they hold today, and everything that was set since it was set up."""

    entity: LegalEntity
    history: tuple[Setting, ...]
    today: date


def show_legal_entity(context: Context, legal_entity_id: LegalEntityId) -> Shown:
    """Return the settings of the seller. Raises NoSuchLegalEntity."""
    with context.database.read() as tx:
        entity = entity_in(tx, legal_entity_id)
        history = legal_entities.settings(tx, legal_entity_id)
    return Shown(entity, tuple(history), date_of(context, entity))


def set_legal_entity(
    context: Context,
    legal_entity_id: LegalEntityId,
    given: Mapping[str, object],
    from_on: date | None = None,
    *,
    by: str,
) -> Shown:
    """The settings have these values from `from_on` (today without it) on; return what holds today.

    Values may be texts, as typed. Issued bills keep what they were issued with.

    Raises:
        NoSuchLegalEntity, UnknownSetting, BadSetting: there is no such seller, setting or value.
        CompanyRefused: together they cannot be true; every fault is told that was not there before.
        SettingInThePast, NothingToSet: the day is over, or nothing changes.
        StaffOnly, RoleForbids: `by` may not change settings.
    """
    wanted = {name: _converted(name, value) for name, value in given.items()}
    with context.database.write() as tx:
        require_staff(tx, by, Right.CHANGE_SETTINGS)
        if not legal_entities.hold(tx, legal_entity_id):
            raise NoSuchLegalEntity(legal_entity_id)
        entity = entity_in(tx, legal_entity_id)
        today = date_of(context, entity)
        on = from_on or today
        legal_entities.take_settings(tx, legal_entity_id, today)
        entity = entity_in(tx, legal_entity_id)
        planned = {
            each.name: each.value
            for each in legal_entities.settings(tx, legal_entity_id)
            if each.from_on <= on
        }
        changed = {
            name: value
            for name, value in wanted.items()
            if planned.get(name, _as_json(getattr(entity, name))) != _as_json(value)
        }
        _refuse(entity, changed, on, today)
        for name, value in changed.items():
            legal_entities.add_setting(tx, legal_entity_id, on, name, _as_json(value), by)
        legal_entities.take_settings(tx, legal_entity_id, today)
        acts.record(
            tx, by, "set_legal_entity", None, f"legal_entity:{legal_entity_id}",
            from_on=str(on), settings=sorted(changed),
        )  # fmt: skip
    return show_legal_entity(context, legal_entity_id)


def take_due_settings(context: Context, entity: LegalEntity) -> bool:
    """Settings whose day has come hold; return whether one did not before."""
    today = date_of(context, entity)
    with context.database.read() as tx:
        waiting = legal_entities.settings(tx, entity.legal_entity_id)
    if not any(each.from_on <= today for each in waiting):
        return False
    with context.database.write() as tx:
        return legal_entities.take_settings(tx, entity.legal_entity_id, today)


def _converted(name: str, value: object) -> Any:
    if name not in CHANGEABLE:
        why = "does not change: it is another legal entity" if name in FIXED else "is no setting"
        raise UnknownSetting(f"{name} {why}. There are: {', '.join(sorted(CHANGEABLE))}.", setting=name)
    if name == "granted_days" and isinstance(value, str):
        value = [each.strip() for each in value.split(",") if each.strip()]
    if name == "approval_above_minor" and value == "":
        value = None
    if name == "iban" and isinstance(value, str):
        value = "".join(value.split()).upper()
    try:
        return value if isinstance(value, bytes) else msgspec.convert(value, CHANGEABLE[name], strict=False)
    except msgspec.ValidationError as error:
        raise BadSetting(f"{name}: {error}.", setting=name) from None


def _refuse(entity: LegalEntity, changed: Mapping[str, Any], on: date, today: date) -> None:
    if on < today:
        raise SettingInThePast(
            f"{on} is past: bills of that day are issued. Settings hold from {today} on at the earliest."
        )
    if not changed:
        raise NothingToSet(f"The settings of {entity.legal_entity_id} are so already.")
    if "vat_on_debits" in changed and on.day != 1:
        raise BadSetting(
            "vat_on_debits: when VAT is due changes with a month, so that a VAT return has one rule; "
            f"{on} is not the first of one. Bills issued before keep theirs.",
            setting="vat_on_debits",
        )
    before = company_problems(Company(entity))
    problems = [each for each in company_problems(Company(replace(entity, **changed))) if each not in before]
    if problems:
        raise CompanyRefused(
            "The settings cannot be changed:\n"
            + "\n".join(f"- {problem.where}: {problem.message}" for problem in problems),
            **{problem.where: problem.message for problem in problems},
        )


def _as_json(value: object) -> object:
    """Return the value as PostgreSQL writes the column in JSON."""
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    return list(value) if isinstance(value, tuple) else value

"""Change which ledger account plays a role in the books of a legal entity."""

import re
from typing import Final

from acquit.actions.context import Context
from acquit.actions.loading import entity_in, require_staff
from acquit.core.errors import Conflict, Invalid
from acquit.core.identifiers import LegalEntityId
from acquit.core.journal import Role
from acquit.core.operator import Right
from acquit.core.set_up import FRENCH_CHART, LedgerAccount
from acquit.store import acts, charts, periods

NUMBER: Final = re.compile(r"[0-9A-Z]{3,20}")
FRENCH_NUMBER: Final = re.compile(r"[1-7][0-9]{2}[0-9A-Z]{0,17}")


class BadLedger(Invalid):
    """A ledger account has a role, a number and a name of the chart that the law asks for."""

    code = "bad-ledger"


class LedgerInUse(Conflict):
    """The number is posted on, or plays another role."""

    code = "ledger-in-use"


def set_ledger(
    context: Context, legal_entity_id: LegalEntityId, role: str, number: str, name: str = "", *, by: str
) -> dict[str, LedgerAccount]:
    """The ledger account plays the role; return the chart. A number that was posted on keeps its role.

    Without a name it keeps the one it has, or gets that of the French chart. Raises NoSuchLegalEntity,
    BadLedger, LedgerInUse, StaffOnly, RoleForbids.
    """
    with context.database.write() as tx:
        require_staff(tx, by, Right.CHANGE_CHART)
        entity = entity_in(tx, legal_entity_id)
        periods.hold(tx, legal_entity_id)
        chart = charts.chart_of(tx, legal_entity_id)
        known = chart.get(role)
        default = FRENCH_CHART[Role(role)].name if role in set(Role) else ""
        ledger = LedgerAccount(number.strip(), name.strip() or (known.name if known else default))
        _refuse_form(role, ledger, entity.country)
        _refuse_taken(role, ledger, chart)
        if (
            known is not None
            and known.number != ledger.number
            and charts.is_posted(tx, legal_entity_id, role)
        ):
            raise LedgerInUse(
                f"{known.number} has postings: entries stand, so it stays {role}. Move its balance in the "
                "general ledger, or map the number where the journal is loaded.",
                role=role,
                number=known.number,
            )
        charts.set_ledger(tx, legal_entity_id, role, ledger)
        acts.record(
            tx, by, "set_ledger", None, f"{legal_entity_id} {role}", number=ledger.number, name=ledger.name,
            before="" if known is None else known.number,
        )  # fmt: skip
        return charts.chart_of(tx, legal_entity_id)


def chart_of(context: Context, legal_entity_id: LegalEntityId) -> dict[str, LedgerAccount]:
    """Return the chart of a legal entity by role. Raises NoSuchLegalEntity."""
    with context.database.read() as tx:
        entity_in(tx, legal_entity_id)
        return charts.chart_of(tx, legal_entity_id)


def _refuse_form(role: str, ledger: LedgerAccount, country: str) -> None:
    """Source: LPF A47 A-1 (the first three signs of a number are those of the French chart)."""
    if role not in set(Role):
        raise BadLedger(f"{role!r} is no role: {', '.join(Role)}.", role=role)
    if not ledger.name:
        raise BadLedger("A ledger account has a name.", role=role)
    if country == "FR" and not FRENCH_NUMBER.fullmatch(ledger.number):
        raise BadLedger(
            f"{ledger.number!r} is no number of the French chart: three digits of class 1 to 7, then more.",
            number=ledger.number,
        )
    if not NUMBER.fullmatch(ledger.number):
        raise BadLedger(
            f"{ledger.number!r} is no number: 3 to 20 digits and capital letters.", number=ledger.number
        )


def _refuse_taken(role: str, ledger: LedgerAccount, chart: dict[str, LedgerAccount]) -> None:
    """Two roles on one number could not be told apart by the audit."""
    other = next(
        (each for each, known in chart.items() if each != role and known.number == ledger.number), None
    )
    if other is not None:
        raise LedgerInUse(f"{ledger.number} plays {other} already.", role=other, number=ledger.number)
